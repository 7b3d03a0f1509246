//! The brake of a line that flaps: the more often it was steered in the last hour, the more it
//! takes to do it again.
//! Promises: in no hour more than [`MOST_PER_HOUR`] times; released by time alone, one notch for
//! each time that is more than an hour ago.
//! Knows nothing of why it was steered.

use heapless::Deque;

use crate::control::time::{Instant, Span};

/// What is looked at.
const WINDOW: Span = Span::from_secs(3_600);
/// So often in an hour is no flapping.
const FREE: usize = 3;
/// A line cannot be braked harder: each notch doubles the times.
const HARDEST: u8 = 5;
/// Each notch asks for so much more score.
const PENALTY: u8 = 8;
/// Steered so often in any hour, at the most. When reached, it waits for the hour to pass.
pub const MOST_PER_HOUR: usize = 10;

/// When it was steered.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    times: Deque<Instant, MOST_PER_HOUR>,
}

impl Brake {
    /// It is steered once more.
    pub fn degraded(&mut self, now: Instant) {
        if self.times.is_full() {
            self.times.pop_front();
        }
        // Cannot fail: there is room for one now.
        let _ = self.times.push_back(now);
    }

    /// When it was steered, the latest last, as far as it may still matter.
    pub fn times(&self) -> impl Iterator<Item = Instant> {
        self.times.iter().copied()
    }

    fn recent(&self, now: Instant) -> usize {
        self.times.iter().filter(|time| now.since(**time) < WINDOW).count()
    }

    /// How hard it is on, 0 to 5.
    pub fn level(&self, now: Instant) -> u8 {
        let over = self.recent(now).saturating_sub(FREE);
        u8::try_from(over).unwrap_or(HARDEST).min(HARDEST)
    }

    /// What a score must reach in addition.
    pub fn penalty(&self, now: Instant) -> u8 {
        self.level(now).saturating_mul(PENALTY)
    }

    /// The time `plain` with the brake on.
    pub fn stretched(&self, plain: Span, now: Instant) -> Span {
        if self.recent(now) >= MOST_PER_HOUR {
            return WINDOW;
        }
        plain.times(1 << self.level(now))
    }
}
