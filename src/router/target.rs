//! What an operation is about, and what it changes of it.
//! Promises: the value of a change is written in one place for both languages, and it never lifts
//! a limit.
//! Knows nothing of requests.

use core::fmt;

use super::{
    op::{MANGLE, NewLimit, QueueRef, RuleRef, RuleState},
    value,
};

/// A record of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Queue(QueueRef<'a>),
    Rule(RuleRef<'a>),
}

impl Target<'_> {
    /// The menu on the console; below `/rest` over REST.
    pub(super) const fn menu(self) -> &'static str {
        match self {
            Self::Queue(queue) => queue.kind.menu(),
            Self::Rule(_) => MANGLE,
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(queue) => queue.fmt(f),
            Self::Rule(rule) => rule.fmt(f),
        }
    }
}

/// A change of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    Limit(NewLimit<'a>),
    Rule(RuleRef<'a>, RuleState),
}

impl<'a> Change<'a> {
    /// What is changed.
    pub(super) const fn target(self) -> Target<'a> {
        match self {
            Self::Limit(limit) => Target::Queue(limit.queue()),
            Self::Rule(rule, _) => Target::Rule(rule),
        }
    }

    /// The property that is set.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Limit(limit) => limit.queue().kind.limit_key(),
            Self::Rule(..) => "disabled",
        }
    }

    /// The value that it gets.
    pub(super) fn value(self) -> String {
        match self {
            Self::Limit(limit) => value::limit(&limit),
            Self::Rule(_, RuleState::Enabled) => "no".to_owned(),
            Self::Rule(_, RuleState::Disabled) => "yes".to_owned(),
        }
    }
}
