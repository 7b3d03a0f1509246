//! One direction of the adaptive law: when its rate is cut, raised or brought to the base.
//! Promises: one move at a time, and none before the last one was confirmed and felt.
//! Knows nothing of the other direction.

use super::{HIGH, IDLE, filter::WINDOW, number};
use crate::control::{
    time::{Instant, Span},
    units::{Direction, Flow, Rate, Ratio, Rtt},
    zone::Zone,
};

/// A share in millionths.
const fn ppm(ppm: u32) -> Ratio {
    Ratio::from_ppm(ppm)
}

/// What a cut takes in any case: less than this is not worth a write.
const LEAST_CUT: u32 = 40_000;
/// The most that one cut takes of what the line carries.
const MOST_CUT: u32 = 400_000;
/// Millionths of a cut per ms of delay: the queue is to be gone within a third of a second.
const PER_MS: f64 = 3_000.0;
/// No cut takes more of the rate: what passes may be known too late.
const HALF: Ratio = ppm(500_000);
/// A cut under less than high load does not go below this share because little passed.
const SURELY: Ratio = ppm(750_000);
/// A delay that is down to this share of its worst needs no further cut.
const DRAINS: f64 = 0.7;
/// Nor does one that will be gone after this long, as fast as it falls.
const SECOND_MS: f64 = 1_000.0;
/// A delay that never was below this share of its worst did not react to the cut.
const STAYS: f64 = 0.75;
/// Just below what the line carried: back there as soon as the queue is gone, and stay.
const BELOW_KNEE: Ratio = ppm(970_000);
/// A rate closer than this to that is left where it is.
const NEAR_BELOW: Ratio = ppm(950_000);
/// Whoever goes beyond what the line carried goes this far, so that the answer is clear.
const ABOVE_KNEE: Ratio = ppm(1_020_000);
/// The first raise beyond that; each further one is twice as large.
const RAISE: u32 = 40_000;
/// Raises double this often, at most to 32 %.
const MOST_BEYOND: u32 = 3;
/// Raises are at least this far apart.
pub(super) const RAISE_EVERY: Span = Span::from_secs(1);
/// Below the knee the rate stays this long, for the next raise is probably one too many.
const PROBE_EVERY: Span = Span::from_secs(4);
/// On a line that carries the same each time it stays up to 2^4 times as long.
const MOST_CONFIDENCE: u32 = 4;
/// A direction without load goes to its base after this.
const IDLE_FOR: Span = Span::from_secs(5);
/// Cuts in vain until the path is blamed, if the delay is one that a change of path brings.
const IN_VAIN: u8 = 2;
/// The same for longer delays: a full buffer too is as long after a cut as before, until what
/// arrives is less than what the line carries. Five cuts leave less than a third.
const LONG_IN_VAIN: u8 = 5;
/// Where longer delays begin, in ms.
const LONG: f64 = 60.0;

/// Where a delay begins to count, in ms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// Below this there is no queue to speak of.
    pub(super) calm: f64,
    /// Above this there is one.
    pub(super) over: f64,
}

/// What one direction sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) now: Instant,
    pub(super) direction: Direction,
    pub(super) rate: Rate,
    pub(super) flow: Flow,
    pub(super) in_force: Option<Rate>,
    pub(super) bounds: (Rate, Rate),
    pub(super) base: Option<Rate>,
    pub(super) share: f64,
    pub(super) suspect: bool,
    /// Whether the other direction has not just been raised.
    pub(super) may_raise: bool,
    pub(super) delta: f64,
    /// By how many ms per ms the delay grows.
    pub(super) growth: f64,
    pub(super) limits: Limits,
    pub(super) round_trip: Rtt,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) rate: Rate,
    pub(super) zone: Zone,
    pub(super) in_vain: bool,
    /// A cut while the delay of the one before stays.
    pub(super) again: bool,
}

/// A cut and the worst delay since.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    before: Rate,
    /// The line hardly carries more.
    most: Rate,
    delta: f64,
    /// The least delay since the last cut.
    least: f64,
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
    /// The last raise: when, and from where, without any delay.
    good: Option<(Instant, Rate)>,
    /// Not beyond the knee before this.
    probe_at: Instant,
    idle: Option<Instant>,
    cut: Option<Cut>,
}

impl Lane {
    pub(super) const fn knee(&self) -> Option<Rate> {
        self.knee
    }

    pub(super) const fn base(&self) -> Option<Rate> {
        self.base
    }

    pub(super) fn step(&mut self, view: &View) -> Step {
        let View { now, rate, delta, limits: Limits { calm, over }, .. } = *view;
        self.idle = if view.share < IDLE { self.idle.or(Some(now)) } else { None };
        let congested = delta > over && view.suspect;
        let zone = match congested {
            false => Zone::Green,
            true if delta > over * 2.0 => Zone::Red,
            true => Zone::Yellow,
        };
        self.follow(view);
        let mut step = Step { rate, zone, in_vain: false, again: false };
        if !self.felt(view) {
            return step;
        }
        if congested {
            self.cut(view, &mut step);
        } else if view.may_raise && view.share >= HIGH && delta < calm && now >= self.raise_at {
            step.rate = self.raised(view);
        } else if self.idle.is_some_and(|since| now.since(since) >= IDLE_FOR) {
            step.rate = self.at_rest(view);
        }
        let (floor, ceiling) = view.bounds;
        step.rate = step.rate.max(floor).min(ceiling);
        step
    }

