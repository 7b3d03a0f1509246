//! The last look at a redacted answer, with other eyes than those that redacted it.
//! Promises: reads the text without its escapes, and that of a console also as it is and without its
//! line breaks; what has the form of an address, a MAC address, a serial number or a key, and what is
//! known to be secret, is named by its line.
//! Knows nothing of keys and names.

use std::fmt;

use super::{
    Language, Redactor,
    addresses::{Addresses, is_stand_in_mac, is_stand_in_v4, is_stand_in_v6},
    console,
    patterns::{self, Found, Kind},
};
use crate::{
    cli::capture::json::{self, Piece},
    router::cli::unquoted,
};

/// Something that must not be given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Its line, from 1; none in JSON, or where it spreads over several.
    pub line: Option<usize>,
    /// What it looks like.
    pub kind: &'static str,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.kind),
            None => f.write_str(self.kind),
        }
    }
}

pub(super) fn leaks(redactor: &Redactor, language: Language, body: &str) -> Vec<Leak> {
    let mut look = Look { redactor, leaks: Vec::new() };
    match language {
        Language::Json => {
            let walked = json::walk(body, &mut |piece| {
                if let Piece::Text(_, text) | Piece::Bare(_, text) | Piece::Key(text) = piece {
                    look.forms(text, None);
                }
                if let Piece::Text(_, text) | Piece::Bare(_, text) = piece {
                    look.secrets(text, None);
                }
                None
            });
            if walked.is_err() {
                look.forms(body, None);
                look.secrets(body, None);
            }
        }
        Language::Console => {
            for (number, line) in body.lines().enumerate() {
                let number = Some(number.saturating_add(1));
                look.forms(line, number);
                look.forms(&unquoted(line), number);
                look.secrets(&unquoted(line), number);
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
        for kind in forms(&self.redactor.addresses, text) {
            self.report(line, kind);
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

/// What gives itself away by its form in a text, in words; stand-ins do not.
pub(super) fn forms(addresses: &Addresses, text: &str) -> Vec<&'static str> {
    let told = |found: Found| {
        let shown = text.get(found.at).unwrap_or_default();
        let (harmless, kind) = match found.kind {
            Kind::V4(address) => {
                (is_stand_in_v4(address) || addresses.keeps_v4(address), "an IPv4 address")
            }
            Kind::V6(address) => {
                (is_stand_in_v6(address) || addresses.keeps_v6(address), "an IPv6 address")
            }
            Kind::Mac => (is_stand_in_mac(shown), "a MAC address"),
            Kind::Serial => (false, "a serial number"),
            Kind::Mail => (false, "an e-mail address"),
            Kind::Key => (false, "a key or certificate"),
        };
        (!harmless).then_some(kind)
    };
    patterns::find(text).into_iter().filter_map(told).collect()
}

/// What follows `key=` or `key:` in a word.
fn value_of(word: &str) -> &str {
    let own = |byte: u8| byte.is_ascii_lowercase() || byte == b'-' || byte == b'.';
    match word.split_once(['=', ':']) {
        Some((key, value)) if key.bytes().all(own) => value,
        _ => word,
    }
}
