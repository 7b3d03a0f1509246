//! The answers that a client reads, held against what is known of them.
//! Promises: only answers that are no errors are looked at, and only shapes that rest on recorded
//! answers or the vendor's manual count; how the console lays things out does not.
//! Knows nothing of connections.

use super::{
    compare::{self, Scope},
    difference::Differences,
    shape::{Basis, Form, Shape, What},
};
use crate::router::{
    error::Transport,
    op::{Op, QueueKind},
    rest::RESOURCE_PROPERTIES,
};

/// How the answer to an operation's request over REST differs from what is known; the queue was
/// asked for all its properties.
pub(in crate::router) fn over_rest(op: &Op<'_>, status: u16, body: &[u8]) -> Differences {
    let Some(shape) = known(op, Transport::Rest).filter(|_| status == 200) else {
        return Differences::default();
    };
    if shape.what == What::Resource {
        let keys: Vec<&str> = RESOURCE_PROPERTIES.split(',').collect();
        let scope = Scope { form: Form::Record, keys: Some(&keys) };
        return compare::rest(shape, scope, status, body);
    }
    compare::rest(shape, Scope { form: Form::List, keys: None }, status, body)
}

/// The same for what the console printed.
pub(in crate::router) fn over_ssh(op: &Op<'_>, output: &[u8]) -> Differences {
    let output = String::from_utf8_lossy(output);
    match known(op, Transport::Ssh) {
        Some(shape) => compare::console_content(shape, None, &output),
        None => Differences::default(),
    }
}

/// The shape of the answer, if it is more than a guess.
fn known(op: &Op<'_>, transport: Transport) -> Option<&'static Shape> {
    let what = match op {
        Op::ReadResource => What::Resource,
        Op::ReadQueue(queue) => match queue.kind {
            QueueKind::Tree => What::QueueTree,
            QueueKind::Simple => What::QueueSimple,
            QueueKind::Type => What::QueueType,
        },
        // What is asked for in part, or tells nothing that the daemon relies on.
        Op::ReadIdentity
        | Op::ReadStatistics(_)
        | Op::ReadRule(_)
        | Op::SetRule(..)
        | Op::List(_)
        | Op::SetLimit(_) => return None,
    };
    Shape::of(transport, what).filter(|shape| shape.basis == Basis::Recorded)
}

#[cfg(test)]
mod tests {
    use super::{over_rest, over_ssh};
    use crate::router::op::{Op, QueueKind, QueueRef};

    const TREE: Op<'_> = Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name: "q" });
    const SIMPLE: Op<'_> = Op::ReadQueue(QueueRef { kind: QueueKind::Simple, name: "q" });

    #[test]
    fn only_answers_that_are_no_errors_are_looked_at() {
        let facts = |body: &str| over_rest(&Op::ReadResource, 200, body.as_bytes()).to_string();
        assert_eq!(facts(r#"{"version":"7","board-name":"x","uptime":"1s"}"#), "none");
        assert_eq!(facts(r#"{"version":"7","uptime":"1s"}"#), "the key board-name is missing");
        assert!(over_rest(&TREE, 404, b"{}").is_empty());
        assert!(over_rest(&TREE, 200, b"[]").is_empty(), "the queue is not there");
        assert!(!over_rest(&TREE, 200, b"[{}]").is_empty());
    }

    #[test]
    fn a_guess_is_no_reason_to_warn_and_neither_is_a_layout() {
        assert!(over_ssh(&SIMPLE, b"0  name=\"q\" max-limit=5M/5M\n").is_empty());
        let found = over_ssh(&TREE, b"0  name=\"q\" max-limit=5M\n").to_string();
        assert!(found.starts_with("the key parent is missing; "), "{found}");
        assert!(!found.contains("CR LF"), "{found}");
    }
}
