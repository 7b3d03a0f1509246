//! Drives the core with inputs that a seed chooses, plausible and implausible ones.

mod changes;
mod rules;

use fastrand::Rng;
use wanctl::control::{
    engine::{Answer, Engine},
    event::{Action, Request, Ticket},
    failure::FailureKind,
    fallback::{Gateway, Outcome},
    saved::Freshness,
    tally::Consumer,
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate},
    wan::{RouterId, WanId},
};

use self::rules::Rules;
use super::{
    judge::{GIVEN_UP_AFTER, Judge},
    routers::{Coming, Held, Router, any_limit},
    settings::{any_saved, any_wan},
};

/// Ticks without any effect in less than a millisecond, from which on it is a livelock.
const MOST_IDLE_TICKS: u32 = 40;

/// Counters that have waited go before limits after so many other requests.
const BETWEEN_COUNTS: u32 = 3;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// Nothing: routers answer within 20 ms and the line only changes its delay.
    None,
    /// Everything.
    Any,
}

#[derive(Clone, Copy, Debug)]
struct Reply {
    at: Instant,
    wan: WanId,
    reflector: u8,
    number: u32,
}

#[derive(Clone, Copy, Debug)]
struct Connected {
    at: Instant,
    wan: WanId,
    target: u8,
    number: u32,
    outcome: Outcome,
}

pub struct Bench {
    pub rng: Rng,
    pub engine: Box<Engine>,
    pub now: Instant,
    pub faults: Faults,
    judge: Judge,
    routers: Vec<Router>,
    held: Vec<Held>,
    /// The last change by somebody else that the core has seen, per WAN.
    shown: Vec<PerDirection<u32>>,
    replies: Vec<Reply>,
    connected: Vec<Connected>,
    /// The delay of each line over its base, in ms.
    delay: Vec<u64>,
    /// Since when nothing happened but ticks, and how many.
    idle: (Instant, u32),
    rules: Rules,
}

