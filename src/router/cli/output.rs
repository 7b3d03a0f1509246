//! Output of the command lines as typed values.
//! Promises: an error of the console is an error; a reply is given only for the one record that has
//! exactly the wanted name or comment; of a limit the exact number counts, and it must agree with
//! the one that is shown.
//! Knows nothing of sessions: it sees the text of one command.

use super::{
    OUTPUT_MAX,
    command::{exact_key, mark},
    list::list,
    pairs,
    records::Record,
    refusal::refusal,
    table::{absent, marked, only},
};
use crate::{
    control::{
        failure::FailureKind,
        units::{PerDirection, Rate},
    },
    router::{
        error::{Doing, RouterError},
        op::{
            Counters, Found, Op, QueueKind, QueueRef, QueueState, RESOURCE_TEXT_MAX, Reply,
            Resource, Rule, RuleRef, RuleState, Statistics,
        },
        target::Target,
        value::{CAKE, cut, not_cake, pair, rate, statistics, uptime},
    },
};

/// The console may show a limit rounded, to three digits at worst.
const LIMIT_ROUNDED_BY: u64 = 100;

/// It shows a bandwidth with one digit after the point, as in `1.0Mbps`.
const BANDWIDTH_ROUNDED_BY: u64 = 10;

/// The reply to `op` in the output of its command line.
///
/// # Errors
/// The console refused, no or several records match, or the output is not RouterOS's.
pub fn reply(op: &Op<'_>, output: &[u8]) -> Result<Reply, RouterError> {
    let doing = Doing::from(op);
    if output.len() > OUTPUT_MAX {
        let detail = format_args!("more than {OUTPUT_MAX} bytes of output");
        return Err(RouterError::ssh(FailureKind::Garbage, doing, detail));
    }
    let output = String::from_utf8_lossy(output);
    if let Some((kind, text, hint)) = refusal(&output) {
        let error = RouterError::ssh(kind, doing, format_args!("{text}"));
        return Err(match hint {
            Some(hint) => error.hinting(hint),
            None => error,
        });
    }
    match *op {
        Op::ReadResource => resource(&output, doing).map(Reply::Resource),
        Op::ReadIdentity => identity(&output, doing).map(Reply::Identity),
        Op::ReadQueue(of) => queue(&output, of, doing).map(Reply::Queue),
        Op::SetLimit(limit) => {
            queue(&output, limit.queue(), doing).map(|state| Reply::Limit(state.limit))
        }
        Op::ReadStatistics(of) => counters(&output, of, doing).map(Reply::Statistics),
        Op::ReadRule(of) | Op::SetRule(of, _) => rule(&output, of, doing).map(Reply::Rule),
        Op::List(of) => list(&output, of, doing).map(Reply::Listed),
    }
}

fn resource(output: &str, doing: Doing) -> Result<Resource, RouterError> {
    let version = pairs::value(output, "version").ok_or_else(|| missing("version", doing))?;
    let board = pairs::value(output, "board-name").unwrap_or_default();
    let uptime = pairs::value(output, "uptime").and_then(uptime);
    Ok(Resource { version: cut(version), board: cut(board), uptime })
}

fn identity(
    output: &str,
    doing: Doing,
) -> Result<heapless::String<RESOURCE_TEXT_MAX>, RouterError> {
    pairs::value(output, "name").map(cut).ok_or_else(|| missing("name", doing))
}

fn queue(output: &str, queue: QueueRef<'_>, doing: Doing) -> Result<QueueState, RouterError> {
    let target = Target::Queue(queue);
    let exact = marked(output, &mark(exact_key(target)));
    let record = named(output, exact.len(), queue, doing)?;
    let limit = match queue.kind {
        QueueKind::Tree | QueueKind::Simple => max_limit(&record, &exact, queue.kind, doing)?,
        QueueKind::Type => bandwidth(&record, &exact, queue, doing)?,
    };
    let Rule { state, invalid, dynamic } = flags(&record);
    Ok(QueueState { limit, disabled: state == RuleState::Disabled, invalid, dynamic })
}

/// The one record, which must have the queue's name.
fn named(
    output: &str,
    exact: usize,
    queue: QueueRef<'_>,
    doing: Doing,
) -> Result<Record, RouterError> {
    let record = only(output, exact, Target::Queue(queue), doing)?;
    let name = record.value("name").ok_or_else(|| missing("name", doing))?;
    if name != queue.name {
        let detail = format_args!("the answer is about \"{name}\", not {queue}");
        return Err(RouterError::ssh(FailureKind::Garbage, doing, detail));
    }
    Ok(record)
}

