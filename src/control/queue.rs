//! One queue on the router that carries a limit: wanted, in flight, confirmed.
//! Promises: only an answer of the router moves `confirmed`; every limit that leaves here lies
//! between the red floor and the ceiling; decreases are never held up by a budget.
//! Knows nothing of transports or of other queues.

use super::{
    ladder::{self, Raise},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate},
};

/// Decreases of one queue are at least this far apart: four cycles, so that a cut is not decided
/// before the one before it could work.
pub const DECREASE_SPACING: Span = Span::from_millis(200);
/// A change below one percent waits this long before it is written all the same.
pub const SMALL_CHANGE_WAIT: Span = Span::from_secs(10);

/// Which queue of a WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueSlot {
    /// The queue tree entry of one direction.
    One(Direction),
    /// The simple queue of both.
    Pair,
}

impl QueueSlot {
    /// Whether it carries the limit of this direction.
    pub fn carries(self, direction: Direction) -> bool {
        match self {
            Self::Pair => true,
            Self::One(own) => own == direction,
        }
    }
}

/// A limit to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Of a queue tree entry.
    One(Rate),
    /// Of a simple queue.
    Pair(PerDirection<Rate>),
}

/// A limit as the router has it; `None` is "unlimited".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Of a queue tree entry.
    One(Option<Rate>),
    /// Of a simple queue.
    Pair(PerDirection<Option<Rate>>),
}

impl From<Limit> for Found {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::One(rate) => Self::One(Some(rate)),
            Limit::Pair(rates) => Self::Pair(rates.map(Some)),
        }
    }
}

/// What one cycle did for one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The router has what is wanted.
    Unchanged,
    /// A newer wanted rate took the place of one not yet sent; it goes out when the spacing or
    /// the request in flight allows.
    Coalesced,
    /// It waits longer because the hourly budget of writes is running out.
    OverBudget,
    /// The router is not reachable, or the queue has not been read back yet.
    Queued,
    /// A write left.
    Sent,
}

impl Outcome {
    /// The word used in logs, metrics and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Coalesced => "coalesced",
            Self::OverBudget => "over-budget",
            Self::Queued => "queued",
            Self::Sent => "sent",
        }
    }
}

/// Whether a write may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Now.
    Now,
    /// Not before this point, for this reason.
    At(Instant, Outcome),
    /// Not without a change.
    Never(Outcome),
}

/// What the router's answer to a read showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// What was confirmed, or nothing had been.
    AsExpected,
    /// Something else: somebody changed it, or the router restarted.
    Foreign,
    /// It belongs to another kind of queue.
    Nonsense,
}

/// One queue on the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    slot: QueueSlot,
    bounds: PerDirection<ladder::Settings>,
    wanted: PerDirection<Rate>,
    in_flight: Option<PerDirection<Rate>>,
    /// A write whose answer never came; it may have worked.
    unanswered: Option<PerDirection<Rate>>,
    confirmed: Option<PerDirection<Option<Rate>>>,
    /// Whether `confirmed` was read or written on this connection, with nothing in doubt since.
    known: bool,
    /// Whether a write was confirmed since the start.
    written: bool,
    last_write: Option<Instant>,
    last_decrease: Option<Instant>,
}

impl Queue {
    /// The queue in `slot`; each direction wants its ceiling.
    pub fn new(slot: QueueSlot, bounds: PerDirection<ladder::Settings>) -> Self {
        let bounds = own_bounds(slot, bounds);
        Self {
            slot,
            bounds,
            wanted: bounds.map(|bounds| bounds.ceiling),
            in_flight: None,
            unanswered: None,
            confirmed: None,
            known: false,
            written: false,
            last_write: None,
            last_decrease: None,
        }
    }

    /// Goes on between other bounds: what is wanted is moved into them. A write on the way keeps
    /// its limit, and the next one mends it.
    pub fn retune(&mut self, bounds: PerDirection<ladder::Settings>) {
        self.bounds = own_bounds(self.slot, bounds);
        self.want(self.wanted);
    }

