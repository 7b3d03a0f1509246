//! The delay as the adaptive law sees it: a low quantile of the last values, or on a steady line their
//! median, and the same of the idle line.
//! Promises: the idle time rises in seconds only while nothing passes, and falls at any time.
//! Knows nothing of rates.

use heapless::Deque;

use super::{PathChange, Sight, Tuning};
use crate::control::{
    pace::{Pace, SELDOM},
    time::{Instant, Span},
    units::{Alpha, Rtt},
};

/// Values that are kept: as many as the shortest interval gives in a window.
const KEPT: usize = 16;
/// On a line that is seldom looked at a window is as long as it takes to see it once and so many times
/// more: else a single value would be all that is known, and each odd one a delay.
const SEVERAL: u64 = 4;

/// One way to look at the last values: what it shows now, and what it shows on the idle line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Track {
    seen: Rtt,
    idle: Option<Rtt>,
    noise: f64,
}

impl Track {
    fn idle(&self) -> Rtt {
        self.idle.unwrap_or(self.seen)
    }

    fn delta(&self) -> f64 {
        self.seen.above(self.idle())
    }

    /// Follows the idle line.
    fn learn(
        &mut self,
        passed: Span,
        quiet: bool,
        (threshold, loaded): (f64, f64),
        tuning: &Tuning,
    ) {
        let delta = self.delta();
        let constant = match (quiet, delta) {
            (true, delta) if delta < threshold => tuning.quiet,
            (_, delta) if delta < -threshold => tuning.fall,
            (_, delta) if delta < loaded => tuning.calm,
            _ => return,
        };
        let weight = Alpha::new(passed, constant);
        self.idle = Some(self.idle().moved(self.seen, weight));
        if quiet {
            self.noise += weight.value() * (delta.abs() - self.noise);
        }
    }
}

/// Values of the last window, and what they are on the idle line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) tuning: &'static Tuning,
    /// Length of a cycle.
    interval: Span,
    values: Deque<(Instant, Rtt), KEPT>,
    /// The median of the last three of each cycle of the last window.
    medians: Deque<(Instant, Rtt), KEPT>,
    fast: Track,
    slow: Track,
    rough: Roughness,
    learnt: Option<Instant>,
}

/// How far values stray from where the two before them lead: of noise that shows under load too, for
/// a queue grows and drains in a straight line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Roughness {
    last: [Option<Rtt>; 2],
    /// Values that were taken in; no more than tell.
    taken: u16,
    /// The mean in ms.
    mean: f64,
}

impl Roughness {
    /// So many values tell.
    const LONG: u16 = 64;

    fn take(&mut self, value: Rtt) {
        let [before, last] = self.last;
        self.last = [last, Some(value)];
        let (Some(before), Some(last)) = (before, last) else { return };
        self.taken = (self.taken + 1).min(Self::LONG);
        let stray = (value.above(last) - last.above(before)).abs();
        self.mean += (stray - self.mean) / f64::from(self.taken);
    }
}

/// Makes room for a new value and takes it in.
fn push(values: &mut Deque<(Instant, Rtt), KEPT>, now: Instant, value: Rtt, window: Span) {
    while values.front().is_some_and(|(at, _)| now.since(*at) > window) || values.is_full() {
        values.pop_front();
    }
    let _ = values.push_back((now, value));
}

impl Filter {
    pub(super) fn new(tuning: &'static Tuning) -> Self {
        let track = Track { seen: Rtt::ZERO, idle: None, noise: 0.0 };
        let (values, medians) = (Deque::new(), Deque::new());
        let rough = Roughness::default();
        Self {
            tuning,
            interval: Span::ZERO,
            values,
            medians,
            fast: track,
            slow: track,
            rough,
            learnt: None,
        }
    }

    /// Takes a value in.
    pub(super) fn take(&mut self, sight: &Sight) {
        let Sight { now, interval, pace, value, baseline, .. } = *sight;
        self.interval = interval;
        let window = match pace {
            Pace::Often => {
                self.rough.take(value);
                // Whoever waits for a lost reply skips a cycle.
                if self.has_several() { self.window() } else { interval.part(5, 2) }
            }
            Pace::Seldom => {
                // A straight line is none from so far away.
                self.rough.last = [None; 2];
                self.medians.clear();
                SELDOM.times(SEVERAL).max(self.window())
            }
        };
        push(&mut self.values, now, value, window);
        self.slow.seen = self.second_lowest(value);
        self.fast.seen = self.median_of_three(value);
        // From one median to the next it cannot be told when between them the delay began to grow.
        let last = if pace == Pace::Seldom { value } else { self.fast.seen };
        push(&mut self.medians, now, last, window);
        for track in [&mut self.fast, &mut self.slow] {
            track.idle = track.idle.or(Some(baseline));
        }
    }

