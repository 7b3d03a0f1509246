//! What the demo came to, in numbers.
//! Promises: everything is measured on the simulated lines, nothing is taken from the daemon.
//! Knows nothing of how it is shown.

use super::{
    line::{Line, Sample},
    scene::Scene,
};
use crate::control::time::{Instant, Span};

/// From this much delay at the provider on the line counts as congested.
const CONGESTED: Span = Span::from_millis(15);

/// One of the two lines while the big download ran.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// Half of the time the queues added less than this.
    pub(super) p50: Span,
    /// 95 % of the time they added less than this.
    pub(super) p95: Span,
    /// Downloaded per second, in bit/s.
    pub(super) throughput: u64,
}

/// The demo in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    pub(super) controlled: Outcome,
    pub(super) free: Outcome,
    /// Limits written to the router.
    pub(super) writes: u64,
    /// From the first congestion to the first lower limit at the router; `None`: there was none.
    pub(super) reaction: Option<Span>,
}

impl Summary {
    /// What the line shows now.
    pub(super) fn of(scene: &Scene, line: &Line) -> Self {
        let loaded: Vec<Sample> = line
            .samples()
            .iter()
            .filter(|sample| scene.download.contains(sample.at))
            .copied()
            .collect();
        let seconds = match (loaded.first(), loaded.last()) {
            (Some(first), Some(last)) => last.at.since(first.at),
            _ => Span::ZERO,
        };
        let bytes = |of: fn(&Sample) -> u64| {
            let first = loaded.first().map_or(0, of);
            loaded.last().map_or(0, of).saturating_sub(first)
        };
        let rate = |bytes: u64| {
            let bits = bytes.saturating_mul(8).saturating_mul(1_000);
            bits.checked_div(seconds.as_millis()).unwrap_or(0)
        };
        let outcome = |delay: fn(&Sample) -> Span, bytes: u64| {
            let mut delays: Vec<Span> = loaded.iter().map(delay).collect();
            delays.sort_unstable();
            let percentile = |percent: usize| {
                delays.get(delays.len() * percent / 100).copied().unwrap_or(Span::ZERO)
            };
            Outcome { p50: percentile(50), p95: percentile(95), throughput: rate(bytes) }
        };
        Self {
            controlled: outcome(|sample| sample.controlled, bytes(|sample| sample.delivered.0)),
            free: outcome(|sample| sample.free, bytes(|sample| sample.delivered.1)),
            writes: line.writes(),
            reaction: reaction(&loaded),
        }
    }
}

fn reaction(loaded: &[Sample]) -> Option<Span> {
    let congested = loaded.iter().position(|sample| sample.controlled > CONGESTED)?;
    let (from, since): (&[Sample], Instant) = (loaded.get(congested..)?, loaded.get(congested)?.at);
    let limit = from.first()?.limit;
    let lower = from.iter().find(|sample| match (sample.limit, limit) {
        (Some(now), Some(then)) => now < then,
        (Some(_), None) => true,
        (None, _) => false,
    })?;
    Some(lower.at.since(since))
}
