//! One WAN.

use super::{
    applier::{Layout, OnExit},
    classic,
    units::PerDirection,
};

/// A WAN, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WanId(pub u8);

/// A router, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub u8);

/// Everything the core needs to know about one WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The router that carries its queues.
    pub router: RouterId,
    /// How many reflectors the WAN has (1 to 8).
    pub reflectors: u8,
    /// The control law.
    pub law: classic::Settings,
    /// The queues on the router.
    pub layout: Layout,
    /// Writes per hour from which on increases slow down (60 to 7200).
    pub write_budget: u16,
    /// What happens to the limits at the end.
    pub on_exit: PerDirection<OnExit>,
}
