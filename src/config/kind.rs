//! What kinds of values options have.
//! Promises: one parser per kind, which also says what it allows; a kind decides whether its text
//! may be shown.
//! Knows nothing of which option has which kind.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use super::{
    finding::shown,
    nearest::nearest,
    number::{Limits, Unit},
    what::{ValueFault, What},
};
use crate::{
    control::{applier::OnExit, units::Rate},
    router::settings::{Fingerprint, Secret},
};

/// Longest path, in bytes; POSIX systems take 4095, nobody's configuration needs more than this.
const MAX_PATH: usize = 255;
/// Longest device name in bytes: `IFNAMSIZ` of Linux less the closing NUL.
const MAX_DEVICE: usize = 15;
/// Longest password in characters.
pub(super) const MAX_PASSWORD: usize = 128;

/// Why a value is refused.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: What,
    /// Better advice than the range of the option.
    pub(super) advice: Option<String>,
    pub(super) nearest: Option<&'static str>,
}

impl Fault {
    pub(super) fn advice(self, advice: Option<String>) -> Self {
        Self { advice, ..self }
    }
}

impl<W: Into<What>> From<W> for Fault {
    fn from(what: W) -> Self {
        Self { what: what.into(), advice: None, nearest: None }
    }
}

/// A kind of value.
pub(super) trait Kind {
    /// What the text becomes.
    type Value;

    /// Reads the text.
    fn parse(&self, text: &str) -> Result<Self::Value, Fault>;

    /// What is allowed, in a few words.
    fn allowed(&self) -> String;

    /// What is allowed, and a typical value beside it.
    fn allowed_with(&self, example: &str) -> String {
        format!("{}, e.g. {example}", self.allowed())
    }

    /// The range, if it is a number.
    fn limits(&self) -> Option<Limits> {
        None
    }

    /// The text as it may be shown; `None`: it may be a secret.
    fn shown(&self, text: &str) -> Option<String> {
        Some(shown(text))
    }
}

fn bad_form(form: &'static str) -> Fault {
    ValueFault::BadForm(form).into()
}

/// On or off, in the words that OpenWrt takes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// `1`.
    On,
    /// `0`.
    Off,
}

/// `0` or `1`.
pub(super) struct Flag;

impl Kind for Flag {
    type Value = Switch;

    fn parse(&self, text: &str) -> Result<Switch, Fault> {
        match text {
            "1" | "on" | "true" | "yes" | "enabled" => Ok(Switch::On),
            "0" | "off" | "false" | "no" | "disabled" => Ok(Switch::Off),
            _ => Err(ValueFault::NotAChoice.into()),
        }
    }

    fn allowed(&self) -> String {
        "0 or 1".into()
    }

    /// All values are there already.
    fn allowed_with(&self, _: &str) -> String {
        self.allowed()
    }
}

/// One of some words.
pub(super) struct Choice<T: 'static> {
    /// The words and what they stand for.
    pub(super) words: &'static [(&'static str, T)],
    /// Words of other versions.
    pub(super) later: &'static [&'static str],
}

impl<T: Copy> Kind for Choice<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Result<T, Fault> {
        if let Some((_, value)) = self.words.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        if self.later.contains(&text) {
            return Err(ValueFault::NotInThisVersion.into());
        }
        let nearest = nearest(text, self.words.iter().map(|(word, _)| *word));
        Err(Fault { nearest, ..ValueFault::NotAChoice.into() })
    }

    fn allowed(&self) -> String {
        self.words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }

    /// All values are there already.
    fn allowed_with(&self, _: &str) -> String {
        self.allowed()
    }
}

/// Some text without control characters.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// Most characters; the least is one.
    pub(super) max: usize,
    /// Characters that must not be in it, and their names.
    pub(super) refused: (&'static [char], &'static str),
}

impl Kind for Text {
    type Value = String;

    fn parse(&self, text: &str) -> Result<String, Fault> {
        let (refused, _) = self.refused;
        if text.contains(|c: char| c.is_control() || refused.contains(&c)) {
            return Err(bad_form("text without such characters"));
        }
        if text.is_empty() || text.chars().count() > self.max {
            return Err(ValueFault::OutOfRange.into());
        }
        Ok(text.into())
    }

    fn allowed(&self) -> String {
        let (_, names) = self.refused;
        format!("1 to {} characters, none of them {names}", self.max)
    }
}

/// A password.
pub(super) struct Password;

impl Kind for Password {
    type Value = Secret;

    fn parse(&self, text: &str) -> Result<Secret, Fault> {
        let text = Text { max: MAX_PASSWORD, refused: (&[], "") }.parse(text)?;
        Ok(Secret::new(text))
    }

