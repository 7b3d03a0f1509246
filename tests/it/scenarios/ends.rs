//! The end: both queues from one decision, in bounded time, without spinning.

use wanctl::{
    control::{
        applier::{Layout, OnExit},
        event::Request,
        failure::FailureKind,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{RouterId, Settings},
    },
    sim::{
        link::LinkSettings,
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, UP, busy, limits, run, window};
use crate::support::settings::{Wan, at, laws, mbit};

/// Stops at `ms` and gives when it was drained, at most five seconds later.
fn stop(world: &mut World, ms: u64) -> Option<Span> {
    run(world, ms);
    world.engine().on_stop(at(ms));
    (0..=5_000).find_map(|after| {
        run(world, ms + after);
        let now = world.now();
        world.engine().is_drained(now).then_some(Span::from_millis(after))
    })
}

fn some(download: Rate, upload: Rate) -> PerDirection<Option<Rate>> {
    PerDirection { download: Some(download), upload: Some(upload) }
}

#[test]
fn the_exit_rates_are_set_in_both_layouts() {
    for (_, wan) in laws() {
        for layout in [Layout::PerDirection, Layout::Pair] {
            let mut settings = wan(520, 52);
            settings.layout = layout;
            settings.on_exit =
                PerDirection { download: OnExit::Set(mbit(400)), upload: OnExit::Keep };
            let mut world =
                World::new(vec![(settings, busy(5))], vec![RouterSettings::healthy()], 1);
            let drained = stop(&mut world, 75_030).unwrap();
            assert!(drained <= Span::from_millis(50), "{drained:?}");
            let upload = world.engine().wans()[0].wanted().upload;
            assert_eq!(limits(&world, 0), some(mbit(400), upload));
        }
    }
}

/// Stopped before anything was decided: what shall be kept is kept as it was found.
#[test]
fn without_a_decision_only_the_direction_with_an_exit_rate_is_written() {
    for (_, wan) in laws() {
        for layout in [Layout::PerDirection, Layout::Pair] {
            for stopped in [0, 3, 500] {
                let mut settings = wan(520, 52);
                settings.layout = layout;
                settings.on_exit =
                    PerDirection { download: OnExit::Set(mbit(400)), upload: OnExit::Keep };
                let initial = some(mbit(300), mbit(30));
                let router = RouterSettings { initial, ..RouterSettings::healthy() };
                let mut world =
                    World::new(vec![(settings, LinkSettings::cable())], vec![router], 1);
                assert!(stop(&mut world, stopped).is_some());
                assert_eq!(limits(&world, 0), some(mbit(400), mbit(30)), "{layout:?} {stopped}");
            }
        }
    }
}

#[test]
fn without_a_decision_and_exit_rates_nothing_is_written() {
    for (_, wan) in laws() {
        let initial = some(mbit(300), mbit(30));
        let router = RouterSettings { initial, ..RouterSettings::healthy() };
        let mut world = World::new(vec![(wan(520, 52), LinkSettings::cable())], vec![router], 1);
        assert!(stop(&mut world, 1_000).is_some());
        assert_eq!(world.load_of(0).0, 0);
        assert_eq!(limits(&world, 0), initial);
    }
}

/// Stops at each millisecond of the first three seconds, the baseline not yet known in the first
/// two; gives how often the limits stayed as found and how often they were what was wanted.
fn stop_at_each_moment(
    settings: &Settings,
    initial: PerDirection<Option<Rate>>,
    latency: Span,
) -> (u32, u32) {
    let router = RouterSettings {
        initial,
        latency: Schedule::constant(latency),
        ..RouterSettings::healthy()
    };
    let mut world = World::new(vec![(*settings, LinkSettings::quiet())], vec![router], 1);
    let (mut kept, mut replaced) = (0, 0);
    for ms in 0..3_000 {
        let mut stopped = world.clone();
        let case = format!("found {initial:?}, answers in {latency:?}, stopped at {ms} ms");
        assert!(stop(&mut stopped, ms).is_some(), "{case}");
        let wanted = stopped.engine().wans()[0].wanted().map(Some);
        let left = limits(&stopped, 0);
        assert!(left == initial || left == wanted, "{left:?} of two decisions: {case}");
        kept += u32::from(left == initial);
        replaced += u32::from(left != initial);
        run(&mut world, ms + 1);
    }
    (kept, replaced)
}

/// Limits out of bounds are replaced before anything is decided. Whoever ends that halfway leaves
/// one queue as it was found and the other one as control wants it.
#[test]
fn a_stop_at_any_moment_leaves_both_queues_as_found_or_both_as_wanted() {
    for (_, wan) in laws() {
        let both_out = some(mbit(900), mbit(90));
        for latency in [1, 5, 40, 120, 300] {
            let latency = Span::from_millis(latency);
            let (kept, replaced) = stop_at_each_moment(&wan(400, 40), both_out, latency);
            assert!(kept > 0 && replaced > 2_000, "{latency:?}: {kept} kept, {replaced} replaced");
            let one_out = [some(mbit(300), mbit(90)), some(mbit(900), mbit(30))];
            for initial in one_out.into_iter().chain([PerDirection::both(None)]) {
                stop_at_each_moment(&wan(400, 40), initial, latency);
            }
        }
        let (kept, _) =
            stop_at_each_moment(&wan(400, 40), some(mbit(300), mbit(30)), Span::from_millis(120));
        assert!(kept > 1_900, "nothing to replace before a decision: {kept}");
    }
}

/// Ends a daemon before this router at that millisecond: how long it took to set the exit rates, which
/// are not the limits found.
fn exit(wan: Wan, router: RouterSettings, ms: u64) -> Span {
    let on_exit = PerDirection::both(OnExit::Set(mbit(52)));
    let settings = Settings { on_exit, ..wan(520, 52) };
    let mut world = World::new(vec![(settings, busy(5))], vec![router], 1);
    let drained = stop(&mut world, ms).unwrap();
    assert_eq!(limits(&world, 0), some(mbit(52), mbit(52)));
    drained
}

/// A connection that breaks once at the end must not leave the pair half written.
#[test]
fn a_connection_that_breaks_at_the_end_is_made_again() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(75_033, 75_300), FailureKind::Reset));
        let drained = exit(wan, router, 75_030);
        assert!(drained <= Span::from_secs(1), "{drained:?}");
    }
}

