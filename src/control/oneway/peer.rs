//! One reflector: whether it is tried, trusted, doubted or left alone.
//! Promises: until its clock is proven, and while there is doubt, an echo is asked for besides; what is
//! told of it is told once.
//! Knows nothing of the other reflectors.

use super::{
    Stamps, Standing, Way,
    track::{Candidate, Fit, Order, Reading, Track},
};
use crate::control::{
    time::{Instant, Span},
    units::PerDirection,
};

/// Between two questions of a trial: it is no load for anybody.
const TRIAL_EVERY: Span = Span::from_secs(1);
/// Answers of a trial that must fit, and questions of it that may stay without answer.
const ENOUGH: u8 = 5;
/// Answers of a trial after which it is over, and answers of a clock in a row that make no sense.
const MOST_ANSWERS: u8 = 10;
/// Echoes that were answered while no timestamp was.
const ECHOES_IN_DOUBT: u8 = 10;
/// Until somebody is tried again: reflectors change rarely.
const REST: Span = Span::from_secs(3_600);
/// Without an answer for this long, and four intervals, beyond the last round trip there is doubt.
const PATIENCE: Span = Span::from_millis(200);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Trial(Trial),
    Proven,
    Doubt {
        /// Echoes answered since.
        echoes: u8,
    },
    Rest,
}

/// What a trial has shown up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trial {
    candidates: [Option<Candidate>; 2],
    answers: u8,
    missed: u8,
    question: Question,
    blocked: bool,
}

/// The last question of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Question {
    /// Answered, or never asked.
    #[default]
    Closed,
    /// On the way.
    Open,
    /// On the way, and the echo that left with it is back.
    Overtaken,
}

/// One reflector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peer {
    stage: Stage,
    standing: Standing,
    told: Option<Standing>,
    /// When the next question of a trial or the next trial is due.
    next: Instant,
    order: Order,
    track: Option<Track>,
    /// Answers in a row that did not fit.
    misfits: u8,
    heard: Instant,
    round_trip: Span,
}

impl Peer {
    pub(super) fn new(standing: Standing, now: Instant) -> Self {
        Self {
            stage: Stage::Trial(Trial::default()),
            standing,
            told: None,
            next: now,
            order: Order::Network,
            track: None,
            misfits: 0,
            heard: now,
            round_trip: Span::ZERO,
        }
    }

    pub(super) fn plan(&mut self, now: Instant, interval: Span) -> Way {
        if self.standing == Standing::None {
            return Way::Echo;
        }
        let patience = PATIENCE.max(interval.times(4)) + self.round_trip;
        match &mut self.stage {
            Stage::Trial(_) | Stage::Rest if now < self.next => Way::Echo,
            Stage::Rest => {
                self.stage = Stage::Trial(Trial::default());
                Way::Echo
            }
            Stage::Trial(trial) => {
                trial.ask();
                self.next = now + TRIAL_EVERY;
                let (missed, blocked, answers) = (trial.missed, trial.blocked, trial.answers);
                if missed < ENOUGH && answers < MOST_ANSWERS {
                    return Way::Both;
                }
                self.rest(
                    now,
                    match (answers, blocked) {
                        (0, true) => Standing::Blocked,
                        (0, false) => Standing::Silent,
                        _ => Standing::Nonsense,
                    },
                );
                Way::Echo
            }
            Stage::Proven if now.since(self.heard) <= patience => Way::Time,
            Stage::Proven => {
                self.stage = Stage::Doubt { echoes: 0 };
                Way::Both
            }
            Stage::Doubt { echoes } if *echoes < ECHOES_IN_DOUBT => Way::Both,
            Stage::Doubt { .. } => {
                self.rest(now, Standing::Lost);
                Way::Echo
            }
        }
    }

    /// How it is with its timestamps.
    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether it was told that its questions cannot be sent.
    pub(super) fn told_blocked(&self) -> bool {
        self.told == Some(Standing::Blocked)
    }

