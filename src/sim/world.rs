//! The control core in virtual time against simulated lines and routers: hours in milliseconds.
//! Promises: the same settings and seed give the same history, bit by bit; every step advances
//! time or consumes an input, so that a livelock fails instead of hanging.
//! Knows nothing of sockets; the routers here are the core's requests carried out, no REST.

mod restart;
mod router;
mod rule;

use std::collections::BTreeMap;

use self::router::Router;
pub use self::{
    router::{Picks, RouterSettings},
    rule::{Obedience, Rule},
};
use crate::{
    control::{
        counts::{Counters, Statistics},
        engine::{Answer, Engine},
        event::{Action, Event, Request, Ticket},
        failover::Route,
        failure::FailureKind,
        fallback::{DEADLINE, Outcome},
        oneway::Stamps,
        queue::{Found, Limit, QueueSlot},
        time::Instant,
        units::{Direction, PerDirection, Rate},
        wan::{RouterId, Settings, WanId},
    },
    sim::link::{LaneStats, Link, LinkSettings},
};

/// What counts as one packet, in bytes.
const PACKET: u64 = 1_500;

/// Inputs and actions that one instant may take before the simulation gives up.
const MOST_STEPS_PER_INSTANT: u32 = 1_000;

/// One simulated WAN.
#[derive(Clone, Debug)]
struct Site {
    link: Link,
    router: RouterId,
    initial: PerDirection<Option<Rate>>,
    limits: PerDirection<Option<Rate>>,
    /// What the download queue tells besides: drops per second since then, and packets that wait.
    congested: Option<(Instant, u64, u64)>,
    /// What had passed when the counters began.
    counted_from: PerDirection<LaneStats>,
}

/// What arrives at the core.
#[derive(Clone, Copy, Debug)]
enum Delivery {
    Reply { wan: WanId, reflector: u8, number: u32 },
    Time { wan: WanId, reflector: u8, number: u32, stamps: Stamps },
    Connected { wan: WanId, target: u8, number: u32, outcome: Outcome },
    Gateway { wan: WanId, number: u32 },
    Answer { router: RouterId, ticket: Ticket, answer: Result<Answer, FailureKind> },
    Reboot { router: RouterId },
    Late { wan: WanId, slot: QueueSlot, limit: Limit },
}

/// The core and its surroundings.
#[derive(Clone, Debug)]
pub struct World {
    /// Boxed: it is large, and tests keep several worlds on a small stack.
    engine: Box<Engine>,
    sites: Vec<Site>,
    routers: Vec<Router>,
    /// The rule of each steering.
    rules: Vec<Rule>,
    now: Instant,
    /// By time, then in the order of sending.
    inbox: BTreeMap<(Instant, u64), Delivery>,
    sent: u64,
    events: Vec<Event>,
    requests: Vec<(Instant, RouterId, Request)>,
    /// The route of each of them.
    routes: Vec<Route>,
    connects: Vec<(Instant, WanId, u8)>,
    /// Echoes asked of reflectors.
    probes: u64,
    /// Questions for the time.
    asked: u64,
    steps_at_now: u32,
}

impl World {
    /// The core with `settings`, each WAN on its line, at the origin of time.
    ///
    /// Routers beyond the list are healthy; WANs beyond the lines are left out.
    pub fn new(
        wans: Vec<(Settings, LinkSettings)>,
        routers: Vec<RouterSettings>,
        seed: u64,
    ) -> Self {
        let now = Instant::default();
        let settings: Vec<_> = wans.iter().map(|(settings, _)| *settings).collect();
        let site = |(index, (settings, link)): (u64, (Settings, LinkSettings))| {
            let router = routers.get(usize::from(settings.router.0));
            let initial = router.map_or(PerDirection::both(None), |router| router.initial);
            let link = Link::new(link, seed.wrapping_add(index));
            let counted_from = PerDirection::both(LaneStats::default());
            let congested = None;
            let router = settings.router;
            Site { link, router, initial, limits: initial, congested, counted_from }
        };
        let mut world = Self {
            engine: Box::new(Engine::new(&settings, now, seed)),
            sites: (0..).zip(wans).map(site).collect(),
            routers: routers.into_iter().map(Router::new).collect(),
            rules: Vec::new(),
            now,
            inbox: BTreeMap::new(),
            sent: 0,
            events: Vec::new(),
            requests: Vec::new(),
            routes: Vec::new(),
            connects: Vec::new(),
            probes: 0,
            asked: 0,
            steps_at_now: 0,
        };
        for (index, router) in (0..).zip(&world.routers) {
            world.engine.set_fallback(RouterId(index), router.settings.fallback);
        }
        world.plan_reboots();
        world
    }