impl Bench {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut rng = Rng::with_seed(seed);
        let routers = rng.u8(1..=4);
        let wans = rng.choice([1, 1, 1, 1, 2, 2, 3, 8]).unwrap();
        let settings: Vec<_> = (0..wans).map(|_| any_wan(&mut rng, routers)).collect();
        let now = Instant::from_micros(rng.u64(..1 << 40));
        let mut engine = Box::new(Engine::new(&settings, now, seed));
        for id in 0..wans {
            if rng.bool() {
                let freshness = rng.choice([Freshness::Fresh, Freshness::Old]).unwrap();
                engine.restore(WanId(id), &any_saved(&mut rng), freshness);
            }
            // Of its own, so that every seed stays the history that it was.
            let mut own = Rng::with_seed(!seed ^ u64::from(id));
            if own.bool() {
                let period = Span::from_millis(own.u64(0..2_000));
                engine.wan_mut(WanId(id)).unwrap().want_counts(Consumer::Steering, Some(period));
            }
        }
        let rules = Rules::draw(seed, &mut engine, now);
        let held = |_| Held {
            limits: PerDirection { download: any_limit(&mut rng), upload: any_limit(&mut rng) },
            changes: 0,
        };
        Self {
            held: (0..wans).map(held).collect(),
            engine,
            now,
            faults,
            judge: Judge::default(),
            routers: vec![Router::default(); usize::from(routers)],
            shown: vec![PerDirection::both(0); usize::from(wans)],
            replies: Vec::new(),
            connected: Vec::new(),
            delay: vec![0; usize::from(wans)],
            idle: (now, 0),
            rules,
            rng,
        }
    }

    /// Something happens.
    pub fn step(&mut self) {
        let kind = if self.faults == Faults::None { 0 } else { self.rng.u8(..100) };
        match kind {
            70..80 => self.late(),
            80..84 => self.tick(),
            84..86 => self.jump(),
            86..91 => self.odd_reply(),
            91..94 => self.odd_answer(),
            94..97 => self.meddle(),
            97 if self.rng.u8(..40) == 0 => self.stop(),
            98 => self.reconfigure(),
            _ => self.go_on(),
        }
        for router in &mut self.routers {
            if self.faults == Faults::Any {
                router.drift(&mut self.rng);
            }
        }
    }

    /// To the next thing that is due: an answer, a reply or what the core waits for.
    pub fn go_on(&mut self) {
        let deadline = self.engine.next_deadline(self.now);
        let answers = self.routers.iter().flat_map(|router| &router.coming).map(|coming| coming.at);
        let replies = self.replies.iter().map(|reply| reply.at);
        let connected = self.connected.iter().map(|connected| connected.at);
        let arrival = answers.chain(replies).chain(connected).min();
        self.now = self.now.max(arrival.map_or(deadline, |arrival| arrival.min(deadline)));
        if self.deliver() == 0 {
            self.tick();
        }
    }

    fn late(&mut self) {
        let late = Span::from_micros(self.rng.u64(..200_000));
        self.now = self.engine.next_deadline(self.now) + late;
        self.deliver();
        self.tick();
    }

    /// The board slept, or its clock did something impossible.
    fn jump(&mut self) {
        let micros = self.rng.choice([1_000_000, 10_000_000, 100_000_000, 4_000_000_000]).unwrap();
        let micros = self.rng.u64(..micros);
        if self.rng.u8(..8) == 0 {
            let back = self.now.as_micros().saturating_sub(micros.min(1_000_000));
            // What leaves in that tick left then, for the core and so for its judge.
            let now = std::mem::replace(&mut self.now, Instant::from_micros(back));
            self.engine.on_tick(self.now);
            self.carry_out();
            self.now = now;
        } else {
            self.now = self.now + Span::from_micros(micros);
            if self.rng.bool() {
                self.deliver();
            }
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.judge.before_tick(&self.engine, self.now);
        self.engine.on_tick(self.now);
        self.idle.1 += 1;
        self.carry_out();
        self.judge.after_tick(&mut self.engine, self.now);
        let (since, ticks) = self.idle;
        if self.now.since(since) >= Span::from_millis(1) {
            self.idle = (self.now, 0);
        } else {
            assert!(ticks <= MOST_IDLE_TICKS, "{ticks} ticks without effect since {since:?}");
        }
    }

    /// Hands over what has arrived; how much that was.
    fn deliver(&mut self) -> usize {
        let now = self.now;
        let mut delivered = 0;
        for id in 0..self.routers.len() {
            let coming = &mut self.routers[id].coming;
            let due: Vec<Coming> = coming.extract_if(.., |coming| coming.at <= now).collect();
            delivered += due.len();
            for coming in due {
                let id = u8::try_from(id).unwrap();
                self.show(&coming);
                self.answer(id, coming.ticket, coming.answer);
            }
        }
        let mut due: Vec<_> = self.replies.extract_if(.., |reply| reply.at <= now).collect();
        self.rng.shuffle(&mut due);
        delivered += due.len();
        for Reply { at, wan, reflector, number } in due {
            self.engine.on_reply(wan, reflector, number, at);
        }
        let mut due: Vec<_> = self.connected.extract_if(.., |over| over.at <= now).collect();
        self.rng.shuffle(&mut due);
        delivered += due.len();
        for Connected { wan, target, number, outcome, .. } in due {
            self.engine.on_connected(wan, target, number, outcome, now);
        }
        if delivered > 0 {
            self.carry_out();
        }
        delivered
    }

    fn show(&mut self, coming: &Coming) {
        let (Request::Read(wan, slot) | Request::Write(wan, slot, _)) = coming.request else {
            return;
        };
        for direction in Direction::BOTH.into_iter().filter(|own| slot.carries(*own)) {
            let shown = self.shown[usize::from(wan.0)].of_mut(direction);
            // After a lie the core sees something else, as if somebody had changed it.
            *shown = coming.shows.unwrap_or(u32::MAX);
        }
    }

    fn answer(&mut self, router: u8, ticket: Ticket, answer: Result<Answer, FailureKind>) {
        self.judge.answered(&self.engine, router, ticket, answer, self.now);
        self.engine.on_answer(RouterId(router), ticket, answer, self.now);
        self.carry_out();
    }

    fn odd_reply(&mut self) {
        let wan = WanId(self.rng.u8(..9));
        let number = self.rng.choice([0, 1, 5, 50, u32::MAX]).unwrap();
        let at = Instant::from_micros(self.rng.u64(..self.now.as_micros().saturating_add(2)));
        match self.rng.u8(..6) {
            0 => self.engine.on_forged(wan),
            1 => self.engine.on_send_failed(wan, self.now),
            2 => self.engine.on_sent(wan, self.rng.u8(..9), number, at),
            3 => self.engine.on_gateway(wan, number, at),
            4 => {
                let outcome = Outcome::Completed(Span::from_micros(self.rng.u64(..)));
                self.engine.on_connected(wan, self.rng.u8(..6), number, outcome, at);
            }
            _ => self.engine.on_reply(wan, self.rng.u8(..9), number, at),
        }
    }

    /// An answer to a question never asked, or one asked long ago.
    fn odd_answer(&mut self) {
        let router = self.rng.u8(..5);
        let answer = if self.rng.bool() { Ok(Answer::Facts) } else { Err(FailureKind::Timeout) };
        self.engine.on_answer(RouterId(router), Ticket(u32::MAX), answer, self.now);
        self.carry_out();
    }

    fn meddle(&mut self) {
        let index = self.rng.usize(..self.held.len());
        let rng = &mut self.rng;
        let held = &mut self.held[index];
        held.limits = PerDirection { download: any_limit(rng), upload: any_limit(rng) };
        held.changes += 1;
        self.rules.touch();
    }

    /// From now on every router does what it is asked.
    pub fn behave(&mut self) {
        self.routers.iter_mut().for_each(|router| router.failing = 0);
    }

    pub fn stop(&mut self) {
        self.judge.stop(self.now);
        self.engine.on_stop(self.now);
        self.carry_out();
    }

    pub fn drained(&mut self) -> bool {
        self.engine.is_drained(self.now)
    }

    /// How long the answers on the way may take yet.
    pub fn longest_answer(&self) -> Span {
        let lost = self.engine.routers().iter().any(wanctl::control::engine::Router::is_busy);
        if lost { GIVEN_UP_AFTER } else { Span::ZERO }
    }

    /// Whether the core knows of every change by somebody else.
    pub fn has_seen(&self, wan: usize, direction: Direction) -> bool {
        *self.shown[wan].of(direction) == self.held[wan].changes
    }

    pub fn limit(&self, wan: usize, direction: Direction) -> Option<Rate> {
        *self.held[wan].limits.of(direction)
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            self.idle = (self.now, 0);
            match action {
                Action::Probe { wan, number, reflectors } => self.probe(wan, number, &reflectors),
                Action::Ask { router, ticket, request, .. } => self.ask(router, ticket, request),
                Action::Connect { wan, target, number } => self.connect(wan, target, number),
                Action::AskGateway { wan, number } => self.ask_gateway(wan, number),
                Action::AskTime { .. } | Action::Save => {}
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.rules.hear(&event);
        }
    }

    fn ask(&mut self, router: RouterId, ticket: Ticket, request: Request) {
        self.judge.asked(&self.engine, router.0, ticket, request, self.now);
        let since_count = &mut self.routers[usize::from(router.0)].since_count;
        if !matches!(request, Request::Count(..)) {
            *since_count += 1;
        } else if std::mem::take(since_count) < BETWEEN_COUNTS {
            self.nothing_else_is_due(router);
        }
        let wan = match request {
            Request::ReadRule(rule) => return self.ask_rule(router, ticket, rule, None),
            Request::SwitchRule(rule, to) => return self.ask_rule(router, ticket, rule, Some(to)),
            Request::Facts => 0,
            Request::Read(wan, _) | Request::Write(wan, ..) | Request::Count(wan, _) => {
                usize::from(wan.0)
            }
        };
        let Self { rng, routers, held, now, .. } = self;
        let router = &mut routers[usize::from(router.0)];
        router.ask(rng, *now, ticket, request, &mut held[wan]);
    }

    /// Counters wait for everything that moves a limit, unless that has had its turns.
    fn nothing_else_is_due(&mut self, router: RouterId) {
        for id in (0..8).map(WanId) {
            let now = self.now;
            let Some(wan) = self.engine.wan_mut(id) else { break };
            if wan.settings().router == router {
                let next = wan.next_ask_at(now);
                assert!(next.is_none_or(|next| next > now), "{id:?} waits behind counters");
            }
        }
    }

    /// Answered soon, late, twice, or never; and not always by the one that was asked.
    fn connect(&mut self, wan: WanId, target: u8, number: u32) {
        assert_eq!(self.judge.stopped, None, "no connects at the end");
        let targets = self.engine.wans()[usize::from(wan.0)].settings().fallback.targets;
        assert!(target < targets);
        let rng = &mut self.rng;
        let took = rng.choice([200, 12_000, 20_000, 21_000, 90_000, 1_500_000, 2_500_000]).unwrap();
        let outcome = match rng.u8(..8) {
            0 => Outcome::Failed,
            1 => Outcome::Completed(Span::from_micros(rng.u64(..))),
            _ => Outcome::Completed(Span::from_micros(took)),
        };
        let at = self.now + Span::from_micros(took);
        let connected = Connected { at, wan, target, number, outcome };
        let copies = rng.choice([0, 1, 1, 1, 1, 2]).unwrap();
        self.connected.extend((0..copies).map(|_| connected));
    }

    fn ask_gateway(&mut self, wan: WanId, number: u32) {
        assert_eq!(self.judge.stopped, None, "no echoes at the end");
        let settings = self.engine.wans()[usize::from(wan.0)].settings().fallback;
        assert_eq!(settings.gateway, Gateway::Given);
        if self.rng.bool() {
            self.engine.on_gateway(wan, number, self.now);
        }
    }

    fn probe(&mut self, wan: WanId, number: u32, reflectors: &[u8]) {
        assert_eq!(self.judge.stopped, None, "no probes at the end");
        let Self { rng, engine, delay, now, .. } = self;
        let delay = &mut delay[usize::from(wan.0)];
        if rng.u8(..20) == 0 {
            *delay = rng.choice([0, 0, 10, 30, 70, 200, 900]).unwrap();
        }
        let silent = self.faults == Faults::Any && rng.u8(..10) == 0;
        for reflector in reflectors {
            if silent && rng.bool() {
                engine.on_send_failed(wan, *now);
                continue;
            }
            engine.on_sent(wan, *reflector, number, *now);
            let rtt = Span::from_micros(15_000 + *delay * 1_000 + rng.u64(..2_000));
            let reply = Reply { at: *now + rtt, wan, reflector: *reflector, number };
            let copies = match rng.u8(..40) {
                0 if self.faults == Faults::Any => 2,
                1..4 if self.faults == Faults::Any => 0,
                _ if silent => 0,
                _ => 1,
            };
            self.replies.extend((0..copies).map(|_| reply));
        }
    }
}
