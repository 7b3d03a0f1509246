//! Writes that were given up and are carried out all the same, when nobody expects it any more.

use wanctl::{
    control::{
        event::{Request, WanNews},
        time::{Instant, Span},
        units::Direction,
    },
    sim::{
        link::{Demand, LinkSettings},
        world::{RouterSettings, World},
    },
};

use super::{count, of_wan, run, window};
use crate::support::settings::{at, classic, wan};

/// The regular reads come every minute; those after a write that was given up every five seconds,
/// and mending takes a write more.
const SOON: Span = Span::from_millis(6_200);

/// A line in use until second 61, at which the writes of the decreases stay away for so many seconds. The
/// classic law decreases all the time then; for both, late writes are among the faults of `it/faults`.
fn late_by(seconds: u64) -> World {
    let mut router = RouterSettings::healthy();
    router.late_writes.push((window(60_000, 62_000), Span::from_secs(seconds)));
    let line = LinkSettings::cable()
        .with_load(Direction::Download, window(58_000, 64_000), Demand::Greedy)
        .with_load(Direction::Upload, window(58_000, 64_000), Demand::Greedy);
    World::new(vec![(classic(&wan(520, 52)), line)], vec![router], 1)
}

#[test]
fn a_write_that_was_given_up_and_lands_late_does_not_stand_for_long() {
    for seconds in [30, 45, 58] {
        let mut world = late_by(seconds);
        run(&mut world, 60_000 + (seconds - 2) * 1_000);
        assert!(world.engine().wans()[0].applier().settled(), "idle, and the rates are up again");
        world.take_events();
        let mut off_since: Option<Instant> = None;
        let mut longest = Span::ZERO;
        let watch = |world: &mut World| {
            let now = world.now();
            let wanted = world.engine().wans()[0].wanted();
            let off = Direction::BOTH
                .into_iter()
                .any(|direction| world.limit(0, direction) != Some(*wanted.of(direction)));
            off_since = if off { Some(off_since.unwrap_or(now)) } else { None };
            longest = longest.max(off_since.map_or(Span::ZERO, |since| now.since(since)));
        };
        world.run_until(at(180_000), watch).unwrap();
        assert!(longest > Span::ZERO, "{seconds}: the write has landed");
        assert!(longest <= SOON, "{seconds}: it stood for {longest:?}");
        let news = of_wan(&world.take_events(), 0);
        let foreign = news.iter().any(|news| matches!(news, WanNews::Foreign { .. }));
        assert!(!foreign, "{seconds}: it was our own: {news:?}");
    }
}

#[test]
fn a_minute_after_a_write_was_given_up_the_reads_are_regular_again() {
    let mut world = late_by(5);
    run(&mut world, 140_000);
    world.take_requests();
    run(&mut world, 320_000);
    let reads = count(&world.take_requests(), |request| matches!(request, Request::Read(..)));
    assert!(reads <= 8, "{reads} in three minutes");
}
