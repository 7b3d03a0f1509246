//! Routers that do what they like: answers of every kind, late, twice, or never.

use fastrand::Rng;
use wanctl::control::{
    counts::{Counters, Statistics},
    engine::Answer,
    event::{Request, Ticket},
    failure::FailureKind,
    queue::{Found, Limit, QueueSlot},
    time::{Instant, Span},
    units::{PerDirection, Rate},
};

pub type Limits = PerDirection<Option<Rate>>;

/// An answer on its way to the core.
#[derive(Clone, Copy, Debug)]
pub struct Coming {
    pub at: Instant,
    pub ticket: Ticket,
    pub request: Request,
    pub answer: Result<Answer, FailureKind>,
    /// Which change of the limits by somebody else it shows; `None`: none, or it lies.
    pub shows: Option<u32>,
}

/// The limits of one WAN on its router, and how often somebody else changed them.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub limits: Limits,
    pub changes: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Router {
    pub coming: Vec<Coming>,
    /// How many of a hundred requests fail.
    pub failing: u32,
    /// Requests since the last one about counters.
    pub since_count: u32,
}

impl Router {
    /// Changes its mood now and then.
    pub fn drift(&mut self, rng: &mut Rng) {
        if rng.u8(..) < 8 {
            self.failing = rng.choice([0, 0, 5, 30, 100]).unwrap();
        }
    }

    /// Carries out `request` on `limits`, or not; the answer comes later, or never.
    pub fn ask(
        &mut self,
        rng: &mut Rng,
        now: Instant,
        ticket: Ticket,
        request: Request,
        held: &mut Held,
    ) {
        let fails = rng.u32(..100) < self.failing;
        if !fails || rng.bool() {
            obey(request, &mut held.limits);
        }
        let fault = if fails { rng.u8(1..=8) } else { 0 };
        let answer = match fault {
            0 => Ok(true_answer(request, &held.limits)),
            1 => Ok(Answer::Facts),
            2 => Ok(Answer::Limit(Found::One(any_limit(rng)))),
            3 => {
                let found = PerDirection { download: any_limit(rng), upload: any_limit(rng) };
                Ok(Answer::Limit(Found::Pair(found)))
            }
            4 => return,
            _ => Err(rng.choice(FailureKind::ALL).unwrap()),
        };
        let most = if fails { 5_000 } else { 60 };
        let at = now + Span::from_micros(rng.u64(..most * 1_000));
        let shows = (!fails).then_some(held.changes);
        self.coming.push(Coming { at, ticket, request, answer, shows });
    }
}

/// Anything that a human or a fault may leave there.
pub fn any_limit(rng: &mut Rng) -> Option<Rate> {
    let bits = rng.choice([0, 1, 64_000, 1_000_000, 20_000_000, 500_000_000, u64::MAX]).unwrap();
    Rate::from_bps(if rng.bool() { bits } else { rng.u64(..=bits) })
}

fn obey(request: Request, limits: &mut Limits) {
    match request {
        Request::Write(_, QueueSlot::One(direction), Limit::One(rate)) => {
            *limits.of_mut(direction) = Some(rate);
        }
        Request::Write(_, QueueSlot::Pair, Limit::Pair(rates)) => *limits = rates.map(Some),
        Request::Write(..) => panic!("a limit of another kind of queue: {request:?}"),
        Request::Read(..)
        | Request::Count(..)
        | Request::Facts
        | Request::ReadRule(_)
        | Request::SwitchRule(..) => {}
    }
}

/// What passed may be anything that does not fall.
fn counted(slot: QueueSlot, limits: &Limits) -> Statistics {
    let counters =
        limits.map(|limit| Counters { bytes: limit.map(Rate::bps), ..Counters::default() });
    match slot {
        QueueSlot::One(direction) => Statistics::One(*counters.of(direction)),
        QueueSlot::Pair => Statistics::Pair(counters),
    }
}

fn true_answer(request: Request, limits: &Limits) -> Answer {
    match request {
        Request::Facts | Request::ReadRule(_) | Request::SwitchRule(..) => Answer::Facts,
        Request::Count(_, slot) => Answer::Counted(counted(slot, limits)),
        Request::Read(_, slot) | Request::Write(_, slot, _) => Answer::Limit(match slot {
            QueueSlot::One(direction) => Found::One(*limits.of(direction)),
            QueueSlot::Pair => Found::Pair(*limits),
        }),
    }
}
