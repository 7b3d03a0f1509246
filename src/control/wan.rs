//! One WAN: its rounds of probes, its law, its queues.
//! Promises: a tick never waits for a reply or a router; every tick ends with the next one
//! strictly in the future; without fresh samples the rates are held, unless replies come so late that
//! they are of a queue.
//! Knows nothing of other WANs, and of its router only whether it answers.

mod counts;
mod oneway;
mod pace;
mod queues;
mod retune;
mod signal;
mod view;

pub use super::id::{RouterId, WanId};
use super::{
    applier::{Applier, Layout, OnExit},
    classic,
    episodes::{Change, Episodes},
    event::{Outbox, WanNews, What},
    fallback::{self, Fallback, Instead},
    law::{Decision, Observation, Scale, Verdict},
    lines::Repeats,
    notice::Notice,
    oneway::{Clocks, Timestamps},
    pace::Pacer,
    reflectors::{HealthChange, Reflectors},
    rhythm::Rhythm,
    rounds::{ProbeFate, REPLY_TIMEOUT, Rounds, Settled},
    rule::{Choice, Law},
    saved::{Freshness, SavedWan},
    tally::{Consumer, Tally},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Rtt},
};

/// Without any answer for this long (and at least three intervals) there is no signal.
pub const NO_SIGNAL_AFTER: Span = Span::from_secs(1);
/// Rates wanted before an outage of the router longer than this are not written after it: they
/// were decided on a line that did not obey.
pub const PENDING_FOR: Span = Span::from_secs(60);
/// That probes cannot be sent is told again after this long without it: of several reflectors one
/// may be out of reach for ever, and be tried now and then.
const BLOCKED_FOR: Span = Span::from_secs(60);
/// Changes of the path that are told one after the other.
const PATHS: u8 = 8;
/// One more after this long: a line that goes two ways by turns has twelve lines an hour.
const PATHS_REFILL: Span = Span::from_secs(300);

/// Everything the core needs to know about one WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The router that carries its queues.
    pub router: RouterId,
    /// How many reflectors the WAN has (1 to 8).
    pub reflectors: u8,
    /// Which of them are to be asked for timestamps.
    pub timestamps: Timestamps,
    /// The control law.
    pub law: classic::Settings,
    /// Which law it is.
    pub choice: Choice,
    /// The queues on the router.
    pub layout: Layout,
    /// Writes per hour from which on increases slow down (60 to 7200).
    pub write_budget: u16,
    /// What is asked when no reflector answers.
    pub fallback: fallback::Settings,
    /// What happens to the limits at the end.
    pub on_exit: PerDirection<OnExit>,
}

/// Whether the line can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Replies arrive, but the baseline is not known yet.
    Learning,
    /// Replies arrive.
    Fresh,
    /// No reflector answers.
    Lost {
        /// The last reply that made a round, or the start.
        since: Instant,
        /// What answers instead.
        instead: Instead,
    },
}

/// How the cycles went, since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Cycles {
    /// Cycles run.
    pub total: u64,
    /// Cycles skipped because the loop came late.
    pub missed: u64,
    /// Cycles that had a fresh sample to decide on.
    pub decided: u64,
}

/// One WAN.
#[derive(Clone, Debug)]
pub struct Wan {
    id: WanId,
    settings: Settings,
    law: Law,
    reflectors: Reflectors,
    rounds: Rounds,
    clocks: Clocks,
    applier: Applier,
    tally: Tally,
    next_tick: Instant,
    number: u32,
    /// The last reply that made a round, or the start.
    heard: Instant,
    signal: Signal,
    /// Whether replies that come too late stand for rounds.
    overdue: bool,
    fallback: Fallback,
    /// Whose idle time the law's own scale is.
    stand_in: Option<u8>,
    notice: Notice,
    /// When a probe could not be sent last.
    blocked: Option<Instant>,
    /// What is told of the zones.
    episodes: PerDirection<Episodes>,
    /// What is told of changes of the path.
    paths: Repeats,
    decision: Option<Decision>,
    cycles: Cycles,
    /// What it went on from: the means of the last run, until new ones are known.
    restored: Option<SavedWan>,
    /// The rates that it began with.
    begun: PerDirection<Rate>,
    /// When the means were fed last; `None`: not since the start, or not by these reflectors.
    measured: Option<Instant>,
    rhythm: Rhythm,
    pacer: Pacer,
    /// Where the next limit read is adopted: the outage before it was long.
    adopt: PerDirection<bool>,
    stopping: bool,
}

