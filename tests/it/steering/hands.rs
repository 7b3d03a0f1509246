//! Rules that somebody else changes, restarts and the end.

use wanctl::{
    control::{
        change::{
            Change, KeptItems, KeptStandIns, KeptSteering, KeptWan, Leaving, NextRouter,
            NextSteering, NextWan,
        },
        event::Request,
        failure::FailureKind,
        id::{RouterId, SteeringId},
        saved::SavedSteering,
        steering::{
            Mode, State,
            course::{Effect, Settings},
            rule::{Foreign, News, OnExit, Trouble},
        },
        time::Span,
    },
    sim::{
        schedule::Window,
        world::{Obedience, RouterSettings},
    },
};

use super::{BOTH, CONVERGES, Scene, after, line, usual};
use crate::support::settings::{at, laws};

fn foreign(scene: &Scene) -> Vec<State> {
    let of = |news: &News| match news {
        News::Foreign(state) => Some(*state),
        News::Found(_) | News::Switched(_) | News::Trouble(_) | News::Mended => None,
    };
    scene.news().iter().filter_map(of).collect()
}

#[test]
fn a_rule_that_a_human_switches_is_told_once_and_switched_back_within_a_minute() {
    for (_, law) in laws() {
        // In both states.
        for (bad, second, by_hand) in
            [(&[][..], 30, State::Degraded), (&[(20, 600)][..], 60, State::Good)]
        {
            let mut scene = Scene::new(law, usual(Mode::Hysteresis), bad);
            scene.go(second);
            let before = scene.switches().len();
            scene.world.rule(0).unwrap().state = by_hand;
            scene.go(second + CONVERGES.as_secs());
            let [(_, changed), (back, wanted)] = scene.switches()[before..] else {
                panic!("{:?}", scene.switched)
            };
            assert!(changed == by_hand && wanted != by_hand);
            after(back, second, 0..=CONVERGES.as_millis());
            assert_eq!(foreign(&scene), [by_hand], "told once");
        }
    }
}

#[test]
fn with_adopt_the_humans_choice_stands_until_the_next_decision() {
    for (_, law) in laws() {
        let settings = Settings { foreign: Foreign::Adopt, ..usual(Mode::Hysteresis) };
        // Switched off though the line is bad: it stays off for the time after a change, then it is bad
        // enough for a new decision.
        let mut scene = Scene::new(law, settings, &[(20, 600)]);
        scene.go(60);
        assert_eq!(scene.switches().len(), 1);
        scene.world.rule(0).unwrap().state = State::Good;
        scene.go(60 + 62 + 45);
        let [_, (off, State::Good), (on, State::Degraded)] = scene.switches()[..] else {
            panic!("{:?}", scene.switched)
        };
        assert!((30_000..=100_000).contains(&(on - off)), "{:?}", scene.switched);
        assert_eq!(foreign(&scene), [State::Good]);
        // Switched on though the line is good: on until recovery is proven once more.
        let mut scene = Scene::new(law, settings, &[]);
        scene.go(40);
        scene.world.rule(0).unwrap().state = State::Degraded;
        scene.go(200);
        let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
            panic!("{:?}", scene.switched)
        };
        assert!((30_000..=100_000).contains(&(off - on)), "{:?}", scene.switched);
        assert_eq!(foreign(&scene), [State::Degraded]);
    }
}

#[test]
fn a_rule_that_is_deleted_or_there_twice_is_told_once_and_followed_again_when_it_is_one() {
    for (_, law) in laws() {
        for (copies, kind) in [(0, FailureKind::NotFound), (2, FailureKind::Ambiguous)] {
            let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(100, 600)]);
            scene.go(30);
            scene.world.rule(0).unwrap().copies = copies;
            scene.go(200);
            assert_eq!(scene.switches(), [], "{kind:?}");
            let trouble = News::Trouble(Trouble::Refused(kind));
            assert_eq!(scene.news(), [News::Found(State::Good), trouble]);
            assert_eq!(scene.state(), State::Degraded, "what is decided is known");
            let course = &scene.world.engine().courses()[0];
            assert_eq!((course.rule().shown(), course.rule().settled()), (None, false));
            scene.world.rule(0).unwrap().copies = 1;
            scene.go(210);
            let [(on, State::Degraded)] = scene.switches()[..] else {
                panic!("{:?}", scene.switched)
            };
            after(on, 200, 0..=7_000);
        }
    }
}

