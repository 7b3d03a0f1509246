//! Whether a router answers: moved by its answers alone.
//! Promises: one `Lost` and one `Back` per outage, the latter with its true length; waiting,
//! skipping or queueing a write is not contact.
//! Knows nothing of requests or transports.

use super::{
    backoff::{Jitter, Streak},
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

/// The contact to one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connectivity {
    contact: Contact,
    streak: Streak,
    jitter: Jitter,
    /// By back-off.
    not_before: Instant,
    /// By quarantine; nothing ends it early.
    quarantined_until: Instant,
}

impl Connectivity {
    /// Nothing is known yet; the first request may leave at once.
    pub const fn new(seed: u64) -> Self {
        Self {
            contact: Contact::Unknown,
            streak: Streak::NONE,
            jitter: Jitter::new(seed),
            not_before: Instant::from_micros(0),
            quarantined_until: Instant::from_micros(0),
        }
    }

    /// Nothing is known yet of this access to a device, but the device is not to be disturbed
    /// before `until`.
    pub const fn resting(seed: u64, until: Instant) -> Self {
        Self { quarantined_until: until, ..Self::new(seed) }
    }

    /// What is known.
    pub const fn contact(&self) -> Contact {
        self.contact
    }

    /// The next request must not leave before this.
    pub fn not_before(&self) -> Instant {
        self.not_before.max(self.quarantined_until)
    }

    /// Until when the device may still be busy with a request that was given up.
    pub const fn quarantined_until(&self) -> Instant {
        self.quarantined_until
    }

    /// The router answered, whatever it said.
    pub fn answered(&mut self, now: Instant) -> Option<Change> {
        self.not_before = now;
        self.streak = Streak::NONE;
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

    /// A request that left at `asked` failed in a way that says the router is not there.
    pub fn failed(&mut self, now: Instant, asked: Instant, kind: FailureKind) -> Option<Change> {
        let (since, change) = match self.contact {
            Contact::Unknown | Contact::Reachable => (asked, Some(Change::Lost(kind))),
            Contact::Lost { since, .. } => (since, None),
        };
        self.streak = self.streak.and(kind);
        self.contact = Contact::Lost { since, failures: self.streak.failures(), kind };
        self.not_before = now + self.jitter.wait(self.streak);
        if kind == FailureKind::Timeout {
            self.quarantined_until = now + QUARANTINE;
        }
        change
    }

    /// A request beside the usual ones, by another way, failed. That says nothing about a router
    /// that answers by the usual way, but the rest after a time-out is kept; if it does not answer
    /// there either, it is an attempt like any other.
    pub fn failed_aside(&mut self, now: Instant, asked: Instant, kind: FailureKind) {
        match self.contact {
            // No change: it is lost already.
            Contact::Lost { .. } => drop(self.failed(now, asked, kind)),
            Contact::Unknown | Contact::Reachable if kind == FailureKind::Timeout => {
                self.quarantined_until = now + QUARANTINE;
            }
            Contact::Unknown | Contact::Reachable => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Connectivity, Contact, QUARANTINE};
    use crate::control::{
        failure::FailureKind,
        time::{Instant, Span},
    };

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    #[test]
    fn one_outage_is_one_lost_and_one_back_with_its_true_length() {
        let mut router = Connectivity::new(1);
        assert_eq!(router.answered(at(0)), None);
        let lost = router.failed(at(1_010), at(1_000), FailureKind::Refused);
        assert_eq!(lost, Some(Change::Lost(FailureKind::Refused)));
        for second in 2..60 {
            assert_eq!(router.failed(at(second * 1_000), at(0), FailureKind::Reset), None);
        }
        let back = router.answered(at(61_000));
        assert_eq!(back, Some(Change::Back { outage: Span::from_secs(60), failures: 59 }));
        assert_eq!(router.answered(at(62_000)), None);
    }

    #[test]
    fn a_router_that_never_answered_is_lost_at_its_first_failure() {
        let mut router = Connectivity::new(1);
        assert_eq!(router.contact(), Contact::Unknown);
        assert!(router.failed(at(5), at(0), FailureKind::Unreachable).is_some());
        assert!(matches!(router.contact(), Contact::Lost { failures: 1, .. }));
    }

    #[test]
    fn after_a_timeout_nothing_is_sent_for_three_seconds() {
        let mut router = Connectivity::new(1);
        router.failed(at(2_000), at(0), FailureKind::Timeout);
        assert_eq!(router.not_before(), at(2_000) + QUARANTINE);
        router.answered(at(6_000));
        assert_eq!(router.not_before(), at(6_000));
        router.failed(at(7_000), at(7_000), FailureKind::Refused);
        assert!(router.not_before() <= at(7_125));
    }

    #[test]
    fn a_failure_aside_is_no_loss_but_keeps_the_rest_and_the_back_off() {
        let mut router = Connectivity::new(1);
        router.answered(at(0));
        router.failed_aside(at(1_000), at(1_000), FailureKind::Refused);
        assert_eq!((router.contact(), router.not_before()), (Contact::Reachable, at(0)));
        router.failed_aside(at(3_000), at(1_000), FailureKind::Timeout);
        assert_eq!(router.contact(), Contact::Reachable);
        assert_eq!(router.not_before(), at(3_000) + QUARANTINE);
        for second in 7..20 {
            router.failed(at(second * 1_000), at(second * 1_000), FailureKind::Refused);
        }
        router.failed_aside(at(30_000), at(30_000), FailureKind::Refused);
        assert!(router.not_before() >= at(33_750));
        assert!(matches!(router.contact(), Contact::Lost { failures: 14, .. }));
    }

    #[test]
    fn a_hurry_ends_the_back_off_but_not_the_pause_after_a_timeout() {
        let mut router = Connectivity::new(1);
        router.failed(at(1_000), at(0), FailureKind::Refused);
        router.hurry(at(1_001));
        assert_eq!(router.not_before(), at(1_001));
        router.failed(at(2_000), at(1_001), FailureKind::Timeout);
        router.hurry(at(2_001));
        assert_eq!(router.not_before(), at(2_000) + QUARANTINE);
    }
}
