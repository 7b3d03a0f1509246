//! How long to wait after failures: longer each time, up to a limit, and never quite the same.
//! Promises: the wait lies within a quarter of 100 ms × 2ⁿ, and of 5 s from there on.
//! Knows nothing of what failed.

use super::time::Span;

/// The wait after the first failure.
const SHORTEST: Span = Span::from_millis(100);
/// The longest wait.
const LONGEST: Span = Span::from_secs(5);
/// The doublings that reach the longest wait.
const DOUBLINGS: u32 = 6;
/// Jitter is counted in this many parts of the wait.
const PARTS: u64 = 1 << 16;

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

    /// The wait after `failures` failures in a row (1 or more).
    pub fn wait(&mut self, failures: u32) -> Span {
        let doublings = failures.saturating_sub(1).min(DOUBLINGS);
        let wait = SHORTEST.times(1 << doublings).min(LONGEST);
        // Three quarters of the wait, and up to half of it more.
        wait.part(3, 4) + wait.part(self.next() % PARTS, 2 * PARTS)
    }
}

#[cfg(test)]
mod tests {
    use super::Jitter;

    #[test]
    fn the_wait_doubles_from_100_ms_to_5_s_and_stays_within_a_quarter() {
        let expected = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];
        for seed in 0..100 {
            let mut jitter = Jitter::new(seed);
            for (failures, middle) in (1..).zip(expected) {
                let wait = jitter.wait(failures).as_micros();
                assert!((middle * 750..=middle * 1_250).contains(&wait), "{failures}: {wait}");
            }
            assert!(jitter.wait(u32::MAX).as_micros() <= 6_250_000);
        }
    }

    #[test]
    fn waits_spread_out() {
        let mut jitter = Jitter::new(1);
        let waits: Vec<_> = (0..100).map(|_| jitter.wait(7).as_micros()).collect();
        assert!(waits.iter().any(|wait| *wait < 4_250_000));
        assert!(waits.iter().any(|wait| *wait > 5_750_000));
    }
}
