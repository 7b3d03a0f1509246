//! Routers that restart, flap, stay away; boards that sleep; lines that fall silent.

use wanctl::{
    control::{
        event::{Event, Request, RouterNews, SignalNews, WanNews, What},
        failure::FailureKind,
        law::Cause,
        queue::Limit,
        saved::{Freshness, SavedWan},
        time::Span,
        units::{Direction, PerDirection, Ratio},
        wan::{Settings, Signal, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        world::{RouterSettings, World},
    },
};

use super::{DOWN, FOR_EVER, UP, busy, converges, limits, of_routers, of_wan, run, window};
use crate::support::settings::{at, laws, left, mbit, ms};

#[test]
fn a_router_that_restarts_gets_its_limits_again_as_soon_as_it_answers() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(50_000, 51_000), FailureKind::Reset));
        router.failures.push((window(51_000, 85_000), FailureKind::Timeout));
        router.failures.push((window(85_000, 95_000), FailureKind::Refused));
        router.reboots.push(at(50_000));
        let mut world = World::new(vec![(wan(520, 52), busy(3))], vec![router], 1);
        run(&mut world, 49_000);
        world.take_events();
        run(&mut world, 100_500);
        assert!(converges(&mut world, 0), "{:?}", limits(&world, 0));
        let events = world.take_events();
        let foreign = of_wan(&events, 0);
        let foreign = foreign.iter().filter(|news| matches!(news, WanNews::Foreign { .. }));
        assert_eq!(foreign.count(), 2, "both queues had lost their limits");
        let routers = of_routers(&events);
        assert!(
            matches!(routers[..], [RouterNews::Lost(FailureKind::Reset), RouterNews::Back { .. }]),
            "{routers:?}"
        );
    }
}

#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn a_router_that_flaps_every_second_for_ten_minutes_is_neither_stormed_nor_misled() {
    for (_, wan) in laws() {
        for kind in [FailureKind::Refused, FailureKind::Timeout, FailureKind::Reset] {
            let mut router = RouterSettings::healthy();
            let down = |second: u64| (window(second * 2_000, second * 2_000 + 1_000), kind);
            router.failures.extend((30..330).map(down));
            let settings = wan(520, 52);
            let mut world = World::new(vec![(settings, busy(12))], vec![router], 1);
            run(&mut world, 59_000);
            world.take_requests();
            let bounds = settings.law.ladders;
            world
                .run_until(at(660_000), |world| {
                    for direction in Direction::BOTH {
                        let limit = world.limit(0, direction).unwrap();
                        assert!(bounds.of(direction).contains(limit), "{limit:?}");
                    }
                })
                .unwrap();
            // Up: 2 reads, some writes; down: about four attempts by the back-off.
            let requests = world.take_requests().len();
            assert!(requests < 300 * 20, "{kind:?}: {requests} requests");
            run(&mut world, 675_000);
            assert!(converges(&mut world, 0), "{kind:?}: {:?}", limits(&world, 0));
        }
    }
}

/// A line that is green until the outage and loaded during it; the router is away from second 60.
fn outage(mut settings: Settings, seconds: u64) -> World {
    let mut router = RouterSettings::healthy();
    router.failures.push((window(60_000, 60_000 + seconds * 1_000), FailureKind::Refused));
    let line = LinkSettings::cable().with_load(
        Direction::Download,
        window(61_000, 200_000),
        Demand::Greedy,
    );
    // Whatever is decided during the outage, it is far below.
    settings.law.thresholds.download.soft_red = None;
    let mut world = World::new(vec![(settings, line)], vec![router], 1);
    run(&mut world, 60_000 + seconds * 1_000);
    world
}

#[test]
fn after_a_minute_without_the_router_the_limit_in_force_is_where_decisions_go_on() {
    for (_, wan) in laws() {
        let mut world = outage(wan(520, 52), 90);
        let before = world.limit(0, Direction::Download).unwrap();
        assert_eq!(before, mbit(520));
        let decided = world.engine().wans()[0].wanted().download;
        assert!(decided < mbit(100), "{decided:?} was decided without effect");
        world.take_requests();
        run(&mut world, 157_000);
        let writes =
            world.take_requests().into_iter().filter_map(|(_, _, request)| match request {
                Request::Write(_, DOWN, limit) => Some(limit),
                Request::Write(..)
                | Request::Read(..)
                | Request::Count(..)
                | Request::Facts
                | Request::ReadRule(_)
                | Request::SwitchRule(..) => None,
            });
        let first = writes.into_iter().next();
        let Some(Limit::One(first)) = first else { panic!("{first:?}") };
        assert!(first > mbit(250), "decided anew from the limit in force: {first:?}");
    }
}

