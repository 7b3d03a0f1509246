//! Whether the facts about a router are known, and when they are asked for again.
//! Promises: until they are, they are asked for after 100, 200, 400 ms and so on, up to 5 minutes.
//! Knows nothing of what they are.

use crate::control::time::{Instant, Span};

/// The wait after the first answer that gave none.
const FIRST: Span = Span::from_millis(100);
/// The longest wait: control does not depend on them.
const LONGEST: Span = Span::from_secs(300);
/// The longest wait when they are needed to decide something.
const SOON: Span = Span::from_secs(5);
/// The doublings that go beyond the longest wait.
const DOUBLINGS: u32 = 12;

/// What is known of the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facts {
    /// They are known.
    Known,
    /// They are not, after so many answers that gave none.
    Wanted { failures: u32, not_before: Instant },
}

impl Facts {
    /// Not asked for yet.
    pub(super) const UNKNOWN: Self =
        Self::Wanted { failures: 0, not_before: Instant::from_micros(0) };

    /// Whether they are to be asked for.
    pub(super) fn due(self, now: Instant) -> bool {
        match self {
            Self::Known => false,
            Self::Wanted { not_before, .. } => not_before <= now,
        }
    }

    /// They decide what a strange answer means: they are to be asked for at once, or soon if they
    /// were just refused too, so that who refuses all is not asked without end.
    pub(super) fn doubt(&mut self, now: Instant) {
        *self = match *self {
            Self::Known => Self::UNKNOWN,
            Self::Wanted { failures, not_before } => {
                Self::Wanted { failures, not_before: not_before.min(now + SOON) }
            }
        };
    }

    /// The router is there, but did not tell them.
    pub(super) fn refused(&mut self, now: Instant) {
        let failures = match *self {
            Self::Known => 0,
            Self::Wanted { failures, .. } => failures,
        };
        let wait = FIRST.times(1 << failures.min(DOUBLINGS)).min(LONGEST);
        *self = Self::Wanted { failures: failures.saturating_add(1), not_before: now + wait };
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Instant, SOON, Span};

    #[test]
    fn the_waits_double_from_100_ms_to_five_minutes() {
        let (mut facts, mut now) = (Facts::UNKNOWN, Instant::default());
        let doubled = (0..12).map(|doublings| 100 << doublings);
        for ms in doubled.chain([300_000, 300_000]) {
            assert!(facts.due(now));
            facts.refused(now);
            let wait = Span::from_millis(ms);
            assert!(!facts.due(now + (wait - Span::from_millis(1))));
            now = now + wait;
        }
        assert!(facts.due(now) && !Facts::Known.due(now));
        facts.refused(now);
        facts.doubt(now);
        assert!(!facts.due(now + Span::from_millis(4_999)) && facts.due(now + SOON));
        let mut known = Facts::Known;
        known.doubt(now);
        assert!(known.due(now));
    }
}
