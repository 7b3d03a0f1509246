//! Failures of the HTTP library as errors of ours.
//! Promises: decided by kinds, codes and types; texts are only shown.
//! Knows nothing of the operation that failed.

use std::{error::Error as _, fmt, io, net::SocketAddr, time::Duration};

use isahc::error::ErrorKind;
use smol::net::TcpStream;

use super::tls;
use crate::{
    control::failure::FailureKind,
    router::error::{Doing, Hint, RouterError},
};

/// `CURLE_TOO_LARGE` (curl, `include/curl/curl.h`): the headers have no end.
const TOO_LARGE: u32 = 100;

/// Who was spoken to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: Option<SocketAddr>,
    /// How long an operation may take.
    pub(super) timeout: Duration,
}

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
pub(super) async fn explain(error: &isahc::Error, peer: Peer, doing: Doing) -> RouterError {
    let said = chain(error);
    let failed = |kind, detail: fmt::Arguments<'_>| RouterError::rest(kind, doing, detail);
    match cause(error) {
        Cause::Connect => unconnected(peer.address, &said, doing).await,
        Cause::Tls => untrusted(&said, doing),
        Cause::Timeout => late(peer.timeout, doing),
        Cause::Dns => failed(FailureKind::Dns, format_args!("{said}")),
        Cause::Reset => failed(FailureKind::Reset, format_args!("{said}")),
        Cause::Protocol => {
            failed(FailureKind::Garbage, format_args!("not HTTP: {said}")).hinting(Hint::CheckUrl)
        }
        Cause::Local => failed(FailureKind::Unreachable, format_args!("{said}")),
    }
}

/// No answer within the deadline.
pub(super) fn late(timeout: Duration, doing: Doing) -> RouterError {
    let detail = format_args!("no complete answer within {} ms", timeout.as_millis());
    RouterError::rest(FailureKind::Timeout, doing, detail)
}

/// The innermost text of an error: isahc's own words add nothing to curl's.
pub(super) fn chain(error: &isahc::Error) -> String {
    let source = error.source();
    match source.and_then(|source| source.downcast_ref::<curl::Error>()) {
        Some(curl) => curl.extra_description().unwrap_or(curl.description()).to_owned(),
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

/// Why there is no connection. curl has one code for all reasons, so one more attempt is made,
/// whose error has a type; it sends nothing.
async fn unconnected(address: Option<SocketAddr>, said: &str, doing: Doing) -> RouterError {
    let Some(address) = address else {
        return RouterError::rest(FailureKind::Unreachable, doing, format_args!("{said}"));
    };
    if let Err(error) = TcpStream::connect(address).await {
        return RouterError::rest(kind_of(&error), doing, format_args!("{address}: {error}"));
    }
    let detail = format_args!("{address}: no connection at first, then one: {said}");
    RouterError::rest(FailureKind::Refused, doing, detail)
}

fn kind_of(error: &io::Error) -> FailureKind {
    use io::ErrorKind as Kind;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open")]
    match error.kind() {
        Kind::ConnectionRefused => FailureKind::Refused,
        Kind::TimedOut => FailureKind::Timeout,
        Kind::ConnectionReset | Kind::ConnectionAborted => FailureKind::Reset,
        // No route, no network, no address, no permission, no file descriptor.
        _ => FailureKind::Unreachable,
    }
}

fn untrusted(said: &str, doing: Doing) -> RouterError {
    let (meaning, hint) = tls::advice(said);
    let error = RouterError::rest(FailureKind::Tls, doing, format_args!("{meaning} ({said})"));
    match hint {
        Some(hint) => error.hinting(hint),
        None => error,
    }
}
