//! Brings the router's limits of one WAN to the wanted rates: which queue is read or written next.
//! Promises: nothing is written to a queue that was not read back since the last doubt; at most
//! one request per queue is on the way; what the router refuses is tried again by back-off.
//! Knows nothing of transports, or of whether the router is there.

mod tracked;

use heapless::Vec;

pub use self::tracked::Trouble;
use self::tracked::{Tracked, Urgency, Wish};

use super::{
    backoff::Jitter,
    budget::Budget,
    failure::FailureKind,
    ladder::{self, Raise},
    queue::{Found, Limit, Outcome, Queue, QueueSlot, ReadBack},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate},
};

/// How often the limits are read back though nothing is in doubt.
pub const RECONCILE_EVERY: Span = Span::from_secs(60);

/// How often they are read while a write that was given up may still be carried out.
const SUSPECT_EVERY: Span = Span::from_secs(5);
/// RouterOS goes on with a request that its client has given up for at most this long.
const LANDS_WITHIN: Span = Span::from_secs(60);

/// Which queues on the router carry the limits of one WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Two queue tree entries, one per direction, each written by itself.
    PerDirection,
    /// One simple queue with both limits, written at once.
    Pair,
}

impl Layout {
    /// Its queues.
    pub const fn slots(self) -> &'static [QueueSlot] {
        match self {
            Self::PerDirection => {
                &[QueueSlot::One(Direction::Download), QueueSlot::One(Direction::Upload)]
            }
            Self::Pair => &[QueueSlot::Pair],
        }
    }
}

/// What happens to a limit when the daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// It stays as it is.
    Keep,
    /// It is set to this rate, between the red floor and the ceiling.
    Set(Rate),
}

/// Which writes may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// All that are due.
    Open,
    /// Only those that replace a limit outside the bounds: no decision was made yet.
    RepairOnly,
    /// All that differ, whatever the spacing: the daemon ends.
    Flush,
}

/// A question about one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What is its limit?
    Read(QueueSlot),
    /// Set its limit.
    Write(QueueSlot, Limit),
}

/// What an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueNews {
    /// The limit was not the confirmed one.
    Foreign {
        /// What had been confirmed.
        expected: PerDirection<Option<Rate>>,
        /// What the router has.
        found: PerDirection<Option<Rate>>,
    },
    /// The limit is one that control could not have led to.
    OutOfBounds,
    /// The router confirmed this limit.
    Confirmed(Limit),
    /// The router says no.
    Trouble(FailureKind),
    /// The first good answer after trouble of this length.
    Mended(Span),
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Writes the router confirmed.
    pub confirmed: u32,
    /// Writes that failed.
    pub failed: u32,
}

/// The queues of one WAN.
#[derive(Clone, Debug)]
pub struct Applier {
    queues: Vec<Tracked, 2>,
    budget: Budget,
    jitter: Jitter,
    counters: Counters,
}

/// What could be asked, without its consequences yet.
enum Plan {
    Now(Urgency, usize),
    At(Instant),
    Idle,
}

impl Applier {
    /// Queues in this layout, nothing known about them.
    pub fn new(
        layout: Layout,
        bounds: PerDirection<ladder::Settings>,
        write_budget: u16,
        seed: u64,
    ) -> Self {
        Self {
            queues: unknown(layout, bounds),
            budget: Budget::new(write_budget),
            jitter: Jitter::new(seed),
            counters: Counters::default(),
        }
    }

    /// Goes on with the same queues between other bounds.
    pub fn retune(&mut self, bounds: PerDirection<ladder::Settings>, write_budget: u16) {
        self.queues.iter_mut().for_each(|tracked| tracked.queue.retune(bounds));
        self.budget.retune(write_budget);
    }

    /// Has to do with other queues from now on, nothing known about them. Counts go on.
    pub fn take_over(
        &mut self,
        layout: Layout,
        bounds: PerDirection<ladder::Settings>,
        write_budget: u16,
    ) {
        self.queues = unknown(layout, bounds);
        self.budget.retune(write_budget);
    }

