//! Brings the router's limits to the wanted rates.

use super::units::Rate;

/// Which queues on the router carry the limits of one WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Two queue tree entries, one per direction, each written by itself.
    PerDirection,
    /// One simple queue with both limits, written at once.
    Pair,
}

/// What happens to a limit when the daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// It stays as it is.
    Keep,
    /// It is set to this rate, between the red floor and the ceiling.
    Set(Rate),
}
