//! Which properties of a record the console prints, in which order and in which form.
//! Promises: the order and the forms are those of captured queue tree entries, queue types and
//! mangle rules; those of the other menus follow the vendor's manual. Knows nothing of records.

use self::Form::{Bandwidth, Flag, Quoted, Rate, Word};
use super::statement::View;
use crate::sim::routeros::settings::Menu;

/// What is printed.
pub(super) const fn of(menu: Menu, view: View) -> &'static [(&'static str, Form)] {
    match (menu, view) {
        (Menu::Tree, View::Settings) => TREE,
        (Menu::Tree, View::Counters) => TREE_COUNTERS,
        (Menu::Simple, View::Settings) => SIMPLE,
        (Menu::Simple, View::Counters) => SIMPLE_COUNTERS,
        (Menu::Type, _) => TYPE,
        (Menu::Mangle, _) => MANGLE,
        (Menu::Filter, _) => FILTER,
        (Menu::Interface, _) => INTERFACE,
        (Menu::User, _) => USER,
        (Menu::Group, _) => GROUP,
    }
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Always in quotes.
    Quoted,
    /// In quotes where it must be.
    Word,
    /// A rate, or a pair of them, with its unit.
    Rate,
    /// A rate as `cake-bandwidth` has it, rounded to a tenth of its unit.
    Bandwidth,
    /// `yes` or `no`.
    Flag,
}

/// Of a queue tree entry.
const TREE: &[(&str, Form)] = &[
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
const SIMPLE: &[(&str, Form)] = &[
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

/// What a queue tree entry counts.
const TREE_COUNTERS: &[(&str, Form)] = &[
    ("name", Quoted),
    ("parent", Word),
    ("packet-mark", Word),
    ("rate", Word),
    ("packet-rate", Word),
    ("queued-bytes", Word),
    ("queued-packets", Word),
    ("bytes", Word),
    ("packets", Word),
    ("dropped", Word),
];

/// What a simple queue counts.
const SIMPLE_COUNTERS: &[(&str, Form)] = &[
    ("name", Quoted),
    ("target", Word),
    ("rate", Word),
    ("total-rate", Word),
    ("packet-rate", Word),
    ("total-packet-rate", Word),
    ("queued-bytes", Word),
    ("total-queued-bytes", Word),
    ("queued-packets", Word),
    ("total-queued-packets", Word),
    ("bytes", Word),
    ("total-bytes", Word),
    ("packets", Word),
    ("total-packets", Word),
    ("dropped", Word),
    ("total-dropped", Word),
];

/// Of a queue type, of whatever kind.
const TYPE: &[(&str, Form)] = &[
    ("name", Quoted),
    ("kind", Word),
    ("pfifo-limit", Word),
    ("cake-bandwidth", Bandwidth),
    ("cake-overhead", Word),
    ("cake-overhead-scheme", Word),
    ("cake-rtt", Word),
    ("cake-diffserv", Word),
    ("cake-flowmode", Word),
    ("cake-nat", Flag),
    ("cake-wash", Flag),
    ("cake-ack-filter", Word),
];

/// Of a mangle rule.
const MANGLE: &[(&str, Form)] = &[
    ("chain", Word),
    ("action", Word),
    ("new-connection-mark", Word),
    ("new-packet-mark", Word),
    ("new-routing-mark", Word),
    ("passthrough", Flag),
    ("src-address", Word),
    ("dst-address-type", Word),
    ("in-interface-list", Word),
];

/// Of a rule of the filter.
const FILTER: &[(&str, Form)] = &[("chain", Word), ("action", Word)];

/// Of the queue of an interface.
const INTERFACE: &[(&str, Form)] = &[("interface", Word), ("queue", Word), ("active-queue", Word)];

/// Of a user.
const USER: &[(&str, Form)] = &[("name", Quoted), ("group", Word), ("address", Word)];

/// Of a group of users.
const GROUP: &[(&str, Form)] = &[("name", Quoted), ("policy", Word), ("skin", Word)];

/// The letters of the flag column, with the keys that set them.
pub(super) const FLAGS: [(char, &str); 4] =
    [('X', "disabled"), ('I', "invalid"), ('D', "dynamic"), ('*', "default")];
