//! How long to wait after failures: longer each time, up to a limit, and never quite the same.
//! Promises: the wait lies within a quarter of 100 ms × 2ⁿ, and of 5 s from there on; after refused
//! logins it goes on growing, to 60 s.
//! Knows nothing of what was attempted.

use super::{failure::FailureKind, time::Span};

/// The wait after the first failure.
const SHORTEST: Span = Span::from_millis(100);
/// The longest wait.
const LONGEST: Span = Span::from_secs(5);
/// The doublings that reach the longest wait.
const DOUBLINGS: u32 = 6;
/// The longest wait after refused logins: RouterOS writes each of them into its log as critical,
/// and they do not pass by themselves.
const LONGEST_AFTER_LOGINS: Span = Span::from_secs(60);
/// The doublings of the longest wait that reach that one.
const MORE_DOUBLINGS: u32 = 4;
/// Jitter is counted in this many parts of the wait.
const PARTS: u64 = 1 << 16;

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    failures: u32,
    /// The last of them that were refused logins.
    logins: u32,
}

impl Streak {
    /// No failure.
    pub const NONE: Self = Self { failures: 0, logins: 0 };

    /// One more failure.
    #[must_use]
    pub fn and(self, kind: FailureKind) -> Self {
        let logins = if kind == FailureKind::Auth { self.logins.saturating_add(1) } else { 0 };
        Self { failures: self.failures.saturating_add(1), logins }
    }

    /// How many.
    pub const fn failures(self) -> u32 {
        self.failures
    }

    /// The same failures, whatever they were.
    #[must_use]
    pub(super) const fn of_any_kind(self) -> Self {
        Self { logins: 0, ..self }
    }

    /// Whether the last of them were so many refused logins that the waits grow beyond the usual.
    pub(super) const fn is_of_logins(self) -> bool {
        self.logins > DOUBLINGS + 1
    }

    /// The wait after them, without jitter.
    fn wait(self) -> Span {
        let doublings = self.failures.saturating_sub(1).min(DOUBLINGS);
        let usual = SHORTEST.times(1 << doublings).min(LONGEST);
        match self.logins.saturating_sub(DOUBLINGS + 1).min(MORE_DOUBLINGS) {
            0 => usual,
            more => LONGEST.times(1 << more).min(LONGEST_AFTER_LOGINS),
        }
    }
}

/// The source of the jitter: xorshift64 (G. Marsaglia, "Xorshift RNGs", 2003).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter(u64);

impl Jitter {
    /// A sequence of its own for each seed.
    pub const fn new(seed: u64) -> Self {
        // Zero would stay zero for ever.
        Self(seed ^ 0x9e37_79b9_7f4a_7c15 | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The wait after these failures.
    pub fn wait(&mut self, streak: Streak) -> Span {
        let wait = streak.wait();
        // Three quarters of the wait, and up to half of it more.
        wait.part(3, 4) + wait.part(self.next() % PARTS, 2 * PARTS)
    }
}

#[cfg(test)]
mod tests {
    use super::{Jitter, Streak};
    use crate::control::failure::FailureKind;

    fn streak(kind: FailureKind, length: u32) -> Streak {
        (0..length).fold(Streak::NONE, |streak, _| streak.and(kind))
    }

    /// Holds the waits after each failure of `streak` and `kind` again and again to these, in ms.
    fn assert_waits(streak: Streak, kind: FailureKind, expected: &[u64]) {
        for seed in 0..100 {
            let (mut jitter, mut streak) = (Jitter::new(seed), streak);
            for middle in expected {
                streak = streak.and(kind);
                let wait = jitter.wait(streak).as_micros();
                assert!((middle * 750..=middle * 1_250).contains(&wait), "{streak:?}: {wait}");
            }
        }
    }

    #[test]
    fn no_number_of_failures_is_too_many() {
        let countless = Streak { failures: u32::MAX, logins: u32::MAX };
        assert!(Jitter::new(1).wait(countless.and(FailureKind::Auth)).as_micros() <= 75_000_000);
        assert!(Jitter::new(1).wait(countless.and(FailureKind::Dns)).as_micros() <= 6_250_000);
    }

    const TO_5_S: [u64; 9] = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];

    #[test]
    fn the_wait_doubles_from_100_ms_to_5_s_and_stays_within_a_quarter() {
        for kind in FailureKind::ALL.into_iter().filter(|kind| *kind != FailureKind::Auth) {
            assert_waits(Streak::NONE, kind, &TO_5_S);
        }
    }

    #[test]
    fn after_seven_refused_logins_the_wait_grows_on_to_a_minute() {
        let to_a_minute =
            [100, 200, 400, 800, 1_600, 3_200, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000];
        assert_waits(Streak::NONE, FailureKind::Auth, &to_a_minute);
    }

    #[test]
    fn only_refused_logins_in_a_row_count() {
        let silent = streak(FailureKind::Timeout, 100);
        assert_waits(silent, FailureKind::Auth, &[5_000; 7]);
        let refused = streak(FailureKind::Auth, 100);
        assert_waits(refused, FailureKind::Refused, &[5_000; 9]);
        assert_eq!(refused.and(FailureKind::Reset).and(FailureKind::Auth).logins, 1);
    }

    #[test]
    fn waits_spread_out() {
        let mut jitter = Jitter::new(1);
        let seven = streak(FailureKind::Reset, 7);
        let waits: Vec<_> = (0..100).map(|_| jitter.wait(seven).as_micros()).collect();
        assert!(waits.iter().any(|wait| *wait < 4_250_000));
        assert!(waits.iter().any(|wait| *wait > 5_750_000));
    }
}