    /// Which queue it is.
    pub const fn slot(&self) -> QueueSlot {
        self.slot
    }

    /// Sets the wanted rates; those out of bounds are moved into them. The last gate before the
    /// wire: nothing else makes a limit.
    pub fn want(&mut self, rates: PerDirection<Rate>) {
        let rates = self.own(rates);
        self.wanted = rates.zip(self.bounds).map(|(rate, bounds)| bounds.clamp(rate));
    }

    /// What the router has confirmed, in the directions that the queue carries.
    pub fn confirmed(&self) -> PerDirection<Option<Rate>> {
        let confirmed = self.confirmed.unwrap_or_default();
        match self.slot {
            QueueSlot::Pair => confirmed,
            QueueSlot::One(Direction::Download) => PerDirection { upload: None, ..confirmed },
            QueueSlot::One(Direction::Upload) => PerDirection { download: None, ..confirmed },
        }
    }

    /// Whether the router's limit is known to be the confirmed one.
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// Whether the router has confirmed just what is wanted.
    pub fn settled(&self) -> bool {
        self.known && self.written && self.confirmed == Some(self.wanted.map(Some))
    }

    /// Whether just what is wanted was sent and not answered yet.
    pub fn is_on_the_way(&self) -> bool {
        self.in_flight == Some(self.wanted)
    }

    /// Whether a write has left since the start, whatever became of it.
    pub const fn was_sent(&self) -> bool {
        self.last_write.is_some()
    }

    /// Whether the router's limit is outside the bounds, so that it must not wait for a decision.
    pub fn out_of_bounds(&self) -> bool {
        let outside = |(found, bounds): (Option<Rate>, ladder::Settings)| {
            found.is_none_or(|rate| !bounds.contains(rate))
        };
        self.confirmed.is_some_and(|found| {
            let outside = found.zip(self.bounds).map(outside);
            outside.download || outside.upload
        })
    }

    /// The limit may have changed behind our back: read before the next write.
    pub fn doubt(&mut self) {
        self.known = false;
        self.unanswered = self.in_flight.take().or(self.unanswered);
    }

    /// A write whose answer never came will not be carried out any more.
    pub const fn expect_nothing(&mut self) {
        self.unanswered = None;
    }

    /// Whether a write may leave at `now`, increases being `spacing` apart.
    pub fn due(&self, now: Instant, spacing: Span) -> Due {
        if self.in_flight.is_some() {
            return Due::Never(Outcome::Coalesced);
        }
        if !self.known {
            return Due::Never(Outcome::Queued);
        }
        if self.settled() {
            return Due::Never(Outcome::Unchanged);
        }
        let (not_before, why) = self.earliest(spacing);
        if not_before.is_none_or(|at| at <= now) {
            Due::Now
        } else {
            Due::At(not_before.unwrap_or(now), why)
        }
    }

    /// Whether an increase could leave at `now`, increases being `spacing` apart.
    pub fn raise(&self, now: Instant, spacing: Span) -> Raise {
        let is_due = self.last_write.is_none_or(|last| last + spacing <= now);
        if is_due { Raise::Free } else { Raise::Held }
    }

    /// The first point at which the wanted limit may leave; `None`: at once.
    fn earliest(&self, spacing: Span) -> (Option<Instant>, Outcome) {
        let Some(last_write) = self.last_write else { return (None, Outcome::Sent) };
        if self.lowers() {
            let after = |last: Instant| last + DECREASE_SPACING;
            let small = self.is_small().then_some(last_write + SMALL_CHANGE_WAIT);
            return (self.last_decrease.map(after).max(small), Outcome::Coalesced);
        }
        let wait = if self.is_small() { spacing.max(SMALL_CHANGE_WAIT) } else { spacing };
        let stretched = spacing > super::budget::SHORTEST_SPACING;
        let why = if stretched { Outcome::OverBudget } else { Outcome::Coalesced };
        (Some(last_write + wait), why)
    }

