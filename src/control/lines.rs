//! How many lines about one thing may follow each other.
//! Promises: never more than it began with in a row, and one more after each period of time.
//! Knows nothing of what is told.

use super::time::{Instant, Span};

/// Lines that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    most: u8,
    left: u8,
    /// One more after this long.
    every: Span,
    refilled: Instant,
}

impl Lines {
    /// All are left. `every` is above zero.
    pub const fn new(most: u8, every: Span, now: Instant) -> Self {
        Self { most, left: most, every, refilled: now }
    }

    /// How many are left at `now`.
    pub fn left(&mut self, now: Instant) -> u8 {
        let more = now.since(self.refilled).as_micros() / self.every.as_micros().max(1);
        let room = u64::from(self.most.saturating_sub(self.left));
        self.left = self.left.saturating_add(u8::try_from(more.min(room)).unwrap_or(self.most));
        self.refilled = if more >= room { now } else { self.refilled + self.every.times(more) };
        self.left
    }

    /// Takes one, if one is left.
    pub const fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

/// Lines about something that may happen again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    lines: Lines,
    untold: u16,
}

impl Repeats {
    /// See [`Lines::new`].
    pub const fn new(most: u8, every: Span, now: Instant) -> Self {
        Self { lines: Lines::new(most, every, now), untold: 0 }
    }

    /// It happened. How often it did since the last line about it; `None`: this time is worth none.
    pub fn see(&mut self, now: Instant) -> Option<u16> {
        if self.lines.left(now) == 0 {
            self.untold = self.untold.saturating_add(1);
            return None;
        }
        self.lines.take();
        Some(core::mem::take(&mut self.untold))
    }
}
