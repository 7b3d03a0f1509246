//! The classic law: fixed delay thresholds, multiplicative decrease, additive increase.
//! Promises: one decision per observation, the same for the same observations on every CPU; no
//! decision before the baseline is known.
//! Knows nothing of probes, routers or clocks.

use super::{
    baseline::{self, Baseline},
    ladder::{self, Ladder, Raise},
    law::{Cause, Decision, Observation, Scale, Verdict},
    learner::Learner,
    saved::{Freshness, SavedWan},
    spike::SpikeRule,
    time::Span,
    units::{PerDirection, Rate, Rtt},
    zone::{Thresholds, Zone},
};

/// What the classic law is tuned by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Time between two observations.
    pub interval: Span,
    /// How load and baseline follow the samples.
    pub baseline: baseline::Settings,
    /// A rise of the load by more than this within one cycle is a spike; `None`: no spike rule.
    pub spike: Option<Rtt>,
    /// Where the zones begin.
    pub thresholds: PerDirection<Thresholds>,
    /// How the rates move.
    pub ladders: PerDirection<ladder::Settings>,
}

/// The means, once there are some.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "stored in place: the core does not allocate")]
enum Means {
    Learning(Learner),
    Known(Baseline),
}

impl Means {
    /// The configured baseline, or none yet.
    fn beginning(baseline: baseline::Settings, interval: Span) -> Self {
        match baseline.initial {
            Some(initial) => Self::Known(Baseline::new(baseline, interval, initial)),
            None => Self::Learning(Learner::new(interval)),
        }
    }

    const fn known(&self) -> Option<&Baseline> {
        match self {
            Self::Known(means) => Some(means),
            Self::Learning(_) => None,
        }
    }
}

/// Whether the samples after a change of the settings can be compared with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// They come from the same reflectors by the same way.
    Same,
    /// They may differ by any amount, without any queue.
    Other,
}

/// The means of a source that stands in for the reflectors.
#[derive(Clone, Debug, PartialEq)]
struct Own {
    settings: baseline::Settings,
    means: Means,
}

/// The law and its state for one WAN.
#[derive(Clone, Debug, PartialEq)]
pub struct Classic {
    settings: Settings,
    means: Means,
    own: Option<Own>,
    spikes: SpikeRule,
    ladders: PerDirection<Ladder>,
}

impl Classic {
    /// Starts at the ceilings, with the configured baseline or none.
    pub fn new(settings: Settings) -> Self {
        let Settings { interval, baseline, spike, ladders, .. } = settings;
        let means = Means::beginning(baseline, interval);
        let (spikes, ladders) = (SpikeRule::new(spike), ladders.map(Ladder::new));
        Self { settings, means, own: None, spikes, ladders }
    }

    /// Takes one round in; `None` while the baseline of its scale is being learnt.
    pub fn observe(&mut self, observation: &Observation<'_>) -> Option<Decision> {
        let Settings { interval, baseline, thresholds, .. } = self.settings;
        let (settings, means) = match (observation.scale, &mut self.own) {
            (Scale::Icmp, _) => (baseline, &mut self.means),
            (Scale::Own, Some(own)) => (own.settings, &mut own.means),
            (Scale::Own, None) => return None,
        };
        let known = match means {
            Means::Known(known) => known,
            Means::Learning(learner) => {
                if let Some(median) = learner.add(observation.value) {
                    *means = Means::Known(Baseline::new(settings, interval, median));
                }
                return None;
            }
        };
        let spike = self.spikes.judge(known, observation.value, observation.samples);
        known.update(observation.value, observation.every);
        if observation.scale == Scale::Own && known.delta() < 0.0 {
            // A stand-in is met at any time, often on a loaded line. What is below its baseline
            // proves that; out of bounds it stays.
            let _ = known.restore(known.load(), known.load());
        }
        let (load, baseline, delta) = (known.load(), known.baseline(), known.delta());
        let verdict = |((ladder, thresholds), raise): ((&mut Ladder, Thresholds), Raise)| {
            let (zone, cause) = if spike {
                (Zone::Red, Cause::Spike)
            } else {
                (thresholds.zone(delta), Cause::Delay)
            };
            let moved = ladder.step(zone, raise);
            Verdict { zone, cause, moved, rate: ladder.rate() }
        };
        let PerDirection { download, upload } = &mut self.ladders;
        let verdicts =
            PerDirection { download, upload }.zip(thresholds).zip(observation.raises).map(verdict);
        Some(Decision { load, baseline, delta, verdicts })
    }

