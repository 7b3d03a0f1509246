//! The whole core: all WANs, all routers, one point of entry for everything that happens.
//! Promises: each router has at most one request on the way; a dead router delays nobody else;
//! `next_deadline` lies strictly after the last tick; inputs in any order do not panic.
//! Knows no clock, no socket and no name: WANs, routers and reflectors are numbers.

mod answers;
mod change;
mod facts;
mod router;
mod steering;
mod tries;

use heapless::Vec;

use self::router::Pending;
pub use self::{
    router::Router,
    steering::{MAX_LEAVING, MAX_STEERINGS},
};
use super::{
    applier::RouterAnswers,
    counts::Statistics,
    event::{Action, Event, Outbox, Ticket, What},
    failover::Fallback,
    failure::FailureKind,
    fallback::Outcome,
    oneway::Stamps,
    queue::Found,
    saved::{Freshness, SavedWan},
    steering::{State, course::Course},
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
    /// What the queue has counted.
    Counted(Statistics),
    /// The rule that was read or switched, as the router has it now.
    Rule(State),
}

/// The core.
#[derive(Clone, Debug)]
pub struct Engine {
    wans: Vec<Wan, MAX_WANS>,
    routers: Vec<Router, MAX_ROUTERS>,
    /// First those that steer, then those that leave.
    courses: Vec<Course, { MAX_STEERINGS + MAX_LEAVING }>,
    /// How many of them steer.
    steering: usize,
    next_steering: Instant,
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
            courses: Vec::new(),
            steering: 0,
            next_steering: now,
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
        self.steer(now);
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

    /// A genuine answer to a question for the time arrived at `at`.
    pub fn on_time(&mut self, wan: WanId, reflector: u8, number: u32, stamps: Stamps, at: Instant) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_time(reflector, number, stamps, at);
        }
    }

    /// A question for the time could not be sent.
    pub fn on_time_unsent(&mut self, wan: WanId, reflector: u8) {
        if let Some(wan) = self.wan_mut(wan) {
            wan.on_time_unsent(reflector);
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
        let Self { wans, routers, courses, outbox, stopped, .. } = self;
        for router in routers {
            if let Some(action) = router.next((wans, courses), now, *stopped) {
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
        for course in &mut self.courses {
            changed |= course.take_news();
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
        let steering = self.next_steering_at();
        let Self { wans, routers, courses, next_save, stopped, .. } = self;
        let mut next = wans.iter().map(Wan::next_tick).min().unwrap_or(*next_save).min(*next_save);
        for router in routers.iter() {
            next = router.gives_way_at(wans, now).into_iter().fold(next, Instant::min);
        }
        for router in routers.iter().filter(|router| router.pending.is_none()) {
            let tried = router.next_try_at(now).filter(|_| stopped.is_none());
            let counted = router.next_count_at(wans).filter(|_| stopped.is_none());
            let asked = router.next_ask_at(wans, now);
            let ruled = router.next_rule_at(courses, *stopped);
            let all = asked.into_iter().chain(tried).chain(counted).chain(ruled);
            next = all.fold(next, Instant::min);
        }
        next = steering.map_or(next, |at| next.min(at));
        next.max(now + Span::from_micros(1))
    }

    /// Until when every WAN had passed each of its ticks that was due: `now`, unless a tick is
    /// overdue. Time that nobody waits for anything does not count: between two ticks all is well.
    pub fn on_time_until(&self, now: Instant) -> Instant {
        self.wans.iter().map(Wan::next_tick).fold(now, Instant::min)
    }

    /// Begins the end: no more probes and decisions; the queues are brought to where they shall
    /// stay. What failed before is tried at once, for there is no later. A request that concerns a
    /// router alone is given up: the next one for that router takes its place.
    pub fn on_stop(&mut self, now: Instant) {
        if self.stopped.is_none() {
            self.stopped = Some(now);
            self.wans.iter_mut().for_each(|wan| wan.on_stop(now));
            self.routers.iter_mut().for_each(|router| router.on_stop(now));
            self.courses.iter_mut().for_each(|course| course.on_stop(now));
        }
        self.ask_routers(now);
    }

    /// Whether nothing is left to do before the end: no request is on the way, and every queue and
    /// every rule is settled, or its router refuses or does not answer and the back-off of that
    /// reaches beyond [`FLUSH_FOR`].
    pub fn is_drained(&mut self, now: Instant) -> bool {
        let Self { wans, routers, courses, stopped, .. } = self;
        let until = stopped.map_or(now, |stopped| stopped + FLUSH_FOR);
        routers.iter().all(|router| {
            let next = router.next_ask_at(wans, now).into_iter();
            let next = next.chain(router.next_rule_at(courses, *stopped)).min();
            router.pending.is_none() && next.is_none_or(|next| next > until)
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