    /// Sets the wanted rates.
    pub fn want(&mut self, rates: PerDirection<Rate>) {
        self.queues.iter_mut().for_each(|tracked| tracked.queue.want(rates));
    }

    /// All limits are in doubt: the connection to the router was lost.
    pub fn doubt(&mut self) {
        self.queues.iter_mut().for_each(|tracked| tracked.queue.doubt());
    }

    /// Tries again at once what the router refused.
    pub fn hurry(&mut self, now: Instant) {
        self.queues.iter_mut().for_each(|tracked| tracked.hurry(now));
    }

    /// The next question, which must then be asked.
    pub fn next(&mut self, now: Instant, gate: Gate) -> Option<Ask> {
        let Plan::Now(urgency, index) = self.plan(now, gate) else { return None };
        let tracked = self.queues.get_mut(index)?;
        tracked.asked = Some(now);
        let slot = tracked.queue.slot();
        Some(match urgency {
            Urgency::ReadBack | Urgency::Reconcile => Ask::Read(slot),
            Urgency::Write => {
                self.budget.record(now);
                tracked.outcome = Outcome::Sent;
                Ask::Write(slot, tracked.queue.send(now))
            }
        })
    }

    /// When there may be a question, if none is asked before: now or later.
    pub fn next_at(&mut self, now: Instant, gate: Gate) -> Option<Instant> {
        match self.plan(now, gate) {
            Plan::Now(..) => Some(now),
            Plan::At(at) => Some(at),
            Plan::Idle => None,
        }
    }

    /// Reads of what is in doubt come first, then writes, then the regular reads; among equals the
    /// queue that was asked about least recently, so that on a slow router each has its turn.
    fn plan(&mut self, now: Instant, gate: Gate) -> Plan {
        let spacing = self.budget.spacing(now);
        let mut first = None;
        let mut at: Option<Instant> = None;
        for (index, tracked) in self.queues.iter().enumerate() {
            match tracked.wish(now, spacing, gate) {
                Wish::Now(urgency) => {
                    let wish = (urgency, tracked.asked, index);
                    first = Some(first.map_or(wish, |other| wish.min(other)));
                }
                Wish::At(wake) => at = Some(at.map_or(wake, |other| wake.min(other))),
                Wish::Nothing => {}
            }
        }
        match (first, at) {
            (Some((urgency, _, index)), _) => Plan::Now(urgency, index),
            (None, Some(at)) => Plan::At(at),
            (None, None) => Plan::Idle,
        }
    }

    /// The router answered a question about `slot` that left at `asked`.
    pub fn on_found(
        &mut self,
        ask: Ask,
        found: Found,
        now: Instant,
        mut news: impl FnMut(QueueSlot, QueueNews),
    ) {
        let (Ask::Read(slot) | Ask::Write(slot, _)) = ask;
        let Some(tracked) = self.queues.iter_mut().find(|tracked| tracked.queue.slot() == slot)
        else {
            return;
        };
        let expected = tracked.queue.confirmed();
        let told = tracked.queue.out_of_bounds();
        let trouble = match ask {
            Ask::Read(_) => {
                tracked.read_at = now;
                let read_back = tracked.queue.on_read(found);
                tracked.calm_down(now);
                if read_back == ReadBack::Foreign {
                    let found = tracked.queue.confirmed();
                    news(slot, QueueNews::Foreign { expected, found });
                }
                if tracked.queue.out_of_bounds() && (read_back == ReadBack::Foreign || !told) {
                    news(slot, QueueNews::OutOfBounds);
                }
                (read_back == ReadBack::Nonsense).then_some(FailureKind::Garbage)
            }
            Ask::Write(_, limit) => {
                let confirmed = tracked.queue.on_written(found);
                if confirmed {
                    self.counters.confirmed = self.counters.confirmed.saturating_add(1);
                    news(slot, QueueNews::Confirmed(limit));
                } else {
                    self.counters.failed = self.counters.failed.saturating_add(1);
                }
                (!confirmed).then_some(FailureKind::Rejected)
            }
        };
        match trouble {
            Some(kind) => tracked.refuse(ask, kind, now, &mut self.jitter, &mut news),
            None => tracked.mend(ask, now, &mut news),
        }
    }

