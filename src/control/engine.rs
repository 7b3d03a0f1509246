//! The whole core: all WANs, all routers, one point of entry for everything that happens.
//! Promises: each router has at most one request on the way; a dead router delays nobody else;
//! `next_deadline` lies strictly after the last tick; inputs in any order do not panic.
//! Knows no clock, no socket and no name: WANs, routers and reflectors are numbers.

mod change;
mod router;

use heapless::Vec;

pub use self::router::Router;
use self::router::{Awaited, Pending, Sign};
use super::{
    applier::RouterAnswers,
    connectivity::{Change, Contact},
    event::{Action, Event, Outbox, RouterNews, Ticket, What},
    failover::{Fallback, Turn},
    failure::FailureKind,
    fallback::Outcome,
    queue::Found,
    saved::{Freshness, SavedWan},
    time::{Instant, Span},
    wan::{self, RouterId, Wan, WanId},
};

/// Most WANs.
pub const MAX_WANS: usize = 8;
/// Most routers.
pub const MAX_ROUTERS: usize = 4;

/// A request whose answer never came back from the shell counts as timed out after this. The
/// shell's own deadlines are shorter; this only keeps a lost answer from blocking a router.
const ANSWER_BOUND: Span = Span::from_secs(30);
/// The state is saved at most this often.
const SAVE_EVERY: Span = Span::from_secs(1);
/// At the end a request that failed is made again only if it may leave within this time.
pub const FLUSH_FOR: Span = Span::from_secs(2);

/// What a router answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The limit of the queue that was read or written, as the router has it now.
    Limit(Found),
    /// Facts about the router, which do not concern the core.
    Facts,
}

/// The core.
#[derive(Clone, Debug)]
pub struct Engine {
    wans: Vec<Wan, MAX_WANS>,
    routers: Vec<Router, MAX_ROUTERS>,
    outbox: Outbox,
    saved: Vec<Option<SavedWan>, MAX_WANS>,
    next_save: Instant,
    /// When the end began.
    stopped: Option<Instant>,
}

impl Engine {
    /// A core for these WANs; those beyond [`MAX_WANS`] are left out. `seed` varies the back-off.
    pub fn new(settings: &[wan::Settings], now: Instant, seed: u64) -> Self {
        let routers = settings.iter().map(|wan| wan.router.0.saturating_add(1)).max().unwrap_or(0);
        let wan = |(id, settings): (WanId, &wan::Settings)| {
            Wan::new(id, *settings, now, seed_of_wan(seed, id))
        };
        let mut saved = Vec::new();
        // Cannot fail: the length is the capacity.
        let _ = saved.resize(MAX_WANS, None);
        Self {
            wans: (0..).map(WanId).zip(settings).take(MAX_WANS).map(wan).collect(),
            routers: (0..routers)
                .map(RouterId)
                .take(MAX_ROUTERS)
                .map(|id| Router::new(id, seed_of_router(seed, id), 0))
                .collect(),
            outbox: Outbox::default(),
            saved,
            next_save: now + SAVE_EVERY,
            stopped: None,
        }
    }