#[test]
fn a_queue_that_is_refused_once_at_the_end_is_tried_again() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        let upload = |request| matches!(request, Request::Write(_, UP, _));
        router.refusals.push((window(75_030, 75_100), upload, FailureKind::Rejected));
        let drained = exit(wan, router, 75_030);
        assert!(drained <= Span::from_secs(1), "{drained:?}");
    }
}

/// The back-off of a router that has been away for an hour does not hide that it is back.
#[test]
fn a_router_just_back_is_tried_once_more_at_the_end() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(75_000, 3_600_000), FailureKind::Refused));
        let drained = exit(wan, router, 3_600_001);
        assert!(drained <= Span::from_millis(100), "{drained:?}");
    }
}

#[test]
fn a_router_that_stays_away_does_not_hold_up_the_end() {
    for (_, wan) in laws() {
        for kind in FailureKind::ALL {
            let mut router = RouterSettings::healthy();
            router.failures.push((window(60_000, FOR_EVER), kind));
            let mut world = World::new(vec![(wan(520, 52), busy(5))], vec![router], 1);
            let drained = stop(&mut world, 75_030);
            assert!(
                drained.is_some_and(|after| after <= Span::from_secs(3)),
                "{kind:?} {drained:?}"
            );
        }
    }
}

/// A settled queue whose regular read is due while another router keeps the end waiting.
#[test]
fn the_wait_for_a_slow_router_does_not_spin() {
    for (_, wan) in laws() {
        let mut second = wan(100, 20);
        second.router = RouterId(1);
        let mut slow = RouterSettings::healthy();
        slow.failures.push((window(60_000, FOR_EVER), FailureKind::Timeout));
        let wans = vec![(wan(500, 50), LinkSettings::quiet()), (second, LinkSettings::quiet())];
        let mut world = World::new(wans, vec![RouterSettings::healthy(), slow], 1);
        run(&mut world, 59_990);
        world.engine().on_stop(at(59_990));
        let mut ticks: Vec<Instant> = Vec::new();
        world
            .run_until(at(62_000), |world| {
                ticks.push(world.now());
                assert!(ticks.len() < 1_000, "spinning: {:?}", &ticks[990..]);
            })
            .unwrap();
        assert!(ticks.len() < 200, "{}", ticks.len());
        assert_eq!(world.limit(0, Direction::Download), Some(mbit(500)));
    }
}
