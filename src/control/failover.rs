//! Which of two transports the requests to a router take.
//! Promises: two failures in a row lead away from the preferred one, one success leads back; it is
//! tried again after 30, 60, 120, 240 s and then every 300 s, and these waits go on where they were
//! if it does not last; there is one way at a time, and one change for each cause.
//! Knows nothing of what the transports are, and sends nothing.

use super::{
    failure::FailureKind,
    time::{Instant, Span},
};

/// Failures in a row that lead to the other transport. One may be the end of a kept connection.
const FAILURES: u8 = 2;

/// The wait before the preferred transport is tried for the first time.
const FIRST_TRY: Span = Span::from_secs(30);
/// The longest wait between two tries.
const LONGEST: Span = Span::from_secs(300);
/// The doublings of the first wait that come before the longest.
const DOUBLINGS: u32 = 4;
/// Tries in a row that may be cut short; the next one may not, or a slow transport on a line that is
/// always in use would never come back.
const MOST_CUT: u8 = 3;
/// A preferred transport that fails again before it has worked for this long comes and goes, and
/// each change of the transport costs a read of all queues.
const LASTING: Span = Span::from_secs(300);

/// One of the two transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The configured one.
    Preferred,
    /// The other one.
    Fallback,
}

/// Whether there is another transport at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// There is none; every request takes the preferred one.
    Absent,
    /// There is one.
    Present,
}

/// A change worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The preferred transport failed for the second time in a row; the other one is used.
    Away {
        /// How it failed.
        kind: FailureKind,
        /// The wait before it is tried again.
        wait: Span,
    },
    /// The preferred transport works and is used again.
    Back {
        /// Since it was left.
        away: Span,
    },
}

/// Why the preferred transport is not in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// When it was left.
    pub since: Instant,
    /// How it had failed.
    pub kind: FailureKind,
    /// When it is tried again.
    pub try_at: Instant,
}

/// The way to one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failover {
    fallback: Fallback,
    /// `None`: the preferred transport is in use.
    away: Option<Away>,
    /// Failures in a row of the transport in use.
    failures: u8,
    /// Tries of the preferred transport that failed or did not last.
    tries: u32,
    /// Tries in a row that were cut short.
    cut: u8,
    /// When the preferred transport was taken back.
    back_at: Option<Instant>,
}

impl Failover {
    /// Begins with the preferred transport.
    pub const fn new(fallback: Fallback) -> Self {
        Self { fallback, away: None, failures: 0, tries: 0, cut: 0, back_at: None }
    }

    /// The same two transports by another access: the one in use stays, and as that may have mended
    /// the preferred one it is tried at `now`, with all waits still to come.
    #[must_use]
    pub fn renewed(&self, now: Instant) -> Self {
        let away = self.away.map(|away| Away { try_at: now, ..away });
        Self { away, failures: 0, tries: 0, cut: 0, ..*self }
    }

    /// Whether there is another transport.
    pub const fn fallback(&self) -> Fallback {
        self.fallback
    }

    /// The transport in use, apart from tries of the preferred one.
    pub const fn in_use(&self) -> Route {
        match self.away {
            None => Route::Preferred,
            Some(_) => Route::Fallback,
        }
    }

    /// Why the preferred transport is not in use, if it is not.
    pub const fn away(&self) -> Option<Away> {
        self.away
    }

    /// The transport that the next request takes; where that is not the one in use, it is a try.
    pub fn next(&self, now: Instant) -> Route {
        match self.away {
            Some(away) if now < away.try_at => Route::Fallback,
            Some(_) | None => Route::Preferred,
        }
    }

    /// When the preferred transport is to be tried, if another one is in use.
    pub fn deadline(&self) -> Option<Instant> {
        self.away.map(|away| away.try_at)
    }

    /// The router answered a request over `route`.
    pub fn on_answer(&mut self, route: Route, now: Instant) -> Option<Turn> {
        if route == self.in_use() {
            self.failures = 0;
        }
        let away = self.away.take_if(|_| route == Route::Preferred)?;
        (self.failures, self.cut) = (0, 0);
        self.back_at = Some(now);
        Some(Turn::Back { away: now.since(away.since) })
    }

    /// The router answers again after an outage by both ways: the waits before are of no account.
    pub fn on_return(&mut self, now: Instant) {
        if let Some(away) = &mut self.away {
            away.try_at = away.try_at.min(now + FIRST_TRY);
        }
    }

    /// A try failed while the other transport does not work either. That is no sign of one that
    /// comes and goes: the next wait is as long as this one was.
    pub fn on_failed_like_the_other(&mut self, now: Instant) {
        self.cut = 0;
        self.wait_again(now);
    }

