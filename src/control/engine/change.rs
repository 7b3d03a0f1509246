//! The whole core goes on with another configuration.
//! Promises: no tick of a WAN that goes on is lost or doubled; an answer on the way finds its WAN at
//! its new place, or nobody; no answer to an earlier request is taken for one to a later.
//! Knows nothing of names or files.

use heapless::Vec;

use super::{
    Engine, MAX_LEAVING, MAX_ROUTERS, MAX_STEERINGS, MAX_WANS, Router,
    router::Awaited,
    steering::{seed_of_steering, steering_ids},
};
use crate::control::{
    change::{Change, KeptItems, KeptSteering, KeptWan, NextRouter, NextSteering, NextWan},
    connectivity::Contact,
    id::{RouterId, SteeringId, WanId},
    steering::course::Course,
    time::{Instant, Span},
    wan::Wan,
};

impl Engine {
    /// Goes on with other WANs and routers. Fetch all actions before: their places are the old
    /// ones. At the end nothing changes any more.
    pub fn reconfigure(&mut self, change: &Change<'_>, now: Instant, seed: u64) {
        if self.stopped.is_some() {
            return;
        }
        let wans: Vec<Sorted<'_>, MAX_WANS> = (0..)
            .map(WanId)
            .zip(change.wans)
            .take(MAX_WANS)
            .map(|(id, next)| self.sort(id, next, change.routers))
            .collect();
        let routers = self.next_routers(change, &wans, now, seed);
        let saved = wans.iter().map(|next| {
            let from = next.from.as_ref()?;
            self.saved.get(usize::from(from.wan.0)).copied().flatten()
        });
        let mut saved: Vec<_, MAX_WANS> = saved.collect();
        // Cannot fail: the length is the capacity.
        let _ = saved.resize(MAX_WANS, None);
        self.wans = wans.iter().map(|next| self.next_wan(next, now, seed)).collect();
        self.routers = routers;
        self.saved = saved;
        self.courses = self.next_courses(change, now, seed);
        self.steering = change.steerings.len().min(MAX_STEERINGS);
        self.next_steering = self.next_steering.max(now);
        self.want_counts();
    }

