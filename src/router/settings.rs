//! What is needed to reach one router.
//! Promises: a password never shows in `Debug`.
//! Knows nothing of configuration files.

use std::{fmt, net::IpAddr, path::PathBuf};

use sha2::{Digest as _, Sha256};

pub use super::{
    error::Transport,
    op::QueueKind,
    ssh::{Fingerprint, USERNAME_MAX},
};
use crate::control::{failover::Route, time::Span, units::PerDirection};

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

/// One router over REST: its login and its deadlines.
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
    KeyFile(KeyFile),
}

/// A file with a private key. Two are equal if they are at the same place and had the same content:
/// another key is another login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// Where it is.
    pub path: PathBuf,
    /// What was in it when the configuration was read.
    pub content: Imprint,
}

impl KeyFile {
    /// The path, for people.
    pub fn display(&self) -> std::path::Display<'_> {
        self.path.display()
    }
}

/// Of a file that nobody has read yet.
impl From<PathBuf> for KeyFile {
    fn from(path: PathBuf) -> Self {
        Self { path, content: Imprint::default() }
    }
}

/// What tells one content of a file from another, and gives nothing of it away.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Imprint([u8; 32]);

impl Imprint {
    /// Of this content.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }
}

impl fmt::Debug for Imprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Imprint(…)")
    }
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

/// One way to a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over REST.
    Rest(Settings),
    /// Over SSH.
    Ssh(SshSettings),
}

impl Way {
    /// What is spoken.
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Rest(_) => Transport::Rest,
            Self::Ssh(_) => Transport::Ssh,
        }
    }

    /// Where it leads.
    pub const fn place(&self) -> (&Host, u16) {
        match self {
            Self::Rest(Settings { host, port, .. }) | Self::Ssh(SshSettings { host, port, .. }) => {
                (host, *port)
            }
        }
    }
}

/// The ways to one router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// The one that is used while it works.
    pub preferred: Way,
    /// The one that is used while that does not.
    pub fallback: Option<Way>,
}

impl Ways {
    /// The way that is taken by this route.
    pub const fn by(&self, route: Route) -> Option<&Way> {
        match route {
            Route::Preferred => Some(&self.preferred),
            Route::Fallback => self.fallback.as_ref(),
        }
    }

    /// All of them, the preferred one first.
    pub fn all(&self) -> impl Iterator<Item = &Way> {
        [Route::Preferred, Route::Fallback].into_iter().filter_map(|route| self.by(route))
    }

    /// What is needed to speak REST.
    pub fn rest(&self) -> Option<&Settings> {
        self.all().find_map(|way| match way {
            Way::Rest(settings) => Some(settings),
            Way::Ssh(_) => None,
        })
    }

    /// What is needed to speak SSH.
    pub fn ssh(&self) -> Option<&SshSettings> {
        self.all().find_map(|way| match way {
            Way::Ssh(settings) => Some(settings),
            Way::Rest(_) => None,
        })
    }
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
