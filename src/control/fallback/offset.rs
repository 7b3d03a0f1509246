//! How far the connect times of one target lie from the ICMP times of the same moments.
//! Promises: a few odd pairs do not move it; it is unknown until [`VALID_FROM`] pairs agree on it.
//! Knows nothing of which target it belongs to.

use heapless::{Deque, Vec};

use crate::control::units::Rtt;

/// Pairs kept: a line that moved to another path is known again after half of them.
const KEPT: usize = 9;
/// Pairs from which on the median says something.
const VALID_FROM: usize = 3;
/// A time may come out this far below zero in ms by the jitter of a short path. It is then zero.
const JITTER: f64 = -1.0;

/// The median of the last pairs.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Offset {
    /// Connect time less ICMP time in ms, the oldest first; negative for a target that is nearer
    /// than the reflectors.
    pairs: Deque<f64, KEPT>,
}

impl Offset {
    /// Both times of one calm moment.
    pub(super) fn learn(&mut self, connect: Rtt, icmp: Rtt) {
        if self.pairs.is_full() {
            self.pairs.pop_front();
        }
        // Cannot fail: there is room for one now.
        let _ = self.pairs.push_back(connect.above(icmp));
    }

    /// Whether a connect time can be moved onto the ICMP scale.
    pub(super) fn is_valid(&self) -> bool {
        self.pairs.len() >= VALID_FROM
    }

    fn median(&self) -> Option<f64> {
        let mut sorted: Vec<f64, KEPT> = Vec::new();
        for pair in &self.pairs {
            let place = sorted.iter().take_while(|other| *other < pair).count();
            // Cannot fail: both have the same capacity.
            let _ = sorted.insert(place, *pair);
        }
        sorted.get(sorted.len() / 2).copied().filter(|_| self.is_valid())
    }

    /// The ICMP time that goes with this connect time. One that would be negative proves that the
    /// target is nearer than it was: the offset is wrong, and is forgotten.
    pub(super) fn apply(&mut self, connect: Rtt) -> Option<Rtt> {
        let value = connect.ms() - self.median()?;
        if value < JITTER {
            self.pairs.clear();
            return None;
        }
        Rtt::from_ms(value.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Offset;
    use crate::control::units::Rtt;

    fn ms(value: f64) -> Rtt {
        Rtt::from_ms(value).unwrap()
    }

    fn learnt(pairs: &[(f64, f64)]) -> Offset {
        let mut offset = Offset::default();
        for (connect, icmp) in pairs {
            offset.learn(ms(*connect), ms(*icmp));
        }
        offset
    }

    #[test]
    fn two_pairs_are_not_enough_and_three_are() {
        assert_eq!(learnt(&[(35.0, 25.0); 2]).apply(ms(36.0)), None);
        assert_eq!(learnt(&[(35.0, 25.0); 3]).apply(ms(36.0)), Some(ms(26.0)));
    }

    #[test]
    fn outliers_do_not_move_it_and_a_new_path_does_after_five_pairs() {
        let mut offset = learnt(&[(35.0, 25.0); 9]);
        for _ in 0..4 {
            offset.learn(ms(535.0), ms(25.0));
            assert_eq!(offset.apply(ms(60.0)), Some(ms(50.0)));
        }
        offset.learn(ms(55.0), ms(25.0));
        assert_eq!(offset.apply(ms(60.0)), Some(ms(30.0)));
    }

    #[test]
    fn a_target_nearer_than_the_reflectors_has_a_negative_offset() {
        assert_eq!(learnt(&[(5.0, 25.0); 3]).apply(ms(105.0)), Some(ms(125.0)));
    }

    #[test]
    fn a_time_just_below_zero_is_zero_and_one_far_below_forgets_the_offset() {
        let mut offset = learnt(&[(35.0, 25.0); 3]);
        assert_eq!(offset.apply(ms(9.5)), Some(Rtt::ZERO));
        assert!(offset.is_valid());
        assert_eq!(offset.apply(ms(8.5)), None);
        assert!(!offset.is_valid());
        assert_eq!(offset.apply(ms(40.0)), None);
    }
}
