//! One task per router: takes the core's request, asks the router, hands the answer back.
//! Promises: one request at a time, whichever way it takes; it ends within the client's deadline, or
//! when the next one comes, for the core asks again only when it waits no more; nothing is tried
//! again here.

use std::rc::Rc;

use smol::{
    LocalExecutor, Task,
    channel::{self, Receiver, RecvError, Sender},
    future,
};

use super::{
    input::{AccessId, Done, Input, Job, Purpose},
    survey::{FullReads, Survey, survey},
};
use crate::{
    config::{SteeringSection, WanSection},
    control::{
        engine::Answer,
        event::Request,
        failover::Route,
        queue::{Limit, QueueSlot},
        steering::State,
    },
    router::{
        client::Client,
        error::RouterError,
        op::{NewLimit, Op, QueueKind, QueueRef, Reply, RuleRef, RuleState},
        settings::{Queues, Way, Ways},
    },
};

/// What speaks to a router by all ways there are.
#[derive(Debug)]
pub struct Clients {
    preferred: Own,
    fallback: Option<Own>,
}

/// A client and what it has learnt to leave.
#[derive(Debug)]
struct Own {
    client: Client,
    full_reads: FullReads,
}

impl Own {
    fn new(way: &Way) -> Result<Self, RouterError> {
        Ok(Self { client: Client::new(way)?, full_reads: FullReads::Made })
    }
}

impl Clients {
    /// Gets ready; nothing is sent yet.
    ///
    /// # Errors
    /// The certificates, the key or the login of one of the ways cannot be used.
    pub(super) fn new(ways: &Ways) -> Result<Self, RouterError> {
        let fallback = ways.fallback.as_ref().map(Own::new).transpose()?;
        Ok(Self { preferred: Own::new(&ways.preferred)?, fallback })
    }

    /// The client for a request. Where control takes this way, the connection of the other client is
    /// closed; during a try it is still needed.
    fn by(&mut self, route: Route, purpose: Purpose) -> &mut Own {
        let (own, other) = match (route, &mut self.fallback) {
            (Route::Fallback, Some(fallback)) => (fallback, Some(&mut self.preferred)),
            // The core takes the other way only if it was told that there is one.
            (Route::Preferred | Route::Fallback, fallback) => {
                (&mut self.preferred, fallback.as_mut())
            }
        };
        if let (Purpose::Control, Some(other)) = (purpose, other) {
            other.client.forget();
        }
        own
    }
}

/// A router's task; dropped, the task ends and its connection is closed.
pub(super) struct Access {
    pub(super) id: AccessId,
    jobs: Sender<Job>,
    _task: Task<()>,
}

impl Access {
    /// Begins to serve a router.
    pub(super) fn open(
        id: AccessId,
        clients: Clients,
        inputs: Sender<Input>,
        executor: &LocalExecutor<'static>,
    ) -> Self {
        let (sender, receiver) = channel::bounded(1);
        Self { id, jobs: sender, _task: executor.spawn(serve(id, clients, receiver, inputs)) }
    }

    /// Hands a job over; an error if there still is one.
    pub(super) fn ask(&self, job: Job) -> Result<(), channel::TrySendError<Job>> {
        self.jobs.try_send(job)
    }
}

/// Serves one router until nobody asks any more.
async fn serve(access: AccessId, mut clients: Clients, jobs: Receiver<Job>, inputs: Sender<Input>) {
    let mut next = jobs.recv().await;
    while let Ok(job) = next {
        let (ticket, request) = (job.ticket, job.request);
        let own = clients.by(job.route, job.purpose);
        let over = async { Work::Over(perform(&mut *own, job).await) };
        let dropped = async { Work::Dropped(jobs.recv().await) };
        next = match future::or(over, dropped).await {
            Work::Over(Some((reply, survey))) => {
                let done = Done { access, ticket, reply, survey };
                if inputs.send(Input::Done(done)).await.is_err() {
                    break;
                }
                jobs.recv().await
            }
            // The core only names queues that it was configured with.
            Work::Over(None) => jobs.recv().await,
            Work::Dropped(next) => {
                match request {
                    // Nothing may overtake it on its way to the router.
                    Request::Write(..) | Request::SwitchRule(..) => own.client.forget(),
                    Request::Facts
                    | Request::Read(..)
                    | Request::Count(..)
                    | Request::ReadRule(..) => own.client.given_up(),
                }
                next
            }
        };
    }
}

