//! The interface of a control law: an observation in; states, rates and reasons out.
//! Promises: plain values that explain themselves; nobody needs the law's insides to show why.
//! Knows no particular law, no probe and no router.

use super::{
    ladder::{Move, Raise},
    time::Span,
    units::{PerDirection, Rate, Rtt},
    zone::Zone,
};

/// Which idle time a value is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// That of the reflectors.
    Icmp,
    /// That of the one TCP target which stands in for them, a scale of its own.
    Own,
}

/// What one round of probes showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation<'a> {
    /// The round's value: the median of three, the mean of two, or the one.
    pub value: Rtt,
    /// The times of the single reflectors.
    pub samples: &'a [Rtt],
    /// What the value is held against.
    pub scale: Scale,
    /// How much time it stands for: that from one value to the next.
    pub every: Span,
    /// Whether the rates may rise.
    pub raises: PerDirection<Raise>,
}

/// What made the zone of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The delay over the baseline, held against the thresholds.
    Delay,
    /// The load rose too steeply.
    Spike,
}

/// What one observation led to in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The state of the direction.
    pub zone: Zone,
    /// What made it.
    pub cause: Cause,
    /// What became of the rate, and why.
    pub moved: Move,
    /// The rate wanted from now on.
    pub rate: Rate,
}

/// What one observation led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The round-trip time under load.
    pub load: Rtt,
    /// The idle round-trip time.
    pub baseline: Rtt,
    /// Load over baseline in ms, negative below it.
    pub delta: f64,
    /// The outcome per direction.
    pub verdicts: PerDirection<Verdict>,
}
