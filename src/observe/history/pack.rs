//! The numbers of a second in 20 bytes.
//! Promises: what is too large for its place is shown as the largest there; unknown stays unknown.
//! Knows nothing of what the numbers are for.

use crate::control::{
    units::{PerDirection, Rate},
    zone::Zone,
};

/// One second of one WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) wanted: PerDirection<Kbps>,
    pub(super) confirmed: PerDirection<Kbps>,
    pub(super) load: Ticks,
    pub(super) baseline: Ticks,
    /// The highest delta of the second.
    pub(super) highest: Tenths,
    /// The worst state of the second.
    pub(super) worst: PerDirection<State>,
}

const _: () = assert!(size_of::<Sample>() == 20, "the documented size");

impl Sample {
    /// Nothing is known of the second: the daemon slept.
    pub(super) const NOTHING: Self = Self {
        wanted: PerDirection::both(Kbps::UNKNOWN),
        confirmed: PerDirection::both(Kbps::UNKNOWN),
        load: Ticks::UNKNOWN,
        baseline: Ticks::UNKNOWN,
        highest: Tenths::UNKNOWN,
        worst: PerDirection::both(State::UNKNOWN),
    };
}

/// A rate in kbit/s, up to 16.7 Gbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kbps([u8; 3]);

impl Kbps {
    const UNKNOWN: Self = Self([u8::MAX; 3]);
    const HIGHEST: u32 = 0xff_fffe;

    pub(super) fn of(rate: Option<Rate>) -> Self {
        let Some(rate) = rate else { return Self::UNKNOWN };
        let kbps = u32::try_from(rate.bps() / 1_000).map_or(Self::HIGHEST, |kbps| kbps);
        let [low, middle, high, _] = kbps.min(Self::HIGHEST).to_le_bytes();
        Self([low, middle, high])
    }

    pub(super) fn value(self) -> Option<u32> {
        let [low, middle, high] = self.0;
        (self != Self::UNKNOWN).then_some(u32::from_le_bytes([low, middle, high, 0]))
    }
}

/// A round-trip time in steps of 50 µs, up to 3.2 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks(u16);

impl Ticks {
    const UNKNOWN: Self = Self(u16::MAX);

    pub(super) fn of(ms: Option<f64>) -> Self {
        ms.map_or(Self::UNKNOWN, |ms| Self(whole(ms * 20.0, 0, i32::from(u16::MAX) - 1)))
    }

    /// In hundredths of a millisecond.
    pub(super) fn hundredths(self) -> Option<u32> {
        (self != Self::UNKNOWN).then_some(u32::from(self.0) * 5)
    }
}

/// A difference in tenths of a millisecond, up to 3.2 s either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tenths(i16);

impl Tenths {
    pub(super) const UNKNOWN: Self = Self(i16::MIN);

    pub(super) fn of(ms: f64) -> Self {
        Self(whole(ms * 10.0, i32::from(-i16::MAX), i32::from(i16::MAX)))
    }

    /// Unknown is lower than all that is known.
    pub(super) fn higher(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    pub(super) fn value(self) -> Option<i16> {
        (self != Self::UNKNOWN).then_some(self.0)
    }
}

/// The state of a direction, in the encoding of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u8);

impl State {
    pub(super) const UNKNOWN: Self = Self(u8::MAX);
    pub(super) const NO_SIGNAL: Self = Self(4);

    pub(super) const fn of(zone: Zone) -> Self {
        Self(zone.code())
    }

    /// What is known is worse than what is not.
    pub(super) const fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::UNKNOWN, other) => other,
            (own, Self::UNKNOWN) => own,
            (Self(own), Self(other)) => Self(if own > other { own } else { other }),
        }
    }

    pub(super) fn value(self) -> Option<u8> {
        (self != Self::UNKNOWN).then_some(self.0)
    }
}

/// The number without its fraction, within these bounds. The one place for this cast.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates; there is no other way from a float to an integer"
)]
fn whole<T: TryFrom<i32> + Default>(value: f64, lowest: i32, highest: i32) -> T {
    T::try_from((value as i32).clamp(lowest, highest)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Kbps, State, Tenths, Ticks};
    use crate::control::{units::Rate, zone::Zone};

    #[test]
    fn unknown_is_no_number_and_too_much_is_the_most_there_is_room_for() {
        let kbps = |bps| Kbps::of(Rate::from_bps(bps)).value();
        assert_eq!((kbps(0), kbps(400_000_999)), (None, Some(400_000)));
        assert_eq!(kbps(u64::MAX), Some(0xff_fffe));
        assert_eq!(Ticks::of(None).hundredths(), None);
        assert_eq!(Ticks::of(Some(12.34)).hundredths(), Some(1_230));
        assert_eq!(Ticks::of(Some(1e12)).hundredths(), Some(327_670));
        assert_eq!(Tenths::UNKNOWN.value(), None);
        assert_eq!(
            (Tenths::of(-1.26).value(), Tenths::of(-1e9).value()),
            (Some(-12), Some(-32_767))
        );
    }

    #[test]
    fn the_worst_of_a_second_stays_whatever_comes_after_it() {
        let (green, red) = (State::of(Zone::Green), State::of(Zone::Red));
        assert_eq!(green.worse(red).worse(green), red);
        assert_eq!(State::UNKNOWN.worse(green).worse(State::UNKNOWN), green);
        assert_eq!(red.worse(State::NO_SIGNAL).value(), Some(4));
        assert_eq!(
            Tenths::UNKNOWN.higher(Tenths::of(-3.0)).higher(Tenths::of(-5.0)).value(),
            Some(-30)
        );
    }
}
