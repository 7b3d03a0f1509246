//! Lines so slow that a packet waits noticeably in CAKE for the one before it.

use wanctl::{
    control::{
        event::WanNews,
        units::{Direction, PerDirection, Rate},
        wan,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, limits, of_wan, run, window};
use crate::support::settings::{adaptive, at, mbit, wan};

fn kbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000).unwrap()
}

/// Bounds of the upload; the download is of 20 Mbit/s.
fn settings(floor: Rate, ceiling: Rate) -> wan::Settings {
    let mut settings = wan(20, 20);
    let upload = &mut settings.law.ladders.upload;
    let floors = &mut upload.floors;
    (floors.green, floors.yellow, floors.soft_red, floors.red) = (floor, floor, floor, floor);
    upload.ceiling = ceiling;
    adaptive(&settings)
}

/// An upload without end on a line that carries so much.
fn uploads(carries: Rate) -> LinkSettings {
    let mut line = LinkSettings::quiet();
    line.lanes.upload.capacity = Schedule::constant(carries);
    // 200 ms of that.
    line.lanes.upload.buffer = carries.bps() / 8 / 5;
    line.with_load(Direction::Upload, window(20_000, FOR_EVER), Demand::Greedy)
}

fn world(settings: &wan::Settings, line: LinkSettings) -> World {
    World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], 1)
}

/// A full packet takes 12 ms at 1 Mbit/s, and a lone one waits for up to two.
#[test]
fn what_a_packet_waits_in_cake_for_others_is_no_queue() {
    for limit in [1, 2] {
        let mut world = world(&settings(kbit(200), mbit(limit)), uploads(mbit(4)));
        let all = PerDirection { download: Some(mbit(20)), upload: Some(mbit(limit)) };
        run(&mut world, 19_000);
        let watch = |world: &mut World| {
            assert_eq!(limits(world, 0), all, "{limit} Mbit/s at {:?}", world.now());
        };
        world.run_until(at(300_000), watch).unwrap();
        let seen = world.engine().wans()[0].load(Direction::Upload).unwrap();
        assert_eq!(seen.base, None, "{limit} Mbit/s: nothing to learn of");
    }
}

#[test]
fn that_a_packet_takes_longer_at_a_lower_rate_is_no_reason_for_one_that_is_lower_still() {
    for carries in [500, 1_000] {
        let settings = settings(kbit(100), kbit(carries * 16 / 10));
        let mut world = world(&settings, uploads(kbit(carries)));
        run(&mut world, 120_000);
        let delivered = |world: &World| world.link(0).unwrap().stats().upload.delivered;
        let before = delivered(&world);
        run(&mut world, 420_000);
        let kbits = (delivered(&world) - before) * 8 / 1_000 / 300;
        let told = of_wan(&world.take_events(), 0);
        let paths = told.iter().filter(|news| matches!(news, WanNews::PathChanged(..))).count();
        let queue = world.link(0).unwrap().stats().upload.queue_delay;
        assert!(kbits * 10 >= carries * 9, "{kbits} kbit/s of {carries}");
        assert_eq!(paths, 0, "{carries} kbit/s: {told:?}");
        assert!(queue.as_millis() <= 60, "{queue:?}");
    }
}
