//! The shapes of all answers, as tables.
//! Promises: constant data; a test holds each table against every golden file of its request.
//! Knows nothing of answers.

mod console;
mod rest;

use super::{
    class::{Class, Kind},
    shape::{Key, Presence, Shape},
};

/// All shapes.
pub(super) const ALL: [&Shape; 15] = [
    &rest::RESOURCE,
    &rest::IDENTITY,
    &rest::QUEUE_TREE,
    &rest::QUEUE_SIMPLE,
    &rest::QUEUE_TYPE,
    &rest::MANGLE,
    &rest::REFUSAL,
    &console::RESOURCE,
    &console::IDENTITY,
    &console::QUEUE_TREE,
    &console::QUEUE_TREE_STATISTICS,
    &console::QUEUE_SIMPLE,
    &console::QUEUE_SIMPLE_STATISTICS,
    &console::QUEUE_TYPE,
    &console::MANGLE,
];

const BIT_RATE: Class = Class::One(Kind::BitRate);
const DECIMAL: Class = Class::One(Kind::Decimal);
const FLAG: Class = Class::One(Kind::Flag);
const FREQUENCY: Class = Class::One(Kind::Frequency);
const ID: Class = Class::One(Kind::Id);
const PERCENT: Class = Class::One(Kind::Percent);
const RATE: Class = Class::One(Kind::Rate);
const SIZE: Class = Class::One(Kind::Size);
const TEXT: Class = Class::One(Kind::Text);
const TIME: Class = Class::One(Kind::Time);
const WHOLE: Class = Class::One(Kind::Whole);
const YES_NO: Class = Class::One(Kind::YesNo);
const DECIMALS: Class = Class::Pair(Kind::Decimal);
const RATES: Class = Class::Pair(Kind::Rate);
const TEXTS: Class = Class::Pair(Kind::Text);
const TIMES: Class = Class::Pair(Kind::Time);
const WHOLES: Class = Class::Pair(Kind::Whole);

/// A key that is in every record.
const fn must(name: &'static str, class: Class) -> Key {
    Key { name, class, presence: Presence::Required }
}

/// A key that is in some records.
const fn may(name: &'static str, class: Class) -> Key {
    Key { name, class, presence: Presence::Optional }
}
