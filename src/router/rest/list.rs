//! A list of records in JSON.
//! Promises: any bytes give a list or an error.
//! Knows nothing of requests, and of what the records mean.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::{
    answer::{missing, parse, text_of},
    wire::{Wire, unescaped},
};
use crate::router::{
    error::{Doing, RouterError},
    listing::{self, Told},
    op::{Listed, Listing},
};

/// Reads a list.
pub(super) fn listed(
    body: &[u8],
    listing: Listing<'_>,
    doing: Doing,
) -> Result<Listed, RouterError> {
    let text = text_of(body, doing)?;
    let records = parse(&text, Records, doing)?;
    listing::listed(listing, &records).map_err(|key| missing(key, doing))
}

struct Records;

impl<'de> DeserializeSeed<'de> for Records {
    type Value = Vec<Told>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records {
    type Value = Vec<Told>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut records = Vec::new();
        while let Some(wire) = list.next_element::<Wire<'de>>()? {
            records.push(told(&wire));
        }
        Ok(records)
    }
}

fn told(wire: &Wire<'_>) -> Told {
    let fields = [
        ("name", wire.name),
        ("interface", wire.interface),
        ("queue", wire.queue),
        ("kind", wire.kind),
        ("cake-bandwidth", wire.cake_bandwidth),
        ("action", wire.action),
        ("group", wire.group),
        ("policy", wire.policy),
    ];
    let plain = fields.into_iter().filter_map(|(key, value)| {
        let value = value.and_then(unescaped)?;
        Some((key.to_owned(), value))
    });
    let disabled = wire.disabled.is_some_and(|value| value.0 == "true");
    Told { fields: plain.collect(), disabled }
}
