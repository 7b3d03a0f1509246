//! Rates as the console prints them.
//! Promises: any text gives a rate or nothing; nothing is guessed about units.
//! Knows nothing of queues.

/// A rate such as `5M`, `64k`, `245.0Mbps`, `0bps` or `450000000`, in bit/s. Units are decimal.
pub(super) fn rate(text: &str) -> Option<u64> {
    let text = text.strip_suffix("bps").unwrap_or(text);
    let (number, unit) = match text.char_indices().last()? {
        (place, 'k') => (text.get(..place)?, 1_000),
        (place, 'M') => (text.get(..place)?, 1_000_000),
        (place, 'G') => (text.get(..place)?, 1_000_000_000),
        _ => (text, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let part = fraction_of(unit, fraction)?;
    exact(whole)?.checked_mul(unit)?.checked_add(part)
}

/// A plain number.
fn exact(text: &str) -> Option<u64> {
    // `parse` alone would let a sign through.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// What the digits after the point mean in `unit`; digits below 1 bit/s are dropped.
fn fraction_of(unit: u64, digits: &str) -> Option<u64> {
    let mut unit = unit;
    let mut total = 0_u64;
    for char in digits.chars() {
        unit /= 10;
        total = total.checked_add(u64::from(char.to_digit(10)?).checked_mul(unit)?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::{exact, rate};

    #[test]
    fn units_are_decimal_and_fractions_count() {
        for (text, bits) in [
            ("5M", 5_000_000),
            ("920M", 920_000_000),
            ("0", 0),
            ("0bps", 0),
            ("64k", 64_000),
            ("1500k", 1_500_000),
            ("1G", 1_000_000_000),
            ("245.0Mbps", 245_000_000),
            ("1.5M", 1_500_000),
            ("12.3456789k", 12_345),
            ("450000000", 450_000_000),
        ] {
            assert_eq!(rate(text), Some(bits), "{text}");
        }
        for text in ["", "M", "-1", "+5", "5 M", "5m", "5Mb", "1.x", "99999999999999999999", "ü"] {
            assert_eq!(rate(text), None, "{text}");
        }
        assert_eq!(rate("99999999999999999G"), None, "too large");
        assert_eq!(exact("5M"), None);
        assert_eq!(exact("+5"), None);
    }
}