type Outcome = (Result<Reply, RouterError>, Option<Box<Survey>>);

/// What came of a job.
enum Work {
    Over(Option<Outcome>),
    /// Nobody waits for it any more; this is the next one.
    Dropped(Result<Job, RecvError>),
}

async fn perform(own: &mut Own, job: Job) -> Option<Outcome> {
    let Job { request, queues, rule, surveyed, .. } = job;
    let Own { client, full_reads } = own;
    match (request, operation(queues.as_deref(), rule.as_deref(), request)) {
        (Request::Facts, _) => Some(survey(client, &surveyed, full_reads).await),
        (_, Some(op)) => Some((client.perform(&op).await, None)),
        (_, None) => None,
    }
}

/// The queues of each WAN.
pub(super) fn queues(wans: &[WanSection]) -> Vec<Rc<Queues>> {
    wans.iter().map(|wan| Rc::new(wan.queues.clone())).collect()
}

/// The comment of the rule of each steering.
pub(super) fn rules<'a>(steerings: impl Iterator<Item = &'a SteeringSection>) -> Vec<Rc<str>> {
    steerings.map(|steering| Rc::from(steering.comment.as_str())).collect()
}

/// The operation that a request about these queues or this rule stands for; `None` if there is no
/// such queue or rule.
fn operation<'a>(
    queues: Option<&'a Queues>,
    rule: Option<&'a str>,
    request: Request,
) -> Option<Op<'a>> {
    let rule = rule.map(|comment| RuleRef { comment });
    Some(match request {
        Request::Facts => Op::ReadResource,
        Request::Read(_, slot) => Op::ReadQueue(queue(queues?, slot)?),
        Request::Write(_, slot, limit) => Op::SetLimit(new_limit(queues?, slot, limit)?),
        Request::Count(_, slot) => Op::ReadStatistics(queue(queues?, slot)?),
        Request::ReadRule(_) => Op::ReadRule(rule?),
        Request::SwitchRule(_, State::Degraded) => Op::SetRule(rule?, RuleState::Enabled),
        Request::SwitchRule(_, State::Good) => Op::SetRule(rule?, RuleState::Disabled),
    })
}

fn queue(queues: &Queues, slot: QueueSlot) -> Option<QueueRef<'_>> {
    match (queues, slot) {
        (Queues::Tree(names), QueueSlot::One(direction)) => {
            Some(QueueRef { kind: QueueKind::Tree, name: names.of(direction) })
        }
        (Queues::Simple(name), QueueSlot::Pair) => Some(QueueRef { kind: QueueKind::Simple, name }),
        (Queues::Type(names), QueueSlot::One(direction)) => {
            Some(QueueRef { kind: QueueKind::Type, name: names.of(direction) })
        }
        (Queues::Tree(_) | Queues::Type(_), QueueSlot::Pair)
        | (Queues::Simple(_), QueueSlot::One(_)) => None,
    }
}

fn new_limit(queues: &Queues, slot: QueueSlot, limit: Limit) -> Option<NewLimit<'_>> {
    match (queue(queues, slot)?, limit) {
        (QueueRef { kind: QueueKind::Tree, name }, Limit::One(limit)) => {
            Some(NewLimit::Tree { name, limit })
        }
        (QueueRef { kind: QueueKind::Simple, name }, Limit::Pair(limits)) => {
            Some(NewLimit::Simple { name, limits })
        }
        (QueueRef { kind: QueueKind::Type, name }, Limit::One(limit)) => {
            Some(NewLimit::Type { name, limit })
        }
        _ => None,
    }
}

