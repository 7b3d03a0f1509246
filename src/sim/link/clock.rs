//! The clock of a simulated reflector, as ICMP timestamps show it.
//! Promises: the same moment is the same time, and nothing is better than a millisecond.
//! Knows nothing of the line.

use crate::{
    control::{
        oneway::Stamps,
        time::{Instant, Span},
    },
    sim::schedule::{Schedule, Window},
};

const DAY_MS: u64 = 86_400_000;

/// What a reflector writes for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Milliseconds since midnight, as the standard has them.
    Standard,
    /// The same with the bytes in the wrong order.
    Swapped,
    /// Nothing.
    Zeros,
}

/// A clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead of the simulation's; a step is a clock that is set.
    pub ahead: Schedule<Span>,
    /// By how many millionths it is too fast.
    pub drift_ppm: u32,
    /// What is written.
    pub manner: Manner,
    /// When no question for the time is answered, while echoes are.
    pub silent: Vec<Window>,
}

impl Clock {
    /// A good one that is ahead by this.
    pub const fn ahead(by: Span) -> Self {
        Self {
            ahead: Schedule::constant(by),
            drift_ppm: 0,
            manner: Manner::Standard,
            silent: Vec::new(),
        }
    }

    /// What is written about a question that came in at `at` and was answered at once.
    pub(super) fn stamps(&self, at: Instant) -> Stamps {
        let gained = at.as_micros() / 1_000_000 * u64::from(self.drift_ppm);
        let shown = at.as_micros() + self.ahead.at(at).as_micros() + gained;
        let millis = u32::try_from(shown / 1_000 % DAY_MS).unwrap_or_default();
        let written = match self.manner {
            Manner::Standard => millis,
            Manner::Swapped => millis.swap_bytes(),
            Manner::Zeros => 0,
        };
        Stamps { receive: written, transmit: written }
    }
}
