//! What a value is, by its text alone: a number, a version, a word that every router has.
//! Promises: total and pure; in doubt it is none of these.
//! Knows nothing of stand-ins.

use std::net::Ipv4Addr;

use super::{
    patterns::{self, Kind},
    words::{self, Holds},
};

/// Longest fact about the model.
pub(super) const FACT_MAX: usize = 48;

/// Longest number, rate, time or list of them.
const MEASURED_MAX: usize = 64;

/// The name that routers have by default, which is also their platform.
pub(super) fn is_maker(text: &str) -> bool {
    text == "MikroTik"
}

/// Whether the value may stay as it is.
pub(super) fn stays(held: Holds, value: &str) -> bool {
    let separators = [',', '/', ' ', '|', ';', '-', ':'];
    let known = words::is_value(value)
        || value.split([',', '/', ' ']).all(|word| word.is_empty() || words::is_value(word));
    let id = value.strip_prefix('*').is_some_and(|digits| {
        (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    known
        || id
        || match held {
            Holds::Secret(_) => false,
            Holds::Key => patterns::find(value).is_empty(),
            Holds::Version => is_version(value),
            Holds::Fact => is_fact(value),
            Holds::Measured => is_measured(value),
            Holds::Error => is_error(value),
            Holds::Line => is_measured(value) || words::is_legend(value) || is_error(value),
            Holds::Other => value.split(separators).all(str::is_empty),
        }
}

fn is_error(text: &str) -> bool {
    words::is_error(text) && patterns::find(text).is_empty()
}

/// Such as `7.24rc3 (testing)`.
fn is_version(text: &str) -> bool {
    let (number, channel) = text.split_once(' ').unwrap_or((text, "(stable)"));
    let channels = ["(stable)", "(long-term)", "(testing)", "(development)"];
    let number = number.replace("alpha", ".").replace("beta", ".").replace("rc", ".");
    let parts = number.split('.');
    let digits = |part: &str| (1..=3).contains(&part.len()) && part.parse::<u16>().is_ok();
    let count = number.split('.').count();
    channels.contains(&channel)
        && (2..=4).contains(&count)
        && parts.clone().all(digits)
        && !(count == 4 && text.parse::<Ipv4Addr>().is_ok())
}

fn is_fact(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || " .+^()_-/:".contains(char);
    text.len() <= FACT_MAX && text.chars().all(plain) && patterns::find(text).is_empty()
}

/// A value of a header, without what might be a name in quotes.
pub(super) fn is_header(text: &str) -> bool {
    is_fact(&text.replace([';', '=', ','], " "))
}

/// The units of numbers, over REST and on the console.
const UNITS: [&str; 20] = [
    "w", "d", "h", "m", "s", "ms", "us", "k", "M", "G", "bps", "kbps", "Mbps", "Gbps", "B", "KiB",
    "MiB", "GiB", "MHz", "%",
];

/// Numbers with or without units, pairs and lists of them.
pub(super) fn is_measured(text: &str) -> bool {
    let number = |part: &str| {
        let letters = part.split(|char: char| char.is_ascii_digit() || char == '.');
        let begins = part.starts_with(|char: char| char.is_ascii_digit() || char == '*');
        let id = part.strip_prefix('*');
        let points = part.matches('.').count();
        match id {
            Some(digits) => digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
            None => {
                begins
                    && points <= 1
                    && letters.into_iter().all(|unit| unit.is_empty() || UNITS.contains(&unit))
            }
        }
    };
    let parts = text.split(['/', ',', '-', ':', ' ', '!']).filter(|part| !part.is_empty());
    text.len() <= MEASURED_MAX
        && text.starts_with(|char: char| char.is_ascii_digit() || "*-!".contains(char))
        && parts.into_iter().all(number)
        && patterns::find(text).is_empty()
}

/// The same number of digits, all zero.
pub(super) fn zeros(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect()
}

/// Whether the value is made of addresses alone: one, a list, a range, with masks or ports.
pub(super) fn is_address(value: &str) -> bool {
    let mut between = String::new();
    let mut end = 0;
    for found in patterns::find(value) {
        if matches!(found.kind, Kind::Serial | Kind::Mail | Kind::Key) {
            return false;
        }
        between.push_str(value.get(end..found.at.start).unwrap_or_default());
        end = found.at.end;
    }
    between.push_str(value.get(end..).unwrap_or_default());
    end > 0 && between.chars().all(|char| char.is_ascii_digit() || ",/!-: ".contains(char))
}
