//! Whether a router answers: moved by its answers alone.
//! Promises: one `Lost` and one `Back` per outage, the latter with its true length; waiting,
//! skipping or queueing a write is not contact.
//! Knows nothing of what is asked; of the transports, only which of the two refused the login.

use super::{
    backoff::{Jitter, Streak},
    change::KeptWays,
    failover::Route,
    failure::FailureKind,
    time::{Instant, Span},
};

/// After a time-out nothing is sent for this long: RouterOS goes on with a request that was given
/// up, and an answer to it can spoil the next (measured on 7.21.5: 1.3 to 2.4 s).
pub const QUARANTINE: Span = Span::from_secs(3);

/// What is known of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It was not asked yet.
    Unknown,
    /// Its last answer was one.
    Reachable,
    /// It does not answer.
    Lost {
        /// When the first request failed.
        since: Instant,
        /// Requests that failed in a row.
        failures: u32,
        /// How the last one failed.
        kind: FailureKind,
    },
}

/// A change worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stopped answering.
    Lost(FailureKind),
    /// It answers again.
    Back {
        /// From the first failure to this answer.
        outage: Span,
        /// Requests that failed.
        failures: u32,
    },
}

/// A request that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it left.
    pub asked: Instant,
    /// By which way.
    pub route: Route,
    /// What it may have been to the router.
    pub burden: Burden,
}

/// What a request may have been to a router that goes on with it after it was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burden {
    /// A question that nobody waits for at the end: it changes nothing.
    Light,
    /// Anything else.
    Full,
}

/// The contact to one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connectivity {
    contact: Contact,
    /// Failures in a row, by whichever way.
    streak: Streak,
    preferred: Logins,
    fallback: Logins,
    jitter: Jitter,
    /// By back-off.
    not_before: Instant,
    /// By quarantine; nothing but the end after a light request ends it early.
    quarantined_until: Instant,
    /// Of the last request that failed.
    burden: Burden,
    /// Until when the preferred way rests after a try of it that was given up. The router need not:
    /// a try is a read, of which nothing can land late, and the usual way is another one.
    try_rests_until: Instant,
}

/// The logins by one way. Each that is refused is a critical line in the log of RouterOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Logins {
    streak: Streak,
    not_before: Instant,
}

impl Logins {
    const NONE: Self = Self { streak: Streak::NONE, not_before: Instant::from_micros(0) };
}

impl Connectivity {
    /// Nothing is known yet; the first request may leave at once.
    pub const fn new(seed: u64) -> Self {
        Self {
            contact: Contact::Unknown,
            streak: Streak::NONE,
            preferred: Logins::NONE,
            fallback: Logins::NONE,
            jitter: Jitter::new(seed),
            not_before: Instant::from_micros(0),
            quarantined_until: Instant::from_micros(0),
            burden: Burden::Full,
            try_rests_until: Instant::from_micros(0),
        }
    }

    /// The contact to the same device by another access, of which nothing is known yet; but the rests
    /// are kept.
    #[must_use]
    pub fn by_another_access(&self, seed: u64, ways: KeptWays) -> Self {
        let Self { quarantined_until, try_rests_until, .. } = *self;
        let rested = Self { quarantined_until, try_rests_until, ..Self::new(seed) };
        match ways {
            KeptWays::Same => rested,
            // Which one has to rest is not known any more.
            KeptWays::Others => {
                Self { quarantined_until: quarantined_until.max(try_rests_until), ..rested }
            }
        }
    }

    /// A request was given up on the way: the device may still be busy with it.
    pub fn given_up(&mut self, now: Instant) {
        self.quarantined_until = now + QUARANTINE;
    }

    /// What is known.
    pub const fn contact(&self) -> Contact {
        self.contact
    }

    /// The next request by this way must not leave before this.
    pub fn not_before(&self, route: Route) -> Instant {
        let rests_until = match route {
            Route::Preferred => self.quarantined_until.max(self.try_rests_until),
            Route::Fallback => self.quarantined_until,
        };
        self.not_before.max(rests_until).max(self.logins(route).not_before)
    }

    /// Whether this way is left alone because of refused logins, and for no other reason.
    pub fn is_refusing(&self, route: Route, now: Instant) -> bool {
        self.logins(route).not_before > now
    }

    const fn logins(&self, route: Route) -> &Logins {
        match route {
            Route::Preferred => &self.preferred,
            Route::Fallback => &self.fallback,
        }
    }

