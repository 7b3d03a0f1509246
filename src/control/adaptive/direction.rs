//! One direction of the adaptive law: when its rate is cut, raised or brought to the base.
//! Promises: one move at a time, and none before the last one was confirmed and felt.
//! Knows nothing of the other direction.

use super::{HIGH, IDLE, filter::WINDOW, number};
use crate::control::{
    time::{Instant, Span},
    units::{Flow, Rate, Ratio, Rtt},
    zone::Zone,
};

/// A share in millionths.
const fn ppm(ppm: u32) -> Ratio {
    Ratio::from_ppm(ppm)
}

/// What a cut takes in any case: less than this is not worth a write.
const LEAST_CUT: u32 = 40_000;
/// The most that one cut takes of what passes.
const MOST_CUT: u32 = 400_000;
/// No cut takes more of the rate: what passes may be known too late.
const HALF: Ratio = ppm(500_000);
/// A cut under less than high load does not go below this share because little passed.
const SURELY: Ratio = ppm(750_000);
/// Just below what the line carried: back there at once.
const BELOW_KNEE: Ratio = ppm(960_000);
/// Beyond this the line carries more than it did.
const ABOVE_KNEE: Ratio = ppm(1_020_000);
/// The smallest raise: above the percent from which a change is written at once.
const RAISE: u32 = 12_500;
/// Raises beyond the knee double every second time, at most to 10 %.
const MOST_BEYOND: u32 = 6;
/// Raises are at least this far apart.
const RAISE_EVERY: Span = Span::from_secs(1);
/// Near the knee they are, for each may be one too many.
const PROBE_EVERY: Span = Span::from_secs(2);
/// On a line that carries the same each time they are up to 2^4 times as far apart.
const MOST_CONFIDENCE: u32 = 4;
/// A direction without load goes to its base after this.
const IDLE_FOR: Span = Span::from_secs(5);
/// Cuts in vain until the path is blamed, if the delay is one that a change of path brings.
const IN_VAIN: u8 = 2;
/// The same for longer delays: a full buffer too is as long after a cut as before, until what
/// arrives is less than what the line carries. Five cuts leave less than a tenth.
const LONG_IN_VAIN: u8 = 5;
/// Where longer delays begin, in ms.
const LONG: f64 = 60.0;

/// What one direction sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
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

    pub(super) fn step(&mut self, view: &View) -> Step {
        let View { now, rate, delta, threshold, .. } = *view;
        self.idle = if view.share < IDLE { self.idle.or(Some(now)) } else { None };
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
        } else if view.share >= HIGH && delta < threshold / 2.0 && now >= self.raise_at {
            step.rate = self.raised(view);
        } else if self.idle.is_some_and(|since| now.since(since) >= IDLE_FOR) {
            step.rate = self.at_rest(view);
        }
        let (floor, ceiling) = view.bounds;
        step.rate = step.rate.max(floor).min(ceiling);
        step
    }

    /// Whether the last move is in force for so long that the delay of now is its doing.
    fn felt(&mut self, view: &View) -> bool {
        let View { now, rate, in_force, round_trip, .. } = *view;
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
        // ms times 1500 are µs times 1.5.
        let trips = whole(round_trip.ms() * 1_500.0);
        now.since(since) >= WINDOW + Span::from_micros(trips)
    }

    fn cut(&mut self, view: &View, step: &mut Step) {
        let View { rate, flow, delta, share, .. } = *view;
        // What passed of a short burst says little about what could have.
        let least = if share >= HIGH { Rate::MIN } else { rate.scaled(SURELY) };
        let passed = Rate::from_bps(flow.bps()).unwrap_or(Rate::MIN).max(least).min(rate);
        let binding = share >= 0.9;
        // In vain: what arrives is less than before the last cut, and the delay is just the same.
        let same = |cut: &Cut| (delta - cut.delta).abs() < cut.delta / 4.0;
        let earlier = self.cut.filter(|cut| binding && same(cut));
        let vain = earlier.map_or(0, |cut| cut.vain.saturating_add(1));
        let first = earlier.map_or(Cut { before: rate, delta, vain }, |cut| Cut { vain, ..cut });
        if vain >= (if delta > LONG { LONG_IN_VAIN } else { IN_VAIN }) {
            self.cut = None;
            step.rate = first.before;
            step.in_vain = true;
            return;
        }
        self.cut = Some(first);
        if earlier.is_none() && share >= HIGH {
            self.learn(passed);
        }
        let drains = 20_000.0 + delta * 1_000.0;
        let take = u32::try_from(whole(drains)).unwrap_or(MOST_CUT).clamp(LEAST_CUT, MOST_CUT);
        let left = ppm(1_000_000 - take);
        step.rate = passed.scaled(left).max(rate.scaled(HALF));
        self.beyond = 0;
    }

    /// What passed at a cut is what the line carries.
    fn learn(&mut self, passed: Rate) {
        let agrees = self.knee.is_some_and(|knee| knee.distance(passed) < knee.bps() / 20);
        self.confidence = if agrees { (self.confidence + 1).min(MOST_CONFIDENCE) } else { 0 };
        self.knee = Some(passed);
        let aim = passed.scaled(BELOW_KNEE);
        let mean = |base: Rate| Rate::from_bps(base.bps().midpoint(aim.bps())).unwrap_or(aim);
        self.base = Some(self.base.map_or(aim, mean));
    }

    fn raised(&mut self, view: &View) -> Rate {
        let View { now, rate, .. } = *view;
        let knee = self.knee.unwrap_or(rate.scaled(HALF));
        let back = knee.scaled(BELOW_KNEE);
        if rate < back {
            self.raise_at = now + RAISE_EVERY;
            return back.min(rate.scaled(ppm(1_500_000)));
        }
        if rate < knee.scaled(ABOVE_KNEE) {
            self.raise_at = now + PROBE_EVERY.times(1 << self.confidence);
            return rate.scaled(ppm(1_000_000 + RAISE));
        }
        let more = RAISE << (self.beyond / 2);
        self.beyond = (self.beyond + 1).min(MOST_BEYOND);
        self.confidence = self.confidence.saturating_sub(1);
        self.raise_at = now + RAISE_EVERY;
        rate.scaled(ppm(1_000_000 + more))
    }

    /// Where a burst shall start.
    fn at_rest(&mut self, view: &View) -> Rate {
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