#[test]
fn after_a_short_outage_the_latest_wanted_rate_is_written() {
    for (_, wan) in laws() {
        let mut world = outage(wan(520, 52), 20);
        let decided = world.engine().wans()[0].wanted().download;
        assert!(decided < mbit(100), "{decided:?}");
        run(&mut world, 87_000);
        let limit = world.limit(0, Direction::Download).unwrap();
        assert!(limit < mbit(110), "{limit:?}");
    }
}

/// Long away, back for one answer, away again: the other queue has still not been read.
#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn a_queue_not_yet_read_after_a_long_outage_is_adopted_later() {
    for (name, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(60_000, 160_000), FailureKind::Refused));
        let upload = |request| matches!(request, Request::Read(_, UP));
        router.refusals.push((window(160_000, 170_000), upload, FailureKind::Reset));
        let line = [Direction::Download, Direction::Upload]
            .into_iter()
            .fold(LinkSettings::cable(), |line, direction| {
                line.with_load(direction, window(61_000, 400_000), Demand::Greedy)
            });
        let mut settings = wan(520, 52);
        settings.law.thresholds.download.soft_red = None;
        let mut world = World::new(vec![(settings, line)], vec![router], 1);
        run(&mut world, 160_000);
        assert_eq!(world.limit(0, Direction::Upload), Some(mbit(52)));
        assert!(world.engine().wans()[0].wanted().upload < mbit(10));
        world.take_requests();
        let mut first = None;
        world
            .run_until(at(180_000), |world| {
                for (_, _, request) in world.take_requests() {
                    if let Request::Write(_, UP, limit) = request {
                        first = first.or(Some(limit));
                    }
                }
            })
            .unwrap();
        let Some(Limit::One(first)) = first else { panic!("{first:?}") };
        // One cut of the adaptive law may take half.
        let least = if name == "adaptive" { mbit(25) } else { mbit(30) };
        assert!(first > least, "decided anew from the limit in force: {first:?}");
    }
}

#[test]
fn a_board_that_slept_an_hour_goes_on_without_catching_up() {
    for (_, wan) in laws() {
        let mut world =
            World::new(vec![(wan(520, 52), busy(3))], vec![RouterSettings::healthy()], 1);
        run(&mut world, 90_000);
        let before = world.engine().wans()[0].wanted();
        world.take_events();
        let cycles = world.engine().wans()[0].cycles();
        let woken = 90_000 + 3_600_000;
        world.suspend_until(at(woken));
        run(&mut world, woken + 60);
        let wan = &world.engine().wans()[0];
        assert!(wan.cycles().total <= cycles.total + 3, "the lost cycles are not made up for");
        assert!(wan.cycles().missed >= 71_990);
        assert_eq!(wan.wanted(), before, "held: nothing was measured");
        run(&mut world, woken + 20_000);
        assert_eq!(world.engine().wans()[0].signal(), Signal::Fresh);
        assert!(converges(&mut world, 0));
        let news = of_wan(&world.take_events(), 0);
        let back = news
            .iter()
            .filter(|news| matches!(news, WanNews::Signal(SignalNews::Back { .. })))
            .count();
        assert_eq!(back, 1);
        let spikes = |news: &&WanNews| matches!(news, WanNews::Zone { cause: Cause::Spike, .. });
        assert_eq!(news.iter().filter(spikes).count(), 0, "an hour is no cycle");
    }
}

/// The load of before a silence says nothing about the first round after it.
#[test]
fn the_return_of_the_signal_is_no_spike_and_no_streak() {
    for (_, wan) in laws() {
        let mut line = LinkSettings::quiet().with_outage(window(60_000, 70_000));
        line.loss = Ratio::from_ppm(0);
        let mut world = World::new(vec![(wan(100, 20), line)], vec![RouterSettings::healthy()], 1);
        run(&mut world, 65_000);
        let streaks = world.engine().wans()[0].law().streaks();
        assert_eq!(streaks, PerDirection::both(0), "held is not green");
    }
}