    const fn logins_mut(&mut self, route: Route) -> &mut Logins {
        match route {
            Route::Preferred => &mut self.preferred,
            Route::Fallback => &mut self.fallback,
        }
    }

    /// The router answered by this way, whatever it said.
    pub fn answered(&mut self, route: Route, now: Instant) -> Option<Change> {
        self.not_before = now;
        self.streak = Streak::NONE;
        *self.logins_mut(route) = Logins::NONE;
        if route == Route::Preferred {
            self.try_rests_until = self.try_rests_until.min(now);
        }
        self.quarantined_until = self.quarantined_until.min(now);
        match core::mem::replace(&mut self.contact, Contact::Reachable) {
            Contact::Unknown | Contact::Reachable => None,
            Contact::Lost { since, failures, .. } => {
                Some(Change::Back { outage: now.since(since), failures })
            }
        }
    }

    /// The next request may leave at once, except after a time-out.
    pub fn hurry(&mut self, now: Instant) {
        if !matches!(self.contact, Contact::Lost { kind: FailureKind::Timeout, .. }) {
            self.not_before = self.not_before.min(now);
        }
    }

    /// The end begins: the same, and a question that changes nothing is no reason to wait. What a
    /// router still has to do for it costs time, the limits for the end are worth it.
    pub fn on_stop(&mut self, now: Instant) {
        self.preferred.not_before = self.preferred.not_before.min(now);
        self.fallback.not_before = self.fallback.not_before.min(now);
        self.hurry(now);
        if self.burden == Burden::Light {
            self.not_before = self.not_before.min(now);
            self.quarantined_until = self.quarantined_until.min(now);
        }
    }

    /// A request failed in a way that says the router is not there.
    pub fn failed(&mut self, now: Instant, attempt: Attempt, kind: FailureKind) -> Option<Change> {
        let (since, change) = match self.contact {
            Contact::Unknown | Contact::Reachable => (attempt.asked, Some(Change::Lost(kind))),
            Contact::Lost { since, .. } => (since, None),
        };
        self.streak = self.streak.and(kind);
        self.contact = Contact::Lost { since, failures: self.streak.failures(), kind };
        self.not_before = now + self.jitter.wait(self.streak.of_any_kind());
        self.count_login(attempt.route, kind, now);
        self.rest(now, attempt, kind);
        change
    }

    /// A try of the preferred way failed. That says nothing about a router that answers by the usual
    /// way, which goes on at once; if it does not answer there either, it is an attempt like any other.
    pub fn failed_aside(&mut self, now: Instant, attempt: Attempt, kind: FailureKind) {
        match self.contact {
            // No change: it is lost already.
            Contact::Lost { .. } => drop(self.failed(now, attempt, kind)),
            Contact::Unknown | Contact::Reachable => {
                self.count_login(attempt.route, kind, now);
                if kind == FailureKind::Timeout {
                    self.try_given_up(now);
                }
            }
        }
    }

    /// A try of the preferred way was given up: that way rests, for the next request by it could get
    /// the answer to this one.
    pub fn try_given_up(&mut self, now: Instant) {
        self.try_rests_until = now + QUARANTINE;
    }

    fn rest(&mut self, now: Instant, attempt: Attempt, kind: FailureKind) {
        if kind == FailureKind::Timeout {
            self.quarantined_until = now + QUARANTINE;
            self.burden = attempt.burden;
        }
    }

    fn count_login(&mut self, route: Route, kind: FailureKind, now: Instant) {
        let Logins { streak, not_before } = *self.logins(route);
        let streak = streak.and(kind);
        let not_before =
            if streak.is_of_logins() { now + self.jitter.wait(streak) } else { not_before };
        *self.logins_mut(route) = Logins { streak, not_before };
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Burden, Change, Connectivity, Contact, QUARANTINE};
    use crate::control::{
        failover::Route::{self, Fallback, Preferred},
        failure::FailureKind,
        time::{Instant, Span},
    };

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    fn asked(ms: u64) -> Attempt {
        by(Preferred, ms)
    }

    fn by(route: Route, ms: u64) -> Attempt {
        Attempt { asked: at(ms), route, burden: Burden::Full }
    }

