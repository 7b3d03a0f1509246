//! Answers of RouterOS REST as typed values.
//! Promises: any bytes give a value or an error; an answer is trusted only if the keys that were
//! asked for are in it; nothing is repeated, closed or remembered here.
//! Knows nothing of connections: it sees a status and a body.

use std::{borrow::Cow, fmt};

use serde::Deserialize;
use serde_json_core::{
    de::{Deserializer, Error as JsonError},
    str::EscapedStr,
};

use super::{
    ids::Id,
    records::Named,
    wire::{Wire, unescaped},
};
use crate::{
    control::{
        failure::FailureKind,
        units::{PerDirection, Rate},
    },
    router::{
        error::{Doing, Hint, RouterError},
        op::{Found, QueueKind, QueueRef, QueueState, Resource},
        value::{cut, uptime},
    },
};

/// Deepest nesting of arrays and objects that is parsed. RouterOS sends 2. The parser skips
/// unknown values by recursion, and a body of brackets alone would overrun the stack.
const DEPTH_MAX: usize = 8;

/// A queue and its id, if the router told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: Option<Id>,
    pub(super) state: QueueState,
}

#[derive(Deserialize)]
struct WireResource<'a> {
    #[serde(borrow)]
    version: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "board-name")]
    board: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    uptime: Option<EscapedStr<'a>>,
}

/// The one queue of that name in an answer to a filtered `print`.
pub(super) fn found(body: &[u8], queue: QueueRef<'_>, doing: Doing) -> Result<Record, RouterError> {
    let text = text_of(body, doing)?;
    let named = parse(&text, Named::seed(queue.name), doing)?;
    if named.nameless {
        return Err(missing("name", doing));
    }
    match (named.count, named.first) {
        (1, Some(wire)) => record(&wire, queue.kind, doing),
        (0, _) | (_, None) => {
            let detail = format_args!("the router has no {queue}");
            Err(RouterError::rest(FailureKind::NotFound, doing, detail))
        }
        (count, Some(_)) => {
            let detail = format_args!("{count} entries, {}, match {queue}", named.ids);
            Err(RouterError::rest(FailureKind::Ambiguous, doing, detail))
        }
    }
}

/// What a `set` answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The changed record.
    Record(Record),
    /// Another record than the one that was meant, with this name.
    Stranger(String),
    /// Success and nothing more: `[]` or no body at all.
    Silent,
}

/// Reads the answer to a write of `queue`.
pub(super) fn written(
    body: &[u8],
    queue: QueueRef<'_>,
    doing: Doing,
) -> Result<Written, RouterError> {
    if matches!(body.trim_ascii_start().first(), None | Some(b'[')) {
        return Ok(Written::Silent);
    }
    let text = text_of(body, doing)?;
    let wire: Wire<'_> = parse(&text, std::marker::PhantomData, doing)?;
    let name = wire.name.and_then(unescaped).ok_or_else(|| missing("name", doing))?;
    if name == queue.name {
        record(&wire, queue.kind, doing).map(Written::Record)
    } else {
        Ok(Written::Stranger(name))
    }
}

/// Reads the device facts: an object, or in early 7.1 an array of one.
pub(super) fn resource(body: &[u8], doing: Doing) -> Result<Resource, RouterError> {
    let text = text_of(body, doing)?;
    let wire: WireResource<'_> = if text.trim_ascii_start().starts_with('[') {
        let (one,) = parse(&text, std::marker::PhantomData, doing)?;
        one
    } else {
        parse(&text, std::marker::PhantomData, doing)?
    };
    let version = wire.version.and_then(unescaped).ok_or_else(|| missing("version", doing))?;
    let board = wire.board.and_then(unescaped).unwrap_or_default();
    let uptime = wire.uptime.and_then(unescaped).and_then(|text| uptime(&text));
    Ok(Resource { version: cut(&version), board: cut(&board), uptime })
}

fn record(wire: &Wire<'_>, kind: QueueKind, doing: Doing) -> Result<Record, RouterError> {
    let value = wire.max_limit.and_then(unescaped).ok_or_else(|| missing("max-limit", doing))?;
    let limit = match kind {
        QueueKind::Tree => bits(&value).map(|bits| Found::One(Rate::from_bps(bits))),
        QueueKind::Simple => pair(&value).map(|pair| Found::Pair(pair.map(Rate::from_bps))),
    };
    let limit = limit.ok_or_else(|| strange("max-limit", &value, doing))?;
    let state = QueueState {
        limit,
        disabled: flag("disabled", wire.disabled, doing)?,
        invalid: flag("invalid", wire.invalid, doing)?,
        dynamic: flag("dynamic", wire.dynamic, doing)?,
    };
    let id = match wire.id.and_then(unescaped) {
        Some(text) => Some(Id::parse(&text).ok_or_else(|| strange(".id", &text, doing))?),
        None => None,
    };
    Ok(Record { id, state })
}

/// A limit in bit/s; reads are always plain numbers, whatever unit was written.
fn bits(text: &str) -> Option<u64> {
    // `parse` alone would let a sign through.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// `upload/download`, in this order (RouterOS manual, Queues).
fn pair(text: &str) -> Option<PerDirection<u64>> {
    let (upload, download) = text.split_once('/')?;
    Some(PerDirection { download: bits(download)?, upload: bits(upload)? })
}

/// A boolean; an absent key is the default, `false`.
fn flag(
    key: &'static str,
    value: Option<EscapedStr<'_>>,
    doing: Doing,
) -> Result<bool, RouterError> {
    match value.map(|value| value.0) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(strange(key, other, doing)),
    }
}

/// The body as text. Comments written by `WinBox` may hold bytes of a Windows code page; they
/// become replacement characters instead of spoiling the answer.
pub(super) fn text_of(body: &[u8], doing: Doing) -> Result<Cow<'_, str>, RouterError> {
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') if is_shallow(body) => Ok(String::from_utf8_lossy(body)),
        Some(b'{' | b'[') => Err(garbage(doing, format_args!("JSON nested too deeply"))),
        Some(b'<') => Err(garbage(doing, format_args!("a web page came, not RouterOS 7 REST"))
            .hinting(Hint::CheckUrl)),
        Some(_) => {
            Err(garbage(doing, format_args!("not JSON, not RouterOS 7 REST"))
                .hinting(Hint::CheckUrl))
        }
        None => Err(garbage(doing, format_args!("the answer is empty"))),
    }
}

/// Whether brackets outside of strings nest no deeper than [`DEPTH_MAX`].
fn is_shallow(body: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    body.iter().all(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth <= DEPTH_MAX
    })
}

pub(super) fn parse<'de, S>(text: &'de str, seed: S, doing: Doing) -> Result<S::Value, RouterError>
where
    S: serde::de::DeserializeSeed<'de>,
{
    let mut json = Deserializer::new(text.as_bytes(), None);
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|_| value));
    value.map_err(|error: JsonError| {
        garbage(doing, format_args!("JSON that RouterOS does not send: {error}"))
    })
}

pub(super) fn garbage(doing: Doing, detail: fmt::Arguments<'_>) -> RouterError {
    RouterError::rest(FailureKind::Garbage, doing, detail)
}

pub(super) fn missing(key: &str, doing: Doing) -> RouterError {
    garbage(doing, format_args!("the key {key} is missing in the answer"))
}

fn strange(key: &str, value: &str, doing: Doing) -> RouterError {
    garbage(doing, format_args!("{key} is \"{value}\" in the answer"))
}