#[test]
fn a_restart_goes_on_from_the_saved_state() {
    for (_, wan) in laws() {
        let settings = wan(520, 52);
        let mut world = World::new(vec![(settings, busy(3))], vec![RouterSettings::healthy()], 1);
        run(&mut world, 105_000);
        let saved = world.engine().saved(WanId(0)).unwrap();
        assert!(saved.rates.download < mbit(520));
        let router = RouterSettings { initial: saved.confirmed, ..RouterSettings::healthy() };
        let mut world = World::new(vec![(settings, LinkSettings::cable())], vec![router], 2);
        world.engine().restore(WanId(0), &saved, Freshness::Fresh);
        assert_eq!(world.engine().saved(WanId(0)).unwrap().rates, saved.rates);
        run(&mut world, 200);
        let events = world.take_events();
        let learnt = |event: &Event| matches!(event.what, What::Wan(_, WanNews::BaselineLearnt(_)));
        assert!(!events.iter().any(learnt), "the baseline is known");
        assert_eq!(world.load_of(0).0, 2, "the first write is made");
        assert!(converges(&mut world, 0));
    }
}

/// A board that is up long before its router: what was decided on a line that did not obey is not written.
#[test]
fn before_the_router_has_confirmed_a_limit_nothing_rises() {
    for (_, wan) in laws() {
        let rates = PerDirection { download: mbit(200), upload: mbit(20) };
        let saved = left(rates);
        let mut router = RouterSettings { initial: rates.map(Some), ..RouterSettings::healthy() };
        router.failures.push((window(0, 40_000), FailureKind::Timeout));
        let mut world = World::new(vec![(wan(520, 52), LinkSettings::quiet())], vec![router], 1);
        world.engine().restore(WanId(0), &saved, Freshness::Fresh);
        let watch = |world: &mut World| assert_eq!(world.engine().wans()[0].wanted(), rates);
        world.run_until(at(40_000), watch).unwrap();
        let limit = |world: &World| world.limit(0, Direction::Download).unwrap();
        while limit(&world) == rates.download && world.now() < at(200_000) {
            let next = world.now() + Span::from_millis(10);
            world.run_until(next, |_| ()).unwrap();
        }
        // At most a second of steps ahead.
        let first = limit(&world);
        assert!(first.bps() < 200_000_000 + 21 * 1_040_000, "{first:?}: in one leap");
    }
}

/// A name that is wrong at first, on a line that is full for a while.
#[test]
fn what_was_cut_before_any_limit_was_known_comes_back() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.refusals.push((window(0, 150_000), |_| true, FailureKind::NotFound));
        let load = window(5_000, 60_000);
        let line = LinkSettings::quiet().with_load(Direction::Download, load, Demand::Greedy);
        let mut world = World::new(vec![(wan(110, 22), line)], vec![router], 1);
        run(&mut world, 55_000);
        assert!(world.engine().wans()[0].wanted().download < mbit(60), "nobody limits it");
        run(&mut world, 149_000);
        let wanted = PerDirection { download: mbit(110), upload: mbit(22) };
        assert_eq!(world.engine().wans()[0].wanted(), wanted);
        run(&mut world, 230_000);
        assert_eq!(limits(&world, 0), wanted.map(Some));
    }
}

/// What was restored is kept until there is something newer, as old as it is.
#[test]
fn a_wan_that_learns_its_baseline_anew_keeps_what_was_restored() {
    for (_, wan) in laws() {
        let settings = wan(520, 52);
        let rates = PerDirection { download: mbit(200), upload: mbit(20) };
        let saved = SavedWan { baseline: ms(33.0), load: ms(34.0), ..left(rates) };
        let dead = LinkSettings::cable().with_outage(window(0, FOR_EVER));
        for (line, freshness, learnt) in [
            (LinkSettings::cable(), Freshness::Old, Some(at(5_000))),
            (LinkSettings::cable(), Freshness::Fresh, Some(at(5_000))),
            (dead.clone(), Freshness::Old, None),
            (dead, Freshness::Fresh, None),
        ] {
            let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
            world.engine().restore(WanId(0), &saved, freshness);
            let kept = world.engine().saved(WanId(0)).unwrap();
            assert_eq!((kept.rates, kept.baseline, kept.load), (rates, ms(33.0), ms(34.0)));
            assert_eq!(world.engine().wans()[0].measured(), None, "not yet");
            run(&mut world, 5_020);
            let kept = world.engine().saved(WanId(0)).unwrap();
            assert_eq!(world.engine().wans()[0].measured(), learnt, "{freshness:?}");
            assert_eq!(kept.baseline == ms(33.0), learnt.is_none(), "{freshness:?} {kept:?}");
            assert!(kept.rates.download >= rates.download && kept.rates.download < mbit(320));
        }
    }
}

