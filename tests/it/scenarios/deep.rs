//! Lines that suddenly carry a part of what they did, before buffers of seconds.

use wanctl::{
    control::{
        time::Span,
        units::{Direction, Ratio},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, run, window};
use crate::support::settings::{at, laws, mbit};

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
fn half_a_minute_after_a_line_shrank_its_queue_is_gone_however_deep_the_buffer() {
    use Direction::{Download, Upload};
    for (law, wan) in laws() {
        for directions in [&[Download][..], &[Upload], &[Download, Upload]] {
            for (percent, buffer) in
                [50, 33].into_iter().flat_map(|percent| [1, 2, 3, 5, 8].map(|own| (percent, own)))
            {
                let line = shrinking(directions, percent, buffer);
                let wans = vec![(wan(110, 22), line)];
                let mut world = World::new(wans, vec![RouterSettings::healthy()], 1);
                run(&mut world, 90_000);
                let stats = world.link(0).unwrap().stats();
                let queue = stats.download.queue_delay + stats.upload.queue_delay;
                let what = format!("{law} {directions:?} {percent} % {buffer} s: {queue:?}");
                assert!(queue < Span::from_millis(200), "{what}");
            }
        }
    }
}
