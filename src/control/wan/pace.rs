//! When a WAN asks its reflectors.
//! Promises: in each cycle, unless it is known that nothing passes and nothing is amiss.
//! Knows nothing of other WANs, or of how idleness is known.

use super::{Signal, Wan};
use crate::control::{
    event::Outbox,
    pace::{Idle, Pace, SELDOM},
    time::{Instant, Span},
    units::{Direction, Rtt},
};

impl Wan {
    /// Opens a round, if one is due.
    pub(super) fn probe(&mut self, now: Instant, outbox: &mut Outbox) {
        let idle = self.law.idle();
        let overdue = |idle: Idle| self.rounds.awaited(now).is_some_and(|age| is_late(age, idle));
        if idle.is_some_and(overdue) {
            self.pacer.sign(now);
        }
        // Cycles that are longer have nothing to spare, and rounds that would be given up unseen.
        let spares = self.settings.law.interval < SELDOM && self.is_well();
        let idle = idle.map(|idle| idle.since).filter(|_| spares);
        self.pacer.set(idle, now);
        if !self.pacer.is_due(self.settings.law.interval, now) {
            return;
        }
        let chosen = self.reflectors.choose(now);
        self.number = self.number.wrapping_add(1);
        self.rounds.open(self.number, now, &chosen);
        self.ask(&chosen, now, outbox);
    }

    /// A round took this long.
    pub(super) fn weigh(&mut self, value: Rtt, now: Instant) {
        if self.law.idle().is_some_and(|idle| value > idle.longest) {
            self.pacer.sign(now);
        }
    }

    /// Whether reflectors answer, and the router has what is wanted.
    fn is_well(&self) -> bool {
        let rates = self.law.rates().zip(self.applier.confirmed());
        let near = |direction: &Direction| {
            let (wanted, confirmed) = *rates.of(*direction);
            confirmed.is_some_and(|own| wanted.is_about(own))
        };
        self.signal == Signal::Fresh && Direction::BOTH.iter().all(near)
    }

    /// How often reflectors are asked.
    pub const fn pace(&self) -> Pace {
        self.pacer.pace()
    }

    /// Time from round to round at this pace.
    pub fn round_every(&self) -> Span {
        self.pace().period(self.settings.law.interval)
    }

    /// Every round counts for now: somebody has other work for this line than to carry.
    pub fn stay_awake(&mut self, now: Instant) {
        self.pacer.wake(now);
    }
}

fn is_late(age: Span, idle: Idle) -> bool {
    Rtt::from_span(age) > idle.longest
}
