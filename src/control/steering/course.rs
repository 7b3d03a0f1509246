//! One steering as a whole: which WAN is watched and which one helps out, the decision, the rule.
//! Promises: the rule follows the decision, and nothing else moves it; what the router shows at the
//! start is where the decision begins; a dry run asks for no switch.
//! Knows neither comments nor transports, and of WANs only what it is told.

use super::{
    Alternate, Decided, Primary, State, Steering,
    evidence::Counted,
    rule::{Ask, Foreign, News, OnExit, Rule},
};
use crate::control::{
    failure::FailureKind,
    id::{RouterId, WanId},
    saved::SavedSteering,
    time::{Instant, Span},
    zone::Zone,
};

/// How often the queue of the primary WAN is read while nothing is wrong: this often there is
/// something to hold the next reading against.
const CALM: Span = Span::from_secs(2);
/// While something may be: the rule has to be on within three seconds.
const ALERT: Span = Span::from_millis(500);
/// Restored for so long at the most: what was wanted an hour ago says nothing of now.
const RESTORED_FOR: Span = Span::from_secs(3_600);

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They are.
    Real,
    /// They are only told.
    DryRun,
}

/// Everything about one steering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The WAN that is watched.
    pub primary: WanId,
    /// The WAN that new connections take instead.
    pub alternate: WanId,
    /// The router with the rule.
    pub router: RouterId,
    /// How it is decided.
    pub law: super::Settings,
    /// What becomes of a human's change of the rule.
    pub foreign: Foreign,
    /// Whether decisions are carried out.
    pub effect: Effect,
    /// What becomes of the rule at the end.
    pub on_exit: OnExit,
}

/// Whether what the router shows is where the decision begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// It is: nothing was shown or decided yet.
    Open,
    /// It is not any more.
    Over,
}

/// What it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// To steer.
    Steers,
    /// To bring its rule to where it shall stay: it is in no configuration any more.
    Leaves,
    /// For nothing any more.
    Gone,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Course {
    settings: Settings,
    mind: Steering,
    rule: Rule,
    start: Start,
    stage: Stage,
    /// How the primary WAN was at the last evaluation.
    primary: Primary,
    /// When a reading of its queue was taken in last; `None`: the next one is a reference.
    taken: Option<Instant>,
    changes: u32,
    /// Whether there is something new that is worth keeping.
    news: Worth,
}

/// Whether what is kept of it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Saving,
    Nothing,
}

impl Course {
    /// Nothing is known of the line nor of the rule.
    pub fn new(settings: Settings, seed: u64, now: Instant) -> Self {
        Self {
            settings,
            mind: Steering::new(settings.law),
            rule: Rule::new(settings.foreign, seed, now),
            start: Start::Open,
            stage: Stage::Steers,
            primary: Primary::Unknown,
            taken: None,
            changes: 0,
            news: Worth::Nothing,
        }
    }

    /// Goes on from what was kept.
    pub fn restore(&mut self, saved: &SavedSteering, now: Instant) {
        self.mind.restore(saved, now);
        if saved.changed_ago.is_none_or(|ago| ago >= RESTORED_FOR) {
            self.mind.forget();
        }
    }

    /// What is worth keeping.
    pub fn saved(&self, now: Instant) -> SavedSteering {
        self.mind.saved(now)
    }

    /// Whether what is worth keeping has changed since this was asked last.
    pub(in crate::control) fn take_news(&mut self) -> bool {
        core::mem::replace(&mut self.news, Worth::Nothing) == Worth::Saving
    }

    /// Its settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The decision.
    pub const fn mind(&self) -> &Steering {
        &self.mind
    }

    /// The rule.
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Decisions of this run.
    pub const fn changes(&self) -> u32 {
        self.changes
    }

    /// How bad the primary WAN was at the last evaluation; what is not known is not bad.
    pub(in crate::control) fn badness(&self) -> (Zone, f64) {
        match self.primary {
            Primary::Measured { zone, .. } => (zone, self.mind.delta().unwrap_or_default()),
            Primary::Unknown => (Zone::Green, 0.0),
        }
    }

    /// Judges anew, and wants the rule to be as decided.
    pub(in crate::control) fn evaluate(
        &mut self,
        primary: Primary,
        alternate: Alternate,
        now: Instant,
    ) -> Option<Decided> {
        self.primary = primary;
        let decided = self.mind.evaluate(primary, alternate, now);
        if decided.is_some() {
            self.start = Start::Over;
            self.changes = self.changes.saturating_add(1);
            self.news = Worth::Saving;
        }
        self.follow(now);
        decided
    }

    /// The rule follows the decision, once there is one.
    fn follow(&mut self, now: Instant) {
        if self.settings.effect == Effect::Real && self.start == Start::Over {
            self.rule.want(self.mind.state(), now);
        }
    }

