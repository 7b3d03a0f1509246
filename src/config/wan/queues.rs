//! The queues of a WAN.
//! Promises: the kind of queue and the names it needs, no more and no less.
//! Must not know what other WANs name.

use crate::{
    config::{
        kind::Text,
        section::{Given, Reader},
        table::{self, Spec},
        what::Conflict,
    },
    control::{applier::Layout, units::PerDirection},
    router::settings::{QueueKind, Queues},
};

/// A queue that a WAN names. Each kind has its own name space on the router.
pub(in crate::config) struct Claim {
    pub(in crate::config) kind: QueueKind,
    pub(in crate::config) queue: Given<String>,
}

/// Whether what passes can ever be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// The queues count bytes.
    Bytes,
    /// Queue types count nothing.
    Nothing,
}

impl Counts {
    pub(super) const fn of(queues: &Queues) -> Self {
        match queues {
            Queues::Tree(_) | Queues::Simple(_) => Self::Bytes,
            Queues::Type(_) => Self::Nothing,
        }
    }
}

/// Reads the queues and collects what they claim.
pub(super) fn queues(reader: &mut Reader<'_>) -> (Option<(Layout, Queues)>, Vec<Claim>) {
    let Some(kind) = reader.read(&table::QUEUE_KIND) else { return (None, Vec::new()) };
    let kind = kind.value;
    let PerDirection { download, upload } = &table::DIRECTION_QUEUE;
    match kind {
        QueueKind::Tree => {
            refuse(reader, &table::QUEUE, "queue_kind tree");
            of_each(reader, kind, Queues::Tree)
        }
        QueueKind::Type => {
            refuse(reader, &table::QUEUE, "queue_kind type");
            of_each(reader, kind, Queues::Type)
        }
        QueueKind::Simple => {
            refuse(reader, download, "queue_kind simple");
            refuse(reader, upload, "queue_kind simple");
            let name = name(reader, &table::QUEUE);
            let queues =
                name.as_ref().map(|name| (Layout::Pair, Queues::Simple(name.value.clone())));
            (queues, claims(kind, [name]))
        }
    }
}

/// One queue of each direction.
fn of_each(
    reader: &mut Reader<'_>,
    kind: QueueKind,
    queues: fn(PerDirection<String>) -> Queues,
) -> (Option<(Layout, Queues)>, Vec<Claim>) {
    let PerDirection { download, upload } = &table::DIRECTION_QUEUE;
    let names = [name(reader, download), name(reader, upload)];
    let queues = match names.clone() {
        [Some(download), Some(upload)] => {
            let names = PerDirection { download: download.value, upload: upload.value };
            Some((Layout::PerDirection, queues(names)))
        }
        [_, _] => None,
    };
    (queues, claims(kind, names))
}

fn claims<const N: usize>(kind: QueueKind, names: [Option<Given<String>>; N]) -> Vec<Claim> {
    names.into_iter().flatten().map(|queue| Claim { kind, queue }).collect()
}

/// A name that this kind of queue needs.
fn name(reader: &mut Reader<'_>, spec: &Spec<Text>) -> Option<Given<String>> {
    if !reader.has(spec) {
        reader.missing(spec);
    }
    reader.read(spec)
}

/// A name that this kind of queue does not have.
fn refuse(reader: &mut Reader<'_>, spec: &Spec<Text>, kind: &str) {
    if let Some(given) = reader.read(spec) {
        let right = "with tree or type: download_queue and upload_queue; with simple: queue";
        reader.object(&given, Conflict::NotWith(kind.into()), right);
    }
}