#[test]
fn an_impossible_load_is_not_restored() {
    for (_, wan) in laws() {
        let settings = wan(520, 52);
        let mut world =
            World::new(vec![(settings, LinkSettings::cable())], vec![RouterSettings::healthy()], 1);
        run(&mut world, 10_000);
        let saved = world.engine().saved(WanId(0)).unwrap();
        let saved = SavedWan { load: ms(1e12), ..saved };
        let mut world =
            World::new(vec![(settings, LinkSettings::cable())], vec![RouterSettings::healthy()], 1);
        world.engine().restore(WanId(0), &saved, Freshness::Fresh);
        run(&mut world, 10_000);
        assert!(world.engine().wans()[0].wanted().download > mbit(450));
    }
}

#[test]
fn the_shortest_and_the_longest_interval_work() {
    for (_, wan) in laws() {
        for (interval, lost, least) in [(20, 0, 98), (1_000, 150_000, 60), (2_000, 150_000, 90)] {
            let mut settings = wan(520, 52);
            settings.law.interval = Span::from_millis(interval);
            let mut line = busy(10);
            line.loss = Ratio::from_ppm(lost);
            let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
            run(&mut world, 300_000);
            let cycles = world.engine().wans()[0].cycles();
            assert_eq!((cycles.total, cycles.missed), (300_000 / interval + 1, 0));
            let decided = cycles.decided * 100 / cycles.total;
            assert!(decided >= least, "{interval} ms: {decided} % of the cycles decided");
            assert!(converges(&mut world, 0), "{interval} ms");
            let lost = of_wan(&world.take_events(), 0);
            let lost = lost
                .iter()
                .filter(|news| matches!(news, WanNews::Signal(SignalNews::Lost(_))))
                .count();
            assert_eq!(lost, 0, "{interval} ms");
        }
    }
}

#[test]
fn a_black_hole_for_ever_is_asked_by_the_back_off() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(0, FOR_EVER), FailureKind::Timeout));
        let mut world = World::new(vec![(wan(520, 52), busy(10))], vec![router], 1);
        run(&mut world, 3_600_000);
        let requests = world.take_requests().len();
        assert!((450..=760).contains(&requests), "{requests}");
        assert_eq!(world.engine().wans()[0].cycles().missed, 0);
    }
}

/// RouterOS writes each refused login into its log as critical.
#[test]
fn a_router_that_refuses_the_login_is_lost_once_back_once_and_asked_once_a_minute() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(0, 3_600_000), FailureKind::Auth));
        router.failures.push((window(3_700_000, 3_701_000), FailureKind::Auth));
        let mut world = World::new(vec![(wan(520, 52), busy(63))], vec![router], 1);
        run(&mut world, 600_000);
        world.take_requests();
        run(&mut world, 3_600_000);
        let requests = world.take_requests().len();
        // 50 minutes; a minute is 45 to 75 seconds.
        assert!((40..=67).contains(&requests), "{requests}");
        run(&mut world, 3_690_000);
        let routers = of_routers(&world.take_events());
        let still =
            routers.iter().filter(|news| matches!(news, RouterNews::StillLost { .. })).count();
        assert!((5..=6).contains(&still), "{routers:?}");
        assert!(matches!(routers[0], RouterNews::Lost(FailureKind::Auth)), "{routers:?}");
        let Some(RouterNews::Back { outage, .. }) = routers.last() else { panic!("{routers:?}") };
        assert!((3_600..=3_676).contains(&outage.as_secs()), "{outage:?}");
        assert_eq!(routers.len(), still + 2);
        // The good answer has ended the streak: the next refusal is asked about at once again.
        run(&mut world, 3_706_000);
        assert!(converges(&mut world, 0), "{:?}", limits(&world, 0));
    }
}

#[test]
fn wanted_rates_do_not_climb_while_the_router_is_away() {
    for (_, wan) in laws() {
        let mut router = RouterSettings::healthy();
        router.failures.push((window(50_500, 90_000), FailureKind::Refused));
        let line = LinkSettings::cable().with_load(
            Direction::Download,
            window(10_000, 50_000),
            Demand::Greedy,
        );
        let mut settings = wan(520, 52);
        settings.law.ladders.download.floors.green = mbit(52);
        let mut world = World::new(vec![(settings, line)], vec![router], 1);
        run(&mut world, 50_600);
        let before = world.engine().wans()[0].wanted().download;
        assert!(before < mbit(490), "{before:?}: the load has cost something");
        run(&mut world, 89_000);
        let after = world.engine().wans()[0].wanted().download;
        // One second of steps of 1.04 Mbit/s.
        assert!(after.distance(before) <= mbit(25).bps(), "{before:?} -> {after:?}");
    }
}