    /// Whether a try may be cut short for what has to be done over the other transport.
    pub const fn may_cut(&self) -> bool {
        self.cut < MOST_CUT
    }

    /// A try was cut short: it may not have failed, but the next one comes as if it had.
    pub fn on_cut(&mut self, now: Instant) {
        self.cut = self.cut.saturating_add(1);
        self.wait_longer(now);
    }

    fn wait_longer(&mut self, now: Instant) {
        self.tries = self.tries.saturating_add(1);
        self.wait_again(now);
    }

    fn wait_again(&mut self, now: Instant) {
        let wait = wait(self.tries);
        if let Some(away) = &mut self.away {
            away.try_at = now + wait;
        }
    }

    /// A request over `route` failed in a way that speaks against the transport.
    pub fn on_failure(&mut self, route: Route, kind: FailureKind, now: Instant) -> Option<Turn> {
        match (self.away, route) {
            (Some(_), Route::Preferred) => {
                self.cut = 0;
                self.wait_longer(now);
                None
            }
            (Some(away), Route::Fallback) => {
                // Both fail: the preferred one is tried at once, and used only if it answers.
                if self.counts() {
                    self.away = Some(Away { try_at: now, ..away });
                }
                None
            }
            (None, Route::Preferred) => {
                let leaves = self.counts() && self.fallback == Fallback::Present;
                leaves.then(|| self.leave(kind, now))
            }
            // The answer to a request that was sent before the way back.
            (None, Route::Fallback) => None,
        }
    }

    fn leave(&mut self, kind: FailureKind, now: Instant) -> Turn {
        let lasted = self.back_at.is_none_or(|back_at| now.since(back_at) >= LASTING);
        self.tries = if lasted { 0 } else { self.tries.saturating_add(1) };
        let wait = wait(self.tries);
        self.away = Some(Away { since: now, kind, try_at: now + wait });
        Turn::Away { kind, wait }
    }

    /// Counts a failure of the transport in use; whether it is the one too many.
    const fn counts(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        let many = self.failures >= FAILURES;
        if many {
            self.failures = 0;
        }
        many
    }
}

