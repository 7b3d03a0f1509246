//! One queue makes trouble and everything else works.

use wanctl::{
    control::{
        engine::Engine,
        event::{Action, Request, RouterNews, WanNews, What},
        failure::FailureKind,
        rule::Choice,
        saved::{Freshness, SavedWan},
        time::Span,
        units::{Direction, PerDirection, Rate},
        wan::{self, Settings, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, UP, busy, converges, count, limits, of_routers, of_wan, run, window};
use crate::support::settings::{at, classic, laws, left, mbit, wan};

/// What a router may say about one queue while it serves the others.
const ABOUT_ONE_QUEUE: [FailureKind; 5] = [
    FailureKind::NotFound,
    FailureKind::Ambiguous,
    FailureKind::Rejected,
    FailureKind::Auth,
    FailureKind::Garbage,
];

fn reads_of_upload(request: Request) -> bool {
    matches!(request, Request::Read(WanId(0), UP))
}

fn writes_of_upload(request: Request) -> bool {
    matches!(request, Request::Write(WanId(0), UP, _))
}

fn all_of_upload(request: Request) -> bool {
    reads_of_upload(request) || writes_of_upload(request)
}

fn trouble_and_mended(news: &[WanNews]) -> (usize, usize) {
    let trouble = news.iter().filter(|news| matches!(news, WanNews::QueueTrouble(UP, _)));
    let mended = news.iter().filter(|news| matches!(news, WanNews::QueueMended(UP, _)));
    (trouble.count(), mended.count())
}

/// The upload queue fails from second 30 to second 330 of a busy line.
fn half_success(settings: &Settings, picks: fn(Request) -> bool, kind: FailureKind) {
    let case = format!("{kind:?}, {:?}", settings.choice);
    let mut router = RouterSettings::healthy();
    router.refusals.push((window(30_000, 330_000), picks, kind));
    let mut world = World::new(vec![(*settings, busy(10))], vec![router], 1);
    run(&mut world, 30_000);
    world.take_events();
    world.take_requests();
    run(&mut world, 330_000);
    let requests = world.take_requests();
    let down = count(&requests, |request| matches!(request, Request::Write(..)))
        - count(&requests, writes_of_upload);
    // Once a second at the most, and while it is loaded; by load it is written far less often.
    let few = if settings.choice == Choice::Classic { 50 } else { 10 };
    assert!(down > few, "{case}: the download goes on: {down}");
    let up = count(&requests, all_of_upload);
    // At last every five seconds; a refused login at last once a minute, which is logged there.
    let (least, most, longest) =
        if kind == FailureKind::Auth { (10, 34, 75_000) } else { (50, 140, 7_000) };
    assert!((least..=most).contains(&up), "{case}: upload requests follow the back-off: {up}");
    let events = world.take_events();
    assert_eq!(of_routers(&events), [], "{case}: the router itself is fine");
    assert_eq!(trouble_and_mended(&of_wan(&events, 0)), (1, 0), "{case}: said once");
    run(&mut world, 330_000 + longest + 8_000);
    let (trouble, mended) = trouble_and_mended(&of_wan(&world.take_events(), 0));
    assert_eq!((trouble, mended), (0, 1), "{case}: mended");
    assert!(converges(&mut world, 0), "{case}: {:?}", limits(&world, 0));
}

#[test]
fn a_queue_that_cannot_be_used_backs_off_while_the_other_works() {
    for (_, wan) in laws() {
        for kind in ABOUT_ONE_QUEUE {
            half_success(&wan(520, 52), all_of_upload, kind);
        }
    }
}

#[test]
fn a_queue_that_can_be_read_but_not_written_backs_off_all_the_same() {
    for (_, wan) in laws() {
        for kind in ABOUT_ONE_QUEUE {
            half_success(&wan(520, 52), writes_of_upload, kind);
        }
    }
}

#[test]
fn one_wans_bad_queue_does_not_disturb_the_other_wan_on_the_same_router() {
    for (name, wan) in laws() {
        for kind in ABOUT_ONE_QUEUE {
            let mut router = RouterSettings::healthy();
            router.refusals.push((window(0, FOR_EVER), all_of_upload, kind));
            let wans = vec![(wan(520, 52), busy(5)), (wan(500, 50), busy(5))];
            let mut world = World::new(wans, vec![router], 1);
            run(&mut world, 10_000);
            world.take_requests();
            run(&mut world, 300_000);
            let writes = |request| matches!(request, Request::Write(WanId(1), _, _));
            let writes = count(&world.take_requests(), writes);
            // By load a line of which nothing changes is written a fifth as often at the most.
            assert!(writes > if name == "adaptive" { 20 } else { 100 }, "{kind:?}: {writes}");
            assert!(converges(&mut world, 1), "{kind:?}");
            assert!(matches!(of_routers(&world.take_events())[..], [RouterNews::Back { .. }]));
        }
    }
}

#[test]
fn a_router_that_cannot_tell_its_version_is_used_all_the_same() {
    for (_, wan) in laws() {
        for kind in [FailureKind::Garbage, FailureKind::Auth, FailureKind::NotFound] {
            let mut router = RouterSettings::healthy();
            router.refusals.push((window(0, FOR_EVER), |request| request == Request::Facts, kind));
            let mut world = World::new(vec![(wan(520, 52), busy(2))], vec![router], 1);
            run(&mut world, 120_000);
            let requests = world.take_requests();
            // After 100, 200, 400 ms and so on.
            let asked = count(&requests, |request| request == Request::Facts);
            assert!((9..=12).contains(&asked), "{kind:?}: {asked}");
            assert_eq!(of_routers(&world.take_events()).len(), 1, "{kind:?}");
            assert!(converges(&mut world, 0), "{kind:?}");
        }
    }
}

/// What was wrong with the first answer says nothing of the next one.
#[test]
fn facts_that_fail_once_are_asked_for_again_until_they_are_had() {
    for (_, wan) in laws() {
        let is_facts = |request| request == Request::Facts;
        for kind in [FailureKind::Garbage, FailureKind::Auth, FailureKind::NotFound] {
            let mut router = RouterSettings::healthy();
            router.refusals.push((window(0, 3_000), is_facts, kind));
            let mut world = World::new(vec![(wan(520, 52), busy(2))], vec![router], 1);
            run(&mut world, 3_000);
            let failed = count(&world.take_requests(), is_facts);
            run(&mut world, 600_000);
            let after = count(&world.take_requests(), is_facts);
            assert!(failed >= 1 && after == 1, "{kind:?}: {failed}, then {after}");
        }
    }
}

#[test]
fn a_limit_out_of_bounds_is_told_once_though_it_cannot_be_replaced() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.initial = PerDirection { download: Some(mbit(500)), upload: Some(mbit(900)) };
        router.refusals.push((window(0, FOR_EVER), writes_of_upload, FailureKind::Rejected));
        let mut world = World::new(vec![(wan(500, 50), LinkSettings::quiet())], vec![router], 1);
        run(&mut world, 600_000);
        let news = of_wan(&world.take_events(), 0);
        let told = news.iter().filter(|news| matches!(news, WanNews::OutOfBounds(UP))).count();
        assert_eq!(told, 1);
    }
}

