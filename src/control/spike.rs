//! The spike rule: a rise of the load so steep that waiting for a threshold would cost too much.
//! Promises: the first round after a start or a restore is never a spike; one round alone counts
//! only if two reflectors agree on it.
//! Knows nothing of zones or rates.

use super::{baseline::Baseline, units::Rtt};

/// Reflectors that must see the rise for a single round to count.
const AGREEING: usize = 2;
/// Rounds that the rule remembers, as a bit mask.
const REMEMBERED: u8 = 0b111;
/// Rising rounds among the remembered ones that count without agreement.
const RISING: u32 = 2;

/// Watches the load for steep rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeRule {
    threshold: Option<Rtt>,
    /// One bit per remembered round, the newest lowest: did the load rise too steeply?
    recent: u8,
    /// Whether a round was seen since the start.
    armed: bool,
}

impl SpikeRule {
    /// A rise of the load by more than `threshold` in one round counts; `None`: nothing does.
    pub const fn new(threshold: Option<Rtt>) -> Self {
        Self { threshold, recent: 0, armed: false }
    }

    /// Judges the round with this value, `means` not having taken it in yet. `samples` are the
    /// times of the single reflectors.
    pub fn judge(&mut self, means: &Baseline, value: Rtt, samples: &[Rtt]) -> bool {
        let Some(threshold) = self.threshold else { return false };
        if !self.armed {
            self.armed = true;
            return false;
        }
        let steep = |rtt: Rtt| means.rise(rtt) > threshold.ms();
        let rising = steep(value);
        self.recent = ((self.recent << 1) | u8::from(rising)) & REMEMBERED;
        let agreed = rising && samples.iter().filter(|rtt| steep(**rtt)).count() >= AGREEING;
        agreed || self.recent.count_ones() >= RISING
    }
}

#[cfg(test)]
mod tests {
    use super::SpikeRule;
    use crate::control::{
        baseline::{Baseline, Settings},
        time::Span,
        units::Rtt,
    };

    fn ms(value: f64) -> Rtt {
        Rtt::from_ms(value).unwrap()
    }

    /// Load and baseline stand at 25 ms; a sample moves the load by a fifth of its distance.
    fn means() -> Baseline {
        let settings = Settings {
            initial: None,
            time_constant: Span::from_secs(50),
            load_time_constant: Span::from_millis(250),
            freeze: ms(3.0),
            min: ms(1.0),
            max: ms(500.0),
        };
        Baseline::new(settings, Span::from_millis(50), ms(25.0))
    }

    fn armed() -> SpikeRule {
        let mut rule = SpikeRule::new(Some(ms(15.0)));
        assert!(!rule.judge(&means(), ms(25.0), &[]));
        rule
    }

    /// A sample of 100 ms raises the load by exactly the threshold.
    const STEEP: f64 = 100.1;
    const NOT_STEEP: f64 = 99.9;

    #[test]
    fn one_steep_round_counts_only_if_two_reflectors_agree() {
        let samples = |a, b, c| [ms(a), ms(b), ms(c)];
        assert!(!armed().judge(&means(), ms(STEEP), &[ms(STEEP)]));
        assert!(!armed().judge(&means(), ms(STEEP), &samples(STEEP, NOT_STEEP, 25.0)));
        assert!(armed().judge(&means(), ms(STEEP), &samples(STEEP, STEEP, 25.0)));
    }

    #[test]
    fn two_steep_rounds_of_three_count_without_agreement() {
        let mut rule = armed();
        assert!(!rule.judge(&means(), ms(STEEP), &[]));
        assert!(!rule.judge(&means(), ms(NOT_STEEP), &[]));
        assert!(rule.judge(&means(), ms(STEEP), &[]));
        assert!(!rule.judge(&means(), ms(25.0), &[]), "the first of the two is forgotten");
    }

    #[test]
    fn the_first_round_is_never_a_spike_and_is_not_remembered() {
        let mut rule = SpikeRule::new(Some(ms(15.0)));
        assert!(!rule.judge(&means(), ms(400.0), &[ms(400.0), ms(400.0)]));
        assert!(!rule.judge(&means(), ms(400.0), &[]), "one remembered round, not two");
    }

    #[test]
    fn without_a_threshold_nothing_is_a_spike() {
        let mut rule = SpikeRule::new(None);
        for _ in 0..5 {
            assert!(!rule.judge(&means(), ms(400.0), &[ms(400.0), ms(400.0)]));
        }
    }
}
