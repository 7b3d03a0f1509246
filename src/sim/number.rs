//! Conversions between whole numbers and floats, and random draws that depend on nothing but a key.
//! Promises: every function is total and gives the same bits on every platform.
//! Knows nothing of what the numbers mean.

use fastrand::Rng;

use crate::control::{time::Span, units::Rate};

/// Microseconds in a second.
const MICROS: f64 = 1_000_000.0;

/// `value` as a float; exact below 2^53.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "bytes, bit/s and µs of a simulation stay below 2^53"
)]
pub(super) const fn float(value: u64) -> f64 {
    value as f64
}

/// `value` cut off to a whole number; zero for what is negative or no number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates and takes NaN to zero, which is what is wanted"
)]
pub(super) const fn whole(value: f64) -> u64 {
    value as u64
}

/// A span in seconds.
pub(super) const fn seconds(span: Span) -> f64 {
    float(span.as_micros()) / MICROS
}

/// `seconds` as a span, rounded to the nearest microsecond.
pub(super) const fn span(seconds: f64) -> Span {
    Span::from_micros(whole(seconds * MICROS + 0.5))
}

/// A rate in bytes per second.
pub(super) const fn bytes_per_second(rate: Rate) -> f64 {
    float(rate.bps()) / 8.0
}

/// A random source that depends on its key alone: which `seed`, which of its uses, and which
/// moment or turn of that use. It lets a model ask for "the noise at 12.34 s" without having asked
/// for all the noise before, so that the answer does not depend on how often it was asked.
pub(super) const fn draws(seed: u64, usage: u64, turn: u64) -> Rng {
    // Odd constants with about half of their bits set spread neighbouring keys over the whole range.
    let key = seed
        .wrapping_add(usage.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(turn.wrapping_mul(0xd1b5_4a32_d192_ed03));
    // One round of multiply and fold; without it the keys of two uses may lie on one sequence.
    let folded = (key ^ (key >> 32)).wrapping_mul(0x2545_f491_4f6c_dd1d);
    Rng::with_seed(folded ^ (folded >> 29))
}

#[cfg(test)]
mod tests {
    use super::{draws, span, whole};
    use crate::control::time::Span;

    #[test]
    fn casts_saturate() {
        assert_eq!(whole(-1.0), 0);
        assert_eq!(whole(f64::NAN), 0);
        assert_eq!(whole(1e300), u64::MAX);
        assert_eq!(span(0.012_345), Span::from_micros(12_345));
    }

    #[test]
    fn neighbouring_keys_give_draws_that_fill_the_range_evenly() {
        let mut tenths = [0_u32; 10];
        for turn in 0..10_000 {
            let tenth = draws(7, 1, turn).f64() * 10.0;
            tenths[usize::try_from(whole(tenth)).unwrap()] += 1;
        }
        for count in tenths {
            assert!((900..1_100).contains(&count), "{tenths:?}");
        }
    }

    #[test]
    fn two_uses_of_one_seed_do_not_follow_each_other() {
        let same = (0..1_000)
            .filter(|turn| draws(7, 1, *turn).u64(..) == draws(7, 2, *turn).u64(..))
            .count();
        assert_eq!(same, 0);
    }
}
