//! The last look at a redacted answer, with other eyes than those that redacted it.
//! Promises: reads the text as it will be in the file, and once more without its escapes and line
//! breaks; what has the form of an address, a MAC address, a serial number or a key, and what is
//! known to be secret, is named by its line.
//! Knows nothing of keys and names.

use std::fmt;

use super::{
    Language, Redactor,
    addresses::{is_stand_in_mac, is_stand_in_v4, is_stand_in_v6},
    console,
    patterns::{self, Kind},
};
use crate::{
    cli::capture::json::{self, Piece},
    router::cli::unquoted,
};

/// Something that must not be given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Its line, from 1; none where it spreads over several.
    pub line: Option<usize>,
    /// What it looks like.
    pub kind: &'static str,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.kind),
            None => write!(f, "over several lines: {}", self.kind),
        }
    }
}

pub(super) fn leaks(redactor: &Redactor, language: Language, body: &str) -> Vec<Leak> {
    let mut look = Look { redactor, leaks: Vec::new() };
    for (number, line) in body.lines().enumerate() {
        look.forms(line, Some(number.saturating_add(1)));
    }
    match language {
        Language::Json => {
            // What is no JSON was looked at above.
            let _ = json::walk(body, &mut |piece| {
                if let Piece::Text(_, text) | Piece::Bare(_, text) = piece {
                    look.forms(text, None);
                    look.secrets(text, None);
                }
                None
            });
        }
        Language::Console => {
            for (number, line) in body.lines().enumerate() {
                let line = unquoted(line);
                look.forms(&line, Some(number.saturating_add(1)));
                look.secrets(&line, Some(number.saturating_add(1)));
            }
            for joint in ["", " "] {
                let joined = unquoted(&joined(body, joint));
                look.forms(&joined, None);
                look.secrets(&joined, None);
            }
        }
    }
    look.leaks
}

/// The text with its continued lines in one.
fn joined(body: &str, joint: &str) -> String {
    let mut joined = String::new();
    for line in body.lines() {
        joined.push_str(if console::continues(line) { joint } else { "\n" });
        joined.push_str(line.trim());
    }
    joined
}

struct Look<'r> {
    redactor: &'r Redactor,
    leaks: Vec<Leak>,
}

impl Look<'_> {
    fn report(&mut self, line: Option<usize>, kind: &'static str) {
        // The same thing is seen from several sides.
        if !self.leaks.iter().any(|leak| leak.kind == kind) {
            self.leaks.push(Leak { line, kind });
        }
    }

    /// What gives itself away by its form.
    fn forms(&mut self, text: &str, line: Option<usize>) {
        let addresses = &self.redactor.addresses;
        for found in patterns::find(text) {
            let shown = text.get(found.at.clone()).unwrap_or_default();
            let (harmless, kind) = match found.kind {
                Kind::V4(address) => {
                    (is_stand_in_v4(address) || addresses.keeps_v4(address), "an IPv4 address")
                }
                Kind::V6(address) => {
                    (is_stand_in_v6(address) || addresses.keeps_v6(address), "an IPv6 address")
                }
                Kind::Mac => (is_stand_in_mac(shown), "a MAC address"),
                Kind::Serial => (false, "a serial number"),
                Kind::Key => (false, "a key or certificate"),
            };
            if !harmless {
                self.report(line, kind);
            }
        }
    }

    /// What is known to be secret. A word that is a key of RouterOS's says nothing, even if it is
    /// somebody's name as well.
    fn secrets(&mut self, text: &str, line: Option<usize>) {
        let values: Vec<&str> = text.split([' ', '\n']).map(value_of).collect();
        if self.redactor.secrets.are_in(&values.join(" ")) {
            self.report(line, "the login, or what an answer calls secret");
        }
    }
}

/// What follows `key=` or `key:` in a word.
fn value_of(word: &str) -> &str {
    let own = |byte: u8| byte.is_ascii_lowercase() || byte == b'-' || byte == b'.';
    match word.split_once(['=', ':']) {
        Some((key, value)) if key.bytes().all(own) => value,
        _ => word,
    }
}
