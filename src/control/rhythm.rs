//! How long the cycles of a WAN really take: a histogram of the times between its ticks.
//! Promises: a fixed amount of memory; the last ten minutes or so count most, what is older less and
//! less; a length is shown as at least what it was, and at most a fiftieth of the interval more.
//! Knows nothing of what a cycle does.

use super::time::{Instant, Span};

/// Lengths are counted in this many parts of the interval: at 50 ms, whole milliseconds.
const PARTS: u64 = 50;
/// Lengths below two intervals have a count of their own; longer cycles share the last one.
const COUNTS: usize = 101;
/// At so many cycles, ten minutes at 20 Hz, all counts are halved.
const FULL: u64 = 12_000;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    interval: Span,
    counts: [u16; COUNTS],
    /// Of the lengths counted.
    sum: Span,
    longest: Span,
    last: Option<Instant>,
}

/// The lengths of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// On average.
    pub mean: Span,
    /// 95 of a hundred take at most this.
    pub p95: Span,
    /// 99 of a hundred take at most this.
    pub p99: Span,
    /// The longest since the start.
    pub longest: Span,
}

impl Rhythm {
    /// No cycle yet; they are meant to take `interval`.
    pub fn new(interval: Span) -> Self {
        let interval = interval.max(Span::from_micros(1));
        Self { interval, counts: [0; COUNTS], sum: Span::ZERO, longest: Span::ZERO, last: None }
    }

    /// A tick ran at `now`.
    pub fn tick(&mut self, now: Instant) {
        let Some(last) = self.last.replace(now) else { return };
        let length = now.since(last);
        self.longest = self.longest.max(length);
        if self.counted() >= FULL {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.sum = self.sum.part(1, 2);
        }
        let part = length.times(PARTS).as_micros() / self.interval.as_micros();
        let place = usize::try_from(part).unwrap_or(COUNTS).min(COUNTS - 1);
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(1);
            self.sum = self.sum + length;
        }
    }

    /// How long the cycles take; `None` before the first is over.
    pub fn lengths(&self) -> Option<Lengths> {
        let counted = self.counted();
        (counted > 0).then(|| Lengths {
            mean: self.sum.part(1, counted),
            p95: self.at_most(95),
            p99: self.at_most(99),
            longest: self.longest,
        })
    }

    fn counted(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The length that `percent` of the cycles do not exceed.
    fn at_most(&self, percent: u64) -> Span {
        let rank = (self.counted() * percent).div_ceil(100);
        let mut below = 0;
        for (part, count) in (1..).zip(&self.counts) {
            below += u64::from(*count);
            if below >= rank && part < PARTS * 2 + 1 {
                return self.interval.part(part, PARTS).min(self.longest);
            }
        }
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::{FULL, Lengths, Rhythm};
    use crate::control::time::{Instant, Span};

    const INTERVAL: Span = Span::from_millis(50);

    /// Cycles of these lengths in ms.
    fn rhythm(lengths: impl IntoIterator<Item = u64>) -> Rhythm {
        let mut rhythm = Rhythm::new(INTERVAL);
        let mut now = Instant::default();
        rhythm.tick(now);
        for length in lengths {
            now = now + Span::from_millis(length);
            rhythm.tick(now);
        }
        rhythm
    }

    fn ms(rhythm: &Rhythm) -> (u64, u64, u64, u64) {
        let Lengths { mean, p95, p99, longest } = rhythm.lengths().unwrap();
        (mean.as_millis(), p95.as_millis(), p99.as_millis(), longest.as_millis())
    }

    #[test]
    fn before_the_first_cycle_is_over_nothing_is_known() {
        assert_eq!(rhythm([]).lengths(), None);
        assert_eq!(ms(&rhythm([50])), (50, 50, 50, 50));
    }

    #[test]
    fn the_slowest_five_and_the_slowest_one_of_a_hundred_show() {
        let mixed = |slow: usize, slower: usize| {
            let quick = [50].repeat(100 - slow - slower);
            rhythm([quick, [70].repeat(slow), [90].repeat(slower)].concat())
        };
        assert_eq!(ms(&mixed(5, 0)), (51, 51, 70, 70));
        assert_eq!(ms(&mixed(6, 0)), (51, 70, 70, 70));
        assert_eq!(ms(&mixed(5, 1)), (51, 71, 71, 90));
        assert_eq!(ms(&mixed(4, 2)), (51, 71, 90, 90));
    }

    #[test]
    fn cycles_beyond_two_intervals_count_as_the_longest() {
        assert_eq!(ms(&rhythm([50, 99, 100, 7_000])), (1_812, 7_000, 7_000, 7_000));
    }

    #[test]
    fn what_is_old_counts_less_and_the_counts_have_an_end() {
        let hour = usize::try_from(FULL).unwrap() * 6;
        let slow = [90].repeat(hour);
        let quick = [50].repeat(hour);
        let rhythm = rhythm([slow, quick].concat());
        assert!(rhythm.counted() <= FULL);
        assert_eq!(ms(&rhythm), (50, 51, 51, 90));
    }

    #[test]
    fn no_interval_and_no_length_is_too_small_or_too_large() {
        for interval in [0, 1, u64::MAX] {
            let mut rhythm = Rhythm::new(Span::from_micros(interval));
            for now in [0, 1, u64::MAX, 5, u64::MAX] {
                rhythm.tick(Instant::from_micros(now));
            }
            assert_eq!(rhythm.lengths().unwrap().longest, Span::from_micros(u64::MAX - 1));
        }
    }
}
