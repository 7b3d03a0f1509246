//! How often reflectors are asked, in virtual time: seldom on an idle line, and at once when it is
//! no longer.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "numbers of a comparison, of which a human may want to see the parts"
)]

use wanctl::{
    control::{
        event::{Request, SignalNews, WanNews},
        failure::FailureKind,
        pace::{Pace, SELDOM},
        time::{Instant, Span},
        units::{Direction, Ratio},
        wan::{self, Signal, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, of_wan, run, window};
use crate::support::settings::{adaptive, at, classic, ms, wan};

const HOUR_MS: u64 = 3_600_000;
/// Long since idle.
const ASLEEP_MS: u64 = 60_000;

fn world(settings: &wan::Settings, line: LinkSettings, router: RouterSettings) -> World {
    World::new(vec![(*settings, line)], vec![router], 1)
}

fn quiet(line: LinkSettings) -> World {
    world(&adaptive(&wan(110, 22)), line, RouterSettings::healthy())
}

fn pace(world: &mut World) -> Pace {
    world.engine().wans()[0].pace()
}

/// When reflectors are asked this often for the first time from now on.
fn first(world: &mut World, wanted: Pace, to_ms: u64) -> Option<Instant> {
    let mut found = None;
    let watch = |world: &mut World| {
        if found.is_none() && pace(world) == wanted {
            found = Some(world.now());
        }
    };
    world.run_until(at(to_ms), watch).unwrap();
    found
}

fn is_count(request: Request) -> bool {
    matches!(request, Request::Count(..))
}

fn probes_of_an_hour(settings: &wan::Settings, line: LinkSettings) -> u64 {
    let mut world = world(settings, line, RouterSettings::healthy());
    run(&mut world, HOUR_MS);
    world.probes()
}

#[test]
fn an_idle_line_asks_its_reflectors_a_fifth_as_often() {
    let often = probes_of_an_hour(&classic(&wan(110, 22)), LinkSettings::quiet());
    assert_eq!(often, 216_003, "three reflectors twenty times a second");
    for (line, settings, most) in [
        (LinkSettings::quiet(), wan(110, 22), 46_000),
        (LinkSettings::dsl(), wan(55, 11), 46_000),
        (LinkSettings::cable(), wan(550, 55), 47_000),
        (LinkSettings::lte(), wan(44, 16), 60_000),
    ] {
        let asked = probes_of_an_hour(&adaptive(&settings), line);
        assert!((43_200..most).contains(&asked), "{asked} of {most}");
    }
}

#[test]
fn who_does_not_know_the_load_asks_in_each_cycle() {
    let unreadable = RouterSettings {
        refusals: vec![(window(0, FOR_EVER), is_count, FailureKind::Rejected)],
        ..RouterSettings::healthy()
    };
    let mut world = world(&adaptive(&wan(110, 22)), LinkSettings::quiet(), unreadable);
    run(&mut world, HOUR_MS);
    assert_eq!(world.probes(), 216_003);
}

#[test]
fn a_full_line_wakes_the_probes_within_one_slow_period_of_its_first_delay() {
    for direction in Direction::BOTH {
        for phase in 0..10 {
            let begin = ASLEEP_MS + phase * 50;
            let line = LinkSettings::quiet();
            let mut world =
                quiet(line.with_load(direction, window(begin, FOR_EVER), Demand::Greedy));
            run(&mut world, begin);
            assert_eq!(pace(&mut world), Pace::Seldom);
            // Grows by 10 % of what the line carries: 7.5 ms more after that long.
            let delayed = at(begin) + Span::from_millis(100);
            let awake = first(&mut world, Pace::Often, begin + 3_000).unwrap();
            let took = awake.since(delayed);
            assert!(took <= SELDOM + Span::from_millis(100), "{direction:?} {phase}: {took:?}");
            run(&mut world, begin + 120_000);
            assert_eq!(pace(&mut world), Pace::Often);
        }
    }
}

#[test]
fn a_load_without_delay_wakes_them_as_soon_as_it_is_counted() {
    let call = Demand::Fixed(wanctl::control::units::Rate::from_bps(15_000_000).unwrap());
    let line =
        LinkSettings::quiet().with_load(Direction::Download, window(ASLEEP_MS, 90_000), call);
    let mut world = quiet(line);
    run(&mut world, ASLEEP_MS);
    let awake = first(&mut world, Pace::Often, 90_000).unwrap();
    // Counted each second, and looked at in each round.
    assert!(awake.since(at(ASLEEP_MS)) <= Span::from_millis(2_000), "{awake:?}");
    let asleep = first(&mut world, Pace::Seldom, 150_000).unwrap();
    let after = asleep.since(at(90_000));
    assert!((29..34).contains(&after.as_secs()), "{after:?}");
}

#[test]
fn a_line_that_goes_while_it_sleeps_is_missed_within_a_second_and_a_half() {
    for phase in 0..40 {
        let gone = ASLEEP_MS + phase * 25;
        let mut world = quiet(LinkSettings::quiet().with_outage(window(gone, FOR_EVER)));
        run(&mut world, gone);
        assert_eq!(pace(&mut world), Pace::Seldom);
        let awake = first(&mut world, Pace::Often, gone + 600).unwrap();
        assert!(awake.since(at(gone)) <= SELDOM + Span::from_millis(100), "phase {phase}");
        let mut lost = None;
        let watch = |world: &mut World| {
            if lost.is_none()
                && matches!(world.engine().wans()[0].signal(), wan::Signal::Lost { .. })
            {
                lost = Some(world.now());
            }
        };
        world.run_until(at(gone + 5_000), watch).unwrap();
        let took = lost.unwrap().since(at(gone));
        assert!((1_000..=1_400).contains(&took.as_millis()), "phase {phase}: {took:?}");
    }
}

#[test]
fn a_line_that_goes_is_missed_however_long_the_cycles() {
    for interval in [200, 250, 500, 1_000, 2_000] {
        let mut settings = adaptive(&wan(110, 22));
        settings.law.interval = Span::from_millis(interval);
        let mut line = LinkSettings::quiet();
        line.outages.push(window(200_000, FOR_EVER));
        let mut world = world(&settings, line, RouterSettings::healthy());
        run(&mut world, 230_000);
        let signal = world.engine().wans()[0].signal();
        assert!(matches!(signal, Signal::Lost { .. }), "{interval} ms: {signal:?}");
    }
}

#[test]
fn a_round_that_is_lost_is_looked_at_and_is_no_lost_signal() {
    for phase in 0..10 {
        let gap = ASLEEP_MS + phase * 100;
        let line = LinkSettings::quiet().with_outage(window(gap, gap + 300));
        let mut world = quiet(line);
        run(&mut world, gap - 1);
        let before = world.probes();
        let awake = first(&mut world, Pace::Often, gap + 1_200);
        assert!(awake.is_some(), "phase {phase}");
        run(&mut world, gap + 10_000);
        assert_eq!(pace(&mut world), Pace::Seldom, "phase {phase}");
        let asked = world.probes() - before;
        assert!(asked <= 3 * (40 + 20), "phase {phase}: {asked}");
        let told = of_wan(&world.take_events(), 0);
        let is_lost = |news: &&WanNews| matches!(news, WanNews::Signal(SignalNews::Lost { .. }));
        assert_eq!(told.iter().find(is_lost), None, "phase {phase}");
    }
}

#[test]
fn a_reflector_that_dies_while_the_line_sleeps_is_set_aside_within_three_seconds() {
    let mut line = LinkSettings::quiet();
    line.reflectors[1].dead.push(window(ASLEEP_MS, FOR_EVER));
    let mut world = quiet(line);
    run(&mut world, ASLEEP_MS + 3_000);
    let (lost, aside) = world.engine().wans()[0].reflectors().state(1).unwrap();
    assert!(aside, "{lost} lost");
}

#[test]
fn a_longer_path_is_learnt_as_fast_from_asleep() {
    let line = LinkSettings::quiet();
    let longer = line.base_rtt.at(at(0)) + Span::from_millis(40);
    let base_rtt = line.base_rtt.clone().then(at(ASLEEP_MS), longer);
    let mut world = quiet(LinkSettings { base_rtt, ..line });
    run(&mut world, ASLEEP_MS);
    let _ = world.take_events();
    run(&mut world, ASLEEP_MS + 2_500);
    let told = of_wan(&world.take_events(), 0);
    assert!(told.iter().any(|news| matches!(news, WanNews::PathChanged(..))), "{told:?}");
    run(&mut world, ASLEEP_MS + 5_000);
    assert_eq!(pace(&mut world), Pace::Seldom);
}

#[test]
fn the_baseline_follows_as_fast_from_asleep() {
    let line = LinkSettings::quiet();
    let longer = line.base_rtt.at(at(0)) + Span::from_millis(2);
    let base_rtt = line.base_rtt.clone().then(at(ASLEEP_MS), longer);
    let mut world = quiet(LinkSettings { base_rtt, ..line });
    run(&mut world, ASLEEP_MS);
    let before = world.engine().wans()[0].saved().unwrap().baseline;
    // Its time constant is 50 s: two thirds of the way by then, at 20 rounds a second and at four.
    run(&mut world, ASLEEP_MS + 50_000);
    assert_eq!(pace(&mut world), Pace::Seldom);
    let moved = world.engine().wans()[0].saved().unwrap().baseline.above(before);
    assert!((1.1..1.4).contains(&moved), "{moved} ms of 2 ms");
}

#[test]
fn a_router_that_no_longer_answers_wakes_the_probes() {
    let mut router = RouterSettings::healthy();
    router.failures = vec![(window(ASLEEP_MS, 70_000), FailureKind::Timeout)];
    let mut world = world(&adaptive(&wan(110, 22)), LinkSettings::quiet(), router);
    run(&mut world, ASLEEP_MS);
    assert_eq!(pace(&mut world), Pace::Seldom);
    let awake = first(&mut world, Pace::Often, 70_000).unwrap();
    assert!(awake.since(at(ASLEEP_MS)) <= Span::from_secs(4), "{awake:?}");
    let asleep = first(&mut world, Pace::Seldom, 150_000).unwrap();
    assert!(asleep >= at(100_000), "{asleep:?}");
}

#[test]
fn losses_by_chance_do_not_keep_the_probes_awake() {
    let line = LinkSettings { loss: Ratio::from_ppm(20_000), ..LinkSettings::quiet() };
    let asked = probes_of_an_hour(&adaptive(&wan(110, 22)), line);
    assert!(asked < 48_000, "{asked}");
}

#[test]
fn a_slow_path_lets_the_line_sleep_as_well() {
    let base_rtt = Schedule::constant(Span::from_millis(700));
    let line = LinkSettings { base_rtt, ..LinkSettings::quiet() };
    let mut settings = adaptive(&wan(110, 22));
    settings.law.baseline.max = ms(1_000.0);
    let asked = probes_of_an_hour(&settings, line);
    assert!(asked < 46_000, "{asked}");
}

/// Whether the probes may sleep before a load comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    Allowed,
    Forbidden,
}

/// When the load of a comparison begins, by seed: at any point of a slow period.
fn begin(seed: u64) -> u64 {
    180_000 + seed * 83
}

/// What the queues add, in ms, in each cycle of the first seconds of a load: mean, p95, p99.
fn delays(settings: &wan::Settings, line: LinkSettings, seed: u64, sleep: Sleep) -> [f64; 3] {
    let mut world = World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], seed);
    let watch = |world: &mut World| {
        if sleep == Sleep::Forbidden {
            let now = world.now();
            world.engine().wan_mut(WanId(0)).unwrap().stay_awake(now);
        }
    };
    world.run_until(at(begin(seed) - 1), watch).unwrap();
    assert_eq!(pace(&mut world) == Pace::Seldom, sleep == Sleep::Allowed);
    let mut delays = Vec::new();
    let watch = |world: &mut World| {
        let stats = world.link(0).unwrap().stats();
        let queues = stats.download.queue_delay + stats.upload.queue_delay;
        delays.push(queues.as_micros() as f64 / 1_000.0);
    };
    world.run_until(at(begin(seed) + 20_000), watch).unwrap();
    delays.sort_by(f64::total_cmp);
    let of = |share: usize| delays[(delays.len() - 1) * share / 100];
    [delays.iter().sum::<f64>() / delays.len() as f64, of(95), of(99)]
}

