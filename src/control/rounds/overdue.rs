//! Replies that come later than they are waited for: where no others come, a queue is that long.
//! Promises: they count only while none comes in time, and not those that a sleep or a stall of this
//! board has kept; each counts once.
//! Knows nothing of rounds.

use crate::control::time::{Instant, Span};

/// They have come alone for so long: what a board finds when it wakes up is followed by a reply in
/// time before.
const ALONE_FOR: Span = Span::from_millis(300);

/// The last such reply.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overdue {
    /// How long it took at least; `None`: none came since this was asked last.
    last: Option<Span>,
    /// Since when no others come.
    alone: Option<Instant>,
}

impl Overdue {
    /// One came so long after it was asked for, at least.
    pub(super) const fn came(&mut self, took: Span) {
        self.last = Some(took);
    }

    /// A round was made in time.
    pub(super) const fn in_time(&mut self) {
        *self = Self { last: None, alone: None };
    }

    /// How long the last one took, if it counts.
    pub(super) fn take(&mut self, now: Instant) -> Option<Span> {
        let took = self.last.take()?;
        let alone = *self.alone.get_or_insert(now);
        (now.since(alone) >= ALONE_FOR).then_some(took)
    }
}
