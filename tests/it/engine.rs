//! The control core in virtual time, against the simulated line and router.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use wanctl::{
    control::{
        applier::Layout,
        counts::{Counters, Statistics},
        engine::{Answer, Engine},
        event::{Action, Event, Request, RouterNews, SignalNews, WanNews, What},
        failure::FailureKind,
        queue::Found,
        steering::{self, Mode, State, course, rule},
        time::{Instant, Span},
        units::{Direction, PerDirection},
        wan::{RouterId, Settings, WanId},
        zone::Zone,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use crate::support::{
    alloc::allocations,
    settings::{at, laws, mbit, wan},
};

fn window(from_ms: u64, to_ms: u64) -> Window {
    Window { from: at(from_ms), to: at(to_ms) }
}

fn run(world: &mut World, to_ms: u64) {
    world.run_until(at(to_ms), |_| ()).unwrap();
}

/// A busy day in little: cable, transfers of 5 minutes in each direction every quarter of an hour.
fn busy_cable(hours: u64) -> LinkSettings {
    (0..hours * 4).fold(LinkSettings::cable(), |line, quarter| {
        let start = quarter * 900_000;
        line.with_load(Direction::Download, window(start + 60_000, start + 360_000), Demand::Greedy)
            .with_load(Direction::Upload, window(start + 300_000, start + 600_000), Demand::Greedy)
    })
}

/// Everything that happened, as one number.
fn history(settings: &Settings, hours: u64, seed: u64) -> (u64, u64) {
    let wans = vec![(*settings, busy_cable(hours))];
    let mut world = World::new(wans, vec![RouterSettings::healthy()], seed);
    let mut hasher = DefaultHasher::new();
    let mut cycles = 0;
    world
        .run_until(at(hours * 3_600_000), |world| {
            for Event { at, what } in world.take_events() {
                (at.as_micros(), format!("{what:?}")).hash(&mut hasher);
            }
            let wan = &world.engine().wans()[0];
            wan.wanted().download.hash(&mut hasher);
            wan.wanted().upload.hash(&mut hasher);
            if let Some(decision) = wan.decision() {
                decision.delta.to_bits().hash(&mut hasher);
            }
            cycles = wan.cycles().total;
        })
        .unwrap();
    (hasher.finish(), cycles)
}

#[test]
fn the_same_seed_gives_the_same_day_bit_by_bit() {
    for (_, wan) in laws() {
        let history = |hours, seed| history(&wan(520, 52), hours, seed);
        let (first, cycles) = history(24, 7);
        assert_eq!(cycles, 24 * 3_600 * 20 + 1, "a cycle every 50 ms, none missed");
        let (short, _) = history(1, 7);
        assert_eq!(history(1, 7).0, short);
        assert_ne!(history(1, 8).0, short);
        assert_ne!(first, short);
    }
}

/// From one WAN to another, by the score, which computes most.
fn steered(primary: u8, alternate: u8) -> course::Settings {
    course::Settings {
        primary: WanId(primary),
        alternate: WanId(alternate),
        router: RouterId(0),
        law: steering::Settings { mode: Mode::Confidence, ..steering::Settings::usual() },
        foreign: rule::Foreign::Undo,
        effect: course::Effect::Real,
        on_exit: rule::OnExit::Keep,
    }
}

/// Drives the engine by hand, without the simulator's own allocations.
fn cycle(engine: &mut Engine, now: Instant, found: &mut Found) {
    engine.on_tick(now);
    while let Some(action) = engine.poll_action() {
        match action {
            Action::Probe { wan, number, reflectors } => {
                for reflector in reflectors {
                    engine.on_sent(wan, reflector, number, now);
                    let rtt = Span::from_millis(20 + u64::from(number % 40));
                    engine.on_reply(wan, reflector, number, now + rtt);
                }
            }
            Action::Ask { router, ticket, request, .. } => {
                let answer = match request {
                    Request::Facts => Answer::Facts,
                    Request::Count(..) => Answer::Counted(Statistics::One(Counters {
                        bytes: Some(now.as_micros()),
                        dropped: Some(now.as_micros() / 1_000_000),
                        queued_packets: Some(now.as_micros() % 100),
                        ..Counters::default()
                    })),
                    Request::ReadRule(_) => Answer::Rule(State::Good),
                    Request::SwitchRule(_, to) => Answer::Rule(to),
                    Request::Read(..) => Answer::Limit(*found),
                    Request::Write(_, _, limit) => {
                        *found = limit.into();
                        Answer::Limit(*found)
                    }
                };
                engine.on_answer(router, ticket, Ok(answer), now);
            }
            Action::Save
            | Action::AskTime { .. }
            | Action::Connect { .. }
            | Action::AskGateway { .. } => {}
        }
    }
    while engine.poll_event().is_some() {}
}

#[test]
fn a_cycle_of_the_core_allocates_nothing() {
    for (_, wan) in laws() {
        let mut engine = Engine::new(&[wan(500, 50), wan(100, 20)], at(0), 1);
        engine.steer_by(&[steered(0, 1), steered(1, 0)], at(0), 1);
        let mut found = Found::One(None);
        for number in 0..100 {
            cycle(&mut engine, at(number * 50), &mut found);
        }
        let count = allocations(|| {
            for number in 100..20_000 {
                cycle(&mut engine, at(number * 50), &mut found);
            }
        });
        assert_eq!(count, 0);
        assert!(engine.wans()[0].cycles().decided > 19_000, "the cycles decided something");
    }
}

#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn a_saturating_download_is_held_near_the_line_with_little_delay() {
    for (_, wan) in laws() {
        let line = LinkSettings::cable().with_load(
            Direction::Download,
            window(10_000, 130_000),
            Demand::Greedy,
        );
        let added = |control_ceiling: u64| {
            let mut world = World::new(
                vec![(wan(control_ceiling, 50), line.clone())],
                vec![RouterSettings::healthy()],
                3,
            );
            let mut delays = Vec::new();
            world
                .run_until(at(130_000), |world| {
                    if world.now() > at(30_000) {
                        let stats = world.link(0).unwrap().stats();
                        delays.push(stats.download.queue_delay.as_micros());
                    }
                })
                .unwrap();
            delays.sort_unstable();
            let delivered = world.link(0).unwrap().stats().download.delivered;
            (delays[delays.len() * 95 / 100] / 1_000, delivered * 8 / 120 / 1_000_000)
        };
        let (p95_ms, mbits) = added(600);
        assert!(p95_ms <= 80, "added delay p95 {p95_ms} ms");
        assert!(mbits >= 300, "{mbits} Mbit/s");
    }
}

