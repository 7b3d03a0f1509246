//! Reflectors that tell their time, well and badly, on simulated lines.

use wanctl::{
    control::{
        event::{SignalNews, WanNews},
        oneway::{Standing, Timestamps},
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
    },
    sim::{
        link::{Clock, Demand, LinkSettings, Manner, Reflector},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, limits, of_wan, run, window};
use crate::support::settings::{adaptive, at, mbit, wan};

/// A line with three reflectors that have such a clock.
fn with_clocks(line: LinkSettings, clock: Option<&Clock>) -> LinkSettings {
    let far = |ms| Reflector { clock: clock.cloned(), ..Reflector::at(Span::from_millis(ms)) };
    LinkSettings { reflectors: vec![far(0), far(2), far(5)], ..line }
}

fn world(line: LinkSettings, timestamps: Timestamps) -> World {
    let settings = adaptive(&wan(110, 22));
    let settings = wanctl::control::wan::Settings { timestamps, ..settings };
    World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1)
}

const ASKED: Timestamps = Timestamps::Of(0b111);

fn good() -> Clock {
    Clock { drift_ppm: 50, ..Clock::ahead(Span::from_secs(40_000)) }
}

/// The line loses half of one direction while both are full.
fn halved(congested: Direction) -> LinkSettings {
    let (other, spare, full, half) = match congested {
        Direction::Download => (Direction::Upload, 44, 100, 50),
        Direction::Upload => (Direction::Download, 220, 20, 10),
    };
    let mut line = LinkSettings::quiet();
    for direction in Direction::BOTH {
        line = line.with_load(direction, window(20_000, FOR_EVER), Demand::Greedy);
    }
    line.lanes.of_mut(other).capacity = Schedule::constant(mbit(spare));
    line.lanes.of_mut(congested).capacity =
        Schedule::constant(mbit(full)).then(at(60_000), mbit(half));
    line
}

/// Cuts of each direction's limit up to then.
fn cuts(world: &mut World, to_ms: u64) -> PerDirection<u32> {
    let mut before = limits(world, 0);
    let mut cuts = PerDirection::both(0);
    let watch = |world: &mut World| {
        let now = limits(world, 0);
        for direction in Direction::BOTH {
            let (was, is) = (*before.of(direction), *now.of(direction));
            let cut = was.zip(is).is_some_and(|(was, is): (Rate, Rate)| is < was);
            *cuts.of_mut(direction) += u32::from(cut);
        }
        before = now;
    };
    world.run_until(at(to_ms), watch).unwrap();
    cuts
}

#[test]
fn while_both_are_loaded_timestamps_tell_whose_queue_it_is() {
    for congested in Direction::BOTH {
        let line = with_clocks(halved(congested), Some(&good()));
        let mut blind = world(line.clone(), Timestamps::Off);
        let mut seeing = world(line, ASKED);
        run(&mut blind, 10_000);
        run(&mut seeing, 10_000);
        let (blind, seen) = (cuts(&mut blind, 120_000), cuts(&mut seeing, 120_000));
        assert!(*blind.of(congested.other()) > 0, "{congested:?}: without, the other is cut too");
        assert_eq!(*seen.of(congested.other()), 0, "{congested:?}: {seen:?}, {blind:?}");
        assert!(*seen.of(congested) > 0, "{congested:?}: {seen:?}");
        let limit = limits(&seeing, 0);
        let half = if congested == Direction::Download { 50 } else { 10 };
        assert!(*limit.of(congested) < Some(mbit(half + 5)), "{congested:?}: {limit:?}");
    }
}

#[test]
fn a_bad_clock_costs_no_round_and_changes_no_decision() {
    let bad = [
        None,
        Some(Clock { silent: vec![window(0, FOR_EVER)], ..good() }),
        Some(Clock { manner: Manner::Zeros, ..good() }),
    ];
    for clock in bad {
        for congested in Direction::BOTH {
            let line = with_clocks(halved(congested), clock.as_ref());
            let mut off = world(line.clone(), Timestamps::Off);
            let mut on = world(line, ASKED);
            let (cut_off, cut_on) = (cuts(&mut off, 120_000), cuts(&mut on, 120_000));
            assert_eq!(cut_on, cut_off, "{clock:?}");
            assert_eq!(limits(&on, 0), limits(&off, 0), "{clock:?}");
            let (own, others) = (on.engine().wans()[0].cycles(), off.engine().wans()[0].cycles());
            assert_eq!(own, others, "{clock:?}");
            assert!(on.times_asked() > 0 && off.times_asked() == 0);
            let (mut told, plain) = (on.take_events(), off.take_events());
            told.retain(|event| {
                let what = of_wan(&[*event], 0);
                !matches!(what.as_slice(), [WanNews::Timestamps(..)])
            });
            assert_eq!(told, plain, "{clock:?}");
        }
    }
}

