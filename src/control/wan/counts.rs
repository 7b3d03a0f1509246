//! What the queues of a WAN have counted: when they are asked, and what the answers are.
//! Promises: asked only of a router that answers, after everything that moves a limit.
//! Knows nothing of what the counters mean.

use super::Wan;
use crate::control::{
    counts::Statistics,
    queue::QueueSlot,
    rule::Around,
    tally::{Consumer, Tally},
    time::{Instant, Span},
    units::{Direction, PerDirection},
};

impl Wan {
    /// Wants the counters of the queues about this often; `None`: not at all any more.
    pub const fn want_counts(&mut self, consumer: Consumer, period: Option<Span>) {
        self.tally.want(consumer, period);
    }

    /// What the queues have counted.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the law knows besides the delay.
    pub(super) fn around(&mut self, now: Instant) -> Around {
        let flow = |direction| self.tally.flow(direction, now);
        let flows =
            PerDirection { download: flow(Direction::Download), upload: flow(Direction::Upload) };
        let counted = Direction::BOTH.map(|own| self.tally.readings(own).map(|own| own.last.at));
        let counted = counted.into_iter().min().flatten();
        let (in_force, raises) = (self.applier.confirmed(), self.applier.raises(now));
        let (pace, ways) = (self.pace(), self.ways(now));
        Around { now, pace, flows, counted, in_force, raises, ways }
    }

    /// The queue whose counters are to be read, which must then be asked.
    pub(in crate::control) fn next_count(&mut self, now: Instant) -> Option<QueueSlot> {
        self.tally.next(now)
    }

    /// When there are counters to be read.
    pub(in crate::control) fn next_count_at(&self) -> Option<Instant> {
        self.tally.next_at()
    }

    /// Whether the choice between lines waits for them.
    pub(in crate::control) fn count_is_urgent(&self, now: Instant) -> bool {
        self.tally.is_urgent(now)
    }

    /// The router told the counters of a queue; it was asked at `asked`.
    pub(in crate::control) fn on_counted(
        &mut self,
        slot: QueueSlot,
        asked: Instant,
        told: Statistics,
        now: Instant,
    ) {
        self.tally.on_counted(slot, asked, told, now);
    }

    /// The counters of a queue could not be read.
    pub(in crate::control) fn on_not_counted(&mut self, slot: QueueSlot, now: Instant) {
        self.tally.on_failed(slot, now);
    }
}
