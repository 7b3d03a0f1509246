//! Lines that suddenly carry a part of what they did, before buffers of seconds.

use wanctl::{
    control::{
        event::WanNews,
        ladder::Floors,
        time::Span,
        units::{Direction, Ratio},
        wan::Signal,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, of_wan, run, window};
use crate::support::settings::{adaptive, at, laws, mbit};

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
        run(&mut world, 68_000);
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
        let path = told.iter().any(|news| matches!(news, WanNews::PathChanged(_)));
        assert!(!path, "{law}: {told:?}");
    }
}
