//! The classic law: fixed delay thresholds, multiplicative decrease, additive increase.
//! Promises: one decision per observation, the same for the same observations on every CPU.
//! Knows nothing of probes, routers or clocks.

use super::{
    baseline, ladder,
    time::Span,
    units::{PerDirection, Rtt},
    zone::Thresholds,
};

/// What the classic law is tuned by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Time between two observations.
    pub interval: Span,
    /// How load and baseline follow the samples.
    pub baseline: baseline::Settings,
    /// A rise of the load by more than this within one cycle is a spike; `None`: no spike rule.
    pub spike: Option<Rtt>,
    /// Where the zones begin.
    pub thresholds: PerDirection<Thresholds>,
    /// How the rates move.
    pub ladders: PerDirection<ladder::Settings>,
}
