//! What queues count.
//! Promises: a counter that the router does not tell is unknown, and never zero.
//! Knows nothing of when counters are read, or of what a difference means.

use crate::control::units::PerDirection;

/// Counters of one queue, one set per direction where the queue has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// Of a queue tree entry. Of a queue type as well, which counts nothing: all unknown.
    One(Counters),
    /// Of a simple queue.
    Pair(PerDirection<Counters>),
}

/// What one queue counted since it was made, since the router booted or since somebody reset it;
/// `None` is unknown. All are 64 bits wide.
///
/// A queue with CAKE as its type was seen not to count what CAKE drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Bytes that passed.
    pub bytes: Option<u64>,
    /// Packets that passed.
    pub packets: Option<u64>,
    /// Packets that were dropped.
    pub dropped: Option<u64>,
    /// Bytes that wait at this moment.
    pub queued_bytes: Option<u64>,
    /// Packets that wait at this moment.
    pub queued_packets: Option<u64>,
}

impl Counters {
    /// The keys on the router, in the order of [`Counters::from_values`].
    pub const KEYS: [&'static str; 5] =
        ["bytes", "packets", "dropped", "queued-bytes", "queued-packets"];

    /// The counters with these values, in the order of [`Counters::KEYS`].
    pub const fn from_values(values: [Option<u64>; 5]) -> Self {
        let [bytes, packets, dropped, queued_bytes, queued_packets] = values;
        Self { bytes, packets, dropped, queued_bytes, queued_packets }
    }
}
