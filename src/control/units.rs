//! The quantities of the control law as types: rate, round-trip time, ratio, direction.
//! Promises: a `Rate` is never zero (zero means "unlimited" to RouterOS), an `Rtt` is finite and
//! not negative, and no arithmetic overflows. The only float casts of the core are here.
//! Knows nothing of how values are written in files or on the wire.

use core::num::NonZeroU64;

use super::time::Span;

/// A rate in bit/s, at least 1. RouterOS takes zero for "no limit", so zero cannot be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(NonZeroU64);

impl Rate {
    /// The lowest rate there is, 1 bit/s.
    pub const MIN: Self = Self(NonZeroU64::MIN);

    /// A rate of `bits` bit/s; `None` for zero.
    pub const fn from_bps(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The rate in bit/s.
    pub const fn bps(self) -> u64 {
        self.0.get()
    }

    /// The rate times `ratio`, cut off to whole bit/s, at least 1 bit/s.
    #[must_use]
    pub fn scaled(self, ratio: Ratio) -> Self {
        let scaled =
            u128::from(self.bps()) * u128::from(ratio.ppm()) / u128::from(Ratio::ONE.ppm());
        Self::from_bps(u64::try_from(scaled).unwrap_or(u64::MAX)).unwrap_or(Self::MIN)
    }

    /// The rate raised by `step`.
    #[must_use]
    pub const fn raised(self, step: Self) -> Self {
        Self(self.0.saturating_add(step.bps()))
    }

    /// How far the two rates are apart, in bit/s.
    pub const fn distance(self, other: Self) -> u64 {
        self.bps().abs_diff(other.bps())
    }

    /// Whether a limit is this wanted rate within one percent: a router may round it, and less is not
    /// worth a write.
    pub fn is_about(self, limit: Self) -> bool {
        self.distance(limit) <= self.bps() / 100
    }
}

/// What passes in bit/s; unlike a limit it may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Flow(u64);

impl Flow {
    /// A flow of `bits` bit/s.
    pub const fn from_bps(bits: u64) -> Self {
        Self(bits)
    }

    /// So many bytes in this time; zero if no time passed.
    pub fn over(bytes: u64, time: Span) -> Self {
        let bits = u128::from(bytes) * 8 * 1_000_000;
        let bps = bits.checked_div(u128::from(time.as_micros())).unwrap_or_default();
        Self(u64::try_from(bps).unwrap_or(u64::MAX))
    }

    /// The flow in bit/s.
    pub const fn bps(self) -> u64 {
        self.0
    }
}

/// A round-trip time or a difference of two, in milliseconds: finite, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Rtt(f64);

impl Rtt {
    /// No delay.
    pub const ZERO: Self = Self(0.0);

    /// `ms` milliseconds; `None` if that is negative or not a number.
    pub fn from_ms(ms: f64) -> Option<Self> {
        (0.0..f64::INFINITY).contains(&ms).then_some(Self(ms))
    }

    /// The measured span as a round-trip time. Exact: spans of interest are far below 2^53 µs.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "the one integer to float cast of the core; 2^53 µs are 285 years"
    )]
    pub fn from_span(span: Span) -> Self {
        Self(span.as_micros() as f64 / 1_000.0)
    }

    /// The time in milliseconds.
    pub const fn ms(self) -> f64 {
        self.0
    }

    /// The mean of the two.
    #[must_use]
    pub fn mean(self, other: Self) -> Self {
        Self(self.0 * 0.5 + other.0 * 0.5)
    }

    /// The exponentially weighted mean after `sample` was added with weight `alpha`:
    /// `(1 − α)·self + α·sample`.
    #[must_use]
    pub fn moved(self, sample: Self, alpha: Alpha) -> Self {
        Self((1.0 - alpha.0) * self.0 + alpha.0 * sample.0)
    }

    /// How far the time lies above `other`, in ms; negative if below.
    pub fn above(self, other: Self) -> f64 {
        self.0 - other.0
    }
}

