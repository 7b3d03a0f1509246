//! A configured base: where a burst starts, whatever was learnt of the line.

use wanctl::{
    control::{
        rule::Choice,
        units::{Direction, PerDirection, Rate},
        wan,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, limits, run, window};
use crate::support::settings::{adaptive, at, mbit, wan};

/// The base of a line of 100 and 20 Mbit/s.
fn base() -> PerDirection<Rate> {
    PerDirection { download: mbit(60), upload: mbit(12) }
}

fn settings() -> wan::Settings {
    let mut settings = adaptive(&wan(110, 22));
    if let Choice::Adaptive(law) = &mut settings.choice {
        law.base = base().map(Some);
    }
    settings
}

fn world(line: LinkSettings) -> World {
    World::new(vec![(settings(), line)], vec![RouterSettings::healthy()], 1)
}

fn own(world: &World, direction: Direction) -> Rate {
    limits(world, 0).of(direction).unwrap()
}

/// The lowest limit until then.
fn lowest(world: &mut World, to_ms: u64, direction: Direction) -> Rate {
    let mut lowest = own(world, direction);
    let watch = |world: &mut World| lowest = lowest.min(own(world, direction));
    world.run_until(at(to_ms), watch).unwrap();
    lowest
}

#[test]
fn an_idle_line_comes_down_to_a_configured_base_and_a_burst_starts_there() {
    for direction in Direction::BOTH {
        let load = window(30_000, 60_000);
        let line = LinkSettings::quiet().with_load(direction, load, Demand::Greedy);
        let mut world = world(line);
        run(&mut world, 4_000);
        assert!(own(&world, direction) > *base().of(direction), "the ceiling, at first");
        run(&mut world, 15_000);
        assert_eq!(limits(&world, 0), base().map(Some));
        run(&mut world, 30_100);
        assert_eq!(own(&world, direction), *base().of(direction));
        run(&mut world, 59_900);
        let most = own(&world, direction);
        let far = base().of(direction).bps() * 14 / 10;
        assert!(most.bps() > far, "{direction:?}: {most:?}: beyond it under load");
        // Not at once: the next burst may be seconds away.
        run(&mut world, 63_000);
        assert_eq!(own(&world, direction), most);
        run(&mut world, 70_000);
        assert_eq!(own(&world, direction), *base().of(direction));
    }
}

#[test]
fn what_was_learnt_of_cuts_does_not_move_a_configured_base() {
    for direction in Direction::BOTH {
        let (usual, bad) = match direction {
            Direction::Download => (mbit(100), mbit(30)),
            Direction::Upload => (mbit(20), mbit(6)),
        };
        let mut line = LinkSettings::quiet();
        let capacity = &mut line.lanes.of_mut(direction).capacity;
        *capacity = Schedule::constant(usual).then(at(20_000), bad).then(at(120_000), usual);
        // Three bursts of a bad hour, and one after it.
        for second in [20, 50, 80, 140] {
            let burst = window(second * 1_000, second * 1_000 + 15_000);
            line = line.with_load(direction, burst, Demand::Greedy);
        }
        let mut world = world(line);
        for second in [20, 50, 80] {
            run(&mut world, second * 1_000 + 100);
            assert_eq!(own(&world, direction), *base().of(direction), "at {second} s");
            let lowest = lowest(&mut world, second * 1_000 + 15_000, direction);
            assert!(lowest.bps() * 10 <= bad.bps() * 12, "{direction:?}: {lowest:?} was cut");
            // From below.
            run(&mut world, second * 1_000 + 25_000);
            assert_eq!(own(&world, direction), *base().of(direction), "after {second} s");
        }
        let own_base = *base().of(direction);
        assert!(lowest(&mut world, 155_000, direction) >= own_base, "{direction:?}");
        run(&mut world, 1_200_000);
        assert_eq!(own(&world, direction), own_base, "{direction:?}: a quarter of an hour later");
        let seen = world.engine().wans()[0].load(direction).unwrap();
        assert_eq!(seen.base, Some(own_base));
    }
}

/// Who never uses all of the limit would not raise it either.
#[test]
fn under_a_little_load_the_limit_comes_up_to_a_configured_base_and_not_down_to_it() {
    let stream = Demand::Fixed(mbit(20));
    let mut line =
        LinkSettings::quiet().with_load(Direction::Download, window(5_000, FOR_EVER), stream);
    let burst = window(30_000, 45_000);
    line = line.with_load(Direction::Download, burst, Demand::Greedy);
    line.lanes.download.capacity =
        Schedule::constant(mbit(100)).then(at(30_000), mbit(30)).then(at(46_000), mbit(100));
    let mut world = world(line);
    run(&mut world, 29_900);
    let before = own(&world, Direction::Download);
    assert!(before > base().download, "{before:?}: it is no idle line");
    assert!(lowest(&mut world, 45_000, Direction::Download) < mbit(40));
    run(&mut world, 60_000);
    assert_eq!(own(&world, Direction::Download), base().download);
}
