//! The adaptive law: moves only the direction that is loaded, by how far the delay is over its
//! threshold and by what passes.
//! Promises: a raise only under high load and calm; at most one cut per feedback time and never by
//! more than half; an idle line is never cut; the same inputs give the same rates on every CPU.
//! Knows nothing of probes, routers or clocks.
//!
//! ```text
//!            load high, calm, raise due           delay > T, suspect, last write felt
//!   STEADY ───────────────────────────> RAISE    STEADY ───────────────────────────> CUT
//!      ^  raised: waits for the write     │         ^   cut: waits for the write        │
//!      └──────────────────────────────────┘         └───── and one feedback time ───────┘
//!   idle for 5 s ──> BASE      idle and delay > T for 1 s, or two cuts in vain ──> NEW PATH
//! ```
//!
//! With `d` the second lowest round-trip time of the last 250 ms (a queue lifts the lowest values
//! too, jitter does not), `idle` its mean on the idle line and `noise` its mean deviation there:
//!
//! | What | Formula |
//! |---|---|
//! | delay | `Δ = d − idle` |
//! | threshold | `T = yellow / 2 + 3·noise + serialisation of a full packet, both directions` |
//! | load | `u = flow / limit`: high from 0.75, idle below 0.1 |
//! | cut | `rate = min(rate, flow) · (1 − clamp(0.02 + Δ / 1 s, 0.04, 0.4))`, at least `rate / 2` |
//! | knee | `min(rate, flow)` at the last cut: what the line carries |
//! | raise | to `0.96·knee` at once; then 1.25 % each 2 to 32 s; beyond `1.02·knee` 1.25 to 10 % each second |
//! | base | mean of the knees · 0.96, or as configured |
//! | feedback time | `1.5·d + 250 ms` after the router confirmed the limit |
//!
//! Sources: a fluid queue that is to drain `Δ` within a second needs the rate lower by `Δ / 1 s`;
//! senders follow in one and a half round trips. The knee and the slow probing near it are what TCP
//! does after a loss.

mod direction;
mod filter;
mod tuning;

pub use self::tuning::Tuning;
use self::{direction::Lane, filter::Filter};
use super::{
    time::{Instant, Span},
    units::{Direction, Flow, PerDirection, Rate, Rtt},
    zone::Zone,
};

/// A full Ethernet frame in bits.
const FRAME: f64 = 12_112.0;
/// What the adaptive law is tuned by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Where a burst starts; `None`: learnt from what the line carried.
    pub base: PerDirection<Option<Rate>>,
    /// Delay of a yellow zone; half of it is the threshold on a line without noise.
    pub yellow: PerDirection<Rtt>,
    /// Lowest and highest rate.
    pub bounds: PerDirection<(Rate, Rate)>,
    /// The constants of the law.
    pub tuning: &'static Tuning,
}

/// What is seen in one cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// The time.
    pub now: Instant,
    /// The value of the round.
    pub value: Rtt,
    /// The idle time as the slow mean has it; used at the start.
    pub baseline: Rtt,
    /// The rates wanted until now.
    pub rates: PerDirection<Rate>,
    /// What passes.
    pub flows: PerDirection<Flow>,
    /// The limits that the router has confirmed.
    pub in_force: PerDirection<Option<Rate>>,
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
    /// Since when the delay of the quiet line is over the threshold.
    stepped: Option<Instant>,
    wanted: Span,
}

