//! One direction of the adaptive law: when its rate is cut, raised or brought to the base.
//! Promises: one move at a time, and none before the last one was confirmed and felt.
//! Knows nothing of the other direction.

use core::cmp::Ordering;

use super::{
    Tuning,
    cut::{Cut, left, whole},
    knee::Knee,
    number,
};
use crate::control::{
    ladder::Raise,
    time::{Instant, Span},
    units::{Direction, Flow, Rate, Ratio, Rtt},
    zone::Zone,
};

/// A share in millionths.
const fn ppm(ppm: u32) -> Ratio {
    Ratio::from_ppm(ppm)
}

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
    pub(super) tuning: &'static Tuning,
    pub(super) now: Instant,
    pub(super) direction: Direction,
    pub(super) rate: Rate,
    pub(super) flow: Flow,
    pub(super) in_force: Option<Rate>,
    pub(super) bounds: (Rate, Rate),
    pub(super) base: Option<Rate>,
    pub(super) share: f64,
    pub(super) suspect: bool,
    /// Whether a raise could be written now.
    pub(super) raise: Raise,
    /// Whether a path may be as long as the delay says.
    pub(super) may_be_path: bool,
    /// Whether the other direction has not just been raised.
    pub(super) may_raise: bool,
    pub(super) delta: f64,
    /// By how many ms per ms the delay grows.
    pub(super) growth: f64,
    /// By how many ms the delay strays on the idle line.
    pub(super) noise: f64,
    pub(super) limits: Limits,
    pub(super) round_trip: Rtt,
    /// What is seen is up to this old.
    pub(super) window: Span,
    /// For so long a delay may be a raise's.
    pub(super) recent: Span,
}

impl View {
    /// How far the delay strays by itself, in ms.
    pub(super) fn stray(&self) -> f64 {
        self.noise * self.tuning.noises
    }

    /// Whether it is a download that passes as a whole.
    fn passes(&self) -> bool {
        self.direction == Direction::Download && self.share >= self.tuning.binds
    }

    /// After how many cuts in vain the delay is the path's; `None`: they do not tell.
    fn enough_in_vain(&self) -> Option<u8> {
        let Self { tuning, share, delta, .. } = *self;
        let (at_floor, is_long) = (self.rate <= self.bounds.0, delta > tuning.long);
        match self.direction {
            // Nothing can be tried there: the queue may be of a line that carries less. But that is
            // either a long one, or it goes up and down, for what is too much gets lost.
            Direction::Upload if at_floor => {
                (share >= tuning.binds && !is_long).then_some(tuning.in_vain_at_floor)
            }
            Direction::Download if at_floor && !self.passes() => None,
            // A limit that holds nobody back makes no difference to a full buffer, which is a long one.
            Direction::Download | Direction::Upload if is_long => {
                (share >= tuning.binding).then_some(tuning.long_in_vain)
            }
            Direction::Download | Direction::Upload => Some(tuning.in_vain),
        }
    }
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

/// A limit in force, since when, and the round-trip time of then.
#[derive(Clone, Copy, Debug, PartialEq)]
struct InForce {
    rate: Rate,
    since: Instant,
    round_trip: Rtt,
}

/// One direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lane {
    knee: Knee,
    /// Raises in a row beyond the knee.
    beyond: u32,
    /// The limit in force, once it is the wanted one.
    in_force: Option<InForce>,
    raise_at: Instant,
    /// The last raise: when, and from where, without any delay.
    good: Option<(Instant, Rate)>,
    /// Not beyond the knee before this.
    probe_at: Instant,
    /// Since when it is idle.
    idle: Option<Instant>,
    /// Since when it is not highly loaded.
    spare: Option<Instant>,
    /// The last cut, or since then the last time when where a burst starts came nearer to the usual.
    aged_at: Option<Instant>,
    /// The rate as it was left here, until it is that again: others may lower it while the load is not
    /// known, be it used or not. `None`: it was in use then, so that they may have been right.
    had: Option<Rate>,
    cut: Option<Cut>,
}

impl Lane {
    pub(super) const fn knee(&self) -> &Knee {
        &self.knee
    }

    pub(super) fn step(&mut self, view: &View) -> Step {
        let step = self.moved(view);
        if step.rate < view.rate || self.had.is_none_or(|had| step.rate >= had) {
            self.had = Some(step.rate);
        }
        step
    }

    /// The load is not known any more.
    pub(super) fn interrupt(&mut self) {
        self.had = self.had.filter(|_| self.idle.is_some());
    }

    /// Another rate is gone on from.
    pub(super) const fn adopted(&mut self) {
        self.had = None;
    }

