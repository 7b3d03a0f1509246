//! What a try of the preferred transport may hold up: the limits go over the other one meanwhile.

use wanctl::{
    control::{
        event::Request,
        failover::{
            Route::{Fallback as Other, Preferred},
            Turn,
        },
        failure::FailureKind,
        time::{Instant, Span},
        units::Direction,
        wan::{Settings, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::{Schedule, Window},
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, take_routed, turns, two_ways, window};
use crate::support::settings::{LAWS, Wan, at, mbit};

/// A try that something waits for is given up after this; what is due is looked for on ticks.
const HELD: Span = Span::from_millis(1_060);
/// One of four in a row is not: it has its whole deadline.
const HELD_ONCE: Span = Span::from_millis(2_060);
/// The rest of the preferred transport after a try that was given up.
const REST: Span = Span::from_secs(3);

/// A line on which there is something to write all the time, as long as delay alone decides.
fn busy(seconds: u64) -> LinkSettings {
    (0..seconds / 12).fold(LinkSettings::cable(), |line, turn| {
        let from = turn * 12_000;
        let line = line.with_load(Direction::Download, window(from, from + 5_000), Demand::Greedy);
        line.with_load(Direction::Upload, window(from + 6_000, from + 11_000), Demand::Greedy)
    })
}

/// The same by load: the line is full, and each second it carries a sixth less, and then more again.
fn restless(seconds: u64) -> LinkSettings {
    let falling = |seconds| (0..seconds).fold(500, |rate, _| rate * 85 / 100);
    let carries = |second: u64| mbit(falling((second % 26).abs_diff(13)));
    let mut line =
        LinkSettings::cable().with_load(Direction::Download, Window::ALWAYS, Demand::Greedy);
    line.lanes.download.capacity = (1..seconds)
        .fold(Schedule::constant(carries(0)), |capacity, second| {
            capacity.then(at(second * 1_000), carries(second))
        });
    line
}

/// By the classic law, which asks for nothing on an idle line.
fn world(router: RouterSettings, line: LinkSettings, seed: u64) -> World {
    world_by(LAWS[1].1, router, line, seed)
}

fn world_by(wan: Wan, router: RouterSettings, line: LinkSettings, seed: u64) -> World {
    let settings = Settings { write_budget: 7_200, ..wan(520, 52) };
    World::new(vec![(settings, line)], vec![router], seed)
}

/// The time of the first try, before which nothing more happens.
fn until_the_first_try(world: &mut World) -> Instant {
    world.run_until(at(30_000), |_| ()).unwrap();
    let [(left, Turn::Away { .. })] = turns(world)[..] else { panic!("not left") };
    let due = left + Span::from_secs(30);
    take_routed(world);
    due
}

/// How long a request about a queue waited for each of the tries.
fn waits(wan: Wan, (line, seconds): (LinkSettings, u64), seed: u64) -> Vec<Span> {
    let mut router = two_ways();
    router.ways.push((window(10_000, FOR_EVER), Preferred, FailureKind::Timeout));
    let mut world = world_by(wan, router, line, seed);
    let (mut waits, mut due_since): (Vec<Span>, Option<Instant>) = (Vec::new(), None);
    let watch = |world: &mut World| {
        let now = world.now();
        let asked = take_routed(world);
        // Those before it was left are no tries.
        let away = world.engine().routers()[0].failover().away().is_some();
        let tries = asked.iter().filter(|(_, route, _)| away && *route == Preferred);
        waits.extend(tries.map(|_| Span::ZERO));
        let due = world.engine().wan_mut(WanId(0)).unwrap().next_ask_at(now);
        let is_due = due.is_some_and(|due| due <= now) && away;
        due_since = is_due.then(|| due_since.unwrap_or(now));
        if let (Some(last), Some(since)) = (waits.last_mut(), due_since) {
            *last = (*last).max(now.since(since));
        }
    };
    world.run_until(at(seconds * 1_000), watch).unwrap();
    assert!(world.engine().routers()[0].failover().away().is_some());
    assert_eq!(world.overlaps(0), 0, "{seed}");
    waits
}

#[test]
fn no_write_waits_for_more_than_a_second_of_a_try_but_at_one_in_four() {
    let lines: [fn(u64) -> LinkSettings; 2] = [restless, busy];
    for ((name, wan), line) in LAWS.into_iter().zip(lines) {
        let mut waited = 0;
        for seed in 0..24 {
            let waits = waits(wan, (line(900), 900), seed);
            assert!(waits.len() >= 5, "{name} {seed}: {waits:?}");
            for row in waits.windows(4) {
                let long = row.iter().filter(|wait| **wait > HELD).count();
                assert!(long <= 1, "{name} {seed}: {waits:?}");
            }
            assert!(waits.iter().all(|wait| *wait <= HELD_ONCE), "{name} {seed}: {waits:?}");
            waited += waits.iter().filter(|wait| **wait > Span::from_millis(200)).count();
        }
        assert!(waited >= 25, "{name}: {waited} times something was to be written in a try");
    }
}

#[test]
fn however_much_there_is_to_write_a_slow_preferred_transport_is_taken_back() {
    for seed in 0..8 {
        let mut router = two_ways();
        router.ways.push((window(10_000, 50_000), Preferred, FailureKind::Refused));
        router.slow_ways.push((window(50_000, FOR_EVER), Preferred, Span::from_millis(1_900)));
        let mut world = world(router, busy(1_200), seed);
        world.run_until(at(40_000), |_| ()).unwrap();
        let [(left, Turn::Away { .. })] = turns(&mut world)[..] else { panic!("{seed}") };
        take_routed(&mut world);
        world.run_until(at(900_000), |_| ()).unwrap();
        let [(back, Turn::Back { .. }), ..] = turns(&mut world)[..] else { panic!("{seed}") };
        // The first one came too early; at most three were cut short after that.
        assert!(back <= left + Span::from_secs(30 + 60 + 120 + 240 + 300 + 5), "{seed}: {back:?}");
    }
}

/// Nothing can land late of a read, and the other transport has nothing to do with it.
#[test]
fn after_a_try_that_times_out_the_router_need_not_rest() {
    let mut router = two_ways();
    router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Timeout));
    let quiet = LinkSettings::quiet();
    let due = until_the_first_try(&mut world(router.clone(), quiet.clone(), 1));
    let loaded = Window { from: due + Span::from_millis(1_900), to: at(FOR_EVER) };
    let line = quiet.with_load(Direction::Download, loaded, Demand::Greedy);
    let mut world = world(router, line, 1);
    assert_eq!(until_the_first_try(&mut world), due, "nothing has happened before");
    world.run_until(due + Span::from_secs(5), |_| ()).unwrap();
    let asked = take_routed(&mut world);
    assert!(matches!(asked[0], (when, Preferred, Request::Read(..)) if when == due), "{asked:?}");
    let (next, route, _) = asked[1];
    assert!(next <= due + Span::from_millis(2_900) && route == Other, "{next:?} after {due:?}");
    assert_eq!(world.overlaps(0), 0);
}