    /// Goes on from saved values, each only if it lies in today's bounds. A baseline that is not
    /// fresh is learnt anew.
    pub fn restore(&mut self, saved: &SavedWan, freshness: Freshness) {
        for direction in super::units::Direction::BOTH {
            let (rate, streak) = (saved.rates.of(direction), saved.streaks.of(direction));
            // Out of bounds: the ladder stays at its start.
            let _ = self.ladders.of_mut(direction).restore(*rate, *streak);
        }
        if freshness == Freshness::Fresh {
            let Settings { interval, baseline, .. } = self.settings;
            let mut means = Baseline::new(baseline, interval, saved.baseline);
            if means.restore(saved.baseline, saved.load) {
                self.means = Means::Known(means);
            }
        }
        self.spikes = SpikeRule::new(self.settings.spike);
    }

    /// Goes on with other settings. The rates are moved into their limits. Means stay only if what
    /// is measured is still the same; the learning begins anew too, if it is not or comes at
    /// another interval.
    pub fn retune(&mut self, settings: Settings, measured: Measured) {
        let Settings { interval, baseline, ladders, .. } = settings;
        let before = core::mem::replace(&mut self.settings, settings);
        for direction in super::units::Direction::BOTH {
            self.ladders.of_mut(direction).retune(*ladders.of(direction));
        }
        if before.interval != interval || before.baseline != baseline {
            self.own = None;
        }
        match &mut self.means {
            Means::Known(means) if measured == Measured::Same => means.retune(baseline, interval),
            Means::Learning(_)
                if measured == Measured::Same
                    && before.interval == interval
                    && baseline.initial.is_none() => {}
            means @ (Means::Known(_) | Means::Learning(_)) => {
                *means = Means::beginning(baseline, interval);
            }
        }
        let same_steps = before.interval == interval
            && before.baseline.load_time_constant == baseline.load_time_constant;
        if measured == Measured::Other || !same_steps || before.spike != settings.spike {
            self.spikes = SpikeRule::new(settings.spike);
        }
    }

    /// Nothing was measured for a while. The rates stay; a streak of green is no longer one, and
    /// the next round is none that the load could have risen in "within one cycle".
    pub const fn interrupt(&mut self) {
        self.ladders.download.interrupt();
        self.ladders.upload.interrupt();
        self.spikes = SpikeRule::new(self.settings.spike);
    }

    /// Goes on from the limits that are in force, as far as they lie in the bounds: what was
    /// decided in the meantime had no effect on the line.
    pub fn adopt(&mut self, in_force: PerDirection<Option<Rate>>) {
        for direction in super::units::Direction::BOTH {
            if let Some(rate) = *in_force.of(direction) {
                let _ = self.ladders.of_mut(direction).restore(rate, 0);
            }
        }
    }

    /// The idle time of the reflectors is this from now on; what is out of bounds is not taken.
    pub fn relearn(&mut self, baseline: Rtt) {
        if let Means::Known(means) = &mut self.means {
            let _ = means.restore(baseline, baseline);
        }
    }

    /// Length of a cycle.
    pub const fn interval(&self) -> Span {
        self.settings.interval
    }

    /// The rates wanted now.
    pub fn rates(&self) -> PerDirection<Rate> {
        PerDirection { download: self.ladders.download.rate(), upload: self.ladders.upload.rate() }
    }

    /// Another source stands in for the reflectors, with one value per `rhythm`: its idle time is
    /// learnt anew. The load takes each value as it takes a round; the baseline rises in its
    /// configured time, and falls with the load at once.
    pub fn learn_own(&mut self, rhythm: Span) {
        let Settings { interval, baseline, .. } = self.settings;
        let time_constant = baseline.time_constant.part(interval.as_micros(), rhythm.as_micros());
        let settings = baseline::Settings { initial: None, time_constant, ..baseline };
        self.own = Some(Own { settings, means: Means::Learning(Learner::new(rhythm)) });
    }

    /// Load and baseline of the reflectors; `None` while the baseline is being learnt.
    pub const fn means(&self) -> Option<&Baseline> {
        self.means.known()
    }

    /// Load and baseline on this scale; `None` while the baseline is being learnt.
    pub fn means_on(&self, scale: Scale) -> Option<&Baseline> {
        match scale {
            Scale::Icmp => self.means.known(),
            Scale::Own => self.own.as_ref().and_then(|own| own.means.known()),
        }
    }

    /// Green cycles in a row.
    pub const fn streaks(&self) -> PerDirection<u8> {
        PerDirection {
            download: self.ladders.download.streak(),
            upload: self.ladders.upload.streak(),
        }
    }
}

#[cfg(test)]
mod tests;
