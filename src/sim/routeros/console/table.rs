//! Which properties of a queue the console prints, in which order and in which form.
//! Promises: the order and the forms are those of captured queue tree entries; those of simple
//! queues follow the vendor's manual. Knows nothing of records.

use self::Form::{Quoted, Rate, Word};

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Always in quotes.
    Quoted,
    /// In quotes where it must be.
    Word,
    /// A rate, or a pair of them, with its unit.
    Rate,
}

/// Of a queue tree entry.
pub(super) const TREE: &[(&str, Form)] = &[
    ("name", Quoted),
    ("parent", Word),
    ("packet-mark", Word),
    ("limit-at", Rate),
    ("queue", Word),
    ("priority", Word),
    ("max-limit", Rate),
    ("burst-limit", Rate),
    ("burst-threshold", Rate),
    ("burst-time", Word),
    ("bucket-size", Word),
];

/// Of a simple queue.
pub(super) const SIMPLE: &[(&str, Form)] = &[
    ("name", Quoted),
    ("target", Word),
    ("parent", Word),
    ("packet-marks", Word),
    ("priority", Word),
    ("queue", Word),
    ("limit-at", Rate),
    ("max-limit", Rate),
    ("burst-limit", Rate),
    ("burst-threshold", Rate),
    ("burst-time", Word),
    ("bucket-size", Word),
];

/// The letters of the flag column, with the keys that set them.
pub(super) const FLAGS: [(char, &str); 3] = [('X', "disabled"), ('I', "invalid"), ('D', "dynamic")];
