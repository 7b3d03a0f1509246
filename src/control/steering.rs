//! Steering: while one WAN is bad, new latency-sensitive connections shall take another one.
//! Promises: one decision maker at a time; times instead of counts of samples; what is unknown
//! neither degrades nor counts toward recovery; a line that flaps is steered less and less often
//! ([`brake`]); nothing here changes a rate or a baseline.
//! Knows neither rules nor routers: what makes the decision true is [`rule`].
//!
//! The evidence on the router is weak. Where CAKE is the leaf, `dropped` stays zero however much
//! CAKE drops, and `queued-packets` is a glance at one moment that mostly finds nothing. If drops
//! were demanded, as the plain rule says, such a router could never be steered. So a counter
//! that has not moved for [`evidence::MUTE_AFTER`] is *mute*: it proves neither that all is well nor
//! the contrary. And of a counter is demanded only what it has shown within that time: a glance that
//! finds three packets now and then does not prove that it would find fifty. While nothing is demanded
//! of any, the WAN's own state must say `SOFT_RED` or worse instead. One that cannot be read is
//! unknown, which is something else: then nothing is decided.

pub mod brake;
pub mod course;
pub mod evidence;
pub mod rule;
pub mod score;
mod settings;

pub use self::settings::{Mode, Settings};
use self::{
    brake::Brake,
    evidence::{Evidence, Queue},
    score::Weighed,
};
use super::{
    saved::SavedSteering,
    time::{Instant, Span},
    units::Alpha,
    zone::Zone,
};

/// The delta is smoothed with this time constant, on top of the load's own.
const SMOOTHING: Span = Span::from_secs(1);
/// Between two evaluations no more than this counts: a sleep proves nothing.
const LONGEST_STEP: Span = Span::from_secs(3);
/// When nothing at all has answered on the other WAN for so long, nothing is steered there.
const DOWN_AFTER: Span = Span::from_secs(5);

/// How the primary WAN is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Primary {
    /// It is measured.
    Measured {
        /// The state of its download.
        zone: Zone,
        /// Load over baseline in ms.
        delta: f64,
    },
    /// It is not, or not yet. That is not for steering: a line that is down is the router's own
    /// business, and one that only swallows echoes is not bad.
    Unknown,
}

/// How the WAN is to which is steered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternate {
    /// Measured, and not congested itself.
    Healthy,
    /// Congested or not measured, or another rule has to do with it.
    Unfit,
    /// Nothing on it answers.
    Down,
}

/// What steering wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The primary WAN is good enough.
    Good,
    /// It is bad: the rule shall be on.
    Degraded,
}

/// How things are at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Counts toward recovery.
    Green,
    /// Counts toward nothing.
    Yellow,
    /// Counts toward steering.
    Red,
    /// Says nothing: counts stand still.
    Unknown,
}

/// Why the mind was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The primary WAN has been bad, or good, for long enough.
    Judged,
    /// Nothing on the other WAN answers.
    AlternateDown,
}

/// What a change of mind waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Nothing: all is as it shall be.
    Nothing,
    /// What it needs to judge: a measurement, or what the queue has counted.
    Evidence,
    /// More time of the same.
    Time,
    /// The end of the time after the last change.
    HoldDown,
    /// Another WAN that is well.
    Alternate,
}

/// The change of mind, with the numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// From now on.
    pub to: State,
    /// Why.
    pub why: Why,
    /// The smoothed delta in ms.
    pub delta: f64,
    /// Drops and queue.
    pub queue: Queue,
    /// The score, in confidence mode.
    pub score: Option<u8>,
    /// How hard the brake is on.
    pub brake: u8,
    /// For how long it was bad, or good.
    pub after: Span,
}

/// The one decision maker of one primary WAN.
#[derive(Clone, Debug)]
pub struct Steering {
    settings: Settings,
    state: State,
    evidence: Evidence,
    delta: Option<f64>,
    judged: Option<Instant>,
    judgement: Judgement,
    score: Option<u8>,
    /// For how long it has been red while good, or green while degraded.
    streak: Span,
    changed: Option<Instant>,
    /// For how long nothing on the other WAN has answered while this one was measured.
    down: Span,
    waits: Waits,
    brake: Brake,
}

