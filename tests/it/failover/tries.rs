//! Tries of the preferred transport: what they must prove, whom they must not hold up, and how often
//! they come.

use wanctl::{
    control::{
        applier::OnExit,
        event::{Request, RouterNews, What},
        failover::{
            Fallback,
            Route::{Fallback as Other, Preferred},
            Turn,
        },
        failure::FailureKind,
        time::{Instant, Span},
        units::{Direction, PerDirection},
    },
    sim::{
        link::LinkSettings,
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use super::take_routed;
use crate::support::settings::{at, mbit, wan};

const FOR_EVER: u64 = u64::MAX / 2_000;

fn window(from: u64, to: u64) -> Window {
    Window { from: at(from), to: at(to) }
}

fn two_ways() -> RouterSettings {
    RouterSettings { fallback: Fallback::Present, ..RouterSettings::healthy() }
}

/// An idle line, and limits for the end that differ from those of the run.
fn world(router: RouterSettings) -> World {
    let mut settings = wan(520, 52);
    settings.on_exit =
        PerDirection { download: OnExit::Set(mbit(100)), upload: OnExit::Set(mbit(20)) };
    World::new(vec![(settings, LinkSettings::quiet())], vec![router], 1)
}

fn run(world: &mut World, to: Instant) {
    world.run_until(to, |_| ()).unwrap();
}

fn turns(world: &mut World) -> Vec<(Instant, Turn)> {
    let events = world.take_events();
    let turn = |event: &wanctl::control::event::Event| match event.what {
        What::Router(_, RouterNews::Turned(turn)) => Some((event.at, turn)),
        What::Router(..) | What::Wan(..) | What::Steering(..) => None,
    };
    events.iter().filter_map(turn).collect()
}

/// Stops now; whether the limits for the end are there within the two seconds that an end has.
fn ends_well(world: &mut World) -> bool {
    let now = world.now();
    world.engine().on_stop(now);
    run(world, now + Span::from_secs(2));
    let now = world.now();
    let limits = PerDirection {
        download: world.limit(0, Direction::Download),
        upload: world.limit(0, Direction::Upload),
    };
    let wanted = PerDirection { download: Some(mbit(100)), upload: Some(mbit(20)) };
    limits == wanted && world.engine().is_drained(now)
}

#[test]
fn a_stop_during_a_try_or_in_the_rest_after_it_still_sets_both_queues() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Timeout));
    let mut world = world(router);
    run(&mut world, at(30_000));
    let [(left, Turn::Away { .. })] = turns(&mut world)[..] else { panic!() };
    for after in [1, 500, 1_000, 1_990, 2_010, 3_000, 4_000, 4_990, 5_500] {
        run(&mut world, left + Span::from_secs(30) + Span::from_millis(after));
        assert!(ends_well(&mut world.clone()), "stopped {after} ms after the try began");
    }
}

/// The survey is the facts and whatever the shell reads with them.
#[test]
fn a_stop_during_the_survey_or_in_the_rest_after_it_still_sets_both_queues() {
    let mut router = RouterSettings::healthy();
    router.refusals.push((
        window(0, FOR_EVER),
        |request| request == Request::Facts,
        FailureKind::Timeout,
    ));
    let mut world = world(router);
    let mut stopped_meanwhile = 0;
    for ms in (2_500..12_000).step_by(130) {
        run(&mut world, at(ms));
        stopped_meanwhile += u32::from(world.engine().routers()[0].is_busy());
        assert!(ends_well(&mut world.clone()), "stopped at {ms} ms");
    }
    assert!(stopped_meanwhile > 10, "{stopped_meanwhile}");
}

#[test]
fn a_transport_that_answers_but_cannot_read_the_queues_does_not_take_control_back() {
    for kind in [FailureKind::Auth, FailureKind::Garbage, FailureKind::Rejected] {
        let mut router = two_ways();
        router.ways.push((window(0, 20_000), Preferred, FailureKind::Refused));
        let queues: wanctl::sim::world::Picks = |request| request != Request::Facts;
        router.ways_refusals.push((window(20_000, 400_000), Preferred, queues, kind));
        let mut world = world(router);
        run(&mut world, at(400_000));
        let seen = turns(&mut world);
        assert!(matches!(seen[..], [(_, Turn::Away { .. })]), "{kind:?}: {seen:?}");
        assert!(world.engine().wans()[0].applier().settled(), "{kind:?}");
        run(&mut world, at(800_000));
        let seen = turns(&mut world);
        assert!(matches!(seen[..], [(_, Turn::Back { .. })]), "{kind:?}: {seen:?}");
    }
}

/// A queue that is not there is an answer about it, by whichever transport.
#[test]
fn a_queue_that_does_not_exist_keeps_no_transport_from_coming_back() {
    for kind in [FailureKind::NotFound, FailureKind::Ambiguous] {
        let mut router = two_ways();
        router.ways.push((window(10_000, 70_000), Preferred, FailureKind::Refused));
        let queues: wanctl::sim::world::Picks = |request| request != Request::Facts;
        router.refusals.push((window(0, FOR_EVER), queues, kind));
        let mut world = world(router);
        run(&mut world, at(400_000));
        let seen = turns(&mut world);
        let there_and_back = [(0, true), (1, false)]
            .map(|(index, away)| matches!(seen.get(index), Some((_, Turn::Away { .. }))) == away);
        assert_eq!((there_and_back, seen.len()), ([true, true], 2), "{kind:?}: {seen:?}");
    }
}

#[test]
fn after_an_outage_of_both_transports_the_preferred_one_is_tried_within_half_a_minute() {
    // The waits are used up before, while one of them works, or while none does.
    for other_until in [61_000, 1_500_000] {
        let mut router = two_ways();
        router.ways.push((window(60_000, 2_005_000), Preferred, FailureKind::Refused));
        router.ways.push((window(other_until, 2_000_000), Other, FailureKind::Refused));
        let mut world = world(router);
        run(&mut world, at(2_200_000));
        let seen = turns(&mut world);
        let [(_, Turn::Away { .. }), (back, Turn::Back { .. })] = seen[..] else {
            panic!("{seen:?}")
        };
        assert!(back <= at(2_037_000), "{other_until}: {back:?}");
    }
}

/// RouterOS writes each refused login into its log as critical, whatever goes on elsewhere.
#[test]
fn refused_logins_by_one_transport_come_once_a_minute_though_the_other_one_is_asked_meanwhile() {
    for (refused, silent) in [(Preferred, Other), (Other, Preferred)] {
        let mut router = two_ways();
        router.ways.push((window(60_000, FOR_EVER), refused, FailureKind::Auth));
        router.ways.push((window(60_000, FOR_EVER), silent, FailureKind::Refused));
        let mut world = world(router);
        run(&mut world, at(1_200_000));
        let asked = take_routed(&mut world);
        let late = |from: u64, of| {
            asked.iter().filter(move |(when, way, _)| *when >= at(from) && *way == of)
        };
        let logins = late(300_000, refused).count();
        assert!((10..=22).contains(&logins), "{refused:?}: {logins} logins in 15 minutes");
        let others: Vec<_> = late(300_000, silent).map(|(when, ..)| *when).collect();
        for pair in others.windows(2) {
            assert!(pair[1].since(pair[0]) <= Span::from_secs(16), "{silent:?}: {pair:?}");
        }
        assert!(others.len() > 60, "{}", others.len());
    }
}
