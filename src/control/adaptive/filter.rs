//! The delay as the adaptive law sees it: a low quantile of the last values, and the idle line.
//! Promises: the idle time rises in seconds only while nothing passes, and falls at any time.
//! Knows nothing of rates.

use heapless::Deque;

use super::{PathChange, Tuning};
use crate::control::{
    time::{Instant, Span},
    units::{Alpha, Rtt},
};

/// Values of the last window, and what they are on the idle line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    values: Deque<(Instant, Rtt), 16>,
    seen: Rtt,
    idle: Option<Rtt>,
    noise: f64,
    learnt: Option<Instant>,
}

impl Filter {
    /// Takes a value in; the low quantile from now on.
    pub(super) fn take(&mut self, now: Instant, value: Rtt, baseline: Rtt, window: Span) -> Rtt {
        while self.values.front().is_some_and(|(at, _)| now.since(*at) > window)
            || self.values.is_full()
        {
            self.values.pop_front();
        }
        let _ = self.values.push_back((now, value));
        let (mut lowest, mut second) = (value, None::<Rtt>);
        for (_, value) in self.values.iter().take(self.values.len().saturating_sub(1)) {
            if *value < lowest {
                second = Some(lowest);
                lowest = *value;
            } else if second.is_none_or(|second| *value < second) {
                second = Some(*value);
            }
        }
        self.seen = if self.values.len() >= 4 { second.unwrap_or(lowest) } else { lowest };
        if self.idle.is_none() {
            self.idle = Some(baseline);
        }
        self.seen
    }

    pub(super) fn delta(&self) -> f64 {
        self.seen.above(self.idle())
    }

    pub(super) const fn noise(&self) -> f64 {
        self.noise
    }

    pub(super) fn idle(&self) -> Rtt {
        self.idle.unwrap_or(self.seen)
    }

    /// Follows the idle line.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        quiet: bool,
        (delta, threshold): (f64, f64),
        tuning: &Tuning,
    ) {
        let last = self.learnt.replace(now);
        let passed = last.map_or(Span::ZERO, |last| now.since(last));
        let passed = passed.min(tuning.settled_after);
        let constant = match (quiet, delta) {
            (true, delta) if delta < threshold => tuning.quiet,
            (_, delta) if delta < 0.0 => tuning.fall,
            (_, delta) if delta < threshold / 4.0 => tuning.calm,
            _ => return,
        };
        let weight = Alpha::new(passed, constant);
        self.idle = Some(self.idle().moved(self.seen, weight));
        if quiet {
            self.noise += weight.value() * (delta.abs() - self.noise);
        }
    }

    /// What is seen now is the idle line.
    pub(super) fn jump(&mut self) -> Option<PathChange> {
        let before = self.idle.replace(self.seen)?;
        Some(PathChange { before, after: self.seen })
    }

    /// The values before are none of now.
    pub(super) fn interrupt(&mut self) {
        self.values.clear();
        self.learnt = None;
    }
}