    /// What becomes of the delay that the last cut was for.
    fn follow(&mut self, view: &View) {
        let delta = view.delta;
        match &mut self.cut {
            Some(_) if delta < view.limits.calm => {
                self.cut = None;
                self.learn_base();
            }
            Some(cut) => {
                cut.delta = cut.delta.max(delta);
                cut.least = cut.least.min(delta);
                // What passes is known late. A download that passes while its queue stands is what
                // the line carries; the limit in force can only hide some of it.
                if view.direction == Direction::Download && cut.vain == 0 {
                    let passed = Rate::from_bps(view.flow.bps()).unwrap_or(Rate::MIN);
                    self.knee = self.knee.map(|knee| knee.max(passed.min(cut.most)));
                }
            }
            None => {}
        }
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
        // Senders follow with a time constant of one and a half round trips: a raise is felt after
        // one of them; a cut has done all that it can after two.
        let trips = whole(round_trip.ms() * if self.cut.is_some() { 2_000.0 } else { 1_500.0 });
        now.since(since) >= WINDOW + Span::from_micros(trips)
    }

    fn cut(&mut self, view: &View, step: &mut Step) {
        let View { now, rate, delta, share, .. } = *view;
        let gone = delta + view.growth * SECOND_MS < view.limits.calm;
        if self.cut.is_some_and(|cut| gone || delta < cut.delta * DRAINS) {
            return;
        }
        let most = self.most(view);
        let carried = carried(view).min(most);
        let binding = share >= 0.9 && rate > view.bounds.0;
        // In vain: what arrives is less than before the last cut, and the delay is just the same.
        let same = |cut: &Cut| cut.least > cut.delta * STAYS;
        step.again = self.cut.is_some();
        let earlier = self.cut.filter(|cut| binding && same(cut));
        let vain = earlier.map_or(0, |cut| cut.vain.saturating_add(1));
        let first = earlier.map_or(Cut { before: rate, most, delta, least: delta, vain }, |cut| {
            Cut { least: delta, vain, ..cut }
        });
        if vain >= (if delta > LONG { LONG_IN_VAIN } else { IN_VAIN }) {
            self.cut = None;
            step.rate = first.before;
            step.in_vain = true;
            return;
        }
        if share >= HIGH {
            match self.cut {
                None => self.learn(carried),
                Some(_) => self.knee = self.knee.map(|knee| knee.min(carried)),
            }
        }
        self.cut = Some(first);
        self.in_force = None;
        let take = u32::try_from(whole(20_000.0 + delta * PER_MS)).unwrap_or(MOST_CUT);
        let left = ppm(1_000_000 - take.clamp(LEAST_CUT, MOST_CUT));
        step.rate = carried.scaled(left).max(rate.scaled(HALF));
        self.beyond = 0;
        self.probe_at = now + PROBE_EVERY.times(1 << self.confidence);
    }

    /// After a raise the line carries more than before it, and less than now. What passes tells no
    /// more: the router still sends what had gathered in its own queue.
    fn most(&self, view: &View) -> Rate {
        let recent = self.good.filter(|(at, _)| view.now.since(*at) <= RAISE_EVERY.times(2));
        let middle = recent.map(|(_, good)| view.rate.bps().midpoint(good.bps()));
        middle.and_then(Rate::from_bps).map_or(view.rate, |middle| middle.min(view.rate))
    }

    /// What passed at a cut is what the line carries.
    fn learn(&mut self, carried: Rate) {
        let agrees = self.knee.is_some_and(|knee| knee.distance(carried) < knee.bps() / 20);
        self.confidence = if agrees { (self.confidence + 1).min(MOST_CONFIDENCE) } else { 0 };
        self.knee = Some(carried);
    }

    /// A burst starts where the last ones were well.
    fn learn_base(&mut self) {
        let Some(aim) = self.knee.map(|knee| knee.scaled(BELOW_KNEE)) else { return };
        let mean = |base: Rate| Rate::from_bps(base.bps().midpoint(aim.bps())).unwrap_or(aim);
        self.base = Some(self.base.map_or(aim, mean));
    }

    fn raised(&mut self, view: &View) -> Rate {
        let View { now, rate, .. } = *view;
        let knee = self.knee.unwrap_or(rate.scaled(HALF));
        let (back, probe) = (knee.scaled(BELOW_KNEE), knee.scaled(ABOVE_KNEE));
        if rate < back.scaled(NEAR_BELOW) {
            return back;
        }
        if now < self.probe_at {
            return rate;
        }
        self.raise_at = now + RAISE_EVERY;
        self.good = Some((now, rate));
        if rate < probe {
            return probe;
        }
        let more = RAISE << self.beyond;
        self.beyond = (self.beyond + 1).min(MOST_BEYOND);
        self.confidence = self.confidence.saturating_sub(1);
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

/// What the line carries while its queue stands or grows. The router counts a download behind the
/// provider's queue, so that what passes is just that; an upload it counts before the queue, which
/// grows by what is too much.
fn carried(view: &View) -> Rate {
    let View { rate, flow, share, growth, .. } = *view;
    let passed = match view.direction {
        Direction::Download => flow.bps(),
        Direction::Upload => whole(number(flow.bps()) / (1.0 + growth.max(0.0))),
    };
    // What passed of a short burst says little about what could have.
    let least = if share >= HIGH { Rate::MIN } else { rate.scaled(SURELY) };
    Rate::from_bps(passed).unwrap_or(Rate::MIN).max(least).min(rate)
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
