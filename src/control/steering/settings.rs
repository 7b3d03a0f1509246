//! What a steering goes by.
//! Promises: plain values; their ranges are kept by whoever builds them.
//! Knows nothing of how it is decided.

use super::evidence::Bad;
use crate::control::{time::Span, units::Rtt};

/// How it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By thresholds of delta, drops and queue.
    Hysteresis,
    /// By a score of all that is known.
    Confidence,
}

/// Everything that steering needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How it is decided.
    pub mode: Mode,
    /// Smoothed delta over this is bad (1 to 500 ms).
    pub delta: Rtt,
    /// So many drops between two readings are bad (at least 1).
    pub drops: u64,
    /// So many waiting packets are suspicious.
    pub queue_yellow: u64,
    /// So many are bad.
    pub queue_red: u64,
    /// Bad for so long: steer.
    pub degrade_after: Span,
    /// Good for so long: steer no more.
    pub recover_after: Span,
    /// After a change of mind the next one takes at least so long.
    pub hold_down: Span,
    /// In confidence mode: a score of at least this is bad (0 to 100).
    pub score_degrade: u8,
    /// In confidence mode: a score of at most this is good.
    pub score_recover: u8,
}

impl Settings {
    /// What is bad of a queue.
    pub(super) const fn bad(&self) -> Bad {
        Bad { drops: self.drops, waiting: self.queue_red }
    }

    /// What suits most lines.
    pub fn usual() -> Self {
        Self {
            mode: Mode::Hysteresis,
            delta: Rtt::from_span(Span::from_millis(15)),
            drops: 1,
            queue_yellow: 10,
            queue_red: 50,
            degrade_after: Span::from_secs(2),
            recover_after: Span::from_secs(30),
            hold_down: Span::from_secs(30),
            score_degrade: 55,
            score_recover: 20,
        }
    }
}