fn zones(events: &[Event], direction: Direction) -> Vec<Zone> {
    events
        .iter()
        .filter_map(|event| match event.what {
            What::Wan(_, WanNews::Zone { direction: of, to, .. }) if of == direction => Some(to),
            What::Wan(..) | What::Router(..) | What::Steering(..) => None,
        })
        .collect()
}

#[test]
fn an_idle_line_stays_green_and_is_hardly_written_to() {
    for (name, wan) in laws() {
        let mut world = World::new(
            vec![(wan(500, 50), LinkSettings::cable())],
            vec![RouterSettings::healthy()],
            5,
        );
        run(&mut world, 3_600_000);
        let events = world.take_events();
        assert_eq!(zones(&events, Direction::Download), [Zone::Green]);
        assert_eq!(zones(&events, Direction::Upload), [Zone::Green]);
        let (writes, requests) = world.load_of(0);
        assert_eq!(writes, 2, "the first write of each queue");
        let counts = |(_, _, request): &&(_, _, Request)| matches!(request, Request::Count(..));
        let counts = world.take_requests().iter().filter(counts).count();
        let rest = requests - u64::try_from(counts).unwrap();
        assert!((120..=130).contains(&rest), "a read of each queue a minute: {rest}");
        // Once a second, and somewhat more often until the first of them are compared.
        let most = if name == "adaptive" { 7_220 } else { 0 };
        assert!(counts <= most, "{counts} readings of counters");
    }
}

#[test]
fn one_wans_dead_router_does_not_delay_the_others_cycles() {
    for (name, wan) in laws() {
        for kind in [FailureKind::Timeout, FailureKind::Refused, FailureKind::Tls] {
            let mut second = wan(100, 20);
            second.router = RouterId(1);
            let mut dead = RouterSettings::healthy();
            dead.failures.push((window(0, u64::MAX / 2_000), kind));
            let mut world = World::new(
                vec![(wan(500, 50), busy_cable(1)), (second, LinkSettings::quiet())],
                vec![dead, RouterSettings::healthy()],
                1,
            );
            run(&mut world, 600_000);
            for wan in world.engine().wans() {
                assert_eq!(wan.cycles().total, 12_001, "{kind:?}");
                assert_eq!(wan.cycles().missed, 0);
            }
            // An idle line is looked at four times a second, if it is known to be idle.
            let rounds = if name == "adaptive" { 2_800 } else { 11_900 };
            assert!(world.engine().wans()[1].cycles().decided > rounds);
            assert_eq!(world.limit(1, Direction::Download), Some(mbit(100)));
            assert_eq!(world.limit(0, Direction::Download), None, "the dead one was never reached");
            let (_, requests) = world.load_of(0);
            assert!((80..=230).contains(&requests), "attempts follow the back-off: {requests}");
        }
    }
}

