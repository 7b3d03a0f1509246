//! The shapes of answers over the console, keys in their order.
//! Promises: constant data.
//! Knows nothing of answers.
//!
//! Disabled, invalid and the like are letters of the flag column here, and comments stand apart; so
//! they are no keys.

use super::{
    super::shape::{Basis, Key, Shape, What},
    BIT_RATE, DECIMAL, DECIMALS, FREQUENCY, PERCENT, RATE, RATES, SIZE, TEXT, TEXTS, TIME, TIMES,
    WHOLE, WHOLES, YES_NO, may, must,
    rest::MATCHERS,
};
use crate::router::error::Transport;

const fn shape(
    what: What,
    keys: &'static [Key],
    known: &'static [&'static str],
    source: &'static str,
) -> Shape {
    Shape {
        what,
        transport: Transport::Ssh,
        keys,
        known,
        only: None,
        basis: Basis::Recorded,
        source,
    }
}

const fn guessed(shape: Shape) -> Shape {
    Shape { basis: Basis::Guessed, ..shape }
}

pub(super) const RESOURCE: Shape = shape(
    What::Resource,
    &[
        must("uptime", TIME),
        must("version", TEXT),
        must("build-time", TEXT),
        may("factory-software", TEXT),
        may("minimum-version", TEXT),
        must("free-memory", SIZE),
        must("total-memory", SIZE),
        must("cpu", TEXT),
        must("cpu-count", WHOLE),
        // Not on all boards (a CCR2004 has none).
        may("cpu-frequency", FREQUENCY),
        must("cpu-load", PERCENT),
        must("free-hdd-space", SIZE),
        must("total-hdd-space", SIZE),
        must("write-sect-since-reboot", WHOLE),
        must("write-sect-total", WHOLE),
        may("bad-blocks", PERCENT),
        must("architecture-name", TEXT),
        must("board-name", TEXT),
        must("platform", TEXT),
    ],
    &[],
    "captures of 6.48.7, 7.12.2, 7.23.1 and 7.24rc3",
);

pub(super) const IDENTITY: Shape = shape(
    What::Identity,
    &[must("name", TEXT)],
    &[],
    "captures of 7.23.1 and 7.24rc3, and an unversioned one",
);

pub(super) const QUEUE_TREE: Shape = shape(
    What::QueueTree,
    &[
        must("name", TEXT),
        must("parent", TEXT),
        must("packet-mark", TEXT),
        must("limit-at", RATE),
        must("queue", TEXT),
        must("priority", WHOLE),
        must("max-limit", RATE),
        must("burst-limit", RATE),
        must("burst-threshold", RATE),
        must("burst-time", TIME),
        must("bucket-size", DECIMAL),
    ],
    &[],
    "captures of 7.24rc3",
);

pub(super) const QUEUE_TREE_STATISTICS: Shape = shape(
    What::QueueTreeStatistics,
    &[
        must("name", TEXT),
        must("parent", TEXT),
        must("packet-mark", TEXT),
        must("rate", WHOLE),
        must("packet-rate", WHOLE),
        must("queued-bytes", WHOLE),
        must("queued-packets", WHOLE),
        must("bytes", WHOLE),
        must("packets", WHOLE),
        must("dropped", WHOLE),
    ],
    &[],
    "captures of 7.24rc3; vendor manual of 2026-10",
);

pub(super) const QUEUE_SIMPLE: Shape = guessed(shape(
    What::QueueSimple,
    &[
        must("name", TEXT),
        must("target", TEXT),
        must("parent", TEXT),
        must("packet-marks", TEXT),
        must("priority", WHOLES),
        must("queue", TEXTS),
        must("limit-at", RATES),
        must("max-limit", RATES),
        must("burst-limit", RATES),
        must("burst-threshold", RATES),
        must("burst-time", TIMES),
        must("bucket-size", DECIMALS),
    ],
    &["dst", "time", "total-queue"],
    "reconstructed only: the form of queue tree entries of 7.24rc3, the keys of REST",
));

pub(super) const QUEUE_SIMPLE_STATISTICS: Shape = guessed(shape(
    What::QueueSimpleStatistics,
    &[
        must("name", TEXT),
        must("target", TEXT),
        must("rate", WHOLES),
        must("total-rate", WHOLE),
        must("packet-rate", WHOLES),
        must("total-packet-rate", WHOLE),
        must("queued-bytes", WHOLES),
        must("total-queued-bytes", WHOLE),
        must("queued-packets", WHOLES),
        must("total-queued-packets", WHOLE),
        must("bytes", WHOLES),
        must("total-bytes", WHOLE),
        must("packets", WHOLES),
        must("total-packets", WHOLE),
        must("dropped", WHOLES),
        must("total-dropped", WHOLE),
    ],
    &[],
    "reconstructed only: the form of queue tree entries of 7.24rc3, the keys of REST",
));

pub(super) const QUEUE_TYPE: Shape = Shape {
    only: Some(("kind", "cake")),
    ..shape(
        What::QueueType,
        &[
            must("name", TEXT),
            must("kind", TEXT),
            must("cake-bandwidth", BIT_RATE),
            must("cake-overhead", WHOLE),
            must("cake-overhead-scheme", TEXT),
            must("cake-rtt", TIME),
            must("cake-diffserv", TEXT),
            must("cake-flowmode", TEXT),
            must("cake-nat", YES_NO),
            must("cake-wash", YES_NO),
            must("cake-ack-filter", TEXT),
        ],
        &["cake-atm", "cake-autorate-ingress", "cake-memlimit", "cake-mpu", "cake-rtt-scheme"],
        "capture of 7.24rc3; further keys: the schema of 7.21.4 and 7.22.3",
    )
};

pub(super) const MANGLE: Shape = shape(
    What::Mangle,
    &[
        must("chain", TEXT),
        must("action", TEXT),
        may("new-packet-mark", TEXT),
        may("new-routing-mark", TEXT),
        may("passthrough", YES_NO),
        may("src-address", TEXT),
        may("dst-address-type", TEXT),
        may("in-interface-list", TEXT),
    ],
    MATCHERS,
    "captures of 7.24rc3; further keys: the schema of 7.21.4 and 7.22.3",
);
