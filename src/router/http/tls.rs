//! Whom to trust.
//! Promises: with a file, its certificates alone are trusted; anyone is trusted only where the
//! settings say so.
//! Knows nothing of requests, and of why a server was not trusted.

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

/// What certificates are checked against.
#[derive(Clone, Debug)]
pub(super) enum Anchors {
    /// These, in PEM, and nothing else.
    Pem(String),
    /// The system's list.
    System,
    /// Nothing; any certificate will do.
    None,
}

impl Anchors {
    /// Reads them; `None` for plain HTTP.
    pub(super) fn load(scheme: &Scheme) -> Result<Option<Self>, RouterError> {
        match scheme {
            Scheme::Http => Ok(None),
            Scheme::Https(Trust::CaFile(path)) => certificates(path).map(Self::Pem).map(Some),
            Scheme::Https(Trust::System) => Ok(Some(Self::System)),
            Scheme::Https(Trust::Anyone) => Ok(Some(Self::None)),
        }
    }

    /// As settings of the HTTP library.
    pub(super) fn config(&self) -> TlsConfig {
        let builder = TlsConfig::builder();
        match self {
            Self::Pem(pem) => {
                builder.trust_store(TrustStore::builder().certificate_from_pem(pem).build())
            }
            Self::System => builder.trust_store(TrustStore::native()),
            // Turns the check of the name off too: curl's rustls backend then takes any
            // certificate, and has no separate switch for names.
            Self::None => builder.danger_accept_invalid_certs(true),
        }
        .build()
    }
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
