//! How the console lays its output out.
//! Promises: lines end in CR LF and none is longer than the console's width, unless one word is.
//! Knows nothing of menus' meanings.

use std::fmt::Write as _;

use crate::sim::routeros::record::Record;

/// Columns of a line: a word that would reach this one goes to the next line, also without a
/// terminal (captured with 7.24rc3).
const WIDTH: usize = 80;

/// Words joined by blanks, after `lead`; further lines are indented as far as `lead` reaches.
pub(super) fn wrapped(lead: &str, words: &[String]) -> String {
    let mut text = lead.to_owned();
    let mut column = lead.chars().count();
    let indent = column;
    for (place, word) in words.iter().enumerate() {
        let width = word.chars().count();
        let first = place == 0 || column == indent;
        if !first && column + 1 + width >= WIDTH {
            text.push_str("\r\n");
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if !first {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push_str("\r\n");
    text
}

/// A string constant. What is no printable ASCII is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | b'$' | b'?' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\{other:02X}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// `key: value` lines, keys on the right, values padded to one width, and an empty line.
pub(super) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let keys = width(&mut pairs.iter().map(|(key, _)| key.len()));
    let values = width(&mut pairs.iter().map(|(_, value)| value.chars().count()));
    let line = |(key, value): &(&str, String)| format!("  {key:>keys$}: {value:<values$}\r\n");
    pairs.iter().map(line).chain(["\r\n".to_owned()]).collect()
}

/// The keys of `/system/resource` in the console's order, with how their values are shown.
const RESOURCE: [(&str, Unit); 16] = [
    ("uptime", Unit::Plain),
    ("version", Unit::Plain),
    ("build-time", Unit::Plain),
    ("free-memory", Unit::Bytes),
    ("total-memory", Unit::Bytes),
    ("cpu", Unit::Plain),
    ("cpu-count", Unit::Plain),
    ("cpu-frequency", Unit::After("MHz")),
    ("cpu-load", Unit::After("%")),
    ("free-hdd-space", Unit::Bytes),
    ("total-hdd-space", Unit::Bytes),
    ("write-sect-since-reboot", Unit::Plain),
    ("write-sect-total", Unit::Plain),
    ("architecture-name", Unit::Plain),
    ("board-name", Unit::Plain),
    ("platform", Unit::Plain),
];

/// How a value of `/system/resource` is shown.
#[derive(Clone, Copy)]
enum Unit {
    Plain,
    After(&'static str),
    Bytes,
}

/// `/system/resource` with the units that only the console shows.
pub(super) fn resource(record: &Record) -> Vec<(&'static str, String)> {
    let shown = |(key, unit): (&'static str, Unit)| {
        let value = record.value(key)?;
        let value = match unit {
            Unit::Plain => value.to_owned(),
            Unit::After(unit) => format!("{value}{unit}"),
            Unit::Bytes => size(value.parse().ok()?),
        };
        Some((key, value))
    };
    RESOURCE.into_iter().filter_map(shown).collect()
}

/// A size as captured: `62.4MiB`, and `3612.0KiB` below ten of the larger unit.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1_024;
    let (unit, name) = if bytes >= 10 * KIB * KIB { (KIB * KIB, "MiB") } else { (KIB, "KiB") };
    let tenths = bytes.saturating_mul(10) / unit;
    format!("{}.{}{name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{quoted, size, wrapped};

    #[test]
    fn a_word_that_would_reach_the_last_column_goes_to_the_next_line() {
        let words = |lengths: &[usize]| -> Vec<String> {
            lengths.iter().map(|length| "x".repeat(*length)).collect()
        };
        let lines = |text: &str| text.lines().map(str::len).collect::<Vec<_>>();
        assert_eq!(lines(&wrapped("2  ", &words(&[70, 5]))), [79]);
        assert_eq!(lines(&wrapped("2  ", &words(&[70, 6]))), [73, 9]);
        assert_eq!(lines(&wrapped("12  ", &words(&[90, 6]))), [94, 10]);
    }

    #[test]
    fn sizes_and_strings_read_as_captured() {
        assert_eq!(size(64 << 20), "64.0MiB");
        assert_eq!(size(3_612 << 10), "3612.0KiB");
        assert_eq!(quoted("a \"b\" $c ü"), r#""a \"b\" \$c \C3\BC""#);
    }
}