/// The part of a reply that concerns the core. Replies about other things prove no more than that
/// the router is there; the core asks for none of them.
pub(super) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Queue(state) => Answer::Limit(state.limit),
        Reply::Limit(limit) => Answer::Limit(*limit),
        Reply::Statistics(told) => Answer::Counted(*told),
        Reply::Rule(rule) => Answer::Rule(match rule.state {
            RuleState::Enabled => State::Degraded,
            RuleState::Disabled => State::Good,
        }),
        Reply::Resource(_) | Reply::Identity(_) | Reply::Listed(_) => Answer::Facts,
    }
}

#[cfg(test)]
mod tests {
    use super::operation;
    use crate::{
        control::{
            event::Request,
            id::SteeringId,
            queue::{Limit, QueueSlot},
            steering::State,
            units::{Direction, PerDirection, Rate},
            wan::WanId,
        },
        router::{
            op::{NewLimit, Op, QueueKind, QueueRef, RuleRef, RuleState},
            settings::Queues,
        },
    };

    #[test]
    fn a_request_names_the_queue_of_its_direction_and_of_no_other_kind() {
        let names = PerDirection { download: "down".to_string(), upload: "up".to_string() };
        let types = Queues::Type(names.clone());
        let (simple, tree) = (Queues::Simple("both".to_string()), Queues::Tree(names));
        let rate = Rate::from_bps(5).unwrap();
        let (wan, up) = (WanId(1), QueueSlot::One(Direction::Upload));
        assert_eq!(
            operation(Some(&tree), None, Request::Read(wan, up)),
            Some(Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name: "up" }))
        );
        assert_eq!(
            operation(Some(&tree), None, Request::Write(wan, up, Limit::One(rate))),
            Some(Op::SetLimit(NewLimit::Tree { name: "up", limit: rate }))
        );
        assert_eq!(
            operation(Some(&types), None, Request::Read(wan, up)),
            Some(Op::ReadQueue(QueueRef { kind: QueueKind::Type, name: "up" }))
        );
        assert_eq!(
            operation(Some(&types), None, Request::Write(wan, up, Limit::One(rate))),
            Some(Op::SetLimit(NewLimit::Type { name: "up", limit: rate }))
        );
        assert_eq!(operation(Some(&types), None, Request::Read(wan, QueueSlot::Pair)), None);
        assert_eq!(operation(Some(&simple), None, Request::Read(wan, up)), None);
        assert_eq!(
            operation(Some(&tree), None, Request::Count(wan, up)),
            Some(Op::ReadStatistics(QueueRef { kind: QueueKind::Tree, name: "up" }))
        );
        assert_eq!(operation(None, None, Request::Read(wan, up)), None);
        assert_eq!(operation(None, None, Request::Facts), Some(Op::ReadResource));
        let rule = RuleRef { comment: "steer" };
        let switch = |to| operation(None, Some("steer"), Request::SwitchRule(SteeringId(0), to));
        assert_eq!(switch(State::Degraded), Some(Op::SetRule(rule, RuleState::Enabled)));
        assert_eq!(switch(State::Good), Some(Op::SetRule(rule, RuleState::Disabled)));
        let read = Request::ReadRule(SteeringId(0));
        assert_eq!(operation(None, Some("steer"), read), Some(Op::ReadRule(rule)));
        assert_eq!(operation(Some(&tree), None, read), None);
        let limits = PerDirection::both(rate);
        let write = Request::Write(wan, QueueSlot::Pair, Limit::Pair(limits));
        assert_eq!(
            operation(Some(&simple), None, write),
            Some(Op::SetLimit(NewLimit::Simple { name: "both", limits }))
        );
    }
}