impl Wan {
    /// Starts at `now` with its first tick due at once.
    pub fn new(id: WanId, settings: Settings, now: Instant, seed: u64) -> Self {
        let Settings { law, choice, layout, write_budget, reflectors, fallback, .. } = settings;
        let own = Law::new(law, choice);
        let mut wan = Self {
            id,
            settings,
            begun: own.rates(),
            law: own,
            reflectors: Reflectors::new(reflectors),
            rounds: Rounds::default(),
            clocks: Clocks::new(settings.timestamps, reflectors, now),
            applier: Applier::new(layout, law.ladders, write_budget, seed),
            tally: Tally::new(layout),
            next_tick: now,
            number: 0,
            heard: now,
            signal: Signal::Learning,
            overdue: false,
            fallback: Fallback::new(fallback, law.interval, law.baseline.min, now),
            stand_in: None,
            notice: Notice::new(now),
            blocked: None,
            episodes: PerDirection { download: Episodes::new(now), upload: Episodes::new(now) },
            paths: Repeats::new(PATHS, PATHS_REFILL, now),
            decision: None,
            cycles: Cycles::default(),
            restored: None,
            measured: None,
            rhythm: Rhythm::new(law.interval),
            pacer: Pacer::new(now),
            adopt: PerDirection::both(false),
            stopping: false,
        };
        wan.applier.want(wan.law.rates());
        wan
    }

    /// Goes on from saved values, as far as they lie in today's bounds. A load that no reply in
    /// time could have led to is not one.
    pub fn restore(&mut self, saved: &SavedWan, freshness: Freshness) {
        let possible = saved.load < Rtt::from_span(REPLY_TIMEOUT);
        let load = if possible { saved.load } else { saved.baseline };
        let saved = SavedWan { load, ..*saved };
        self.restored = Some(saved);
        self.law.restore(&saved, freshness);
        self.begun = self.law.rates();
        self.applier.want(self.law.rates());
    }

    /// What is worth keeping; `None` before a baseline is known. One that is learnt anew is that of
    /// the last run until then: what was restored must not get lost by a second end.
    pub fn saved(&self) -> Option<SavedWan> {
        let restored = self.restored.map(|saved| (saved.baseline, saved.load));
        let means = self.law.means().map(|means| (means.baseline(), means.load()));
        let (baseline, load) = means.or(restored)?;
        Some(SavedWan {
            rates: self.law.rates(),
            streaks: self.law.streaks(),
            baseline,
            load,
            confirmed: self.applier.confirmed(),
        })
    }

    /// The next tick.
    pub const fn next_tick(&self) -> Instant {
        self.next_tick
    }

    /// One cycle: settle a round, decide, open the next round, if nothing speaks for fewer.
    pub fn on_tick(&mut self, now: Instant, outbox: &mut Outbox) {
        self.schedule(now);
        if self.stopping {
            return;
        }
        if let Some(settled) = self.settle(now, outbox) {
            self.overdue = false;
            self.decide(&settled, now, outbox);
        } else if !self.overdue || !self.take_overdue(now, outbox) {
            self.listen(now, outbox);
        }
        self.ask_besides(now, outbox);
        self.probe(now, outbox);
    }

    /// Ticks keep their rhythm; those that have passed are counted, not made up for.
    fn schedule(&mut self, now: Instant) {
        let interval = self.settings.law.interval.as_micros().max(1);
        let late = now.since(self.next_tick).as_micros();
        let missed = late / interval;
        self.rhythm.tick(now);
        self.cycles.total = self.cycles.total.saturating_add(1);
        self.cycles.missed = self.cycles.missed.saturating_add(missed);
        let ahead = Span::from_micros(interval).times(missed.saturating_add(1));
        self.next_tick = self.next_tick + ahead;
    }