    fn allowed(&self) -> String {
        format!("1 to {MAX_PASSWORD} characters, none of them a control character")
    }

    fn shown(&self, _: &str) -> Option<String> {
        None
    }
}

/// The fingerprint of a host key.
pub(super) struct HostKey;

impl Kind for HostKey {
    type Value = Fingerprint;

    fn parse(&self, text: &str) -> Result<Fingerprint, Fault> {
        Fingerprint::parse(text).ok_or_else(|| bad_form("the SHA256 fingerprint of a key"))
    }

    fn allowed(&self) -> String {
        "SHA256: and 43 letters, as ssh-keygen -l shows it".into()
    }
}

/// A path from the root.
pub(super) struct AbsolutePath;

impl Kind for AbsolutePath {
    type Value = PathBuf;

    fn parse(&self, text: &str) -> Result<PathBuf, Fault> {
        if !text.starts_with('/') || text.contains(char::is_control) {
            return Err(bad_form("a path from the root"));
        }
        if text.len() > MAX_PATH {
            return Err(ValueFault::OutOfRange.into());
        }
        Ok(text.into())
    }

    fn allowed(&self) -> String {
        format!("a path that begins with /, at most {MAX_PATH} bytes")
    }

    /// What does not even begin as a path may be the password itself, in the wrong option.
    fn shown(&self, text: &str) -> Option<String> {
        text.starts_with('/').then(|| shown(text))
    }
}

/// The address of one host, no name.
#[derive(Clone, Copy)]
pub(super) struct Address;

impl Kind for Address {
    type Value = IpAddr;

    fn parse(&self, text: &str) -> Result<IpAddr, Fault> {
        let address: IpAddr = text.parse().map_err(|_| bad_form("an IP address"))?;
        let address = address.to_canonical();
        let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        if address.is_unspecified() || address.is_multicast() || broadcast {
            return Err(bad_form("the address of one host"));
        }
        Ok(address)
    }

    fn allowed(&self) -> String {
        "an IPv4 or IPv6 address, no name".into()
    }
}

/// Where TCP handshakes are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// With this host and port.
    With(SocketAddr),
    /// With nobody.
    None,
}

/// The address of one host with a TCP port, or `none`.
pub(super) struct Target;

impl Kind for Target {
    type Value = Handshake;

    fn parse(&self, text: &str) -> Result<Handshake, Fault> {
        if text == "none" {
            return Ok(Handshake::None);
        }
        let target: SocketAddr = text.parse().map_err(|_| bad_form("an address with a port"))?;
        let host = Address.parse(&target.ip().to_string())?;
        if target.port() == 0 {
            return Err(ValueFault::OutOfRange.into());
        }
        Ok(Handshake::With(SocketAddr::new(host, target.port())))
    }

    fn allowed(&self) -> String {
        "ADDRESS:PORT or [ADDRESS]:PORT, no name; or none".into()
    }
}

/// An address and a TCP port to listen on.
pub(super) struct Listen;

impl Kind for Listen {
    type Value = SocketAddr;

    fn parse(&self, text: &str) -> Result<SocketAddr, Fault> {
        text.parse().map_err(|_| bad_form("an address with a port"))
    }

    fn allowed(&self) -> String {
        "ADDRESS:PORT or [ADDRESS]:PORT (port 0: any free one)".into()
    }
}

/// The name of a network device.
pub(super) struct Device;

impl Kind for Device {
    type Value = String;

    fn parse(&self, text: &str) -> Result<String, Fault> {
        let good = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ':');
        if text.is_empty() || !text.chars().all(good) || matches!(text, "." | "..") {
            return Err(bad_form("the name of a network device"));
        }
        if text.len() > MAX_DEVICE {
            return Err(ValueFault::OutOfRange.into());
        }
        Ok(text.into())
    }

    fn allowed(&self) -> String {
        format!("1 to {MAX_DEVICE} printable characters, none of them / or :")
    }
}

/// `keep` or a rate. Its range depends on the WAN.
#[derive(Clone, Copy)]
pub(super) struct AtExit;

impl Kind for AtExit {
    type Value = OnExit;

    fn parse(&self, text: &str) -> Result<OnExit, Fault> {
        match text {
            "keep" => Ok(OnExit::Keep),
            rate => {
                let rate = Unit::Rate.read(rate)?;
                Rate::from_bps(rate).map(OnExit::Set).ok_or_else(|| ValueFault::OutOfRange.into())
            }
        }
    }

    fn allowed(&self) -> String {
        "keep, or a rate between the red floor and the ceiling".into()
    }
}