#[test]
fn after_a_try_that_was_given_up_its_transport_rests_even_when_the_other_one_fails() {
    for patient in [false, true] {
        let mut router = two_ways();
        router.ways.push((window(0, FOR_EVER), Preferred, FailureKind::Timeout));
        let line = if patient { LinkSettings::quiet() } else { busy(60) };
        let due = until_the_first_try(&mut world(router.clone(), line, 1));
        // It takes the try with it, or comes when that has timed out.
        let fails = Window { from: due + Span::from_millis(500), to: at(FOR_EVER) };
        router.ways.push((fails, Other, FailureKind::Refused));
        let line = if patient {
            let loaded = Window { from: due + Span::from_millis(1_900), to: at(FOR_EVER) };
            LinkSettings::quiet().with_load(Direction::Download, loaded, Demand::Greedy)
        } else {
            busy(60)
        };
        let mut world = world(router, line, 1);
        assert_eq!(until_the_first_try(&mut world), due);
        world.run_until(due + Span::from_secs(8), |_| ()).unwrap();
        let asked = take_routed(&mut world);
        let by_preferred = asked.iter().filter(|(_, route, _)| *route == Preferred);
        let tries: Vec<_> = by_preferred.map(|(when, ..)| *when).collect();
        let over = if patient { Span::from_secs(2) } else { Span::from_secs(1) };
        assert!(tries.len() >= 2, "{asked:?}");
        assert!(tries[1] >= due + over + REST, "{asked:?}");
        let other = asked.iter().filter(|(when, route, _)| *route == Other && *when < tries[1]);
        assert!(other.count() >= 2, "it was asked meanwhile: {asked:?}");
    }
}
