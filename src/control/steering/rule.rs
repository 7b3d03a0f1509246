//! The rule that steers: what is wanted of it, what the router has said it is, and what to ask next.
//! Promises: one request at a time; a switch counts as done only when the router shows it, for
//! which it has a second; a switch that failed is made again by back-off; a human's change is told
//! once, and undone or accepted as set; what is not known is read before it is switched.
//! Knows neither comments nor transports, and nothing of why the rule is wanted.

use super::State;
use crate::control::{
    backoff::{Jitter, Streak},
    failure::FailureKind,
    time::{Instant, Span},
};

/// The rule is read this often when nothing else happens.
pub const READ_EVERY: Span = Span::from_secs(60);
/// A router may take so long to show a switch.
pub const SHOWN_WITHIN: Span = Span::from_secs(1);
/// Between two looks at a switch that is not shown yet.
const LOOK_AGAIN: Span = Span::from_millis(250);

/// What becomes of a change that somebody else made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It is undone.
    Undo,
    /// It is the new decision, until the next one.
    Adopt,
}

/// What becomes of the rule at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// It stays as it is.
    Keep,
    /// It is switched off.
    Disable,
}

/// What to ask the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// How the rule is.
    Read,
    /// To switch it on (degraded) or off (good).
    Switch(State),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The router was found like this at the start or after an outage.
    Found(State),
    /// The router shows the switch.
    Switched(State),
    /// Somebody else switched it, to this.
    Foreign(State),
    /// The rule cannot be read or switched; told once for each kind.
    Trouble(Trouble),
    /// It can be again.
    Mended,
}

/// What is wrong with the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The router says no, or there is not exactly one such rule.
    Refused(FailureKind),
    /// A switch was answered with success, and is not shown after a second.
    NotShown,
}

/// The rule.
#[derive(Clone, Debug)]
pub struct Rule {
    wanted: Option<State>,
    shown: Option<State>,
    in_flight: Option<Ask>,
    /// A switch that was answered and is not shown yet: to what, and until when it may take. It comes
    /// into effect even if something else is wanted by now.
    due: Option<(State, Instant)>,
    next: Instant,
    foreign: Foreign,
    streak: Streak,
    jitter: Jitter,
    trouble: Option<Trouble>,
    failures: u32,
}

impl Rule {
    /// Nothing is known of it, and it is read at once.
    pub const fn new(foreign: Foreign, seed: u64, now: Instant) -> Self {
        Self {
            wanted: None,
            shown: None,
            in_flight: None,
            due: None,
            next: now,
            foreign,
            streak: Streak::NONE,
            jitter: Jitter::new(seed),
            trouble: None,
            failures: 0,
        }
    }

    /// What is wanted of it; `None`: whatever it is.
    pub const fn wanted(&self) -> Option<State> {
        self.wanted
    }

    /// What the router showed last; `None`: it has not, or not since an outage.
    pub const fn shown(&self) -> Option<State> {
        self.shown
    }

    /// What is wrong with it.
    pub const fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Requests about it that failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the router shows what is wanted, and nothing is on the way.
    pub fn settled(&self) -> bool {
        let still = self.in_flight.is_none() && self.due.is_none();
        still && (self.wanted.is_none() || self.wanted == self.shown)
    }

    /// Wants it so from now on. What failed is tried by its back-off, not sooner.
    pub fn want(&mut self, state: State, now: Instant) {
        if self.wanted != Some(state) {
            self.wanted = Some(state);
            let shown = self.shown == Some(state);
            if !shown && self.streak == Streak::NONE && self.due.is_none() {
                self.next = self.next.min(now);
            }
        }
    }

    /// What becomes of a human's change from now on.
    pub const fn retune(&mut self, foreign: Foreign) {
        self.foreign = foreign;
    }

    /// Wants nothing of it any more.
    pub const fn release(&mut self) {
        self.wanted = None;
        self.due = None;
    }

    /// The end begins: what is to become of it is tried at once.
    pub fn on_stop(&mut self, on_exit: OnExit, now: Instant) {
        match on_exit {
            OnExit::Keep => self.release(),
            OnExit::Disable => self.wanted = Some(State::Good),
        }
        self.next = now;
    }

    /// The router did not answer for a while: what was known is doubted.
    pub fn doubt(&mut self, now: Instant) {
        self.forget();
        self.next = now;
    }

    /// How it is is not known any more.
    const fn forget(&mut self) {
        self.shown = None;
        self.due = None;
    }

