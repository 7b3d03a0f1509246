//! What the core has to tell and what it wants done.
//! Promises: each transition is told once, with the numbers behind it; when nobody listens the
//! oldest events go first and are counted.
//! Knows nothing of wording: texts are made from these values elsewhere.

use heapless::{Deque, Vec};

use super::{
    failure::FailureKind,
    law::Cause,
    queue::{Limit, QueueSlot},
    reflectors::{HealthChange, MAX_PROBES},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Rtt},
    wan::{RouterId, WanId},
    zone::Zone,
};

/// Events kept for a listener that is late.
const MAX_EVENTS: usize = 64;
/// Actions kept until they are drained: every WAN's round, every router's request, one save.
const MAX_ACTIONS: usize = 16;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// What, and to whom.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Something about one WAN.
    Wan(WanId, WanNews),
    /// Something about one router.
    Router(RouterId, RouterNews),
}

/// What happened to a WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WanNews {
    /// The idle round-trip time is known; control begins.
    BaselineLearnt(Rtt),
    /// A direction changed its zone.
    Zone {
        /// Which direction.
        direction: Direction,
        /// The zone before; `None`: the first decision, or the first after a silence.
        from: Option<Zone>,
        /// The zone now.
        to: Zone,
        /// What made it.
        cause: Cause,
        /// Load over baseline in ms.
        delta: f64,
        /// The idle round-trip time.
        baseline: Rtt,
        /// The rate wanted from now on.
        rate: Rate,
    },
    /// No reflector answers; the rates are held.
    SignalLost,
    /// A reflector answers again after this long.
    SignalBack(Span),
    /// A reflector was set aside or came back.
    Reflector(u8, HealthChange),
    /// A probe could not be sent; told once until one is sent again.
    ProbesBlocked,
    /// The router's limit was not the confirmed one: somebody changed it, or the router restarted.
    Foreign {
        /// Which queue.
        slot: QueueSlot,
        /// What had been confirmed.
        expected: PerDirection<Option<Rate>>,
        /// What the router has.
        found: PerDirection<Option<Rate>>,
    },
    /// The router says no to one queue.
    QueueTrouble(QueueSlot, FailureKind),
    /// The queue works again after this long.
    QueueMended(QueueSlot, Span),
    /// The router confirmed a limit.
    Confirmed(QueueSlot, Limit),
    /// The router's limit is outside the bounds, so it is replaced at once.
    OutOfBounds(QueueSlot),
}

/// What happened to a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterNews {
    /// It stopped answering.
    Lost(FailureKind),
    /// It still does not answer; told every ten minutes.
    StillLost {
        /// For this long.
        outage: Span,
        /// Requests that failed.
        failures: u32,
        /// How the last one failed.
        kind: FailureKind,
    },
    /// It answers, for the first time or again.
    Back {
        /// How long it did not answer; zero at the first contact.
        outage: Span,
        /// Requests that failed.
        failures: u32,
    },
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send one echo request to each of these reflectors.
    Probe {
        /// For this WAN.
        wan: WanId,
        /// The number of the round.
        number: u32,
        /// The reflectors, by their place in the configuration.
        reflectors: Vec<u8, MAX_PROBES>,
    },
    /// Ask a router and report the answer.
    Ask {
        /// Which router.
        router: RouterId,
        /// To be given back with the answer.
        ticket: Ticket,
        /// What to ask.
        request: Request,
    },
    /// Save the state.
    Save,
}

/// Ties an answer to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u32);

/// A request to a router: the closed list. None of them removes or disables a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Version, board and uptime.
    Facts,
    /// The limit of one queue.
    Read(WanId, QueueSlot),
    /// Set the limit of one queue.
    Write(WanId, QueueSlot, Limit),
}

/// Where the core puts what it has to say.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    actions: Deque<Action, MAX_ACTIONS>,
    events: Deque<Event, MAX_EVENTS>,
    dropped: u32,
}

impl Outbox {
    /// Wants `action` done. When full the oldest goes: a newer round or request replaces it.
    pub fn act(&mut self, action: Action) {
        if self.actions.is_full() {
            self.actions.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        // Cannot fail: there is room for one now.
        let _ = self.actions.push_back(action);
    }

    /// Tells what happened.
    pub fn tell(&mut self, at: Instant, what: What) {
        if self.events.is_full() {
            self.events.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        // Cannot fail: there is room for one now.
        let _ = self.events.push_back(Event { at, what });
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing to tell.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Actions and events that nobody fetched in time.
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }
}
