//! The lines of the arena: what they carry, how far away the reflectors are, how unsteady both are.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Rate, Ratio},
    },
    sim::{
        link::{Jitter, LinkSettings},
        schedule::{Schedule, Window},
    },
};

use crate::{SECONDS, settings::mbit};

/// A satellite hands over this often (Starlink reconfigures at seconds 12, 27, 42 and 57).
const HAND_OVER: u64 = 15;
/// Nothing passes meanwhile; measured gaps are 50 to 150 ms.
const GAP: Span = Span::from_millis(100);

/// A line and what its provider calls its rates, in Mbit/s.
#[derive(Clone)]
pub struct Line {
    pub name: &'static str,
    pub nominal: (u64, u64),
    pub link: LinkSettings,
}

pub fn second(second: u64) -> Instant {
    Instant::from_micros(second * 1_000_000)
}

fn line(name: &'static str, nominal: (u64, u64), link: LinkSettings) -> Line {
    Line { name, nominal, link }
}

/// What a satellite line carries between two hand-overs, in percent.
fn stepping(nominal: u64, shift: usize) -> Schedule<Rate> {
    const STEPS: [u64; 7] = [100, 70, 90, 55, 80, 40, 95];
    let share = |turn: usize| {
        let share = STEPS[(turn + shift) % STEPS.len()];
        Rate::from_bps(nominal * 10_000 * share).unwrap()
    };
    hand_overs()
        .fold(Schedule::constant(share(0)), |schedule, (turn, at)| schedule.then(at, share(turn)))
}

/// All of the longest run.
fn hand_overs() -> impl Iterator<Item = (usize, Instant)> {
    (1..=SECONDS / HAND_OVER).map(|turn| (turn as usize, second(turn * HAND_OVER)))
}

fn satellite() -> LinkSettings {
    const PATHS: [u64; 5] = [40, 47, 36, 52, 43];
    let mut link = LinkSettings::lte();
    for (lane, rate, shift) in [(&mut link.lanes.download, 150, 0), (&mut link.lanes.upload, 20, 3)]
    {
        lane.capacity = stepping(rate, shift);
        lane.wander = None;
        lane.buffer = rate * 200 * 125;
    }
    let path = |turn: usize| Span::from_millis(PATHS[turn % PATHS.len()]);
    link.base_rtt = hand_overs()
        .fold(Schedule::constant(path(0)), |schedule, (turn, at)| schedule.then(at, path(turn)));
    link.outages = hand_overs().map(|(_, at)| Window::lasting(at, GAP)).collect();
    link
}

fn cable() -> LinkSettings {
    let mut link = LinkSettings::cable();
    link.jitter = Jitter::Uniform(Span::from_millis(38));
    link
}

/// A day of a shared segment in the time of one run, which is harder than the real one: in the
/// evening it carries half, and waits for a turn to send get longer.
fn diurnal() -> LinkSettings {
    const DAY: [u64; 12] = [100, 100, 98, 95, 90, 80, 65, 52, 50, 60, 80, 95];
    let hours = SECONDS / DAY.len() as u64;
    let mut link = LinkSettings::cable();
    for (lane, nominal) in [(&mut link.lanes.download, 500), (&mut link.lanes.upload, 50)] {
        let share = |share: u64| Rate::from_bps(nominal * 10_000 * share).unwrap();
        let day = (0..).zip(DAY);
        lane.capacity = day.fold(Schedule::constant(share(100)), |schedule, (turn, own)| {
            schedule.then(second(turn * hours), share(own))
        });
    }
    let evening = Window { from: second(6 * hours), to: second(10 * hours) };
    link.jitter = Jitter::HalfNormal(Span::from_millis(3));
    link.unsteady = vec![(evening, Jitter::Uniform(Span::from_millis(20)))];
    link
}

fn asymmetric(down: u64, up: u64) -> LinkSettings {
    let mut link = LinkSettings::dsl();
    for (lane, rate, buffer) in
        [(&mut link.lanes.download, down, 150_u64), (&mut link.lanes.upload, up, 400)]
    {
        lane.capacity = Schedule::constant(mbit(rate));
        lane.buffer = rate * buffer * 125;
    }
    link
}

fn fibre() -> LinkSettings {
    let mut link = asymmetric(300, 300);
    link.lanes.download.unrest = Ratio::from_ppm(5_000);
    link.base_rtt = Schedule::constant(Span::from_millis(6));
    link
}

pub fn lines() -> Vec<Line> {
    vec![
        line("cable", (500, 50), cable()),
        line("diurnal", (500, 50), diurnal()),
        line("dsl", (50, 10), LinkSettings::dsl()),
        line("lte", (40, 15), LinkSettings::lte()),
        line("sat", (150, 20), satellite()),
        line("fibre", (300, 300), fibre()),
        line("940/38", (940, 38), asymmetric(940, 38)),
        line("2 up", (16, 2), asymmetric(16, 2)),
    ]
}
