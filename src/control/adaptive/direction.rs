//! One direction of the adaptive law: when its rate is cut, raised or brought to the base.
//! Promises: one move at a time, and none before the last one was confirmed and felt.
//! Knows nothing of the other direction.

use super::{Tuning, number};
use crate::control::{
    time::{Instant, Span},
    units::{Flow, Rate, Ratio, Rtt},
    zone::Zone,
};

/// A share in millionths.
const fn ppm(ppm: u32) -> Ratio {
    Ratio::from_ppm(ppm)
}

/// What one direction sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) tuning: &'a Tuning,
    pub(super) now: Instant,
    pub(super) rate: Rate,
    pub(super) flow: Flow,
    pub(super) in_force: Option<Rate>,
    pub(super) bounds: (Rate, Rate),
    pub(super) base: Option<Rate>,
    pub(super) share: f64,
    pub(super) suspect: bool,
    pub(super) delta: f64,
    pub(super) threshold: f64,
    pub(super) round_trip: Rtt,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) rate: Rate,
    pub(super) zone: Zone,
    pub(super) in_vain: bool,
}

/// A cut and the delay that it was for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    before: Rate,
    delta: f64,
    vain: u8,
}

/// One direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lane {
    knee: Option<Rate>,
    base: Option<Rate>,
    /// Knees in a row that agreed.
    confidence: u32,
    /// Raises in a row beyond the knee.
    beyond: u32,
    /// Since when the limit in force is the wanted one.
    in_force: Option<(Rate, Instant)>,
    raise_at: Instant,
    idle: Option<Instant>,
    cut: Option<Cut>,
}

impl Lane {
    pub(super) const fn knee(&self) -> Option<Rate> {
        self.knee
    }

    pub(super) fn step(&mut self, view: &View<'_>) -> Step {
        let View { tuning, now, rate, delta, threshold, .. } = *view;
        self.idle = if view.share < tuning.idle { self.idle.or(Some(now)) } else { None };
        let congested = delta > threshold && view.suspect;
        let zone = match congested {
            false => Zone::Green,
            true if delta > threshold * 2.0 => Zone::Red,
            true => Zone::Yellow,
        };
        if delta < threshold / 2.0 {
            self.cut = None;
        }
        let mut step = Step { rate, zone, in_vain: false };
        if !self.felt(view) {
            return step;
        }
        if congested {
            self.cut(view, &mut step);
        } else if view.share >= tuning.high && delta < threshold / 2.0 && now >= self.raise_at {
            step.rate = self.raised(view);
        } else if self.idle.is_some_and(|since| now.since(since) >= tuning.idle_for) {
            step.rate = self.at_rest(view);
        }
        let (floor, ceiling) = view.bounds;
        step.rate = step.rate.max(floor).min(ceiling);
        step
    }

    /// Whether the last move is in force for so long that the delay of now is its doing.
    fn felt(&mut self, view: &View<'_>) -> bool {
        let View { tuning, now, rate, in_force, round_trip, .. } = *view;
        let near = in_force.is_some_and(|own| own.distance(rate) <= rate.bps() / 100);
        if !near {
            return false;
        }
        let since = match self.in_force {
            Some((own, since)) if own == rate => since,
            _ => {
                self.in_force = Some((rate, now));
                now
            }
        };
        let trips = whole(round_trip.ms() * 1_000.0 * tuning.trips);
        now.since(since) >= tuning.window + Span::from_micros(trips)
    }

    fn cut(&mut self, view: &View<'_>, step: &mut Step) {
        let View { tuning, rate, flow, delta, share, .. } = *view;
        // What passed of a short burst says little about what could have.
        let least = if share >= tuning.high { Rate::MIN } else { rate.scaled(tuning.surely) };
        let passed = Rate::from_bps(flow.bps()).unwrap_or(Rate::MIN).max(least).min(rate);
        let binding = share >= tuning.binding;
        // In vain: what arrives is less than before the last cut, and the delay is just the same.
        let same = |cut: &Cut| (delta - cut.delta).abs() < cut.delta / 4.0;
        let earlier = self.cut.filter(|cut| binding && same(cut));
        let vain = earlier.map_or(0, |cut| cut.vain.saturating_add(1));
        let first = earlier.map_or(Cut { before: rate, delta, vain }, |cut| Cut { vain, ..cut });
        let most = if delta > tuning.long { tuning.long_in_vain } else { tuning.in_vain };
        if vain >= most {
            self.cut = None;
            step.rate = first.before;
            step.in_vain = true;
            return;
        }
        self.cut = Some(first);
        if earlier.is_none() && share >= tuning.high {
            self.learn(passed, tuning);
        }
        let drains = u32::try_from(whole(delta * tuning.cut_per_ms)).unwrap_or(tuning.most_cut);
        let take = drains.saturating_add(tuning.cut).max(tuning.least_cut).min(tuning.most_cut);
        let left = ppm(1_000_000 - take);
        step.rate = passed.scaled(left).max(rate.scaled(tuning.half));
        self.beyond = 0;
    }

    /// What passed at a cut is what the line carries.
    fn learn(&mut self, passed: Rate, tuning: &Tuning) {
        let agrees = self.knee.is_some_and(|knee| knee.distance(passed) < knee.bps() / 20);
        self.confidence =
            if agrees { (self.confidence + 1).min(tuning.most_confidence) } else { 0 };
        self.knee = Some(passed);
        let aim = passed.scaled(tuning.below_knee);
        let mean = |base: Rate| Rate::from_bps(base.bps().midpoint(aim.bps())).unwrap_or(aim);
        self.base = Some(self.base.map_or(aim, mean));
    }

    fn raised(&mut self, view: &View<'_>) -> Rate {
        let View { tuning, now, rate, .. } = *view;
        let knee = self.knee.unwrap_or(rate.scaled(tuning.half));
        let back = knee.scaled(tuning.below_knee);
        if rate < back {
            self.raise_at = now + tuning.raise_every;
            return back.min(rate.scaled(ppm(1_500_000)));
        }
        if rate < knee.scaled(tuning.above_knee) {
            self.raise_at = now + tuning.probe_every.times(1 << self.confidence);
            return rate.scaled(ppm(1_000_000 + tuning.raise));
        }
        let more = tuning.raise << (self.beyond / 2);
        self.beyond = (self.beyond + 1).min(tuning.most_beyond);
        self.confidence = self.confidence.saturating_sub(1);
        self.raise_at = now + tuning.raise_every;
        rate.scaled(ppm(1_000_000 + more))
    }

    /// Where a burst shall start.
    fn at_rest(&mut self, view: &View<'_>) -> Rate {
        let Some(base) = view.base.or(self.base) else { return view.rate };
        self.beyond = 0;
        let far = base.distance(view.rate) > view.rate.bps() / 50;
        if far { base } else { view.rate }
    }
}

/// The whole part of a number that is not negative and below 2^32.
fn whole(value: f64) -> u64 {
    let (mut low, mut high) = (0_u64, 1 << 32);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if number(middle) <= value {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