    /// When it wants to ask next; `None`: an answer is awaited.
    pub const fn next_at(&self) -> Option<Instant> {
        if self.in_flight.is_some() { None } else { Some(self.next) }
    }

    /// What to ask at `now`. Each is followed by [`Rule::on_answer`] or [`Rule::on_unanswered`].
    pub fn next(&mut self, now: Instant) -> Option<Ask> {
        if self.in_flight.is_some() || now < self.next {
            return None;
        }
        let ask = match (self.wanted, self.shown) {
            (Some(wanted), Some(shown)) if wanted != shown && self.due.is_none() => {
                Ask::Switch(wanted)
            }
            _ => Ask::Read,
        };
        self.in_flight = Some(ask);
        Some(ask)
    }

    /// The router answered how the rule is, or that it will not.
    pub fn on_answer(&mut self, answer: Result<State, FailureKind>, now: Instant) -> Option<News> {
        let ask = self.in_flight.take()?;
        match answer {
            Ok(shown) => self.on_shown(ask, shown, now),
            Err(kind) => {
                // What was shown was that of a rule that is not there any more; or what is answered
                // with nonsense may have been carried out all the same.
                if matches!(
                    (kind, ask),
                    (FailureKind::NotFound | FailureKind::Ambiguous, _)
                        | (FailureKind::Garbage, Ask::Switch(_))
                ) {
                    self.forget();
                }
                self.on_failed(Trouble::Refused(kind), now)
            }
        }
    }

    /// No answer came. Whether the router switched is not known: it is read before anything else.
    pub fn on_unanswered(&mut self, now: Instant) {
        self.in_flight = None;
        self.failures = self.failures.saturating_add(1);
        self.doubt(now);
    }

    fn on_shown(&mut self, ask: Ask, shown: State, now: Instant) -> Option<News> {
        let before = self.shown;
        match (ask, self.due) {
            (Ask::Switch(to), _) if to != shown => self.look_again(to, now + SHOWN_WITHIN, now),
            (Ask::Read, Some((to, by))) if to != shown => {
                if now < by {
                    return self.look_again(to, by, now);
                }
                self.due = None;
                self.shown = Some(shown);
                self.on_failed(Trouble::NotShown, now)
            }
            (Ask::Switch(_), _) | (Ask::Read, Some(_)) => {
                self.trouble = None;
                self.settle(shown, now);
                Some(News::Switched(shown))
            }
            (Ask::Read, None) => {
                self.settle(shown, now);
                self.compare(before, shown, now)
            }
        }
    }

    fn look_again(&mut self, to: State, by: Instant, now: Instant) -> Option<News> {
        self.due = Some((to, by));
        self.next = now + LOOK_AGAIN;
        None
    }

    fn settle(&mut self, shown: State, now: Instant) {
        self.shown = Some(shown);
        self.due = None;
        if self.is_done(shown) {
            self.streak = Streak::NONE;
            self.next = now + READ_EVERY;
        } else {
            self.next = now;
        }
    }

    fn is_done(&self, shown: State) -> bool {
        self.wanted.is_none_or(|wanted| wanted == shown)
    }

    /// What a reading means that nobody asked to be different.
    fn compare(&mut self, before: Option<State>, shown: State, now: Instant) -> Option<News> {
        if before.is_none() && self.trouble.is_some() && !self.is_done(shown) {
            // That it is not so was told; it is over when the switch is done.
            return None;
        }
        let mended = self.trouble.take().map(|_| News::Mended);
        let news = match before {
            None => News::Found(shown),
            Some(before) if before == shown => return mended,
            Some(_) => News::Foreign(shown),
        };
        let adopted = self.foreign == Foreign::Adopt || self.wanted.is_none();
        if matches!(news, News::Foreign(_)) && adopted {
            self.wanted = self.wanted.map(|_| shown);
            self.next = now + READ_EVERY;
        }
        Some(news)
    }

    fn on_failed(&mut self, trouble: Trouble, now: Instant) -> Option<News> {
        let kind = match trouble {
            Trouble::Refused(kind) => kind,
            Trouble::NotShown => FailureKind::Rejected,
        };
        self.failures = self.failures.saturating_add(1);
        self.streak = self.streak.and(kind);
        self.next = now + self.jitter.wait(self.streak);
        let told = self.trouble.replace(trouble);
        (told != Some(trouble)).then_some(News::Trouble(trouble))
    }
}

#[cfg(test)]
mod tests;
