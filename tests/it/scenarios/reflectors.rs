//! Reflectors whose times are like those of no other, among more than are needed, in virtual time.

use wanctl::{
    control::{
        event::WanNews,
        oneway::Timestamps,
        reflectors::{HealthChange, Why},
        time::Span,
        units::Direction,
        wan::{self, Signal},
        zone::Zone,
    },
    sim::{
        link::{Clock, Demand, Jitter, LinkSettings, Reflector},
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, of_wan, run, window};
use crate::support::settings::{adaptive, at, classic, wan};

/// So many reflectors, each farther away than the one before, all with a clock.
fn around(line: LinkSettings, count: u64) -> LinkSettings {
    let clock = Some(Clock::ahead(Span::from_secs(40_000)));
    let far = |place: u64| Reflector {
        clock: clock.clone(),
        jitter: Jitter::Uniform(Span::from_millis(2)),
        ..Reflector::at(Span::from_millis(place * 6))
    };
    LinkSettings { reflectors: (0..count).map(far).collect(), ..line }
}

fn asked(settings: &wan::Settings, reflectors: u8, timestamps: Timestamps) -> wan::Settings {
    wan::Settings { reflectors, timestamps, ..*settings }
}

const WAYS: [Timestamps; 2] = [Timestamps::Off, Timestamps::Of(0b1_1111)];

/// The first reflector is overloaded from second 60 on, the second one from 120 on, until 300.
fn overloaded(count: u64) -> LinkSettings {
    let mut line = around(LinkSettings::quiet(), count);
    let jitter = Jitter::Uniform(Span::from_millis(120));
    for (reflector, from) in line.reflectors.iter_mut().zip([60_000, 120_000]) {
        reflector.noisy.push((window(from, 300_000), jitter));
    }
    line
}

fn world(settings: &wan::Settings, line: LinkSettings) -> World {
    World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], 1)
}

fn changes(world: &mut World) -> Vec<(u8, HealthChange)> {
    let mut changes = Vec::new();
    for news in of_wan(&world.take_events(), 0) {
        if let WanNews::Reflector(reflector, change) = news {
            changes.push((reflector, change));
        }
    }
    changes
}

const OUT: HealthChange = HealthChange::SetAside(Why::Outlier);
const IN: HealthChange = HealthChange::Back(Why::Outlier);

/// Cycles that were not green from then to then, though nobody uses the line.
fn false_alarms(world: &mut World, to_ms: u64) -> u32 {
    let mut alarms = 0;
    let watch = |world: &mut World| {
        let decision = world.engine().wans()[0].decision();
        let bad = |way| decision.is_some_and(|own| own.verdicts.of(way).zone != Zone::Green);
        alarms += u32::from(bad(Direction::Download));
    };
    world.run_until(at(to_ms), watch).unwrap();
    alarms
}

#[test]
fn overloaded_reflectors_are_replaced_one_after_the_other_and_come_back() {
    for timestamps in WAYS {
        for (name, law) in
            [("classic", classic(&wan(110, 22))), ("adaptive", adaptive(&wan(110, 22)))]
        {
            let mut world = world(&asked(&law, 5, timestamps), overloaded(5));
            run(&mut world, 60_000);
            assert_eq!(changes(&mut world), []);
            run(&mut world, 75_000);
            assert_eq!(changes(&mut world), [(0, OUT)], "{name}");
            run(&mut world, 120_000);
            assert_eq!(changes(&mut world), []);
            run(&mut world, 135_000);
            assert_eq!(changes(&mut world), [(1, OUT)], "{name}");
            assert_eq!(false_alarms(&mut world, 300_000), 0, "{name}");
            assert_eq!(changes(&mut world), []);
            run(&mut world, 345_000);
            let mut back = changes(&mut world);
            back.sort_unstable_by_key(|(reflector, _)| *reflector);
            assert_eq!(back, [(0, IN), (1, IN)], "{name}");
        }
    }
}

/// Until they are set aside for what they lose, ever longer.
#[test]
fn without_others_to_take_their_place_two_overloaded_reflectors_look_like_a_queue() {
    let law = classic(&wan(110, 22));
    let mut world = world(&asked(&law, 3, Timestamps::Off), overloaded(3));
    run(&mut world, 135_000);
    let alarms = false_alarms(&mut world, 300_000);
    assert!(alarms > 0, "{alarms}: else replacing them would be of no use");
    let outliers = changes(&mut world).into_iter().filter(|(_, change)| *change == OUT);
    assert_eq!(outliers.count(), 0, "who would measure then?");
}

#[test]
fn a_reflector_on_a_longer_path_for_good_is_at_home_there_soon() {
    for timestamps in WAYS {
        let mut line = around(LinkSettings::quiet(), 5);
        line.reflectors[1].detours.push((window(60_000, FOR_EVER), Span::from_millis(40)));
        let mut world = world(&asked(&adaptive(&wan(110, 22)), 5, timestamps), line);
        run(&mut world, 60_000);
        assert_eq!(false_alarms(&mut world, 110_000), 0);
        assert_eq!(changes(&mut world), [(1, OUT), (1, IN)]);
        run(&mut world, 3_600_000);
        assert_eq!(changes(&mut world), []);
        assert_eq!(world.engine().wans()[0].reflectors().healthy(), 5);
    }
}

#[test]
fn a_queue_of_our_own_makes_nobody_an_outlier() {
    for line in [LinkSettings::quiet(), LinkSettings::dsl(), LinkSettings::lte()] {
        for directions in [&[Direction::Download][..], &[Direction::Upload], &Direction::BOTH] {
            let full = |line: LinkSettings, way: &Direction| {
                line.with_load(*way, window(5_000, FOR_EVER), Demand::Greedy)
            };
            let line = directions.iter().fold(around(line.clone(), 5), full);
            // Nobody limits it: its queues are as long as they get.
            let law = adaptive(&wan(400, 400));
            let mut world = world(&asked(&law, 5, Timestamps::Off), line);
            run(&mut world, 600_000);
            let outliers: Vec<_> =
                changes(&mut world).into_iter().filter(|(_, change)| *change == OUT).collect();
            assert_eq!(outliers, []);
        }
    }
}

/// The second and third one fail by turns, each time sooner than they are trusted again, and then the first
/// one is gone.
#[test]
fn who_is_set_aside_for_failing_often_is_asked_when_nobody_else_answers() {
    let mut line = around(LinkSettings::quiet(), 3);
    for (reflector, later) in line.reflectors[1..].iter_mut().zip([0, 4_000]) {
        for second in [60, 75, 95, 125, 175] {
            let from = second * 1_000 + later;
            reflector.dead.push(window(from, from + 3_000));
        }
    }
    line.reflectors[0].dead.push(window(195_000, FOR_EVER));
    let mut world = world(&asked(&adaptive(&wan(110, 22)), 3, Timestamps::Off), line);
    run(&mut world, 194_900);
    assert_eq!(world.engine().wans()[0].reflectors().healthy(), 1, "they wait for long");
    run(&mut world, 198_000);
    assert_eq!(world.engine().wans()[0].signal(), Signal::Fresh);
    let healthy = world.engine().wans()[0].reflectors().healthy();
    assert!(healthy >= 2, "{healthy}");
}
