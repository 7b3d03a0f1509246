//! The second half of an hour under a full load, and of a usual evening: what a law has learnt must not wear off, and the writes
//! of an hour are rationed by then.

use std::fmt::Write as _;

use fastrand::Rng;
use wanctl::{
    control::{
        adaptive::Tuning,
        time::Span,
        units::{Direction, PerDirection},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Window,
    },
};

use crate::{
    laws::Law,
    lines::{Line, lines},
    loads::{BEGIN, Load},
    run::{Job, Sight, TICKS, moment, play},
};

const SECONDS: u64 = 3_600;
/// The idle line is given a usual evening.
const LOADS: [Load; 4] = [Load::Download, Load::Upload, Load::Both, Load::Idle];

/// A line whose capacity halves and doubles within seconds wants more writes than there are: at ten
/// seconds from raise to raise it cannot be followed. The bash law writes thirty times as many.
const RATIONED: &str = "lte";

/// What came of it: the delay in ms, and the share of the line that was carried.
struct Late {
    p95: f64,
    p99: f64,
    share: f64,
}

/// What was seen since the first half hour.
#[derive(Default)]
struct Seen {
    delays: Vec<f64>,
    before: PerDirection<u64>,
    /// Bits.
    carried: PerDirection<f64>,
    could: PerDirection<f64>,
}

impl Seen {
    fn take(&mut self, sight: &Sight) {
        let late = sight.tick > SECONDS * TICKS / 2;
        for direction in Direction::BOTH {
            let lane = sight.lanes.of(direction);
            let before = std::mem::replace(self.before.of_mut(direction), lane.delivered);
            if late {
                *self.carried.of_mut(direction) += (lane.delivered - before) as f64 * 8.0;
                *self.could.of_mut(direction) += lane.capacity as f64 / TICKS as f64;
            }
        }
        if late {
            self.delays.push(sight.delay());
        }
    }
}

/// Both directions are wanted in full by turns, as it happens: a third of the times for up to a minute,
/// else for up to three seconds; half of the pauses are long ones.
fn evening(line: &Line, seed: u64) -> LinkSettings {
    let mut rng = Rng::with_seed(seed);
    let mut link = line.link.clone();
    for direction in Direction::BOTH {
        let mut begin = BEGIN * 1_000;
        while begin < SECONDS * 1_000 {
            let long = rng.u8(..3) == 0;
            let lasts = if long { rng.u64(5_000..65_000) } else { rng.u64(200..3_200) };
            let window = Window::lasting(moment(begin / 50), Span::from_millis(lasts));
            link = link.with_load(direction, window, Demand::Greedy);
            begin += lasts + if rng.bool() { rng.u64(..60_000) } else { rng.u64(..5_000) };
        }
    }
    link
}

fn late(line: &Line, load: Load, law: Law, seed: u64) -> Late {
    let line = &match load {
        Load::Idle => Line { link: evening(line, seed), ..*line },
        _ => line.clone(),
    };
    let job = Job { line, load, law, seed, seconds: SECONDS, tuning: &Tuning::DEFAULT };
    let mut seen = Seen::default();
    play(&job, &mut |sight| seen.take(sight));
    let Seen { mut delays, carried, could, .. } = seen;
    delays.sort_by(f64::total_cmp);
    let share = carried.zip(could).map(|(carried, could)| carried / could);
    let share = match load {
        Load::Download => share.download,
        Load::Upload => share.upload,
        _ => f64::midpoint(share.download, share.upload),
    };
    let part = |percent: usize| delays[delays.len() * percent / 100];
    Late { p95: part(95), p99: part(99), share }
}

/// Prints it, and says what is worse than by the bash law.
pub fn worse(seeds: u64) -> String {
    let mut worse = String::new();
    println!("the second half of an hour: p95, p99 of the delay in ms, share of the line");
    for line in &lines() {
        for (load, seed) in
            LOADS.into_iter().flat_map(|load| (1..=seeds).map(move |seed| (load, seed)))
        {
            let [own, bash] = [Law::Adaptive, Law::Bash].map(|law| late(line, load, law, seed));
            let word = if load == Load::Idle { "evening" } else { load.word() };
            let place = format!("{:8} {word:9} {seed:2}", line.name);
            let text =
                |of: &Late| format!("{:6.1} {:6.1} {:5.1}%", of.p95, of.p99, of.share * 100.0);
            println!("{place} adaptive {} bash {}", text(&own), text(&bash));
            let least = if line.name == RATIONED { 0.7 } else { 0.95 };
            if own.p95 > bash.p95 || own.share < bash.share * least {
                let _ = writeln!(worse, "{place}: {} for {}", text(&own), text(&bash));
            }
        }
    }
    worse
}
