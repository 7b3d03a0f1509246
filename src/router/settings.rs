//! What is needed to reach one router.
//! Promises: a password never shows in `Debug`.
//! Knows nothing of configuration files.

use std::{fmt, net::IpAddr, path::PathBuf};

pub use super::{op::QueueKind, ssh::Fingerprint};
use crate::control::{time::Span, units::PerDirection};

/// A password. It has no `Display`, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    /// The password itself, for the one place that logs in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which servers a TLS session is accepted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only one whose certificate is in this PEM file, or signed by one in it.
    CaFile(PathBuf),
    /// Only one that the system's own list of authorities vouches for.
    System,
    /// Anyone. The user asked for it; said at every start.
    Anyone,
}

/// How REST is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http://`, written out by the user.
    Http,
    /// `https://`.
    Https(Trust),
}

/// The host part of the router's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name to resolve.
    Name(String),
}

/// One router, its login and its deadlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// HTTP or HTTPS, and whom to trust.
    pub scheme: Scheme,
    /// Where the router is.
    pub host: Host,
    /// TCP port of the REST service.
    pub port: u16,
    /// RouterOS user.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// Deadline of one REST operation.
    pub rest_timeout: Span,
}

/// What a user proves himself with over SSH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshLogin {
    /// The password.
    Password(Secret),
    /// A private key (ed25519 or RSA) in a file of OpenSSH's format, without a passphrase.
    KeyFile(PathBuf),
}

/// One router over SSH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSettings {
    /// Where the router is.
    pub host: Host,
    /// TCP port of the SSH service.
    pub port: u16,
    /// RouterOS user.
    pub username: String,
    /// Key or password.
    pub login: SshLogin,
    /// The only host key that is accepted.
    pub host_key: Fingerprint,
    /// Deadline of one operation.
    pub timeout: Span,
}

/// The queues on the router that carry the limits of one WAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queues {
    /// Queue tree entries, by name; each has its own `max-limit`.
    Tree(PerDirection<String>),
    /// One simple queue, by name, with `max-limit=upload/download`.
    Simple(String),
    /// Queue types of the kind `cake`, by name; each has its own `cake-bandwidth`.
    Type(PerDirection<String>),
}