#[test]
fn an_outage_is_one_lost_and_one_back_and_the_limits_converge_after_it() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(120_000, 150_000), FailureKind::Refused));
        let mut world = World::new(vec![(wan(520, 52), busy_cable(1))], vec![router], 1);
        run(&mut world, 160_000);
        let news: Vec<_> = world
            .take_events()
            .into_iter()
            .filter_map(|event| match event.what {
                What::Router(_, news) => Some(news),
                What::Wan(..) | What::Steering(..) => None,
            })
            .collect();
        assert!(matches!(news[0], RouterNews::Back { outage: Span::ZERO, .. }));
        assert_eq!(news[1], RouterNews::Lost(FailureKind::Refused));
        let RouterNews::Back { outage, .. } = news[2] else { panic!("{news:?}") };
        assert!((29_000..=36_500).contains(&outage.as_millis()), "{outage:?}");
        assert_eq!(news.len(), 3);
        let wanted = world.engine().wans()[0].wanted().download;
        let limit = world.limit(0, Direction::Download).unwrap();
        assert!(limit.distance(wanted) <= wanted.bps() / 20, "{limit:?} {wanted:?}");
    }
}

#[test]
fn a_foreign_change_is_said_once_and_repaired_within_a_minute() {
    for (_, wan) in laws() {
        let mut world = World::new(
            vec![(wan(500, 50), LinkSettings::quiet())],
            vec![RouterSettings::healthy()],
            1,
        );
        run(&mut world, 30_000);
        world.take_events();
        world.meddle(0, PerDirection { download: None, upload: Some(mbit(50)) });
        run(&mut world, 95_000);
        let foreign: Vec<_> = world
            .take_events()
            .into_iter()
            .filter(|event| matches!(event.what, What::Wan(_, WanNews::Foreign { .. })))
            .collect();
        assert_eq!(foreign.len(), 1, "{foreign:?}");
        assert_eq!(world.limit(0, Direction::Download), Some(mbit(500)));
    }
}

#[test]
fn a_simple_queue_is_written_as_one_pair() {
    let mut pair = wan(500, 50);
    pair.layout = Layout::Pair;
    let mut world =
        World::new(vec![(pair, LinkSettings::quiet())], vec![RouterSettings::healthy()], 1);
    run(&mut world, 10_000);
    assert_eq!(world.load_of(0).0, 1);
    assert_eq!(world.limit(0, Direction::Download), Some(mbit(500)));
    assert_eq!(world.limit(0, Direction::Upload), Some(mbit(50)));
}

#[test]
fn nothing_is_written_while_the_baseline_is_learnt_unless_the_limit_is_out_of_bounds() {
    for (_, wan) in laws() {
        let bounded = PerDirection { download: Some(mbit(300)), upload: Some(mbit(30)) };
        let found = |initial, to_ms| {
            let router = RouterSettings { initial, ..RouterSettings::healthy() };
            let mut world =
                World::new(vec![(wan(500, 50), LinkSettings::quiet())], vec![router], 1);
            run(&mut world, to_ms);
            (world.limit(0, Direction::Download), world.limit(0, Direction::Upload))
        };
        assert_eq!(found(bounded, 1_900), (Some(mbit(300)), Some(mbit(30))));
        assert_eq!(found(bounded, 3_000), (Some(mbit(500)), Some(mbit(50))));
        assert_eq!(found(PerDirection::both(None), 200), (Some(mbit(500)), Some(mbit(50))));
    }
}

#[test]
fn total_silence_holds_the_rates_and_says_so_once() {
    for (_, wan) in laws() {
        let line = busy_cable(1).with_outage(window(100_000, 140_000));
        let mut world = World::new(vec![(wan(520, 52), line)], vec![RouterSettings::healthy()], 1);
        run(&mut world, 102_500);
        let held = world.engine().wans()[0].wanted();
        world.take_events();
        run(&mut world, 139_000);
        assert_eq!(world.engine().wans()[0].wanted(), held);
        let silent: Vec<_> = world.take_events();
        assert!(
            silent.is_empty()
                || silent
                    .iter()
                    .all(|event| matches!(event.what, What::Wan(_, WanNews::Confirmed(..)))),
            "{silent:?}"
        );
        run(&mut world, 145_000);
        let back = world.take_events().into_iter().find_map(|event| match event.what {
            What::Wan(_, WanNews::Signal(SignalNews::Back { silence, losses: 1 })) => Some(silence),
            What::Wan(..) | What::Router(..) | What::Steering(..) => None,
        });
        assert!((39..=41).contains(&back.unwrap().as_secs()), "{back:?}");
    }
}

