//! What the core wants to find again after a restart.
//! Promises: plain values; whatever is read back is checked by the one who takes it.
//! Knows nothing of files or formats.

use super::units::{PerDirection, Rate, Rtt};

/// The state of one WAN worth keeping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SavedWan {
    /// The rates the law wanted.
    pub rates: PerDirection<Rate>,
    /// Green cycles in a row.
    pub streaks: PerDirection<u8>,
    /// The idle round-trip time.
    pub baseline: Rtt,
    /// The round-trip time under load.
    pub load: Rtt,
    /// The limits the router last confirmed; `None`: it never did.
    pub confirmed: PerDirection<Option<Rate>>,
}
