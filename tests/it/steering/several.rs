//! More than two lines, and lines that cannot help out.

use wanctl::{
    control::{
        id::WanId,
        steering::{Mode, State, Why, course::Settings},
    },
    sim::{schedule::Window, world::RouterSettings},
};

use super::{Scene, after, line, usual};
use crate::support::settings::{at, laws};

fn between(primary: u8, alternate: u8) -> Settings {
    Settings { primary: WanId(primary), alternate: WanId(alternate), ..usual(Mode::Hysteresis) }
}

#[test]
fn nothing_is_led_to_a_line_that_is_bad_itself_until_it_is_well() {
    for (_, law) in laws() {
        let lines = vec![line(&[(60, 300)]), line(&[(50, 120)])];
        let mut scene =
            Scene::behind(law, RouterSettings::healthy(), &[usual(Mode::Hysteresis)], lines);
        scene.go(200);
        let [(on, State::Degraded)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(on, 120, 0..=5_000);
    }
}

#[test]
fn a_line_on_which_nothing_answers_any_more_is_left_within_seconds() {
    for (_, law) in laws() {
        let mut dead = line(&[]);
        dead.outages.push(Window { from: at(90_000), to: at(150_000) });
        let lines = vec![line(&[(60, 600)]), dead];
        let mut scene =
            Scene::behind(law, RouterSettings::healthy(), &[usual(Mode::Hysteresis)], lines);
        scene.go(240);
        let [(on, State::Degraded), (off, State::Good), (again, State::Degraded)] =
            scene.switches()[..]
        else {
            panic!("{:?}", scene.switched)
        };
        after(on, 60, 2_000..=3_000);
        after(off, 90, 5_000..=9_000);
        after(again, 150, 0..=10_000);
        assert_eq!(scene.decided()[1].1.why, Why::AlternateDown);
    }
}

#[test]
fn of_two_lines_that_could_help_out_the_first_that_is_well_does_and_only_one_at_a_time() {
    for (_, law) in laws() {
        for (bad, expected) in [(&[][..], 0), (&[(50, 400)][..], 1)] {
            let lines = vec![line(&[(60, 120)]), line(bad), line(&[])];
            let steerings = [between(0, 1), between(0, 2)];
            let mut scene = Scene::behind(law, RouterSettings::healthy(), &steerings, lines);
            scene.go(200);
            let [(on, _, State::Degraded), (off, _, State::Good)] = scene.switched[..] else {
                panic!("{:?}", scene.switched)
            };
            assert_eq!((on, off), (expected, expected), "{:?}", scene.switched);
        }
    }
}

#[test]
fn two_lines_that_help_each_other_never_do_so_at_the_same_time() {
    for (_, law) in laws() {
        let lines = vec![line(&[(60, 200)]), line(&[(100, 260)])];
        let steerings = [between(0, 1), between(1, 0)];
        let mut scene = Scene::behind(law, RouterSettings::healthy(), &steerings, lines);
        scene.go(400);
        let mut on = [false; 2];
        for (place, _, state) in &scene.switched {
            on[*place] = *state == State::Degraded;
            assert!(on != [true, true], "{:?}", scene.switched);
        }
        let first: Vec<usize> = scene.switched.iter().map(|(place, ..)| *place).collect();
        assert_eq!(first, [0, 0, 1, 1], "one after the other: {:?}", scene.switched);
    }
}