    fn moved(&mut self, view: &View) -> Step {
        let congested = view.delta > view.limits.over && view.suspect;
        let view = &View { rate: self.doing(view, congested), ..*view };
        let View { tuning, now, rate, delta, limits: Limits { calm, over }, .. } = *view;
        self.idle = if view.share < tuning.idle { self.idle.or(Some(now)) } else { None };
        self.spare = if view.share < tuning.high { self.spare.or(Some(now)) } else { None };
        let zone = match congested {
            false => Zone::Green,
            true if delta > over * 2.0 => Zone::Red,
            true => Zone::Yellow,
        };
        self.follow(view);
        let mut step = Step { rate, zone, in_vain: false, again: false };
        let felt = self.felt(view);
        // The delay of a probe is a queue already, and grows until the probe is over.
        let early = congested && self.cut.is_none() && self.probed(view).is_some();
        if !felt && !early {
            return step;
        }
        if congested {
            self.cut(view, &mut step);
        } else if view.may_raise
            && view.raise == Raise::Free
            && view.share >= tuning.high
            && delta < calm
            && now >= self.raise_at
        {
            step.rate = self.raised(view);
        } else if self.spare.is_some_and(|since| now.since(since) >= tuning.idle_for) {
            step.rate = self.at_rest(view);
        }
        let (floor, ceiling) = view.bounds;
        step.rate = step.rate.max(floor).min(ceiling);
        step
    }

    /// The rate whose doing the delay is: a raise that the router has not got yet, be it that raises are
    /// rationed, is none, and is withdrawn for a delay.
    fn doing(&self, view: &View, congested: bool) -> Rate {
        let View { rate, in_force, .. } = *view;
        let Some(own) = in_force.filter(|own| congested && !rate.is_about(*own) && *own < rate)
        else {
            return rate;
        };
        let known = self.in_force.map(|known| known.rate);
        known.filter(|known| own.is_about(*known)).unwrap_or(own)
    }

    /// What becomes of the delay that the last cut was for.
    fn follow(&mut self, view: &View) {
        let delta = view.delta;
        match &mut self.cut {
            Some(cut) if delta < view.limits.calm => {
                if cut.teaches {
                    self.knee.settle(view.tuning);
                }
                self.cut = None;
            }
            Some(cut) => cut.watch(delta),
            None => {}
        }
        self.learn_late(view);
    }

    /// What passes is known late. A download that passes while its queue stands is what the line
    /// carries; the limit in force can only hide some of it.
    fn learn_late(&mut self, view: &View) {
        let queue = self.cut.filter(|cut| view.direction == Direction::Download && cut.vain == 0);
        let Some(queue) = queue else { return };
        let passed = Rate::from_bps(view.flow.bps()).unwrap_or(Rate::MIN);
        if self.knee.rise(passed.min(queue.most), view.rate) {
            self.probe_at = view.now + self.knee.pause(view.tuning);
            self.cut = Some(queue.teaching(true));
        }
    }

    /// Whether the last move is in force for so long that the delay of now is its doing.
    fn felt(&mut self, view: &View) -> bool {
        let View { tuning, now, rate, in_force, round_trip, .. } = *view;
        if in_force.is_none_or(|own| !rate.is_about(own)) {
            return false;
        }
        let here = InForce { rate, since: now, round_trip };
        let own =
            *self.in_force.insert(self.in_force.filter(|own| own.rate == rate).unwrap_or(here));
        // A delay that grows by half of the time that passes would else be waited for for ever.
        let least = own.round_trip.ms().min(round_trip.ms());
        // What is seen is as old as a round trip. Senders follow with a time constant of one and a half
        // of them: a raise is felt after one; a cut has done all that it can after two.
        let trips = if self.cut.is_some() { tuning.trips_of_cut } else { tuning.trips };
        let path = (round_trip.ms() - view.delta).max(0.0);
        let senders = (trips - 1.0) * least.min(path + tuning.senders);
        let trips = whole((least + senders) * 1_000.0);
        now.since(own.since) >= view.window + Span::from_micros(trips)
    }

    fn cut(&mut self, view: &View, step: &mut Step) {
        let View { tuning, now, rate, delta, share, .. } = *view;
        let gone = delta + view.growth * tuning.soon_gone < view.limits.calm;
        if let Some(cut) = &self.cut {
            let drains = cut.drains(view);
            if drains && !gone {
                // It was a queue, and is one until it no longer becomes shorter.
                self.cut = Some(cut.drained(view, self.knee, cut.most));
                self.in_force = None;
            }
            if gone || drains {
                return;
            }
        }
        let most = self.most(view);
        let least = self.probed(view).filter(|_| self.cut.is_none()).unwrap_or(Rate::MIN);
        let carried = self.carried(view).max(least).min(most);
        let enough = view.enough_in_vain();
        step.again = self.cut.is_some_and(|cut| cut.did_not_help(view));
        // In vain: what arrives is less than before the last cut, and the delay is just the same.
        let next = match self.cut {
            Some(cut) if enough.is_some() && cut.changed_nothing(view) => cut.in_vain(view),
            Some(cut) => cut.drained(view, self.knee, most),
            None => Cut::here(view, self.knee, most).of_raise(self.probed(view).is_some()),
        };
        if enough.is_some_and(|enough| next.vain >= enough) && view.may_be_path {
            step.in_vain = true;
            return;
        }
        let teaches = share >= tuning.high;
        match self.cut {
            None if teaches => self.knee.learn(carried, tuning),
            // What passes as a whole, where more passed before the raise without any delay, is carried.
            Some(cut) if teaches && !(view.passes() && cut.of_raise) => self.knee.lower(carried),
            _ => {}
        }
        let is_first = self.cut.is_none();
        self.cut = Some(if is_first { next.after(self.knee) } else { next }.teaching(teaches));
        self.in_force = None;
        step.rate = carried.scaled(left(view)).max(rate.scaled(tuning.half));
        if !teaches {
            self.knee.start_below(step.rate);
        }
        self.beyond = 0;
        self.probe_at = now + self.knee.pause(tuning);
        self.aged_at = Some(now);
    }