    /// By how much each direction is slower than on the idle line, in µs.
    pub(super) fn delays(&self, now: Instant, fresh: Span) -> Option<PerDirection<i64>> {
        match self.stage {
            Stage::Proven | Stage::Doubt { .. } => self.track?.delays(now, fresh),
            Stage::Trial(_) | Stage::Rest => None,
        }
    }

    fn rest(&mut self, now: Instant, standing: Standing) {
        self.stage = Stage::Rest;
        self.standing = standing;
        self.next = now + REST;
        self.track = None;
    }

    pub(super) fn echoed(&mut self) {
        match &mut self.stage {
            Stage::Trial(trial) if trial.question == Question::Open => {
                trial.question = Question::Overtaken;
            }
            Stage::Doubt { echoes } => *echoes = echoes.saturating_add(1),
            Stage::Trial(_) | Stage::Proven | Stage::Rest => {}
        }
    }

    /// It may be the line that is gone, and echoes are not sent either.
    pub(super) fn unsent(&mut self) {
        match &mut self.stage {
            Stage::Trial(trial) => trial.blocked = true,
            Stage::Proven => self.stage = Stage::Doubt { echoes: 0 },
            Stage::Doubt { .. } | Stage::Rest => {}
        }
    }

    pub(super) fn answered(&mut self, stamps: Stamps, sent: Instant, at: Instant) {
        self.round_trip = at.since(sent);
        match &mut self.stage {
            Stage::Trial(trial) => {
                if let Some(order) = trial.answered(stamps, sent, at) {
                    self.order = order;
                    self.stage = Stage::Proven;
                    self.standing = Standing::Answers;
                    self.misfits = 0;
                    self.heard = at;
                }
            }
            Stage::Proven | Stage::Doubt { .. } => {
                self.stage = Stage::Proven;
                self.heard = at;
                self.follow(Reading::of(self.order, stamps, sent, at), at);
            }
            Stage::Rest => {}
        }
    }

    fn follow(&mut self, reading: Option<Reading>, at: Instant) {
        let fit = match (reading, &mut self.track) {
            (None, _) => Fit::Jumped,
            (Some(reading), Some(track)) => track.take(reading, at),
            (Some(reading), none) => {
                *none = Some(Track::new(reading, at));
                Fit::Fits
            }
        };
        self.misfits = match fit {
            Fit::Fits => 0,
            Fit::Jumped => self.misfits.saturating_add(1),
        };
        if self.misfits >= ENOUGH {
            self.rest(at, Standing::Nonsense);
        }
    }

    /// What is new about it: that it answers, or that it does not. Of those who do not, why they do
    /// not today is no news.
    pub(super) fn take_news(&mut self) -> Option<Standing> {
        let good = |standing: Standing| standing == Standing::Answers;
        let same = self.told.is_some_and(|told| good(told) == good(self.standing));
        if self.standing == Standing::Tried || same {
            return None;
        }
        self.told = Some(self.standing);
        self.told
    }
}

impl Trial {
    /// Another question; what became of the one before.
    fn ask(&mut self) {
        if self.question == Question::Overtaken {
            self.missed = self.missed.saturating_add(1);
        }
        self.question = Question::Open;
    }

    /// The byte order in which the clock makes sense, once it is clear.
    fn answered(&mut self, stamps: Stamps, sent: Instant, at: Instant) -> Option<Order> {
        self.question = Question::Closed;
        self.answers = self.answers.saturating_add(1);
        for (order, candidate) in Order::ALL.into_iter().zip(&mut self.candidates) {
            let reading = Reading::of(order, stamps, sent, at);
            *candidate = reading.map(|reading| Candidate::after(*candidate, reading));
            if candidate.is_some_and(|candidate| candidate.fitting() >= ENOUGH) {
                return Some(order);
            }
        }
        None
    }
}
