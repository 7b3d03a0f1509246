//! The records of one name in a list that RouterOS sent.
//! Promises: a list of any length is read in constant memory, and names are compared exactly and
//! here, whatever the router's own filter let through.
//! Knows nothing of what a record means.

use core::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::wire::{Wire, unescaped};

/// Room for the ids of an ambiguous name, in bytes: four of them.
const IDS_MAX: usize = 48;

/// What a list holds under one name.
pub(super) struct Named<'de> {
    /// The first match.
    pub(super) first: Option<Wire<'de>>,
    /// How many matches there are.
    pub(super) count: usize,
    /// Their ids, as far as there is room.
    pub(super) ids: heapless::String<IDS_MAX>,
    /// Whether a record without a name was among them, as in the list of another menu.
    pub(super) nameless: bool,
}

impl Named<'_> {
    /// Collects the records named `name`.
    pub(super) const fn seed(name: &str) -> Seed<'_> {
        Seed { name }
    }
}

/// See [`Named::seed`].
pub(super) struct Seed<'n> {
    name: &'n str,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Named<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Named<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let ids = heapless::String::new();
        let mut named = Named { first: None, count: 0, ids, nameless: false };
        while let Some(wire) = list.next_element::<Wire<'de>>()? {
            match wire.name.and_then(unescaped) {
                Some(name) if name == self.name => named.add(wire),
                Some(_) => {}
                None => named.nameless = true,
            }
        }
        Ok(named)
    }
}

impl<'de> Named<'de> {
    fn add(&mut self, wire: Wire<'de>) {
        let separator = if self.count == 0 { "" } else { " " };
        let id = wire.id.map_or("(no id)", |id| id.0);
        // A full string keeps the first ids, which is enough to find the rest.
        let _ = write!(self.ids, "{separator}{id}");
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert(wire);
    }
}
