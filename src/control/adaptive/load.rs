//! How much of its limit a direction uses, and how often that is asked for.
//! Promises: what is half of the floor or more is load, however high the limit.
//! Knows nothing of delays and of cuts.

use super::{Tuning, number};
use crate::control::{
    time::Span,
    units::{Flow, Rate},
};

/// How much of its limit a direction uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Less than a tenth: acknowledgements and chatter.
    Idle,
    /// Too little to fill a queue.
    Low,
    /// The limit is about to be what holds it back, or is.
    High,
}

impl Load {
    /// All of them, by how much passes.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Low, Self::High];

    /// The word used in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Low => "low",
            Self::High => "high",
        }
    }

    pub(super) fn of(share: f64, tuning: &Tuning) -> Self {
        match share {
            share if share >= tuning.high => Self::High,
            share if share >= tuning.idle => Self::Low,
            _ => Self::Idle,
        }
    }
}

/// How a direction is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The class.
    pub load: Load,
    /// What passes.
    pub flow: Flow,
    /// Where a burst starts; `None`: not known yet.
    pub base: Option<Rate>,
}

/// How often what passes is to be read.
pub(super) fn period(busy: f64, delayed: bool, tuning: &Tuning) -> Span {
    if busy >= tuning.high || delayed {
        tuning.fast
    } else if busy >= tuning.idle {
        tuning.medium
    } else {
        tuning.slow
    }
}

/// How much of the limit in force passes.
pub(super) fn share(((flow, rate), in_force): ((Flow, Rate), Option<Rate>)) -> f64 {
    number(flow.bps()) / number(in_force.unwrap_or(rate).bps())
}

/// What is half of the floor or more is no chatter, however high the limit: a line that carries next
/// to nothing lets no more pass.
pub(super) fn used(
    ((share, flow), (floor, _)): ((f64, Flow), (Rate, Rate)),
    tuning: &Tuning,
) -> f64 {
    if flow.bps() >= floor.bps() / 2 { share.max(tuning.idle) } else { share }
}