impl Adaptive {
    /// Nothing known of the line.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            filter: Filter::default(),
            lanes: PerDirection { download: Lane::default(), upload: Lane::default() },
            quiet: None,
            stepped: None,
            wanted: settings.tuning.fast,
        }
    }

    /// Goes on with other settings; what is known of the line stays.
    pub const fn retune(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Nothing was seen for a while.
    pub fn interrupt(&mut self) {
        self.filter.interrupt();
        self.quiet = None;
        self.stepped = None;
        self.wanted = self.settings.tuning.fast;
    }

    /// How often what passes is to be read.
    pub const fn counts_wanted(&self) -> Span {
        self.wanted
    }

    /// The knees: what each direction carried when it was cut last.
    pub fn knees(&self) -> PerDirection<Option<Rate>> {
        PerDirection { download: self.lanes.download.knee(), upload: self.lanes.upload.knee() }
    }

    /// One cycle.
    pub fn decide(&mut self, sight: &Sight) -> Outcome {
        let Sight { now, .. } = *sight;
        let tuning = self.settings.tuning;
        let shares = sight.flows.zip(sight.rates).zip(sight.in_force).map(share);
        let busy = shares.download.max(shares.upload);
        self.quiet = if busy < tuning.idle { self.quiet.or(Some(now)) } else { None };
        let quiet = self.quiet.is_some_and(|since| now.since(since) >= tuning.settled_after);
        let seen = self.filter.take(now, sight.value, sight.baseline, tuning.window);
        let serial: f64 = [sight.rates.download, sight.rates.upload]
            .into_iter()
            .map(|rate| FRAME * 1_000.0 / number(rate.bps()))
            .sum();
        let delta = self.filter.delta();
        let noise = tuning.noises * self.filter.noise();
        let threshold =
            self.settings.yellow.map(|yellow| yellow.ms() * tuning.yellow + noise + serial);
        let lowest = threshold.download.min(threshold.upload);
        let mut path = self.idle_step(now, quiet, delta > lowest);
        if path.is_none() {
            self.filter.learn(now, quiet, (delta, lowest), tuning);
        }
        self.wanted = if busy >= tuning.high || delta > lowest / 2.0 {
            tuning.fast
        } else if busy >= tuning.idle {
            tuning.medium
        } else {
            tuning.slow
        };
        let mut rates = sight.rates;
        let mut zones = PerDirection::both(Zone::Green);
        for direction in Direction::BOTH {
            let (own, other) = (*shares.of(direction), other(&shares, direction));
            let suspect = own >= tuning.idle && (own >= tuning.suspect || own >= other);
            let view = direction::View {
                tuning,
                now,
                rate: *sight.rates.of(direction),
                flow: *sight.flows.of(direction),
                in_force: *sight.in_force.of(direction),
                bounds: *self.settings.bounds.of(direction),
                base: *self.settings.base.of(direction),
                share: own,
                suspect: suspect && !quiet,
                delta: if path.is_some() { 0.0 } else { delta },
                threshold: *threshold.of(direction),
                round_trip: seen,
            };
            let step = self.lanes.of_mut(direction).step(&view);
            *rates.of_mut(direction) = step.rate;
            *zones.of_mut(direction) = step.zone;
            if step.in_vain {
                path = path.or(self.filter.jump());
            }
        }
        Outcome { rates, zones, delta, idle: self.filter.idle(), path }
    }

    /// A delay that stays while nothing passes is not a queue of ours.
    fn idle_step(&mut self, now: Instant, quiet: bool, over: bool) -> Option<PathChange> {
        let since = if quiet && over { self.stepped.or(Some(now)) } else { None };
        self.stepped = since;
        if now.since(since?) < self.settings.tuning.settled_after {
            return None;
        }
        self.stepped = None;
        self.filter.jump()
    }
}

/// How much of the limit in force passes.
fn share(((flow, rate), in_force): ((Flow, Rate), Option<Rate>)) -> f64 {
    number(flow.bps()) / number(in_force.unwrap_or(rate).bps())
}

const fn other(shares: &PerDirection<f64>, direction: Direction) -> f64 {
    match direction {
        Direction::Download => shares.upload,
        Direction::Upload => shares.download,
    }
}

/// Rates of interest are far below 2^53 bit/s.
fn number(bits: u64) -> f64 {
    Rtt::from_span(Span::from_micros(bits)).ms() * 1_000.0
}

#[cfg(test)]
mod tests;