    /// Goes on from saved values of one WAN.
    pub fn restore(&mut self, wan: WanId, saved: &SavedWan, freshness: Freshness) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.restore(saved, freshness);
        }
    }

    /// Says whether a router can be reached by another transport too; at first none can.
    pub fn set_fallback(&mut self, router: RouterId, fallback: Fallback) {
        if let Some(router) = self.routers.get_mut(usize::from(router.0)) {
            router.set_fallback(fallback);
        }
    }

    /// Does everything that is due at `now`.
    pub fn on_tick(&mut self, now: Instant) {
        let Self { wans, routers, outbox, .. } = self;
        for wan in wans.iter_mut().filter(|wan| wan.next_tick() <= now) {
            wan.on_tick(now, outbox);
            let router = routers.get(usize::from(wan.settings().router.0));
            wan.close_cycle(now, router.map_or(RouterAnswers::No, Router::answers));
        }
        self.give_up_lost_answers(now);
        self.tell_still_lost(now);
        self.ask_routers(now);
        self.save_if_changed(now);
    }

    /// A probe left at `at`.
    pub fn on_sent(&mut self, wan: WanId, reflector: u8, number: u32, at: Instant) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_sent(reflector, number, at);
        }
    }

    /// A probe could not be sent.
    pub fn on_send_failed(&mut self, wan: WanId, now: Instant) {
        let Self { wans, outbox, .. } = self;
        if let Some(wan) = wans.get_mut(usize::from(wan.0)) {
            wan.on_send_failed(now, outbox);
        }
    }

    /// A genuine reply arrived at `at`.
    pub fn on_reply(&mut self, wan: WanId, reflector: u8, number: u32, at: Instant) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_reply(reflector, number, at);
        }
    }

    /// A reply that is not genuine arrived.
    pub fn on_forged(&mut self, wan: WanId) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_forged();
        }
    }

    /// A connect to a TCP target is over.
    pub fn on_connected(
        &mut self,
        wan: WanId,
        target: u8,
        number: u32,
        outcome: Outcome,
        now: Instant,
    ) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_connected(target, number, outcome, now);
        }
    }

    /// The gateway of a WAN answered an echo.
    pub fn on_gateway(&mut self, wan: WanId, number: u32, now: Instant) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_gateway(number, now);
        }
    }

    /// A router answered, or did not. Answers to anything but the one request on the way are
    /// ignored.
    pub fn on_answer(
        &mut self,
        router: RouterId,
        ticket: Ticket,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        let is_asked = |pending: &mut Pending| pending.ticket == ticket;
        let pending = self
            .routers
            .get_mut(usize::from(router.0))
            .and_then(|router| router.pending.take_if(is_asked));
        if let Some(pending) = pending {
            self.conclude(router, pending, answer, now);
            self.ask_routers(now);
        }
    }

    fn conclude(
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
            Sign::There => self.answered(router, now),
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
            Ok(_) => {
                entry.facts_known = true;
                let turn = entry.failover.on_answer(pending.route, now);
                self.answered(router, now);
                turn
            }
            Err(kind) => {
                entry.connectivity.failed_aside(now, pending.asked, kind);
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
        if let (Turn::Away { .. }, Some(entry)) = (turn, entry) {
            entry.facts_known = false;
            entry.connectivity.hurry(now);
        }
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
            of_router(wans, router).for_each(Wan::on_router_lost);
        }
        let (wan, ask) = match pending.awaited {
            Awaited::By(wan, ask) => (wan, ask),
            Awaited::ByItself => {
                if let Some(router) = routers.get_mut(usize::from(router.0)) {
                    router.facts_known = true;
                }
                return;
            }
            Awaited::ByTry | Awaited::ByNobody => return,
        };
        let Some(wan) = wans.get_mut(usize::from(wan.0)) else { return };
        match answer {
            Ok(Answer::Limit(found)) => wan.on_found(ask, found, now, outbox),
            Ok(Answer::Facts) => wan.on_refused(ask, FailureKind::Garbage, now, outbox),
            Err(kind) => wan.on_refused(ask, kind, now, outbox),
        }
    }

    fn answered(&mut self, router: RouterId, now: Instant) {
        let Self { wans, routers, outbox, .. } = self;
        let Some(entry) = routers.get_mut(usize::from(router.0)) else { return };
        let first = entry.connectivity.contact() == Contact::Unknown;
        let back = match entry.connectivity.answered(now) {
            Some(Change::Back { outage, failures }) => RouterNews::Back { outage, failures },
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
        entry.facts_known = false;
        if let Some(Change::Lost(kind)) = entry.connectivity.failed(now, pending.asked, kind) {
            entry.told_lost = now;
            outbox.tell(now, What::Router(router, RouterNews::Lost(kind)));
        }
        for wan in of_router(wans, router) {
            match pending.awaited {
                Awaited::By(own, ask) if wan.id() == own => wan.on_unanswered(ask),
                Awaited::By(..) | Awaited::ByItself | Awaited::ByTry | Awaited::ByNobody => {
                    wan.on_router_lost();
                }
            }
        }
    }

    fn give_up_lost_answers(&mut self, now: Instant) {
        for index in 0..self.routers.len() {
            let Some(router) = self.routers.get_mut(index) else { continue };
            let overdue = |pending: &mut Pending| now.since(pending.asked) >= ANSWER_BOUND;
            let id = router.id;
            if let Some(pending) = router.pending.take_if(overdue) {
                self.conclude(id, pending, Err(FailureKind::Timeout), now);
            }
        }
    }

    fn tell_still_lost(&mut self, now: Instant) {
        let Self { routers, outbox, .. } = self;
        for router in routers {
            if let Some(news) = router.still_lost(now) {
                outbox.tell(now, What::Router(router.id, news));
            }
        }
    }

    /// Gives every idle router its next request.
    fn ask_routers(&mut self, now: Instant) {
        let Self { wans, routers, outbox, stopped, .. } = self;
        for router in routers {
            if let Some(action) = router.next(wans, now, *stopped) {
                outbox.act(action);
            }
        }
    }

    fn save_if_changed(&mut self, now: Instant) {
        if now < self.next_save {
            return;
        }
        self.next_save = now + SAVE_EVERY;
        let mut changed = false;
        for (wan, saved) in self.wans.iter().zip(&mut self.saved) {
            let current = wan.saved();
            if current.is_some_and(|current| current.differs(saved.as_ref())) {
                *saved = current;
                changed = true;
            }
        }
        if changed {
            self.outbox.act(Action::Save);
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.outbox.next_action()
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.outbox.next_event()
    }

    /// When `on_tick` is wanted next. After `on_tick(now)` this lies strictly after `now`.
    pub fn next_deadline(&mut self, now: Instant) -> Instant {
        let Self { wans, routers, next_save, stopped, .. } = self;
        let mut next = wans.iter().map(Wan::next_tick).min().unwrap_or(*next_save).min(*next_save);
        for router in routers.iter().filter(|router| router.pending.is_none()) {
            let tried = router.next_try_at().filter(|_| stopped.is_none());
            let asked = router.next_ask_at(wans, now);
            next = asked.into_iter().chain(tried).fold(next, Instant::min);
        }
        next.max(now + Span::from_micros(1))
    }

    /// Until when every WAN had passed each of its ticks that was due: `now`, unless a tick is
    /// overdue. Time that nobody waits for anything does not count: between two ticks all is well.
    pub fn on_time_until(&self, now: Instant) -> Instant {
        self.wans.iter().map(Wan::next_tick).fold(now, Instant::min)
    }

    /// Begins the end: no more probes and decisions; the queues are brought to where they shall
    /// stay. What failed before is tried at once, for there is no later.
    pub fn on_stop(&mut self, now: Instant) {
        if self.stopped.is_none() {
            self.stopped = Some(now);
            self.wans.iter_mut().for_each(|wan| wan.on_stop(now));
            self.routers.iter_mut().for_each(|router| router.connectivity.hurry(now));
        }
        self.ask_routers(now);
    }

    /// Whether nothing is left to do before the end: no request but a try is on the way, and every queue is
    /// settled, or its router refuses or does not answer and the back-off of that reaches beyond
    /// [`FLUSH_FOR`].
    pub fn is_drained(&mut self, now: Instant) -> bool {
        let Self { wans, routers, stopped, .. } = self;
        let until = stopped.map_or(now, |stopped| stopped + FLUSH_FOR);
        routers.iter().all(|router| {
            let next = router.next_ask_at(wans, now);
            !router.is_awaited() && next.is_none_or(|next| next > until)
        })
    }

    /// The state of a WAN worth keeping; `None` before a baseline is known, its own or a restored
    /// one. How old it is, [`Wan::measured`] tells.
    pub fn saved(&self, wan: WanId) -> Option<SavedWan> {
        self.wans.get(usize::from(wan.0)).and_then(Wan::saved)
    }

    /// The WANs.
    pub fn wans(&self) -> &[Wan] {
        &self.wans
    }

    /// One WAN, to ask what needs the time.
    pub fn wan_mut(&mut self, wan: WanId) -> Option<&mut Wan> {
        self.wans.get_mut(usize::from(wan.0))
    }

    /// The routers.
    pub fn routers(&self) -> &[Router] {
        &self.routers
    }

    /// Actions and events that nobody fetched in time.
    pub const fn dropped(&self) -> u32 {
        self.outbox.dropped()
    }
}

fn seed_of_router(seed: u64, id: RouterId) -> u64 {
    seed ^ (u64::from(id.0) << 32)
}

fn seed_of_wan(seed: u64, id: WanId) -> u64 {
    seed_of_router(seed, RouterId(id.0)).rotate_left(7)
}

fn of_router(wans: &mut [Wan], router: RouterId) -> impl Iterator<Item = &mut Wan> {
    wans.iter_mut().filter(move |wan| wan.settings().router == router)
}