#[test]
fn the_end_brings_both_queues_to_the_last_decision() {
    for (_, wan) in laws() {
        let mut world =
            World::new(vec![(wan(520, 52), busy_cable(1))], vec![RouterSettings::healthy()], 1);
        run(&mut world, 75_030);
        let now = world.now();
        world.engine().on_stop(now);
        run(&mut world, 76_000);
        let now = world.now();
        assert!(world.engine().is_drained(now));
        let wanted = world.engine().wans()[0].wanted();
        assert_eq!(world.limit(0, Direction::Download), Some(wanted.download));
        assert_eq!(world.limit(0, Direction::Upload), Some(wanted.upload));
    }
}

#[test]
fn answers_nobody_asked_for_change_nothing() {
    let mut engine = Engine::new(&[wan(500, 50)], at(0), 1);
    engine.on_answer(
        RouterId(0),
        wanctl::control::event::Ticket(99),
        Ok(Answer::Limit(Found::One(None))),
        at(1),
    );
    engine.on_answer(RouterId(3), wanctl::control::event::Ticket(0), Ok(Answer::Facts), at(1));
    engine.on_reply(WanId(7), 9, 1, at(1));
    assert!(engine.poll_event().is_none());
}

/// The next request, with its ticket.
fn asked(engine: &mut Engine) -> Option<(wanctl::control::event::Ticket, Request)> {
    std::iter::from_fn(|| engine.poll_action()).find_map(|action| match action {
        Action::Ask { ticket, request, .. } => Some((ticket, request)),
        Action::Probe { .. }
        | Action::AskTime { .. }
        | Action::Save
        | Action::Connect { .. }
        | Action::AskGateway { .. } => None,
    })
}

#[test]
fn an_answer_with_an_old_ticket_does_not_conclude_a_newer_request() {
    let mut engine = Engine::new(&[wan(500, 50)], at(0), 1);
    engine.on_tick(at(0));
    let (first, request) = asked(&mut engine).unwrap();
    assert!(matches!(request, Request::Read(..)));
    engine.on_answer(RouterId(0), first, Err(FailureKind::Refused), at(1));
    engine.on_tick(at(500));
    let (second, _) = asked(&mut engine).unwrap();
    assert_ne!(first, second);
    engine.on_answer(RouterId(0), first, Ok(Answer::Limit(Found::One(None))), at(501));
    assert!(engine.routers()[0].is_busy(), "the newer request is still on its way");
    assert_eq!(asked(&mut engine), None);
    engine.on_answer(RouterId(0), second, Ok(Answer::Limit(Found::One(None))), at(502));
    assert!(matches!(asked(&mut engine), Some((_, Request::Read(..)))), "the other queue");
}

#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn one_wans_failed_request_puts_the_limits_of_all_wans_of_the_router_in_doubt() {
    for (_, wan) in laws() {
        let mut found = Found::One(None);
        let mut engine = Engine::new(&[wan(500, 50), wan(500, 50)], at(0), 1);
        for number in 0..100 {
            cycle(&mut engine, at(number * 50), &mut found);
        }
        let (ticket, _) = (5_000 / 50..)
            .find_map(|number| {
                engine.on_tick(at(number * 50));
                asked(&mut engine)
            })
            .unwrap();
        let now = engine.wans()[0].next_tick();
        engine.on_answer(RouterId(0), ticket, Err(FailureKind::Reset), now);
        let mut reads = std::collections::BTreeSet::new();
        for step in 1..200 {
            let now = now + Span::from_millis(50 * step);
            engine.on_tick(now);
            while let Some((ticket, request)) = asked(&mut engine) {
                let answer = match request {
                    Request::Facts
                    | Request::Count(..)
                    | Request::ReadRule(_)
                    | Request::SwitchRule(..) => Answer::Facts,
                    Request::Read(wan, slot) => {
                        reads.insert((wan, format!("{slot:?}")));
                        Answer::Limit(found)
                    }
                    Request::Write(_, _, limit) => Answer::Limit(limit.into()),
                };
                engine.on_answer(RouterId(0), ticket, Ok(answer), now);
            }
        }
        assert_eq!(reads.len(), 4, "each of the four limits is read back: {reads:?}");
    }
}
