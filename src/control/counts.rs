//! What queues on a router have counted.
//! Promises: a counter that the router does not tell is unknown, and never zero.
//! Knows nothing of when counters are read, or of what a difference means.

use super::units::{Direction, PerDirection};

/// Counters of one queue, one set per direction where the queue has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// Of a queue tree entry. Of a queue type as well, which counts nothing: all unknown.
    One(Counters),
    /// Of a simple queue.
    Pair(PerDirection<Counters>),
}

impl Statistics {
    /// The counters of one direction; a queue of one direction has no other.
    pub const fn of(&self, direction: Direction) -> Counters {
        match self {
            Self::One(counters) => *counters,
            Self::Pair(both) => *both.of(direction),
        }
    }
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