#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn a_restart_keeps_a_rule_that_is_on_until_recovery_is_proven_and_does_not_flap() {
    for (_, law) in laws() {
        for mode in BOTH {
            for saved in [Some(Span::from_secs(40)), None] {
                let lines = vec![line(&[(0, 60)]), line(&[])];
                let mut scene =
                    Scene::behind(law, RouterSettings::healthy(), &[usual(mode)], lines);
                scene.world.rule(0).unwrap().state = State::Degraded;
                scene.states = vec![State::Degraded];
                if let Some(ago) = saved {
                    let saved = SavedSteering {
                        state: State::Degraded,
                        changed_ago: Some(ago),
                        steered_ago: [ago].into_iter().collect(),
                    };
                    let now = scene.world.now();
                    scene.world.engine().restore_steering(SteeringId(0), &saved, now);
                    assert_eq!(scene.state(), State::Degraded, "before the router is asked");
                }
                scene.go(5);
                assert_eq!(scene.state(), State::Degraded, "{mode:?} {saved:?}");
                scene.go(240);
                let [(off, State::Good)] = scene.switches()[..] else {
                    panic!("{mode:?}: {:?}", scene.switched)
                };
                // It learnt its baseline on the bad line; that it is good takes its time to be seen.
                after(off, 60, 25_000..=100_000);
            }
        }
    }
}

#[test]
fn what_the_router_shows_at_the_start_goes_before_what_was_saved() {
    for (_, law) in laws() {
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[]);
        let saved = SavedSteering {
            state: State::Degraded,
            changed_ago: Some(Span::from_secs(10)),
            steered_ago: heapless::Vec::new(),
        };
        let now = scene.world.now();
        scene.world.engine().restore_steering(SteeringId(0), &saved, now);
        scene.go(60);
        assert_eq!((scene.state(), scene.switches()), (State::Good, vec![]), "it was switched off");
    }
}

#[test]
fn at_the_end_the_rule_is_kept_or_switched_off_after_the_limits() {
    for (_, law) in laws() {
        for (on_exit, left) in [(OnExit::Keep, State::Degraded), (OnExit::Disable, State::Good)] {
            let settings = Settings { on_exit, ..usual(Mode::Hysteresis) };
            let mut scene = Scene::new(law, settings, &[(20, 600)]);
            scene.go(60);
            assert_eq!(scene.switches().len(), 1);
            let now = scene.world.now();
            scene.world.engine().on_stop(now);
            scene.go_ms(60_500);
            assert_eq!(scene.world.rule(0).unwrap().state, left);
            let now = scene.world.now();
            assert!(scene.world.engine().is_drained(now));
            scene.world.take_requests();
            scene.go(600);
            assert_eq!(scene.world.take_requests(), [], "nothing is asked after the end");
        }
    }
}

#[test]
fn a_rule_that_cannot_be_switched_off_does_not_hold_up_the_end() {
    for (_, law) in laws() {
        let settings = Settings { on_exit: OnExit::Disable, ..usual(Mode::Hysteresis) };
        let mut scene = Scene::new(law, settings, &[(20, 600)]);
        scene.go(60);
        scene.world.rule(0).unwrap().copies = 0;
        let now = scene.world.now();
        scene.world.engine().on_stop(now);
        scene.go(64);
        let now = scene.world.now();
        assert!(scene.world.engine().is_drained(now));
    }
}

