//! Why no connection or no TLS session came about.
//! Promises: nothing is sent but what opens a connection, neither login nor request; the kind
//! comes from types, and the texts of the TLS library choose words and nothing else.
//! Knows nothing of the operation that failed.
//!
//! isahc hands on curl's code of an error without its text, and curl has one code for all reasons
//! of each kind. So the attempt is made once more where the reason can be seen.

use std::{net::SocketAddr, time::Duration};

use curl::easy::{Easy, List, SslOpt};
use smol::net::TcpStream;

use super::tls::Anchors;
use crate::{
    control::failure::FailureKind,
    router::{error::Hint, resolve::kind_of},
};

/// A server as it was tried.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Scheme, host and port.
    pub(super) origin: String,
    pub(super) address: SocketAddr,
    /// None without TLS.
    pub(super) anchors: Option<Anchors>,
    /// How long a connection may take.
    pub(super) connect_timeout: Duration,
    /// How long all of it may take.
    pub(super) timeout: Duration,
}

/// Why there is no TCP connection, as a kind and in words.
pub(super) async fn connection(address: SocketAddr) -> (FailureKind, String) {
    match TcpStream::connect(address).await {
        Err(error) => (kind_of(&error), format!("{address}: {error}")),
        Ok(_) => (FailureKind::Refused, format!("{address}: no connection at first, then one")),
    }
}

/// Why there is no TLS session, in words, and the remedy.
pub(super) async fn tls(target: Target) -> (String, Option<Hint>) {
    // curl's simple interface blocks; it ends by its own time-out.
    let said = smol::unblock(move || handshake(&target)).await;
    match said {
        Some(said) => {
            let (meaning, hint) = meaning(&said);
            (format!("{meaning} ({said})"), hint)
        }
        None => ("the TLS handshake failed, for a reason that did not last".to_owned(), None),
    }
}

/// What the TLS library says about the handshake; nothing if it succeeds.
fn handshake(target: &Target) -> Option<String> {
    let attempt = || -> Result<(), curl::Error> {
        let mut easy = Easy::new();
        easy.url(&target.origin)?;
        let mut route = List::new();
        route.append(&format!("::{}", target.address))?;
        easy.connect_to(route)?;
        easy.connect_only(true)?;
        easy.proxy("")?;
        easy.signal(false)?;
        easy.timeout(target.connect_timeout)?;
        match &target.anchors {
            Some(Anchors::Pem(pem)) => easy.ssl_cainfo_blob(pem.as_bytes())?,
            Some(Anchors::System) => {
                easy.ssl_options(SslOpt::new().native_ca(true))?;
            }
            Some(Anchors::None) => easy.ssl_verify_peer(false)?,
            None => {}
        }
        easy.perform()
    };
    let error = attempt().err()?;
    let said = error.extra_description().unwrap_or(error.description());
    // The name of a C function says nothing to a user; the last part does.
    Some(said.rsplit(": ").next().unwrap_or(said).to_owned())
}

/// Words in the texts of the TLS library (rustls, by way of rustls-ffi and curl), what they mean
/// and the remedy. The first that occurs counts.
const MEANINGS: [(&str, &str, Option<Hint>); 13] = [
    (
        "UnknownIssuer",
        "nothing in tls_ca (without it, in the system's list) vouches for the certificate",
        Some(Hint::FixCaFile),
    ),
    (
        "NotValidForName",
        "the certificate has no subject-alt-name with the address or name in the url",
        Some(Hint::RenewCertificate),
    ),
    (
        "Expired",
        "the router's certificate has expired, by this board's clock",
        Some(Hint::RenewCertificate),
    ),
    (
        "NotValidYet",
        "the router's certificate is not valid yet, by this board's clock; check the clock",
        None,
    ),
    (
        "InvalidPurpose",
        "the router's certificate lacks the key usage tls-server",
        Some(Hint::RenewCertificate),
    ),
    (
        "BadSignature",
        "signed by another CA of the same name, or with a key under 2048 bits, or with SHA-1",
        Some(Hint::RenewCertificate),
    ),
    (
        "signature algorithm",
        "the certificate's signature is of an outdated kind, or its key too short",
        Some(Hint::RenewCertificate),
    ),
    (
        "unknown certificate error",
        "the router shows a CA certificate as its own, or a malformed one",
        Some(Hint::RenewCertificate),
    ),
    ("BadEncoding", "the router's certificate is malformed", Some(Hint::RenewCertificate)),
    (
        "error parsing certificate",
        "the certificates in tls_ca cannot be used",
        Some(Hint::FixCaFile),
    ),
    (
        "InvalidContentType",
        "the port does not speak TLS; is it the www-ssl service?",
        Some(Hint::CheckUrl),
    ),
    (
        "closed abruptly",
        "the router closed the TLS handshake: no certificate, or its address list",
        Some(Hint::AssignCertificate),
    ),
    (
        "peer is incompatible",
        "the router offers no TLS 1.2 with a cipher suite in common",
        Some(Hint::AssignCertificate),
    ),
];

/// What the refusal of a TLS session means, and the remedy.
fn meaning(said: &str) -> (&'static str, Option<Hint>) {
    let meaning = MEANINGS.into_iter().find(|(word, ..)| said.contains(word));
    match meaning {
        Some((_, meaning, hint)) => (meaning, hint),
        None => ("no TLS session", Some(Hint::AssignCertificate)),
    }
}
