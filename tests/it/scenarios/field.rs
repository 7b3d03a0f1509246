//! The adaptive law where the arena does not look: for longer, begun under load, on lines that are not
//! what they were.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan,
    },
    sim::{
        link::{Demand, Jitter, LinkSettings},
        schedule::{Schedule, Window},
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, limits, run, window};
use crate::support::settings::{adaptive, at, mbit};

/// Ceilings a tenth above what the line carries, floors at a tenth of them.
fn world(ceilings: (u64, u64), line: LinkSettings, seed: u64) -> World {
    world_of(&adaptive(&crate::support::settings::wan(ceilings.0, ceilings.1)), line, seed)
}

fn world_of(settings: &wan::Settings, line: LinkSettings, seed: u64) -> World {
    World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], seed)
}

/// The arena's cable line: 38 ms of jitter.
fn jittery() -> LinkSettings {
    LinkSettings { jitter: Jitter::Uniform(Span::from_millis(38)), ..LinkSettings::cable() }
}

fn downloads(line: LinkSettings, from_ms: u64) -> LinkSettings {
    line.with_load(Direction::Download, window(from_ms, FOR_EVER), Demand::Greedy)
}

/// A burst of 0.4 s every other second of these.
fn browses(line: LinkSettings, seconds: std::ops::Range<u64>) -> LinkSettings {
    seconds.step_by(2).fold(line, |line, second| {
        let burst = Window::lasting(at(second * 1_000), Span::from_millis(400));
        line.with_load(Direction::Download, burst, Demand::Greedy)
    })
}

fn streams(line: LinkSettings, direction: Direction, rate: Rate) -> LinkSettings {
    line.with_load(direction, window(20_000, FOR_EVER), Demand::Fixed(rate))
}

fn longer_path(line: LinkSettings, from_ms: u64) -> LinkSettings {
    let longer = line.base_rtt.at(at(0)) + Span::from_millis(40);
    let base_rtt = line.base_rtt.clone().then(at(from_ms), longer);
    LinkSettings { base_rtt, ..line }
}

/// What the download has carried in these seconds, in Mbit/s.
fn carried(world: &mut World, from_s: u64, to_s: u64) -> u64 {
    let delivered = |world: &World| world.link(0).unwrap().stats().download.delivered;
    run(world, from_s * 1_000);
    let before = delivered(world);
    run(world, to_s * 1_000);
    (delivered(world) - before) * 8 / 1_000_000 / (to_s - from_s)
}

#[test]
fn half_an_hour_of_a_full_download_does_not_wear_the_rate_down() {
    for seed in 0..5 {
        let mut world = world((550, 55), downloads(jittery(), 30_000), seed);
        let late = carried(&mut world, 1_500, 1_800);
        assert!(late >= 300, "seed {seed}: {late} Mbit/s of at least 440 that the line carries");
    }
}

/// Most of a second half hour's delays are below this, in ms.
fn usual_worst(world: &mut World) -> u64 {
    run(world, 1_800_000);
    let look = |step: u64| {
        run(world, 1_800_000 + step * 250);
        let PerDirection { download, upload } = world.link(0).unwrap().stats();
        (download.queue_delay + upload.queue_delay).as_millis()
    };
    let mut delays: Vec<u64> = (1..=7_200).map(look).collect();
    delays.sort_unstable();
    delays[delays.len() * 95 / 100]
}

#[test]
fn when_the_budget_of_writes_is_used_up_a_queue_is_cut_for_as_soon_as_before() {
    for seed in 0..3 {
        let line = downloads(LinkSettings::lte(), 30_000);
        let line = line.with_load(Direction::Upload, window(30_000, FOR_EVER), Demand::Greedy);
        let worst = usual_worst(&mut world((44, 16), line, seed));
        assert!(worst <= 90, "seed {seed}: a delay of {worst} ms");
    }
}

#[test]
fn after_a_restart_under_load_jitter_is_not_taken_for_a_queue() {
    for seed in 0..5 {
        let mut world = world((550, 55), downloads(jittery(), 30_000), seed);
        run(&mut world, 60_000);
        world.restart(seed + 100);
        let late = carried(&mut world, 240, 300);
        assert!(late >= 300, "seed {seed}: {late} Mbit/s of at least 440 that the line carries");
    }
}

#[test]
fn jitter_that_begins_under_load_does_not_hold_the_rate_at_the_floor() {
    let mut line = downloads(LinkSettings::dsl(), 20_000);
    line.unsteady = vec![(
        Window { from: at(100_000), to: Instant::from_micros(u64::MAX) },
        Jitter::Uniform(Span::from_millis(20)),
    )];
    let mut world = world((55, 11), line, 1);
    let late = carried(&mut world, 600, 900);
    assert!(late >= 30, "{late} Mbit/s of 50");
}

