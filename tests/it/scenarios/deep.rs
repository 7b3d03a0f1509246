//! Lines that suddenly carry a part of what they did, before buffers of seconds.

use wanctl::{
    control::{
        event::WanNews,
        ladder::Floors,
        time::Span,
        units::{Direction, PerDirection, Ratio},
        wan::Signal,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, of_wan, run, window};
use crate::support::settings::{adaptive, at, laws, mbit, wan};

/// A line of 100 and 20 Mbit/s that carries `percent` of it from second 60 on, with buffers for so many
/// seconds of what it carries then, and full all the time.
fn shrinking(directions: &[Direction], percent: u32, buffer: u64) -> LinkSettings {
    let mut line = LinkSettings::quiet();
    for (direction, full) in [(Direction::Download, mbit(100)), (Direction::Upload, mbit(20))] {
        let way = line.lanes.of_mut(direction);
        let left = full.scaled(Ratio::from_ppm(percent * 10_000));
        way.capacity = Schedule::constant(full).then(at(60_000), left);
        way.buffer = left.bps() / 8 * buffer;
    }
    let greedy = |line: LinkSettings, direction: &Direction| {
        line.with_load(*direction, window(5_000, FOR_EVER), Demand::Greedy)
    };
    directions.iter().fold(line, greedy)
}

#[test]
fn a_minute_after_a_line_shrank_its_queue_is_gone_however_deep_the_buffer() {
    use Direction::{Download, Upload};
    let depths = [1, 2, 3, 5, 8];
    let loads = [&[Download][..], &[Upload], &[Download, Upload]];
    let shares = [50, 33, 20].into_iter().flat_map(|percent| depths.map(|depth| (percent, depth)));
    let lines = loads.into_iter().flat_map(|load| shares.clone().map(move |share| (load, share)));
    for (law, wan) in laws() {
        for (directions, (percent, depth)) in lines.clone() {
            let line = shrinking(directions, percent, depth);
            let wans = vec![(wan(110, 22), line)];
            let mut world = World::new(wans, vec![RouterSettings::healthy()], 1);
            run(&mut world, 120_000);
            let stats = world.link(0).unwrap().stats();
            let queue = stats.download.queue_delay + stats.upload.queue_delay;
            let what = format!("{law} {directions:?} {percent} % {depth} s: {queue:?}");
            assert!(queue < Span::from_millis(200), "{what}");
        }
    }
}

#[test]
fn nor_does_one_stay_that_is_longer_than_any_reply_is_waited_for_within_half_a_second() {
    for (law, wan) in laws() {
        let mut settings = wan(110, 22);
        let floor = mbit(1);
        settings.law.ladders.download.floors =
            Floors { green: floor, yellow: floor, soft_red: floor, red: floor };
        if law == "adaptive" {
            settings = adaptive(&settings);
        }
        let line = shrinking(&[Direction::Download], 5, 6);
        let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
        let queue = |world: &World| world.link(0).unwrap().stats().download.queue_delay;
        run(&mut world, 60_500);
        assert!(queue(&world) > Span::from_secs(2), "{law}: {:?}", queue(&world));
        run(&mut world, 72_000);
        let signal = world.engine().wans()[0].signal();
        assert_eq!(signal, Signal::Fresh, "{law}: late replies are a sign of life");
        let mut gone = None;
        let watch = |world: &mut World| {
            if queue(world) < Span::from_millis(200) {
                gone = gone.or(Some(world.now()));
            }
        };
        world.run_until(at(120_000), watch).unwrap();
        assert!(gone.is_some(), "{law}: {:?}", queue(&world));
        let told = of_wan(&world.take_events(), 0);
        let path = told.iter().any(|news| matches!(news, WanNews::PathChanged(..)));
        assert!(!path, "{law}: {told:?}");
    }
}

/// The same line all the time, full in these directions, and other paths from second 60 on.
fn full(directions: &[Direction], before: Span, after: Span) -> LinkSettings {
    let mut line = shrinking(directions, 100, 1);
    line.base_rtt = Schedule::constant(before).then(at(60_000), after);
    line
}

/// What is carried on the average between these times, in Mbit/s.
fn carried(line: LinkSettings, (from_ms, to_ms): (u64, u64)) -> PerDirection<u64> {
    let wans = vec![(wan(110, 22), line)];
    let mut world = World::new(wans, vec![RouterSettings::healthy()], 1);
    let sum = |world: &World| world.link(0).unwrap().stats().map(|own| own.delivered);
    run(&mut world, from_ms);
    let before = sum(&world);
    run(&mut world, to_ms);
    sum(&world).zip(before).map(|(now, then)| (now - then) * 8 / (to_ms - from_ms) / 1_000)
}

#[test]
fn a_longer_path_that_comes_while_the_line_shrinks_does_not_hold_the_rate_at_the_floor() {
    for more in [30, 60, 100] {
        let longer = Span::from_millis(20 + more);
        let mut line = full(&Direction::BOTH, Span::from_millis(20), longer);
        for (direction, whole) in [(Direction::Download, mbit(100)), (Direction::Upload, mbit(20))]
        {
            let fifth = whole.scaled(Ratio::from_ppm(200_000));
            line.lanes.of_mut(direction).capacity =
                Schedule::constant(whole).then(at(60_000), fifth).then(at(80_000), whole);
        }
        let mbits = carried(line, (130_000, 400_000));
        assert!(mbits.download > 70 && mbits.upload > 12, "{more} ms: {mbits:?}");
    }
}

#[test]
fn a_line_that_is_longer_than_the_highest_baseline_is_used_all_the_same() {
    for (before, after) in [(520, 520), (600, 640), (20, 600)] {
        let path = (Span::from_millis(before), Span::from_millis(after));
        let mut line = full(&[Direction::Download], path.0, path.1);
        if before == 20 {
            // It is quiet when the path changes.
            line.loads.clear();
            line = line.with_load(Direction::Download, window(70_000, FOR_EVER), Demand::Greedy);
        }
        let mbits = carried(line, (100_000, 300_000));
        assert!(mbits.download > 70, "{before} to {after} ms: {mbits:?}");
    }
}