    /// What the line carries while its queue stands or grows. The router counts a download behind the
    /// provider's queue, so that what passes is just that; an upload it counts before the queue, which
    /// grows by what is too much.
    fn carried(&self, view: &View) -> Rate {
        let View { tuning, rate, flow, share, growth, .. } = *view;
        let passed = match view.direction {
            Direction::Download => flow.bps(),
            Direction::Upload => whole(number(flow.bps()) / (1.0 + growth.max(0.0))),
        };
        // What passed of a short burst says little about what could have.
        let known = share >= tuning.high || self.cut.is_some();
        let least = if known { Rate::MIN } else { rate.scaled(tuning.surely) };
        Rate::from_bps(passed).unwrap_or(Rate::MIN).max(least).min(rate)
    }

    /// The delay was not for this direction's doing: what was learnt of it is forgotten.
    pub(super) fn forgive(&mut self, now: Instant) -> Option<Rate> {
        self.probe_at = now;
        let cut = self.cut.take()?;
        self.knee = cut.knee;
        Some(cut.before)
    }

    /// Where the line carried all without any delay just now, before it was tried for more.
    fn probed(&self, view: &View) -> Option<Rate> {
        self.good.filter(|(at, _)| view.now.since(*at) <= view.recent).map(|(_, good)| good)
    }

    /// After a raise the line carries more than before it, and less than now. What passes tells no
    /// more: the router still sends what had gathered in its own queue.
    fn most(&self, view: &View) -> Rate {
        let middle = self.probed(view).map(|good| view.rate.bps().midpoint(good.bps()));
        middle.and_then(Rate::from_bps).map_or(view.rate, |middle| middle.min(view.rate))
    }

    fn raised(&mut self, view: &View) -> Rate {
        let View { tuning, now, rate, .. } = *view;
        let knee = self.knee.last().unwrap_or(rate.scaled(tuning.half));
        let (back, probe) = (knee.scaled(tuning.below_knee), knee.scaled(tuning.above_knee));
        if rate < back.scaled(tuning.near_below) {
            return back;
        }
        if now < self.probe_at {
            return rate;
        }
        self.raise_at = now + tuning.raise_every;
        // At the ceiling nothing is tried that a delay could be of.
        if rate < view.bounds.1 {
            self.good = Some((now, rate));
        }
        if rate < probe {
            return probe;
        }
        self.knee.doubt();
        let by = |beyond: u32| rate.scaled(ppm(1_000_000 + (tuning.raise << beyond)));
        let halfway = self.knee.halfway(rate).map(|rate| rate.min(by(tuning.most_beyond)));
        let next = by(self.beyond);
        self.beyond = (self.beyond + 1).min(tuning.most_beyond);
        halfway.map_or(next, |halfway| halfway.max(next))
    }

    /// Where a burst shall start. Who never uses all of the limit would not raise it either: the line
    /// may long carry again what it usually does.
    fn at_rest(&mut self, view: &View) -> Rate {
        let View { tuning, now, rate, .. } = *view;
        let delayed = view.delta >= view.limits.calm;
        let is_long = self.aged_at.is_some_and(|at| now.since(at) >= tuning.base_every);
        if is_long && !delayed {
            self.aged_at = Some(now);
            self.knee.age(rate, view.bounds.1, tuning);
        }
        let is_idle = self.idle.is_some_and(|since| now.since(since) >= tuning.idle_for);
        let had = self.had.filter(|had| is_idle && *had > rate);
        let Some(base) = view.base.or(self.knee.base()).or(had) else { return rate };
        let holds = match base.cmp(&rate) {
            Ordering::Less => !is_idle,
            Ordering::Equal => false,
            Ordering::Greater => delayed || view.raise == Raise::Held,
        };
        if holds {
            return rate;
        }
        self.beyond = 0;
        let far = base.distance(rate) > rate.bps() / 50;
        if far { base } else { rate }
    }
}