#[test]
fn a_reflector_that_cannot_be_sent_to_is_replaced_and_said_once() {
    let mut settings = wan(500, 50);
    settings.reflectors = 4;
    let mut engine = Engine::new(&[settings], at(0), 1);
    let mut blocked = 0;
    let mut last_round = Vec::new();
    for step in 0..2_400 {
        let now = at(step * 50);
        engine.on_tick(now);
        while let Some(action) = engine.poll_action() {
            let Action::Probe { wan, number, reflectors } = action else { continue };
            for reflector in reflectors.iter().filter(|reflector| **reflector != 1) {
                engine.on_sent(wan, *reflector, number, now);
                engine.on_reply(wan, *reflector, number, now + Span::from_millis(20));
            }
            if reflectors.contains(&1) {
                engine.on_send_failed(wan, now);
            }
            last_round = reflectors.to_vec();
        }
        while let Some(event) = engine.poll_event() {
            blocked += u32::from(matches!(event.what, What::Wan(_, WanNews::ProbesBlocked)));
        }
    }
    assert_eq!(blocked, 1);
    assert!(last_round.starts_with(&[0, 2, 3]), "{last_round:?}");
}

#[test]
fn a_used_up_budget_slows_the_climb_and_never_makes_the_limit_leap() {
    let line = LinkSettings::cable().with_load(
        Direction::Download,
        window(5_000, FOR_EVER),
        Demand::Greedy,
    );
    // By the classic law, which climbs by steps; the budget is the same for both.
    let settings = wan::Settings { write_budget: 60, ..classic(&wan(620, 62)) };
    let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
    run(&mut world, 300_000);
    let mut before = world.limit(0, Direction::Download).unwrap();
    let mut highest_rise = 0;
    world
        .run_until(at(900_000), |world| {
            let limit = world.limit(0, Direction::Download).unwrap();
            highest_rise = highest_rise.max(limit.bps().saturating_sub(before.bps()));
            before = limit;
        })
        .unwrap();
    // One second of steps (21 of 1.24 Mbit/s) and one cycle of rounding.
    assert!(highest_rise <= mbit(28).bps(), "a leap of {highest_rise} bit/s");
    assert!(highest_rise > 0, "it climbs all the same");
}

/// Both have something to write all the time, as they climb by the classic law, and there is time for half
/// of it.
#[test]
fn on_a_slow_router_each_wan_has_its_turn() {
    let mut settings = classic(&wan(520, 52));
    for (ladder, step) in
        [(&mut settings.law.ladders.download, 200_000), (&mut settings.law.ladders.upload, 20_000)]
    {
        ladder.step_up = Rate::from_bps(step).unwrap();
    }
    let router = RouterSettings {
        latency: Schedule::constant(Span::from_millis(600)),
        initial: PerDirection { download: Some(mbit(60)), upload: Some(mbit(6)) },
        ..RouterSettings::healthy()
    };
    let site = || (settings, LinkSettings::quiet());
    let mut world = World::new(vec![site(), site()], vec![router], 1);
    for wan in [WanId(0), WanId(1)] {
        let rates = PerDirection { download: mbit(60), upload: mbit(6) };
        let saved = SavedWan { streaks: PerDirection::both(5), ..left(rates) };
        world.engine().restore(wan, &saved, Freshness::Fresh);
    }
    run(&mut world, 5_000);
    world.take_requests();
    run(&mut world, 45_000);
    let requests = world.take_requests();
    let first = count(&requests, |request| matches!(request, Request::Write(WanId(0), ..)));
    let second = count(&requests, |request| matches!(request, Request::Write(WanId(1), ..)));
    assert!(first + second >= 60, "{first} and {second} writes in 40 s of 600 ms each");
    assert!(first.abs_diff(second) <= 4, "{first} and {second}");
}
