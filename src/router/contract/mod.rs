//! What answers of RouterOS look like: which keys they have, and what kind of value each holds.
//! Promises: pure and bounded; a shape holds for every golden file of its request, and any answer
//! that differs from it is named key by key, without a value in it.
//! Knows nothing of connections, and nothing here decides whether an answer is used: the decoders
//! of `rest` and `cli` do.

mod class;
mod compare;
mod coverage;
mod difference;
mod json;
mod layout;
mod shape;
mod tables;
mod version;

pub use self::{
    class::{Class, Kind},
    compare::{Scope, console, refusal_over_rest, refusal_over_ssh, rest},
    coverage::{COVERED, Coverage, Covered, Origin},
    difference::{Difference, Differences, Fault, Grade, Label, MAX_DIFFERENCES},
    layout::Misprint,
    shape::{Form, Key, Presence, Shape, What},
    version::{Stage, Version},
};
