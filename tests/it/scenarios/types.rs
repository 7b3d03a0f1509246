//! Queue types in virtual time: the core, the client's own requests, and the model of a router.

use std::collections::VecDeque;

use wanctl::{
    control::{
        engine::{Answer, Engine},
        event::{Action, Event, Request as Asked, Ticket, WanNews, What},
        failure::FailureKind,
        queue::{Limit, QueueSlot},
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{RouterId, WanId},
    },
    router::{
        op::{NewLimit, Op, QueueKind, QueueRef, Reply},
        rest::{Exchange, Ids},
    },
    sim::routeros::{Menu, Request, RouterOs, RouterSettings},
};

use crate::support::settings::{at, classic, mbit, wan};

const ROUND_TRIP: Span = Span::from_millis(20);

const fn name(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "cake-down",
        Direction::Upload => "cake-up",
    }
}

/// A quiet line, whose WAN is limited by two queue types, and so by the law that needs no counters.
struct Line {
    engine: Engine,
    router: RouterOs,
    ids: Ids,
    /// Answers to come: 5 ms after they were asked for.
    answers: VecDeque<(Instant, RouterId, Ticket, Result<Answer, FailureKind>)>,
    echoes: VecDeque<(Instant, WanId, u8, u32)>,
    events: Vec<Event>,
}

impl Line {
    fn new() -> Self {
        let settings = RouterSettings::home(PerDirection { download: mbit(900), upload: mbit(90) });
        Self {
            engine: Engine::new(&[classic(&wan(500, 50))], at(0), 1),
            router: RouterOs::new(settings, 1, at(0)),
            ids: Ids::default(),
            answers: VecDeque::new(),
            echoes: VecDeque::new(),
            events: Vec::new(),
        }
    }

    fn run(&mut self, from_ms: u64, to_ms: u64) {
        for now in (from_ms..to_ms).step_by(5).map(at) {
            while self.echoes.front().is_some_and(|(due, ..)| *due <= now) {
                let (_, wan, reflector, number) = self.echoes.pop_front().unwrap();
                self.engine.on_reply(wan, reflector, number, now);
            }
            while self.answers.front().is_some_and(|(due, ..)| *due <= now) {
                let (_, router, ticket, answer) = self.answers.pop_front().unwrap();
                self.engine.on_answer(router, ticket, answer, now);
            }
            if self.engine.next_deadline(now) <= now + Span::from_millis(5) {
                self.engine.on_tick(now);
            }
            self.carry_out(now);
        }
    }

    fn carry_out(&mut self, now: Instant) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { wan, number, reflectors } => {
                    reflectors.iter().for_each(|of| self.probe(wan, *of, number, now));
                }
                Action::Ask { router, ticket, request, .. } => {
                    let answer = self.ask(request, now);
                    self.answers.push_back((now + Span::from_millis(5), router, ticket, answer));
                }
                Action::AskTime { .. }
                | Action::Connect { .. }
                | Action::AskGateway { .. }
                | Action::Save => {}
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }

    fn probe(&mut self, wan: WanId, reflector: u8, number: u32, now: Instant) {
        self.engine.on_sent(wan, reflector, number, now);
        self.echoes.push_back((now + ROUND_TRIP, wan, reflector, number));
    }

    fn ask(&mut self, request: Asked, now: Instant) -> Result<Answer, FailureKind> {
        let kind = QueueKind::Type;
        let op = match request {
            Asked::Facts => Op::ReadResource,
            Asked::Read(_, QueueSlot::One(of)) => Op::ReadQueue(QueueRef { kind, name: name(of) }),
            Asked::Write(_, QueueSlot::One(of), Limit::One(limit)) => {
                Op::SetLimit(NewLimit::Type { name: name(of), limit })
            }
            Asked::Read(..)
            | Asked::Write(..)
            | Asked::Count(..)
            | Asked::ReadRule(_)
            | Asked::SwitchRule(..) => panic!("{request:?}"),
        };
        let mut exchange = Exchange::new(&op, &self.ids);
        loop {
            let request = exchange.request();
            let answer = self.router.handle(
                now,
                &Request {
                    method: request.method.word(),
                    target: &request.target,
                    // `wanctl:secret` in base 64.
                    authorization: Some("Basic d2FuY3RsOnNlY3JldA=="),
                    content_type: Some("application/json"),
                    body: request.body.as_deref().unwrap_or_default().as_bytes(),
                },
            );
            let reply = exchange.answer(answer.status, answer.body.as_bytes(), &mut self.ids);
            match reply.map_err(|error| error.kind)? {
                Some(Reply::Queue(state)) => return Ok(Answer::Limit(state.limit)),
                Some(Reply::Limit(limit)) => return Ok(Answer::Limit(limit)),
                Some(_) => return Ok(Answer::Facts),
                None => {}
            }
        }
    }

    fn limits(&self) -> PerDirection<Option<Rate>> {
        self.router.limits(&RouterSettings::home_types())
    }

    fn trouble(&self) -> Vec<FailureKind> {
        let news = self.events.iter().filter_map(|event| match event.what {
            What::Wan(_, WanNews::QueueTrouble(_, kind)) => Some(kind),
            What::Wan(..) | What::Router(..) | What::Steering(..) => None,
        });
        news.collect()
    }
}

#[test]
fn queue_types_converge_are_repaired_and_survive_a_type_that_is_no_cake_for_a_while() {
    let ceilings = PerDirection { download: Some(mbit(500)), upload: Some(mbit(50)) };
    let mut line = Line::new();
    line.run(0, 20_000);
    assert_eq!(line.limits(), ceilings, "no limit at the start");
    assert_eq!(line.router.limits(&RouterSettings::home_tree()).download, Some(mbit(900)));
    assert_eq!(line.router.writes(), 2);

    line.router.edit(Menu::Type, "cake-down", "cake-bandwidth", "0");
    line.run(20_000, 90_000);
    assert_eq!(line.limits(), ceilings, "somebody took the limit away");

    line.router.edit(Menu::Type, "cake-up", "kind", "pfifo");
    line.run(90_000, 160_000);
    assert_eq!(line.trouble(), [FailureKind::Rejected], "said once");
    line.router.edit(Menu::Type, "cake-up", "kind", "cake");
    line.router.edit(Menu::Type, "cake-up", "cake-bandwidth", "7000000");
    line.run(160_000, 240_000);
    assert_eq!(line.limits(), ceilings, "CAKE again, and within the bounds");
    assert!(line.router.writes() <= 5, "{}", line.router.writes());
}
