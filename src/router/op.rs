//! The closed list of what is ever asked of a router, and what it may answer.
//! Promises: nothing here removes, disables or lifts a limit (a [`Rate`] is never zero), and a
//! limit always has the shape that its kind of queue takes.
//! Knows nothing of how operations are carried.

use core::fmt;

pub use crate::control::queue::Found;
use crate::control::{
    time::Span,
    units::{PerDirection, Rate},
};

/// One operation on a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Reads version, board and uptime (`/system/resource`).
    ReadResource,
    /// Reads one queue.
    ReadQueue(QueueRef<'a>),
    /// Sets the limit of one queue.
    SetLimit(NewLimit<'a>),
}

/// The menu that a queue lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueKind {
    /// `/queue/tree`: one limit per entry.
    Tree,
    /// `/queue/simple`: an upload and a download limit per entry.
    Simple,
}

impl QueueKind {
    /// The menu on the console; below `/rest` over REST.
    pub const fn menu(self) -> &'static str {
        match self {
            Self::Tree => "/queue/tree",
            Self::Simple => "/queue/simple",
        }
    }

    /// The words for logs.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tree => "queue tree entry",
            Self::Simple => "simple queue",
        }
    }
}

/// A queue by its name, which must match exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRef<'a> {
    /// Its menu.
    pub kind: QueueKind,
    /// Its `name`.
    pub name: &'a str,
}

impl fmt::Display for QueueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\"", self.kind.words(), self.name)
    }
}

/// A limit to set. The kind of queue decides the shape, so that the two cannot disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewLimit<'a> {
    /// `max-limit` of a queue tree entry.
    Tree {
        /// Name of the entry.
        name: &'a str,
        /// Its new limit.
        limit: Rate,
    },
    /// `max-limit` of a simple queue, both directions in one write.
    Simple {
        /// Name of the queue.
        name: &'a str,
        /// Its new limits.
        limits: PerDirection<Rate>,
    },
}

impl<'a> NewLimit<'a> {
    /// The queue that is to change.
    pub const fn queue(&self) -> QueueRef<'a> {
        match *self {
            Self::Tree { name, .. } => QueueRef { kind: QueueKind::Tree, name },
            Self::Simple { name, .. } => QueueRef { kind: QueueKind::Simple, name },
        }
    }

    /// Whether what the router reports is what was asked for.
    pub fn is_met_by(&self, found: Found) -> bool {
        let wanted = match *self {
            Self::Tree { limit, .. } => Found::One(Some(limit)),
            Self::Simple { limits, .. } => Found::Pair(limits.map(Some)),
        };
        wanted == found
    }
}

/// What the router answered. Each operation has exactly one kind of reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Op::ReadResource`].
    Resource(Resource),
    /// To [`Op::ReadQueue`].
    Queue(QueueState),
    /// To [`Op::SetLimit`]: the limit that the router now reports. The caller compares
    /// ([`NewLimit::is_met_by`]); a router may answer success and hold another limit.
    Limit(Found),
}

/// A queue as the router reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// Its limit.
    pub limit: Found,
    /// Switched off: the limit has no effect.
    pub disabled: bool,
    /// RouterOS cannot use the queue, for example because its parent is gone. True for some
    /// seconds after creation.
    pub invalid: bool,
    /// Made by another service, which also rewrites it (simple queues only).
    pub dynamic: bool,
}

/// Longest text kept of a version or a board name, in bytes.
pub const RESOURCE_TEXT_MAX: usize = 48;

/// Facts about the device; longer texts are cut off.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resource {
    /// Number and channel, such as `7.24.2 (stable)`.
    pub version: heapless::String<RESOURCE_TEXT_MAX>,
    /// Model, such as `RB5009UG+S+`; empty if the router does not say.
    pub board: heapless::String<RESOURCE_TEXT_MAX>,
    /// Time since boot; whole seconds.
    pub uptime: Option<Span>,
}

#[cfg(test)]
mod tests {
    use super::{Found, NewLimit};
    use crate::control::units::{PerDirection, Rate};

    #[test]
    fn a_limit_is_met_by_itself_alone() {
        let rate = |bps| Rate::from_bps(bps).unwrap();
        let tree = NewLimit::Tree { name: "q", limit: rate(5) };
        assert!(tree.is_met_by(Found::One(Some(rate(5)))));
        assert!(!tree.is_met_by(Found::One(Some(rate(6)))));
        assert!(!tree.is_met_by(Found::One(None)));
        assert!(!tree.is_met_by(Found::Pair(PerDirection::both(Some(rate(5))))));

        let limits = PerDirection { download: rate(9), upload: rate(2) };
        let simple = NewLimit::Simple { name: "q", limits };
        assert!(simple.is_met_by(Found::Pair(limits.map(Some))));
        let swapped = PerDirection { download: Some(rate(2)), upload: Some(rate(9)) };
        assert!(!simple.is_met_by(Found::Pair(swapped)));
    }
}
