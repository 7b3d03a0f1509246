//! The mangle rules of the world, each by the steering whose comment it has.
//! Promises: what a rule shows depends on what was done to it and on the time alone.
//! Knows nothing of comments: a rule is there no, one or several times.

use super::World;
use crate::control::{
    engine::Answer,
    event::Request,
    failure::FailureKind,
    id::SteeringId,
    steering::{State, course},
    time::{Instant, Span},
};

impl World {
    /// Steers by these settings from now on; each has a rule that is there once and off.
    pub fn steer_by(&mut self, settings: &[course::Settings], seed: u64) {
        self.rules = vec![Rule::off(); settings.len()];
        self.engine.steer_by(settings, self.now, seed);
    }

    /// The rule of a steering, as a human sees it.
    pub fn rule(&mut self, steering: usize) -> Option<&mut Rule> {
        self.rules.get_mut(steering)
    }

    pub(super) fn ruled(
        &mut self,
        id: SteeringId,
        request: Request,
    ) -> Result<Answer, FailureKind> {
        let now = self.now;
        let rule = self.rule(usize::from(id.0)).ok_or(FailureKind::NotFound)?;
        match request {
            Request::SwitchRule(_, to) => rule.switch(to, now),
            Request::ReadRule(_)
            | Request::Facts
            | Request::Count(..)
            | Request::Read(..)
            | Request::Write(..) => rule.read(now),
        }
    }
}

/// A mangle rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is on (degraded) or off (good).
    pub state: State,
    /// How many rules have its comment.
    pub copies: u8,
    /// How long the router takes to show a switch.
    pub shows_after: Span,
    /// Whether the router does what it is asked.
    pub obedience: Obedience,
    /// What it was before the last switch, and when that was.
    before: Option<(State, Instant)>,
    /// Switches that were asked of it.
    pub switches: u32,
}

/// Whether a router does what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obedience {
    /// It does.
    Obeys,
    /// It says so, and does nothing.
    Pretends,
    /// It refuses.
    Refuses,
}

impl Rule {
    /// One that is there once, and off.
    pub const fn off() -> Self {
        Self {
            state: State::Good,
            copies: 1,
            shows_after: Span::ZERO,
            obedience: Obedience::Obeys,
            before: None,
            switches: 0,
        }
    }

    /// Somebody switches it, which is shown at once.
    pub const fn touch(&mut self, to: State) {
        self.state = to;
        self.before = None;
    }

    pub(super) fn read(&mut self, now: Instant) -> Result<Answer, FailureKind> {
        match self.copies {
            0 => Err(FailureKind::NotFound),
            1 => Ok(Answer::Rule(self.shown(now))),
            _ => Err(FailureKind::Ambiguous),
        }
    }

    pub(super) fn switch(&mut self, to: State, now: Instant) -> Result<Answer, FailureKind> {
        self.switches = self.switches.saturating_add(1);
        self.read(now)?;
        match self.obedience {
            Obedience::Obeys => {
                self.before = Some((self.state, now));
                self.state = to;
            }
            Obedience::Pretends => {}
            Obedience::Refuses => return Err(FailureKind::Rejected),
        }
        self.read(now)
    }

    fn shown(&self, now: Instant) -> State {
        match self.before {
            Some((before, at)) if now.since(at) < self.shows_after => before,
            Some(_) | None => self.state,
        }
    }
}
