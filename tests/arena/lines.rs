//! The lines and loads of the arena.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, Rate, Ratio},
    },
    sim::{
        link::{Demand, Jitter, LinkSettings},
        schedule::{Schedule, Window},
    },
};

use crate::{SECONDS, settings::mbit};

/// A line and what its provider calls its rates, in Mbit/s.
#[derive(Clone)]
pub struct Line {
    pub name: &'static str,
    pub nominal: (u64, u64),
    pub link: LinkSettings,
}

/// What its users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Idle,
    Web,
    Upload,
    Download,
    Both,
    Call,
    /// Idle, and the path becomes 40 ms longer.
    Path,
}

pub const LOADS: [Load; 7] =
    [Load::Idle, Load::Web, Load::Upload, Load::Download, Load::Both, Load::Call, Load::Path];

impl Load {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Web => "web",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Both => "both",
            Self::Call => "call+up",
            Self::Path => "path",
        }
    }

    /// The line under this load.
    pub fn on(self, line: &Line) -> LinkSettings {
        let all = Window { from: second(20), to: second(SECONDS) };
        let link = line.link.clone();
        let greedy = |link: LinkSettings, way| link.with_load(way, all, Demand::Greedy);
        match self {
            Self::Idle => link,
            Self::Web => (10..SECONDS / 2).fold(link, |link, turn| {
                let burst = Window::lasting(second(turn * 2), Span::from_millis(400));
                link.with_load(Direction::Download, burst, Demand::Greedy)
            }),
            Self::Upload => greedy(link, Direction::Upload),
            Self::Download => greedy(link, Direction::Download),
            Self::Both => greedy(greedy(link, Direction::Download), Direction::Upload),
            Self::Call => {
                let call = Demand::Fixed(mbit(2));
                greedy(link.with_load(Direction::Download, all, call), Direction::Upload)
            }
            Self::Path => {
                let longer = link.base_rtt.at(second(0)) + Span::from_millis(40);
                let base_rtt = link.base_rtt.clone().then(second(90), longer);
                LinkSettings { base_rtt, ..link }
            }
        }
    }
}

pub fn second(second: u64) -> Instant {
    Instant::from_micros(second * 1_000_000)
}

fn line(name: &'static str, nominal: (u64, u64), link: LinkSettings) -> Line {
    Line { name, nominal, link }
}

/// Steps every 15 seconds, as a satellite that hands over.
fn stepping(nominal: u64, shift: usize) -> Schedule<Rate> {
    const STEPS: [u64; 7] = [100, 70, 90, 55, 80, 40, 95];
    let share = |turn: usize| {
        let share = STEPS[(turn + shift) % STEPS.len()];
        Rate::from_bps(nominal * 10_000 * share).unwrap()
    };
    (1..100).fold(Schedule::constant(share(0)), |schedule, turn: usize| {
        schedule.then(second(turn as u64 * 15), share(turn))
    })
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

pub fn lines() -> Vec<Line> {
    let mut cable = LinkSettings::cable();
    cable.jitter = Jitter::Uniform(Span::from_millis(38));
    let mut satellite = LinkSettings::lte();
    for (lane, rate, shift) in
        [(&mut satellite.lanes.download, 150, 0), (&mut satellite.lanes.upload, 20, 3)]
    {
        lane.capacity = stepping(rate, shift);
        lane.wander = None;
        lane.buffer = rate * 200 * 125;
    }
    let mut fibre = asymmetric(300, 300);
    fibre.lanes.download.unrest = Ratio::from_ppm(5_000);
    fibre.base_rtt = Schedule::constant(Span::from_millis(6));
    vec![
        line("cable", (500, 50), cable),
        line("dsl", (50, 10), LinkSettings::dsl()),
        line("lte", (40, 15), LinkSettings::lte()),
        line("sat", (150, 20), satellite),
        line("fibre", (300, 300), fibre),
        line("940/38", (940, 38), asymmetric(940, 38)),
        line("2 up", (16, 2), asymmetric(16, 2)),
    ]
}