#[test]
fn what_is_changed_during_an_outage_is_seen_when_it_is_over() {
    for (_, law) in laws() {
        let outage = Window { from: at(40_000), to: at(60_000) };
        let router = RouterSettings {
            failures: vec![(outage, FailureKind::Refused)],
            ..RouterSettings::healthy()
        };
        let lines = vec![line(&[(20, 600)]), line(&[])];
        let mut scene = Scene::behind(law, router, &[usual(Mode::Hysteresis)], lines);
        scene.go(50);
        scene.world.rule(0).unwrap().state = State::Good;
        scene.go(75);
        let [_, (_, State::Good), (on, State::Degraded)] = scene.switches()[..] else {
            panic!("{:?}", scene.switched)
        };
        after(on, 60, 0..=7_000);
    }
}

/// Goes on with other settings of the one steering.
fn reconfigure(scene: &mut Scene, settings: Settings, rule: KeptItems) {
    let from = Some(KeptSteering { steering: SteeringId(0), rule });
    change(scene, &[NextSteering { settings, from }], &[]);
}

/// Goes on without the one steering, whose rule is to be brought to where it shall stay.
fn take_out(scene: &mut Scene, rule: KeptItems) {
    let from = KeptSteering { steering: SteeringId(0), rule };
    change(scene, &[], &[Leaving { from, router: RouterId(0) }]);
}

fn change(scene: &mut Scene, steerings: &[NextSteering], leaving: &[Leaving]) {
    let wans: Vec<NextWan> = scene
        .world
        .engine()
        .wans()
        .iter()
        .map(|wan| NextWan {
            settings: *wan.settings(),
            from: Some(KeptWan {
                wan: wan.id(),
                reflectors: (0..3).map(Some).collect(),
                stand_ins: KeptStandIns::Same,
                queues: KeptItems::Same,
            }),
        })
        .collect();
    let change =
        Change { wans: &wans, routers: &[NextRouter::Kept(RouterId(0))], steerings, leaving };
    let now = scene.world.now();
    scene.world.engine().reconfigure(&change, now, 3);
}

#[test]
fn another_configuration_keeps_what_is_decided_and_another_rule_follows_it() {
    for (_, law) in laws() {
        for kept in [KeptItems::Same, KeptItems::Doubted, KeptItems::Others] {
            let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(20, 100)]);
            // In the middle of the switch: its answer is on the way.
            scene.go_ms(22_300);
            let mut settings = usual(Mode::Hysteresis);
            settings.law.recover_after = Span::from_secs(60);
            reconfigure(&mut scene, settings, kept);
            scene.go(30);
            assert_eq!(scene.state(), State::Degraded, "{kept:?}");
            // The other rule is one that nobody has switched yet.
            if kept == KeptItems::Others {
                scene.world.rule(0).unwrap().state = State::Good;
                reconfigure(&mut scene, settings, kept);
                scene.go(32);
                assert_eq!(scene.world.rule(0).unwrap().state, State::Degraded);
            }
            assert!(scene.world.engine().courses()[0].rule().settled());
            scene.go(300);
            assert_eq!(scene.decided().len(), 2, "{kept:?}: {:?}", scene.decided());
            let (off, last) = *scene.switches().last().unwrap();
            assert_eq!(last, State::Good);
            after(off, 100, 60_000..=66_000);
        }
    }
}

