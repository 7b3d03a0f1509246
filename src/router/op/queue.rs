//! Queues and queue types: their names, their limits, their state.
//! Promises: a limit has the shape that its kind of queue takes, and is never "none".
//! Knows nothing of requests.

use core::fmt;

use super::Found;
use crate::control::units::{PerDirection, Rate};

/// The menu that a queue lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueKind {
    /// `/queue/tree`: one limit per entry.
    Tree,
    /// `/queue/simple`: an upload and a download limit per entry.
    Simple,
    /// `/queue/type`: the bandwidth of a type of the kind `cake`, which shapes where the type is
    /// the queue of an interface. Below a queue tree or simple queue it was seen not to.
    Type,
}

impl QueueKind {
    /// The menu on the console; below `/rest` over REST.
    pub const fn menu(self) -> &'static str {
        match self {
            Self::Tree => "/queue/tree",
            Self::Simple => "/queue/simple",
            Self::Type => "/queue/type",
        }
    }

    /// The property that holds the limit.
    pub const fn limit_key(self) -> &'static str {
        match self {
            Self::Tree | Self::Simple => "max-limit",
            Self::Type => "cake-bandwidth",
        }
    }

    /// The words for logs.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tree => "queue tree entry",
            Self::Simple => "simple queue",
            Self::Type => "queue type",
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
    /// `cake-bandwidth` of a queue type of the kind `cake`.
    Type {
        /// Name of the type.
        name: &'a str,
        /// Its new bandwidth.
        limit: Rate,
    },
}

impl<'a> NewLimit<'a> {
    /// The queue that is to change.
    pub const fn queue(&self) -> QueueRef<'a> {
        match *self {
            Self::Tree { name, .. } => QueueRef { kind: QueueKind::Tree, name },
            Self::Simple { name, .. } => QueueRef { kind: QueueKind::Simple, name },
            Self::Type { name, .. } => QueueRef { kind: QueueKind::Type, name },
        }
    }

    /// Whether what the router reports is what was asked for.
    pub fn is_met_by(&self, found: Found) -> bool {
        let wanted = match *self {
            Self::Tree { limit, .. } | Self::Type { limit, .. } => Found::One(Some(limit)),
            Self::Simple { limits, .. } => Found::Pair(limits.map(Some)),
        };
        wanted == found
    }
}

/// A queue as the router reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// Its limit.
    pub limit: Found,
    /// Switched off: the limit has no effect. Queue types cannot be.
    pub disabled: bool,
    /// RouterOS cannot use the queue, for example because its parent is gone. True for some
    /// seconds after creation.
    pub invalid: bool,
    /// Made by another service, which also rewrites it (simple queues only).
    pub dynamic: bool,
}

#[cfg(test)]
mod tests {
    use super::{Found, NewLimit};
    use crate::control::units::{PerDirection, Rate};

    #[test]
    fn a_limit_is_met_by_itself_alone() {
        let rate = |bps| Rate::from_bps(bps).unwrap();
        let name = "q";
        let (tree, bandwidth) =
            (NewLimit::Tree { name, limit: rate(5) }, NewLimit::Type { name, limit: rate(5) });
        for one in [tree, bandwidth] {
            assert!(one.is_met_by(Found::One(Some(rate(5)))));
            assert!(!one.is_met_by(Found::One(Some(rate(6)))));
            assert!(!one.is_met_by(Found::One(None)));
            assert!(!one.is_met_by(Found::Pair(PerDirection::both(Some(rate(5))))));
        }

        let limits = PerDirection { download: rate(9), upload: rate(2) };
        let simple = NewLimit::Simple { name, limits };
        assert!(simple.is_met_by(Found::Pair(limits.map(Some))));
        let swapped = PerDirection { download: Some(rate(2)), upload: Some(rate(9)) };
        assert!(!simple.is_met_by(Found::Pair(swapped)));
    }
}
