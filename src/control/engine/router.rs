//! One router: its contact, the one request on the way, and whose turn is next.
//! Promises: no second request before the first is answered or given up, whichever transport they
//! take; each WAN gets its turn.
//! Knows nothing of what the answers mean for a queue.

mod turns;

use super::{Answer, facts::Facts, of_router};
use crate::control::{
    applier::{Ask, RouterAnswers},
    change::KeptWays,
    connectivity::{Attempt, Burden, Connectivity, Contact},
    event::{Action, Request, RouterNews, Ticket},
    failover::{Failover, Fallback, Route, Turn},
    failure::FailureKind,
    id::SteeringId,
    queue::QueueSlot,
    steering::{course::Course, rule},
    time::{Instant, Span},
    wan::{RouterId, Wan, WanId},
};

/// A router that stays lost is mentioned this often.
const STILL_LOST_EVERY: Span = Span::from_secs(600);

#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    pub(super) awaited: Awaited,
    pub(super) asked: Instant,
    pub(super) route: Route,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// A WAN, which asked this about one of its queues.
    By(WanId, Ask),
    /// The router: it was asked about itself.
    ByItself,
    /// The router: this tries whether the preferred transport works again.
    ByTry,
    /// A WAN, which wants to know what one of its queues has counted.
    ByTally(WanId, QueueSlot),
    /// A steering, which asked this about its rule.
    ByRule(SteeringId, rule::Ask),
    /// Nobody any more: the WAN has gone, or has other queues.
    ByNobody,
}

impl Awaited {
    /// Whether the end can do without it: it says nothing of a limit, and changes nothing.
    pub(super) const fn is_aside(self) -> bool {
        matches!(self, Self::ByItself | Self::ByTry | Self::ByTally(..))
    }

    /// Whether it is the answer to a write, as far as is known.
    pub(super) const fn may_have_written(self) -> bool {
        matches!(self, Self::By(_, Ask::Write(..)) | Self::ByNobody)
    }
}

impl Pending {
    /// The request as an attempt at the router.
    pub(super) const fn attempt(&self) -> Attempt {
        let burden = if self.awaited.is_aside() { Burden::Light } else { Burden::Full };
        Attempt { asked: self.asked, route: self.route, burden }
    }
}

impl From<Request> for Awaited {
    fn from(request: Request) -> Self {
        match request {
            Request::Facts => Self::ByItself,
            Request::Read(wan, slot) => Self::By(wan, Ask::Read(slot)),
            Request::Write(wan, slot, limit) => Self::By(wan, Ask::Write(slot, limit)),
            Request::Count(wan, slot) => Self::ByTally(wan, slot),
            Request::ReadRule(id) => Self::ByRule(id, rule::Ask::Read),
            Request::SwitchRule(id, to) => Self::ByRule(id, rule::Ask::Switch(to)),
        }
    }
}

/// One router: its contact and the one request on the way.
#[derive(Clone, Debug)]
pub struct Router {
    pub(super) id: RouterId,
    pub(super) connectivity: Connectivity,
    pub(super) failover: Failover,
    pub(super) pending: Option<Pending>,
    pub(super) facts: Facts,
    /// The WAN that may ask first, so that each gets its turn.
    turn: usize,
    tickets: u32,
    requests: u64,
    /// Requests since the last one about counters, as far as it matters.
    since_count: u8,
    pub(super) told_lost: Instant,
}

/// What the outcome of a request says about the router itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answers.
    There,
    /// It may or may not.
    Unclear(FailureKind),
    /// It does not answer.
    Gone(FailureKind),
}

impl Router {
    /// A router not asked yet. Its tickets follow after `tickets`.
    pub(super) fn new(id: RouterId, seed: u64, tickets: u32) -> Self {
        Self {
            id,
            connectivity: Connectivity::new(seed),
            failover: Failover::new(Fallback::Absent),
            pending: None,
            facts: Facts::UNKNOWN,
            turn: 0,
            tickets,
            requests: 0,
            since_count: 0,
            told_lost: Instant::default(),
        }
    }

    /// The same router at another place; `heir` tells who waits for the answer on the way.
    pub(super) fn moved(&self, id: RouterId, heir: impl Fn(Awaited) -> Awaited) -> Self {
        let awaited = |awaited| match awaited {
            Awaited::By(..) | Awaited::ByRule(..) => heir(awaited),
            // Counters are read again soon enough.
            Awaited::ByTally(..) => Awaited::ByNobody,
            Awaited::ByItself | Awaited::ByTry | Awaited::ByNobody => awaited,
        };
        let moved = |pending: Pending| Pending { awaited: awaited(pending.awaited), ..pending };
        Self { id, pending: self.pending.map(moved), ..self.clone() }
    }

    /// Another access to the same device, which may still be busy with what the old one asked.
    /// By ways of the same kinds the one in use stays in use, and the preferred one is tried at once.
    pub(super) fn followed(
        &self,
        (id, ways): (RouterId, KeptWays),
        now: Instant,
        seed: u64,
        tickets: u32,
    ) -> Self {
        let mut given_up = self.connectivity;
        match self.pending {
            Some(pending) if pending.awaited == Awaited::ByTry => given_up.try_given_up(now),
            Some(_) => given_up.given_up(now),
            None => {}
        }
        let failover = match ways {
            KeptWays::Same => self.failover.renewed(now),
            KeptWays::Others => Failover::new(Fallback::Absent),
        };
        let connectivity = given_up.by_another_access(seed, ways);
        Self { connectivity, failover, ..Self::new(id, seed, tickets) }
    }

    /// The number of its last ticket.
    pub(super) const fn last_ticket(&self) -> u32 {
        self.tickets
    }

