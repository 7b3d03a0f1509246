//! The queues of a WAN: what is asked about them, what the answers mean, and where they shall be.
//! Promises: nothing is wanted of them but what was decided, or what the end asks for.
//! Knows nothing of probes.

use super::{PENDING_FOR, Wan, WanId};
use crate::control::{
    applier::{Ask, Gate, OnExit, QueueNews, RouterAnswers},
    budget::SHORTEST_SPACING,
    event::{Outbox, WanNews, What},
    failure::FailureKind,
    ladder::{self, Raise},
    queue::{Found, QueueSlot},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate},
};

impl Wan {
    /// A rate must not run ahead of the router by more than it can rise in one regular spacing of
    /// increases, or by two percent if that is more: changes below one percent are not sent. Before the
    /// router has confirmed anything it does not rise above what it began with.
    pub(super) fn raises(&self) -> PerDirection<Raise> {
        let interval = self.settings.law.interval.as_micros().max(1);
        let cycles = SHORTEST_SPACING.as_micros() / interval + 1;
        let most = |((confirmed, begun), ladder): ((Option<Rate>, Rate), ladder::Settings)| {
            let Some(confirmed) = confirmed else { return begun.bps() };
            let lead = ladder.step_up.bps().saturating_mul(cycles);
            confirmed.bps().saturating_add(lead.max(confirmed.bps() / 50))
        };
        let most =
            self.applier.confirmed().zip(self.begun).zip(self.settings.law.ladders).map(most);
        let raise = |(rate, most): (Rate, u64)| {
            if rate.bps() >= most { Raise::Held } else { Raise::Free }
        };
        self.law.rates().zip(most).map(raise)
    }

    /// The next question to the router, which must then be asked.
    pub fn next_ask(&mut self, now: Instant) -> Option<Ask> {
        self.applier.next(now, self.gate())
    }

    /// When there may be a question.
    pub fn next_ask_at(&mut self, now: Instant) -> Option<Instant> {
        self.applier.next_at(now, self.gate())
    }

    fn gate(&self) -> Gate {
        match (self.stopping, self.has_begun()) {
            (true, _) => Gate::Flush,
            (false, false) => Gate::RepairOnly,
            (false, true) => Gate::Open,
        }
    }

    /// The router answered a question.
    pub fn on_found(&mut self, ask: Ask, found: Found, now: Instant, outbox: &mut Outbox) {
        let id = self.id;
        let news = |slot, news: QueueNews| tell_queue(id, slot, news, now, outbox);
        self.applier.on_found(ask, found, now, news);
        if let Ask::Read(slot) = ask {
            self.adopt(slot, found);
        }
    }

    /// Goes on from the limit that was found, if it is the first one after a long outage.
    fn adopt(&mut self, slot: QueueSlot, found: Found) {
        let of = |direction| match (slot, found) {
            (QueueSlot::One(own), Found::One(rate)) if own == direction => rate,
            (QueueSlot::Pair, Found::Pair(rates)) => *rates.of(direction),
            (QueueSlot::One(_) | QueueSlot::Pair, Found::One(_) | Found::Pair(_)) => None,
        };
        let mut in_force = PerDirection::both(None);
        for direction in Direction::BOTH.into_iter().filter(|own| slot.carries(*own)) {
            if core::mem::take(self.adopt.of_mut(direction)) {
                *in_force.of_mut(direction) = of(direction);
            }
        }
        self.law.adopt(in_force);
        self.applier.want(self.aim());
    }

    /// The router refused a question about one queue.
    pub fn on_refused(&mut self, ask: Ask, kind: FailureKind, now: Instant, outbox: &mut Outbox) {
        let id = self.id;
        let news = |slot, news: QueueNews| tell_queue(id, slot, news, now, outbox);
        self.applier.on_refused(ask, kind, now, news);
    }

    /// A question of this WAN was not answered.
    pub fn on_unanswered(&mut self, ask: Ask, now: Instant) {
        self.applier.on_unanswered(ask, now);
    }

    /// A request that may have been a write to any of its queues was given up.
    pub fn on_given_up(&mut self, now: Instant) {
        self.applier.suspect(now);
        self.applier.doubt();
    }

    /// All limits are in doubt: the connection to the router is gone, or its queues have new numbers.
    pub fn on_router_lost(&mut self, now: Instant) {
        self.pacer.wake(now);
        self.applier.doubt();
    }

    /// The router is reached by another way: all limits are in doubt, and what it refused by the old
    /// one is tried again at once.
    pub fn on_turn(&mut self, now: Instant) {
        self.applier.doubt();
        self.applier.hurry(now);
    }

    /// The router answers again after an outage of this length.
    pub fn on_router_back(&mut self, outage: Span) {
        if outage > PENDING_FOR {
            self.adopt = PerDirection::both(true);
        }
    }

    /// Closes the cycle: what it did for each queue.
    pub fn close_cycle(&mut self, now: Instant, router_answers: RouterAnswers) {
        self.applier.close_cycle(now, router_answers);
    }

    /// Decides no more; brings both queues to the last decision, or to the limits for the end.
    /// Where limits out of bounds were being replaced before the first decision, that is brought to
    /// its end in both queues: one as found beside one replaced is what nobody wanted.
    pub fn on_stop(&mut self, now: Instant) {
        self.stopping = true;
        if !self.has_begun() && !self.applier.has_begun() {
            self.keep_as_found();
        }
        self.applier.want(self.aim());
        self.applier.hurry(now);
    }

    /// Nothing was decided, so what shall be kept is kept as the router has it. A simple queue with
    /// one limit to be set is written with the other one as it was found.
    fn keep_as_found(&mut self) {
        let keeps = self.settings.on_exit.map(|on_exit| on_exit == OnExit::Keep);
        let changes = |slot: QueueSlot, direction| slot.carries(direction) && !keeps.of(direction);
        self.applier.renounce(|slot| !Direction::BOTH.iter().any(|way| changes(slot, *way)));
        self.law.adopt(self.applier.confirmed());
        self.adopt = keeps;
    }

    /// Where the queues shall be brought.
    fn aim(&self) -> PerDirection<Rate> {
        let rates = self.law.rates();
        if !self.stopping {
            return rates;
        }
        rates.zip(self.settings.on_exit).map(|(rate, on_exit)| match on_exit {
            OnExit::Keep => rate,
            OnExit::Set(exit_rate) => exit_rate,
        })
    }
}

fn tell_queue(id: WanId, slot: QueueSlot, news: QueueNews, now: Instant, outbox: &mut Outbox) {
    let news = match news {
        QueueNews::Foreign { expected, found } => WanNews::Foreign { slot, expected, found },
        QueueNews::OutOfBounds => WanNews::OutOfBounds(slot),
        QueueNews::Confirmed(limit) => WanNews::Confirmed(slot, limit),
        QueueNews::Trouble(kind) => WanNews::QueueTrouble(slot, kind),
        QueueNews::Mended(after) => WanNews::QueueMended(slot, after),
    };
    outbox.tell(now, What::Wan(id, news));
}
