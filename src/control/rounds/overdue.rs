//! Replies that come later than they are waited for: where no others come, a queue is that long.
//! Promises: they count only while none comes in time and they go on coming, and not those that a sleep
//! or a stall of this board has kept; each counts once.
//! Knows nothing of rounds.

use crate::control::time::{Instant, Span};

/// They have come for so long: what a board finds when it wakes up comes all at once.
const ALONE_FOR: Span = Span::from_millis(300);
/// With a longer break, and one of more than three rounds, they do not go on coming.
const BREAK: Span = Span::from_secs(1);

/// Such replies without any other since.
#[derive(Clone, Copy, Debug)]
struct Alone {
    first: Instant,
    latest: Instant,
    /// How long the latest took at least, and how long it counts.
    took: Span,
    counts_for: Span,
}

/// The late replies since the last one in time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overdue {
    alone: Option<Alone>,
    /// Whether the latest has not been taken.
    untaken: bool,
}

impl Overdue {
    /// One came at `at`, so long after it was asked for, at least; there is a question each `pace`.
    pub(super) fn came(&mut self, at: Instant, took: Span, pace: Span) {
        let counts_for = BREAK.max(pace.times(3));
        let goes_on = |own: &Alone| at.since(own.latest) <= counts_for;
        let first = self.alone.filter(goes_on).map_or(at, |own| own.first);
        self.alone = Some(Alone { first, latest: at, took, counts_for });
        self.untaken = true;
    }

    /// A round was made in time.
    pub(super) const fn in_time(&mut self) {
        *self = Self { alone: None, untaken: false };
    }

    /// How long the latest took, if it counts.
    pub(super) fn take(&mut self, now: Instant) -> Option<Span> {
        if !core::mem::take(&mut self.untaken) {
            return None;
        }
        let Alone { first, latest, took, counts_for } = self.alone?;
        let counts = latest.since(first) >= ALONE_FOR && now.since(latest) <= counts_for;
        counts.then_some(took)
    }
}