#[test]
fn a_line_that_carries_less_than_a_tenth_of_the_limit_is_not_an_idle_one() {
    let mut settings = adaptive(&crate::support::settings::wan(110, 22));
    let low = PerDirection { download: mbit(2), upload: mbit(2) };
    for direction in Direction::BOTH {
        let floor = *low.of(direction);
        let floors = &mut settings.law.ladders.of_mut(direction).floors;
        (floors.green, floors.yellow, floors.soft_red, floors.red) = (floor, floor, floor, floor);
    }
    if let wanctl::control::rule::Choice::Adaptive(own) = &mut settings.choice {
        own.bounds = settings.law.ladders.map(|ladder| (ladder.floors.red, ladder.ceiling));
    }
    let mut line = downloads(LinkSettings::quiet(), 20_000);
    line.lanes.download.capacity = Schedule::constant(mbit(100)).then(at(60_000), mbit(7));
    let mut world = world_of(&settings, line, 1);
    run(&mut world, 120_000);
    let queue = world.link(0).unwrap().stats().download.queue_delay;
    assert!(queue <= Span::from_millis(100), "{queue:?} after a minute");
}

#[test]
fn a_longer_path_beside_a_stream_costs_the_limit_for_fifteen_seconds_at_most() {
    for (direction, rate) in [(Direction::Download, 8), (Direction::Upload, 3)] {
        let line = streams(longer_path(LinkSettings::dsl(), 60_000), direction, mbit(rate));
        let mut world = world((55, 11), line, 1);
        run(&mut world, 59_900);
        let before = limits(&world, 0).of(direction).unwrap();
        run(&mut world, 75_000);
        let after = limits(&world, 0).of(direction).unwrap();
        assert!(after.bps() * 10 >= before.bps() * 9, "{direction:?}: {before:?} -> {after:?}");
    }
}

#[test]
fn a_path_that_is_longer_by_too_little_to_be_cut_for_does_not_hold_the_rate_down() {
    for longer in [4, 6, 7, 8, 10] {
        let mut line = downloads(LinkSettings::quiet(), 20_000);
        let base = line.base_rtt.at(at(0));
        line.base_rtt = Schedule::constant(base).then(at(60_000), base + Span::from_millis(longer));
        line.lanes.download.capacity =
            Schedule::constant(mbit(100)).then(at(110_000), mbit(50)).then(at(140_000), mbit(100));
        let mut world = world((110, 22), line, 1);
        let late = carried(&mut world, 240, 600);
        assert!(late >= 85, "+{longer} ms: {late} Mbit/s of 100");
    }
}

#[test]
fn a_full_download_and_its_acknowledgements_leave_the_limit_of_the_upload_alone() {
    let mut line = LinkSettings::dsl();
    line.lanes.download.capacity = Schedule::constant(mbit(940));
    line.lanes.download.buffer = 940 * 150 * 125;
    line.lanes.upload.capacity = Schedule::constant(mbit(38));
    line.lanes.upload.buffer = 38 * 400 * 125;
    // One acknowledgement of 84 bytes on the wire for two packets.
    let line = streams(downloads(line, 20_000), Direction::Upload, mbit(24));
    let mut world = world((1_034, 41), line, 1);
    run(&mut world, 19_000);
    let before = limits(&world, 0).upload;
    let mut moves = Vec::new();
    let watch = |world: &mut World| {
        let own = limits(world, 0).upload;
        if own != before && moves.last() != Some(&own) {
            moves.push(own);
        }
    };
    world.run_until(at(120_000), watch).unwrap();
    assert!(moves.is_empty(), "{before:?} -> {moves:?}");
}

#[test]
fn nor_do_they_cost_it_anything_when_the_line_suddenly_carries_half() {
    // Less than a twelfth of the limit, and more than half of the floor.
    for mbits in [2, 3] {
        let mut line = downloads(LinkSettings::dsl(), 20_000);
        line.lanes.download.capacity = Schedule::constant(mbit(50)).then(at(60_000), mbit(20));
        let line = streams(line, Direction::Upload, mbit(mbits));
        let mut world = world((55, 33), line, 1);
        run(&mut world, 19_000);
        let before = limits(&world, 0).upload;
        let mut longest = Span::ZERO;
        let watch = |world: &mut World| {
            longest = longest.max(world.link(0).unwrap().stats().download.queue_delay);
            assert_eq!(limits(world, 0).upload, before, "{mbits} Mbit/s at {:?}", world.now());
        };
        world.run_until(at(120_000), watch).unwrap();
        // From there on whoever has load is blamed.
        assert!(longest > Span::from_millis(120), "{longest:?}");
    }
}

#[test]
fn a_dip_of_the_line_does_not_hold_those_down_who_only_browse() {
    let mut line =
        LinkSettings::dsl().with_load(Direction::Download, window(20_000, 100_000), Demand::Greedy);
    line.lanes.download.capacity =
        Schedule::constant(mbit(50)).then(at(60_000), mbit(12)).then(at(105_000), mbit(50));
    let mut world = world((55, 11), browses(line, 112..1_800), 1);
    run(&mut world, 1_799_000);
    let limit = limits(&world, 0).download.unwrap();
    assert!(limit >= mbit(30), "{limit:?} half an hour after the dip on a line of 50 Mbit/s");
}

#[test]
fn bursts_alone_bring_the_limit_back_to_what_the_line_carries() {
    let mut world = world((55, 11), browses(LinkSettings::dsl(), 20..1_200), 1);
    run(&mut world, 1_199_000);
    let limit = limits(&world, 0).download.unwrap();
    assert!(limit >= mbit(43), "{limit:?} after twenty minutes on a line of 50 Mbit/s");
}
