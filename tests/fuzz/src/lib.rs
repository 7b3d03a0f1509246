//! What several targets share.

use wanctl::{
    control::units::{PerDirection, Rate},
    router::op::{Found, NewLimit, Op, QueueKind, QueueRef, Reply},
};

/// One of each operation, about names that stand in the golden files.
pub fn operations() -> Vec<Op<'static>> {
    let rate = |bps| Rate::from_bps(bps).unwrap();
    let (tree, simple) = ("WAN-Download", "internet-cake");
    let limits = PerDirection { download: rate(450_000_000), upload: rate(18_000_000) };
    vec![
        Op::ReadResource,
        Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name: tree }),
        Op::ReadQueue(QueueRef { kind: QueueKind::Simple, name: simple }),
        Op::SetLimit(NewLimit::Tree { name: tree, limit: rate(450_000_000) }),
        Op::SetLimit(NewLimit::Simple { name: simple, limits }),
    ]
}

/// Whether the reply is of the kind that the operation has.
pub fn fits(op: &Op<'_>, reply: &Reply) -> bool {
    let shaped = |kind: QueueKind, limit: &Found| match kind {
        QueueKind::Tree => matches!(limit, Found::One(_)),
        QueueKind::Simple => matches!(limit, Found::Pair(_)),
    };
    match (op, reply) {
        (Op::ReadResource, Reply::Resource(_)) => true,
        (Op::ReadQueue(queue), Reply::Queue(state)) => shaped(queue.kind, &state.limit),
        (Op::SetLimit(limit), Reply::Limit(found)) => shaped(limit.queue().kind, found),
        _ => false,
    }
}
