//! What may be shown of a router's answers: an answer in, one to give away out.
//! Promises: pure and bounded; only what is known to be harmless stays (numbers, flags, words that
//! every router has); equal texts get equal stand-ins; what stands for a value is of its class.
//! Knows nothing of files and connections.
//!
//! Each value is judged as a whole, after escapes and line breaks are gone, so that nothing hides
//! by the way it is written. At last [`Redactor::leaks`] looks at the result with other eyes.

mod addresses;
mod console;
mod patterns;
mod scan;
mod secrets;
mod values;
mod words;

pub use self::{addresses::Private, scan::Leak, secrets::Login};

use self::{
    addresses::{Addresses, place_of},
    patterns::Kind,
    secrets::Secrets,
    values::{FACT_MAX, is_address, is_header, is_maker, is_measured, stays, zeros},
    words::{Holds, Secret},
};
use super::json::{self, Piece};

/// What becomes of names and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They become `name1`, `name2` and so on.
    Mapped,
    /// They stay, but for addresses and the like in them.
    Kept,
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The router's own name.
    Identity,
    /// Anything else.
    Other,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JSON, over REST.
    Json,
    /// The console's text.
    Console,
}

/// How much was replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Different IP addresses.
    pub addresses: usize,
    /// Different MAC addresses.
    pub macs: usize,
    /// Different names, comments and other texts.
    pub names: usize,
    /// Different serial numbers, keys and users.
    pub secrets: usize,
    /// Lines of the console whose length changed.
    pub stretched: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Redactor {
    names_are: Names,
    secrets: Secrets,
    addresses: Addresses,
    names: Vec<String>,
    hidden: Vec<String>,
    about: About,
    stretched: usize,
}

/// The stand-in for the router's name.
const IDENTITY: &str = "Router";

impl Redactor {
    /// For answers that users with these logins get.
    pub fn new(logins: &[Login<'_>], names: Names, private: Private) -> Self {
        Self {
            names_are: names,
            secrets: Secrets::new(logins),
            addresses: Addresses::new(private),
            names: Vec::new(),
            hidden: Vec::new(),
            about: About::Other,
            stretched: 0,
        }
    }

    /// Remembers what is secret in an answer. All answers are gone through before the first is
    /// redacted, because one may tell what another one is silent about.
    pub fn learn(&mut self, about: About, language: Language, body: &str) {
        let mut learn = |key: &str, value: &str| {
            let name = key == "name" && about == About::Identity && !is_maker(value);
            if name || matches!(words::holds(key), Holds::Secret(_)) {
                self.secrets.learn(value);
            }
        };
        let mut visit = |piece: Piece<'_>| {
            if let Piece::Text(key, value) = piece {
                learn(key, value);
            }
            None
        };
        match language {
            // What is no JSON is left out as a whole later on.
            Language::Json => drop(json::walk(body, &mut visit)),
            Language::Console => console::values(body, &mut learn),
        }
    }

    /// The answer with stand-ins; `None` if it cannot be read, and so not be shown.
    pub fn redacted(&mut self, about: About, language: Language, body: &str) -> Option<String> {
        self.about = about;
        match language {
            Language::Json => json::walk(body, &mut |piece| self.piece(piece)).ok(),
            Language::Console => Some(console::redacted(self, body)),
        }
    }

