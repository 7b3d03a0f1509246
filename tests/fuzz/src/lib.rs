//! What several targets share.

use wanctl::{
    control::units::{PerDirection, Rate},
    router::op::{
        Found, Listed, Listing, NewLimit, Op, QueueKind, QueueRef, Reply, RuleRef, RuleState,
        Statistics,
    },
};

/// One of each operation and kind of queue, about names that stand in the golden files. `run` makes
/// seeds for each.
pub fn operations() -> Vec<Op<'static>> {
    let rate = |bps| Rate::from_bps(bps).unwrap();
    let queue = |kind, name| QueueRef { kind, name };
    let (tree, simple, cake) = ("WAN-Download", "internet-cake", "cake-down");
    let limits = PerDirection { download: rate(450_000_000), upload: rate(18_000_000) };
    let rule = RuleRef { comment: "ELMO EXP2B: test packet mark lte1" };
    vec![
        Op::ReadResource,
        Op::ReadQueue(queue(QueueKind::Tree, tree)),
        Op::ReadQueue(queue(QueueKind::Simple, simple)),
        Op::SetLimit(NewLimit::Tree { name: tree, limit: rate(450_000_000) }),
        Op::SetLimit(NewLimit::Simple { name: simple, limits }),
        Op::ReadIdentity,
        Op::ReadQueue(queue(QueueKind::Type, cake)),
        Op::SetLimit(NewLimit::Type { name: cake, limit: rate(450_000_000) }),
        Op::ReadStatistics(queue(QueueKind::Tree, tree)),
        Op::ReadStatistics(queue(QueueKind::Simple, simple)),
        Op::ReadRule(rule),
        Op::SetRule(rule, RuleState::Disabled),
        Op::List(Listing::Queues(QueueKind::Tree)),
        Op::List(Listing::Queues(QueueKind::Type)),
        Op::List(Listing::FastTrack),
        Op::List(Listing::Group("read")),
    ]
}

/// Whether the reply is of the kind that the operation has.
pub fn fits(op: &Op<'_>, reply: &Reply) -> bool {
    let shaped = |kind: QueueKind, limit: &Found| match kind {
        QueueKind::Tree | QueueKind::Type => matches!(limit, Found::One(_)),
        QueueKind::Simple => matches!(limit, Found::Pair(_)),
    };
    match (op, reply) {
        (Op::ReadResource, Reply::Resource(_))
        | (Op::ReadIdentity, Reply::Identity(_))
        | (Op::ReadRule(_) | Op::SetRule(..), Reply::Rule(_))
        | (Op::List(Listing::Interfaces), Reply::Listed(Listed::Interfaces(_)))
        | (Op::List(Listing::FastTrack), Reply::Listed(Listed::Rules(_)))
        | (Op::List(Listing::User(_)), Reply::Listed(Listed::Users(_)))
        | (Op::List(Listing::Group(_)), Reply::Listed(Listed::Groups(_)))
        | (Op::List(Listing::Queues(QueueKind::Type)), Reply::Listed(Listed::Types(_))) => true,
        (Op::List(Listing::Queues(kind)), Reply::Listed(Listed::Queues(_))) => {
            *kind != QueueKind::Type
        }
        (Op::ReadQueue(queue), Reply::Queue(state)) => shaped(queue.kind, &state.limit),
        (Op::SetLimit(limit), Reply::Limit(found)) => shaped(limit.queue().kind, found),
        (Op::ReadStatistics(queue), Reply::Statistics(counted)) => match queue.kind {
            QueueKind::Simple => matches!(counted, Statistics::Pair(_)),
            QueueKind::Tree | QueueKind::Type => matches!(counted, Statistics::One(_)),
        },
        _ => false,
    }
}
