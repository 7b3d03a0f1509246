//! The URL of a router.
//! Promises: scheme, host and port, or a finding that shows the right form; a URL with a user's
//! part is never shown.
//! Knows nothing of certificates.

use std::net::IpAddr;

use super::{
    finding::shown,
    kind::{Fault, Kind},
    what::ValueFault,
};
use crate::router::settings::Host;

/// Longest host name, as DNS has it.
const MAX_HOST: usize = 253;
/// Longest label of a host name, as DNS has it.
const MAX_LABEL: usize = 63;

/// How the URL begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// `http://`
    None,
    /// `https://`
    Tls,
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// From the scheme.
    pub(super) encryption: Encryption,
    /// Address or name.
    pub(super) host: Host,
    /// The given port, or that of the scheme.
    pub(super) port: u16,
}

/// `https://HOST[:PORT]` or `http://HOST[:PORT]`.
pub(super) struct Url;

impl Kind for Url {
    type Value = Parts;

    fn parse(&self, text: &str) -> Result<Parts, Fault> {
        let (encryption, rest, default) = if let Some(rest) = text.strip_prefix("https://") {
            (Encryption::Tls, rest, 443)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Encryption::None, rest, 80)
        } else {
            return Err(ValueFault::BadForm("a URL with https:// or http://").into());
        };
        if rest.contains('@') {
            return Err(ValueFault::BadForm("a URL without user and password").into());
        }
        if rest.contains(['/', '?', '#']) {
            return Err(ValueFault::BadForm("a URL that ends after host and port").into());
        }
        let (host, port) = split(rest)?;
        let port = port.map_or(Ok(default), read_port)?;
        Ok(Parts { encryption, host: read_host(host)?, port })
    }

    fn allowed(&self) -> String {
        "https://HOST, https://HOST:PORT, or the same with http://".into()
    }

    fn shown(&self, text: &str) -> Option<String> {
        (!text.contains('@')).then(|| shown(text))
    }
}

/// Host (an IPv6 address still in its brackets) and port.
fn split(rest: &str) -> Result<(&str, Option<&str>), Fault> {
    let end = rest.find(']').map_or(0, |bracket| bracket + 1);
    let (start, tail) = rest.split_at(end);
    match tail.split_once(':') {
        None => Ok((rest, None)),
        Some(("", port)) if end > 0 => Ok((start, Some(port))),
        Some((host, port)) if end == 0 && !port.contains(':') => Ok((host, Some(port))),
        Some(_) => Err(ValueFault::BadForm("HOST:PORT; an IPv6 address needs brackets").into()),
    }
}

/// A host by itself.
pub(super) struct UrlHost;

impl Kind for UrlHost {
    type Value = Host;

    fn parse(&self, text: &str) -> Result<Host, Fault> {
        let address = text.parse().ok().map(Host::Address);
        let host = address.or_else(|| is_name(text).then(|| Host::Name(text.into())));
        host.ok_or_else(|| ValueFault::BadForm("an address or a host name").into())
    }

    fn allowed(&self) -> String {
        "an IPv4 or IPv6 address, or a host name".into()
    }
}

fn read_port(text: &str) -> Result<u16, Fault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or_else(|| ValueFault::BadForm("a URL with a port from 1 to 65535").into())
}

fn read_host(text: &str) -> Result<Host, Fault> {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match inside {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().map(IpAddr::V4),
    };
    let host = address.map(Host::Address);
    let host = host.or_else(|| is_name(text).then(|| Host::Name(text.into())));
    host.ok_or_else(|| ValueFault::BadForm("a URL with an address or a host name").into())
}

/// Whether this is a host name. One that ends in a number is a mistyped address.
fn is_name(text: &str) -> bool {
    let good = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(good) && !label.starts_with('-')
    };
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= MAX_HOST
        && text.split('.').all(label)
        && text.rsplit('.').next().is_some_and(|last| !numeric(last))
}

#[cfg(test)]
mod tests {
    use super::{Encryption, Parts, Url};
    use crate::{
        config::{
            kind::Kind,
            what::{ValueFault, What},
        },
        router::settings::Host,
    };

    #[test]
    fn scheme_host_and_port_are_taken_apart() {
        let address = |text: &str| Host::Address(text.parse().unwrap());
        let name = |text: &str| Host::Name(text.into());
        let (tls, none) = (Encryption::Tls, Encryption::None);
        let cases = [
            ("https://192.168.88.1", tls, address("192.168.88.1"), 443),
            ("https://192.168.88.1:8443", tls, address("192.168.88.1"), 8443),
            ("http://192.168.88.1", none, address("192.168.88.1"), 80),
            ("http://router.lan:1", none, name("router.lan"), 1),
            ("https://[fd00::1]", tls, address("fd00::1"), 443),
            ("https://[fd00::1]:65535", tls, address("fd00::1"), 65_535),
            ("https://router", tls, name("router"), 443),
            ("https://4g-box.example", tls, name("4g-box.example"), 443),
        ];
        for (text, encryption, host, port) in cases {
            assert_eq!(Url.parse(text).unwrap(), Parts { encryption, host, port }, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let schemes = ["", "192.168.88.1", "ftp://a", "HTTPS://a", "https:/a", "router.lan:80"];
        let tails = ["https://a/", "https://a/rest", "https://a?b", "https://a:1#b"];
        let ports = ["https://a:", "https://a:0", "https://a:65536", "https://a:+1", "https://a:x"];
        let pairs = ["https://fd00::1", "https://[fd00::1]x:1", "https://a:1:2"];
        let hosts = [
            "https://",
            "https://[]",
            "https://[1.2.3.4]",
            "https://300.1.1.1",
            "https://1.2.3",
            "https://a..b",
            "https://-a",
            "https://a b",
            "https://ä.example",
            "https://[fd00::1",
            "https://[fd00::1%eth0]",
            "https://:443",
        ];
        let cases = [
            ("a URL with https:// or http://", &schemes[..]),
            ("a URL that ends after host and port", &tails),
            ("a URL with a port from 1 to 65535", &ports),
            ("HOST:PORT; an IPv6 address needs brackets", &pairs),
        ];
        for (form, texts) in cases {
            for text in texts {
                let what = Url.parse(text).unwrap_err().what;
                assert_eq!(what, What::Value(ValueFault::BadForm(form)), "{text}");
            }
        }
        for text in hosts {
            assert!(Url.parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_in_the_url_is_refused_and_not_shown() {
        let text = "https://admin:hunter2@192.168.88.1";
        assert!(Url.parse(text).unwrap_err().what.to_string().contains("without user"));
        assert_eq!(Url.shown(text), None);
        assert_eq!(Url.shown("admin:hunter2@192.168.88.1"), None);
    }
}