    /// How often the counters of the primary WAN's queue are to be read.
    pub(in crate::control) fn counts_wanted(&self) -> Span {
        let threshold = self.settings.law.delta.ms();
        let suspicious = match self.primary {
            Primary::Measured { zone, delta } => zone > Zone::Green || delta > threshold,
            Primary::Unknown => false,
        };
        if suspicious && self.mind.state() == State::Good { ALERT } else { CALM }
    }

    /// The router told what the queue of the primary WAN has counted, or did not: `None`. Readings that
    /// somebody else wanted sooner are left out: a glance at a queue that is read more often finds it
    /// empty more often, and a time of green or red would hang on that.
    pub(in crate::control) fn on_statistics(&mut self, counted: Option<Counted>, now: Instant) {
        let sooner = |taken| now.since(taken) < self.counts_wanted().part(4, 5);
        if counted.is_some() && self.taken.is_some_and(sooner) {
            return;
        }
        self.taken = counted.map(|_| now);
        self.mind.on_statistics(counted, now);
    }

    /// When there is something to ask about the rule, if no request about it is on the way.
    pub(in crate::control) const fn next_ask_at(&self) -> Option<Instant> {
        match self.stage {
            Stage::Steers | Stage::Leaves => self.rule.next_at(),
            Stage::Gone => None,
        }
    }

    /// What to ask about the rule, which must then be asked.
    pub(in crate::control) fn next_ask(&mut self, now: Instant) -> Option<Ask> {
        self.rule.next(now)
    }

    /// The router answered how the rule is, or that it will not.
    pub(in crate::control) fn on_answer(
        &mut self,
        answer: Result<State, FailureKind>,
        now: Instant,
    ) -> Option<News> {
        let news = self.rule.on_answer(answer, now);
        if self.stage != Stage::Steers {
            // A rule that is not there any more leads nothing anywhere.
            if answer == Err(FailureKind::NotFound) || self.rule.settled() {
                self.stage = Stage::Gone;
            }
            return news;
        }
        let news = news?;
        match (self.settings.effect, news) {
            (Effect::Real, News::Found(state)) if self.start == Start::Open => {
                self.start = Start::Over;
                self.accept(state, now);
            }
            (Effect::Real, News::Foreign(state)) if self.settings.foreign == Foreign::Adopt => {
                self.accept(state, now);
            }
            (Effect::Real | Effect::DryRun, _) => {}
        }
        Some(news)
    }

    fn accept(&mut self, state: State, now: Instant) {
        if self.mind.state() != state {
            self.mind.accept(state, now);
            self.news = Worth::Saving;
        }
        self.follow(now);
    }

    /// A request about the rule was not answered, or nobody waits for its answer any more.
    pub(in crate::control) fn on_unanswered(&mut self, now: Instant) {
        self.rule.on_unanswered(now);
    }

    /// The router did not answer for a while, or is asked by another way: what it showed is in
    /// doubt, and what its queues count belongs to no interval.
    pub(in crate::control) fn doubt(&mut self, now: Instant) {
        self.rule.doubt(now);
        self.on_statistics(None, now);
    }

    /// It is in no configuration any more, and its rule, on this router, is left where it shall stay
    /// at the end. Whatever a human does to the rule meanwhile, it is brought there.
    pub(in crate::control) fn leave(&mut self, router: RouterId, now: Instant) {
        self.settings.router = router;
        if self.stage == Stage::Steers {
            self.rule.retune(Foreign::Undo);
            self.on_stop(now);
            self.stage = if self.rule.settled() { Stage::Gone } else { Stage::Leaves };
        }
    }

    /// Whether it ends, and its rule is not yet where it shall stay.
    pub fn leaves(&self) -> bool {
        self.stage == Stage::Leaves
    }

    /// The end begins.
    pub(in crate::control) fn on_stop(&mut self, now: Instant) {
        let on_exit = match self.settings.effect {
            Effect::Real => self.settings.on_exit,
            Effect::DryRun => OnExit::Keep,
        };
        self.rule.on_stop(on_exit, now);
    }

    /// Goes on with other settings for the same two WANs.
    pub(in crate::control) fn retune(&mut self, settings: Settings, now: Instant) {
        self.settings = settings;
        self.mind.retune(settings.law);
        self.rule.retune(settings.foreign);
        match (settings.effect, self.start, self.rule.shown()) {
            (Effect::DryRun, ..) => self.rule.release(),
            // It was only looked at up to now.
            (Effect::Real, Start::Open, Some(shown)) => {
                self.start = Start::Over;
                self.accept(shown, now);
            }
            (Effect::Real, ..) => self.follow(now),
        }
    }

    /// Has to do with another rule from now on, which shall be as it was decided.
    pub(in crate::control) fn take_over(&mut self, seed: u64, now: Instant) {
        self.rule = Rule::new(self.settings.foreign, seed, now);
        self.follow(now);
    }
}