    /// Whether the wanted limit is below the confirmed one in a direction. A pair that falls in one
    /// direction and rises in the other is a decrease: the rise costs no write of its own.
    fn lowers(&self) -> bool {
        let lower = |(wanted, confirmed): (Rate, Option<Rate>)| {
            confirmed.is_none_or(|confirmed| wanted < confirmed)
        };
        let lower = self.wanted.zip(self.confirmed.unwrap_or_default()).map(lower);
        lower.download || lower.upload
    }

    /// Whether the change is below one percent in each direction and reaches no bound.
    fn is_small(&self) -> bool {
        let small = |((wanted, confirmed), bounds): ((Rate, Option<Rate>), ladder::Settings)| {
            let Some(confirmed) = confirmed else { return false };
            let floors = bounds.floors;
            let marks = [bounds.ceiling, floors.green, floors.yellow, floors.soft_red, floors.red];
            let reaches = wanted != confirmed && marks.contains(&wanted);
            !reaches && wanted.distance(confirmed) < confirmed.bps() / 100
        };
        let confirmed = self.confirmed.unwrap_or_default();
        let small = self.wanted.zip(confirmed).zip(self.bounds).map(small);
        small.download && small.upload
    }

    /// Takes the wanted limit to the wire.
    pub fn send(&mut self, now: Instant) -> Limit {
        if self.lowers() {
            self.last_decrease = Some(now);
        }
        self.last_write = Some(now);
        self.in_flight = Some(self.wanted);
        match self.slot {
            QueueSlot::Pair => Limit::Pair(self.wanted),
            QueueSlot::One(_) => Limit::One(self.wanted.download),
        }
    }

    /// The router answered the write and has `found` now. `false`: that is not what was sent.
    pub fn on_written(&mut self, found: Found) -> bool {
        let sent = self.in_flight.take();
        let Some(found) = self.spread(found) else {
            // It may have worked all the same.
            self.known = false;
            self.unanswered = sent;
            return false;
        };
        self.confirmed = Some(found);
        let as_sent = sent.is_some_and(|sent| sent.map(Some) == found);
        self.written |= as_sent;
        self.known = as_sent;
        as_sent
    }

    /// The router answered a read and has `found`.
    pub fn on_read(&mut self, found: Found) -> ReadBack {
        let Some(found) = self.spread(found) else {
            self.known = false;
            return ReadBack::Nonsense;
        };
        self.known = true;
        // If it is not there yet, it may still come.
        let own = self.unanswered.take_if(|sent| sent.map(Some) == found).is_some();
        self.written |= own;
        let expected = self.confirmed.replace(found);
        if own || expected.is_none_or(|expected| expected == found) {
            ReadBack::AsExpected
        } else {
            ReadBack::Foreign
        }
    }

    /// The rates of the directions that the queue carries.
    const fn own(&self, rates: PerDirection<Rate>) -> PerDirection<Rate> {
        match self.slot {
            QueueSlot::Pair => rates,
            QueueSlot::One(direction) => PerDirection::both(*rates.of(direction)),
        }
    }

    fn spread(&self, found: Found) -> Option<PerDirection<Option<Rate>>> {
        match (self.slot, found) {
            (QueueSlot::One(_), Found::One(rate)) => Some(PerDirection::both(rate)),
            (QueueSlot::Pair, Found::Pair(rates)) => Some(rates),
            (QueueSlot::One(_), Found::Pair(_)) | (QueueSlot::Pair, Found::One(_)) => None,
        }
    }
}

/// A queue of one direction carries the same value twice; comparisons then need no cases.
const fn own_bounds(
    slot: QueueSlot,
    bounds: PerDirection<ladder::Settings>,
) -> PerDirection<ladder::Settings> {
    match slot {
        QueueSlot::One(direction) => PerDirection::both(*bounds.of(direction)),
        QueueSlot::Pair => bounds,
    }
}

#[cfg(test)]
mod tests;
