//! Lists of records, for who looks whether a router is set up as it must be.
//! Promises: plain data; what the router does not tell is absent and never made up.
//! Knows nothing of requests.

use super::{QueueKind, RuleState};
use crate::control::units::Rate;

/// A list to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing<'a> {
    /// All queues of a kind, or all queue types.
    Queues(QueueKind),
    /// The queues of interfaces (`/queue/interface`).
    Interfaces,
    /// The rules of the firewall's filter that lead traffic past queues.
    FastTrack,
    /// The user of this name. Users of a RADIUS server are in no list.
    User(&'a str),
    /// The group of users of this name.
    Group(&'a str),
}

/// What is in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// To [`Listing::Queues`] of queue tree entries or simple queues.
    Queues(Vec<ListedQueue>),
    /// To [`Listing::Queues`] of queue types.
    Types(Vec<ListedType>),
    /// To [`Listing::Interfaces`]: the queue types that are queues of interfaces.
    Interfaces(Vec<String>),
    /// To [`Listing::FastTrack`].
    Rules(Vec<RuleState>),
    /// To [`Listing::User`]: the names of the users' groups.
    Users(Vec<String>),
    /// To [`Listing::Group`].
    Groups(Vec<Policies>),
}

/// A queue tree entry or simple queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedQueue {
    /// Its name.
    pub name: String,
    /// Its queue types: one, or of a simple queue those of upload and download. Empty: not told.
    pub types: Vec<String>,
}

/// A queue type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedType {
    /// Its name.
    pub name: String,
    /// Its kind, such as `cake`.
    pub kind: String,
    /// Its `cake-bandwidth`, if it has one that limits.
    pub bandwidth: Option<Rate>,
}

/// What the users of a group may do: words such as `read`; those with a `!` before them are denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies(pub Vec<String>);

impl Policies {
    /// Whether this is granted.
    pub fn grant(&self, policy: &str) -> bool {
        self.0.iter().any(|own| own == policy)
    }
}