/// The wait before the next try after so many that failed.
fn wait(tries: u32) -> Span {
    FIRST_TRY.times(1 << tries.min(DOUBLINGS)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::{Failover, Fallback, Route, Turn};
    use crate::control::{
        failure::FailureKind::{Refused, Timeout},
        time::{Instant, Span},
    };

    fn at(secs: u64) -> Instant {
        Instant::from_micros(0) + Span::from_secs(secs)
    }

    /// The preferred transport was left at this time.
    fn away_at(secs: u64) -> Failover {
        let mut failover = Failover::new(Fallback::Present);
        assert_eq!(failover.on_failure(Route::Preferred, Timeout, at(secs)), None);
        let turn = failover.on_failure(Route::Preferred, Refused, at(secs));
        let wait = Span::from_secs(30);
        assert_eq!(turn, Some(Turn::Away { kind: Refused, wait }));
        failover
    }

    #[test]
    fn one_failure_changes_nothing_and_the_second_in_a_row_leads_to_the_other_transport() {
        let mut failover = Failover::new(Fallback::Present);
        for second in 0..100 {
            assert_eq!(failover.on_failure(Route::Preferred, Timeout, at(second)), None);
            assert_eq!(failover.next(at(second)), Route::Preferred);
            assert_eq!(failover.on_answer(Route::Preferred, at(second)), None);
        }
        assert_eq!(away_at(5).next(at(5)), Route::Fallback);
        assert_eq!(away_at(5).in_use(), Route::Fallback);
    }

    #[test]
    fn the_preferred_transport_is_tried_less_and_less_often() {
        let mut failover = away_at(0);
        let mut now = 0;
        for wait in [30, 60, 120, 240, 300, 300, 300] {
            assert_eq!(failover.deadline(), Some(at(now + wait)));
            assert_eq!(failover.next(at(now + wait - 1)), Route::Fallback);
            now += wait;
            assert_eq!(failover.next(at(now)), Route::Preferred);
            assert_eq!(failover.on_failure(Route::Preferred, Timeout, at(now)), None);
            assert_eq!(failover.in_use(), Route::Fallback, "one failed try is enough");
        }
    }

    #[test]
    fn one_success_leads_back_and_if_that_lasts_the_waits_begin_anew() {
        for (lasts, wait) in [(0, 120), (299, 120), (300, 30), (100_000, 30)] {
            let mut failover = away_at(0);
            failover.on_failure(Route::Preferred, Timeout, at(30));
            let turn = failover.on_answer(Route::Preferred, at(90));
            assert_eq!(turn, Some(Turn::Back { away: Span::from_secs(90) }));
            assert_eq!((failover.next(at(90)), failover.deadline()), (Route::Preferred, None));
            let now = 90 + lasts;
            failover.on_failure(Route::Preferred, Timeout, at(now));
            failover.on_failure(Route::Preferred, Timeout, at(now));
            assert_eq!(failover.deadline(), Some(at(now + wait)), "{lasts}");
        }
    }

    #[test]
    fn a_preferred_transport_that_comes_and_goes_is_taken_back_less_and_less_often() {
        let mut failover = away_at(0);
        for wait in [30, 60, 120, 240, 300, 300] {
            let due = failover.deadline().unwrap();
            assert_eq!(due.since(failover.away().unwrap().since), Span::from_secs(wait));
            assert!(failover.on_answer(Route::Preferred, due).is_some());
            assert!(failover.on_failure(Route::Preferred, Timeout, due).is_none());
            assert!(failover.on_failure(Route::Preferred, Timeout, due).is_some());
        }
    }

    #[test]
    fn while_both_fail_each_is_tried_in_turn_without_another_change() {
        let mut failover = away_at(0);
        for second in 1..20 {
            assert_eq!(failover.next(at(second)), Route::Fallback);
            assert_eq!(failover.on_failure(Route::Fallback, Refused, at(second)), None);
            assert_eq!(failover.next(at(second)), Route::Fallback);
            assert_eq!(failover.on_failure(Route::Fallback, Refused, at(second)), None);
            assert_eq!(failover.next(at(second)), Route::Preferred);
            assert_eq!(failover.on_failure(Route::Preferred, Refused, at(second)), None);
        }
        assert_eq!(failover.on_answer(Route::Fallback, at(20)), None);
        assert_eq!(failover.in_use(), Route::Fallback);
    }

    #[test]
    fn an_outage_of_both_uses_up_no_waits_and_is_followed_by_an_early_try() {
        let mut failover = away_at(0);
        for second in (30..3_000).step_by(30) {
            failover.on_failed_like_the_other(at(second));
            assert_eq!(failover.deadline(), Some(at(second + 30)));
        }
        for _ in 0..10 {
            failover.on_failure(Route::Preferred, Timeout, at(3_000));
        }
        assert_eq!(failover.deadline(), Some(at(3_300)));
        failover.on_return(at(3_100));
        assert_eq!(failover.deadline(), Some(at(3_130)));
        failover.on_return(at(3_120));
        assert_eq!(failover.deadline(), Some(at(3_130)), "not put off by the next return");
    }

    #[test]
    fn a_try_that_is_cut_short_is_followed_by_the_same_waits_and_one_in_four_is_not_cut() {
        let mut failover = away_at(0);
        let mut now = 30;
        for wait in [60, 120, 240, 300, 300, 300, 300, 300] {
            if failover.may_cut() {
                failover.on_cut(at(now));
            } else {
                assert!(now == 450 || now == 1_650, "three before it");
                failover.on_failure(Route::Preferred, Timeout, at(now));
            }
            assert_eq!(failover.deadline(), Some(at(now + wait)));
            now += wait;
        }
    }

    #[test]
    fn without_another_transport_there_is_nothing_to_change_to() {
        let mut failover = Failover::new(Fallback::Absent);
        for second in 0..100 {
            assert_eq!(failover.on_failure(Route::Preferred, Timeout, at(second)), None);
            assert_eq!(failover.next(at(second)), Route::Preferred);
        }
        assert_eq!(failover.on_answer(Route::Preferred, at(100)), None);
    }

    #[test]
    fn whatever_happens_the_turns_alternate_and_a_late_answer_changes_nothing() {
        let mut rng = 1_u64;
        let mut failover = Failover::new(Fallback::Present);
        let (mut now, mut away) = (at(0), false);
        for _ in 0..100_000 {
            rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now = now + Span::from_millis(rng >> 32 & 0x7fff);
            let route = match rng >> 60 & 3 {
                0 => Route::Fallback,
                1 => Route::Preferred,
                _ => failover.next(now),
            };
            let turn = match rng >> 50 & 3 {
                0 => failover.on_answer(route, now),
                1 => failover.on_failure(route, Refused, now),
                _ => failover.on_failure(route, Timeout, now),
            };
            match turn {
                Some(Turn::Away { .. }) => assert!(!core::mem::replace(&mut away, true)),
                Some(Turn::Back { .. }) => assert!(core::mem::replace(&mut away, false)),
                None => {}
            }
            assert_eq!(failover.in_use() == Route::Fallback, away);
            assert_eq!(failover.deadline().is_some(), away);
            assert!(failover.deadline().is_none_or(|at| at <= now + Span::from_secs(300)));
        }
    }
}
