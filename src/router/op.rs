//! The closed list of what is ever asked of a router, and what it may answer.
//! Promises: nothing here adds or removes anything or lifts a limit (a [`Rate`] is never zero), a
//! limit always has the shape that its kind of queue takes, and the only thing that is switched off
//! and on is a mangle rule.
//! Knows nothing of how operations are carried.
//!
//! [`Rate`]: crate::control::units::Rate

mod counters;
mod listing;
mod queue;
mod rule;

pub use self::{
    listing::{Listed, ListedQueue, ListedType, Listing, Policies},
    queue::{NewLimit, QueueKind, QueueRef, QueueState},
    rule::{MENU as MANGLE, Rule, RuleRef, RuleState},
};
use crate::control::time::Span;
pub use crate::control::{
    counts::{Counters, Statistics},
    queue::Found,
};

/// One operation on a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Reads version, board and uptime (`/system/resource`).
    ReadResource,
    /// Reads the router's name (`/system/identity`). Many routers have the same one.
    ReadIdentity,
    /// Reads one queue.
    ReadQueue(QueueRef<'a>),
    /// Sets the limit of one queue.
    SetLimit(NewLimit<'a>),
    /// Reads what one queue has counted.
    ReadStatistics(QueueRef<'a>),
    /// Reads one mangle rule.
    ReadRule(RuleRef<'a>),
    /// Switches one mangle rule on or off.
    SetRule(RuleRef<'a>, RuleState),
    /// Reads a list; for who looks whether the router is set up as it must be.
    List(Listing<'a>),
}

/// What the router answered. Each operation has exactly one kind of reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Op::ReadResource`].
    Resource(Resource),
    /// To [`Op::ReadIdentity`]; longer names are cut off.
    Identity(heapless::String<RESOURCE_TEXT_MAX>),
    /// To [`Op::ReadQueue`].
    Queue(QueueState),
    /// To [`Op::SetLimit`]: the limit that the router now reports. The caller compares
    /// ([`NewLimit::is_met_by`]); a router may answer success and hold another limit.
    Limit(Found),
    /// To [`Op::ReadStatistics`].
    Statistics(Statistics),
    /// To [`Op::ReadRule`], and to [`Op::SetRule`]: the rule as the router now reports it, which
    /// may take up to a second to show the change.
    Rule(Rule),
    /// To [`Op::List`].
    Listed(Listed),
}

/// Longest text kept of a version, a board or a router's name, in bytes.
pub const RESOURCE_TEXT_MAX: usize = 48;

/// Facts about the device; longer texts are cut off.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resource {
    /// Number and channel, such as `7.24.2 (stable)`.
    pub version: heapless::String<RESOURCE_TEXT_MAX>,
    /// Model, such as `RB5009UG+S+`; empty if the router does not say.
    pub board: heapless::String<RESOURCE_TEXT_MAX>,
    /// Time since boot; whole seconds.
    pub uptime: Option<Span>,
}