    fn plan_reboots(&mut self) {
        let reboots: Vec<_> = (0..)
            .zip(&self.routers)
            .flat_map(|(index, router)| {
                router.settings.reboots.iter().map(move |at| (*at, RouterId(index)))
            })
            .collect();
        for (at, router) in reboots {
            self.deliver(at, Delivery::Reboot { router });
        }
    }

    /// Runs until `to`. After each tick of the core `watch` sees the world.
    ///
    /// # Errors
    /// When one instant takes more than a thousand steps: the core is going in circles.
    pub fn run_until(
        &mut self,
        to: Instant,
        mut watch: impl FnMut(&mut Self),
    ) -> Result<(), Livelock> {
        loop {
            let deadline = self.engine.next_deadline(self.now);
            let arrival = self.inbox.first_key_value().map(|((at, _), _)| *at);
            let next = arrival.map_or(deadline, |arrival| arrival.min(deadline)).max(self.now);
            if next > to {
                self.now = self.now.max(to);
                return Ok(());
            }
            self.count_step(next)?;
            self.now = next;
            self.advance_links();
            if arrival.is_some_and(|arrival| arrival <= next) {
                self.take_delivery();
                self.carry_out();
            } else {
                self.engine.on_tick(self.now);
                self.carry_out();
                watch(self);
            }
        }
    }

    fn count_step(&mut self, next: Instant) -> Result<(), Livelock> {
        self.steps_at_now = if next > self.now { 0 } else { self.steps_at_now.saturating_add(1) };
        if self.steps_at_now > MOST_STEPS_PER_INSTANT { Err(Livelock(self.now)) } else { Ok(()) }
    }

    fn advance_links(&mut self) {
        for site in &mut self.sites {
            site.link.advance(self.now, site.limits);
        }
    }

    fn take_delivery(&mut self) {
        let Some(((at, _), delivery)) = self.inbox.pop_first() else { return };
        match delivery {
            Delivery::Reply { wan, reflector, number } => {
                // Stamped on arrival, though the board may have slept until now.
                self.engine.on_reply(wan, reflector, number, at);
            }
            Delivery::Time { wan, reflector, number, stamps } => {
                self.engine.on_time(wan, reflector, number, stamps, at);
            }
            Delivery::Connected { wan, target, number, outcome } => {
                self.engine.on_connected(wan, target, number, outcome, self.now);
            }
            Delivery::Gateway { wan, number } => self.engine.on_gateway(wan, number, self.now),
            Delivery::Answer { router, ticket, answer } => {
                self.engine.on_answer(router, ticket, answer, self.now);
            }
            Delivery::Reboot { router } => self.reboot(router),
            Delivery::Late { wan, slot, limit } => self.set(wan, slot, limit),
        }
    }

    fn deliver(&mut self, at: Instant, delivery: Delivery) {
        self.sent = self.sent.wrapping_add(1);
        self.inbox.insert((at, self.sent), delivery);
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { wan, number, reflectors } => {
                    reflectors.iter().for_each(|reflector| self.probe(wan, *reflector, number));
                }
                Action::AskTime { wan, number, reflectors } => {
                    reflectors.iter().for_each(|reflector| self.ask_time(wan, *reflector, number));
                }
                Action::Connect { wan, target, number } => self.connect(wan, target, number),
                Action::AskGateway { wan, number } => self.ask_gateway(wan, number),
                Action::Ask { router, ticket, request, route } => {
                    self.ask(router, ticket, request, route);
                }
                Action::Save => {}
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }

    fn probe(&mut self, wan: WanId, reflector: u8, number: u32) {
        self.engine.on_sent(wan, reflector, number, self.now);
        self.probes = self.probes.wrapping_add(1);
        let Some(site) = self.sites.get(usize::from(wan.0)) else { return };
        if let Some(rtt) = site.link.echo(self.now, reflector) {
            self.deliver(self.now + rtt, Delivery::Reply { wan, reflector, number });
        }
    }

    fn ask_time(&mut self, wan: WanId, reflector: u8, number: u32) {
        self.engine.on_sent(wan, reflector, number, self.now);
        self.asked = self.asked.wrapping_add(1);
        let Some(site) = self.sites.get(usize::from(wan.0)) else { return };
        if let Some((rtt, stamps)) = site.link.time(self.now, reflector) {
            self.deliver(self.now + rtt, Delivery::Time { wan, reflector, number, stamps });
        }
    }

