//! The loads of the arena: who uses the line, and what happens to path, reflectors and router.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, Rate, Ratio},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::{Schedule, Window},
        world::RouterSettings,
    },
};

use crate::{
    SECONDS,
    lines::{Line, second},
    settings::mbit,
};

/// From here on the line is used, and the laws are judged.
pub const BEGIN: u64 = 20;
/// When the path becomes longer, or reflectors die.
pub const CHANGE: u64 = 90;
/// When the line carries half, and when all again.
pub const STEPS: (u64, u64) = (80, 130);
/// What a request to the router takes.
const LATENCY: Span = Span::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    Idle,
    /// A burst of 0.4 s every 2 s.
    Web,
    Upload,
    Download,
    Both,
    /// A call, and somebody uploads.
    Call,
    /// Idle, and the path becomes 40 ms longer.
    Path,
    /// The same while both directions are full.
    BusyPath,
    /// Both directions full, and the line carries half for a while.
    Step,
    /// A full download, and two of three reflectors die.
    Reflectors,
    /// Both directions full, and the router takes 50 to 200 ms for a request.
    SlowRouter,
}

pub const LOADS: [Load; 11] = [
    Load::Idle,
    Load::Web,
    Load::Upload,
    Load::Download,
    Load::Both,
    Load::Call,
    Load::Path,
    Load::BusyPath,
    Load::Step,
    Load::Reflectors,
    Load::SlowRouter,
];

impl Load {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Web => "web",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Both => "both",
            Self::Call => "call+up",
            Self::Path => "path idle",
            Self::BusyPath => "path busy",
            Self::Step => "step",
            Self::Reflectors => "reflectors",
            Self::SlowRouter => "slow REST",
        }
    }

    /// Whether somebody always wants more than there is.
    pub const fn saturates(self) -> bool {
        !matches!(self, Self::Idle | Self::Web | Self::Path)
    }

    /// The direction that nobody uses while the other one is full.
    pub const fn spared(self) -> Option<Direction> {
        match self {
            Self::Upload => Some(Direction::Download),
            Self::Download => Some(Direction::Upload),
            _ => None,
        }
    }

    /// The same without what disturbs the rate.
    pub const fn undisturbed(self) -> Option<Self> {
        match self {
            Self::BusyPath | Self::Step => Some(Self::Both),
            Self::Reflectors => Some(Self::Download),
            _ => None,
        }
    }

    /// When the rate has to come back, if it went.
    pub const fn rate_disturbed(self) -> Option<u64> {
        match self {
            Self::BusyPath | Self::Reflectors => Some(CHANGE),
            Self::Step => Some(STEPS.1),
            _ => None,
        }
    }

    /// When the delay has to go again.
    pub const fn delay_disturbed(self) -> Option<u64> {
        match self {
            Self::Step => Some(STEPS.0),
            _ => None,
        }
    }

    /// What happens when, for the plots.
    pub const fn marks(self) -> &'static [(u64, &'static str)] {
        match self {
            Self::Path | Self::BusyPath => &[(CHANGE, "path + 40 ms")],
            Self::Step => &[(STEPS.0, "carries half"), (STEPS.1, "carries all")],
            Self::Reflectors => &[(CHANGE, "two of three reflectors die")],
            _ => &[],
        }
    }

    /// The line under this load.
    pub fn on(self, line: &Line) -> LinkSettings {
        let link = line.link.clone();
        let call = Demand::Fixed(mbit(2));
        match self {
            Self::Idle => link,
            Self::Web => web(link),
            Self::Upload => full(link, &[Direction::Upload]),
            Self::Download => full(link, &[Direction::Download]),
            Self::Both | Self::SlowRouter => full(link, &Direction::BOTH),
            Self::Call => {
                full(link, &[Direction::Upload]).with_load(Direction::Download, loaded(), call)
            }
            Self::Path => changed(link),
            Self::BusyPath => changed(full(link, &Direction::BOTH)),
            Self::Step => halved(full(link, &Direction::BOTH)),
            Self::Reflectors => dying(full(link, &[Direction::Download])),
        }
    }

    /// The router under this load.
    pub fn router(self) -> RouterSettings {
        let mut router = RouterSettings::healthy();
        router.latency = Schedule::constant(LATENCY);
        if self == Self::SlowRouter {
            let takes = |turn: u64| Span::from_millis(50 + turn * 7_919 % 151);
            router.latency = (0..SECONDS)
                .fold(router.latency, |schedule, turn| schedule.then(second(turn), takes(turn)));
        }
        router
    }
}

const fn at(second: u64) -> Instant {
    Instant::from_micros(second * 1_000_000)
}

const fn at_the_end() -> Instant {
    Instant::from_micros(u64::MAX)
}

const fn loaded() -> Window {
    Window { from: at(BEGIN), to: at_the_end() }
}

fn web(link: LinkSettings) -> LinkSettings {
    (BEGIN / 2..SECONDS / 2).fold(link, |link, turn| {
        let burst = Window::lasting(second(turn * 2), Span::from_millis(400));
        link.with_load(Direction::Download, burst, Demand::Greedy)
    })
}

fn full(link: LinkSettings, directions: &[Direction]) -> LinkSettings {
    let load = |link: LinkSettings, way: &Direction| link.with_load(*way, loaded(), Demand::Greedy);
    directions.iter().fold(link, load)
}

fn changed(link: LinkSettings) -> LinkSettings {
    let late = Window { from: second(CHANGE), to: second(SECONDS) };
    longer(link, late, Span::from_millis(40))
}

fn longer(mut link: LinkSettings, window: Window, more: Span) -> LinkSettings {
    link.base_rtt = within(&link.base_rtt, window, |span| span + more);
    link
}

/// The same line, and another path all the time.
pub fn with_longer_path(line: &Line, more: Span) -> Line {
    let always = Window { from: second(0), to: at_the_end() };
    Line { link: longer(line.link.clone(), always, more), ..line.clone() }
}

fn halved(mut link: LinkSettings) -> LinkSettings {
    let half = Window { from: second(STEPS.0), to: second(STEPS.1) };
    for way in Direction::BOTH {
        let lane = link.lanes.of_mut(way);
        lane.capacity =
            within(&lane.capacity, half, |rate: Rate| rate.scaled(Ratio::from_ppm(500_000)));
    }
    link
}

fn dying(mut link: LinkSettings) -> LinkSettings {
    for reflector in link.reflectors.iter_mut().take(2) {
        reflector.dead.push(Window { from: second(CHANGE), to: second(SECONDS) });
    }
    link
}

/// The same schedule with other values for a while.
fn within<T: Copy>(schedule: &Schedule<T>, window: Window, other: impl Fn(T) -> T) -> Schedule<T> {
    let value = |at: Instant| {
        let own = schedule.at(at);
        if window.contains(at) { other(own) } else { own }
    };
    let next =
        |at: &Instant| schedule.next_after(*at).into_iter().chain(window.next_after(*at)).min();
    let begin = Instant::default();
    let edges = std::iter::successors(next(&begin), |at| next(at));
    edges.fold(Schedule::constant(value(begin)), |made, at| made.then(at, value(at)))
}
