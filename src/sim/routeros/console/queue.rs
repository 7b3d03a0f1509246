//! `print detail` of a menu with records.
//! Promises: the legend and the column of the flags are there only if a flag is set.
//! Knows nothing of how records are found.

use super::{
    print::{quoted, wrapped},
    statement::View,
    table::{self, FLAGS, Form},
};
use crate::sim::routeros::{record::Record, settings::Menu};

/// The records with their places in the table; nothing if there are none.
pub(super) fn detail(menu: Menu, view: View, records: &[(usize, Record)]) -> String {
    if records.is_empty() {
        return String::new();
    }
    let rows: Vec<(usize, String, &Record)> =
        records.iter().map(|(place, record)| (*place, letters(record), record)).collect();
    let column = rows.iter().map(|(_, letters, _)| letters.len()).max().unwrap_or(0);
    let places = rows.iter().map(|(place, ..)| place.to_string().len()).max().unwrap_or(0);
    let shown: Vec<String> = rows
        .iter()
        .map(|(place, letters, record)| {
            let lead = match column {
                0 => format!("{place:>places$}  "),
                _ => format!("{place:>places$}  {letters:<column$} "),
            };
            row(&lead, table::of(menu, view), record)
        })
        .collect();
    // Records are set apart by a line with one blank (captured of another menu).
    format!("{}{}\r\n", legend(&rows), shown.join(" \r\n"))
}

fn row(lead: &str, table: &[(&str, Form)], record: &Record) -> String {
    let field = |(key, form): &(&str, Form)| {
        let value = record.value(key)?;
        Some(format!("{key}={}", shown(value, *form)))
    };
    let fields: Vec<String> = table.iter().filter_map(field).collect();
    match record.value("comment") {
        None => wrapped(lead, &fields),
        Some(comment) => {
            let indent = " ".repeat(lead.len());
            format!("{lead};;; {comment}\r\n{}", wrapped(&indent, &fields))
        }
    }
}

fn shown(value: &str, form: Form) -> String {
    let plain = |char: char| char.is_ascii_graphic() && !matches!(char, '"' | '\\' | '$' | '?');
    match form {
        Form::Word if !value.is_empty() && value.chars().all(plain) => value.to_owned(),
        Form::Quoted | Form::Word => quoted(value),
        Form::Rate => value.split('/').map(rate).collect::<Vec<_>>().join("/"),
        Form::Bandwidth => bandwidth(value.parse().unwrap_or_default()),
        Form::Flag => if value == "true" { "yes" } else { "no" }.to_owned(),
    }
}

/// As in `0bps` and `245.0Mbps`, the two that were seen.
fn bandwidth(bits: u64) -> String {
    let units = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    let Some((size, unit)) = units.into_iter().find(|(size, _)| bits >= *size) else {
        return format!("{bits}bps");
    };
    let tenths = bits.saturating_mul(10) / size;
    format!("{}.{}{unit}bps", tenths / 10, tenths % 10)
}

/// With the largest unit that loses nothing. Whether a router rounds others is not known.
fn rate(value: &str) -> String {
    let units = ["000000000", "000000", "000"].into_iter().zip(["G", "M", "k"]);
    let mut whole = units.filter_map(|(zeros, unit)| {
        let digits = value.strip_suffix(zeros)?;
        (!digits.is_empty()).then(|| format!("{digits}{unit}"))
    });
    whole.next().unwrap_or_else(|| value.to_owned())
}

fn letters(record: &Record) -> String {
    let set = FLAGS.into_iter().filter(|(_, key)| record.value(key) == Some("true"));
    set.map(|(letter, _)| letter).collect()
}

fn legend(rows: &[(usize, String, &Record)]) -> String {
    let used = |letter: char| rows.iter().any(|(_, letters, _)| letters.contains(letter));
    let words: Vec<String> = FLAGS
        .into_iter()
        .filter(|(letter, _)| used(*letter))
        .map(|(letter, key)| format!("{letter} - {}", key.to_ascii_uppercase()))
        .collect();
    if words.is_empty() { String::new() } else { format!("Flags: {}\r\n", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{bandwidth, rate};

    #[test]
    fn bandwidths_are_rounded_to_a_tenth_of_their_unit() {
        for (bits, shown) in [
            (0, "0bps"),
            (999, "999bps"),
            (245_000_000, "245.0Mbps"),
            (1_099_999, "1.0Mbps"),
            (10_000_000_000, "10.0Gbps"),
        ] {
            assert_eq!(bandwidth(bits), shown);
        }
    }

    #[test]
    fn rates_carry_the_largest_unit_that_loses_nothing() {
        for (bits, shown) in [
            ("5000000", "5M"),
            ("920000000", "920M"),
            ("1500000", "1500k"),
            ("2000000000", "2G"),
            ("487654321", "487654321"),
            ("0", "0"),
        ] {
            assert_eq!(rate(bits), shown);
        }
    }
}