/// What uses the line before it sleeps, and then.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// Nobody has used it yet, so that it is not known what it carries.
    First,
    /// Somebody has, for long.
    Again,
    /// Half a second of all that there is, each two seconds, as again.
    Pages,
}

fn used(line: &LinkSettings, direction: Direction, by: Use, seed: u64) -> LinkSettings {
    let from = begin(seed);
    let load = |line: LinkSettings, from: u64, to: u64| {
        line.with_load(direction, window(from, to), Demand::Greedy)
    };
    match by {
        Use::First => load(line.clone(), from, FOR_EVER),
        Use::Again => load(load(line.clone(), 10_000, 120_000), from, FOR_EVER),
        Use::Pages => (0..10).fold(load(line.clone(), 10_000, 120_000), |line, turn| {
            load(line, from + turn * 2_000, from + turn * 2_000 + 500)
        }),
    }
}

/// The sums of [`delays`] over some lines, directions and seeds.
fn compared(by: Use, sleep: Sleep) -> [f64; 3] {
    let lines = [
        (LinkSettings::quiet(), wan(110, 22)),
        (LinkSettings::dsl(), wan(55, 11)),
        (LinkSettings::cable(), wan(550, 55)),
        (LinkSettings::lte(), wan(44, 16)),
    ];
    let mut sums = [0.0; 3];
    for (line, settings) in lines {
        for (direction, seed) in
            Direction::BOTH.iter().flat_map(|way| (0..6).map(move |s| (way, s)))
        {
            let line = used(&line, *direction, by, seed);
            let own = delays(&adaptive(&settings), line, seed, sleep);
            for (sum, value) in sums.iter_mut().zip(own) {
                *sum += value / 48.0;
            }
        }
    }
    println!("{by:?} {sleep:?}: mean, p95, p99 {sums:.1?} ms");
    sums
}

#[test]
fn a_load_that_meets_the_probes_asleep_makes_hardly_more_delay_than_one_that_does_not() {
    // The first load of all begins a tenth too fast, and each 100 ms until it is seen are 10 ms.
    for (by, more) in [(Use::First, 12.0), (Use::Again, 3.0), (Use::Pages, 2.0)] {
        let (asleep, awake) = (compared(by, Sleep::Allowed), compared(by, Sleep::Forbidden));
        for (asleep, awake) in asleep.into_iter().zip(awake) {
            assert!(asleep <= awake + more, "{by:?}: {asleep} ms, awake {awake} ms");
        }
    }
}
