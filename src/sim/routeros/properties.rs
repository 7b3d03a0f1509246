//! The properties of each menu: how they are named, what they hold, what they are by default.
//! Promises: together with the counters these are exactly the keys of the captured records.
//! Knows nothing of requests.

use super::value::Kind;

/// A property of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// What a new record holds; `None`: the key is absent.
    pub(super) default: Option<&'static str>,
}

/// How many values a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    /// `upload/download`, seen from the target of a simple queue.
    Pair,
}

const fn one(key: &'static str, kind: Kind, default: &'static str) -> Property {
    Property { key, kind, shape: Shape::One, default: Some(default) }
}

const fn pair(key: &'static str, kind: Kind, default: &'static str) -> Property {
    Property { key, kind, shape: Shape::Pair, default: Some(default) }
}

/// A property that is not there until it is set.
const fn absent(key: &'static str, kind: Kind) -> Property {
    Property { key, kind, shape: Shape::One, default: None }
}

const NAME: Property = one("name", Kind::Name, "");
const COMMENT: Property = absent("comment", Kind::Comment);
const DISABLED: Property = one("disabled", Kind::Flag, "false");
const PRIORITY: Kind = Kind::Whole(1, 8);

/// Of a queue tree entry.
pub(super) const TREE: &[Property] = &[
    NAME,
    COMMENT,
    DISABLED,
    one("bucket-size", Kind::Decimal, "0.1"),
    one("burst-limit", Kind::Rate, "0"),
    one("burst-threshold", Kind::Rate, "0"),
    one("burst-time", Kind::Time, "0s"),
    one("limit-at", Kind::Rate, "0"),
    one("max-limit", Kind::Rate, "0"),
    one("packet-mark", Kind::Text, ""),
    one("parent", Kind::Parent, "global"),
    one("priority", PRIORITY, "8"),
    one("queue", Kind::QueueType, "default-small"),
];

/// Of a simple queue.
pub(super) const SIMPLE: &[Property] = &[
    NAME,
    COMMENT,
    DISABLED,
    one("dynamic", Kind::Fixed, "false"),
    one("packet-marks", Kind::Text, ""),
    one("parent", Kind::Parent, "none"),
    one("target", Kind::Text, ""),
    pair("bucket-size", Kind::Decimal, "0.1/0.1"),
    pair("burst-limit", Kind::Rate, "0/0"),
    pair("burst-threshold", Kind::Rate, "0/0"),
    pair("burst-time", Kind::Time, "0s/0s"),
    pair("limit-at", Kind::Rate, "0/0"),
    pair("max-limit", Kind::Rate, "0/0"),
    pair("priority", PRIORITY, "8/8"),
    pair("queue", Kind::QueueType, "default-small/default-small"),
    one("total-bytes", Kind::Fixed, "0"),
    one("total-dropped", Kind::Fixed, "0"),
    one("total-packet-rate", Kind::Fixed, "0"),
    one("total-packets", Kind::Fixed, "0"),
    one("total-queued-bytes", Kind::Fixed, "0"),
    one("total-queued-packets", Kind::Fixed, "0"),
    one("total-rate", Kind::Fixed, "0"),
];

/// Of a built-in queue type that only counts packets.
pub(super) const PFIFO: &[Property] = &[
    NAME,
    one("default", Kind::Fixed, "true"),
    one("kind", Kind::Fixed, "pfifo"),
    one("pfifo-limit", Kind::Whole(1, 10_000), "10"),
];

/// Of a CAKE queue type: the subset that the console of 7.24rc3 shows.
pub(super) const CAKE: &[Property] = &[
    NAME,
    one("default", Kind::Fixed, "false"),
    one("kind", Kind::Fixed, "cake"),
    one("cake-ack-filter", Kind::Word(&["none", "filter", "aggressive"]), "none"),
    one("cake-bandwidth", Kind::Rate, "0"),
    one("cake-diffserv", Kind::Word(DIFFSERV), "diffserv3"),
    one("cake-flowmode", Kind::Word(FLOW_MODE), "triple-isolate"),
    one("cake-nat", Kind::Flag, "false"),
    one("cake-overhead", Kind::Whole(-64, 256), "0"),
    one("cake-overhead-scheme", Kind::Word(OVERHEAD), ""),
    one("cake-rtt", Kind::Time, "100ms"),
    one("cake-wash", Kind::Flag, "false"),
];

/// Of a mangle rule: what all have, and some of what a rule may be given.
pub(super) const MANGLE: &[Property] = &[
    COMMENT,
    one("chain", Kind::Text, "prerouting"),
    one("action", Kind::Text, "mark-connection"),
    absent("disabled", Kind::Flag),
    one("dynamic", Kind::Fixed, "false"),
    one("invalid", Kind::Fixed, "false"),
    absent("new-connection-mark", Kind::Text),
    absent("new-packet-mark", Kind::Text),
    absent("new-routing-mark", Kind::Text),
    absent("passthrough", Kind::Flag),
    absent("src-address", Kind::Text),
    absent("dst-address-type", Kind::Text),
    absent("in-interface-list", Kind::Text),
];

/// Of a rule of the filter: what all have.
pub(super) const FILTER: &[Property] = &[
    COMMENT,
    one("chain", Kind::Text, "forward"),
    one("action", Kind::Text, "accept"),
    absent("disabled", Kind::Flag),
    one("dynamic", Kind::Fixed, "false"),
    one("invalid", Kind::Fixed, "false"),
];

/// Of the queue of an interface. No captured one is known; the manual has these properties.
pub(super) const INTERFACE: &[Property] = &[
    one("interface", Kind::Fixed, ""),
    one("queue", Kind::QueueType, "only-hardware-queue"),
    one("active-queue", Kind::Fixed, "only-hardware-queue"),
];

/// Of a user. No captured one is known; the manual has these properties.
pub(super) const USER: &[Property] =
    &[NAME, COMMENT, one("group", Kind::Fixed, ""), one("address", Kind::Text, ""), DISABLED];

/// Of a group of users. No captured one is known; the manual has these properties.
pub(super) const GROUP: &[Property] =
    &[NAME, COMMENT, one("policy", Kind::Fixed, ""), one("skin", Kind::Text, "default")];

const DIFFSERV: &[&str] = &["besteffort", "diffserv3", "diffserv4", "diffserv8", "precedence"];

const FLOW_MODE: &[&str] = &[
    "dsthost",
    "dual-dsthost",
    "dual-srchost",
    "flowblind",
    "flows",
    "hosts",
    "srchost",
    "triple-isolate",
];

/// The third one is spelt that way by RouterOS.
const OVERHEAD: &[&str] = &[
    "",
    "raw",
    "convervative",
    "bridged-llcsnap",
    "bridged-ptm",
    "bridged-vcmux",
    "docsis",
    "ether-vlan",
    "ethernet",
    "ipoa-llcsnap",
    "ipoa-vcmux",
    "pppoa-llc",
    "pppoa-vcmux",
    "pppoe-llcsnap",
    "pppoe-ptm",
    "pppoe-vcmux",
    "via-ethernet",
];