#[test]
fn a_dry_run_that_becomes_real_begins_with_what_the_router_shows() {
    for (_, law) in laws() {
        let dry = Settings { effect: Effect::DryRun, ..usual(Mode::Hysteresis) };
        let mut scene = Scene::new(law, dry, &[]);
        scene.world.rule(0).unwrap().state = State::Degraded;
        scene.states = vec![State::Degraded];
        scene.go(100);
        assert_eq!(scene.switches(), []);
        reconfigure(&mut scene, usual(Mode::Hysteresis), KeptItems::Same);
        assert_eq!(scene.state(), State::Degraded);
        scene.go(200);
        let [(off, State::Good)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(off, 100, 29_000..=35_000);
    }
}

const DISABLED: OnExit = OnExit::Disable;

#[test]
#[expect(clippy::excessive_nesting, reason = "each law, and each case of it")]
fn a_rule_whose_steering_is_taken_out_is_switched_off_and_then_left_alone() {
    for (_, law) in laws() {
        for kept in [KeptItems::Same, KeptItems::Doubted] {
            // On; in the middle of being switched on; and off already.
            for (ms, most) in [(60_000, 1), (22_300, 2), (10_000, 0)] {
                let settings = Settings { on_exit: DISABLED, ..usual(Mode::Hysteresis) };
                let mut scene = Scene::new(law, settings, &[(20, 600)]);
                scene.go_ms(ms);
                let before = scene.world.rule(0).unwrap().switches;
                take_out(&mut scene, kept);
                assert_eq!(scene.world.engine().courses().len(), 0);
                scene.go_ms(ms + 2_000);
                let rule = *scene.world.rule(0).unwrap();
                assert_eq!(rule.state, State::Good, "{kept:?} {ms}");
                assert!(
                    rule.switches - before <= most,
                    "{kept:?} {ms}: {}",
                    rule.switches - before
                );
                assert!(!scene.world.engine().leaves(SteeringId(0)));
                // What a human does with it later is his business.
                scene.world.rule(0).unwrap().state = State::Degraded;
                scene.world.take_requests();
                scene.go(600);
                let about = |request: &Request| {
                    matches!(request, Request::ReadRule(_) | Request::SwitchRule(..))
                };
                let asked = scene.world.take_requests();
                assert_eq!(asked.iter().filter(|(_, _, request)| about(request)).count(), 0);
            }
        }
    }
}

#[test]
fn a_rule_whose_steering_is_taken_out_in_an_outage_is_switched_off_when_it_is_over() {
    for (_, law) in laws() {
        for kept in [KeptItems::Same, KeptItems::Doubted] {
            let outage = Window { from: at(40_000), to: at(100_000) };
            let router = RouterSettings {
                failures: vec![(outage, FailureKind::Refused)],
                ..RouterSettings::healthy()
            };
            let settings = Settings { on_exit: DISABLED, ..usual(Mode::Hysteresis) };
            let mut scene =
                Scene::behind(law, router, &[settings], vec![line(&[(20, 600)]), line(&[])]);
            scene.go(50);
            take_out(&mut scene, kept);
            scene.go(99);
            assert_eq!(scene.world.rule(0).unwrap().state, State::Degraded);
            assert!(scene.world.engine().leaves(SteeringId(0)));
            scene.go(108);
            let [_, (off, State::Good)] = scene.switches()[..] else {
                panic!("{:?}", scene.switched)
            };
            after(off, 100, 0..=7_000);
            assert!(!scene.world.engine().leaves(SteeringId(0)));
        }
    }
}

#[test]
fn a_rule_that_was_deleted_is_given_up_when_its_steering_is_taken_out() {
    for (_, law) in laws() {
        let settings = Settings { on_exit: DISABLED, ..usual(Mode::Hysteresis) };
        let mut scene = Scene::new(law, settings, &[(20, 600)]);
        scene.go(60);
        scene.world.rule(0).unwrap().copies = 0;
        take_out(&mut scene, KeptItems::Same);
        scene.go(62);
        assert!(!scene.world.engine().leaves(SteeringId(0)));
    }
}

#[test]
fn the_end_also_brings_a_rule_to_where_it_shall_stay_whose_steering_was_taken_out_before() {
    for (_, law) in laws() {
        let settings = Settings { on_exit: DISABLED, ..usual(Mode::Hysteresis) };
        let mut scene = Scene::new(law, settings, &[(20, 600)]);
        scene.go(60);
        scene.world.rule(0).unwrap().obedience = Obedience::Refuses;
        take_out(&mut scene, KeptItems::Same);
        scene.go(80);
        assert!(scene.world.engine().leaves(SteeringId(0)), "it is asked for again and again");
        scene.world.rule(0).unwrap().obedience = Obedience::Obeys;
        let now = scene.world.now();
        scene.world.engine().on_stop(now);
        scene.go_ms(80_500);
        assert_eq!(scene.world.rule(0).unwrap().state, State::Good);
        let now = scene.world.now();
        assert!(scene.world.engine().is_drained(now));
    }
}
