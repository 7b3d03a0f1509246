use super::{HealthChange, Reflectors, Role, Why};
use crate::control::{
    time::{Instant, Span},
    units::Rtt,
};

const START: Instant = Instant::from_micros(0);

fn indices(reflectors: &mut Reflectors, now: Instant) -> Vec<u8> {
    reflectors.choose(now).iter().map(|(index, _)| *index).collect()
}

fn set_aside(reflectors: &mut Reflectors, index: u8) {
    for _ in 0..7 {
        assert_eq!(reflectors.lost(index, START), None);
    }
    assert_eq!(reflectors.lost(index, START), Some(HealthChange::SetAside(Why::Loss)));
}

#[test]
fn the_first_three_healthy_reflectors_are_measured() {
    let mut reflectors = Reflectors::new(5);
    assert_eq!(indices(&mut reflectors, START), [0, 1, 2]);
    set_aside(&mut reflectors, 1);
    assert_eq!(indices(&mut reflectors, START), [0, 2, 3]);
    assert_eq!(reflectors.healthy(), 4);
}

#[test]
fn one_set_aside_is_checked_once_a_second_and_comes_back() {
    let mut reflectors = Reflectors::new(3);
    set_aside(&mut reflectors, 0);
    let second = START + Span::from_secs(1);
    assert_eq!(indices(&mut reflectors, START), [1, 2]);
    assert_eq!(reflectors.choose(second).last(), Some(&(0, Role::Check)));
    assert_eq!(indices(&mut reflectors, second + Span::from_millis(999)), [1, 2]);
    for _ in 0..4 {
        assert_eq!(reflectors.answered(0, START), None);
    }
    assert_eq!(reflectors.lost(0, second), None, "a loss starts the count again");
    for _ in 0..4 {
        assert_eq!(reflectors.answered(0, START), None);
    }
    assert_eq!(reflectors.answered(0, START), Some(HealthChange::Back(Why::Loss)));
    assert_eq!(indices(&mut reflectors, second), [0, 1, 2]);
}

#[test]
fn if_all_are_bad_the_best_is_still_measured() {
    let mut reflectors = Reflectors::new(2);
    set_aside(&mut reflectors, 0);
    set_aside(&mut reflectors, 1);
    reflectors.lost(0, START);
    assert_eq!(reflectors.choose(START).as_slice(), [(1, Role::Measure)]);
    let later = START + Span::from_secs(1);
    assert_eq!(reflectors.choose(later).as_slice(), [(1, Role::Measure), (0, Role::Check)]);
}

#[test]
fn losses_spread_thinly_do_not_set_a_reflector_aside() {
    let mut reflectors = Reflectors::new(1);
    for index in 0..200 {
        let change =
            if index % 3 == 0 { reflectors.lost(0, START) } else { reflectors.answered(0, START) };
        assert_eq!(change, None, "probe {index}");
    }
}

const ROUND: Span = Span::from_millis(50);

/// A play of rounds at 20 Hz: the times of all reflectors in ms, by reflector and round.
struct Play {
    reflectors: Reflectors,
    now: Instant,
    news: Vec<(u64, u8, HealthChange)>,
}

impl Play {
    fn of(count: u8) -> Self {
        Self { reflectors: Reflectors::new(count), now: START, news: Vec::new() }
    }

    fn run(&mut self, seconds: u64, time: impl Fn(u8, u64) -> f64) {
        for round in 0..seconds * 20 {
            let rtt = |reflector| Rtt::from_ms(time(reflector, round)).unwrap();
            let chosen = self.reflectors.choose(self.now);
            let of = |role| chosen.iter().filter(move |(_, own)| *own == role).map(|(one, _)| *one);
            let times: Vec<(u8, Rtt)> = of(Role::Measure).map(|one| (one, rtt(one))).collect();
            let second = self.now.since(START).as_secs();
            for (one, _) in &times {
                let change = self.reflectors.answered(*one, self.now);
                self.news.extend(change.map(|change| (second, *one, change)));
            }
            let change = self.reflectors.compare(&times, ROUND, self.now);
            self.news.extend(change.map(|(one, change)| (second, one, change)));
            for one in of(Role::Check) {
                let change = self.reflectors.checked(one, rtt(one), self.now);
                self.news.extend(change.map(|change| (second, one, change)));
            }
            self.now = self.now + ROUND;
        }
    }

    /// What has changed since this was asked last.
    fn news(&mut self) -> Vec<(u8, HealthChange)> {
        self.news.drain(..).map(|(_, one, change)| (one, change)).collect()
    }
}

/// At different distances, each with a little noise of its own.
fn calm(reflector: u8, round: u64) -> f64 {
    20.0 + f64::from(reflector) * 7.0 + noise(reflector, round) * 2.0
}

