//! The shape of an answer: its keys, which of them are always there, and what each holds.
//! Promises: constant data; for each request and transport at most one shape.
//! Knows nothing of answers.

use super::{class::Class, tables};
use crate::router::error::Transport;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// `/system/resource`
    Resource,
    /// `/system/identity`
    Identity,
    /// `/queue/tree`
    QueueTree,
    /// `/queue/tree`, the counters alone (console).
    QueueTreeStatistics,
    /// `/queue/simple`
    QueueSimple,
    /// `/queue/simple`, the counters alone (console).
    QueueSimpleStatistics,
    /// `/queue/type`: the types of the kind `cake`.
    QueueType,
    /// `/ip/firewall/mangle`
    Mangle,
    /// An error (REST).
    Refusal,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Resource,
        Self::Identity,
        Self::QueueTree,
        Self::QueueTreeStatistics,
        Self::QueueSimple,
        Self::QueueSimpleStatistics,
        Self::QueueType,
        Self::Mangle,
        Self::Refusal,
    ];

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Resource => "/system/resource",
            Self::Identity => "/system/identity",
            Self::QueueTree => "/queue/tree",
            Self::QueueTreeStatistics => "/queue/tree stats",
            Self::QueueSimple => "/queue/simple",
            Self::QueueSimpleStatistics => "/queue/simple stats",
            Self::QueueType => "/queue/type",
            Self::Mangle => "/ip/firewall/mangle",
            Self::Refusal => "errors",
        }
    }

    /// Whether the console prints it as `key: value` lines and not as records.
    pub(super) const fn is_single(self) -> bool {
        matches!(self, Self::Resource | Self::Identity)
    }
}

/// One record, or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A JSON object.
    Record,
    /// A JSON list of objects.
    List,
}

/// Whether a key is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// In every record.
    Required,
    /// In some.
    Optional,
}

/// A key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub class: Class,
    /// Whether it is always there.
    pub presence: Presence,
}

/// The shape of an answer. Over the console the keys stand in this order.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What was asked for.
    pub what: What,
    /// Over which transport.
    pub transport: Transport,
    /// The keys that golden files show.
    pub keys: &'static [Key],
    /// Further keys that RouterOS is known to have, of which no golden file shows a value.
    pub known: &'static [&'static str],
    /// Records without this key and value are others, and not looked at.
    pub only: Option<(&'static str, &'static str)>,
    /// Where this comes from.
    pub source: &'static str,
}

impl Shape {
    /// All of them.
    pub const ALL: [&'static Self; 15] = tables::ALL;

    /// The shape of an answer, where one is known.
    pub fn of(transport: Transport, what: What) -> Option<&'static Self> {
        let matches = |shape: &&Self| shape.transport == transport && shape.what == what;
        Self::ALL.into_iter().find(matches)
    }

    /// The key of that name, with its place.
    pub(super) fn key(&self, name: &str) -> Option<(usize, &Key)> {
        self.keys.iter().enumerate().find(|(_, key)| key.name == name)
    }
}