impl Steering {
    /// Begins with nothing known and nothing steered.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Good,
            evidence: Evidence::default(),
            delta: None,
            judged: None,
            judgement: Judgement::Unknown,
            score: None,
            streak: Span::ZERO,
            changed: None,
            down: Span::ZERO,
            waits: Waits::Evidence,
            brake: Brake::default(),
        }
    }

    /// What is wanted.
    pub const fn state(&self) -> State {
        self.state
    }

    /// How things were at the last evaluation.
    pub const fn judgement(&self) -> Judgement {
        self.judgement
    }

    /// The score of the last evaluation; `None`: not in confidence mode, or unknown.
    pub const fn score(&self) -> Option<u8> {
        self.score
    }

    /// What a change of mind waits for, as of the last evaluation.
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    /// When the mind was changed last; `None`: it never was.
    pub const fn changed(&self) -> Option<Instant> {
        self.changed
    }

    /// The smoothed delta in ms; `None`: there is none yet.
    pub const fn delta(&self) -> Option<f64> {
        self.delta
    }

    /// Drops and queue at `now`.
    pub fn queue(&self, now: Instant) -> Queue {
        self.evidence.queue(now)
    }

    /// Goes on with other settings; what is known stays.
    pub const fn retune(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// What is worth keeping.
    pub fn saved(&self, now: Instant) -> SavedSteering {
        SavedSteering {
            state: self.state,
            changed_ago: self.changed.map(|at| now.since(at)),
            steered_ago: self.brake.times().map(|at| now.since(at)).collect(),
        }
    }

    /// Goes on from what was kept: no restart makes the brake weaker or the hold-down shorter.
    pub fn restore(&mut self, saved: &SavedSteering, now: Instant) {
        self.state = saved.state;
        self.changed = saved.changed_ago.map(|ago| now.before(ago));
        saved.steered_ago.iter().for_each(|ago| self.brake.degraded(now.before(*ago)));
    }

    /// Begins with nothing steered; how often it was stays known.
    pub const fn forget(&mut self) {
        self.state = State::Good;
        self.changed = None;
    }

    /// How hard the brake is on at `now`.
    pub fn brake(&self, now: Instant) -> u8 {
        self.brake.level(now)
    }

    /// The router has been found to steer already: by the last run, or by a human whose choice
    /// stands. It is kept until recovery is proven, or the need for it.
    pub fn accept(&mut self, state: State, now: Instant) {
        if self.state != state {
            self.state = state;
            self.streak = Span::ZERO;
            self.changed = Some(now);
        }
    }

    /// The router told what the queue of the primary WAN has counted, or could not be asked.
    pub fn on_statistics(&mut self, counted: Option<evidence::Counted>, now: Instant) {
        self.evidence.take(counted, self.settings.bad(), now);
    }

    /// Judges anew; `Some`: the mind is changed.
    pub fn evaluate(
        &mut self,
        primary: Primary,
        alternate: Alternate,
        now: Instant,
    ) -> Option<Decided> {
        let step = self.judged.map_or(Span::ZERO, |before| now.since(before)).min(LONGEST_STEP);
        self.judged = Some(now);
        self.smooth(primary, step);
        self.judgement = self.judge(primary, now);
        self.count(step);
        self.watch(primary, alternate, step);
        self.change(alternate, now)
    }

    fn smooth(&mut self, primary: Primary, step: Span) {
        let Primary::Measured { delta, .. } = primary else { return };
        let alpha = Alpha::new(step, SMOOTHING).value();
        self.delta = Some(self.delta.map_or(delta, |mean| mean + (delta - mean) * alpha));
    }

    /// By the plain rule: red if the delay is bad and all that can be demanded is there, yellow if
    /// anything is.
    fn judge(&mut self, primary: Primary, now: Instant) -> Judgement {
        self.score = None;
        let (Primary::Measured { zone, .. }, Some(delta)) = (primary, self.delta) else {
            return Judgement::Unknown;
        };
        let queue = self.evidence.queue(now);
        let (slow, yellow) = (delta > self.settings.delta.ms(), self.settings.queue_yellow);
        let borne_out = self.evidence.bears_out(self.settings.bad(), now);
        let borne_out = borne_out.unwrap_or(zone >= Zone::SoftRed);
        let plain = match (queue, borne_out) {
            (Queue::Unknown, _) => Judgement::Unknown,
            (Queue::Known { .. }, true) if slow => Judgement::Red,
            (Queue::Known { .. }, _) if slow => Judgement::Yellow,
            (Queue::Known { waiting, .. }, _) => match waiting.reaches(yellow) {
                Some(true) => Judgement::Yellow,
                Some(false) | None => Judgement::Green,
            },
        };
        match self.settings.mode {
            Mode::Hysteresis => plain,
            Mode::Confidence => self.weigh(plain, zone, delta, queue, now),
        }
    }

    fn weigh(
        &mut self,
        plain: Judgement,
        zone: Zone,
        delta: f64,
        queue: Queue,
        now: Instant,
    ) -> Judgement {
        if plain == Judgement::Unknown {
            return Judgement::Unknown;
        }
        let threshold = self.settings.delta.ms();
        let waits = self.evidence.waits(self.settings.queue_yellow, now);
        let score = Weighed { plain, zone, delta, threshold, queue, waits }.score();
        self.score = Some(score);
        let bad = self.settings.score_degrade.saturating_add(self.brake.penalty(now)).min(95);
        if score >= bad {
            Judgement::Red
        } else if score <= self.settings.score_recover && zone == Zone::Green {
            Judgement::Green
        } else {
            Judgement::Yellow
        }
    }

    /// Time counts while it is as it must be for a change; anything else begins anew, but for what
    /// is unknown.
    fn count(&mut self, step: Span) {
        let counted = match self.state {
            State::Good => Judgement::Red,
            State::Degraded => Judgement::Green,
        };
        if self.judgement == counted {
            self.streak = self.streak + step;
        } else if self.judgement != Judgement::Unknown {
            self.streak = Span::ZERO;
        }
    }

    /// Time in which new connections would be lost on the other WAN, and would not be on this one.
    fn watch(&mut self, primary: Primary, alternate: Alternate, step: Span) {
        self.down = match (primary, alternate) {
            (Primary::Measured { .. }, Alternate::Down) => self.down + step,
            (Primary::Measured { .. }, Alternate::Healthy | Alternate::Unfit)
            | (Primary::Unknown, _) => Span::ZERO,
        };
    }

    fn change(&mut self, alternate: Alternate, now: Instant) -> Option<Decided> {
        if self.state == State::Degraded && self.down >= DOWN_AFTER {
            return Some(self.decide(State::Good, Why::AlternateDown, self.down, now));
        }
        let Settings { degrade_after, recover_after, hold_down, .. } = self.settings;
        let hold_down = self.brake.stretched(hold_down, now);
        let held = self.changed.is_some_and(|changed| now.since(changed) < hold_down);
        let (to, needed) = match self.state {
            State::Good => (State::Degraded, self.brake.stretched(degrade_after, now)),
            State::Degraded => (State::Good, recover_after),
        };
        let nowhere = to == State::Degraded && alternate != Alternate::Healthy;
        self.waits = if self.judgement == Judgement::Unknown {
            Waits::Evidence
        } else if self.streak == Span::ZERO && self.state == State::Good {
            Waits::Nothing
        } else if self.streak < needed {
            Waits::Time
        } else if held {
            Waits::HoldDown
        } else if nowhere {
            Waits::Alternate
        } else {
            return Some(self.decide(to, Why::Judged, self.streak, now));
        };
        None
    }

    fn decide(&mut self, to: State, why: Why, after: Span, now: Instant) -> Decided {
        let brake = self.brake.level(now);
        self.state = to;
        self.streak = Span::ZERO;
        self.changed = Some(now);
        if to == State::Degraded {
            self.brake.degraded(now);
        }
        let (delta, queue) = (self.delta.unwrap_or_default(), self.evidence.queue(now));
        self.waits = if to == State::Good { Waits::Nothing } else { Waits::Time };
        Decided { to, why, delta, queue, score: self.score, brake, after }
    }
}

#[cfg(test)]
mod tests;