    fn settle(&mut self, now: Instant, outbox: &mut Outbox) -> Option<Settled> {
        let every = self.round_every();
        let Self { id, reflectors, rounds, .. } = self;
        let mut tell = |reflector: u8, change: Option<HealthChange>| {
            if let Some(change) = change {
                outbox.tell(now, What::Wan(*id, WanNews::Reflector(reflector, change)));
            }
        };
        let settled = rounds.settle(now, self.settings.law.interval, |fate| match fate {
            ProbeFate::Answered(own) => tell(own, reflectors.answered(own, now)),
            ProbeFate::Checked(own, rtt) => tell(own, reflectors.checked(own, rtt, now)),
            ProbeFate::Lost(own) => tell(own, reflectors.lost(own, now)),
        });
        if let Some(Settled { times, .. }) = &settled
            && let Some((own, change)) = reflectors.compare(times, every, now)
        {
            tell(own, Some(change));
        }
        settled
    }

    fn decide(&mut self, settled: &Settled, now: Instant, outbox: &mut Outbox) {
        self.regain(now, outbox);
        let learnt_before = self.law.means().is_some();
        let Settled { value, samples, .. } = settled;
        self.observe(*value, samples, Scale::Icmp, now, outbox);
        self.feel(now);
        self.weigh(*value, now);
        self.signal = if self.law.means().is_some() { Signal::Fresh } else { Signal::Learning };
        self.measured = self.law.means().map(|_| now);
        if let (false, Some(means)) = (learnt_before, self.law.means()) {
            let news = WanNews::BaselineLearnt(means.baseline());
            outbox.tell(now, What::Wan(self.id, news));
        }
    }

    fn observe(
        &mut self,
        value: Rtt,
        samples: &[Rtt],
        scale: Scale,
        now: Instant,
        outbox: &mut Outbox,
    ) {
        let every = match scale {
            Scale::Icmp => self.round_every(),
            Scale::Own => self.settings.law.interval,
        };
        let observation = Observation { value, samples, scale, every, raises: self.raises() };
        let around = self.around(now);
        let (decision, path) = self.law.observe(&observation, &around);
        self.decision = decision;
        self.tally.want(Consumer::Law, self.law.counts_wanted());
        if let Some(change) = path {
            let news = WanNews::PathChanged(change, self.paths.see(now));
            outbox.tell(now, What::Wan(self.id, news));
        }
        if let Some(decision) = self.decision {
            self.cycles.decided = self.cycles.decided.saturating_add(1);
            self.tell_zones(&decision, now, outbox);
            self.applier.want(decision.verdicts.map(|verdict| verdict.rate));
        }
    }

    fn tell_zones(&mut self, decision: &Decision, now: Instant, outbox: &mut Outbox) {
        for direction in Direction::BOTH {
            let Verdict { zone, cause, rate, .. } = *decision.verdicts.of(direction);
            let Decision { delta, baseline, .. } = *decision;
            let episodes = self.episodes.of_mut(direction);
            if let Some(Change { from, worth }) = episodes.see(zone, delta, now) {
                let news = WanNews::Zone {
                    direction,
                    from,
                    to: zone,
                    cause,
                    delta,
                    baseline,
                    rate,
                    worth,
                };
                outbox.tell(now, What::Wan(self.id, news));
            }
            if let Some(summary) = episodes.sum_up(now) {
                outbox.tell(now, What::Wan(self.id, WanNews::Zones(direction, summary)));
            }
        }
    }

    /// A probe left at `at`.
    pub fn on_sent(&mut self, reflector: u8, number: u32, at: Instant) {
        self.rounds.sent(reflector, number, at);
    }

    /// A probe could not be sent.
    pub fn on_send_failed(&mut self, now: Instant, outbox: &mut Outbox) {
        let before = self.blocked.replace(now);
        if before.is_none_or(|before| now.since(before) >= BLOCKED_FOR) {
            outbox.tell(now, What::Wan(self.id, WanNews::ProbesBlocked));
        }
    }

    /// A reply that is not genuine arrived.
    pub const fn on_forged(&mut self) {
        self.rounds.forged();
    }
}