/// Evenly from 0 to 1.
fn noise(reflector: u8, round: u64) -> f64 {
    let mixed = (round * 8 + u64::from(reflector) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f64::from(u16::try_from(mixed >> 48).unwrap()) / 65_536.0
}

const OUT: HealthChange = HealthChange::SetAside(Why::Outlier);
const IN: HealthChange = HealthChange::Back(Why::Outlier);

/// As hosts at a provider's end do: whoever asks once a second is answered each time, who asks twenty times
/// is not.
#[test]
fn one_that_limits_how_often_it_answers_does_not_come_and_go_all_the_time() {
    let mut reflectors = Reflectors::new(3);
    let mut answered = START;
    let mut news = 0;
    for round in 1..=72_000 {
        let now = START + ROUND.times(round);
        for (one, _) in reflectors.choose(now) {
            let limited = one == 0 && now.since(answered) < Span::from_millis(200);
            if one == 0 && !limited {
                answered = now;
            }
            let change =
                if limited { reflectors.lost(one, now) } else { reflectors.answered(one, now) };
            news += u32::from(change.is_some());
        }
    }
    assert!((10..=60).contains(&news), "{news} lines in an hour");
    assert_eq!(reflectors.healthy(), 2);
}

/// A line that loses three in a hundred, and half of all for ten seconds each two minutes.
#[test]
fn a_line_that_loses_makes_nobody_wait_for_long() {
    let mut reflectors = Reflectors::new(4);
    let mut waits = 0;
    for round in 1..=72_000_u64 {
        let now = START + ROUND.times(round);
        let bad = now.since(START).as_secs() % 120 < 10;
        let lost = |one| noise(one, round) < if bad { 0.5 } else { 0.03 };
        let chosen = reflectors.choose(now);
        let measured = |role: &Role| *role == Role::Measure;
        let line_works = chosen.iter().any(|(one, role)| measured(role) && !lost(*one));
        for (one, _) in chosen {
            if !lost(one) {
                reflectors.answered(one, now);
            } else if line_works {
                reflectors.lost(one, now);
            }
        }
        // A minute after the bad time.
        waits += u32::from(now.since(START).as_secs() % 120 >= 70 && reflectors.healthy() < 3);
    }
    assert!(waits < 600, "{waits} of 30000 rounds are of less than three");
}

#[test]
fn who_has_failed_often_is_back_at_once_when_nobody_else_answers() {
    let mut reflectors = Reflectors::new(2);
    for _ in 0..16 {
        reflectors.answered(1, START);
    }
    for _ in 0..4 {
        for _ in 0..8 {
            reflectors.lost(0, START);
        }
        while reflectors.answered(0, START).is_none() {}
    }
    for _ in 0..8 {
        reflectors.lost(0, START);
    }
    for _ in 0..4 {
        assert_eq!(reflectors.answered(0, START), None);
        assert_eq!(reflectors.relieve(), None);
    }
    assert_eq!(reflectors.answered(0, START), None, "it would have to answer eighty times");
    assert_eq!(reflectors.relieve(), Some((0, HealthChange::Back(Why::Loss))));
    assert_eq!((reflectors.relieve(), reflectors.healthy()), (None, 2));
}

#[test]
fn one_that_failed_once_comes_back_as_quickly_the_next_day() {
    let mut reflectors = Reflectors::new(3);
    for day in 0..3_u64 {
        let now = START + Span::from_secs(86_400).times(day);
        for _ in 0..8 {
            reflectors.lost(0, now);
        }
        assert_eq!(reflectors.healthy(), 2, "day {day}");
        for _ in 0..5 {
            reflectors.answered(0, now);
        }
        assert_eq!(reflectors.healthy(), 3, "day {day}");
    }
}

#[test]
fn one_whose_times_are_like_those_of_no_other_is_replaced_and_comes_back_when_they_are() {
    let mut play = Play::of(5);
    play.run(60, calm);
    assert_eq!(play.news(), []);
    let noisy = |one, round| calm(one, round) + if one == 1 { noise(9, round) * 40.0 } else { 0.0 };
    play.run(15, noisy);
    assert_eq!(play.news(), [(1, OUT)]);
    assert_eq!(indices(&mut play.reflectors, play.now)[..3], [0, 2, 3]);
    play.run(300, noisy);
    assert_eq!(play.news(), [], "as long as it is so");
    play.run(30, calm);
    assert_eq!(play.news(), [(1, IN)]);
    assert_eq!(indices(&mut play.reflectors, play.now), [0, 1, 2]);
}

#[test]
fn a_longer_or_shorter_path_of_one_is_learnt_while_it_is_set_aside() {
    for off in [40.0, -19.0] {
        let mut play = Play::of(4);
        play.run(60, calm);
        let moved = |one, round| calm(one, round) + if one == 0 { off } else { 0.0 };
        play.run(10, moved);
        assert_eq!(play.news(), [(0, OUT)], "{off}");
        play.run(30, moved);
        assert_eq!(play.news(), [(0, IN)], "{off}");
        play.run(600, moved);
        assert_eq!(play.news(), [], "{off}");
    }
}

#[test]
fn what_all_show_at_once_is_nobodys_fault() {
    let mut play = Play::of(5);
    play.run(60, calm);
    // A queue that grows for two seconds, stands and drains; and noise of the line that is worse.
    let queue = |round: u64| f64::from(u32::try_from(round % 200).unwrap().min(40)) * 10.0;
    play.run(120, |one, round| calm(one, round) + queue(round));
    play.run(120, |one, round| calm(one, round) + noise(9, round) * 60.0);
    play.run(120, |one, round| calm(one, round) + noise(one + 10, round) * 60.0);
    play.run(120, |one, round| calm(one, round) + 40.0);
    assert_eq!(play.news(), []);
}

#[test]
fn a_liar_that_shows_no_queue_is_replaced() {
    let mut play = Play::of(4);
    let queue = |one, round| if one == 0 { 0.5 } else { calm(one, round) };
    play.run(60, queue);
    assert_eq!(play.news(), [], "it may be next door");
    play.run(10, |one, round| queue(one, round) + if one == 0 { 0.0 } else { 100.0 });
    assert_eq!(play.news(), [(0, OUT)]);
}

#[test]
fn without_another_one_to_take_its_place_an_outlier_stays() {
    for count in 1..=3 {
        let mut play = Play::of(count);
        play.run(60, calm);
        play.run(60, |one, round| {
            calm(one, round) + if one == 0 { noise(9, round) * 80.0 } else { 0.0 }
        });
        assert_eq!(play.news(), [], "{count}");
    }
}

#[test]
fn one_that_has_relapses_has_to_be_sane_for_longer_each_time() {
    let mut play = Play::of(4);
    play.run(60, calm);
    let mut took = Vec::new();
    for _ in 0..4 {
        play.run(20, |one, round| {
            calm(one, round) + if one == 2 { noise(9, round) * 80.0 } else { 0.0 }
        });
        play.run(200, calm);
        let [(out, 2, OUT), (back, 2, IN)] = play.news[..] else { panic!("{:?}", play.news) };
        took.push(back - out);
        play.news.clear();
    }
    let longer = |pair: &[u64]| pair[1] > pair[0] + 10;
    assert!(took.windows(2).all(longer), "{took:?}");
}

#[test]
fn however_rare_the_rounds_all_that_are_set_aside_are_checked_in_turn() {
    let mut reflectors = Reflectors::new(8);
    (1..8).for_each(|index| set_aside(&mut reflectors, index));
    let mut checks = [0; 8];
    for round in 2..100 {
        let now = START + Span::from_millis(round * 500);
        for (index, role) in reflectors.choose(now) {
            checks[usize::from(index)] += u32::from(role == Role::Check);
        }
    }
    assert!(checks[1..].iter().all(|count| (13..=15).contains(count)), "{checks:?}");
}

/// Four of which the first one strays, and is set aside.
fn strayed() -> Play {
    let mut play = Play::of(4);
    play.run(20, calm);
    let strays =
        |one, round| calm(one, round) + if one == 0 { noise(9, round) * 40.0 } else { 0.0 };
    play.run(8, strays);
    assert_eq!(play.news(), [(0, OUT)]);
    play
}

#[test]
fn answers_to_what_was_asked_before_do_not_bring_an_outlier_back() {
    let mut play = strayed();
    for _ in 0..100 {
        assert_eq!(play.reflectors.answered(0, play.now), None);
    }
    assert_eq!(play.reflectors.healthy(), 3);
}

#[test]
fn an_outlier_takes_part_where_nobody_else_can_take_its_place_any_more() {
    let mut play = strayed();
    for _ in 0..16 {
        play.reflectors.lost(1, play.now);
    }
    play.run(1, calm);
    assert_eq!(play.news(), [(0, IN)]);
    assert_eq!(play.reflectors.healthy(), 3);
}

#[test]
fn one_odd_answer_is_no_habit_however_rare_the_rounds() {
    for every in [50, 250, 1_000, 2_000].map(Span::from_millis) {
        let mut reflectors = Reflectors::new(4);
        for round in 0..100 {
            let late = if round == 60 { 90.0 } else { 0.0 };
            let times = [(0, 20.0 + late), (1, 20.0), (2, 20.0)];
            let times = times.map(|(place, ms)| (place, Rtt::from_ms(ms).unwrap()));
            let now = START + every.times(round);
            assert_eq!(reflectors.compare(&times, every, now), None, "{every:?}");
        }
    }
}
