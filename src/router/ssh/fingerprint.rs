//! Fingerprints of host keys, in the form that OpenSSH shows.
//! Promises: two are equal only if the keys are, as far as SHA-256 can tell.
//! Knows nothing of connections.

use std::fmt;

use sha2::{Digest as _, Sha256};
use sunset::{PubKey, sshwire};

use crate::router::base64::{decoded, encoded};

/// What the text of a fingerprint begins with.
const PREFIX: &str = "SHA256:";

/// The SHA-256 of a host key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads the form that `ssh-keygen -l` shows: `SHA256:` and 43 letters of Base64.
    pub fn parse(text: &str) -> Option<Self> {
        decoded(text.strip_prefix(PREFIX)?)?.try_into().ok().map(Self)
    }

    /// Of a key that a server shows; `None` if it is of an unknown kind.
    pub(super) fn of(key: &PubKey<'_>) -> Option<Self> {
        // The library takes it for a mistake of ours to write such a key.
        if matches!(key, PubKey::Unknown(_)) {
            return None;
        }
        let mut hash = Sha256::new();
        sshwire::hash_ser(&mut hash, key).ok()?;
        Some(Self(hash.finalize().into()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", encoded(&self.0).trim_end_matches('='))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, PubKey, sshwire};

    #[test]
    fn a_fingerprint_reads_back_as_it_was_written() {
        let text = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
        assert_eq!(Fingerprint::parse(text).unwrap().to_string(), text);
        assert_eq!(format!("{:?}", Fingerprint::parse(text).unwrap()), text);
    }

    #[test]
    fn a_key_of_an_unknown_kind_has_none_and_breaks_nothing() {
        let blob = [&[0, 0, 0, 7][..], b"ssh-xyz", &[0, 0, 0, 1, 9]].concat();
        let key: PubKey<'_> = sshwire::read_ssh(&blob, None).unwrap();
        assert_eq!(Fingerprint::of(&key), None);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "SHA256:",
            "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            "sha256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOq",
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqUAA",
        ] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
    }
}
