//! Routers and queues that fail while something is steered.

use wanctl::{
    control::{
        event::Request,
        failover::{Fallback, Route},
        failure::FailureKind,
        steering::{
            Mode, State,
            rule::{News, Trouble},
        },
        time::Span,
    },
    sim::{
        schedule::{Schedule, Window},
        world::{Obedience, RouterSettings},
    },
};

use super::{BOTH, Scene, after, line, usual};
use crate::support::settings::{at, laws};

fn window(from: u64, to: u64) -> Window {
    Window { from: at(from * 1_000), to: at(to * 1_000) }
}

fn failing(from: u64, to: u64, kind: FailureKind) -> RouterSettings {
    RouterSettings { failures: vec![(window(from, to), kind)], ..RouterSettings::healthy() }
}

fn counts(request: Request) -> bool {
    matches!(request, Request::Count(..))
}

fn rules(request: Request) -> bool {
    matches!(request, Request::ReadRule(_) | Request::SwitchRule(..))
}

#[test]
fn an_outage_of_the_router_in_the_good_state_steers_nothing_until_it_is_back() {
    for (_, law) in laws() {
        for kind in [FailureKind::Refused, FailureKind::Timeout] {
            let router = failing(50, 100, kind);
            let lines = vec![line(&[(60, 180)]), line(&[])];
            let mut scene = Scene::behind(law, router, &[usual(Mode::Hysteresis)], lines);
            scene.go(240);
            let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
                panic!("{kind:?}: {:?}", scene.switched)
            };
            // The back-off, the queues, two readings of the counters, two seconds.
            after(on, 100, 2_000..=14_000);
            after(off, 180, 30_000..=36_000);
        }
    }
}

#[test]
fn an_outage_of_the_router_in_the_degraded_state_keeps_the_rule_on_until_recovery_is_proven() {
    for (_, law) in laws() {
        for kind in [FailureKind::Refused, FailureKind::Timeout] {
            let router = failing(80, 140, kind);
            let lines = vec![line(&[(60, 100)]), line(&[])];
            let mut scene = Scene::behind(law, router, &[usual(Mode::Hysteresis)], lines);
            scene.go(240);
            let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
                panic!("{kind:?}: {:?}", scene.switched)
            };
            after(on, 60, 2_000..=3_000);
            // What was before the outage does not count, nor what was in it.
            after(off, 140, 30_000..=45_000);
            assert_eq!(
                scene.news().iter().filter(|news| matches!(news, News::Foreign(_))).count(),
                0
            );
        }
    }
}

#[test]
fn an_outage_that_begins_with_the_switch_leaves_it_to_be_made_afterwards() {
    for (_, law) in laws() {
        // The decision falls at 62.x s; its request is lost.
        let router = failing(62, 90, FailureKind::Timeout);
        let mut scene = Scene::behind(
            law,
            router,
            &[usual(Mode::Hysteresis)],
            vec![line(&[(60, 200)]), line(&[])],
        );
        scene.go(85);
        assert_eq!(scene.switches(), []);
        let course = &scene.world.engine().courses()[0];
        assert_eq!(course.rule().shown(), None, "what is not known is not recorded as done");
        scene.go(150);
        let [(on, State::Degraded)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(on, 90, 0..=14_000);
    }
}

#[test]
fn counters_that_cannot_be_read_neither_degrade_nor_recover() {
    for (_, law) in laws() {
        for mode in BOTH {
            let router = RouterSettings {
                refusals: vec![(window(50, 100), counts, FailureKind::Rejected)],
                ..RouterSettings::healthy()
            };
            let lines = vec![line(&[(60, 95)]), line(&[])];
            let mut scene = Scene::behind(law, router.clone(), &[usual(mode)], lines);
            scene.go(200);
            assert_eq!(scene.switches(), [], "{mode:?}");

            let router = RouterSettings {
                refusals: vec![(window(80, 400), counts, FailureKind::Rejected)],
                ..router
            };
            let lines = vec![line(&[(60, 100)]), line(&[])];
            let mut scene = Scene::behind(law, router, &[usual(mode)], lines);
            scene.go(399);
            assert_eq!(scene.switches().len(), 1, "{mode:?}: on, and never off");
            scene.go(540);
            let [_, (off, State::Good)] = scene.switches()[..] else {
                panic!("{:?}", scene.switched)
            };
            // The counters are tried again once a minute at last.
            after(off, 400, 30_000..=110_000);
        }
    }
}

#[test]
fn counters_that_begin_anew_are_no_drop_and_cost_one_interval() {
    for (_, law) in laws() {
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[]);
        for second in 20..120 {
            scene.go(second);
            scene.world.recount(0);
        }
        assert_eq!(scene.switches(), []);
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(60, 120)]);
        scene.go(61);
        scene.world.recount(0);
        scene.go(70);
        let [(on, State::Degraded)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(on, 60, 2_000..=4_500);
    }
}