/// How it is with each of the three.
fn standings(world: &mut World) -> [Option<Standing>; 3] {
    [0, 1, 2].map(|reflector| world.engine().wans()[0].clocks().standing(reflector))
}

/// Whether no direction has had any delay since then, as far as is known, and how often it was.
fn calm(world: &mut World, to_ms: u64) -> u32 {
    let mut known = 0;
    let watch = |world: &mut World| {
        let now: Instant = world.now();
        if let Some(ways) = world.engine().wans()[0].ways(now) {
            known += 1;
            let calm = |ms: f64| (-2.5..2.5).contains(&ms);
            assert!(calm(ways.download) && calm(ways.upload), "{now:?}: {ways:?}");
        }
    };
    world.run_until(at(to_ms), watch).unwrap();
    known
}

#[test]
fn on_an_idle_line_offset_drift_midnight_and_a_set_clock_are_no_delay() {
    let secs = Span::from_secs;
    let clocks = [
        good(),
        Clock { drift_ppm: 200, ..good() },
        Clock { manner: Manner::Swapped, ..good() },
        // Midnight after one minute.
        Clock::ahead(secs(86_400 - 60)),
        Clock { ahead: Schedule::constant(secs(9)).then(at(60_000), secs(50_009)), ..good() },
    ];
    for clock in clocks {
        let mut world = world(with_clocks(LinkSettings::quiet(), Some(&clock)), ASKED);
        let known = calm(&mut world, 300_000);
        assert!(known > 5_000, "{clock:?}: {known}");
        assert_eq!(standings(&mut world), [Some(Standing::Answers); 3], "{clock:?}");
        let cycles = world.engine().wans()[0].cycles();
        // In each cycle for 30 s, and four times a second from then on.
        assert!(cycles.decided > 1_600, "{clock:?}: {cycles:?}");
    }
}

#[test]
fn reflectors_that_fall_silent_to_timestamps_alone_are_asked_by_echo_and_the_signal_stays() {
    let clock = Clock { silent: vec![window(60_000, FOR_EVER)], ..good() };
    // Not idle: each cycle has its round.
    let call = Demand::Fixed(mbit(15));
    let line = LinkSettings::quiet().with_load(Direction::Download, window(0, FOR_EVER), call);
    let mut world = world(with_clocks(line, Some(&clock)), ASKED);
    run(&mut world, 60_000);
    let before = world.engine().wans()[0].cycles();
    run(&mut world, 70_000);
    let after = world.engine().wans()[0].cycles();
    let missed = (after.total - before.total) - (after.decided - before.decided);
    assert!(missed <= 8, "{missed} rounds");
    assert_eq!(standings(&mut world), [Some(Standing::Lost); 3]);
    let told = of_wan(&world.take_events(), 0);
    let lost = |news: &WanNews| matches!(news, WanNews::Signal(SignalNews::Lost(_)));
    assert!(!told.iter().any(lost), "{told:?}");
    let of_times = told.iter().filter(|news| matches!(news, WanNews::Timestamps(..))).count();
    assert_eq!(of_times, 6, "{told:?}");
    assert!(!told.iter().any(|news| matches!(news, WanNews::Reflector(..))), "{told:?}");
}

#[test]
fn reflectors_that_fall_silent_to_timestamps_while_they_are_seldom_asked_are_not_missed_either() {
    for phase in 0..20 {
        let clock = Clock { silent: vec![window(60_000 + phase * 25, FOR_EVER)], ..good() };
        let mut world = world(with_clocks(LinkSettings::quiet(), Some(&clock)), ASKED);
        run(&mut world, 75_000);
        assert_eq!(standings(&mut world), [Some(Standing::Lost); 3]);
        let told = of_wan(&world.take_events(), 0);
        let bad = |news: &&WanNews| matches!(news, WanNews::Signal(_) | WanNews::Reflector(..));
        assert_eq!(told.iter().find(bad), None, "phase {phase}");
    }
}
