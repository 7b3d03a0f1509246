//! Learns the first baseline: the median of what the first two seconds show.
//! Promises: one bad sample, or any minority of them, does not spoil it.
//! Knows nothing of what the baseline is used for.

use heapless::Vec;

use super::{time::Span, units::Rtt};

/// How long the line is watched before the first decision.
pub const LEARN_FOR: Span = Span::from_secs(2);
/// Samples kept: two seconds at the shortest interval (20 ms). Full means learnt.
const CAPACITY: usize = 100;

/// Collects samples until there are enough for a median.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// Sorted, so that the median is in the middle.
    samples: Vec<Rtt, CAPACITY>,
    wanted: u64,
}

impl Learner {
    /// Wants two seconds of samples, one per `interval`, but never fewer than three.
    pub fn new(interval: Span) -> Self {
        let wanted = LEARN_FOR.as_micros().checked_div(interval.as_micros()).unwrap_or(0).max(3);
        Self { samples: Vec::new(), wanted }
    }

    /// Takes one sample in; `Some(median)` when there are enough.
    pub fn add(&mut self, rtt: Rtt) -> Option<Rtt> {
        let place = self.samples.iter().take_while(|sample| **sample < rtt).count();
        // Never refused: a full list has answered already.
        let full = self.samples.insert(place, rtt).is_err();
        let enough = u64::try_from(self.samples.len()).is_ok_and(|count| count >= self.wanted);
        if full || enough { self.samples.get(self.samples.len() / 2).copied() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::Learner;
    use crate::control::{time::Span, units::Rtt};

    fn ms(value: f64) -> Rtt {
        Rtt::from_ms(value).unwrap()
    }

    #[test]
    fn two_seconds_of_samples_give_their_median() {
        let mut learner = Learner::new(Span::from_millis(50));
        for index in 0..39 {
            let outlier = index % 3 == 0;
            assert_eq!(learner.add(ms(if outlier { 300.0 } else { 25.0 })), None);
        }
        assert_eq!(learner.add(ms(25.0)), Some(ms(25.0)));
    }

    #[test]
    fn a_slow_interval_still_needs_three_samples() {
        let mut learner = Learner::new(Span::from_secs(2));
        assert_eq!(learner.add(ms(9.0)), None);
        assert_eq!(learner.add(ms(90.0)), None);
        assert_eq!(learner.add(ms(10.0)), Some(ms(10.0)));
    }

    #[test]
    fn a_fast_interval_fits_the_list() {
        let mut learner = Learner::new(Span::from_millis(20));
        let learnt = (0..200).find_map(|_| learner.add(ms(7.0)));
        assert_eq!(learnt, Some(ms(7.0)));
    }
}