    /// The router answered a question about a queue with a refusal.
    pub fn on_refused(
        &mut self,
        ask: Ask,
        kind: FailureKind,
        now: Instant,
        mut news: impl FnMut(QueueSlot, QueueNews),
    ) {
        let (Ask::Read(slot) | Ask::Write(slot, _)) = ask;
        self.count_failed(ask);
        if let Some(tracked) = self.queues.iter_mut().find(|tracked| tracked.queue.slot() == slot) {
            tracked.queue.doubt();
            tracked.refuse(ask, kind, now, &mut self.jitter, &mut news);
        }
    }

    /// A question was not answered at all.
    pub fn on_unanswered(&mut self, ask: Ask, now: Instant) {
        self.count_failed(ask);
        self.doubt();
        if let Ask::Write(slot, _) = ask {
            let own = |tracked: &&mut Tracked| tracked.queue.slot() == slot;
            self.queues.iter_mut().filter(own).for_each(|tracked| tracked.suspect(now));
        }
    }

    /// A write to one of these queues may have been given up, and may still be carried out.
    pub fn suspect(&mut self, now: Instant) {
        self.queues.iter_mut().for_each(|tracked| tracked.suspect(now));
    }

    fn count_failed(&mut self, ask: Ask) {
        if matches!(ask, Ask::Write(..)) {
            self.counters.failed = self.counters.failed.saturating_add(1);
        }
    }

    /// Closes a cycle: what it did for each queue.
    pub fn close_cycle(&mut self, now: Instant, router_answers: RouterAnswers) {
        let spacing = self.budget.spacing(now);
        let close = |tracked: &mut Tracked| tracked.close_cycle(now, spacing, router_answers);
        self.queues.iter_mut().for_each(close);
    }

    /// What the router has confirmed.
    pub fn confirmed(&self) -> PerDirection<Option<Rate>> {
        let mut confirmed = PerDirection::both(None);
        for tracked in &self.queues {
            let own = tracked.queue.confirmed();
            confirmed.download = confirmed.download.or(own.download);
            confirmed.upload = confirmed.upload.or(own.upload);
        }
        confirmed
    }

    /// Whether an increase could leave now.
    pub fn raises(&mut self, now: Instant) -> PerDirection<Raise> {
        let spacing = self.budget.spacing(now);
        let mut raises = PerDirection::both(Raise::Free);
        for Tracked { queue, .. } in &self.queues {
            for direction in Direction::BOTH.into_iter().filter(|own| queue.slot().carries(*own)) {
                *raises.of_mut(direction) = queue.raise(now, spacing);
            }
        }
        raises
    }

    /// Has nothing more to do with the queues that `leaves` picks: they stay as they are.
    pub fn renounce(&mut self, leaves: impl Fn(QueueSlot) -> bool) {
        self.queues.retain(|tracked| !leaves(tracked.queue.slot()));
    }

    /// Whether a write has left since the start: what is on the router may no longer be what was
    /// found.
    pub fn has_begun(&self) -> bool {
        self.queues.iter().any(|tracked| tracked.queue.was_sent())
    }

    /// Whether the router has confirmed all that is wanted.
    pub fn settled(&self) -> bool {
        self.queues.iter().all(|tracked| tracked.queue.settled())
    }

    /// The slots, with what the last cycle did for each and what the router refuses about it.
    pub fn outcomes(&self) -> impl Iterator<Item = (QueueSlot, Outcome, Option<Trouble>)> {
        self.queues.iter().map(|tracked| (tracked.queue.slot(), tracked.outcome, tracked.trouble))
    }

    /// The budget of writes.
    pub const fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Counters since the start.
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}

/// The queues of a layout, nothing known about them.
fn unknown(layout: Layout, bounds: PerDirection<ladder::Settings>) -> Vec<Tracked, 2> {
    layout.slots().iter().map(|slot| Tracked::new(Queue::new(*slot, bounds))).collect()
}

/// Whether the router of a WAN answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterAnswers {
    /// It does, or was not asked yet.
    Yes,
    /// It does not.
    No,
}

#[cfg(test)]
mod tests;
