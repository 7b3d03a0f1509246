//! What the core wants to find again after a restart.
//! Promises: plain values; whatever is read back is checked by the one who takes it.
//! Knows nothing of files or formats.

use heapless::Vec;

use super::{
    steering::{State, brake::MOST_PER_HOUR},
    time::Span,
    units::{PerDirection, Rate, Rtt},
};

/// Whether a saved baseline still says something about the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Saved less than a day ago.
    Fresh,
    /// Older, or of unknown age: rates are taken back, the baseline is learnt anew.
    Old,
}

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

impl SavedWan {
    /// Whether it is worth writing down again: a rate or limit changed, or the baseline moved by
    /// more than a fiftieth.
    pub fn differs(&self, earlier: Option<&Self>) -> bool {
        earlier.is_none_or(|earlier| {
            let moved = self.baseline.above(earlier.baseline).abs();
            self.rates != earlier.rates
                || self.confirmed != earlier.confirmed
                || moved > earlier.baseline.ms() / 50.0
        })
    }
}

/// The state of one steering worth keeping. Times are ages: the clock that they were measured by may
/// have ended with the last run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSteering {
    /// What was wanted.
    pub state: State,
    /// For how long; `None`: since the start.
    pub changed_ago: Option<Span>,
    /// How long ago it was steered, the latest last.
    pub steered_ago: Vec<Span, MOST_PER_HOUR>,
}
