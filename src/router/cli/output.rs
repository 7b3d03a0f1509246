//! Output of the command lines as typed values.
//! Promises: an error of the console is an error; a reply is given only for the one queue that has
//! exactly the wanted name; of a limit the exact number counts, and it must agree with the one
//! that is shown.
//! Knows nothing of sessions: it sees the text of one command.

use super::{
    command::LIMIT_MARK,
    lines::lines,
    pairs,
    rates::rate,
    records::{Record, records},
    refusal::refusal,
};
use crate::{
    control::{
        failure::FailureKind,
        units::{PerDirection, Rate},
    },
    router::{
        error::{Doing, RouterError},
        op::{Found, Op, QueueKind, QueueRef, QueueState, Reply, Resource},
        value::{cut, uptime},
    },
};

/// The console may show a limit rounded, to three digits at worst.
const ROUNDED_BY: u64 = 100;

/// The reply to `op` in the output of its command line.
///
/// # Errors
/// The console refused, no or several queues have the name, or the output is not RouterOS's.
pub fn reply(op: &Op<'_>, output: &[u8]) -> Result<Reply, RouterError> {
    let doing = Doing::from(op);
    let output = String::from_utf8_lossy(output);
    if let Some((kind, text, hint)) = refusal(&output) {
        let error = RouterError::ssh(kind, doing, format_args!("{text}"));
        return Err(match hint {
            Some(hint) => error.hinting(hint),
            None => error,
        });
    }
    match op {
        Op::ReadResource => resource(&output, doing).map(Reply::Resource),
        Op::ReadQueue(of) => queue(&output, *of, doing).map(Reply::Queue),
        Op::SetLimit(limit) => {
            queue(&output, limit.queue(), doing).map(|state| Reply::Limit(state.limit))
        }
    }
}

fn resource(output: &str, doing: Doing) -> Result<Resource, RouterError> {
    let version = pairs::value(output, "version").ok_or_else(|| missing("version", doing))?;
    let board = pairs::value(output, "board-name").unwrap_or_default();
    let uptime = pairs::value(output, "uptime").and_then(uptime);
    Ok(Resource { version: cut(version), board: cut(board), uptime })
}

fn queue(output: &str, queue: QueueRef<'_>, doing: Doing) -> Result<QueueState, RouterError> {
    let found = records(output);
    let limits: Vec<&str> =
        lines(output).filter_map(|line| line.strip_prefix(LIMIT_MARK)).collect();
    let (record, exact) = match (found.as_slice(), limits.as_slice()) {
        ([], []) if !is_silent(output) => {
            let detail = format_args!("the answer is not one of the RouterOS console");
            return Err(RouterError::ssh(FailureKind::Garbage, doing, detail));
        }
        ([], []) => {
            let detail = format_args!("the router has no {queue}");
            return Err(RouterError::ssh(FailureKind::NotFound, doing, detail));
        }
        ([record], [exact]) => (record, exact),
        (found, limits) => return Err(several(found, limits.len(), queue, doing)),
    };
    let name = record.value("name").ok_or_else(|| missing("name", doing))?;
    if name != queue.name {
        let detail = format_args!("the answer is about \"{name}\", not {queue}");
        return Err(RouterError::ssh(FailureKind::Garbage, doing, detail));
    }
    let text = record.value("max-limit").ok_or_else(|| missing("max-limit", doing))?;
    let limit = limit(queue.kind, text, exact).ok_or_else(|| strange(text, exact, doing))?;
    let [disabled, invalid, dynamic] =
        ["disabled", "invalid", "dynamic"].map(|flag| record.has(flag));
    Ok(QueueState { limit, disabled, invalid, dynamic })
}

/// Whether there is nothing in the output but a legend, which older consoles print for nothing.
fn is_silent(output: &str) -> bool {
    lines(output).all(|line| line.is_empty() || line.starts_with("Flags: "))
}

/// Names the places of several queues, or says that the two halves of the output differ.
fn several(found: &[Record], limits: usize, queue: QueueRef<'_>, doing: Doing) -> RouterError {
    if found.len() < 2 && limits < 2 {
        let detail = format_args!("{} entries but {limits} limits in the answer", found.len());
        return RouterError::ssh(FailureKind::Garbage, doing, detail);
    }
    let places: Vec<&str> = found.iter().map(|record| record.place.as_str()).collect();
    let (count, places) = (found.len().max(limits), places.join(" "));
    let detail = format_args!("{count} entries, number {places}, match {queue}");
    RouterError::ssh(FailureKind::Ambiguous, doing, detail)
}

/// The exact limit. One that differs from the one shown by more than rounding is none: the output
/// was cut off, or is not what it seems.
fn limit(kind: QueueKind, shown: &str, exact: &str) -> Option<Found> {
    match kind {
        QueueKind::Tree => {
            let bits = agreed(rate(shown)?, rate(exact)?)?;
            Some(Found::One(Rate::from_bps(bits)))
        }
        QueueKind::Simple => {
            let both = pair(shown)?.zip(pair(exact)?).map(|(shown, exact)| agreed(shown, exact));
            let both = PerDirection { download: both.download?, upload: both.upload? };
            Some(Found::Pair(both.map(Rate::from_bps)))
        }
    }
}

fn agreed(shown: u64, exact: u64) -> Option<u64> {
    (exact.abs_diff(shown) <= exact / ROUNDED_BY).then_some(exact)
}

/// `upload/download`, in this order (RouterOS manual, Queues).
fn pair(text: &str) -> Option<PerDirection<u64>> {
    let (upload, download) = text.split_once('/')?;
    Some(PerDirection { download: rate(download)?, upload: rate(upload)? })
}

fn missing(key: &str, doing: Doing) -> RouterError {
    let detail = format_args!("{key} is missing in the answer");
    RouterError::ssh(FailureKind::Garbage, doing, detail)
}

fn strange(shown: &str, exact: &str, doing: Doing) -> RouterError {
    let detail = format_args!("max-limit is \"{shown}\" and \"{exact}\" in the answer");
    RouterError::ssh(FailureKind::Garbage, doing, detail)
}
