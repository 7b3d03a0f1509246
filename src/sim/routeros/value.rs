//! How values are written to RouterOS, and how it gives them back.
//! Promises: what is accepted has one canonical form, the one that reads show.
//! Knows nothing of menus and requests.

use super::refusal::Refusal;
use crate::control::time::Span;

/// What a property may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bit/s or bytes: whole, on write with `k`, `M` or `G` as powers of 1000; 0 means no limit.
    Rate,
    /// `true` or `false`; `yes` and `no` on write.
    Flag,
    /// A whole number in this range.
    Whole(i64, i64),
    /// Tenths, as in `0.1`.
    Decimal,
    /// `10s`, `1w2d`, `100ms`.
    Time,
    /// Any text.
    Text,
    /// A name, which must be unique in its menu.
    Name,
    /// A text that is absent when empty.
    Comment,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The name of a queue type.
    QueueType,
    /// The name of a parent queue or interface.
    Parent,
    /// Shown, but never set.
    Fixed,
}

/// The names that a value may refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Queue types.
    pub(super) types: Vec<String>,
    /// What may be a parent.
    pub(super) parents: Vec<String>,
    /// Names already in use in the menu.
    pub(super) taken: Vec<String>,
}

/// The canonical form of `text`; `None` if the property becomes absent by it.
pub(super) fn canonical(
    kind: Kind,
    key: &str,
    text: &str,
    names: &Names,
) -> Result<Option<String>, Refusal> {
    let invalid = || Refusal::InvalidValue(key.to_owned());
    let no_match = || Refusal::NoMatch(key.to_owned());
    let known = |list: &[String]| list.iter().any(|name| name == text);
    let accepted = match kind {
        Kind::Rate => rate(text).ok_or_else(invalid)?.to_string(),
        Kind::Flag => flag(text).ok_or_else(invalid)?.to_owned(),
        Kind::Whole(least, most) => {
            let number: i64 = text.parse().map_err(|_| invalid())?;
            if !(least..=most).contains(&number) {
                return Err(Refusal::OutOfRange(key.to_owned(), least, most));
            }
            number.to_string()
        }
        Kind::Decimal if text.parse::<f64>().is_ok_and(f64::is_finite) => text.to_owned(),
        Kind::Time if is_time(text) => text.to_owned(),
        Kind::Decimal | Kind::Time => return Err(invalid()),
        Kind::Name if known(&names.taken) => return Err(Refusal::NameTaken),
        Kind::Name if text.is_empty() => return Err(invalid()),
        Kind::Comment if text.is_empty() => return Ok(None),
        Kind::Text | Kind::Name | Kind::Comment => text.to_owned(),
        Kind::Word(words) if words.contains(&text) => text.to_owned(),
        Kind::QueueType if known(&names.types) => text.to_owned(),
        Kind::Parent if known(&names.parents) => text.to_owned(),
        Kind::Word(_) | Kind::QueueType | Kind::Parent => return Err(no_match()),
        Kind::Fixed => return Err(Refusal::UnknownParameter(key.to_owned())),
    };
    Ok(Some(accepted))
}

fn rate(text: &str) -> Option<u64> {
    let units = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    let unit = units
        .into_iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|digits| (digits, factor)));
    let (digits, factor) = unit.unwrap_or((text, 1));
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| plain)?.checked_mul(factor)
}

fn flag(text: &str) -> Option<&'static str> {
    match text {
        "yes" | "true" => Some("true"),
        "no" | "false" => Some("false"),
        _ => None,
    }
}

/// Digits and units in turn, at least one pair.
fn is_time(text: &str) -> bool {
    let mut rest = text;
    loop {
        let unit = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let digits = rest.len() > unit.len();
        let known = ["ms", "us", "w", "d", "h", "m", "s"];
        match known.into_iter().find_map(|name| unit.strip_prefix(name)) {
            Some("") if digits => return true,
            Some(more) if digits => rest = more,
            Some(_) | None => return false,
        }
    }
}

/// A span as RouterOS shows it: weeks, days, hours, minutes, seconds, without those that are zero;
/// `0s` for none.
pub(super) fn time(span: Span) -> String {
    let seconds = span.as_secs();
    let units = [(604_800, 'w', u64::MAX), (86_400, 'd', 7), (3_600, 'h', 24), (60, 'm', 60)];
    let mut text = String::new();
    for (size, unit, wrap) in units {
        let count = seconds / size % wrap;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push(unit);
        }
    }
    let rest = seconds % 60;
    if rest > 0 || text.is_empty() {
        text.push_str(&rest.to_string());
        text.push('s');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Kind, Names, canonical, time};
    use crate::{control::time::Span, sim::routeros::Refusal};

    fn reads_back(kind: Kind, text: &str) -> Result<Option<String>, Refusal> {
        canonical(kind, "key", text, &Names::default())
    }

    #[test]
    fn rates_read_back_in_plain_bits_per_second() {
        for (written, read) in [
            ("450000000", "450000000"),
            ("10M", "10000000"),
            ("64k", "64000"),
            ("12G", "12000000000"),
        ] {
            assert_eq!(reads_back(Kind::Rate, written), Ok(Some(read.to_owned())));
        }
        for wrong in ["", "fast", "-1", "+1", "1.5M", "M", "5e8", "1 M", "99999999999G"] {
            let refusal = Refusal::InvalidValue("key".to_owned());
            assert_eq!(reads_back(Kind::Rate, wrong), Err(refusal), "{wrong}");
        }
    }

    #[test]
    fn flags_read_back_as_true_or_false() {
        assert_eq!(reads_back(Kind::Flag, "yes"), Ok(Some("true".to_owned())));
        assert_eq!(reads_back(Kind::Flag, "false"), Ok(Some("false".to_owned())));
        assert!(reads_back(Kind::Flag, "maybe").is_err());
    }

    #[test]
    fn numbers_have_their_range_and_an_empty_comment_disappears() {
        let priority = Kind::Whole(1, 8);
        assert_eq!(reads_back(priority, "8"), Ok(Some("8".to_owned())));
        assert_eq!(reads_back(priority, "9"), Err(Refusal::OutOfRange("key".to_owned(), 1, 8)));
        assert_eq!(reads_back(Kind::Comment, ""), Ok(None));
    }

    #[test]
    fn times_are_checked_and_shown_without_zero_units() {
        for right in ["0s", "100ms", "1w2d3h4m5s"] {
            assert!(reads_back(Kind::Time, right).is_ok(), "{right}");
        }
        for wrong in ["", "s", "5", "5x", "1h5"] {
            assert!(reads_back(Kind::Time, wrong).is_err(), "{wrong}");
        }
        assert_eq!(time(Span::ZERO), "0s");
        assert_eq!(time(Span::from_secs(3_600)), "1h");
        assert_eq!(time(Span::from_secs(((5 * 7 + 3) * 24 * 60 + 20) * 60 + 51)), "5w3d20m51s");
    }
}
