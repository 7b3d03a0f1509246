//! What the end of a request means: for who asked, for the contact to the router, for its transport.
//! Promises: contact is moved by answers alone; a try that failed concerns nobody else; after a
//! change of the transport every limit is in doubt.
//! Knows nothing of when requests are due.

use super::{
    Answer, Engine,
    facts::Facts,
    of_router,
    router::{Awaited, Pending, Sign},
};
use crate::control::{
    connectivity::{Change, Contact},
    event::{RouterNews, What},
    failover::{Route, Turn},
    failure::FailureKind,
    id::{RouterId, WanId},
    queue::QueueSlot,
    time::{Instant, Span},
};

impl Engine {
    pub(super) fn conclude(
        &mut self,
        router: RouterId,
        pending: Pending,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        if pending.awaited == Awaited::ByTry {
            return self.conclude_try(router, pending, answer, now);
        }
        let Some(sign) = self.routers.get(usize::from(router.0)).map(|entry| entry.sign(answer))
        else {
            return;
        };
        match sign {
            Sign::There => self.answered(router, pending.route, now),
            Sign::Unclear(_) => {}
            Sign::Gone(kind) => self.unanswered(router, pending, kind, now),
        }
        if !matches!(sign, Sign::Gone(_)) {
            self.pass_on(router, pending, answer, now);
        }
        let entry = self.routers.get_mut(usize::from(router.0));
        let turn = entry.and_then(|entry| entry.judge_transport(&pending, sign, now));
        if let Some(turn) = turn {
            self.turned(router, turn, now);
        }
    }

    /// A try of the preferred transport is over. That it failed concerns nobody else.
    fn conclude_try(
        &mut self,
        router: RouterId,
        pending: Pending,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        let Some(entry) = self.routers.get_mut(usize::from(router.0)) else { return };
        let turn = match answer {
            // That there is no such queue is an answer about it.
            Ok(_) | Err(FailureKind::NotFound | FailureKind::Ambiguous) => {
                let turn = entry.failover.on_answer(pending.route, now);
                self.answered(router, pending.route, now);
                turn
            }
            Err(kind) if matches!(entry.contact(), Contact::Lost { .. }) => {
                entry.connectivity.failed_aside(now, pending.attempt(), kind);
                entry.failover.on_failed_like_the_other(now);
                None
            }
            Err(kind) => {
                entry.connectivity.failed_aside(now, pending.attempt(), kind);
                entry.failover.on_failure(pending.route, kind, now)
            }
        };
        if let Some(turn) = turn {
            self.turned(router, turn, now);
        }
    }

    /// Requests take another way from now on. What the old one did or did not do is read back before
    /// the next write.
    fn turned(&mut self, router: RouterId, turn: Turn, now: Instant) {
        let Self { wans, routers, outbox, .. } = self;
        outbox.tell(now, What::Router(router, RouterNews::Turned(turn)));
        of_router(wans, router).for_each(|wan| wan.on_turn(now));
        let entry = routers.get_mut(usize::from(router.0));
        let Some(entry) = entry else { return };
        // Its answers may look different by this way.
        entry.facts = Facts::UNKNOWN;
        if let Turn::Away { .. } = turn {
            entry.connectivity.hurry(now);
        }
        self.doubt_rules(router, None, now);
    }

    /// Hands the answer of a router that is there to who waits for it.
    fn pass_on(
        &mut self,
        router: RouterId,
        pending: Pending,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        let Self { wans, routers, outbox, .. } = self;
        if answer == Err(FailureKind::NotFound) && pending.awaited.may_have_written() {
            // The router has numbered its queues anew, and the write may have hit another one.
            of_router(wans, router).for_each(|wan| wan.on_router_lost(now));
        }
        let (wan, ask) = match pending.awaited {
            Awaited::By(wan, ask) => (wan, ask),
            Awaited::ByItself => {
                let Some(router) = routers.get_mut(usize::from(router.0)) else { return };
                match answer {
                    Ok(_) => router.facts = Facts::Known,
                    Err(_) => router.facts.refused(now),
                }
                return;
            }
            Awaited::ByTally(wan, slot) => return self.counted(wan, slot, (pending, answer), now),
            Awaited::ByRule(id, _) => return self.on_rule(id, answer, now),
            Awaited::ByTry | Awaited::ByNobody => return,
        };
        let Some(wan) = wans.get_mut(usize::from(wan.0)) else { return };
        match answer {
            Ok(Answer::Limit(found)) => wan.on_found(ask, found, now, outbox),
            Ok(Answer::Facts | Answer::Counted(_) | Answer::Rule(_)) => {
                wan.on_refused(ask, FailureKind::Garbage, now, outbox);
            }
            Err(kind) => wan.on_refused(ask, kind, now, outbox),
        }
    }

    /// The counters of a queue were told, or not.
    fn counted(
        &mut self,
        id: WanId,
        slot: QueueSlot,
        (pending, answer): (Pending, Result<Answer, FailureKind>),
        now: Instant,
    ) {
        let Some(wan) = self.wans.get_mut(usize::from(id.0)) else { return };
        if let Ok(Answer::Counted(told)) = answer {
            wan.on_counted(slot, pending.asked, told, now);
            self.on_count(id, slot, now);
        } else {
            wan.on_not_counted(slot, now);
            self.on_no_count(id, slot, now);
        }
    }

    fn answered(&mut self, router: RouterId, route: Route, now: Instant) {
        let Self { wans, routers, outbox, .. } = self;
        let Some(entry) = routers.get_mut(usize::from(router.0)) else { return };
        let first = entry.connectivity.contact() == Contact::Unknown;
        let back = match entry.connectivity.answered(route, now) {
            Some(Change::Back { outage, failures }) => {
                entry.failover.on_return(now);
                RouterNews::Back { outage, failures }
            }
            None if first => RouterNews::Back { outage: Span::ZERO, failures: 0 },
            Some(Change::Lost(_)) | None => return,
        };
        outbox.tell(now, What::Router(router, back));
        if let RouterNews::Back { outage, .. } = back {
            of_router(wans, router).for_each(|wan| wan.on_router_back(outage));
        }
    }

    fn unanswered(&mut self, router: RouterId, pending: Pending, kind: FailureKind, now: Instant) {
        let Self { wans, routers, outbox, .. } = self;
        let Some(entry) = routers.get_mut(usize::from(router.0)) else { return };
        entry.facts = Facts::UNKNOWN;
        if let Some(Change::Lost(kind)) = entry.connectivity.failed(now, pending.attempt(), kind) {
            entry.told_lost = now;
            outbox.tell(now, What::Router(router, RouterNews::Lost(kind)));
        }
        for wan in of_router(wans, router) {
            match pending.awaited {
                Awaited::By(own, ask) if wan.id() == own => wan.on_unanswered(ask, now),
                Awaited::ByTally(own, slot) if wan.id() == own => {
                    wan.on_not_counted(slot, now);
                    wan.on_router_lost(now);
                }
                // It may have been a write to any of them.
                Awaited::ByNobody => wan.on_given_up(now),
                Awaited::By(..)
                | Awaited::ByTally(..)
                | Awaited::ByRule(..)
                | Awaited::ByItself
                | Awaited::ByTry => {
                    wan.on_router_lost(now);
                }
            }
        }
        let asked = match pending.awaited {
            Awaited::ByRule(id, _) => Some(id),
            Awaited::By(..)
            | Awaited::ByTally(..)
            | Awaited::ByItself
            | Awaited::ByTry
            | Awaited::ByNobody => None,
        };
        self.doubt_rules(router, asked, now);
    }
}
