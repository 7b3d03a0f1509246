//! The records of one name or comment in a list that RouterOS sent.
//! Promises: a list of any length is read in constant memory, and names and comments are compared
//! exactly and here, whatever the router's own filter let through.
//! Knows nothing of what a record means.

use core::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::wire::{Wire, unescaped};
use crate::router::{op::RuleRef, target::Target};

/// Room for the ids of an ambiguous name, in bytes: four of them.
const IDS_MAX: usize = 48;

/// What a list holds of one target.
pub(super) struct Found<'de> {
    /// The first match.
    pub(super) first: Option<Wire<'de>>,
    /// How many matches there are.
    pub(super) count: usize,
    /// Their ids, as far as there is room.
    pub(super) ids: heapless::String<IDS_MAX>,
    /// A key that every record of the menu has, if one lacks it, as in the list of another menu.
    pub(super) lacking: Option<&'static str>,
}

/// Collects the records of `target`.
pub(super) const fn of(target: Target<'_>) -> Seed<'_> {
    Seed { target }
}

/// See [`of`].
pub(super) struct Seed<'t> {
    target: Target<'t>,
}

/// Whether a record is the target; otherwise what it is. The error is a key that it lacks.
pub(super) enum Is {
    Target,
    /// Its name; a rule without a comment has none.
    Other(Option<String>),
    Lacking(&'static str),
}

/// Compares a record with the target.
pub(super) fn compare(wire: &Wire<'_>, target: Target<'_>) -> Is {
    let (own, wanted) = match target {
        Target::Queue(queue) => (wire.name.and_then(unescaped), queue.name),
        Target::Rule(RuleRef { comment }) => (wire.comment.and_then(unescaped), comment),
    };
    match (own, target) {
        (_, Target::Rule(_)) if wire.action.is_none() => Is::Lacking("action"),
        (None, Target::Queue(_)) => Is::Lacking("name"),
        (Some(own), _) if own == wanted => Is::Target,
        (own, _) => Is::Other(own),
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let ids = heapless::String::new();
        let mut found = Found { first: None, count: 0, ids, lacking: None };
        while let Some(wire) = list.next_element::<Wire<'de>>()? {
            match compare(&wire, self.target) {
                Is::Target => found.add(&wire),
                Is::Other(_) => {}
                Is::Lacking(key) => found.lacking = Some(key),
            }
        }
        Ok(found)
    }
}

impl<'de> Found<'de> {
    fn add(&mut self, wire: &Wire<'de>) {
        let separator = if self.count == 0 { "" } else { " " };
        let id = wire.id.map_or("(no id)", |id| id.0);
        // A full string keeps the first ids, which is enough to find the rest.
        let _ = write!(self.ids, "{separator}{id}");
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert(*wire);
    }
}
