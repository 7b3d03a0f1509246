//! One task per router: takes the core's request, asks the router, hands the answer back.
//! Promises: one request at a time; it ends within the client's deadline; nothing is tried again
//! here.

use smol::channel::{Receiver, Sender};

use super::input::{Done, Input, Job};
use crate::{
    config::WanSection,
    control::{
        engine::Answer,
        event::Request,
        queue::{Limit, QueueSlot},
        wan::{RouterId, WanId},
    },
    router::{
        http::RestClient,
        op::{NewLimit, Op, QueueKind, QueueRef, Reply},
        settings::Queues,
    },
};

/// Serves one router until nobody asks any more. `queues` are those of each WAN.
pub(super) async fn serve(
    router: RouterId,
    mut client: RestClient,
    queues: Vec<Queues>,
    jobs: Receiver<Job>,
    inputs: Sender<Input>,
) {
    while let Ok(Job { ticket, request }) = jobs.recv().await {
        let reply = match operation(&queues, request) {
            Some(op) => client.perform(&op).await,
            // The core only names queues that it was configured with.
            None => continue,
        };
        let done = Done { router, ticket, reply };
        if inputs.send(Input::Done(done)).await.is_err() {
            break;
        }
    }
}

/// The queues of each WAN.
pub(super) fn queues(wans: &[WanSection]) -> Vec<Queues> {
    wans.iter().map(|wan| wan.queues.clone()).collect()
}

/// The operation that a request stands for; `None` if no such queue is configured.
fn operation(queues: &[Queues], request: Request) -> Option<Op<'_>> {
    let of = |wan: WanId| queues.get(usize::from(wan.0));
    Some(match request {
        Request::Facts => Op::ReadResource,
        Request::Read(wan, slot) => Op::ReadQueue(queue(of(wan)?, slot)?),
        Request::Write(wan, slot, limit) => Op::SetLimit(new_limit(of(wan)?, slot, limit)?),
    })
}

fn queue(queues: &Queues, slot: QueueSlot) -> Option<QueueRef<'_>> {
    match (queues, slot) {
        (Queues::Tree(names), QueueSlot::One(direction)) => {
            Some(QueueRef { kind: QueueKind::Tree, name: names.of(direction) })
        }
        (Queues::Simple(name), QueueSlot::Pair) => Some(QueueRef { kind: QueueKind::Simple, name }),
        (Queues::Tree(_), QueueSlot::Pair) | (Queues::Simple(_), QueueSlot::One(_)) => None,
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
        _ => None,
    }
}

/// The part of a reply that concerns the core.
pub(super) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Resource(_) => Answer::Facts,
        Reply::Queue(state) => Answer::Limit(state.limit),
        Reply::Limit(limit) => Answer::Limit(*limit),
    }
}

#[cfg(test)]
mod tests {
    use super::operation;
    use crate::{
        control::{
            event::Request,
            queue::{Limit, QueueSlot},
            units::{Direction, PerDirection, Rate},
            wan::WanId,
        },
        router::{
            op::{NewLimit, Op, QueueKind, QueueRef},
            settings::Queues,
        },
    };

    #[test]
    fn a_request_names_the_queue_of_its_own_wan_and_direction() {
        let names = PerDirection { download: "down".to_string(), upload: "up".to_string() };
        let queues = [Queues::Simple("both".to_string()), Queues::Tree(names)];
        let rate = Rate::from_bps(5).unwrap();
        let up = QueueSlot::One(Direction::Upload);
        assert_eq!(
            operation(&queues, Request::Read(WanId(1), up)),
            Some(Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name: "up" }))
        );
        assert_eq!(
            operation(&queues, Request::Write(WanId(1), up, Limit::One(rate))),
            Some(Op::SetLimit(NewLimit::Tree { name: "up", limit: rate }))
        );
        assert_eq!(operation(&queues, Request::Read(WanId(0), up)), None);
        assert_eq!(operation(&queues, Request::Read(WanId(2), up)), None);
        let limits = PerDirection::both(rate);
        assert_eq!(
            operation(&queues, Request::Write(WanId(0), QueueSlot::Pair, Limit::Pair(limits))),
            Some(Op::SetLimit(NewLimit::Simple { name: "both", limits }))
        );
    }
}
