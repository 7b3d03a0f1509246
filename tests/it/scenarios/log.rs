//! How much the log says in an hour.

use log::Level;
use wanctl::{
    control::{event::Event, time::Span, units::Direction, wan::Settings},
    observe::words::Names,
    sim::{
        link::{Demand, LinkSettings},
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, run, window};
use crate::support::settings::{adaptive, at, laws, mbit, wan};

const WARM_UP: u64 = 60_000;
const HOUR: u64 = 3_600_000;

/// What a board's log holds is little, and is not the daemon's alone.
const MOST_LINES: usize = 60;

/// What the log has of one hour of this line, after a minute, at the level of the default.
fn hour(settings: &Settings, line: LinkSettings, seed: u64) -> Vec<String> {
    let mut world = World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], seed);
    run(&mut world, WARM_UP);
    world.take_events();
    run(&mut world, WARM_UP + HOUR);
    let names = Names::default();
    let line = |event: &Event| {
        let (level, text) = names.describe(event);
        (level <= Level::Info).then_some(text)
    };
    world.take_events().iter().filter_map(line).collect()
}

/// Somebody watches films and makes calls all the time: half of what the line carries.
fn in_use(line: LinkSettings, ceilings: (u64, u64)) -> LinkSettings {
    let half = |ceiling| Demand::Fixed(mbit(ceiling / 2));
    line.with_load(Direction::Download, window(0, FOR_EVER), half(ceilings.0)).with_load(
        Direction::Upload,
        window(0, FOR_EVER),
        half(ceilings.1),
    )
}

#[test]
fn an_hour_of_steady_state_has_at_most_sixty_lines() {
    for (_, wan) in laws() {
        let lines = [
            ("cable", (420, 44), LinkSettings::cable()),
            ("dsl", (47, 9), LinkSettings::dsl()),
            ("lte", (30, 10), LinkSettings::lte()),
        ];
        for (line_name, ceilings, line) in lines {
            for (use_of_it, line) in [("idle", line.clone()), ("in use", in_use(line, ceilings))] {
                let said = hour(&wan(ceilings.0, ceilings.1), line, 1);
                let count = said.len();
                assert!(
                    count <= MOST_LINES,
                    "{line_name}, {use_of_it}: {count} lines:\n{}",
                    said.join("\n")
                );
            }
        }
    }
}

#[test]
fn a_line_that_goes_two_ways_by_turns_floods_no_log() {
    let mut line = LinkSettings::quiet();
    for turn in 0..200_u64 {
        let by = if turn.is_multiple_of(2) { 40 } else { 20 };
        line.base_rtt = line.base_rtt.then(at(60_000 + turn * 20_000), Span::from_millis(by));
    }
    let said = hour(&adaptive(&wan(110, 22)), line, 1);
    let told = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    assert!((10..=MOST_LINES).contains(&told("the path has changed")), "{said:#?}");
    assert!(told("more times since that was told") > 5 && said.len() <= MOST_LINES, "{said:#?}");
}

#[test]
fn what_happens_in_an_hour_is_in_its_log() {
    for (_, wan) in laws() {
        let line = LinkSettings::dsl().with_outage(window(600_000, 630_000));
        let said = hour(&wan(47, 9), line, 1);
        for words in ["no reflector answers", "signal is back after"] {
            assert!(said.iter().any(|line| line.contains(words)), "no '{words}': {said:#?}");
        }
        assert!(said.len() <= MOST_LINES, "{said:#?}");
    }
}
