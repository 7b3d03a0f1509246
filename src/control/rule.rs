//! Which law moves the rates of a WAN: the adaptive one on the means of the classic one, or that alone.
//! Promises: with `Choice::Classic` every decision is the classic one, bit for bit; saving,
//! restoring and retuning are the same for both, since the rates stand in the classic ladders.
//! Knows nothing of probes, routers or clocks.

use super::{
    adaptive::{self, Adaptive, PathChange, Sight},
    baseline::Baseline,
    classic::{self, Classic, Measured},
    ladder::{Move, Raise},
    law::{Cause, Decision, Observation, Scale, Verdict},
    pace::{Idle, Pace},
    saved::{Freshness, SavedWan},
    time::{Instant, Span},
    units::{Flow, PerDirection, Rate},
    zone::Zone,
};

/// The laws by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// See [`Choice::Classic`]; where queues count nothing, the default.
    Classic,
    /// See [`Choice::Adaptive`]; the default.
    Adaptive,
}

impl Kind {
    /// The word used in configuration and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Adaptive => "adaptive",
        }
    }
}

/// The choice of a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// Blind to load: thresholds on delay alone.
    Classic,
    /// Moves only what is loaded, by what passes.
    Adaptive(adaptive::Settings),
}

/// What is known besides the delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Around {
    /// The time.
    pub now: Instant,
    /// How often there is a round.
    pub pace: Pace,
    /// What passes; `None`: unknown.
    pub flows: PerDirection<Option<Flow>>,
    /// When that was counted last in both directions.
    pub counted: Option<Instant>,
    /// The limits that the router has confirmed.
    pub in_force: PerDirection<Option<Rate>>,
    /// Whether a raise could be written now.
    pub raises: PerDirection<Raise>,
    /// How much each direction delays by itself, in ms; `None`: unknown.
    pub ways: Option<PerDirection<f64>>,
}

/// Without a known load for this long, as with queues that count nothing, the classic rules may
/// also raise; a shorter gap only holds.
const LOAD_GIVEN_UP_AFTER: Span = Span::from_secs(60);

/// The law of one WAN.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    classic: Classic,
    adaptive: Option<Adaptive>,
    /// When the load was known last, or was wanted first.
    load_known: Option<Instant>,
}

impl Law {
    /// Starts at the ceilings.
    pub fn new(settings: classic::Settings, choice: Choice) -> Self {
        Self { classic: Classic::new(settings), adaptive: adaptive_of(choice), load_known: None }
    }

    /// Takes one round in; `None` while the baseline of its scale is being learnt. The second is a
    /// change of the path that was found by it.
    pub fn observe(
        &mut self,
        observation: &Observation<'_>,
        around: &Around,
    ) -> (Option<Decision>, Option<PathChange>) {
        let Some(adaptive) = &mut self.adaptive else {
            return (self.classic.observe(observation), None);
        };
        let flows = around.flows.download.zip(around.flows.upload);
        let flows = flows.map(|(download, upload)| PerDirection { download, upload });
        let known = observation.scale == Scale::Icmp && flows.is_some();
        if known {
            self.load_known = Some(around.now);
        }
        let known_at = *self.load_known.get_or_insert(around.now);
        let given_up = around.now.since(known_at) >= LOAD_GIVEN_UP_AFTER;
        let raises = if given_up { observation.raises } else { PerDirection::both(Raise::Held) };
        let rates = self.classic.rates();
        let decision = self.classic.observe(&Observation { raises, ..*observation });
        let (Some(decision), Some(flows), true) = (decision, flows, known) else {
            adaptive.interrupt();
            if observation.scale == Scale::Icmp {
                adaptive.count_soon();
            }
            return (decision, None);
        };
        let sight = Sight {
            now: around.now,
            interval: self.classic.interval(),
            pace: around.pace,
            value: observation.value,
            baseline: decision.baseline,
            rates,
            flows,
            counted: around.counted,
            in_force: around.in_force,
            raises: around.raises,
            ways: around.ways,
        };
        let outcome = adaptive.decide(&sight);
        self.classic.adopt(outcome.rates.map(Some));
        if let Some(change) = outcome.path {
            self.classic.relearn(change.after);
        }
        let verdicts = self.classic.rates().zip(rates).zip(outcome.zones).map(verdict);
        let baseline = outcome.idle;
        (Some(Decision { baseline, delta: outcome.delta, verdicts, ..decision }), outcome.path)
    }

