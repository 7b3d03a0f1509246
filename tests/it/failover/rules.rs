//! The rules of the change, one by one, in virtual time.

use wanctl::{
    control::{
        event::{Request, RouterNews, What},
        failover::{
            Fallback,
            Route::{self, Fallback as Other, Preferred},
            Turn,
        },
        failure::FailureKind,
        time::{Instant, Span},
        units::Direction,
        wan::RouterId,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use super::take_routed;
use crate::support::settings::{at, wan};

const FOR_EVER: u64 = u64::MAX / 2_000;

fn window(from: u64, to: u64) -> Window {
    Window { from: at(from), to: at(to) }
}

fn two_ways() -> RouterSettings {
    RouterSettings { fallback: Fallback::Present, ..RouterSettings::healthy() }
}

/// An idle line.
fn world(router: RouterSettings) -> World {
    World::new(vec![(wan(520, 52), LinkSettings::quiet())], vec![router], 1)
}

fn run(world: &mut World, to: u64) {
    world.run_until(at(to), |_| ()).unwrap();
}

fn turns(world: &mut World) -> Vec<(Instant, Turn)> {
    let events = world.take_events();
    let turn = |event: &wanctl::control::event::Event| match event.what {
        What::Router(RouterId(0), RouterNews::Turned(turn)) => Some((event.at, turn)),
        What::Router(..) | What::Wan(..) | What::Steering(..) => None,
    };
    events.iter().filter_map(turn).collect()
}

/// The first request over this way.
fn first(requests: &[(Instant, Route, Request)], over: Route) -> (Instant, Request) {
    let found = requests.iter().find(|(_, route, _)| *route == over);
    let (asked, _, request) = *found.unwrap();
    (asked, request)
}

#[test]
fn after_the_change_the_other_transport_is_asked_at_once_but_never_while_the_router_rests() {
    for (kind, rest) in [
        (FailureKind::Refused, Span::ZERO),
        (FailureKind::Tls, Span::ZERO),
        (FailureKind::Timeout, Span::from_secs(3)),
    ] {
        let mut router = two_ways();
        router.ways.push((window(0, FOR_EVER), Preferred, kind));
        let mut world = world(router);
        run(&mut world, 20_000);
        let [(turned, Turn::Away { .. })] = turns(&mut world)[..] else { panic!("{kind:?}") };
        let requests = take_routed(&mut world);
        let (asked, request) = first(&requests, Other);
        assert_eq!(asked, turned + rest, "{kind:?}");
        assert!(matches!(request, Request::Read(..)), "{request:?}");
        let before = requests.iter().filter(|(asked, ..)| *asked < turned).count();
        assert_eq!(before, 2, "{kind:?}");
    }
}

#[test]
fn a_try_comes_just_when_it_is_due_and_what_it_finds_concerns_nobody_else() {
    for kind in
        [FailureKind::Refused, FailureKind::Timeout, FailureKind::Auth, FailureKind::Rejected]
    {
        let mut router = two_ways();
        // Whatever the tries find afterwards, it was left because nobody listened.
        router.ways.push((window(0, 80_000), Preferred, FailureKind::Reset));
        router.ways.push((window(80_000, FOR_EVER), Preferred, kind));
        let mut world = world(router);
        run(&mut world, 79_000);
        let [(left, _)] = turns(&mut world)[..] else { panic!("{kind:?}") };
        take_routed(&mut world);
        // 30 s after it was left, and 60 s after that try failed.
        let due = world.engine().routers()[0].failover().deadline().unwrap();
        assert!(due.since(left + Span::from_secs(90)) <= Span::from_millis(20), "{due:?}");
        let before = world.engine().wans()[0].applier().confirmed();
        world.run_until(due + Span::from_millis(2_900), |_| ()).unwrap();
        let (asked, request) = first(&take_routed(&mut world), Preferred);
        assert_eq!(asked, due, "{kind:?}");
        assert!(matches!(request, Request::Read(..)), "{kind:?}: {request:?}");
        assert_eq!(world.take_events(), [], "{kind:?}");
        assert_eq!(world.engine().wans()[0].applier().confirmed(), before);
        assert!(world.engine().wans()[0].applier().settled(), "{kind:?}: no limit is in doubt");
    }
}

/// A try that times out is followed by the rest that every time-out is followed by.
#[test]
fn after_a_try_that_times_out_the_router_rests() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Timeout));
    let busy =
        LinkSettings::cable().with_load(Direction::Download, window(0, FOR_EVER), Demand::Greedy);
    let mut world = World::new(vec![(wan(520, 52), busy)], vec![router], 1);
    run(&mut world, 30_000);
    let [(left, _)] = turns(&mut world)[..] else { panic!() };
    let due = left + Span::from_secs(30);
    take_routed(&mut world);
    world.run_until(due + Span::from_millis(500), |_| ()).unwrap();
    let (_, request) = first(&take_routed(&mut world), Preferred);
    assert!(matches!(request, Request::Read(..)), "{request:?}");
    world.run_until(due + Span::from_secs(10), |_| ()).unwrap();
    let (next, route, _) = take_routed(&mut world)[0];
    assert!(next >= due + Span::from_secs(5) && route == Other, "{next:?} after {due:?}");
    assert!(next <= due + Span::from_secs(7), "{next:?} after {due:?}");
    assert_eq!(world.overlaps(0), 0);
}