#[test]
fn a_switch_that_fails_is_told_once_made_again_and_never_recorded_as_done() {
    for (_, law) in laws() {
        for obedience in [Obedience::Pretends, Obedience::Refuses] {
            let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(60, 300)]);
            scene.world.rule(0).unwrap().obedience = obedience;
            scene.go(120);
            let rule = *scene.world.rule(0).unwrap();
            assert_eq!(rule.state, State::Good);
            assert!(
                (8..=40).contains(&rule.switches),
                "{obedience:?}: {} in a minute",
                rule.switches
            );
            let course = &scene.world.engine().courses()[0];
            assert_eq!(course.rule().shown(), Some(State::Good));
            assert!(course.rule().trouble().is_some() && !course.rule().settled());
            let trouble = |news: &&News| matches!(news, News::Trouble(_));
            assert_eq!(scene.news().iter().filter(trouble).count(), 1, "{obedience:?}");
            scene.world.rule(0).unwrap().obedience = Obedience::Obeys;
            scene.go(128);
            assert_eq!(scene.switches().len(), 1, "{obedience:?}: with the next try");
            let course = &scene.world.engine().courses()[0];
            assert!(course.rule().trouble().is_none() && course.rule().settled());
        }
    }
}

#[test]
fn a_router_that_takes_its_second_to_show_a_switch_is_no_trouble() {
    for (_, law) in laws() {
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(60, 90)]);
        scene.world.rule(0).unwrap().shows_after = Span::from_millis(900);
        scene.go(140);
        let switched = [State::Degraded, State::Good].map(News::Switched);
        assert_eq!(scene.news()[1..], switched);
        assert_eq!(scene.world.rule(0).unwrap().switches, 2);
    }
}

#[test]
fn a_login_that_may_not_touch_rules_is_told_once_and_control_goes_on() {
    for (_, law) in laws() {
        let router = RouterSettings {
            refusals: vec![(Window::ALWAYS, rules, FailureKind::Auth)],
            ..RouterSettings::healthy()
        };
        let mut scene = Scene::behind(
            law,
            router,
            &[usual(Mode::Hysteresis)],
            vec![line(&[(60, 90)]), line(&[])],
        );
        scene.go(600);
        let trouble = News::Trouble(Trouble::Refused(FailureKind::Auth));
        assert_eq!(scene.news(), [trouble]);
        let asked = scene.world.take_requests();
        let about = asked.iter().filter(|(_, _, request)| rules(*request)).count();
        assert!(about <= 20, "{about} times in ten minutes");
        assert!(scene.world.engine().wans()[0].settled(), "limits are kept up with");
    }
}

#[test]
fn on_a_slow_router_the_rule_has_its_turn_among_the_limits() {
    for (_, law) in laws() {
        // Just before the decision each request begins to take 400 ms, and four other lines rise by one
        // write a second each: there is always a limit to be written.
        let latency = Schedule::constant(Span::from_millis(5));
        let router = RouterSettings {
            latency: latency.then(at(61_900), Span::from_millis(400)),
            ..RouterSettings::healthy()
        };
        let mut lines = vec![line(&[(60, 120)]), line(&[])];
        lines.extend((0..4).map(|_| line(&[(30, 58)])));
        let mut scene = Scene::behind(law, router, &[usual(Mode::Hysteresis)], lines);
        scene.go(60);
        scene.world.congest(0, 20, 60);
        scene.go(100);
        let [(on, State::Degraded)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(on, 60, 2_000..=4_500);
    }
}

#[test]
fn on_a_slow_router_that_limits_keep_busy_the_counters_are_read_and_it_is_steered_by_them() {
    for (_, law) in laws() {
        // Each request takes 200 ms from the beginning, and six other lines change their limits all the
        // time, so that there is always one to be written.
        let router = RouterSettings {
            latency: Schedule::constant(Span::from_millis(200)),
            ..RouterSettings::healthy()
        };
        let restless: Vec<(u64, u64)> =
            (0..15).map(|index| (20 + index * 12, 24 + index * 12)).collect();
        for mode in BOTH {
            let mut lines = vec![line(&[(60, 120)]), line(&[])];
            lines.extend((0..6).map(|_| line(&restless)));
            let mut scene = Scene::behind(law, router.clone(), &[usual(mode)], lines);
            scene.go(50);
            scene.world.take_requests();
            scene.go(60);
            let requests = scene.world.take_requests().len();
            // At the lowest limits there is nothing to write for a moment.
            assert!(requests >= 44, "{requests} requests in 10 s: it was idle");
            scene.world.congest(0, 20, 60);
            scene.go(120);
            scene.world.congest(0, 0, 0);
            scene.go(190);
            let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
                panic!("{mode:?}: {:?}", scene.switched)
            };
            after(on, 60, 2_000..=5_000);
            after(off, 120, 30_000..=40_000);
        }
    }
}

#[test]
fn the_other_transport_carries_the_rule_when_the_first_one_fails() {
    for (_, law) in laws() {
        let router = RouterSettings {
            fallback: Fallback::Present,
            ways: vec![(window(30, 600), Route::Preferred, FailureKind::Refused)],
            ..RouterSettings::healthy()
        };
        let mut scene = Scene::behind(
            law,
            router,
            &[usual(Mode::Hysteresis)],
            vec![line(&[(60, 120)]), line(&[])],
        );
        scene.go(200);
        let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
            panic!("{:?}", scene.switched)
        };
        after(on, 60, 2_000..=3_500);
        after(off, 120, 30_000..=36_000);
        let by_way = scene.world.take_routed();
        let switches =
            by_way.iter().filter(|(_, _, _, request)| matches!(request, Request::SwitchRule(..)));
        assert!(
            switches.clone().count() == 2
                && switches.clone().all(|(_, _, by, _)| *by == Route::Fallback)
        );
    }
}
