//! Another configuration of a router while the other transport is in use, in virtual time.

use wanctl::{
    control::{
        change::{Change, KeptItems, KeptStandIns, KeptWan, KeptWays, NextRouter, NextWan},
        event::Request,
        failover::{
            Fallback,
            Route::{Fallback as Other, Preferred},
            Turn,
        },
        failure::FailureKind,
        time::{Instant, Span},
        units::Direction,
        wan::{RouterId, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        world::World,
    },
};

use super::{FOR_EVER, take_routed, turns, two_ways, window};
use crate::support::settings::{at, classic, wan};

/// REST fails like this from second 10 until then; the line is in use all the time, and by the classic
/// law there is something to write all the time too.
fn away(kind: FailureKind, until: u64) -> World {
    let mut router = two_ways();
    router.ways.push((window(10_000, until), Preferred, kind));
    let line = (0..20).fold(LinkSettings::cable(), |line, turn| {
        let load = window(turn * 10_000, turn * 10_000 + 5_000);
        line.with_load(Direction::Download, load, Demand::Greedy)
    });
    let mut settings = classic(&wan(520, 52));
    settings.write_budget = 7_200;
    let mut world = World::new(vec![(settings, line)], vec![router], 1);
    world.run_until(at(35_000), |_| ()).unwrap();
    assert!(matches!(turns(&mut world)[..], [(_, Turn::Away { .. })]));
    take_routed(&mut world);
    world
}

/// Another access to the same router from now on.
fn reload(world: &mut World, kept: KeptWays) {
    let settings = *world.engine().wans()[0].settings();
    let reflectors = [Some(0), Some(1), Some(2)].into_iter().collect();
    let (stand_ins, queues) = (KeptStandIns::Same, KeptItems::Doubted);
    let from = Some(KeptWan { wan: WanId(0), reflectors, stand_ins, queues });
    let (wans, routers) = ([NextWan { settings, from }], [NextRouter::After(RouterId(0), kept)]);
    let now = world.now();
    world.engine().reconfigure(
        &Change { wans: &wans, routers: &routers, steerings: &[], leaving: &[] },
        now,
        5,
    );
    world.engine().set_fallback(RouterId(0), Fallback::Present);
}

/// The other transport goes on after a try of the preferred one, to which something was done.
#[test]
fn a_reload_tries_the_preferred_transport_at_once_and_goes_on_over_the_other_one() {
    for kind in [FailureKind::Refused, FailureKind::Timeout, FailureKind::Tls] {
        let mut world = away(kind, FOR_EVER);
        let reloaded = world.now();
        reload(&mut world, KeptWays::Same);
        world.run_until(reloaded + Span::from_secs(3), |_| ()).unwrap();
        let asked = take_routed(&mut world);
        let tries = asked.iter().filter(|(_, route, _)| *route == Preferred);
        assert_eq!(tries.count(), 1, "{kind:?}: {asked:?}");
        assert!(matches!(asked[0], (_, Preferred, Request::Read(..))), "{kind:?}: {asked:?}");
        let write = |asked: &&(Instant, _, Request)| matches!(asked.2, Request::Write(..));
        let written = asked.iter().find(write).unwrap();
        assert!(matches!(asked[1].2, Request::Read(..)), "read back first: {asked:?}");
        assert!(written.0 <= reloaded + Span::from_millis(2_300), "{kind:?}: {asked:?}");
        assert_eq!(turns(&mut world), [], "{kind:?}: it was left long ago");
        let now = world.now();
        let failover = world.engine().routers()[0].failover();
        assert_eq!(failover.in_use(), Other, "{kind:?}");
        let next = failover.deadline().unwrap();
        assert!(next.since(now) <= Span::from_secs(60), "{kind:?}: the waits begin anew");
        assert_eq!(world.overlaps(0), 0, "{kind:?}");
    }
}

#[test]
fn a_reload_that_mends_the_preferred_transport_takes_it_back_at_once() {
    let mut world = away(FailureKind::Tls, 35_000);
    reload(&mut world, KeptWays::Same);
    world.run_until(at(35_200), |_| ()).unwrap();
    assert!(matches!(turns(&mut world)[..], [(_, Turn::Back { .. })]));
    assert!(take_routed(&mut world).iter().all(|(_, route, _)| *route == Preferred));
}

#[test]
fn a_reload_during_a_try_gives_it_up_and_lets_its_transport_rest() {
    let mut world = away(FailureKind::Timeout, FOR_EVER);
    let due = world.engine().routers()[0].failover().deadline().unwrap();
    world.run_until(due + Span::from_millis(100), |_| ()).unwrap();
    assert!(world.engine().routers()[0].is_busy());
    take_routed(&mut world);
    let reloaded = world.now();
    reload(&mut world, KeptWays::Same);
    world.run_until(reloaded + Span::from_secs(4), |_| ()).unwrap();
    let asked = take_routed(&mut world);
    assert!(
        matches!(asked[0], (when, Other, Request::Read(..)) if when <= reloaded + Span::from_millis(100))
    );
    let again = asked.iter().find(|(_, route, _)| *route == Preferred).unwrap();
    assert!(again.0 >= reloaded + Span::from_secs(3), "{asked:?}");
    assert!(again.0 <= reloaded + Span::from_millis(3_100), "{asked:?}");
}

#[test]
fn a_reload_with_another_preference_begins_anew() {
    let mut world = away(FailureKind::Refused, FOR_EVER);
    reload(&mut world, KeptWays::Others);
    assert_eq!(world.engine().routers()[0].failover().in_use(), Preferred);
    world.run_until(at(36_500), |_| ()).unwrap();
    assert!(matches!(turns(&mut world)[..], [(_, Turn::Away { .. })]), "twice, as at the start");
}
