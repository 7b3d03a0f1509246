//! What a router's answers look like, taken at connect.
//! Promises: what the core asked for anyway, and at most one full read per kind of queue; a full
//! read that fails for lack of contact is not made again; no difference stops anything.

use std::rc::Rc;

use crate::{
    control::{failure::FailureKind, time::Span, units::Direction},
    os::clock,
    router::{
        client::Client,
        contract::Differences,
        error::{RouterError, Transport},
        op::{Op, QueueKind, QueueRef, Reply},
        settings::Queues,
    },
};

/// No further full read is begun when the survey has taken this long: the queues wait for it, and
/// with the longest deadline of one read (20 s) it must end before the core stops waiting (30 s).
const ENOUGH: Span = Span::from_secs(4);

/// How the answers differ from the recorded ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) transport: Transport,
    pub(super) differences: Differences,
    pub(super) extent: Extent,
}

/// How much was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All there is.
    Whole,
    /// Not all: what is missing may be as it was before.
    Part,
}

/// Whether full reads are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FullReads {
    Made,
    /// One of them was the end of a contact.
    GivenUp,
}

/// Reads the facts, and a queue of each kind with all its properties.
pub(super) async fn survey(
    client: &mut Client,
    queues: &[Rc<Queues>],
    full_reads: &mut FullReads,
) -> (Result<Reply, RouterError>, Option<Box<Survey>>) {
    let begun = clock::now();
    let (facts, mut differences) = client.inspect(&Op::ReadResource).await;
    if facts.is_err() {
        return (facts, None);
    }
    let mut extent = Extent::Whole;
    for queue in one_of_each_kind(queues) {
        if *full_reads == FullReads::GivenUp || clock::now().since(begun) > ENOUGH {
            extent = Extent::Part;
            break;
        }
        let (read, more) = client.inspect(&Op::ReadQueue(queue)).await;
        differences.extend(&more);
        if read.is_err() {
            extent = Extent::Part;
        }
        if let Err(error) = read.map_err(Box::new)
            && is_end_of_contact(error.kind)
        {
            // The core must know: it may not ask again at once.
            *full_reads = FullReads::GivenUp;
            return (Err(*error), None);
        }
    }
    (facts, Some(Box::new(Survey { transport: client.transport(), differences, extent })))
}

/// Garbage is an answer too, and what is different about it was noticed.
fn is_end_of_contact(kind: FailureKind) -> bool {
    !kind.is_answer() && kind != FailureKind::Garbage
}

fn one_of_each_kind(queues: &[Rc<Queues>]) -> impl Iterator<Item = QueueRef<'_>> {
    let of_kind = |kind| queues.iter().find_map(|queues| queue_of(queues, kind));
    [QueueKind::Tree, QueueKind::Simple, QueueKind::Type].into_iter().filter_map(of_kind)
}

fn queue_of(queues: &Queues, kind: QueueKind) -> Option<QueueRef<'_>> {
    let (of_kind, name) = match queues {
        Queues::Tree(names) => (QueueKind::Tree, names.of(Direction::Download)),
        Queues::Simple(name) => (QueueKind::Simple, name),
        Queues::Type(names) => (QueueKind::Type, names.of(Direction::Download)),
    };
    (of_kind == kind).then_some(QueueRef { kind, name })
}

#[cfg(test)]
mod tests {
    use super::{QueueKind, QueueRef, Queues, Rc, one_of_each_kind};
    use crate::control::units::PerDirection;

    #[test]
    fn one_queue_of_each_kind_is_read_however_many_there_are() {
        let tree = |name: &str| {
            let names = PerDirection { download: format!("{name}-d"), upload: format!("{name}-u") };
            Rc::new(Queues::Tree(names))
        };
        let all = [tree("a"), tree("b"), Rc::new(Queues::Simple("s".to_owned())), tree("c")];
        let read: Vec<QueueRef<'_>> = one_of_each_kind(&all).collect();
        let expected = [(QueueKind::Tree, "a-d"), (QueueKind::Simple, "s")];
        assert_eq!(read, expected.map(|(kind, name)| QueueRef { kind, name }));
        assert_eq!(one_of_each_kind(&[]).count(), 0);
    }
}