    /// The headers of an answer in one line, as far as they are harmless.
    pub fn headers(&self, headers: &[(&'static str, String)]) -> String {
        let kept = headers.iter().filter_map(|(name, value)| {
            // The rest of a challenge may hold the router's name.
            let value = match *name {
                "www-authenticate" => value.split(' ').next().unwrap_or_default(),
                _ => value,
            };
            let harmless = is_header(value) && !self.secrets.are_in(value);
            harmless.then(|| format!("{name}: {value}"))
        });
        kept.collect::<Vec<_>>().join(", ")
    }

    /// How much was replaced so far.
    pub const fn counts(&self) -> Counts {
        let (addresses, macs) = self.addresses.counts();
        Counts {
            addresses,
            macs,
            names: self.names.len(),
            secrets: self.hidden.len(),
            stretched: self.stretched,
        }
    }

    /// What still gives something away in a redacted answer, which must be nothing.
    pub fn leaks(&self, language: Language, body: &str) -> Vec<Leak> {
        scan::leaks(self, language, body)
    }

    fn piece(&mut self, piece: Piece<'_>) -> Option<String> {
        match piece {
            Piece::Key(key) => self.key(key),
            Piece::Text(key, value) => self.value(key, value),
            // In the place of a number another number.
            Piece::Bare(key, value) => self.value(key, value).map(|_| "0".to_owned()),
            Piece::End => None,
        }
    }

    /// What stands for a key; RouterOS's own stay.
    fn key(&mut self, key: &str) -> Option<String> {
        let is_own = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let own = key.bytes().all(|byte| is_own(byte) || matches!(byte, b'-' | b'.'))
            && key.len() <= FACT_MAX
            && patterns::find(key).is_empty()
            && !self.secrets.are_in(key);
        (!own).then(|| self.name(key))
    }

    /// What stands for the value of a key; `None`: it stays.
    fn value(&mut self, key: &str, value: &str) -> Option<String> {
        if value.is_empty() {
            return None;
        }
        let held = words::holds(key);
        if let Holds::Secret(kind) = held {
            return Some(self.hide(kind, value));
        }
        if key == "name" && self.about == About::Identity {
            return Some(IDENTITY.to_owned());
        }
        if self.secrets.are_in(value) {
            // A number may happen to be somebody's password.
            return Some(if is_measured(value) { zeros(value) } else { self.name(value) });
        }
        if stays(held, value) {
            return None;
        }
        let new = if held == Holds::Other && is_measured(value) {
            zeros(value)
        } else if is_address(value) || self.names_are == Names::Kept {
            let new = self.scrubbed(value);
            // Stand-ins may read as something new together with what is beside them.
            let is_clean = scan::forms(&self.addresses, &new).is_empty();
            if is_clean { new } else { self.name(value) }
        } else {
            self.text(key, value)
        };
        (new != value).then_some(new)
    }

    fn hide(&mut self, kind: Secret, value: &str) -> String {
        let word = match kind {
            Secret::Serial => "serial",
            Secret::Key => "key",
            Secret::User => "user",
            Secret::Ssid => "ssid",
        };
        let place = place_of(&mut self.hidden, &value.to_owned());
        format!("{word}{}", place.saturating_add(1))
    }

    /// The text with stand-ins for what gives itself away by its form.
    fn scrubbed(&mut self, text: &str) -> String {
        let mut new = String::new();
        let mut end = 0;
        for found in patterns::find(text) {
            let old = text.get(found.at.clone()).unwrap_or_default();
            new.push_str(text.get(end..found.at.start).unwrap_or_default());
            end = found.at.end;
            match found.kind {
                Kind::V4(address) => match self.addresses.v4(address) {
                    Some(other) => new.push_str(&other.to_string()),
                    None => new.push_str(old),
                },
                Kind::V6(address) => match self.addresses.v6(address) {
                    Some(other) => new.push_str(&other.to_string()),
                    None => new.push_str(old),
                },
                Kind::Mac => new.push_str(&self.addresses.mac(old)),
                Kind::Serial => new.push_str(&self.hide(Secret::Serial, old)),
                Kind::Mail => new.push_str(&self.hide(Secret::User, old)),
                Kind::Key => new.push_str(&self.hide(Secret::Key, old)),
            }
        }
        new.push_str(text.get(end..).unwrap_or_default());
        new
    }

    /// A name, a comment, a list of names.
    fn text(&mut self, key: &str, value: &str) -> String {
        let separator = [',', '/'].into_iter().find(|separator| value.contains(*separator));
        let whole =
            matches!(key, "name" | "comment") || self.names.iter().any(|name| name == value);
        match separator {
            Some(separator) if !whole => {
                let parts = value.split(separator).map(|part| self.part(part));
                parts.collect::<Vec<_>>().join(&separator.to_string())
            }
            _ => self.name(value),
        }
    }

    /// One of a list of names.
    fn part(&mut self, part: &str) -> String {
        if part.is_empty() || words::is_value(part) { part.to_owned() } else { self.name(part) }
    }

    fn name(&mut self, value: &str) -> String {
        let place = place_of(&mut self.names, &value.to_owned());
        format!("name{}", place.saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
