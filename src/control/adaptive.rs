//! The adaptive law: moves only the direction that is loaded, by how far the delay is over its
//! threshold and by what passes.
//! Promises: beyond the base a raise only under high load and calm; at most one cut per feedback time
//! and never by more than half; an idle line is never cut; the same inputs give the same rates on
//! every CPU.
//! Knows nothing of probes, routers or clocks.
//!
//! ```text
//!              load high, calm for long        Δ > T, blamed, last write felt
//!    HOLD ──────────────────────────> PROBE ──────────────────────────────> CUT
//!     ^ ^   calm again: to the knee     │  calm: further, twice as far        │
//!     │ └───────────────────────────────┘                                     │
//!     └──── Δ is gone: at once to just below the knee ────────────────────────┤
//!                     Δ stays after a feedback time: CUT again, both <────────┘
//!   idle for 5 s, or below it under low load ──> BASE
//!   idle and Δ > T for 1 s, or cuts in vain ──> NEW PATH: all is given back
//! ```
//!
//! With `d` the second lowest round-trip time of the last 225 ms (a queue lifts the lowest values
//! too, jitter does not), on a steady line the median of the last three, in cycles of more than 100 ms
//! the lowest of the last two; `idle` its mean on the idle line and `noise` its mean deviation there:
//!
//! | What | Formula |
//! |---|---|
//! | delay | `Δ = d − idle − serialisation of two full packets, both directions`, growing by `g` per time |
//! | threshold | `T = yellow / 2 + 3.5·noise`; the noise is at least a quarter of how far values stray from where the two before lead, of 64 of them: so it shows under load too, for queues grow in straight lines |
//! | load | `u = flow / limit`: high from 0.75, idle below 0.1 and below half of the floor |
//! | idle line | follows `d` in 2 s while nothing passes; under load in 60 s from `−T` to `T / 2`, or to `T` if `Δ` has stayed between them for 15 s, and in 5 s what is lower |
//! | carried | download: `flow`, it is counted behind the queue; upload: `flow / (1 + g)`, before it |
//! | cut | `rate = carried · (1 − clamp(0.02 + Δ' / 0.22 s, 0.04, 0.4))`, at least `rate / 2` |
//! | ahead | `Δ' = Δ + g·(1.5·d + 150 ms)`, what `Δ` will be when the cut is in force; at most `2·Δ` |
//! | knee | what was carried at the first cut and until it was felt (all that is known of a first burst); less after a second cut, unless it is for a raise's delay and of a download with `u ≥ 0.95` |
//! | usual | the highest knee; each lower one brings it nearer by an eighth |
//! | back | to `0.97·knee` as soon as `Δ` is gone; there for 8 s, up to 64 s if knees agree; for 4 or 8 s while the knee is below `0.7·usual` |
//! | probe | below the ceiling; to `1.02·knee`; then 5, 10, 20, 40 % further, or half of the way to the usual if that is more, but 40 %; every 1.5 s, both directions in turn |
//! | rationed | no raise is wanted that could not be written now; one that the router has not got yet is withdrawn for a delay |
//! | base | mean of the knees · 0.97, or as configured; each 60 s since a cut halfway nearer to `0.97·usual`, or to the ceiling if that is not known; before the first cut the rate stays, or on an idle line is again what it was when the load was known |
//! | feedback time | `1.5·d + w` after the router confirmed the limit, `2·d + w` after a cut, with `w` the 225 ms or one and a half cycles, with the least `d` of then and now, with no more than 300 ms of queue in all but the first |
//! | over | the `Δ` of a probe is cut for at once: from `carried` of at least the rate before it |
//! | further cuts | after each feedback time, unless `Δ` is below 0.7 of its worst, or will be gone within a second as fast as it falls; one that left more than 0.85 of it did not help |
//! | little load | below high load at least `0.75·rate` counts as carried at the first cut, which teaches no knee but where a burst starts |
//! | in vain | `Δ + 3.5·noise` stays above three quarters of its worst, and `u ≥ 0.9` or `Δ ≤ 60 ms`, and the rate is not at the floor unless `u ≥ 0.95`, for an upload there only with `Δ ≤ 60 ms`; what fell counts anew, and if the rest is the path's, `0.97·knee` of the first cut is given back; under load nothing above `baseline_max` and above twice the idle time is a path |
//! | new path | after two cuts in vain, five where `Δ > 60 ms`, sixteen feedback times of an upload at its floor; on an idle line after 1 s |
//! | blame | both loaded: whoever was raised last; else who alone has high load; else the download if `u < 0.95`; else the upload; from 120 ms on, whoever has load; if a cut did not help, whoever is not idle, an upload of little load after three |
//!
//! Where one-way delays are known, the direction that has 3/4 of the delay is blamed, whatever the
//! table says, unless four cuts of it did not help.
//!
//! A direction below half of its limit is not blamed beside one above that.
//!
//! Sources:
//! - *cut, ahead*: a fluid queue that is to drain `Δ` within a time needs the rate lower by `Δ` over that
//!   time, while senders follow with a time constant of one and a half round trips: Misra, Gong, Towsley,
//!   "Fluid-based analysis of a network of AQM routers", SIGCOMM 2000.
//! - *delay*: low values tell of a standing queue and high ones of jitter: RFC 8289, section 3.
//! - *threshold*: mean deviations, as of round trips in RFC 6298.
//! - *knee, back, probe*: back to just below what was carried and rarely beyond is what RFC 9438 (CUBIC)
//!   does after a loss; half of the way to what was carried before is the binary increase of Xu, Harfoush,
//!   Rhee, "Binary increase congestion control", INFOCOM 2004. That the next change is about as far off as the
//!   last one is why tries become rarer.
//! - *blame*: one direction at a time is raised, as whoever seeks the gradient of a sum does; one-way delays
//!   are those of ICMP timestamps, RFC 792.
//!
//! The numbers are in [`Tuning`], each with its reason.

