//! Numbers with their units, as they are written in the configuration.
//! Promises: decimals are read exactly, without floats; what is written back reads as the same
//! number.
//! Knows nothing of options.

use super::{
    kind::{Fault, Kind},
    what::ValueFault,
};

/// What a number counts, and by that how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bit/s, written in M or G.
    Rate,
    /// Microseconds; most values are some milliseconds.
    Delay,
    /// Microseconds; most values are some seconds.
    Time,
    /// Millionths, written as a plain decimal number.
    Factor,
    /// A plain whole number.
    Count,
}

/// How a unit is written behind the number, and its power of ten.
type Suffix = (&'static str, u32);

/// The inclusive range of a number, in the smallest step of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What `min` and `max` count.
    pub unit: Unit,
    /// Lowest value.
    pub min: u64,
    /// Highest value.
    pub max: u64,
}

/// A number within limits, made a `T`.
#[derive(Clone, Copy)]
pub(super) struct Number<T> {
    limits: Limits,
    make: fn(u64) -> Option<T>,
}

impl<T> Number<T> {
    /// A number within `limits`. `make` gives a value for every number in them.
    pub(super) const fn new(limits: Limits, make: fn(u64) -> Option<T>) -> Self {
        Self { limits, make }
    }
}

/// Why a decimal number could not be read.
enum Misread {
    NoNumber,
    TooFine,
    TooLarge,
}

impl Unit {
    /// The suffixes from the largest to the smallest.
    const fn suffixes(self) -> &'static [Suffix] {
        match self {
            Self::Rate => &[("G", 9), ("M", 6)],
            Self::Delay | Self::Time => &[("s", 6), ("ms", 3)],
            Self::Factor => &[("", 6)],
            Self::Count => &[("", 0)],
        }
    }

    /// The suffix that a bare number was most likely meant to have.
    const fn usual(self) -> &'static str {
        match self {
            Self::Rate => "M",
            Self::Delay => "ms",
            Self::Time => "s",
            Self::Factor | Self::Count => "",
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Rate => "a rate",
            Self::Delay | Self::Time => "a time",
            Self::Factor => "a plain decimal number",
            Self::Count => "a whole number",
        }
    }

    /// The smallest step.
    const fn step(self) -> &'static str {
        match self {
            Self::Rate => "1 bit/s",
            Self::Delay | Self::Time => "a microsecond",
            Self::Factor => "a millionth",
            Self::Count => "a whole number",
        }
    }

    pub(super) fn read(self, text: &str) -> Result<u64, ValueFault> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let known = self.suffixes().iter().find(|(word, _)| *word == suffix);
        let Some((_, exponent)) = known else {
            let bare = suffix.is_empty() && scaled(number, 0).is_ok();
            return Err(if bare { ValueFault::UnitMissing } else { self.bad_form() });
        };
        scaled(number, *exponent).map_err(|misread| match misread {
            Misread::NoNumber => self.bad_form(),
            Misread::TooFine => ValueFault::TooFine(self.step()),
            Misread::TooLarge => ValueFault::OutOfRange,
        })
    }

    const fn bad_form(self) -> ValueFault {
        ValueFault::BadForm(self.form())
    }

    /// `value` in the form of the configuration.
    pub fn write(self, value: u64) -> String {
        let fits = |(_, exponent): &&Suffix| value >= 10_u64.saturating_pow(*exponent);
        let suffixes = self.suffixes();
        let Some((suffix, exponent)) = suffixes.iter().find(fits).or(suffixes.last()) else {
            return value.to_string();
        };
        let scale = 10_u64.saturating_pow(*exponent);
        let whole = value / scale;
        let digits = usize::try_from(*exponent).unwrap_or_default();
        let fraction = format!("{:0digits$}", value % scale);
        let fraction = fraction.trim_end_matches('0');
        match (fraction, self) {
            ("", Self::Factor) => format!("{whole}.0"),
            ("", Self::Rate | Self::Delay | Self::Time | Self::Count) => {
                format!("{whole}{suffix}")
            }
            (fraction, _) => format!("{whole}.{fraction}{suffix}"),
        }
    }
}

impl Limits {
    const fn contain(self, value: u64) -> bool {
        self.min <= value && value <= self.max
    }

    /// What a bare number ought to have been written as, if that can be told.
    fn proposal(self, bare: &str) -> Option<String> {
        let meant = format!("{bare}{}", self.unit.usual());
        let plain = || bare.parse().ok().filter(|value| self.contain(*value));
        match self.unit.read(&meant) {
            Ok(value) if self.contain(value) => Some(meant),
            _ => plain().map(|value| self.unit.write(value)),
        }
    }
}

