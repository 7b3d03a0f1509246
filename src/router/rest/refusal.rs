//! Statuses of RouterOS REST that are no success, as typed errors.
//! Promises: decided by the status and by RouterOS's documented `detail` values alone; other
//! texts are only shown.
//! Knows nothing of what is done about a refusal.

use serde::Deserialize;
use serde_json_core::str::EscapedStr;

use super::{
    answer::{garbage, parse, text_of},
    wire::unescaped,
};
use crate::{
    control::failure::FailureKind,
    router::error::{Doing, Hint, RouterError},
};

/// `detail` of a 400 after the 60 s that a request may take, or behind a request that took them
/// (RouterOS manual, REST API).
const SESSION_CLOSED: &str = "Session closed";

/// `detail` of a 400 for an id that RouterOS does not take. Also seen on 7.21 for every `PATCH`,
/// and for a user without the policy `write`.
const BAD_IDENTIFIER: &str = "missing or invalid resource identifier";

/// End of the `detail` of a 500 for a policy that the user's group lacks: error number 9, as in
/// `not enough permissions (9)` and `std failure: not allowed (9)`.
const POLICY_LACKING: &str = "(9)";

/// An answer without success.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No record has the id (any more).
    StaleId(RouterError),
    /// The id was not accepted in this form of request.
    BadIdentifier(RouterError),
    /// Anything else.
    Final(RouterError),
}

impl Refusal {
    /// The refusal as an error, when nothing more is tried.
    pub(super) fn into_error(self) -> RouterError {
        match self {
            Self::StaleId(error) | Self::BadIdentifier(error) | Self::Final(error) => error,
        }
    }
}

#[derive(Deserialize)]
struct Complaint<'a> {
    #[serde(borrow)]
    message: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    detail: Option<EscapedStr<'a>>,
}

/// Whether the status says success; otherwise why not.
pub(super) fn check(status: u16, body: &[u8], doing: Doing) -> Result<(), Refusal> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    let said = complaint(body, doing);
    match (status, said) {
        (401, _) => Err(Refusal::Final(login(doing))),
        (403, said) => Err(Refusal::Final(forbidden(said, doing))),
        (404, Ok(said)) => {
            let detail = format_args!("no record has this id (HTTP 404 {said})");
            Err(Refusal::StaleId(RouterError::rest(FailureKind::NotFound, doing, detail)))
        }
        (400, Ok(said)) => Err(bad_request(&said, doing)),
        (400..500, Ok(said)) => {
            let detail = format_args!("HTTP {status} {said}");
            Err(Refusal::Final(RouterError::rest(FailureKind::Rejected, doing, detail)))
        }
        (500.., said) => Err(Refusal::Final(inside(status, said.ok(), doing))),
        (_, _) => {
            let detail = format_args!("HTTP {status}, which RouterOS 7 REST does not send so");
            Err(Refusal::Final(garbage(doing, detail).hinting(Hint::CheckUrl)))
        }
    }
}

/// The `detail` of an error body, or its `message` where there is no detail.
fn complaint(body: &[u8], doing: Doing) -> Result<String, RouterError> {
    let text = text_of(body, doing)?;
    let complaint: Complaint<'_> = parse(&text, std::marker::PhantomData, doing)?;
    let said = complaint.detail.or(complaint.message).and_then(unescaped);
    said.ok_or_else(|| garbage(doing, format_args!("an error without a message")))
}

fn login(doing: Doing) -> RouterError {
    let detail = format_args!(
        "HTTP 401: wrong user or password, no rest-api policy, or the user's address list"
    );
    RouterError::rest(FailureKind::Auth, doing, detail).hinting(Hint::GrantPolicy)
}

/// From 7.21 on REST can be switched off; a web page says so.
fn forbidden(said: Result<String, RouterError>, doing: Doing) -> RouterError {
    if let Ok(said) = said {
        let detail = format_args!("HTTP 403 {said}");
        return RouterError::rest(FailureKind::Auth, doing, detail).hinting(Hint::GrantPolicy);
    }
    let detail = format_args!("HTTP 403 with a web page: REST is switched off");
    RouterError::rest(FailureKind::Auth, doing, detail).hinting(Hint::SwitchRestOn)
}

fn bad_request(said: &str, doing: Doing) -> Refusal {
    let detail = format_args!("HTTP 400 {said}");
    let error = RouterError::rest(FailureKind::Rejected, doing, detail);
    match said {
        SESSION_CLOSED => {
            let kind = FailureKind::Timeout;
            Refusal::Final(RouterError { kind, ..error })
        }
        BAD_IDENTIFIER => Refusal::BadIdentifier(error.hinting(Hint::GrantPolicy)),
        _ => Refusal::Final(error),
    }
}

/// A failure inside the router. `Timeout` is the kind whose consequences fit: the request may
/// have been carried out, or may still be; so pause, and read before the next write.
fn inside(status: u16, said: Option<String>, doing: Doing) -> RouterError {
    let said = said.unwrap_or_default();
    let detail = format_args!("HTTP {status} {said}");
    if status == 500 && said.ends_with(POLICY_LACKING) {
        RouterError::rest(FailureKind::Auth, doing, detail).hinting(Hint::GrantPolicy)
    } else {
        RouterError::rest(FailureKind::Timeout, doing, detail)
    }
}
