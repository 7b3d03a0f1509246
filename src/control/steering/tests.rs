use super::{
    Alternate, Decided, Judgement, Mode, Primary, Settings, State, Steering, Why,
    brake::MOST_PER_HOUR,
    course::{self, Course, Effect},
    evidence::Counted,
    rule::{Foreign, OnExit},
};
use crate::control::{
    id::{RouterId, WanId},
    time::{Instant, Span},
    zone::Zone,
};

/// One evaluation and one reading per second.
struct Play {
    steering: Steering,
    now: Instant,
    dropped: u64,
    changes: Vec<(u64, State)>,
}

#[derive(Clone, Copy)]
struct Line {
    primary: Primary,
    /// Drops of this second, and packets that wait; `None`: not readable.
    counted: Option<(u64, u64)>,
}

const fn line(zone: Zone, delta: f64, counted: Option<(u64, u64)>) -> Line {
    Line { primary: Primary::Measured { zone, delta }, counted }
}

const IDLE: Line = line(Zone::Green, 1.0, Some((0, 0)));
/// Where the leaf counts what it drops.
const BLOATED: Line = line(Zone::Red, 90.0, Some((40, 120)));
/// Where it is CAKE, and the glance finds nothing.
const SILENT: Line = line(Zone::Red, 90.0, Some((0, 0)));
const UNREADABLE: Line = line(Zone::Red, 90.0, None);

impl Play {
    fn new(mode: Mode) -> Self {
        let steering = Steering::new(Settings { mode, ..Settings::usual() });
        let mut play = Self { steering, now: Instant::default(), dropped: 9, changes: Vec::new() };
        play.go(IDLE, 5);
        play
    }

    fn go(&mut self, line: Line, seconds: u64) {
        for _ in 0..seconds {
            self.step(line, Alternate::Healthy);
        }
    }

    fn step(&mut self, line: Line, alternate: Alternate) -> Option<Decided> {
        self.now = self.now + Span::from_secs(1);
        let counted = line.counted.map(|(drops, waiting)| {
            self.dropped += drops;
            Counted { dropped: Some(self.dropped), waiting: Some(waiting) }
        });
        self.steering.on_statistics(counted, self.now);
        let decided = self.steering.evaluate(line.primary, alternate, self.now);
        if let Some(Decided { to, .. }) = decided {
            self.changes.push((self.now.as_micros() / 1_000_000, to));
        }
        decided
    }
}

const MODES: [Mode; 2] = [Mode::Hysteresis, Mode::Confidence];

#[test]
fn bufferbloat_steers_within_three_seconds_and_its_end_after_the_hold() {
    for mode in MODES {
        for bloated in [BLOATED, SILENT] {
            let mut play = Play::new(mode);
            play.go(bloated, 60);
            play.go(IDLE, 60);
            let [(on, State::Degraded), (off, State::Good)] = play.changes[..] else {
                panic!("{mode:?}: {:?}", play.changes)
            };
            assert!((7..=8).contains(&on), "{mode:?}: after {} s", on - 5);
            assert!((30..=38).contains(&(off - 65)), "{mode:?}: off after {} s", off - 65);
        }
    }
}

#[test]
fn a_short_rise_steers_nothing() {
    for mode in MODES {
        let mut play = Play::new(mode);
        for _ in 0..50 {
            play.go(BLOATED, 1);
            play.go(IDLE, 9);
        }
        assert_eq!(play.changes, [], "{mode:?}");
    }
}

#[test]
fn what_cannot_be_read_neither_degrades_nor_recovers() {
    for mode in MODES {
        let mut play = Play::new(mode);
        play.go(UNREADABLE, 600);
        assert_eq!(play.changes, [], "{mode:?}");
        assert_eq!(play.steering.judgement(), Judgement::Unknown);
        play.go(BLOATED, 10);
        assert_eq!(play.changes.len(), 1, "{mode:?}");
        play.go(line(Zone::Green, 1.0, None), 600);
        assert_eq!(play.changes.len(), 1, "{mode:?}");
        let unknown = Line { primary: Primary::Unknown, counted: Some((0, 0)) };
        play.go(unknown, 600);
        assert_eq!(play.changes.len(), 1, "{mode:?}");
    }
}

#[test]
fn a_counter_that_begins_anew_is_no_drop_and_no_lull() {
    let mut play = Play::new(Mode::Hysteresis);
    play.go(BLOATED, 2);
    play.dropped = 0;
    play.go(BLOATED, 6);
    assert_eq!(play.changes.len(), 1, "the reset costs one interval");
}

#[test]
fn once_drops_have_been_counted_they_are_demanded() {
    let mut play = Play::new(Mode::Hysteresis);
    play.go(line(Zone::Green, 1.0, Some((3, 60))), 1);
    play.go(line(Zone::Red, 90.0, Some((0, 60))), 60);
    assert_eq!(play.changes, [], "delay without a drop where drops are counted");
}