    /// A handshake that does not come about is given up at the deadline.
    fn connect(&mut self, wan: WanId, target: u8, number: u32) {
        self.connects.push((self.now, wan, target));
        let Some(site) = self.sites.get(usize::from(wan.0)) else { return };
        let took = site.link.connect(self.now, target).filter(|took| *took < DEADLINE);
        let outcome = took.map_or(Outcome::Failed, Outcome::Completed);
        let at = self.now + took.unwrap_or(DEADLINE);
        self.deliver(at, Delivery::Connected { wan, target, number, outcome });
    }

    fn ask_gateway(&mut self, wan: WanId, number: u32) {
        let Some(site) = self.sites.get(usize::from(wan.0)) else { return };
        if let Some(rtt) = site.link.gateway(self.now) {
            self.deliver(self.now + rtt, Delivery::Gateway { wan, number });
        }
    }

    fn ask(&mut self, id: RouterId, ticket: Ticket, request: Request, route: Route) {
        let Some(router) = self.routers.get_mut(usize::from(id.0)) else { return };
        let failure = router.settings.failure_of(route, request, self.now);
        let failure = failure.or_else(|| router.settings.failure(request, self.now));
        let late = router.settings.lateness(request, self.now).filter(|_| failure.is_none());
        let failure = failure.or_else(|| late.map(|_| FailureKind::Timeout));
        let lost = failure.or_else(|| router.settings.lost_answer(self.now));
        let takes = router.settings.takes(route, lost, self.now);
        router.begin((route, request), self.now, takes, lost);
        self.requests.push((self.now, id, request));
        self.routes.push(route);
        if let (Some(after), Request::Write(wan, slot, limit)) = (late, request) {
            self.deliver(self.now + after, Delivery::Late { wan, slot, limit });
        }
        let done = match failure {
            Some(kind) => Err(kind),
            None => self.obey(id, request),
        };
        let answer = lost.map_or(done, Err);
        self.deliver(self.now + takes, Delivery::Answer { router: id, ticket, answer });
    }

    fn obey(&mut self, id: RouterId, request: Request) -> Result<Answer, FailureKind> {
        let (wan, slot) = match request {
            Request::Facts => return Ok(Answer::Facts),
            Request::Count(wan, slot) => return self.counted(wan, slot),
            Request::ReadRule(rule) | Request::SwitchRule(rule, _) => {
                return self.ruled(rule, request);
            }
            Request::Read(wan, slot) | Request::Write(wan, slot, _) => (wan, slot),
        };
        let site = self.sites.get_mut(usize::from(wan.0)).ok_or(FailureKind::NotFound)?;
        if let Request::Write(_, _, limit) = request {
            if let Some(router) = self.routers.get_mut(usize::from(id.0)) {
                router.writes = router.writes.saturating_add(1);
            }
            if matches!(slot, QueueSlot::Pair) != matches!(limit, Limit::Pair(_)) {
                return Err(FailureKind::Rejected);
            }
            set(site, slot, limit);
        }
        Ok(Answer::Limit(match slot {
            QueueSlot::One(direction) => Found::One(*site.limits.of(direction)),
            QueueSlot::Pair => Found::Pair(site.limits),
        }))
    }

    /// A write that nobody waits for any more is carried out.
    fn set(&mut self, wan: WanId, slot: QueueSlot, limit: Limit) {
        if let Some(site) = self.sites.get_mut(usize::from(wan.0)) {
            set(site, slot, limit);
        }
    }

    fn counted(&self, wan: WanId, slot: QueueSlot) -> Result<Answer, FailureKind> {
        let site = self.sites.get(usize::from(wan.0)).ok_or(FailureKind::NotFound)?;
        let mut counters = site.link.stats().zip(site.counted_from).map(|(now, from)| Counters {
            bytes: Some(now.through_router.saturating_sub(from.through_router)),
            packets: None,
            dropped: Some(
                (now.dropped_by_router - from.dropped_by_router.min(now.dropped_by_router))
                    / PACKET,
            ),
            queued_bytes: Some(now.backlog),
            queued_packets: Some(now.backlog.div_ceil(PACKET)),
        });
        if let Some((since, drops, waiting)) = site.congested {
            let told = &mut counters.download;
            let more = drops.saturating_mul(self.now.since(since).as_secs());
            told.dropped = told.dropped.map(|dropped| dropped.saturating_add(more));
            told.queued_packets = Some(waiting);
        }
        Ok(Answer::Counted(match slot {
            QueueSlot::One(direction) => Statistics::One(*counters.of(direction)),
            QueueSlot::Pair => Statistics::Pair(counters),
        }))
    }

