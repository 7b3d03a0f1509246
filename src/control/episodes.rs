//! What is told about the zones of one direction, and when: a queue that comes is told at once, a flood of
//! them is summed up.
//! Promises: what is worse than all that was told in the last quarter of an hour is told at once; who
//! was told of a queue is told when it is gone; besides these two at most eight lines in a row and then one
//! each five minutes; whatever had no line of its own is summed up within eleven minutes.
//! Knows nothing of wording.

use super::{
    lines::Lines,
    time::{Instant, Span},
    zone::Zone,
};

/// Lines that may follow each other: two queues that come and go over all zones.
const LINES: u8 = 8;
/// One more line after this long: together with the summaries both directions of a line that is never at
/// rest have 36 an hour.
const REFILL: Span = Span::from_secs(300);
/// A state without a line that has lasted this long is worth one, if one is left.
const LASTING: Span = Span::from_secs(60);
/// What had no line is summed up this often, as soon as it is green then.
const SUMMARY: Span = Span::from_secs(600);
/// What was told longer ago makes no queue an old story: longer than from one summary to the next.
const LATELY: Span = Span::from_secs(900);

/// Whether a change is worth a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is.
    Line,
    /// It is one of many; a summary follows.
    Detail,
}

/// A change of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The zone before; `None`: this is the first.
    pub from: Option<Zone>,
    /// Whether it is worth a line.
    pub worth: Worth,
}

/// What had no line of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How often the direction was no longer green.
    pub times: u16,
    /// Within this time.
    pub within: Span,
    /// The worst zone.
    pub worst: Zone,
    /// The highest delay over the baseline, in ms.
    pub delta: f64,
    /// The zone now.
    pub now: Zone,
}

/// What was not told yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Untold {
    since: Instant,
    times: u16,
    worst: Zone,
    delta: f64,
}

/// What was told of one direction, what is so, and what is still to be summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Episodes {
    seen: Option<Zone>,
    since: Instant,
    told: Option<Zone>,
    /// The worst of what was told, and when it was last.
    worst: Option<(Zone, Instant)>,
    untold: Option<Untold>,
    lines: Lines,
}

impl Episodes {
    /// Nothing is known.
    pub const fn new(now: Instant) -> Self {
        Self {
            seen: None,
            since: now,
            told: None,
            worst: None,
            untold: None,
            lines: Lines::new(LINES, REFILL, now),
        }
    }

    /// The zone is not known any more; how much was said stays so.
    pub const fn forget(&mut self) {
        self.seen = None;
        self.told = None;
        self.untold = None;
    }

    /// The zone and the delay of a cycle; `Some`: it is not the zone of the cycle before.
    pub fn see(&mut self, zone: Zone, delta: f64, now: Instant) -> Option<Change> {
        let from = self.seen.replace(zone);
        let change = (from != Some(zone)).then(|| {
            self.since = now;
            let worth = self.worth(zone, now);
            match worth {
                Worth::Line => self.on_told(zone, now),
                Worth::Detail => self.on_untold(from, zone, now),
            }
            Change { from, worth }
        });
        if let Some(untold) = self.untold.as_mut().filter(|_| zone > Zone::Green) {
            untold.worst = untold.worst.max(zone);
            untold.delta = untold.delta.max(delta);
        }
        change
    }

    /// The last line is kept for the end of what was told.
    fn worth(&mut self, zone: Zone, now: Instant) -> Worth {
        let left = self.lines.left(now);
        let over = zone == Zone::Green && self.told.is_some_and(|told| told > Zone::Green);
        let worse = zone > Zone::Green && self.told_lately(now).is_none_or(|worst| zone > worst);
        if self.told.is_none() || over || worse || left >= 2 && self.told != Some(zone) {
            self.lines.take();
            Worth::Line
        } else {
            Worth::Detail
        }
    }

    /// The worst that was told and is no old story yet.
    fn told_lately(&self, now: Instant) -> Option<Zone> {
        self.worst.filter(|(_, at)| now.since(*at) < LATELY).map(|(zone, _)| zone)
    }

    fn on_told(&mut self, zone: Zone, now: Instant) {
        self.told = Some(zone);
        if self.told_lately(now).is_none_or(|worst| zone >= worst) {
            self.worst = Some((zone, now));
        }
        // The steps of a queue whose beginning and end are told need no summary.
        if self.untold.is_some_and(|untold| untold.times == 0) {
            self.untold = None;
        }
    }

    fn on_untold(&mut self, from: Option<Zone>, zone: Zone, now: Instant) {
        let nothing = Untold { since: now, times: 0, worst: zone, delta: 0.0 };
        let untold = self.untold.get_or_insert(nothing);
        if from == Some(Zone::Green) {
            untold.times = untold.times.saturating_add(1);
        }
    }

    /// The summary that is due.
    pub fn sum_up(&mut self, now: Instant) -> Option<Summary> {
        let (untold, zone) = (self.untold?, self.seen?);
        let lasting = now.since(self.since) >= LASTING && self.lines.left(now) >= 1;
        // What is over needs no second line for its end.
        let longest = if zone == Zone::Green { SUMMARY } else { SUMMARY + LASTING };
        if !lasting && now.since(untold.since) < longest {
            return None;
        }
        self.lines.take();
        self.untold = None;
        let Untold { since, times, worst, delta } = untold;
        self.on_told(worst, now);
        self.told = Some(zone);
        Some(Summary { times, within: now.since(since), worst, delta, now: zone })
    }
}

#[cfg(test)]
mod tests;