/// The weight of a new sample in an exponentially weighted mean, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alpha(f64);

impl Alpha {
    /// The weight of one sample per `interval` for a mean with this time constant, at most 1.
    pub fn new(interval: Span, time_constant: Span) -> Self {
        let alpha = Rtt::from_span(interval).0 / Rtt::from_span(time_constant).0;
        // Also true for a time constant of zero, where the quotient is no number.
        if alpha < 1.0 { Self(alpha) } else { Self(1.0) }
    }

    /// The weight as a number.
    pub const fn value(self) -> f64 {
        self.0
    }
}

/// A factor in parts per million, so that the product with a rate is exact on every CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u32);

impl Ratio {
    /// One.
    pub const ONE: Self = Self(1_000_000);

    /// `ppm` millionths.
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(ppm)
    }

    /// The factor in millionths.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

/// Which way traffic flows, seen from the user's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the internet.
    Download,
    /// To the internet.
    Upload,
}

impl Direction {
    /// Both, download first.
    pub const BOTH: [Self; 2] = [Self::Download, Self::Upload];

    /// The word used in configuration, logs and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Download => Self::Upload,
            Self::Upload => Self::Download,
        }
    }
}

/// One value for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PerDirection<T> {
    /// The value for traffic from the internet.
    pub download: T,
    /// The value for traffic to the internet.
    pub upload: T,
}

impl<T> PerDirection<T> {
    /// The value of one direction.
    pub const fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::Download => &self.download,
            Direction::Upload => &self.upload,
        }
    }

    /// The value of one direction, to change.
    pub const fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Download => &mut self.download,
            Direction::Upload => &mut self.upload,
        }
    }

    /// Each value put through `f`.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerDirection<U> {
        PerDirection { download: f(self.download), upload: f(self.upload) }
    }

    /// The values of both, paired by direction.
    pub fn zip<U>(self, other: PerDirection<U>) -> PerDirection<(T, U)> {
        PerDirection {
            download: (self.download, other.download),
            upload: (self.upload, other.upload),
        }
    }
}

impl<T: Copy> PerDirection<T> {
    /// The same value for both.
    pub const fn both(value: T) -> Self {
        Self { download: value, upload: value }
    }
}

#[cfg(test)]
mod tests {
    use super::{Alpha, Rate, Ratio, Rtt};
    use crate::control::time::Span;

    #[test]
    fn a_rate_is_never_zero() {
        assert_eq!(Rate::from_bps(0), None);
        assert_eq!(Rate::MIN.scaled(Ratio::from_ppm(1)), Rate::MIN);
    }

    #[test]
    fn scaling_cuts_off_and_does_not_overflow() {
        let rate = |bits| Rate::from_bps(bits).unwrap();
        assert_eq!(rate(35_785_805).scaled(Ratio::from_ppm(900_000)), rate(32_207_224));
        assert_eq!(rate(u64::MAX).scaled(Ratio::from_ppm(u32::MAX)), rate(u64::MAX));
        assert_eq!(rate(u64::MAX).raised(rate(7)), rate(u64::MAX));
    }

    #[test]
    fn a_round_trip_time_is_finite_and_not_negative() {
        assert_eq!(Rtt::from_ms(-0.1), None);
        assert_eq!(Rtt::from_ms(f64::NAN), None);
        assert_eq!(Rtt::from_ms(f64::INFINITY), None);
        assert_eq!(Rtt::from_ms(0.0), Some(Rtt::ZERO));
    }

    #[test]
    fn a_weight_is_at_most_one() {
        let alpha = |interval, constant| {
            Alpha::new(Span::from_millis(interval), Span::from_millis(constant)).value()
        };
        assert!((alpha(50, 250) - 0.2).abs() < 1e-12);
        assert!((alpha(500, 250) - 1.0).abs() < f64::EPSILON);
        assert!((alpha(50, 0) - 1.0).abs() < f64::EPSILON);
    }
}