    /// The download queue of a WAN counts so many drops per second from now on, and so many packets
    /// wait in it: not all queues are CAKE's, which counts neither.
    pub fn congest(&mut self, wan: usize, drops: u64, waiting: u64) {
        let now = self.now;
        if let Some(site) = self.sites.get_mut(wan) {
            site.congested = Some((now, drops, waiting));
        }
    }

    /// Sets the counters of the queues of a WAN to zero, as when they are made anew.
    pub fn recount(&mut self, wan: usize) {
        if let Some(site) = self.sites.get_mut(wan) {
            site.counted_from = site.link.stats();
        }
    }

    /// The core.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// All that the core told since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    /// All that the routers were asked since this was asked last.
    pub fn take_requests(&mut self) -> Vec<(Instant, RouterId, Request)> {
        self.routes.clear();
        core::mem::take(&mut self.requests)
    }

    /// The same, and by which way each came.
    pub fn take_routed(&mut self) -> Vec<(Instant, RouterId, Route, Request)> {
        let routes = core::mem::take(&mut self.routes).into_iter();
        let requests = core::mem::take(&mut self.requests).into_iter().zip(routes);
        requests.map(|((at, router, asked), by)| (at, router, by, asked)).collect()
    }

    /// Echoes asked of reflectors up to now.
    pub const fn probes(&self) -> u64 {
        self.probes
    }

    /// Questions for the time sent to reflectors up to now.
    pub const fn times_asked(&self) -> u64 {
        self.asked
    }

    /// All connects begun since this was asked last: when, for which WAN, to which target.
    pub fn take_connects(&mut self) -> Vec<(Instant, WanId, u8)> {
        core::mem::take(&mut self.connects)
    }

    /// Lets time pass without the core: the board is suspended. What arrives meanwhile is found
    /// afterwards; routers go on without it.
    pub fn suspend_until(&mut self, to: Instant) {
        self.now = self.now.max(to);
        let mut rebooted = Vec::new();
        self.inbox.retain(|(at, _), delivery| match delivery {
            Delivery::Reboot { router } if *at <= to => {
                rebooted.push(*router);
                false
            }
            Delivery::Reboot { .. }
            | Delivery::Late { .. }
            | Delivery::Reply { .. }
            | Delivery::Time { .. }
            | Delivery::Connected { .. }
            | Delivery::Gateway { .. }
            | Delivery::Answer { .. } => true,
        });
        for router in rebooted {
            self.reboot(router);
        }
    }

    fn reboot(&mut self, router: RouterId) {
        let of_router = self.sites.iter_mut().filter(|site| site.router == router);
        of_router.for_each(|site| {
            site.limits = site.initial;
            site.counted_from = site.link.stats();
        });
    }

    /// The limit that a router holds for a WAN; `None` is unlimited.
    pub fn limit(&self, wan: usize, direction: Direction) -> Option<Rate> {
        self.sites.get(wan).and_then(|site| *site.limits.of(direction))
    }

    /// Changes the limits behind the core's back, as a human would.
    pub fn meddle(&mut self, wan: usize, limits: PerDirection<Option<Rate>>) {
        if let Some(site) = self.sites.get_mut(wan) {
            site.limits = limits;
        }
    }

    /// The line of a WAN.
    pub fn link(&self, wan: usize) -> Option<&Link> {
        self.sites.get(wan).map(|site| &site.link)
    }

    /// Requests that came to a router while it still worked on another one, but for those beside a
    /// read over the other transport.
    pub fn overlaps(&self, router: usize) -> u64 {
        self.routers.get(router).map_or(0, |router| router.overlaps)
    }

    /// Writes and requests that a router has seen.
    pub fn load_of(&self, router: usize) -> (u64, u64) {
        self.routers.get(router).map_or((0, 0), |router| (router.writes, router.requests))
    }
}

/// Sets the limit of a queue; one of another kind of queue sets none.
fn set(site: &mut Site, slot: QueueSlot, limit: Limit) {
    match (slot, limit) {
        (QueueSlot::One(direction), Limit::One(rate)) => {
            *site.limits.of_mut(direction) = Some(rate);
        }
        (QueueSlot::Pair, Limit::Pair(rates)) => site.limits = rates.map(Some),
        (QueueSlot::One(_), Limit::Pair(_)) | (QueueSlot::Pair, Limit::One(_)) => {}
    }
}

/// The core asked for time again and again without letting any pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Livelock(pub Instant);
