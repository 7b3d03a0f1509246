//! What is known to be secret: the login, and what the router itself calls secret.
//! Promises: bounded; found in a text however it is embedded there.
//! Knows nothing of what stands for it.

use super::words;
use crate::router::base64;

/// The most secrets learnt from answers; a router has one serial number and a few users.
const LEARNT_MAX: usize = 256;

/// A shorter text is too short to be told from a part of another word.
const PART_MIN: usize = 6;

/// What the program logs in with.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The user.
    pub username: &'a str,
    /// The password; empty with a key.
    pub password: &'a str,
}

/// A shorter number is no serial number, and may be the value of anything.
const NUMBER_MIN: usize = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Secrets {
    /// Found as part of any text.
    parts: Vec<String>,
    /// Found as whole words.
    words: Vec<String>,
}

impl Secrets {
    /// Those of these logins.
    pub(super) fn new(logins: &[Login<'_>]) -> Self {
        let mut secrets = Self { parts: Vec::new(), words: Vec::new() };
        for Login { username, password } in logins {
            secrets.learn(username);
            let login = base64::encoded(format!("{username}:{password}").as_bytes());
            match password.len() {
                0 => continue,
                PART_MIN.. => secrets.parts.push((*password).to_owned()),
                _ => secrets.words.push((*password).to_owned()),
            }
            secrets.parts.push(login.trim_end_matches('=').to_owned());
        }
        secrets
    }

    /// Adds one. A word that every router has, or a short number, gives nothing away, and would be
    /// found all over the answers.
    pub(super) fn learn(&mut self, secret: &str) {
        let new = !self.words.iter().any(|word| word == secret);
        let letter = secret.chars().any(char::is_alphabetic);
        let telling = letter || secret.len() >= NUMBER_MIN;
        if new && telling && !words::is_value(secret) && self.words.len() < LEARNT_MAX {
            self.words.push(secret.to_owned());
        }
    }

    /// Whether one of them is in the text.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.parts.iter().any(|part| text.contains(part.as_str()))
            || self.words.iter().any(|word| has_word(text, word))
    }
}

/// Whether the text has `word` in it with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..).and_then(|rest| rest.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::{Login, Secrets};

    #[test]
    fn a_login_is_found_in_every_form() {
        let secrets = Secrets::new(&[Login { username: "bob", password: "open sesame" }]);
        for text in ["open sesame", "xopen sesamey", "Basic Ym9iOm9wZW4gc2VzYW1l", "by bob", "bob"]
        {
            assert!(secrets.are_in(text), "{text}");
        }
        for text in ["bobby", "open", "sesame", ""] {
            assert!(!secrets.are_in(text), "{text}");
        }
    }

    #[test]
    fn a_short_password_is_found_as_a_word_and_a_word_of_every_router_is_no_secret() {
        let secrets = Secrets::new(&[Login { username: "api", password: "123" }]);
        assert!(
            secrets.are_in("pin 123") && !secrets.are_in("51230") && !secrets.are_in("api-ssl")
        );
    }

    #[test]
    fn what_was_learnt_is_found_and_bounded() {
        let mut secrets = Secrets::new(&[]);
        for number in 0..10_000 {
            secrets.learn(&format!("serial{number}"));
        }
        assert!(secrets.are_in("a serial7.") && !secrets.are_in("serial9999"));
        let mut secrets = Secrets::new(&[]);
        for word in ["1", "42", "disabled", "", "491701234567"] {
            secrets.learn(word);
        }
        assert!(!secrets.are_in("1 42 disabled 0.1") && secrets.are_in("491701234567"));
    }
}
