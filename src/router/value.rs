//! Values that REST and the console write in the same way.
//! Promises: any text gives a value or nothing.
//! Knows nothing of answers.

use super::op::{Counters, NewLimit, QueueKind, QueueRef, RESOURCE_TEXT_MAX, Statistics};
use crate::control::{
    time::Span,
    units::{Direction, PerDirection, Rate},
};

/// The only kind of queue type that has a bandwidth.
pub(super) const CAKE: &str = "cake";

/// What is wrong with a queue type of another kind.
pub(super) fn not_cake(queue: QueueRef<'_>, kind: &str) -> String {
    format!("the {queue} is of the kind {kind}, and only {CAKE} has a bandwidth")
}

/// The value of a limit in bit/s. A simple queue takes `upload/download`, in this order: the first
/// is the traffic that comes from the queue's target (RouterOS manual, Queues).
pub(super) fn limit(limit: &NewLimit<'_>) -> String {
    match *limit {
        NewLimit::Tree { limit, .. } | NewLimit::Type { limit, .. } => limit.bps().to_string(),
        NewLimit::Simple { limits, .. } => {
            let limits = limits.map(Rate::bps);
            format!("{}/{}", limits.upload, limits.download)
        }
    }
}

/// The counters of a queue of this kind from their values, in the order of [`Counters::KEYS`]. The
/// console may round those of bytes. The error is a key with a value that is no number.
pub(super) fn statistics(
    kind: QueueKind,
    told: [Option<&str>; 5],
) -> Result<Statistics, (&'static str, &str)> {
    let mut values = [None; 5];
    for ((value, told), key) in values.iter_mut().zip(told).zip(Counters::KEYS) {
        let Some(text) = told else { continue };
        let read = match kind {
            QueueKind::Simple => pair(text, size),
            QueueKind::Tree | QueueKind::Type => size(text).map(PerDirection::both),
        };
        *value = Some(read.ok_or((key, text))?);
    }
    let of =
        |direction| Counters::from_values(values.map(|pair| pair.map(|pair| *pair.of(direction))));
    let (download, upload) = (of(Direction::Download), of(Direction::Upload));
    Ok(match kind {
        QueueKind::Simple => Statistics::Pair(PerDirection { download, upload }),
        QueueKind::Tree | QueueKind::Type => Statistics::One(download),
    })
}

/// `upload/download`, in this order, each half read by `one`.
pub(super) fn pair<T>(text: &str, one: impl Fn(&str) -> Option<T>) -> Option<PerDirection<T>> {
    let (upload, download) = text.split_once('/')?;
    Some(PerDirection { download: one(download)?, upload: one(upload)? })
}

/// A whole number without sign or unit.
pub(super) fn whole(text: &str) -> Option<u64> {
    // `parse` alone would let a sign through.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A rate such as `5M`, `64k`, `245.0Mbps`, `0bps` or `450000000`, in bit/s. Units are decimal;
/// what is below 1 bit/s is dropped.
pub(super) fn rate(text: &str) -> Option<u64> {
    let text = text.strip_suffix("bps").unwrap_or(text);
    scaled(text, &[("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)])
}

/// A size such as `32.0MiB`, `3612.0KiB` or `22926057`, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    scaled(text, &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)])
}

/// A number with one of these units, or with none.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let with_unit = |(name, size): &(&str, u64)| Some((text.strip_suffix(name)?, *size));
    let (number, unit) = units.iter().find_map(with_unit).unwrap_or((text, 1));
    let (above, below) = number.split_once('.').unwrap_or((number, ""));
    let part = fraction(unit, below)?;
    whole(above)?.checked_mul(unit)?.checked_add(part)
}

/// What the digits after the point mean in `unit`; what is below one is dropped.
fn fraction(unit: u64, digits: &str) -> Option<u64> {
    let mut divisor = 1_u64;
    let mut total = 0_u64;
    for char in digits.chars() {
        divisor = divisor.saturating_mul(10);
        let part = u64::from(char.to_digit(10)?).checked_mul(unit)?.checked_div(divisor)?;
        total = total.checked_add(part)?;
    }
    Some(total)
}

/// A time such as `1w2d3h4m5s`, in whole seconds.
pub(super) fn uptime(text: &str) -> Option<Span> {
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let (unit, tail) = tail.split_at_checked(1)?;
        let seconds: u64 = match unit {
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(seconds)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(Span::from_secs(total))
}

/// As much of a text as is kept of it.
pub(super) fn cut(text: &str) -> heapless::String<RESOURCE_TEXT_MAX> {
    let mut kept = heapless::String::new();
    // A full string ends the loop.
    text.chars().take_while(|char| kept.push(*char).is_ok()).for_each(drop);
    kept
}

#[cfg(test)]
mod tests {
    use super::{rate, size, whole};

    #[test]
    fn units_of_rates_are_decimal_and_fractions_count() {
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
        assert_eq!(whole("5M"), None);
        assert_eq!(whole("+5"), None);
    }

    #[test]
    fn units_of_sizes_are_binary() {
        for (text, bytes) in [
            ("0", 0),
            ("22926057", 22_926_057),
            ("3612.0KiB", 3_612 << 10),
            ("32.0MiB", 32 << 20),
            ("62.5MiB", 125 << 19),
            ("1.5GiB", 3 << 29),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.x", "1MB", "1Mi", "18446744073709551616", "99999999999TiB"]
        {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