    /// What a WAN really goes on from.
    fn sort<'a>(&self, id: WanId, next: &'a NextWan, routers: &[NextRouter]) -> Sorted<'a> {
        let old = next.from.as_ref().and_then(|from| self.wans.get(usize::from(from.wan.0)));
        let Some((from, old)) = next.from.as_ref().zip(old) else {
            return Sorted { id, next, from: None };
        };
        let (before, after) = (old.settings(), &next.settings);
        let router = routers.get(usize::from(after.router.0)).copied();
        let queues = match (from.queues, router) {
            _ if before.layout != after.layout => KeptItems::Others,
            (KeptItems::Same, Some(NextRouter::Kept(router))) if router == before.router => {
                KeptItems::Same
            }
            (KeptItems::Doubted, _) => KeptItems::Doubted,
            (KeptItems::Same | KeptItems::Others, _) => KeptItems::Others,
        };
        Sorted { id, next, from: Some(KeptWan { queues, ..from.clone() }) }
    }

    fn next_wan(&self, sorted: &Sorted<'_>, now: Instant, seed: u64) -> Wan {
        let Sorted { id, next, from } = sorted;
        let old = from.as_ref().and_then(|from| self.wans.get(usize::from(from.wan.0)));
        match from.as_ref().zip(old) {
            Some((from, old)) => {
                let mut wan = old.clone();
                wan.retune(*id, &next.settings, from, now);
                if from.queues == KeptItems::Doubted {
                    wan.on_router_back(self.outage(old.settings().router, now));
                }
                wan
            }
            None => Wan::new(*id, next.settings, now, super::seed_of_wan(seed, *id)),
        }
    }

    fn next_courses(
        &self,
        change: &Change<'_>,
        now: Instant,
        seed: u64,
    ) -> Vec<Course, { MAX_STEERINGS + MAX_LEAVING }> {
        let next = |(id, next): (SteeringId, &NextSteering)| {
            let seed = seed_of_steering(seed, id);
            let kept = next.from.and_then(|from| {
                Some((from.rule, self.courses.get(usize::from(from.steering.0))?.clone()))
            });
            let Some((rule, mut course)) = kept else {
                return Course::new(next.settings, seed, now);
            };
            course.retune(next.settings, now);
            match rule {
                KeptItems::Same => {}
                KeptItems::Doubted => course.on_unanswered(now),
                KeptItems::Others => course.take_over(seed, now),
            }
            course
        };
        let next = steering_ids().zip(change.steerings).take(MAX_STEERINGS).map(next);
        next.chain(self.leaving_courses(change, now)).collect()
    }

    fn leaving_courses(&self, change: &Change<'_>, now: Instant) -> impl Iterator<Item = Course> {
        let leaving = change.leaving.iter().take(MAX_LEAVING);
        // Beyond a place that does not exist none would be at its own.
        leaving.map_while(move |leaving| {
            let mut course = self.courses.get(usize::from(leaving.from.steering.0))?.clone();
            course.leave(leaving.router, now);
            if leaving.from.rule != KeptItems::Same {
                course.on_unanswered(now);
            }
            Some(course)
        })
    }

    /// How long a router has not answered.
    fn outage(&self, router: RouterId, now: Instant) -> Span {
        match self.routers.get(usize::from(router.0)).map(Router::contact) {
            Some(Contact::Lost { since, .. }) => now.since(since),
            Some(Contact::Unknown | Contact::Reachable) | None => Span::ZERO,
        }
    }

    fn next_routers(
        &self,
        change: &Change<'_>,
        wans: &[Sorted<'_>],
        now: Instant,
        seed: u64,
    ) -> Vec<Router, MAX_ROUTERS> {
        // Later than all, so that no answer to an earlier request is taken for one to a later.
        let tickets = self.routers.iter().map(Router::last_ticket).max().unwrap_or_default();
        let used = change.wans.iter().map(|wan| wan.settings.router);
        let used = used.chain(change.leaving.iter().map(|leaving| leaving.router));
        let used = used.map(|router| router.0.saturating_add(1));
        let next = |(id, next): (RouterId, NextRouter)| {
            let seed = super::seed_of_router(seed, id);
            let old = |old: RouterId| self.routers.get(usize::from(old.0));
            match next {
                NextRouter::Kept(from) => {
                    old(from).map(|old| old.moved(id, |who| heir(who, wans, change)))
                }
                NextRouter::After(from, kept) => {
                    old(from).map(|old| old.followed((id, kept), now, seed, tickets))
                }
                NextRouter::New => None,
            }
            .unwrap_or_else(|| Router::new(id, seed, tickets))
        };
        let count = usize::from(used.max().unwrap_or(0));
        let known = change.routers.iter().copied();
        let places = known.chain(core::iter::repeat(NextRouter::New)).take(count);
        (0..).map(RouterId).zip(places).take(MAX_ROUTERS).map(next).collect()
    }
}

/// A WAN and what it really goes on from.
struct Sorted<'a> {
    id: WanId,
    next: &'a NextWan,
    from: Option<KeptWan>,
}

/// Who waits for the answer to a question of a WAN or a steering, at the places from now on.
fn heir(awaited: Awaited, wans: &[Sorted<'_>], change: &Change<'_>) -> Awaited {
    match awaited {
        Awaited::By(wan, ask) => {
            let goes_on = |next: &&Sorted<'_>| {
                let from = next.from.as_ref();
                from.is_some_and(|from| from.wan == wan && from.queues == KeptItems::Same)
            };
            let next = wans.iter().find(goes_on);
            next.map_or(Awaited::ByNobody, |next| Awaited::By(next.id, ask))
        }
        Awaited::ByRule(steering, ask) => {
            let same = KeptSteering { steering, rule: KeptItems::Same };
            let steering = change.steerings.iter().take(MAX_STEERINGS).map(|next| next.from);
            let leaving = change.leaving.iter().take(MAX_LEAVING).map(|leaving| Some(leaving.from));
            let mut next = steering_ids().zip(steering.chain(leaving));
            let next = next.find(|(_, from)| *from == Some(same));
            next.map_or(Awaited::ByNobody, |(id, _)| Awaited::ByRule(id, ask))
        }
        Awaited::ByTally(..) | Awaited::ByItself | Awaited::ByTry | Awaited::ByNobody => awaited,
    }
}
