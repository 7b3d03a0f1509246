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
        Cause::Timeout if target.connect_timeout < target.timeout => {
            let [connect, whole] =
                [target.connect_timeout, target.timeout].map(|time| time.as_millis());
            let said = format!("no connection within {connect} ms, or no answer within {whole} ms");
            failed(FailureKind::Timeout, &said)
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

/// What a failure of the library means, in words. curl's own are compiled out.
pub(super) fn words(error: &isahc::Error) -> String {
    let source = error.source();
    match source.and_then(|source| source.downcast_ref::<curl::Error>()) {
        Some(curl) => words_of_code(curl.code()),
        None => source.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// The words for a code of curl's (`include/curl/curl.h`).
fn words_of_code(code: u32) -> String {
    let words = match code {
        1 => "what answers does not speak HTTP/1.1",
        6 => "the router's name has no address",
        8 => "what answers is not HTTP",
        18 => "the connection ended in the middle of the answer",
        23 => "the answer could not be taken in",
        27 => "out of memory",
        52 => "the connection was closed without an answer",
        55 => "the connection broke while the request was sent",
        56 => "the connection broke while the answer was read",
        61 => "the answer is malformed",
        TOO_LARGE => "the headers of the answer have no end",
        other => return format!("the HTTP library gave up with its code {other}"),
    };
    words.to_owned()
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