    /// What is known of it.
    pub const fn contact(&self) -> Contact {
        self.connectivity.contact()
    }

    /// The transport in use.
    pub const fn failover(&self) -> &Failover {
        &self.failover
    }

    /// There is another transport, or there is none. Unless that is news, all goes on.
    pub(super) fn set_fallback(&mut self, fallback: Fallback) {
        if self.failover.fallback() != fallback {
            self.failover = Failover::new(fallback);
        }
    }

    /// Whether a request is on the way.
    pub const fn is_busy(&self) -> bool {
        self.pending.is_some()
    }

    /// Requests since the start.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) const fn answers(&self) -> RouterAnswers {
        match self.connectivity.contact() {
            Contact::Lost { .. } => RouterAnswers::No,
            Contact::Unknown | Contact::Reachable => RouterAnswers::Yes,
        }
    }

    /// Garbage and refused logins from a router that answers other requests concern the one that
    /// was asked for. To call the router lost for it, and back with the next good answer, would
    /// doubt all limits and fill the log several times a second. A router that gives nothing else
    /// is not reachable for us.
    pub(super) fn sign(&self, answer: Result<Answer, FailureKind>) -> Sign {
        match (answer, self.contact()) {
            (Err(kind @ (FailureKind::Garbage | FailureKind::Auth)), Contact::Reachable) => {
                Sign::Unclear(kind)
            }
            (Err(FailureKind::Auth), _) => Sign::Gone(FailureKind::Auth),
            (Err(kind), _) if !kind.is_answer() => Sign::Gone(kind),
            (Ok(_) | Err(_), _) => Sign::There,
        }
    }

    /// What the outcome of a request says about the transport that it took. Where it is unclear
    /// whether the router refuses all or this alone, the facts decide, which any login may read.
    pub(super) fn judge_transport(
        &mut self,
        pending: &Pending,
        sign: Sign,
        now: Instant,
    ) -> Option<Turn> {
        match (sign, pending.awaited) {
            (Sign::There, _) => self.failover.on_answer(pending.route, now),
            (Sign::Gone(kind), _) | (Sign::Unclear(kind), Awaited::ByItself) => {
                self.failover.on_failure(pending.route, kind, now)
            }
            (
                Sign::Unclear(_),
                Awaited::By(..)
                | Awaited::ByRule(..)
                | Awaited::ByTally(..)
                | Awaited::ByTry
                | Awaited::ByNobody,
            ) => {
                if self.failover.fallback() == Fallback::Present {
                    self.facts.doubt(now);
                }
                None
            }
        }
    }

    /// When there is something to ask about this rule. While the router does not answer its queues
    /// are asked for; at the end, when all is tried once more, so is the rule.
    fn rule_at(&self, course: &Course, stopped: Option<Instant>) -> Option<Instant> {
        let own = course.settings().router == self.id;
        let asked = match stopped {
            None => self.contact() == Contact::Reachable,
            Some(_) => !course.rule().settled(),
        };
        course.next_ask_at().filter(|_| own && asked)
    }

    /// When there may be a request about a rule, once none is on the way.
    pub(super) fn next_rule_at(
        &self,
        courses: &[Course],
        stopped: Option<Instant>,
    ) -> Option<Instant> {
        let next = courses.iter().filter_map(|course| self.rule_at(course, stopped)).min();
        next.map(|at| at.max(self.connectivity.not_before(self.failover.in_use())))
    }

    /// When there are counters to read, once no request is on the way.
    pub(super) fn next_count_at(&self, wans: &[Wan]) -> Option<Instant> {
        let reachable = self.contact() == Contact::Reachable;
        let own = wans.iter().filter(|wan| reachable && wan.settings().router == self.id);
        let next = own.filter_map(Wan::next_count_at).min();
        next.map(|at| at.max(self.connectivity.not_before(self.failover.in_use())))
    }

    /// News of an outage that goes on, every ten minutes.
    pub(super) fn still_lost(&mut self, now: Instant) -> Option<RouterNews> {
        let Contact::Lost { since, failures, kind } = self.contact() else { return None };
        let due = now.since(self.told_lost) >= STILL_LOST_EVERY;
        due.then(|| {
            self.told_lost = now;
            RouterNews::StillLost { outage: now.since(since), failures, kind }
        })
    }

    fn ask(&mut self, request: Request, awaited: Awaited, route: Route, now: Instant) -> Action {
        self.tickets = self.tickets.wrapping_add(1);
        self.requests = self.requests.saturating_add(1);
        self.since_count = match request {
            Request::Count(..) => 0,
            Request::Facts
            | Request::Read(..)
            | Request::Write(..)
            | Request::ReadRule(_)
            | Request::SwitchRule(..) => self.since_count.saturating_add(1),
        };
        let ticket = Ticket(self.tickets);
        self.pending = Some(Pending { ticket, awaited, asked: now, route });
        Action::Ask { router: self.id, ticket, request, route }
    }

    /// The end begins. What is on the way and changes nothing that the end needs is given up, so that
    /// it holds up no queue; whoever carries it out drops it for the next request.
    pub(super) fn on_stop(&mut self, now: Instant) {
        self.pending = self.pending.filter(|pending| !pending.awaited.is_aside());
        self.connectivity.on_stop(now);
    }

    /// When there may be a request about a queue, once none is on the way.
    pub(super) fn next_ask_at(&self, wans: &mut [Wan], now: Instant) -> Option<Instant> {
        let asks = of_router(wans, self.id).filter_map(|wan| wan.next_ask_at(now));
        asks.min().map(|at| at.max(self.connectivity.not_before(self.failover.in_use())))
    }
}
