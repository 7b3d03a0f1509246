//! What others may see of a WAN.
//! Promises: looking changes nothing that matters.
//! Knows nothing of who looks.

use super::{Cycles, Settings, Signal, Wan, WanId};
use crate::control::{
    adaptive::Seen,
    applier::{Applier, Counters},
    classic::Classic,
    law::{Cause, Decision},
    reflectors::Reflectors,
    rhythm::Lengths,
    rounds::Unused,
    rule::Kind,
    time::Instant,
    units::{Direction, PerDirection, Rate},
    zone::Zone,
};

impl Wan {
    /// Whether the router has confirmed all that is wanted.
    pub fn settled(&self) -> bool {
        self.applier.settled()
    }

    /// Its place in the configuration.
    pub const fn id(&self) -> WanId {
        self.id
    }

    /// Its settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rates wanted now.
    pub fn wanted(&self) -> PerDirection<Rate> {
        self.law.rates()
    }

    /// The last decision; `None` while there is nothing to decide on.
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// How congested each direction is by its thresholds, whatever a law makes of the delay; `None`: there
    /// is nothing to decide on. A law that knows whose delay it is, or that acts before the thresholds,
    /// shows that in its own zones.
    pub fn congestion(&self) -> Option<PerDirection<Zone>> {
        let Decision { delta, verdicts, .. } = self.decision?;
        Some(verdicts.zip(self.settings.law.thresholds).map(|(verdict, thresholds)| {
            match verdict.cause {
                Cause::Spike => verdict.zone,
                Cause::Delay => thresholds.zone(delta),
            }
        }))
    }

    /// When the baseline that is worth keeping was measured last; `None`: not since the start or by
    /// these reflectors, it is that of earlier ones, of the last run or of the settings.
    pub const fn measured(&self) -> Option<Instant> {
        self.measured
    }

    /// The law.
    pub const fn law(&self) -> &Classic {
        self.law.classic()
    }

    /// Which law moves the rates.
    pub const fn choice(&self) -> Kind {
        self.law.kind()
    }

    /// How a direction is loaded, as the law sees it; `None`: it does not know or care.
    pub fn load(&self, direction: Direction) -> Option<Seen> {
        self.law.adaptive().and_then(|law| *law.seen().of(direction))
    }

    /// Whether the line can be measured.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// Whether control has begun: a baseline is known, or something was decided without it.
    pub const fn has_begun(&self) -> bool {
        self.law.means().is_some() || self.cycles.decided > 0
    }

    /// The reflectors.
    pub const fn reflectors(&self) -> &Reflectors {
        &self.reflectors
    }

    /// Replies that were not used.
    pub const fn unused(&self) -> Unused {
        self.rounds.unused()
    }

    /// How the cycles went.
    pub const fn cycles(&self) -> Cycles {
        self.cycles
    }

    /// How long the cycles take; `None` before the first is over.
    pub fn lengths(&self) -> Option<Lengths> {
        self.rhythm.lengths()
    }

    /// The queues.
    pub const fn applier(&self) -> &Applier {
        &self.applier
    }

    /// Writes in the last hour, and how many are left.
    pub fn budget(&mut self, now: Instant) -> (u16, u16) {
        let budget = self.applier.budget();
        (budget.used(now), budget.left(now))
    }

    /// Writes confirmed and failed.
    pub const fn counters(&self) -> Counters {
        self.applier.counters()
    }
}
