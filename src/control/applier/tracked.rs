//! One queue and how dealing with it goes: what it wants asked next, and the trouble it makes.
//! Promises: what the router refuses is tried again by back-off, a refused write also when reads
//! work; the same trouble is told once.
//! Knows nothing of other queues.

use super::{Ask, Gate, LANDS_WITHIN, QueueNews, RECONCILE_EVERY, RouterAnswers, SUSPECT_EVERY};
use crate::control::{
    backoff::{Jitter, Streak},
    failure::FailureKind,
    queue::{Due, Outcome, Queue, QueueSlot},
    time::{Instant, Span},
};

/// What the router refuses about one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// How the last request failed.
    pub kind: FailureKind,
    /// Since when.
    pub since: Instant,
    needs: Cure,
    streak: Streak,
    pub(super) retry_at: Instant,
}

/// The good answer that ends a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cure {
    /// Any: the queue could not even be read.
    Read,
    /// One to a write: a queue that refuses writes can still be read.
    Write,
}

#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) queue: Queue,
    pub(super) trouble: Option<Trouble>,
    pub(super) read_at: Instant,
    /// The last question about it; the queue that waits longest is asked about first.
    pub(super) asked: Option<Instant>,
    pub(super) outcome: Outcome,
    /// Until when a write that was given up may still be carried out.
    suspect_until: Option<Instant>,
}

/// What one queue wants to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Now(Urgency),
    At(Instant),
    Nothing,
}

/// Questions in the order of their importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Its limit is in doubt.
    ReadBack,
    /// A wanted limit is due.
    Write,
    /// The regular read is due.
    Reconcile,
}

impl Tracked {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            trouble: None,
            read_at: Instant::default(),
            asked: None,
            outcome: Outcome::Queued,
            suspect_until: None,
        }
    }

    pub(super) fn wish(&self, now: Instant, spacing: Span, gate: Gate) -> Wish {
        if let Some(trouble) = self.trouble
            && trouble.retry_at > now
        {
            return Wish::At(trouble.retry_at);
        }
        if !self.queue.is_known() {
            return Wish::Now(Urgency::ReadBack);
        }
        let write = match (gate, self.queue.due(now, spacing)) {
            (_, Due::Never(Outcome::Coalesced)) => return Wish::Nothing,
            (_, Due::Never(_)) => None,
            (Gate::RepairOnly, _) if !self.queue.out_of_bounds() => None,
            (Gate::Open | Gate::RepairOnly, Due::At(at, _)) => Some(at),
            (_, Due::Now) | (Gate::Flush, Due::At(..)) => Some(now),
        };
        // Nobody would repair what a regular read finds at the end.
        let reconcile = (gate != Gate::Flush).then(|| self.read_at + self.reconcile_every());
        match (write, reconcile) {
            (Some(at), _) if at <= now => Wish::Now(Urgency::Write),
            (_, Some(at)) if at <= now => Wish::Now(Urgency::Reconcile),
            (Some(write), Some(read)) => Wish::At(write.min(read)),
            (Some(at), None) | (None, Some(at)) => Wish::At(at),
            (None, None) => Wish::Nothing,
        }
    }

    const fn reconcile_every(&self) -> Span {
        match self.suspect_until {
            Some(_) => SUSPECT_EVERY,
            None => RECONCILE_EVERY,
        }
    }

    /// A write was given up: it may be carried out after whatever is read or written by then.
    pub(super) fn suspect(&mut self, now: Instant) {
        self.suspect_until = Some(now + LANDS_WITHIN);
    }

    /// The queue is being read: once it is too late for a write that was given up, that is forgotten
    /// after this.
    pub(super) fn calm_down(&mut self, now: Instant) {
        if self.suspect_until.take_if(|until| *until <= now).is_some() {
            self.queue.expect_nothing();
        }
    }

    /// Closes a cycle: what it did for the queue.
    pub(super) fn close_cycle(&mut self, now: Instant, spacing: Span, answers: RouterAnswers) {
        self.outcome = match self.queue.due(now, spacing) {
            _ if self.queue.settled() => Outcome::Unchanged,
            _ if self.queue.is_on_the_way() => Outcome::Sent,
            _ if answers == RouterAnswers::No => Outcome::Queued,
            Due::At(_, why) | Due::Never(why) => why,
            Due::Now => Outcome::Coalesced,
        };
    }

    pub(super) fn refuse(
        &mut self,
        ask: Ask,
        kind: FailureKind,
        now: Instant,
        jitter: &mut Jitter,
        news: &mut impl FnMut(QueueSlot, QueueNews),
    ) {
        let earlier = self.trouble;
        let streak = earlier.map_or(Streak::NONE, |trouble| trouble.streak).and(kind);
        if earlier.is_none_or(|trouble| trouble.kind != kind) {
            news(self.queue.slot(), QueueNews::Trouble(kind));
        }
        let needs = match ask {
            Ask::Read(_) => Cure::Read,
            Ask::Write(..) => Cure::Write,
        };
        self.trouble = Some(Trouble {
            kind,
            since: earlier.map_or(now, |trouble| trouble.since),
            needs: earlier.map_or(needs, |trouble| trouble.needs.max(needs)),
            streak,
            retry_at: now + jitter.wait(streak),
        });
    }

    /// Ends the trouble after a good answer. A refused write is also over when the router turns out
    /// to have what is wanted.
    pub(super) fn mend(
        &mut self,
        ask: Ask,
        now: Instant,
        news: &mut impl FnMut(QueueSlot, QueueNews),
    ) {
        let ends = |trouble: &mut Trouble| match (ask, trouble.needs) {
            (Ask::Write(..), _) | (Ask::Read(_), Cure::Read) => true,
            (Ask::Read(_), Cure::Write) => self.queue.settled(),
        };
        if let Some(trouble) = self.trouble.take_if(ends) {
            news(self.queue.slot(), QueueNews::Mended(now.since(trouble.since)));
        }
    }

    /// Tries again at once what is in trouble.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some(trouble) = &mut self.trouble {
            trouble.retry_at = trouble.retry_at.min(now);
        }
    }
}
