//! Which of two transports the requests to a router take.
//! Promises: two failures in a row lead away from the preferred one, one success leads back; it is
//! tried again after 30, 60, 120, 240 s and then every 300 s; there is one way at a time, and one
//! change for each cause.
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
    /// The preferred transport failed this way, for the second time in a row; the other one is used.
    Away(FailureKind),
    /// The preferred transport works and is used again.
    Back {
        /// Since it was left.
        away: Span,
    },
}

/// The way to one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failover {
    fallback: Fallback,
    way: Way,
    /// Failures in a row of the transport in use.
    failures: u8,
}

/// The transport in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Preferred,
    Fallback {
        since: Instant,
        /// Tries of the preferred transport that failed since then.
        tries: u32,
        /// When the next one is due.
        try_at: Instant,
    },
}

impl Failover {
    /// Begins with the preferred transport.
    pub const fn new(fallback: Fallback) -> Self {
        Self { fallback, way: Way::Preferred, failures: 0 }
    }

    /// The transport in use, apart from tries of the preferred one.
    pub const fn in_use(&self) -> Route {
        match self.way {
            Way::Preferred => Route::Preferred,
            Way::Fallback { .. } => Route::Fallback,
        }
    }

    /// The transport that a request takes now.
    pub fn next(&self, now: Instant) -> Route {
        match self.way {
            Way::Fallback { try_at, .. } if now < try_at => Route::Fallback,
            Way::Fallback { .. } | Way::Preferred => Route::Preferred,
        }
    }

    /// When the preferred transport is to be tried, if another one is in use.
    pub const fn deadline(&self) -> Option<Instant> {
        match self.way {
            Way::Preferred => None,
            Way::Fallback { try_at, .. } => Some(try_at),
        }
    }

    /// A request was answered over `route`.
    pub fn on_answer(&mut self, route: Route, now: Instant) -> Option<Turn> {
        if route == self.in_use() {
            self.failures = 0;
        }
        match (self.way, route) {
            (Way::Fallback { since, .. }, Route::Preferred) => {
                self.way = Way::Preferred;
                self.failures = 0;
                Some(Turn::Back { away: now.since(since) })
            }
            (Way::Fallback { .. }, Route::Fallback) | (Way::Preferred, _) => None,
        }
    }

    /// A request over `route` failed. What the router itself answers is no failure of the
    /// transport; a refused login is none either, but does not lead back.
    pub fn on_failure(&mut self, route: Route, kind: FailureKind, now: Instant) -> Option<Turn> {
        if kind.is_answer() && (kind != FailureKind::Auth || route == self.in_use()) {
            return self.on_answer(route, now);
        }
        match (self.way, route) {
            (Way::Fallback { since, tries, .. }, Route::Preferred) => {
                let tries = tries.saturating_add(1);
                self.way = Way::Fallback { since, tries, try_at: now + wait(tries) };
                None
            }
            (Way::Fallback { since, tries, .. }, Route::Fallback) => {
                // Both fail: the preferred one is tried at once, and left only if it fails too.
                if self.counts() {
                    self.way = Way::Fallback { since, tries, try_at: now };
                }
                None
            }
            (Way::Preferred, Route::Preferred) => {
                let leaves = self.counts() && self.fallback == Fallback::Present;
                leaves.then(|| {
                    self.way = Way::Fallback { since: now, tries: 0, try_at: now + wait(0) };
                    Turn::Away(kind)
                })
            }
            // The answer to a request that was sent before the way back.
            (Way::Preferred, Route::Fallback) => None,
        }
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
        failure::FailureKind::{self, Auth, NotFound, Refused, Timeout},
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
        assert_eq!(turn, Some(Turn::Away(Refused)));
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
    fn one_success_leads_back_and_the_waits_begin_anew() {
        let mut failover = away_at(0);
        failover.on_failure(Route::Preferred, Timeout, at(30));
        let turn = failover.on_answer(Route::Preferred, at(90));
        assert_eq!(turn, Some(Turn::Back { away: Span::from_secs(90) }));
        assert_eq!((failover.next(at(90)), failover.deadline()), (Route::Preferred, None));
        failover.on_failure(Route::Preferred, Timeout, at(91));
        failover.on_failure(Route::Preferred, Timeout, at(92));
        assert_eq!(failover.deadline(), Some(at(122)));
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
    fn what_the_router_itself_answers_is_no_failure_of_the_transport() {
        let mut failover = Failover::new(Fallback::Present);
        for kind in FailureKind::ALL.into_iter().filter(|kind| kind.is_answer()) {
            failover.on_failure(Route::Preferred, Timeout, at(1));
            assert_eq!(failover.on_failure(Route::Preferred, kind, at(1)), None, "{kind:?}");
            assert_eq!(failover.on_failure(Route::Preferred, Timeout, at(1)), None, "{kind:?}");
            failover.on_answer(Route::Preferred, at(1));
        }
        let turn = away_at(0).on_failure(Route::Preferred, NotFound, at(30));
        assert_eq!(turn, Some(Turn::Back { away: Span::from_secs(30) }));
        let mut refused = away_at(0);
        assert_eq!(refused.on_failure(Route::Preferred, Auth, at(30)), None);
        assert_eq!(refused.deadline(), Some(at(90)));
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
                1 => failover.on_failure(route, NotFound, now),
                _ => failover.on_failure(route, Timeout, now),
            };
            match turn {
                Some(Turn::Away(_)) => assert!(!core::mem::replace(&mut away, true)),
                Some(Turn::Back { .. }) => assert!(core::mem::replace(&mut away, false)),
                None => {}
            }
            assert_eq!(failover.in_use() == Route::Fallback, away);
            assert_eq!(failover.deadline().is_some(), away);
            assert!(failover.deadline().is_none_or(|at| at <= now + Span::from_secs(300)));
        }
    }
}