fn max_limit(
    record: &Record,
    exact: &[&str],
    kind: QueueKind,
    doing: Doing,
) -> Result<Found, RouterError> {
    const KEY: &str = "max-limit";
    let [exact] = exact else { return Err(missing("the exact max-limit", doing)) };
    let shown = record.value(KEY).ok_or_else(|| missing(KEY, doing))?;
    let agreed = |shown, exact| agreed(shown, exact, LIMIT_ROUNDED_BY);
    let limit = if kind == QueueKind::Simple {
        let both = |(shown, exact): (PerDirection<u64>, _)| {
            let both = shown.zip(exact).map(|(shown, exact)| agreed(shown, exact));
            Some(PerDirection { download: both.download?, upload: both.upload? })
        };
        let limits = pair(shown, rate).zip(pair(exact, rate)).and_then(both);
        limits.map(|limits| Found::Pair(limits.map(Rate::from_bps)))
    } else {
        let limit = rate(shown).zip(rate(exact)).and_then(|(shown, exact)| agreed(shown, exact));
        limit.map(|bits| Found::One(Rate::from_bps(bits)))
    };
    limit.ok_or_else(|| strange(KEY, shown, exact, doing))
}

/// The bandwidth of a queue type, which must be of the kind `cake`. Absent means the default: no
/// limit.
fn bandwidth(
    record: &Record,
    exact: &[&str],
    queue: QueueRef<'_>,
    doing: Doing,
) -> Result<Found, RouterError> {
    const KEY: &str = "cake-bandwidth";
    let kind = record.value("kind").ok_or_else(|| missing("kind", doing))?;
    if kind != CAKE {
        let detail = format_args!("{}", not_cake(queue, kind));
        return Err(RouterError::ssh(FailureKind::Rejected, doing, detail));
    }
    let [exact] = exact else { return Err(missing("the exact cake-bandwidth", doing)) };
    let shown = record.value(KEY).unwrap_or("0");
    let told = if exact.is_empty() { "0" } else { exact };
    let bits = rate(shown).zip(rate(told));
    let bits = bits.and_then(|(shown, told)| agreed(shown, told, BANDWIDTH_ROUNDED_BY));
    bits.map(|bits| Found::One(Rate::from_bps(bits)))
        .ok_or_else(|| strange(KEY, shown, exact, doing))
}

/// The exact value. One that differs from the one shown by more than rounding is none: the output
/// was cut off, or is not what it seems.
fn agreed(shown: u64, exact: u64, rounded_by: u64) -> Option<u64> {
    let rounding = exact.checked_div(rounded_by).unwrap_or_default();
    (exact.abs_diff(shown) <= rounding).then_some(exact)
}

fn counters(output: &str, queue: QueueRef<'_>, doing: Doing) -> Result<Statistics, RouterError> {
    let record = named(output, 0, queue, doing)?;
    let told = Counters::KEYS.map(|key| record.value(key));
    statistics(queue.kind, told).map_err(|(key, value)| {
        let detail = format_args!("{key} is \"{value}\" in the answer");
        RouterError::ssh(FailureKind::Garbage, doing, detail)
    })
}

/// The rule whose comment is exactly the wanted one, whatever the router takes for equal.
fn rule(output: &str, rule: RuleRef<'_>, doing: Doing) -> Result<Rule, RouterError> {
    let target = Target::Rule(rule);
    let comments = marked(output, &mark(exact_key(target)));
    let record = only(output, comments.len(), target, doing)?;
    if record.value("action").is_none() {
        return Err(missing("action", doing));
    }
    let [comment] = comments.as_slice() else {
        return Err(missing("the exact comment", doing));
    };
    // The end of a line's blanks is lost on the way.
    if *comment != rule.comment.trim_end_matches(' ') {
        return Err(absent(target, doing));
    }
    Ok(flags(&record))
}

fn flags(record: &Record) -> Rule {
    let disabled = record.has("disabled");
    Rule {
        state: if disabled { RuleState::Disabled } else { RuleState::Enabled },
        invalid: record.has("invalid"),
        dynamic: record.has("dynamic"),
    }
}

pub(super) fn missing(key: &str, doing: Doing) -> RouterError {
    let detail = format_args!("{key} is missing in the answer");
    RouterError::ssh(FailureKind::Garbage, doing, detail)
}

fn strange(key: &str, shown: &str, exact: &str, doing: Doing) -> RouterError {
    let detail = format_args!("{key} is \"{shown}\" and \"{exact}\" in the answer");
    RouterError::ssh(FailureKind::Garbage, doing, detail)
}