#[test]
fn a_login_that_the_preferred_transport_never_took_leads_to_the_other_one() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Auth));
    let mut world = world(router);
    run(&mut world, 20_000);
    let turns = turns(&mut world);
    assert!(matches!(turns[..], [(_, Turn::Away { kind: FailureKind::Auth, .. })]), "{turns:?}");
    assert!(world.engine().wans()[0].applier().settled());
}

/// A password that was changed: nothing is answered any more, not even the facts.
#[test]
fn a_login_that_is_refused_altogether_later_leads_to_the_other_one() {
    let mut router = two_ways();
    router.ways.push((window(100_000, FOR_EVER), Preferred, FailureKind::Auth));
    let mut world = world(router);
    run(&mut world, 200_000);
    let turns = turns(&mut world);
    assert!(matches!(turns[..], [(_, Turn::Away { kind: FailureKind::Auth, .. })]), "{turns:?}");
    assert!(world.engine().wans()[0].applier().settled());
    let asked = take_routed(&mut world);
    let refused = asked.iter().filter(|(at, route, _)| seconds(*at) >= 100 && *route == Preferred);
    assert!(refused.count() <= 8, "each is a critical line in the router's log");
}

fn seconds(at: Instant) -> u64 {
    at.since(Instant::default()).as_secs()
}

/// The user may read, but not write: the other transport would not help, and the changes to and fro
/// would never end.
#[test]
fn a_refused_write_from_a_router_that_answers_the_rest_changes_nothing() {
    for kind in [FailureKind::Auth, FailureKind::Garbage, FailureKind::Rejected] {
        let mut router = two_ways();
        router.refusals.push((
            window(0, FOR_EVER),
            |request| matches!(request, Request::Write(..)),
            kind,
        ));
        let mut world = world(router);
        run(&mut world, 600_000);
        assert_eq!(turns(&mut world), [], "{kind:?}");
        assert!(take_routed(&mut world).iter().all(|(_, route, _)| *route == Preferred));
    }
}

#[test]
fn at_the_end_there_are_no_tries_and_none_is_waited_for() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Timeout));
    let mut world = world(router);
    run(&mut world, 30_000);
    let [(left, _)] = turns(&mut world)[..] else { panic!() };
    let due = left + Span::from_secs(30);
    // One is on the way, and nothing else is to be done.
    world.run_until(due + Span::from_millis(500), |_| ()).unwrap();
    assert!(world.engine().routers()[0].is_busy());
    let now = world.now();
    world.engine().on_stop(now);
    assert!(world.engine().is_drained(now));

    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Refused));
    let mut world = self::world(router);
    run(&mut world, 25_000);
    let now = world.now();
    world.engine().on_stop(now);
    take_routed(&mut world);
    world.run_until(now + Span::from_secs(100), |_| ()).unwrap();
    assert_eq!(take_routed(&mut world), []);
}

/// At the end what was written over the other transport is brought to its end over the same one.
#[test]
fn a_stop_while_the_other_transport_is_in_use_settles_over_it() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Refused));
    let mut settings = wan(520, 52);
    let exit = wanctl::control::applier::OnExit::Set(crate::support::settings::mbit(100));
    settings.on_exit.download = exit;
    let mut world = World::new(vec![(settings, LinkSettings::quiet())], vec![router], 1);
    run(&mut world, 25_000);
    take_routed(&mut world);
    let now = world.now();
    world.engine().on_stop(now);
    world.run_until(now + Span::from_secs(2), |_| ()).unwrap();
    let now = world.now();
    assert!(world.engine().is_drained(now));
    let download = world.limit(0, Direction::Download);
    assert_eq!(download, Some(crate::support::settings::mbit(100)));
    assert!(take_routed(&mut world).iter().all(|(_, route, _)| *route == Other));
}
