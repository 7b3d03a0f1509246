//! One queue or rule in an answer, as a typed value.
//! Promises: exactly the one that was asked for, and only if the keys that belong to it are there;
//! what is not told about counters stays unknown.
//! Knows nothing of requests and of what comes next.

use serde_json_core::str::EscapedStr;

use super::{
    answer::{missing, parse, strange, text_of},
    ids::Id,
    records::{self, Is},
    wire::{Wire, unescaped},
};
use crate::{
    control::{failure::FailureKind, units::Rate},
    router::{
        error::{Doing, RouterError},
        op::{Found, QueueKind, QueueRef, QueueState, Rule, RuleState, Statistics},
        target::Target,
        value::{CAKE, not_cake, pair, rate, statistics, whole},
    },
};

/// What an answer says about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Queue(QueueState),
    Rule(Rule),
}

/// A record and its id, if the router told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: Option<Id>,
    pub(super) state: State,
}

/// The one record of the target in an answer to a `print`.
pub(super) fn found(body: &[u8], target: Target<'_>, doing: Doing) -> Result<Entry, RouterError> {
    let text = text_of(body, doing)?;
    let wire = only(&text, target, doing)?;
    entry(&wire, target, doing)
}

/// The counters of the one queue of that name.
pub(super) fn counters(
    body: &[u8],
    queue: QueueRef<'_>,
    doing: Doing,
) -> Result<Statistics, RouterError> {
    let text = text_of(body, doing)?;
    let wire = only(&text, Target::Queue(queue), doing)?;
    let told = [wire.bytes, wire.packets, wire.dropped, wire.queued_bytes, wire.queued_packets];
    let told = told.map(|value| value.map(|value| unescaped(value).unwrap_or_default()));
    statistics(queue.kind, told.each_ref().map(Option::as_deref))
        .map_err(|(key, value)| strange(key, value, doing))
}

/// What a `set` answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The changed record.
    Entry(Entry),
    /// Another record than the one that was meant, with this name or comment.
    Stranger(String),
    /// Success and nothing more: `[]` or no body at all.
    Silent,
}

/// Reads the answer to a write.
pub(super) fn written(
    body: &[u8],
    target: Target<'_>,
    doing: Doing,
) -> Result<Written, RouterError> {
    if matches!(body.trim_ascii_start().first(), None | Some(b'[')) {
        return Ok(Written::Silent);
    }
    let text = text_of(body, doing)?;
    let wire: Wire<'_> = parse(&text, std::marker::PhantomData, doing)?;
    match records::compare(&wire, target) {
        Is::Target => entry(&wire, target, doing).map(Written::Entry),
        Is::Other(name) => Ok(Written::Stranger(name.unwrap_or_default())),
        Is::Lacking(key) => Err(missing(key, doing)),
    }
}

/// The one record of the target in a list.
fn only<'t>(text: &'t str, target: Target<'_>, doing: Doing) -> Result<Wire<'t>, RouterError> {
    let found = parse(text, records::of(target), doing)?;
    if let Some(key) = found.lacking {
        return Err(missing(key, doing));
    }
    match (found.count, found.first) {
        (1, Some(wire)) => Ok(wire),
        (0, _) | (_, None) => {
            let detail = format_args!("the router has no {target}");
            Err(RouterError::rest(FailureKind::NotFound, doing, detail))
        }
        (count, Some(_)) => {
            let detail = format_args!("{count} entries, {}, match {target}", found.ids);
            Err(RouterError::rest(FailureKind::Ambiguous, doing, detail))
        }
    }
}

fn entry(wire: &Wire<'_>, target: Target<'_>, doing: Doing) -> Result<Entry, RouterError> {
    let state = match target {
        Target::Queue(queue) => State::Queue(queue_state(wire, queue, doing)?),
        Target::Rule(_) => State::Rule(rule(wire, doing)?),
    };
    let id = match wire.id.and_then(unescaped) {
        Some(text) => Some(Id::parse(&text).ok_or_else(|| strange(".id", &text, doing))?),
        None => None,
    };
    Ok(Entry { id, state })
}

fn queue_state(
    wire: &Wire<'_>,
    queue: QueueRef<'_>,
    doing: Doing,
) -> Result<QueueState, RouterError> {
    let limit = match queue.kind {
        QueueKind::Tree | QueueKind::Simple => max_limit(wire, queue.kind, doing)?,
        QueueKind::Type => bandwidth(wire, queue, doing)?,
    };
    let Rule { state, invalid, dynamic } = rule(wire, doing)?;
    Ok(QueueState { limit, disabled: state == RuleState::Disabled, invalid, dynamic })
}

/// Reads are always plain numbers, whatever unit was written.
fn max_limit(wire: &Wire<'_>, kind: QueueKind, doing: Doing) -> Result<Found, RouterError> {
    let value = wire.max_limit.and_then(unescaped).ok_or_else(|| missing("max-limit", doing))?;
    let limit = if kind == QueueKind::Simple {
        pair(&value, whole).map(|pair| Found::Pair(pair.map(Rate::from_bps)))
    } else {
        whole(&value).map(|bits| Found::One(Rate::from_bps(bits)))
    };
    limit.ok_or_else(|| strange("max-limit", &value, doing))
}

/// The bandwidth of a queue type, which must be of the kind `cake`. Absent means the default: no
/// limit. Whether REST shows a unit was never seen; one that is there is understood.
fn bandwidth(wire: &Wire<'_>, queue: QueueRef<'_>, doing: Doing) -> Result<Found, RouterError> {
    let kind = wire.kind.and_then(unescaped).ok_or_else(|| missing("kind", doing))?;
    if kind != CAKE {
        let detail = format_args!("{}", not_cake(queue, &kind));
        return Err(RouterError::rest(FailureKind::Rejected, doing, detail));
    }
    let Some(value) = wire.cake_bandwidth.and_then(unescaped) else { return Ok(Found::One(None)) };
    let bits = rate(&value).ok_or_else(|| strange("cake-bandwidth", &value, doing))?;
    Ok(Found::One(Rate::from_bps(bits)))
}

/// The flags that all menus share.
fn rule(wire: &Wire<'_>, doing: Doing) -> Result<Rule, RouterError> {
    let disabled = flag("disabled", wire.disabled, doing)?;
    let state = if disabled { RuleState::Disabled } else { RuleState::Enabled };
    let invalid = flag("invalid", wire.invalid, doing)?;
    Ok(Rule { state, invalid, dynamic: flag("dynamic", wire.dynamic, doing)? })
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