    /// How often the load is wanted; `None`: not at all.
    pub fn counts_wanted(&self) -> Option<Span> {
        self.adaptive.as_ref().map(Adaptive::counts_wanted)
    }

    /// Whether it is known that nothing passes; `None`: something does, or nobody looks.
    pub fn idle(&self) -> Option<Idle> {
        self.adaptive.as_ref().and_then(Adaptive::idle)
    }

    /// See [`Classic::restore`].
    pub fn restore(&mut self, saved: &SavedWan, freshness: Freshness) {
        self.classic.restore(saved, freshness);
    }

    /// See [`Classic::retune`].
    pub fn retune(&mut self, settings: classic::Settings, choice: Choice, measured: Measured) {
        self.classic.retune(settings, measured);
        match (choice, &mut self.adaptive) {
            (Choice::Adaptive(settings), Some(adaptive)) if measured == Measured::Same => {
                adaptive.retune(settings);
            }
            (choice, adaptive) => {
                *adaptive = adaptive_of(choice);
                self.load_known = None;
            }
        }
    }

    /// See [`Classic::interrupt`].
    pub fn interrupt(&mut self) {
        self.classic.interrupt();
        if let Some(adaptive) = &mut self.adaptive {
            adaptive.interrupt();
        }
    }

    /// See [`Classic::adopt`].
    pub fn adopt(&mut self, in_force: PerDirection<Option<Rate>>) {
        self.classic.adopt(in_force);
        if let Some(adaptive) = &mut self.adaptive {
            adaptive.adopted(in_force);
        }
    }

    /// The rates wanted now.
    pub fn rates(&self) -> PerDirection<Rate> {
        self.classic.rates()
    }

    /// See [`Classic::learn_own`].
    pub fn learn_own(&mut self, rhythm: Span) {
        self.classic.learn_own(rhythm);
    }

    /// See [`Classic::means`].
    pub const fn means(&self) -> Option<&Baseline> {
        self.classic.means()
    }

    /// See [`Classic::means_on`].
    pub fn means_on(&self, scale: Scale) -> Option<&Baseline> {
        self.classic.means_on(scale)
    }

    /// See [`Classic::streaks`].
    pub const fn streaks(&self) -> PerDirection<u8> {
        self.classic.streaks()
    }

    /// The means and rates that every law has.
    pub const fn classic(&self) -> &Classic {
        &self.classic
    }

    /// Which one it is.
    pub const fn kind(&self) -> Kind {
        match &self.adaptive {
            Some(_) => Kind::Adaptive,
            None => Kind::Classic,
        }
    }

    /// The adaptive law, if it is chosen.
    pub const fn adaptive(&self) -> Option<&Adaptive> {
        self.adaptive.as_ref()
    }
}

fn adaptive_of(choice: Choice) -> Option<Adaptive> {
    match choice {
        Choice::Classic => None,
        Choice::Adaptive(settings) => Some(Adaptive::new(settings)),
    }
}

fn verdict(((rate, before), zone): ((Rate, Rate), Zone)) -> Verdict {
    let moved = match rate.cmp(&before) {
        core::cmp::Ordering::Greater => Move::Raised,
        core::cmp::Ordering::Less => Move::Lowered,
        core::cmp::Ordering::Equal => Move::Held,
    };
    Verdict { zone, cause: Cause::Delay, moved, rate }
}
