//! Classes of values, told from their text alone.
//! Promises: every text has a class, and the class of a text admits it.
//! Knows nothing of keys.

use core::fmt;

/// What kind of thing a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `true` or `false`, as REST has it.
    Flag,
    /// `yes` or `no`, as the console has it.
    YesNo,
    /// The id of a record: `*1A`.
    Id,
    /// `450000000`, `-44`.
    Whole,
    /// `0.1`.
    Decimal,
    /// A rate with the unit that the console gives configured ones: `5M`, `64k`.
    Rate,
    /// A rate with the unit that the console gives others: `0bps`, `24.5Mbps`.
    BitRate,
    /// An amount of memory: `62.4MiB`.
    Size,
    /// `24%`.
    Percent,
    /// `880MHz`.
    Frequency,
    /// `1w2d3h4m5s`, `100ms`.
    Time,
    /// Anything else.
    Text,
}

impl Kind {
    /// All of them, from the narrowest to the widest.
    const ALL: [Self; 12] = [
        Self::Flag,
        Self::YesNo,
        Self::Id,
        Self::Whole,
        Self::Decimal,
        Self::Rate,
        Self::BitRate,
        Self::Size,
        Self::Percent,
        Self::Frequency,
        Self::Time,
        Self::Text,
    ];

    /// The narrowest kind that admits this text.
    pub fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.admits(text)).unwrap_or(Self::Text)
    }

    /// Whether this text can be of this kind. A plain number is a rate too.
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::Flag => matches!(text, "true" | "false"),
            Self::YesNo => matches!(text, "yes" | "no"),
            Self::Id => text.strip_prefix('*').is_some_and(is_hex),
            Self::Whole => is_digits(text.strip_prefix('-').unwrap_or(text)),
            Self::Decimal => is_decimal(text),
            Self::Rate => is_decimal(text.strip_suffix(['k', 'M', 'G']).unwrap_or(text)),
            Self::BitRate => text.strip_suffix("bps").is_some_and(|rate| Self::Rate.admits(rate)),
            Self::Size => ["KiB", "MiB", "GiB"].into_iter().any(|unit| is_with_unit(text, unit)),
            Self::Percent => is_with_unit(text, "%"),
            Self::Frequency => is_with_unit(text, "MHz"),
            Self::Time => is_time(text),
            Self::Text => true,
        }
    }

    /// For people.
    const fn words(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::YesNo => "yes or no",
            Self::Id => "an id",
            Self::Whole => "a whole number",
            Self::Decimal => "a decimal number",
            Self::Rate => "a rate such as 5M",
            Self::BitRate => "a rate such as 5Mbps",
            Self::Size => "a size such as 5MiB",
            Self::Percent => "a percentage",
            Self::Frequency => "a frequency",
            Self::Time => "a time",
            Self::Text => "text",
        }
    }
}

/// What kind of thing the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A text of this kind.
    One(Kind),
    /// A text of two of this kind with a slash between them.
    Pair(Kind),
    /// A number of JSON, not in quotes.
    Number,
    /// What JSON has besides: a bare `true`, `null`, an object, a list.
    Bare,
}

impl Class {
    /// The narrowest class of a text.
    pub fn of(text: &str) -> Self {
        let pair = text.split_once('/').and_then(|(first, second)| {
            let both = |kind: &Kind| kind.admits(first) && kind.admits(second);
            Kind::ALL.into_iter().find(both)
        });
        match pair {
            // A path or a network is no pair.
            Some(kind) if kind != Kind::Text => Self::Pair(kind),
            Some(_) | None => Self::One(Kind::of(text)),
        }
    }

    /// Whether this text can be of this class.
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::One(kind) => kind.admits(text),
            Self::Pair(kind) => text
                .split_once('/')
                .is_some_and(|(first, second)| kind.admits(first) && kind.admits(second)),
            Self::Number | Self::Bare => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => f.write_str(kind.words()),
            Self::Pair(kind) => write!(f, "a pair, each {}", kind.words()),
            Self::Number => f.write_str("a number without quotes"),
            Self::Bare => f.write_str("a value without quotes"),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `5` or `5.25`.
fn is_decimal(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(text),
    }
}

fn is_with_unit(text: &str, unit: &str) -> bool {
    text.strip_suffix(unit).is_some_and(is_decimal)
}

/// Numbers and units in turn, the units from the longest to the shortest.
fn is_time(text: &str) -> bool {
    const UNITS: [&str; 7] = ["w", "d", "h", "m", "s", "ms", "us"];
    let mut rest = text;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let tail = rest.get(digits..).unwrap_or_default();
        let letters = tail.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = tail.split_at_checked(letters).unwrap_or_default();
        let Some(place) = units.iter().position(|known| *known == unit) else { return false };
        if digits == 0 {
            return false;
        }
        units = units.get(place.saturating_add(1)..).unwrap_or_default();
        rest = after;
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{Class, Kind};

    #[test]
    fn every_text_has_its_narrowest_class() {
        use Class::{One, Pair};
        for (text, class) in [
            ("true", One(Kind::Flag)),
            ("no", One(Kind::YesNo)),
            ("*1000001", One(Kind::Id)),
            ("*", One(Kind::Text)),
            ("450000000", One(Kind::Whole)),
            ("-44", One(Kind::Whole)),
            ("0.1", One(Kind::Decimal)),
            ("5M", One(Kind::Rate)),
            ("487.6M", One(Kind::Rate)),
            ("0bps", One(Kind::BitRate)),
            ("245.0Mbps", One(Kind::BitRate)),
            ("62.4MiB", One(Kind::Size)),
            ("24%", One(Kind::Percent)),
            ("880MHz", One(Kind::Frequency)),
            ("1w2d3h4m5s", One(Kind::Time)),
            ("100ms", One(Kind::Time)),
            ("5s4m", One(Kind::Text)),
            ("5", One(Kind::Whole)),
            ("s", One(Kind::Text)),
            ("", One(Kind::Text)),
            ("0/0", Pair(Kind::Whole)),
            ("20M/0", Pair(Kind::Rate)),
            ("0s/0s", Pair(Kind::Time)),
            ("192.168.88.0/24", One(Kind::Text)),
            ("1/2/3", One(Kind::Text)),
            ("/", One(Kind::Text)),
        ] {
            assert_eq!(Class::of(text), class, "{text:?}");
            assert!(Class::of(text).admits(text), "{text:?}");
        }
    }

    #[test]
    fn a_wider_class_admits_what_a_narrower_one_does() {
        assert!(Class::One(Kind::Rate).admits("450000000"));
        assert!(Class::One(Kind::Decimal).admits("1"));
        assert!(Class::One(Kind::Text).admits("5"));
        assert!(Class::Pair(Kind::Text).admits("default-small/default-small"));
        for (class, text) in [
            (Class::One(Kind::Whole), "5M"),
            (Class::One(Kind::Rate), "5Mbps"),
            (Class::One(Kind::BitRate), "5M"),
            (Class::Pair(Kind::Rate), "5M"),
            (Class::Pair(Kind::Whole), "1/2/3"),
            (Class::Number, "5"),
        ] {
            assert!(!class.admits(text), "{class}: {text}");
        }
    }
}