    /// A queue lifts the lowest values too; jitter does not.
    fn second_lowest(&self, value: Rtt) -> Rtt {
        if !self.has_several() {
            let before = self.values.iter().nth_back(1);
            return before
                .map_or(value, |(_, before)| if *before < value { *before } else { value });
        }
        let (mut lowest, mut second) = (value, None::<Rtt>);
        for (_, value) in self.values.iter().take(self.values.len().saturating_sub(1)) {
            if *value < lowest {
                second = Some(lowest);
                lowest = *value;
            } else if second.is_none_or(|second| *value < second) {
                second = Some(*value);
            }
        }
        if self.values.len() >= 4 { second.unwrap_or(lowest) } else { lowest }
    }

    /// One outlier does not move it.
    fn median_of_three(&self, value: Rtt) -> Rtt {
        let mut latest = self.values.iter().rev().skip(1).map(|(_, value)| *value);
        let (one, two) = (latest.next().unwrap_or(value), latest.next().unwrap_or(value));
        let (low, high) = if one < two { (one, two) } else { (two, one) };
        if value < low {
            low
        } else if value > high {
            high
        } else {
            value
        }
    }

    /// The way to look that suits the line.
    fn track(&self) -> &Track {
        if self.is_steady() { &self.fast } else { &self.slow }
    }

    pub(super) fn is_steady(&self) -> bool {
        self.has_several() && self.noise_of(&self.fast) < self.tuning.steady
    }

    /// As on the idle line, unless it is seen to have become more.
    fn noise_of(&self, track: &Track) -> f64 {
        track.noise.max(self.rough.mean * self.tuning.roughness)
    }

    /// The round-trip time as it is seen.
    pub(super) fn seen(&self) -> Rtt {
        self.track().seen
    }

    pub(super) fn delta(&self) -> f64 {
        self.track().delta()
    }

    pub(super) fn noise(&self) -> f64 {
        self.noise_of(self.track())
    }

    pub(super) fn idle(&self) -> Rtt {
        self.track().idle()
    }

    /// By how many ms per ms the delay grew within the last window, less what noise may have done;
    /// negative if it fell.
    pub(super) fn growth(&self) -> f64 {
        let over = if self.is_steady() { self.tuning.recent } else { self.window() };
        let Some((to, after)) = self.medians.back() else { return 0.0 };
        let oldest = self.medians.iter().find(|(at, _)| to.since(*at) <= over);
        oldest.map_or(0.0, |(from, before)| {
            let passed = Rtt::from_span(to.since(*from).max(self.tuning.recent)).ms();
            (after.above(*before) - self.tuning.noises_of_growth * self.noise()) / passed
        })
    }

    /// How old a value that is seen may be, of a line that is not seldom looked at. Of two values at the
    /// least, in cycles that come a little late: of one, each odd one is a delay.
    pub(super) fn window(&self) -> Span {
        self.tuning.window.max(self.interval.part(3, 2))
    }

    /// Whether a window has three values at any time.
    fn has_several(&self) -> bool {
        self.interval.part(9, 4) <= self.tuning.window
    }

    /// Follows the idle line up to a delay of the first limit, under load of the second one.
    pub(super) fn learn(&mut self, now: Instant, quiet: bool, limits: (f64, f64)) {
        let last = self.learnt.replace(now);
        let passed = last.map_or(Span::ZERO, |last| now.since(last));
        let passed = passed.min(self.tuning.settled_after);
        for track in [&mut self.fast, &mut self.slow] {
            track.learn(passed, quiet, limits, self.tuning);
        }
    }

    /// What is seen now is the idle line.
    pub(super) fn jump(&mut self) -> Option<PathChange> {
        let before = self.track().idle?;
        for track in [&mut self.fast, &mut self.slow] {
            track.idle = Some(track.seen);
        }
        Some(PathChange { before, after: self.idle() })
    }

    /// The values before are none of now.
    pub(super) fn interrupt(&mut self) {
        self.values.clear();
        self.medians.clear();
        self.rough.last = [None; 2];
        self.learnt = None;
    }
}
