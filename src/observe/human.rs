//! Quantities as people write them.
//! Promises: short, with unit, never a float's tail of digits.
//! Knows nothing of where they are shown.

use std::fmt;

use crate::control::{
    time::Span,
    units::{PerDirection, Rate},
};

/// A rate: `500M`, `37.5M`, `950k`.
#[derive(Clone, Copy, Debug)]
pub struct Bits(pub Rate);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bps = self.0.bps();
        let (unit, letter) = match bps {
            1_000_000_000.. => (1_000_000_000, 'G'),
            1_000_000.. => (1_000_000, 'M'),
            _ => (1_000, 'k'),
        };
        let tenths = bps.saturating_mul(10) / unit;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => write!(f, "{whole}{letter}"),
            (whole, tenth) => write!(f, "{whole}.{tenth}{letter}"),
        }
    }
}

/// A limit that the router has: a rate, or `unlimited`.
#[derive(Clone, Copy, Debug)]
pub struct MaybeBits(pub Option<Rate>);

impl fmt::Display for MaybeBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => Bits(rate).fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}

/// Download and upload limit: `download 500M, upload 50M`.
#[derive(Clone, Copy, Debug)]
pub struct Both(pub PerDirection<Option<Rate>>);

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PerDirection { download, upload } = self.0;
        write!(f, "download {}, upload {}", MaybeBits(download), MaybeBits(upload))
    }
}

/// A span of time: `350 ms`, `12 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub Span);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs();
        match secs {
            0..10 => write!(f, "{} ms", self.0.as_millis()),
            10..60 => write!(f, "{secs} s"),
            60..3_600 => write!(f, "{} min {} s", secs / 60, secs % 60),
            3_600..86_400 => write!(f, "{} h {} min", secs / 3_600, secs / 60 % 60),
            86_400.. => write!(f, "{} d {} h", secs / 86_400, secs / 3_600 % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, MaybeBits, Time};
    use crate::control::{time::Span, units::Rate};

    #[test]
    fn rates_carry_the_unit_that_keeps_them_short() {
        for (bps, text) in [
            (500_000_000, "500M"),
            (37_540_000, "37.5M"),
            (1_250_000_000, "1.2G"),
            (950_000, "950k"),
            (1, "0k"),
        ] {
            assert_eq!(Bits(Rate::from_bps(bps).unwrap()).to_string(), text);
        }
        assert_eq!(MaybeBits(None).to_string(), "unlimited");
    }

    #[test]
    fn times_carry_two_units_at_most() {
        for (ms, text) in [
            (350, "350 ms"),
            (9_999, "9999 ms"),
            (12_000, "12 s"),
            (250_000, "4 min 10 s"),
            (11_100_000, "3 h 5 min"),
            (187_200_000, "2 d 4 h"),
        ] {
            assert_eq!(Time(Span::from_millis(ms)).to_string(), text);
        }
    }
}
