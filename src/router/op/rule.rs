//! Mangle rules, which are known by their comments alone.
//! Promises: plain data.
//! Knows nothing of what a rule does to packets.

use core::fmt;

/// The menu on the console; below `/rest` over REST.
pub const MENU: &str = "/ip/firewall/mangle";

/// A mangle rule by its comment, which must match exactly. Rules have no names, and comments may
/// repeat: then none of them is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRef<'a> {
    /// Its `comment`.
    pub comment: &'a str,
}

impl fmt::Display for RuleRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mangle rule with the comment \"{}\"", self.comment)
    }
}

/// Whether a rule works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleState {
    /// It does.
    Enabled,
    /// It is switched off.
    Disabled,
}

/// A rule as the router reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// On or off. A rule that says neither is on.
    pub state: RuleState,
    /// RouterOS cannot use it, for example because an interface is gone. Not all releases tell.
    pub invalid: bool,
    /// Made by another service, which also rewrites it.
    pub dynamic: bool,
}
