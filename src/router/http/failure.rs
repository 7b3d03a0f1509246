//! Failures of the HTTP library as errors of ours.
//! Promises: decided by kinds, codes and types; texts are only shown.
//! Knows nothing of the operation that failed.

use std::{error::Error as _, time::Duration};

use isahc::error::ErrorKind;

use super::diagnose::{self, Target};
use crate::{
    control::failure::FailureKind,
    router::error::{Doing, Hint, RouterError},
};

/// `CURLE_TOO_LARGE` (curl, `include/curl/curl.h`): the headers have no end.
const TOO_LARGE: u32 = 100;

/// What a failure of the library comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// No TCP connection; the library does not say why.
    Connect,
    Tls,
    Timeout,
    Dns,
    /// The connection ended early.
    Reset,
    /// Not HTTP.
    Protocol,
    /// Something on this side.
    Local,
}

/// Turns a failure of the library into an error.
pub(super) async fn explain(error: &isahc::Error, target: &Target, doing: Doing) -> RouterError {
    let said = words(error);
    let failed = |kind, said: &str| RouterError::rest(kind, doing, format_args!("{said}"));
    match cause(error) {
        Cause::Connect => {
            let (kind, said) = diagnose::connection(target.address).await;
            failed(kind, &said)
        }
        Cause::Tls => {
            let (said, hint) = diagnose::tls(target.clone()).await;
            RouterError { hint, ..failed(FailureKind::Tls, &said) }
        }
        Cause::Timeout => late(target.timeout, doing),
        Cause::Dns => failed(FailureKind::Dns, &said),
        Cause::Reset => failed(FailureKind::Reset, &said),
        Cause::Protocol => failed(FailureKind::Garbage, &said).hinting(Hint::CheckUrl),
        Cause::Local => failed(FailureKind::Unreachable, &said),
    }
}

/// No answer within the deadline.
pub(super) fn late(timeout: Duration, doing: Doing) -> RouterError {
    let detail = format_args!("no complete answer within {} ms", timeout.as_millis());
    RouterError::rest(FailureKind::Timeout, doing, detail)
}

/// The innermost words of an error: isahc's own add nothing to curl's.
pub(super) fn words(error: &isahc::Error) -> String {
    let source = error.source();
    match source.and_then(|source| source.downcast_ref::<curl::Error>()) {
        Some(curl) => curl.description().to_owned(),
        None => source.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

fn cause(error: &isahc::Error) -> Cause {
    let source = error.source();
    if let Some(curl) = source.and_then(|source| source.downcast_ref()) {
        return cause_by_code(curl);
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open")]
    match error.kind() {
        ErrorKind::Timeout => Cause::Timeout,
        ErrorKind::NameResolution => Cause::Dns,
        ErrorKind::ConnectionFailed => Cause::Connect,
        ErrorKind::BadServerCertificate
        | ErrorKind::BadClientCertificate
        | ErrorKind::TlsEngine
        | ErrorKind::InvalidTlsConfiguration => Cause::Tls,
        ErrorKind::ProtocolViolation
        | ErrorKind::InvalidContentEncoding
        | ErrorKind::TooManyRedirects => Cause::Protocol,
        ErrorKind::ClientInitialization
        | ErrorKind::InvalidRequest
        | ErrorKind::RequestBodyNotRewindable
        | ErrorKind::InvalidCredentials => Cause::Local,
        // The library's thread went away, or an I/O error without a code.
        _ => Cause::Reset,
    }
}

fn cause_by_code(error: &curl::Error) -> Cause {
    if error.is_couldnt_connect() {
        Cause::Connect
    } else if error.is_operation_timedout() {
        Cause::Timeout
    } else if error.is_couldnt_resolve_host() {
        Cause::Dns
    } else if error.is_ssl_connect_error()
        || error.is_peer_failed_verification()
        || error.is_ssl_cacert()
        || error.is_ssl_cacert_badfile()
        || error.is_ssl_certproblem()
        || error.is_ssl_cipher()
        || error.is_ssl_issuer_error()
        || error.is_use_ssl_failed()
        || error.is_ssl_engine_initfailed()
    {
        Cause::Tls
    } else if error.is_unsupported_protocol()
        || error.is_bad_content_encoding()
        || error.code() == TOO_LARGE
    {
        Cause::Protocol
    } else if error.is_out_of_memory() || error.is_failed_init() || error.is_url_malformed() {
        Cause::Local
    } else {
        // Nothing came, sending or receiving failed, or the body ended early.
        Cause::Reset
    }
}
