//! What the queues have counted, read beside everything else.

use wanctl::{
    control::{
        applier::Layout,
        event::Request,
        failure::FailureKind,
        tally::Consumer,
        time::Span,
        units::{Direction, Flow},
        wan::{Settings, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, busy, converges, count, of_wan, run, window};
use crate::support::settings::{self, classic, mbit};

/// With the classic law, which needs no counters: nobody but the test wants them.
fn wan(download: u64, upload: u64) -> Settings {
    classic(&settings::wan(download, upload))
}

const fn counts(request: Request) -> bool {
    matches!(request, Request::Count(..))
}

const fn writes(request: Request) -> bool {
    matches!(request, Request::Write(..))
}

fn want(world: &mut World, millis: u64) {
    let wan = world.engine().wan_mut(WanId(0)).unwrap();
    wan.want_counts(Consumer::Steering, Some(Span::from_millis(millis)));
}

fn flow(world: &mut World, direction: Direction) -> Option<Flow> {
    let now = world.now();
    world.engine().wans()[0].tally().flow(direction, now)
}

#[test]
fn nobody_is_asked_for_counters_that_nobody_wants() {
    let mut world = World::new(vec![(wan(520, 52), busy(5))], vec![RouterSettings::healthy()], 1);
    run(&mut world, 300_000);
    assert_eq!(count(&world.take_requests(), counts), 0);
}

/// As the README has it: two per second on an idle line, ten on a loaded one, half of that with a
/// simple queue.
#[test]
fn the_adaptive_law_asks_for_counters_as_often_as_is_said() {
    for (layout, idle, loaded) in [(Layout::PerDirection, 600, 3_000), (Layout::Pair, 300, 1_500)] {
        let load = window(400_000, FOR_EVER);
        let line = LinkSettings::quiet().with_load(Direction::Download, load, Demand::Greedy);
        let settings = Settings { layout, ..settings::wan(110, 22) };
        let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
        for (from, most) in [(60_000, idle), (420_000, loaded)] {
            run(&mut world, from);
            world.take_requests();
            run(&mut world, from + 300_000);
            let asked = count(&world.take_requests(), counts);
            // Each turn begins at the end of a cycle.
            let said = most * 9 / 10..=most;
            assert!(said.contains(&asked), "{layout:?}: {asked} in five minutes, not {most}");
        }
    }
}

#[test]
fn the_flow_is_what_passes_the_router() {
    let call = Demand::Fixed(mbit(30));
    let line = LinkSettings::quiet().with_load(Direction::Download, window(5_000, FOR_EVER), call);
    let mut world = World::new(vec![(wan(90, 18), line)], vec![RouterSettings::healthy()], 1);
    want(&mut world, 250);
    run(&mut world, 20_000);
    let down = flow(&mut world, Direction::Download).unwrap().bps();
    assert!((29_500_000..30_500_000).contains(&down), "{down}");
    assert_eq!(flow(&mut world, Direction::Upload), None, "steering needs the download alone");
    let asked = count(&world.take_requests(), counts);
    assert!((75..=85).contains(&asked), "{asked} in 20 s, once each 250 ms");
}

#[test]
fn counters_that_begin_anew_and_a_router_that_was_away_make_the_flow_unknown() {
    let call = Demand::Fixed(mbit(30));
    let line = LinkSettings::quiet().with_load(Direction::Download, window(0, FOR_EVER), call);
    let mut router = RouterSettings::healthy();
    router.failures.push((window(30_000, 40_000), FailureKind::Refused));
    let mut world = World::new(vec![(wan(90, 18), line)], vec![router], 1);
    want(&mut world, 250);
    run(&mut world, 20_000);
    world.recount(0);
    let mut unknown = 0;
    for millis in (20_000..21_000).step_by(10) {
        run(&mut world, millis);
        match flow(&mut world, Direction::Download) {
            None => unknown += 1,
            Some(flow) => assert!((29_000_000..31_000_000).contains(&flow.bps()), "{flow:?}"),
        }
    }
    assert!((20..=30).contains(&unknown), "{unknown}: from the reset to the second reading");
    run(&mut world, 35_000);
    assert_eq!(flow(&mut world, Direction::Download), None);
    run(&mut world, 60_000);
    assert!(flow(&mut world, Direction::Download).is_some());
}

#[test]
fn counters_that_cannot_be_read_trouble_no_limit() {
    for kind in [FailureKind::NotFound, FailureKind::Rejected, FailureKind::Garbage] {
        let mut router = RouterSettings::healthy();
        router.refusals.push((window(0, FOR_EVER), counts, kind));
        let mut world = World::new(vec![(wan(520, 52), busy(10))], vec![router], 1);
        want(&mut world, 200);
        run(&mut world, 600_000);
        assert_eq!(world.engine().wans()[0].applier().counters().failed, 0, "{kind:?}");
        assert!(count(&world.take_requests(), counts) < 40, "{kind:?}: less and less often");
        assert!(converges(&mut world, 0), "{kind:?}");
        let told = of_wan(&world.take_events(), 0);
        let trouble = |news: &_| matches!(news, wanctl::control::event::WanNews::QueueTrouble(..));
        assert!(!told.iter().any(trouble), "{kind:?}");
    }
}

#[test]
fn reading_counters_holds_up_no_write_for_longer_than_one_answer() {
    let mut router = RouterSettings::healthy();
    router.latency = Schedule::constant(Span::from_millis(200));
    let run_with = |period: Option<u64>| {
        let mut world = World::new(vec![(wan(520, 52), busy(10))], vec![router.clone()], 1);
        if let Some(period) = period {
            want(&mut world, period);
        }
        run(&mut world, 600_000);
        assert!(converges(&mut world, 0));
        let requests = world.take_requests();
        let cuts = count(&requests, writes);
        (cuts, count(&requests, counts))
    };
    let (alone, none) = run_with(None);
    let (beside, counted) = run_with(Some(200));
    assert_eq!(none, 0);
    assert!(beside * 10 >= alone * 8, "{beside} writes beside counters, {alone} without");
    let most = 600_000 / (4 * 200) + 1;
    assert!((most / 2..=most).contains(&counted), "{counted}: a quarter of its time");
}

/// The first of five lines is asked for its counters each half second, and the limits of the others
/// change so often that the router, which takes 200 ms, is never idle.
fn never_idle() -> World {
    let call = Demand::Fixed(mbit(30));
    let steady = LinkSettings::quiet().with_load(Direction::Download, window(0, FOR_EVER), call);
    let mut lines = vec![(wan(90, 18), steady)];
    lines.extend((0..4).map(|_| (wan(520, 52), busy(10))));
    let mut router = RouterSettings::healthy();
    router.latency = Schedule::constant(Span::from_millis(200));
    let mut world = World::new(lines, vec![router], 1);
    want(&mut world, 500);
    world
}

#[test]
fn on_a_slow_router_that_limits_keep_busy_the_counters_have_their_turn_and_no_more() {
    let mut world = never_idle();
    run(&mut world, 60_000);
    world.take_requests();
    let mut unknown = 0;
    for millis in (60_000..120_000).step_by(100) {
        run(&mut world, millis);
        unknown += u32::from(flow(&mut world, Direction::Download).is_none());
    }
    let requests = world.take_requests();
    assert!(requests.len() >= 290, "{} requests in a minute: it was idle", requests.len());
    let about_counts = |(_, (_, _, request)): &(usize, &(_, _, Request))| counts(*request);
    let places: Vec<usize> =
        requests.iter().enumerate().filter(about_counts).map(|(place, _)| place).collect();
    // Half a second late, after the answer on the way: every six or seven requests.
    assert!((40..=60).contains(&places.len()), "{} readings in a minute", places.len());
    for pair in places.windows(2) {
        let between = pair[1] - pair[0] - 1;
        assert!((3..=8).contains(&between), "{between} requests between two readings");
    }
    assert_eq!(unknown, 0, "of 600 looks at the flow");
}
