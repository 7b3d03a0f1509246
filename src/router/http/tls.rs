//! Whom to trust, and why trust failed in words that help.
//! Promises: with a file, its certificates alone are trusted; anyone is trusted only where the
//! settings say so.
//! Knows nothing of requests; the texts of the TLS library choose words here and nothing else.

use std::{fmt, fs::File, io::Read as _, path::Path};

use isahc::tls::{TlsConfig, TrustStore};

use crate::{
    control::failure::FailureKind,
    router::{
        error::{Doing, Hint, RouterError},
        settings::{Scheme, Trust},
    },
};

/// Largest file of certificates read, in bytes: a hundred of them.
const CA_FILE_MAX: u64 = 256 * 1024;

/// How each certificate in a PEM file begins (RFC 7468).
const PEM_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// The TLS settings; none for plain HTTP. Reads the file with the certificates.
pub(super) fn config(scheme: &Scheme) -> Result<Option<TlsConfig>, RouterError> {
    let trust = match scheme {
        Scheme::Http => return Ok(None),
        Scheme::Https(trust) => trust,
    };
    let builder = TlsConfig::builder();
    let builder = match trust {
        Trust::CaFile(path) => {
            let pem = certificates(path)?;
            builder.trust_store(TrustStore::builder().certificate_from_pem(pem).build())
        }
        Trust::System => builder.trust_store(TrustStore::native()),
        // Turns the check of the name off too: curl's rustls backend then accepts whatever
        // certificate comes (`cr_verify_none`), and ignores the option for names alone.
        Trust::Anyone => builder.danger_accept_invalid_certs(true),
    };
    Ok(Some(builder.build()))
}

/// The PEM text of a file that holds at least one certificate.
fn certificates(path: &Path) -> Result<String, RouterError> {
    let unusable = |why: fmt::Arguments<'_>| {
        let detail = format_args!("tls_ca {}: {why}", path.display());
        RouterError::rest(FailureKind::Tls, Doing::Preparing, detail).hinting(Hint::FixCaFile)
    };
    let mut pem = String::new();
    File::open(path)
        .and_then(|file| file.take(CA_FILE_MAX).read_to_string(&mut pem))
        .map_err(|error| unusable(format_args!("{error}")))?;
    if pem.contains(PEM_CERTIFICATE) {
        Ok(pem)
    } else {
        Err(unusable(format_args!("no certificate in PEM format in it")))
    }
}

/// Words in the texts of the TLS library (rustls, by way of rustls-ffi and curl), what they mean
/// and the remedy. The first that occurs counts.
const MEANINGS: [(&str, &str, Option<Hint>); 13] = [
    (
        "UnknownIssuer",
        "the router's certificate is not in tls_ca and not signed by one in it",
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
        "bad signature on the certificate: perhaps a key of fewer than 2048 bits, or SHA-1",
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
    ("trusted certificates", "the certificates in tls_ca cannot be used", Some(Hint::FixCaFile)),
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
pub(super) fn advice(said: &str) -> (&'static str, Option<Hint>) {
    let meaning = MEANINGS.into_iter().find(|(word, ..)| said.contains(word));
    match meaning {
        Some((_, meaning, hint)) => (meaning, hint),
        None => ("no TLS session", Some(Hint::AssignCertificate)),
    }
}
