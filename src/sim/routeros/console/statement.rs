//! What a command line says.
//! Promises: plain data. Knows nothing of how it is written or carried out.

use crate::sim::routeros::{settings::Menu, target::Place};

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// `/queue/tree/print detail where name="x"`, `/system/resource/print`
    Print { place: Place, view: View, conditions: Vec<Condition> },
    /// `/queue/tree/set [/queue/tree/find name="x"] max-limit=5M`
    Set { find: Find, fields: Vec<Field> },
    /// `:if ([:len [FIND]] = 1) do={…}`
    If { find: Find, count: usize, body: Vec<Self> },
    /// `:foreach q in=[FIND] do={…}`
    ForEach { variable: String, find: Find, body: Vec<Self> },
    /// `:put ("text" . [/queue/tree/get $q max-limit])`
    Put(Vec<Term>),
}

/// What a `print` shows of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// `detail`: what they are set to.
    Settings,
    /// `stats detail`: what they count.
    Counters,
}

/// The records of a menu that meet all the conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Find {
    pub(super) menu: Menu,
    pub(super) conditions: Vec<Condition>,
}

/// `name="x"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) key: String,
    pub(super) value: String,
}

/// A property to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Where it stands in the line, in bytes from its beginning.
    pub(super) at: usize,
    pub(super) key: String,
    pub(super) value: String,
}

/// A part of a text to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Text(String),
    /// A property of the record that a variable stands for.
    Get {
        menu: Menu,
        variable: String,
        key: String,
    },
}