mod blame;
mod cut;
mod direction;
mod filter;
mod knee;
mod load;
mod tuning;

use self::{
    blame::Blame,
    direction::{Lane, Limits, View},
    filter::Filter,
    load::{period, share, used},
};
pub use self::{
    load::{Load, Seen},
    tuning::Tuning,
};
use super::{
    ladder::Raise,
    pace::{Idle, Pace},
    time::{Instant, Span},
    units::{Direction, Flow, PerDirection, Rate, Rtt},
    zone::Zone,
};

/// Two full Ethernet frames in bits: a lone packet waits in CAKE for the one that is being sent, and
/// for one of another flow. Were it less, each cut would make the next one likelier.
const FRAMES: f64 = 24_224.0;

/// What the adaptive law is tuned by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Where a burst starts; `None`: learnt from what the line carried.
    pub base: PerDirection<Option<Rate>>,
    /// Delay of a yellow zone; half of it is the threshold on a line without noise.
    pub yellow: PerDirection<Rtt>,
    /// Lowest and highest rate.
    pub bounds: PerDirection<(Rate, Rate)>,
    /// What takes longer than this, and than twice the idle time, is no longer path but a queue that no
    /// cut has made shorter, unless nothing passes.
    pub longest_idle: Rtt,
    /// What passes is not wanted more often than this.
    pub counts_every: Span,
    /// The constants of the law.
    pub tuning: &'static Tuning,
}

/// What is seen in one cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// The time.
    pub now: Instant,
    /// Length of a cycle.
    pub interval: Span,
    /// How often there is a round.
    pub pace: Pace,
    /// The value of the round.
    pub value: Rtt,
    /// The idle time as the slow mean has it; used at the start.
    pub baseline: Rtt,
    /// The rates wanted until now.
    pub rates: PerDirection<Rate>,
    /// What passes.
    pub flows: PerDirection<Flow>,
    /// When that was counted last; `None`: not known.
    pub counted: Option<Instant>,
    /// The limits that the router has confirmed.
    pub in_force: PerDirection<Option<Rate>>,
    /// Whether a raise could be written now: they are rationed.
    pub raises: PerDirection<Raise>,
    /// How much each direction delays by itself, in ms; `None`: unknown. It tells whose a delay is,
    /// and nothing else.
    pub ways: Option<PerDirection<f64>>,
}

/// The idle time of the line changed at once: another path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathChange {
    /// The idle time before.
    pub before: Rtt,
    /// The idle time from now on.
    pub after: Rtt,
}

/// What one cycle led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The rates wanted from now on.
    pub rates: PerDirection<Rate>,
    /// How each direction is doing.
    pub zones: PerDirection<Zone>,
    /// The delay in ms.
    pub delta: f64,
    /// The idle time.
    pub idle: Rtt,
    /// A change of the path.
    pub path: Option<PathChange>,
}

/// The law and its state for one WAN.
#[derive(Clone, Debug, PartialEq)]
pub struct Adaptive {
    settings: Settings,
    filter: Filter,
    lanes: PerDirection<Lane>,
    /// Since when both directions are idle.
    quiet: Option<Instant>,
    /// From here on, in ms, a single round is no longer one of the idle line.
    longest: f64,
    /// Since when the delay of the quiet line is over the threshold.
    stepped: Option<Instant>,
    /// Since when there is a delay that is none to cut for.
    lingering: Option<Instant>,
    wanted: Span,
    blame: Blame,
    seen: PerDirection<Option<Seen>>,
}