    #[test]
    fn refused_logins_by_one_way_leave_the_other_one_its_back_off() {
        let mut router = Connectivity::new(1);
        for second in (0..120).step_by(10) {
            router.failed(at(second * 1_000), by(Preferred, second), FailureKind::Auth);
            router.failed(at(second * 1_000 + 1), by(Fallback, second), FailureKind::Refused);
        }
        assert!(router.not_before(Preferred) >= at(110_000 + 45_000));
        assert!(router.not_before(Fallback) <= at(110_001 + 6_250));
        assert!(router.is_refusing(Preferred, at(111_000)));
        assert!(!router.is_refusing(Fallback, at(111_000)));
    }

    #[test]
    fn at_the_end_only_the_rest_after_a_light_request_is_cut_short() {
        for (burden, rests) in [(Burden::Light, false), (Burden::Full, true)] {
            let mut router = Connectivity::new(1);
            let attempt = Attempt { burden, ..asked(0) };
            router.failed(at(2_000), attempt, FailureKind::Timeout);
            router.on_stop(at(2_500));
            assert_eq!(router.not_before(Preferred) > at(2_500), rests, "{burden:?}");
        }
    }

    #[test]
    fn one_outage_is_one_lost_and_one_back_with_its_true_length() {
        let mut router = Connectivity::new(1);
        assert_eq!(router.answered(Preferred, at(0)), None);
        let lost = router.failed(at(1_010), asked(1_000), FailureKind::Refused);
        assert_eq!(lost, Some(Change::Lost(FailureKind::Refused)));
        for second in 2..60 {
            assert_eq!(router.failed(at(second * 1_000), asked(0), FailureKind::Reset), None);
        }
        let back = router.answered(Preferred, at(61_000));
        assert_eq!(back, Some(Change::Back { outage: Span::from_secs(60), failures: 59 }));
        assert_eq!(router.answered(Preferred, at(62_000)), None);
    }

    #[test]
    fn a_router_that_never_answered_is_lost_at_its_first_failure() {
        let mut router = Connectivity::new(1);
        assert_eq!(router.contact(), Contact::Unknown);
        assert!(router.failed(at(5), asked(0), FailureKind::Unreachable).is_some());
        assert!(matches!(router.contact(), Contact::Lost { failures: 1, .. }));
    }

    #[test]
    fn after_a_timeout_nothing_is_sent_for_three_seconds() {
        let mut router = Connectivity::new(1);
        router.failed(at(2_000), asked(0), FailureKind::Timeout);
        assert_eq!(router.not_before(Preferred), at(2_000) + QUARANTINE);
        router.answered(Preferred, at(6_000));
        assert_eq!(router.not_before(Preferred), at(6_000));
        router.failed(at(7_000), asked(7_000), FailureKind::Refused);
        assert!(router.not_before(Preferred) <= at(7_125));
    }

    #[test]
    fn a_failure_aside_is_no_loss_and_only_its_own_way_rests_but_the_back_off_is_kept() {
        let mut router = Connectivity::new(1);
        router.answered(Preferred, at(0));
        router.failed_aside(at(1_000), asked(1_000), FailureKind::Refused);
        assert_eq!((router.contact(), router.not_before(Preferred)), (Contact::Reachable, at(0)));
        router.failed_aside(at(3_000), asked(1_000), FailureKind::Timeout);
        assert_eq!(router.contact(), Contact::Reachable);
        assert_eq!(router.not_before(Preferred), at(3_000) + QUARANTINE);
        assert_eq!(router.not_before(Fallback), at(0), "it answers by this way");
        router.answered(Fallback, at(3_500));
        assert_eq!(router.not_before(Preferred), at(3_000) + QUARANTINE);
        for second in 7..20 {
            router.failed(at(second * 1_000), asked(second * 1_000), FailureKind::Refused);
        }
        router.failed_aside(at(30_000), asked(30_000), FailureKind::Refused);
        assert!(router.not_before(Preferred) >= at(33_750));
        assert!(matches!(router.contact(), Contact::Lost { failures: 14, .. }));
    }

    #[test]
    fn a_hurry_ends_the_back_off_but_not_the_pause_after_a_timeout() {
        let mut router = Connectivity::new(1);
        router.failed(at(1_000), asked(0), FailureKind::Refused);
        router.hurry(at(1_001));
        assert_eq!(router.not_before(Preferred), at(1_001));
        router.failed(at(2_000), asked(1_001), FailureKind::Timeout);
        router.hurry(at(2_001));
        assert_eq!(router.not_before(Preferred), at(2_000) + QUARANTINE);
    }
}
