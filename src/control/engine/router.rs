//! One router: its contact, the one request on the way, and whose turn is next.
//! Promises: no second request before the first is answered or given up; each WAN gets its turn.
//! Knows nothing of what the answers mean for a queue.

use super::{Answer, of_router};
use crate::control::{
    applier::{Ask, RouterAnswers},
    connectivity::{Connectivity, Contact, QUARANTINE},
    event::{Request, RouterNews, Ticket},
    failure::FailureKind,
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
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// A WAN, which asked this about one of its queues.
    By(WanId, Ask),
    /// The router: it was asked about itself.
    ByItself,
    /// Nobody any more: the WAN has gone, or has other queues.
    ByNobody,
}

impl Awaited {
    /// Whether it is the answer to a write, as far as is known.
    pub(super) const fn may_have_written(self) -> bool {
        matches!(self, Self::By(_, Ask::Write(..)) | Self::ByNobody)
    }
}

impl From<Request> for Awaited {
    fn from(request: Request) -> Self {
        match request {
            Request::Facts => Self::ByItself,
            Request::Read(wan, slot) => Self::By(wan, Ask::Read(slot)),
            Request::Write(wan, slot, limit) => Self::By(wan, Ask::Write(slot, limit)),
        }
    }
}

/// One router: its contact and the one request on the way.
#[derive(Clone, Debug)]
pub struct Router {
    pub(super) id: RouterId,
    pub(super) connectivity: Connectivity,
    pub(super) pending: Option<Pending>,
    pub(super) facts_known: bool,
    /// The WAN that may ask first, so that each gets its turn.
    turn: usize,
    tickets: u32,
    requests: u64,
    pub(super) told_lost: Instant,
}

/// What the outcome of a request says about the router itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answers.
    There,
    /// It may or may not.
    Unclear,
    /// It does not answer.
    Gone(FailureKind),
}

impl Router {
    /// A router not asked yet. Its tickets follow after `tickets`.
    pub(super) fn new(id: RouterId, seed: u64, tickets: u32) -> Self {
        Self {
            id,
            connectivity: Connectivity::new(seed),
            pending: None,
            facts_known: false,
            turn: 0,
            tickets,
            requests: 0,
            told_lost: Instant::default(),
        }
    }

    /// The same router at another place; `heir` tells who waits for the answer on the way.
    pub(super) fn moved(&self, id: RouterId, heir: impl Fn((WanId, Ask)) -> Awaited) -> Self {
        let awaited = |awaited| match awaited {
            Awaited::By(wan, ask) => heir((wan, ask)),
            Awaited::ByItself | Awaited::ByNobody => awaited,
        };
        let moved = |pending: Pending| Pending { awaited: awaited(pending.awaited), ..pending };
        Self { id, pending: self.pending.map(moved), ..self.clone() }
    }

    /// Another access to the same device, which may still be busy with what the old one asked.
    pub(super) fn followed(&self, id: RouterId, now: Instant, seed: u64, tickets: u32) -> Self {
        let rest = self.pending.map_or(now, |_| now + QUARANTINE);
        let rest = rest.max(self.connectivity.quarantined_until());
        Self { connectivity: Connectivity::resting(seed, rest), ..Self::new(id, seed, tickets) }
    }

    /// The number of its last ticket.
    pub(super) const fn last_ticket(&self) -> u32 {
        self.tickets
    }

    /// What is known of it.
    pub const fn contact(&self) -> Contact {
        self.connectivity.contact()
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
            (Err(FailureKind::Garbage | FailureKind::Auth), Contact::Reachable) => Sign::Unclear,
            (Err(FailureKind::Auth), _) => Sign::Gone(FailureKind::Auth),
            (Err(kind), _) if !kind.is_answer() => Sign::Gone(kind),
            (Ok(_) | Err(_), _) => Sign::There,
        }
    }

    /// The next request about a queue, which must then be asked. The WANs take turns.
    pub(super) fn next_of_queues(&mut self, wans: &mut [Wan], now: Instant) -> Option<Request> {
        if !self.may_ask(now) {
            return None;
        }
        let count = wans.len();
        for offset in 0..count {
            let index = (self.turn + offset) % count;
            let wan = wans.get_mut(index).filter(|wan| wan.settings().router == self.id);
            let Some((id, ask)) = wan.and_then(|wan| Some((wan.id(), wan.next_ask(now)?))) else {
                continue;
            };
            self.turn = index + 1;
            return Some(match ask {
                Ask::Read(slot) => Request::Read(id, slot),
                Ask::Write(slot, limit) => Request::Write(id, slot, limit),
            });
        }
        None
    }

    /// The next request about the router itself; none at the end.
    pub(super) fn next_of_its_own(
        &self,
        now: Instant,
        stopped: Option<Instant>,
    ) -> Option<Request> {
        let wanted = self.may_ask(now) && !self.facts_known && stopped.is_none();
        wanted.then_some(Request::Facts)
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

    fn may_ask(&self, now: Instant) -> bool {
        self.pending.is_none() && self.connectivity.not_before() <= now
    }

    /// Takes a request to the wire.
    pub(super) fn ask(&mut self, request: Request, now: Instant) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        self.requests = self.requests.saturating_add(1);
        let ticket = Ticket(self.tickets);
        self.pending = Some(Pending { ticket, awaited: request.into(), asked: now });
        ticket
    }

    /// When there may be a request about a queue, once none is on the way.
    pub(super) fn next_ask_at(&self, wans: &mut [Wan], now: Instant) -> Option<Instant> {
        let asks = of_router(wans, self.id).filter_map(|wan| wan.next_ask_at(now));
        asks.min().map(|at| at.max(self.connectivity.not_before()))
    }
}
