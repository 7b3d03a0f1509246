//! Points in time and spans of time, in whole microseconds.
//! Promises: no arithmetic here overflows or panics; it saturates.
//! Knows no clock: every `Instant` comes from the caller.

use core::ops::{Add, Sub};

/// A point on a monotonic time line, in microseconds since an origin of the caller's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// A span of time in microseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Instant {
    /// The point `micros` microseconds after the origin.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time so long before; the origin if there is none.
    #[must_use]
    pub const fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The span in microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The span in whole milliseconds, cut off.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// The span in whole seconds, cut off.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The span `factor` times.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The part `numerator / denominator` of the span, cut off; the whole span if the denominator
    /// is zero.
    #[must_use]
    pub const fn part(self, numerator: u64, denominator: u64) -> Self {
        match self.0.saturating_mul(numerator).checked_div(denominator) {
            Some(micros) => Self(micros),
            None => self,
        }
    }
}

impl Add<Span> for Instant {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Span};

    #[test]
    fn an_instant_never_lies_before_the_origin() {
        let early = Instant::from_micros(5);
        let late = Instant::from_micros(9);
        assert_eq!(late.since(early), Span::from_micros(4));
        assert_eq!(early.since(late), Span::ZERO);
    }

    #[test]
    fn spans_saturate_instead_of_overflowing() {
        let huge = Span::from_micros(u64::MAX);
        assert_eq!(huge + Span::from_secs(1), huge);
        assert_eq!(huge.times(2), huge);
        assert_eq!(Instant::from_micros(u64::MAX) + huge, Instant::from_micros(u64::MAX));
        assert_eq!(Span::from_secs(1).part(1, 0), Span::from_secs(1));
        assert_eq!(Span::from_secs(3).part(1, 3), Span::from_secs(1));
    }
}
