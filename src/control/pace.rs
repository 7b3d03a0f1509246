//! How often the reflectors of a WAN are asked: in each cycle, or seldom while nothing passes.
//! Promises: seldom only while it is known that nothing passes, and has not for a while; whatever
//! may be the end of that brings back every cycle at once.
//! Knows nothing of probes, loads or delays.
//!
//! ```text
//!            nothing has passed for 30 s
//!   OFTEN ─────────────────────────────────> SELDOM
//!     ^ <──── something passes, is amiss ────── │
//!     │                                         │ a round is late or not answered
//!     └── it does ──── OFTEN for half a second <┘
//!                       └──── it was nothing ──> SELDOM
//! ```

use super::{
    time::{Instant, Span},
    units::Rtt,
};

/// Time between two rounds of an idle line: a fifth of the usual probes. A burst is met this much later
/// at the worst, which in the simulator costs the first one on an unknown line 4 ms of p99 in 20 s, and
/// later ones 2 ms at most.
pub const SELDOM: Span = Span::from_millis(250);
/// The line is idle for this long before its reflectors are spared: whoever reads a page turns it
/// sooner.
const IDLE_FOR: Span = Span::from_secs(30);
/// A sign is looked at for this long: until a whole window of the law's filter is filled and what
/// passes was counted.
const LOOK_FOR: Span = Span::from_millis(500);

/// How often reflectors are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// In each cycle.
    Often,
    /// Each [`SELDOM`], or each cycle if that is longer.
    Seldom,
}

impl Pace {
    /// Time from round to round, where cycles take `interval`.
    pub fn period(self, interval: Span) -> Span {
        match self {
            Self::Often => interval,
            Self::Seldom => interval.max(SELDOM),
        }
    }
}

/// A line through which nothing passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// Since when.
    pub since: Instant,
    /// A round that takes longer is a sign that it no longer is.
    pub longest: Rtt,
}

/// The pace of one WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacer {
    pace: Pace,
    /// In each cycle until then.
    often_until: Instant,
    /// Since when it is this pace.
    since: Instant,
    /// The last round.
    opened: Option<Instant>,
}

impl Pacer {
    /// Nothing is known of the line.
    pub const fn new(now: Instant) -> Self {
        Self { pace: Pace::Often, often_until: now, since: now, opened: None }
    }

    /// Something may be the end of idleness: a round that is late, or not answered.
    pub fn sign(&mut self, now: Instant) {
        self.often_until = self.often_until.max(now + LOOK_FOR);
    }

    /// Something else happened than that something passes: idleness counts from now.
    pub fn wake(&mut self, now: Instant) {
        self.often_until = self.often_until.max(now + IDLE_FOR);
    }

    /// The pace from now on, on a line that is idle since then; `None`: it is not, or it is not
    /// known.
    pub fn set(&mut self, idle: Option<Instant>, now: Instant) {
        let long = idle.is_some_and(|since| now.since(since) >= IDLE_FOR);
        let pace = if long && now >= self.often_until { Pace::Seldom } else { Pace::Often };
        if pace != self.pace {
            self.pace = pace;
            self.since = now;
        }
    }

    /// Whether a round is due in the cycle of `now`, and if so notes it.
    pub fn is_due(&mut self, interval: Span, now: Instant) -> bool {
        // Cycles come a little early or late.
        let about = now + interval.part(1, 2);
        let due = match (self.pace, self.opened) {
            (Pace::Often, _) | (_, None) => true,
            (Pace::Seldom, Some(opened)) => about.since(opened) >= SELDOM,
        };
        if due {
            self.opened = Some(now);
        }
        due
    }

    /// How often reflectors are asked.
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// Since when they are asked in each cycle; `None`: they are not.
    pub fn often_since(&self) -> Option<Instant> {
        (self.pace == Pace::Often).then_some(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, Pacer, SELDOM};
    use crate::control::time::{Instant, Span};

    const INTERVAL: Span = Span::from_millis(50);

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    /// The times in ms of the rounds from one time to another on a line that is idle since 0.
    fn rounds(pacer: &mut Pacer, from: u64, to: u64) -> Vec<u64> {
        let ticks = (from..to).step_by(50);
        let due = |ms: &u64| {
            pacer.set(Some(at(0)), at(*ms));
            pacer.is_due(INTERVAL, at(*ms))
        };
        ticks.filter(due).collect()
    }

    #[test]
    fn after_thirty_idle_seconds_there_are_four_rounds_per_second() {
        let mut pacer = Pacer::new(at(0));
        assert_eq!(rounds(&mut pacer, 0, 30_000).len(), 600);
        assert_eq!(rounds(&mut pacer, 30_000, 31_000), [30_200, 30_450, 30_700, 30_950]);
        assert_eq!((pacer.pace(), pacer.often_since()), (Pace::Seldom, None));
    }

    #[test]
    fn a_sign_is_looked_at_in_the_next_cycle_and_for_half_a_second() {
        let mut pacer = Pacer::new(at(0));
        rounds(&mut pacer, 0, 40_000);
        pacer.sign(at(40_000));
        let looks: Vec<u64> = (40_000..40_500).step_by(50).collect();
        assert_eq!(rounds(&mut pacer, 40_000, 40_700), looks);
        assert_eq!(rounds(&mut pacer, 40_700, 41_000), [40_700, 40_950]);
    }

    #[test]
    fn what_is_not_known_to_be_idle_is_asked_in_each_cycle() {
        let mut pacer = Pacer::new(at(0));
        rounds(&mut pacer, 0, 40_000);
        for ms in (40_000..41_000).step_by(50) {
            pacer.set(None, at(ms));
            assert!(pacer.is_due(INTERVAL, at(ms)));
            assert_eq!(pacer.often_since(), Some(at(40_000)));
        }
        pacer.wake(at(41_000));
        assert_eq!(rounds(&mut pacer, 41_000, 71_000).len(), 600);
        assert_eq!(rounds(&mut pacer, 71_000, 72_000).len(), 4);
    }

    #[test]
    fn cycles_that_come_late_or_early_do_not_make_rounds_rarer() {
        let mut pacer = Pacer::new(at(0));
        rounds(&mut pacer, 0, 40_000);
        let jitter = |tick: u64| 40_000 + tick * 50 + tick * 7 % 13;
        let due = (0..1_200).filter(|tick| pacer.is_due(INTERVAL, at(jitter(*tick)))).count();
        assert!((239..=241).contains(&due), "{due}");
    }

    #[test]
    fn cycles_that_are_rarer_anyway_each_have_their_round() {
        let slow = Span::from_secs(2);
        let mut pacer = Pacer::new(at(0));
        for turn in 0..100 {
            pacer.set(Some(at(0)), at(turn * 2_000));
            assert!(pacer.is_due(slow, at(turn * 2_000)), "{turn}");
        }
        assert_eq!(Pace::Seldom.period(slow), slow);
        assert_eq!(Pace::Seldom.period(INTERVAL), SELDOM);
    }
}
