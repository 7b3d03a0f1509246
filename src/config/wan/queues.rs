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
    router::settings::Queues,
};

/// A queue that a WAN names, in one of the two name spaces that RouterOS has.
pub(in crate::config) struct Claim {
    pub(in crate::config) layout: Layout,
    pub(in crate::config) queue: Given<String>,
}

/// Reads the queues and collects what they claim.
pub(super) fn queues(reader: &mut Reader<'_>) -> (Option<(Layout, Queues)>, Vec<Claim>) {
    let Some(kind) = reader.read(&table::QUEUE_KIND) else { return (None, Vec::new()) };
    let layout = kind.value;
    let PerDirection { download, upload } = &table::DIRECTION_QUEUE;
    match layout {
        Layout::PerDirection => {
            refuse(reader, &table::QUEUE, "queue_kind tree");
            let names = [name(reader, download), name(reader, upload)];
            let queues = match names.clone() {
                [Some(download), Some(upload)] => {
                    let names = PerDirection { download: download.value, upload: upload.value };
                    Some((layout, Queues::Tree(names)))
                }
                [_, _] => None,
            };
            (queues, claims(layout, names))
        }
        Layout::Pair => {
            refuse(reader, download, "queue_kind simple");
            refuse(reader, upload, "queue_kind simple");
            let name = name(reader, &table::QUEUE);
            let queues = name.as_ref().map(|name| (layout, Queues::Simple(name.value.clone())));
            (queues, claims(layout, [name]))
        }
    }
}

fn claims<const N: usize>(layout: Layout, names: [Option<Given<String>>; N]) -> Vec<Claim> {
    names.into_iter().flatten().map(|queue| Claim { layout, queue }).collect()
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
        let right = "with tree: download_queue and upload_queue; with simple: queue";
        reader.object(&given, Conflict::NotWith(kind.into()), right);
    }
}