impl Adaptive {
    /// Nothing known of the line.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            filter: Filter::new(settings.tuning),
            lanes: PerDirection { download: Lane::default(), upload: Lane::default() },
            quiet: None,
            longest: 0.0,
            stepped: None,
            lingering: None,
            wanted: settings.tuning.fast,
            blame: Blame::default(),
            seen: PerDirection::both(None),
        }
    }

    /// Goes on with other settings; what is known of the line stays.
    pub const fn retune(&mut self, settings: Settings) {
        self.settings = settings;
        self.filter.tuning = settings.tuning;
    }

    /// Nothing was seen for a while. What passes is of little use meanwhile, and is read seldom.
    pub fn interrupt(&mut self) {
        for direction in Direction::BOTH {
            if self.seen.of_mut(direction).take().is_some() {
                self.lanes.of_mut(direction).interrupt();
            }
        }
        self.filter.interrupt();
        self.quiet = None;
        self.stepped = None;
        self.lingering = None;
        self.wanted = self.settings.tuning.slow;
    }

    /// These limits were found, and are gone on from.
    pub fn adopted(&mut self, in_force: PerDirection<Option<Rate>>) {
        for direction in Direction::BOTH {
            if in_force.of(direction).is_some() {
                self.lanes.of_mut(direction).adopted();
            }
        }
    }

    /// All is seen but what passes.
    pub const fn count_soon(&mut self) {
        self.wanted = self.settings.tuning.fast;
    }

    /// How often what passes is to be read.
    pub fn counts_wanted(&self) -> Span {
        self.wanted.max(self.settings.counts_every)
    }

    /// Whether both directions are idle, as far as is known.
    pub fn idle(&self) -> Option<Idle> {
        let longest = Rtt::from_ms(self.longest);
        self.quiet.zip(longest).map(|(since, longest)| Idle { since, longest })
    }

    /// The knees: what each direction carried when it was cut last.
    pub fn knees(&self) -> PerDirection<Option<Rate>> {
        PerDirection {
            download: self.lanes.download.knee().last(),
            upload: self.lanes.upload.knee().last(),
        }
    }

    /// One cycle.
    pub fn decide(&mut self, sight: &Sight) -> Outcome {
        let Sight { now, .. } = *sight;
        let tuning = self.settings.tuning;
        let shares = sight.flows.zip(sight.rates).zip(sight.in_force).map(share);
        let shares = shares.zip(sight.flows).zip(self.settings.bounds).map(|own| used(own, tuning));
        let busy = shares.download.max(shares.upload);
        self.quiet = if busy < tuning.idle { self.quiet.or(Some(now)) } else { None };
        let quiet = self.quiet.is_some_and(|since| now.since(since) >= tuning.settled_after);
        self.filter.take(sight);
        let limits = self.limits();
        let serial = serialisation(&sight.rates);
        let lowest = limits.download.over.min(limits.upload.over);
        let calm = limits.download.calm.min(limits.upload.calm);
        let mut delta = self.filter.delta() - serial;
        let mut path = self.idle_step(sight, quiet, delta > lowest);
        if path.is_none() {
            let part = if self.lingers(now, delta, (calm, lowest)) { 1.0 } else { 0.5 };
            self.filter.learn(now, quiet, (lowest + serial, (lowest + serial) * part));
        } else {
            delta = 0.0;
        }
        self.longest = self.longest(lowest, calm) + serial;
        // What is seen once, and seldom, is filtered out; but somebody may have begun.
        let late = sight.pace == Pace::Seldom && sight.value.ms() > self.longest;
        self.wanted = period(busy, late || delta > lowest / 2.0, tuning);
        self.blame.judge((now, self.recent()), &shares, delta, (calm, lowest), tuning);
        self.blame.measure(sight.ways, delta, lowest);
        let mut rates = sight.rates;
        let mut zones = PerDirection::both(Zone::Green);
        for direction in self.blame.turns() {
            let own = *shares.of(direction);
            let suspect = self.blame.suspects(direction, &shares, tuning);
            let view = View {
                suspect: suspect && !quiet,
                share: own,
                delta,
                limits: *limits.of(direction),
                ..self.view(sight, direction)
            };
            let step = self.lanes.of_mut(direction).step(&view);
            // Nobody feels a raise before the router has it.
            let due = view.in_force.is_none_or(|own| !step.rate.is_about(own));
            if step.rate > view.rate || (due && self.blame.was_raised(direction)) {
                self.blame.raised(direction, now);
            }
            if step.again {
                self.blame.did_not_help();
            }
            if step.in_vain {
                path = path.or(self.filter.jump());
            }
            *rates.of_mut(direction) = step.rate;
            *zones.of_mut(direction) = step.zone;
            *self.seen.of_mut(direction) = Some(Seen {
                load: Load::of(own, tuning),
                flow: view.flow,
                base: self.base(direction),
            });
        }
        if path.is_some() {
            self.forgive(now, &mut rates);
        }
        Outcome { rates, zones, delta: self.filter.delta(), idle: self.filter.idle(), path }
    }

    /// For so long a delay may be a raise's: it shows in the second value after it.
    fn recent(&self) -> Span {
        self.settings.tuning.raise_every.max(self.filter.window()).times(2)
    }

    /// What both directions see alike, and what is given.
    fn view(&self, sight: &Sight, direction: Direction) -> View {
        View {
            tuning: self.settings.tuning,
            now: sight.now,
            direction,
            rate: *sight.rates.of(direction),
            flow: *sight.flows.of(direction),
            in_force: *sight.in_force.of(direction),
            bounds: *self.settings.bounds.of(direction),
            base: *self.settings.base.of(direction),
            share: 0.0,
            suspect: false,
            raise: *sight.raises.of(direction),
            may_be_path: self.may_be_path(),
            may_raise: self.blame.may_raise(direction, sight.now, self.settings.tuning),
            delta: 0.0,
            growth: self.filter.growth(),
            noise: self.filter.noise(),
            limits: Limits::default(),
            round_trip: self.filter.seen(),
            window: self.filter.window(),
            recent: self.recent(),
        }
    }

    /// The delay was the path's: what was cut for it is given back.
    fn forgive(&mut self, now: Instant, rates: &mut PerDirection<Rate>) {
        for direction in Direction::BOTH {
            if let Some(before) = self.lanes.of_mut(direction).forgive(now) {
                *rates.of_mut(direction) = before;
            }
        }
    }

    /// Where a delay begins to count.
    fn limits(&self) -> PerDirection<Limits> {
        let tuning = self.settings.tuning;
        let noise = tuning.noises * self.filter.noise();
        self.settings.yellow.map(|yellow| {
            let queue = yellow.ms() * tuning.yellow + noise;
            Limits { calm: queue / 2.0, over: queue }
        })
    }

    /// What a single round takes at most on the idle line, in ms without serialisation: on a steady one
    /// what is no calm any more, else what would be cut for.
    fn longest(&self, over: f64, calm: f64) -> f64 {
        self.filter.idle().ms() + if self.filter.is_steady() { calm } else { over }
    }

    /// Whether a delay that is none to cut for stays: under it nothing rises.
    fn lingers(&mut self, now: Instant, delta: f64, (calm, over): (f64, f64)) -> bool {
        let between = delta >= calm && delta <= over;
        self.lingering = if between { self.lingering.or(Some(now)) } else { None };
        let long = self.settings.tuning.lingers_for;
        self.lingering.is_some_and(|since| now.since(since) >= long)
    }

    /// Where a burst in this direction starts; `None`: not known yet.
    fn base(&self, direction: Direction) -> Option<Rate> {
        self.settings.base.of(direction).or(self.lanes.of(direction).knee().base())
    }

    /// How each direction is loaded; `None`: not known.
    pub const fn seen(&self) -> &PerDirection<Option<Seen>> {
        &self.seen
    }

    /// A delay that stays while nothing passes is not a queue of ours. What was counted before it came
    /// does not tell.
    fn idle_step(&mut self, sight: &Sight, quiet: bool, over: bool) -> Option<PathChange> {
        let Sight { now, counted, .. } = *sight;
        let since = if quiet && over { self.stepped.or(Some(now)) } else { None };
        self.stepped = since;
        if now.since(since?) < self.settings.tuning.settled_after || counted < since {
            return None;
        }
        self.stepped = None;
        self.filter.jump()
    }

    /// Whether a line that takes as long as is seen now is more likely than a queue.
    fn may_be_path(&self) -> bool {
        let longest = self.settings.longest_idle.ms().max(self.filter.idle().ms() * 2.0);
        self.filter.seen().ms() <= longest
    }
}

/// What two full packets take at these limits, in both directions, in ms.
fn serialisation(rates: &PerDirection<Rate>) -> f64 {
    let own = rates.map(|rate| FRAMES * 1_000.0 / number(rate.bps()));
    own.download + own.upload
}

/// Rates of interest are far below 2^53 bit/s.
fn number(bits: u64) -> f64 {
    Rtt::from_span(Span::from_micros(bits)).ms() * 1_000.0
}

#[cfg(test)]
mod tests;
