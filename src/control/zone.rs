//! How congested a direction is, and the thresholds that decide it.
//! Promises: `Thresholds::zone` is total, and all its comparisons are strict.
//! Knows nothing of rates.

use super::units::Rtt;

/// The state of one direction, by rising delay over the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// No queue worth mentioning.
    Green,
    /// A queue builds up: slow down gently.
    Yellow,
    /// A long queue: hold, it is already being drained (download only).
    SoftRed,
    /// Bufferbloat: cut.
    Red,
}

impl Zone {
    /// All zones, by rising delay.
    pub const ALL: [Self; 4] = [Self::Green, Self::Yellow, Self::SoftRed, Self::Red];

    /// The word used in logs and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Green => "GREEN",
            Self::Yellow => "YELLOW",
            Self::SoftRed => "SOFT_RED",
            Self::Red => "RED",
        }
    }

    /// The number used in metrics; 4 there is "no signal".
    pub const fn code(self) -> u8 {
        match self {
            Self::Green => 0,
            Self::Yellow => 1,
            Self::SoftRed => 2,
            Self::Red => 3,
        }
    }
}

/// Where the zones of one direction begin, as delay over the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Above this the direction is yellow.
    pub yellow: Rtt,
    /// Above this it is soft red; `None` for a direction without that zone.
    pub soft_red: Option<Rtt>,
    /// Above this it is red.
    pub red: Rtt,
}

impl Thresholds {
    /// The zone at `delta` ms over the baseline (negative: below it).
    pub fn zone(&self, delta: f64) -> Zone {
        if delta > self.red.ms() {
            Zone::Red
        } else if self.soft_red.is_some_and(|threshold| delta > threshold.ms()) {
            Zone::SoftRed
        } else if delta > self.yellow.ms() {
            Zone::Yellow
        } else {
            Zone::Green
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Thresholds, Zone};
    use crate::control::units::Rtt;

    fn ms(value: f64) -> Rtt {
        Rtt::from_ms(value).unwrap()
    }

    fn download() -> Thresholds {
        Thresholds { yellow: ms(15.0), soft_red: Some(ms(45.0)), red: ms(80.0) }
    }

    fn upload() -> Thresholds {
        Thresholds { yellow: ms(15.0), soft_red: None, red: ms(45.0) }
    }

    #[test]
    fn every_download_threshold_is_strict() {
        let cases = [
            (-40.0, Zone::Green),
            (0.0, Zone::Green),
            (14.999_999, Zone::Green),
            (15.0, Zone::Green),
            (15.000_001, Zone::Yellow),
            (44.999_999, Zone::Yellow),
            (45.0, Zone::Yellow),
            (45.000_001, Zone::SoftRed),
            (79.999_999, Zone::SoftRed),
            (80.0, Zone::SoftRed),
            (80.000_001, Zone::Red),
            (1e9, Zone::Red),
        ];
        for (delta, zone) in cases {
            assert_eq!(download().zone(delta), zone, "delta {delta}");
        }
    }

    #[test]
    fn every_upload_threshold_is_strict_and_there_is_no_soft_red() {
        let cases = [
            (15.0, Zone::Green),
            (15.000_001, Zone::Yellow),
            (45.0, Zone::Yellow),
            (45.000_001, Zone::Red),
            (80.000_001, Zone::Red),
        ];
        for (delta, zone) in cases {
            assert_eq!(upload().zone(delta), zone, "delta {delta}");
        }
    }

    #[test]
    fn a_zone_without_a_number_is_green_only_because_rtt_cannot_be_nan() {
        assert_eq!(download().zone(f64::NAN), Zone::Green);
        assert_eq!(Rtt::from_ms(f64::NAN), None);
    }
}
