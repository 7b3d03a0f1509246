//! A user's private key in the file format of OpenSSH.
//! Promises: any file gives a key or words for what is wrong with it; the words hold nothing of
//! the file's content.
//! Knows nothing of servers.
//!
//! Source: OpenSSH, `PROTOCOL.key`.

use std::{fs::File, io::Read as _, path::Path};

use sunset::SignKey;

use crate::router::base64::decoded;

/// Longest file that is read, in bytes. An RSA key of 8192 bits takes 6.5 kB.
const FILE_MAX: u64 = 16 * 1024;

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// How a file of another format, or with a passphrase, becomes one that can be used.
const CONVERT: &str = "ssh-keygen -p -N '' -f FILE converts it";

/// Reads the key in a file.
pub(super) fn load(path: &Path) -> Result<SignKey, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(FILE_MAX).read_to_string(&mut text));
    read.map_err(|error| error.to_string())?;
    parse(&text)
}

fn parse(text: &str) -> Result<SignKey, String> {
    let inside = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let Some(inside) = inside else {
        return Err(format!("not a private key in OpenSSH's format; {CONVERT}"));
    };
    let letters: String = inside.split_ascii_whitespace().collect();
    let bytes = decoded(&letters).ok_or_else(broken)?;
    let mut fields = Fields(bytes.strip_prefix(MAGIC).ok_or_else(broken)?);
    // The cipher of the private part comes first.
    if fields.string()? != b"none" {
        return Err(format!("the key has a passphrase; {CONVERT}"));
    }
    let readable = SignKey::from_openssh(text).map_err(|_| unusable());
    // The library would ask an agent for other kinds, which there is none of.
    readable.and_then(|key| match key {
        SignKey::Ed25519(_) | SignKey::RSA(_) => Ok(key),
        SignKey::AgentEd25519(_) | SignKey::AgentRSA(_) => Err(unusable()),
    })
}

fn broken() -> String {
    "the private key in it is damaged".to_owned()
}

fn unusable() -> String {
    "only a whole ed25519 or RSA key can be used".to_owned()
}

/// What is left of a row of fields (RFC 4251, section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Result<u32, String> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    fn string(&mut self) -> Result<&'a [u8], String> {
        let length = usize::try_from(self.number()?).map_err(|_| broken())?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, parse};
    use crate::router::base64::encoded;

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        let file = |bytes: &[u8]| format!("{BEGIN}\n{}\n{END}\n", encoded(bytes));
        let fields = |fields: &[&[u8]]| {
            let mut bytes = b"openssh-key-v1\0".to_vec();
            for field in fields {
                bytes.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
                bytes.extend_from_slice(field);
            }
            file(&bytes)
        };
        for (text, words) in [
            (String::new(), "OpenSSH's format"),
            ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), "ssh-keygen -p"),
            (format!("{BEGIN}\n!\n{END}"), "damaged"),
            (file(b""), "damaged"),
            (file(b"openssh-key-v1\0"), "damaged"),
            (file(b"openssh-key-v1\0\xff\xff\xff\xff"), "damaged"),
            (fields(&[b"aes256-ctr", b"bcrypt", b""]), "passphrase"),
            (fields(&[b"none", b"none", b""]), "whole ed25519 or RSA"),
        ] {
            let error = parse(&text).err().unwrap();
            assert!(error.contains(words), "{error}");
        }
    }
}