impl<T> Kind for Number<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Result<T, Fault> {
        let limits = self.limits;
        let value = limits.unit.read(text).map_err(|fault| {
            let bare = fault == ValueFault::UnitMissing;
            let proposal = bare.then(|| limits.proposal(text)).flatten();
            Fault::from(fault).advice(proposal.map(|right| format!("write {right}")))
        })?;
        let value = limits.contain(value).then_some(value);
        value.and_then(self.make).ok_or_else(|| ValueFault::OutOfRange.into())
    }

    fn allowed(&self) -> String {
        let Limits { unit, min, max } = self.limits;
        format!("{} to {}", unit.write(min), unit.write(max))
    }

    fn limits(&self) -> Option<Limits> {
        Some(self.limits)
    }
}

/// `digits[.digits]` times 10^`exponent`, if that is whole.
fn scaled(number: &str, exponent: u32) -> Result<u64, Misread> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(Misread::NoNumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).map_err(|_| Misread::TooFine)?;
    let missing = exponent.checked_sub(places).ok_or(Misread::TooFine)?;
    format!("{whole}{fraction}")
        .parse::<u64>()
        .ok()
        .and_then(|digits| digits.checked_mul(10_u64.checked_pow(missing)?))
        .ok_or(Misread::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::Unit;
    use crate::config::what::ValueFault;

    #[test]
    fn numbers_are_read_exactly() {
        let cases = [
            (Unit::Rate, "500M", 500_000_000),
            (Unit::Rate, "38M", 38_000_000),
            (Unit::Rate, "1.5M", 1_500_000),
            (Unit::Rate, "10G", 10_000_000_000),
            (Unit::Rate, "0.1M", 100_000),
            (Unit::Rate, "0.000001M", 1),
            (Unit::Rate, "2.500000000000G", 2_500_000_000),
            (Unit::Rate, "007M", 7_000_000),
            (Unit::Delay, "15ms", 15_000),
            (Unit::Delay, "0.25s", 250_000),
            (Unit::Time, "50s", 50_000_000),
            (Unit::Time, "0.001ms", 1),
            (Unit::Factor, "0.85", 850_000),
            (Unit::Factor, "1", 1_000_000),
            (Unit::Factor, "0.333333", 333_333),
            (Unit::Count, "600", 600),
        ];
        for (unit, text, value) in cases {
            assert_eq!(unit.read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_bare_number_lacks_its_unit() {
        for (unit, text) in [(Unit::Rate, "500"), (Unit::Delay, "15"), (Unit::Time, "50")] {
            assert_eq!(unit.read(text), Err(ValueFault::UnitMissing), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_the_unit_is_refused() {
        let rates = [
            "", "M", ".5M", "5.M", "1.2.3M", "-5M", "+5M", "5 M", "5m", "5k", "5Mbit", "1e3M",
            "1,5M", "٥M",
        ];
        for text in rates {
            assert_eq!(Unit::Rate.read(text), Err(ValueFault::BadForm("a rate")), "{text}");
        }
        for text in ["5us", "5 ms", "5min", "ms", "5S"] {
            assert_eq!(Unit::Delay.read(text), Err(ValueFault::BadForm("a time")), "{text}");
        }
        for text in ["85%", "0,85", "", "NaN", "inf", "1e-1"] {
            let fault = ValueFault::BadForm("a plain decimal number");
            assert_eq!(Unit::Factor.read(text), Err(fault), "{text}");
        }
        assert_eq!(Unit::Count.read("5M"), Err(ValueFault::BadForm("a whole number")));
    }

    #[test]
    fn a_number_has_no_more_decimals_than_its_unit() {
        assert_eq!(Unit::Rate.read("1.0000001M"), Err(ValueFault::TooFine("1 bit/s")));
        assert_eq!(Unit::Delay.read("1.0001ms"), Err(ValueFault::TooFine("a microsecond")));
        assert_eq!(Unit::Factor.read("0.8500001"), Err(ValueFault::TooFine("a millionth")));
        assert_eq!(Unit::Count.read("5.5"), Err(ValueFault::TooFine("a whole number")));
    }

    #[test]
    fn a_number_beyond_all_bounds_is_out_of_range() {
        for text in ["18446744073710M", "99999999999999999999G", &format!("{}G", "9".repeat(900))] {
            assert_eq!(Unit::Rate.read(text), Err(ValueFault::OutOfRange), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_one_would() {
        let cases = [
            (Unit::Rate, 500_000_000, "500M"),
            (Unit::Rate, 10_000_000_000, "10G"),
            (Unit::Rate, 1_500_000, "1.5M"),
            (Unit::Rate, 100_000, "0.1M"),
            (Unit::Rate, 999_999, "0.999999M"),
            (Unit::Rate, 10_000_000_001, "10.000000001G"),
            (Unit::Delay, 15_000, "15ms"),
            (Unit::Delay, 999, "0.999ms"),
            (Unit::Time, 50_000_000, "50s"),
            (Unit::Time, 250_000, "250ms"),
            (Unit::Factor, 850_000, "0.85"),
            (Unit::Factor, 1_000_000, "1.0"),
            (Unit::Factor, 1_000_001, "1.000001"),
            (Unit::Count, 600, "600"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(unit.write(value), text);
            assert_eq!(unit.read(text), Ok(value));
        }
    }
}