#[test]
fn a_queue_that_never_showed_as_much_as_is_demanded_is_not_held_to_it() {
    for mode in MODES {
        let mut play = Play::new(mode);
        // Glances that find a few packets, as on a queue that is shaped well.
        play.go(line(Zone::Green, 1.0, Some((0, 7))), 30);
        play.go(SILENT, 5);
        assert_eq!(play.changes.len(), 1, "{mode:?}: the delay is not of this queue, and is there");
    }
}

#[test]
fn a_line_that_flaps_is_steered_less_and_less_often() {
    for mode in MODES {
        let mut play = Play::new(mode);
        let mut free = Play::new(mode);
        free.go(BLOATED, 3);
        for _ in 0..6 * 60 {
            play.go(BLOATED, 15);
            play.go(IDLE, 45);
        }
        let on: Vec<u64> = play
            .changes
            .iter()
            .filter(|(_, to)| *to == State::Degraded)
            .map(|(second, _)| *second)
            .collect();
        assert!(on.len() >= 6, "{mode:?}: it still steers: {on:?}");
        for (index, first) in on.iter().enumerate() {
            let within = on[index..].iter().filter(|second| **second < first + 3_600).count();
            assert!(within <= MOST_PER_HOUR, "{mode:?}: {within} in an hour: {on:?}");
        }
        assert!(play.steering.brake(play.now) > 0 && free.steering.brake(free.now) == 0);
    }
}

#[test]
fn without_a_healthy_alternate_nothing_is_steered() {
    let mut play = Play::new(Mode::Hysteresis);
    for _ in 0..60 {
        assert!(play.step(BLOATED, Alternate::Unfit).is_none());
    }
    assert!(play.step(BLOATED, Alternate::Healthy).is_some(), "as soon as there is one");
}

#[test]
fn what_the_last_run_steered_is_kept_until_recovery_is_proven() {
    let mut play = Play::new(Mode::Hysteresis);
    play.steering.accept(State::Degraded, play.now);
    play.go(line(Zone::Yellow, 20.0, Some((0, 0))), 300);
    assert_eq!(play.changes, []);
    play.go(IDLE, 40);
    assert_eq!(play.changes.len(), 1);
    assert!((335..=345).contains(&play.changes[0].0), "{:?}", play.changes);
}

#[test]
fn nothing_is_steered_to_a_line_on_which_nothing_answers() {
    for mode in MODES {
        let mut play = Play::new(mode);
        play.go(BLOATED, 10);
        assert_eq!(play.changes.len(), 1, "{mode:?}");
        let mut decided = None;
        for _ in 0..10 {
            decided = decided.or(play.step(BLOATED, Alternate::Down));
        }
        let Some(Decided { to: State::Good, why: Why::AlternateDown, after, .. }) = decided else {
            panic!("{mode:?}: {decided:?}")
        };
        assert_eq!(after, Span::from_secs(5), "{mode:?}");
        assert!(play.step(BLOATED, Alternate::Down).is_none());
        // Where the other line cannot be told from this one, the rule stays.
        let mut play = Play::new(mode);
        play.go(BLOATED, 10);
        for _ in 0..60 {
            play.step(Line { primary: Primary::Unknown, ..BLOATED }, Alternate::Down);
        }
        assert_eq!(play.changes.len(), 1, "{mode:?}");
    }
}

#[test]
fn a_restart_weakens_neither_brake_nor_hold_down() {
    let mut play = Play::new(Mode::Hysteresis);
    for _ in 0..30 {
        play.go(BLOATED, 15);
        play.go(IDLE, 45);
    }
    let level = play.steering.brake(play.now);
    assert!(level > 0, "{:?}", play.changes);
    let mut next = Steering::new(play.steering.settings);
    next.restore(&play.steering.saved(play.now), play.now);
    assert_eq!(next.state(), play.steering.state());
    assert_eq!((next.brake(play.now), next.changed()), (level, play.steering.changed()));
}

/// For the load the queue is read five times a second, and every other glance finds it empty.
#[test]
fn readings_that_came_sooner_than_steering_wanted_them_are_left_out() {
    let settings = course::Settings {
        primary: WanId(0),
        alternate: WanId(1),
        router: RouterId(0),
        law: Settings::usual(),
        foreign: Foreign::Undo,
        effect: Effect::DryRun,
        on_exit: OnExit::Keep,
    };
    let mut course = Course::new(settings, 1, Instant::default());
    let mut decided = None;
    for step in 0_u64..60 {
        let now = Instant::default() + Span::from_millis(200 * step);
        let waiting = if step.is_multiple_of(2) { 60 } else { 0 };
        let counted = Counted { dropped: Some(20 * step), waiting: Some(waiting) };
        course.on_statistics(Some(counted), now);
        let primary = Primary::Measured { zone: Zone::Red, delta: 90.0 };
        decided = decided.or(course.evaluate(primary, Alternate::Healthy, now));
    }
    assert!(decided.is_some_and(|decided| decided.to == State::Degraded), "{decided:?}");
}
