//! What the core has to tell and what it wants done.
//! Promises: each transition is told once, with the numbers behind it; when nobody listens the
//! oldest events go first and are counted.
//! Knows nothing of wording: texts are made from these values elsewhere.

use heapless::{Deque, Vec};

use super::{
    adaptive::PathChange,
    episodes::{Summary, Worth},
    failover::{Route, Turn},
    failure::FailureKind,
    fallback::Instead,
    id::{RouterId, SteeringId, WanId},
    law::Cause,
    oneway::Standing,
    queue::{Limit, QueueSlot},
    reflectors::{HealthChange, MAX_PROBES},
    steering::{Decided, State, course::Effect, rule},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Rtt},
    zone::Zone,
};

/// Events kept for a listener that is late.
const MAX_EVENTS: usize = 64;
/// Rounds of probes kept until they are fetched: one of every WAN; of echoes and of timestamps each.
const MAX_PROBINGS: usize = 8;
/// Connects and echoes to gateways kept until they are fetched: one of each of every WAN.
const MAX_BESIDES: usize = 16;
/// Other actions kept until they are fetched: every router's request, one save, and as many again.
/// A router has no second request before its first one is answered or given up, so none is pushed
/// out that somebody still waits for.
const MAX_ORDERS: usize = 10;

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
    /// Something about one steering.
    Steering(SteeringId, SteeringNews),
}

/// What happened to a WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WanNews {
    /// The idle round-trip time is known; control begins.
    BaselineLearnt(Rtt),
    /// The idle round-trip time changed at once, and is known anew; and how often it did since the last
    /// line about it (`None`: it is one of many, and worth no line).
    PathChanged(PathChange, Option<u16>),
    /// A direction changed its zone.
    Zone {
        /// Which direction.
        direction: Direction,
        /// The zone told before; `None`: this is the first.
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
        /// Whether it is worth a line, or one of many that are summed up.
        worth: Worth,
    },
    /// A direction changed its zone so often that not each time was worth a line.
    Zones(Direction, Summary),
    /// The reflectors fell silent, or came back, or something else is measured by now.
    Signal(SignalNews),
    /// A reflector was set aside or came back.
    Reflector(u8, HealthChange),
    /// Whether a reflector's clock can be used, so that it is asked by timestamp instead of by echo.
    Timestamps(u8, Standing),
    /// A probe could not be sent; told again only after a minute in which all could.
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

/// What happened to the signal of a WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SignalNews {
    /// No reflector answers any more; this does instead.
    Lost(Instead),
    /// Still no reflector answers, and now this does instead.
    Now(Instead),
    /// A reflector answers again.
    Back {
        /// For how long in all none did.
        silence: Span,
        /// How often they fell silent since that was told; 0: it has been summed up already.
        losses: u32,
    },
    /// The reflectors fell silent this often, each time too shortly or too soon after the last
    /// time for a line of its own.
    Shaky {
        /// For how long in all.
        silence: Span,
        /// How often.
        losses: u32,
    },
    /// The idle time of the TCP target that stands in for the reflectors is known.
    StandInLearnt {
        /// The target, by its place in the configuration.
        target: u8,
        /// Its idle connect time.
        baseline: Rtt,
    },
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
    /// Requests to it take another way from now on.
    Turned(Turn),
}

/// What happened to a steering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SteeringNews {
    /// The mind was changed, and the rule shall follow, or would.
    Decided(Decided, Effect),
    /// Something about its rule.
    Rule(rule::News),
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
    /// Send one timestamp request to each of these reflectors.
    AskTime {
        /// For this WAN.
        wan: WanId,
        /// The number of the round.
        number: u32,
        /// The reflectors, by their place in the configuration.
        reflectors: Vec<u8, MAX_PROBES>,
    },
    /// Connect to a TCP target, report how that ended, and close the connection.
    Connect {
        /// For this WAN.
        wan: WanId,
        /// The target, by its place in the configuration.
        target: u8,
        /// To be given back with the outcome.
        number: u32,
    },
    /// Send one echo request to the gateway.
    AskGateway {
        /// Of this WAN.
        wan: WanId,
        /// To be given back with the reply.
        number: u32,
    },
    /// Ask a router and report the answer.
    Ask {
        /// Which router.
        router: RouterId,
        /// To be given back with the answer.
        ticket: Ticket,
        /// What to ask.
        request: Request,
        /// By which way.
        route: Route,
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
    /// What one queue has counted.
    Count(WanId, QueueSlot),
    /// Whether the rule of a steering is on.
    ReadRule(SteeringId),
    /// Switch the rule of a steering on (degraded) or off (good).
    SwitchRule(SteeringId, State),
}

/// Where the core puts what it has to say.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    probings: Deque<Action, MAX_PROBINGS>,
    timings: Deque<Action, MAX_PROBINGS>,
    besides: Deque<Action, MAX_BESIDES>,
    orders: Deque<Action, MAX_ORDERS>,
    events: Deque<Event, MAX_EVENTS>,
    dropped: u32,
}

impl Outbox {
    /// Wants `action` done. When full the oldest goes: a newer round replaces an older one, but no
    /// round a request. One save saves all.
    pub fn act(&mut self, action: Action) {
        let lost = match action {
            Action::Probe { .. } => push(&mut self.probings, action),
            Action::AskTime { .. } => push(&mut self.timings, action),
            Action::Connect { .. } | Action::AskGateway { .. } => push(&mut self.besides, action),
            Action::Save if self.orders.iter().any(|order| *order == Action::Save) => 0,
            Action::Ask { .. } | Action::Save => push(&mut self.orders, action),
        };
        self.dropped = self.dropped.saturating_add(lost);
    }

    /// Tells what happened.
    pub fn tell(&mut self, at: Instant, what: What) {
        let lost = push(&mut self.events, Event { at, what });
        self.dropped = self.dropped.saturating_add(lost);
    }

    /// The next thing to do; probes first, for their time counts.
    pub fn next_action(&mut self) -> Option<Action> {
        let probing = self.probings.pop_front().or_else(|| self.timings.pop_front());
        let probing = probing.or_else(|| self.besides.pop_front());
        probing.or_else(|| self.orders.pop_front())
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

/// Appends `item`; the oldest goes if there is no room. How many went.
fn push<T, const N: usize>(to: &mut Deque<T, N>, item: T) -> u32 {
    let lost = to.is_full().then(|| to.pop_front()).map_or(0, |_| 1);
    // Cannot fail: there is room for one now.
    let _ = to.push_back(item);
    lost
}

#[cfg(test)]
mod tests {
    use super::{Action, Outbox, Request, Ticket};
    use crate::control::{
        failover::Route,
        wan::{RouterId, WanId},
    };

    #[test]
    fn rounds_and_saves_that_nobody_fetches_push_out_no_request() {
        let mut outbox = Outbox::default();
        let (router, ticket, request) = (RouterId(1), Ticket(7), Request::Facts);
        let ask = Action::Ask { router, ticket, request, route: Route::Preferred };
        outbox.act(ask.clone());
        for number in 0..100 {
            let reflectors = heapless::Vec::new();
            outbox.act(Action::Probe { wan: WanId(0), number, reflectors });
            outbox.act(Action::Save);
        }
        let mut actions = Vec::new();
        while let Some(action) = outbox.next_action() {
            actions.push(action);
        }
        assert!(actions.contains(&ask));
        assert_eq!(actions.iter().filter(|action| **action == Action::Save).count(), 1);
        assert!(matches!(actions[7], Action::Probe { number: 99, .. }), "{actions:?}");
        assert_eq!(outbox.dropped(), 92);
    }
}
