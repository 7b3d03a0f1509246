//! What can go wrong, as plain data: a fault, when it begins, how long it lasts.

use std::fmt;

use wanctl::{
    control::{
        event::Request,
        failover::{Fallback, Route},
        failure::FailureKind,
        queue::QueueSlot,
        time::{Instant, Span},
        units::{Direction, PerDirection, Ratio},
        wan::WanId,
    },
    sim::{
        link::{Demand, Jitter},
        schedule::Window,
        world::Picks,
    },
};

use super::scene::Scene;
use crate::support::settings::at;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The router fails at every request like this.
    Router(u8, FailureKind),
    /// The router does what it is asked, but the answers get lost like this.
    Unheard(u8, FailureKind),
    /// The router fails like this every other second.
    Flapping(u8, FailureKind),
    /// There are two ways to the router, and by this one it fails like this.
    Way(u8, Route, FailureKind),
    /// There are two ways to the router, and it fails by both like this.
    Both(u8, FailureKind),
    /// The router does not answer writes, and carries them out so many milliseconds after they came.
    Late(u8, u64),
    /// The router takes so many milliseconds for an answer.
    Slow(u8, u64),
    /// The router restarts, is away, and has the limits of the beginning then.
    Reboot(u8),
    /// The router fails at one queue of this WAN like this.
    Queue(u8, Direction, FailureKind),
    /// The router fails at writes to one queue of this WAN like this.
    Writes(u8, Direction, FailureKind),
    /// Somebody removes the limits of this WAN.
    Meddled(u8),
    /// Nothing passes on the line of this WAN.
    Silence(u8),
    /// One reflector of this WAN does not answer.
    Dead(u8, u8),
    /// One reflector of this WAN answers too fast.
    Lying(u8, u8),
    /// The path of this WAN is 40 ms longer.
    Path(u8),
    /// 30 % of the echoes of this WAN get lost.
    Loss(u8),
    /// Echoes of this WAN take up to 150 ms more, and overtake each other.
    Unsteady(u8),
    /// The line of this WAN is used as much as it takes.
    Load(u8, Direction),
    /// The board does nothing.
    Stall,
}

use Fault::{
    Both, Dead, Flapping, Late, Load, Loss, Lying, Meddled, Path, Queue, Reboot, Router, Silence,
    Slow, Stall, Unheard, Unsteady, Way, Writes,
};

/// A fault and its time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    pub from: u64,
    pub lasts: u64,
    pub fault: Fault,
}

/// A story to play: what is there comes from the seed, what goes wrong is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub seed: u64,
    pub faults: Vec<Timed>,
    /// When the end is asked for, in milliseconds.
    pub stop: u64,
}

/// As Rust: to be pasted into a call of `play`.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "History {{\n    seed: {},\n    stop: {},\n    faults: vec![",
            self.seed, self.stop
        )?;
        for Timed { from, lasts, fault } in &self.faults {
            writeln!(f, "        Timed {{ from: {from}, lasts: {lasts}, fault: {fault:?} }},")?;
        }
        write!(f, "    ],\n}}")
    }
}

/// One queue of one WAN, as a rule that picks requests.
fn about(wan: u8, direction: Direction) -> Picks {
    fn is(request: Request, wan: u8, direction: Direction) -> bool {
        match request {
            Request::Facts | Request::ReadRule(_) | Request::SwitchRule(..) => false,
            Request::Read(id, slot) | Request::Write(id, slot, _) | Request::Count(id, slot) => {
                id == WanId(wan) && (slot == QueueSlot::Pair || slot.carries(direction))
            }
        }
    }
    match (wan, direction) {
        (0, Direction::Download) => |request| is(request, 0, Direction::Download),
        (0, Direction::Upload) => |request| is(request, 0, Direction::Upload),
        (_, Direction::Download) => |request| is(request, 1, Direction::Download),
        (_, Direction::Upload) => |request| is(request, 1, Direction::Upload),
    }
}

fn writes_about(wan: u8, direction: Direction) -> Picks {
    fn is_write(request: Request) -> bool {
        matches!(request, Request::Write(..))
    }
    match (wan, direction) {
        (0, Direction::Download) => {
            |request| is_write(request) && about(0, Direction::Download)(request)
        }
        (0, Direction::Upload) => {
            |request| is_write(request) && about(0, Direction::Upload)(request)
        }
        (_, Direction::Download) => {
            |request| is_write(request) && about(1, Direction::Download)(request)
        }
        (_, Direction::Upload) => {
            |request| is_write(request) && about(1, Direction::Upload)(request)
        }
    }
}

/// What a router that was slow takes for an answer afterwards.
const USUAL: Span = Span::from_millis(20);

impl Timed {
    pub fn window(&self) -> Window {
        Window { from: at(self.from), to: at(self.to()) }
    }

    pub const fn to(&self) -> u64 {
        self.from + self.lasts
    }

    /// When nothing of it comes any more, in milliseconds.
    pub const fn over(&self) -> u64 {
        if let Late(_, ms) = self.fault { self.to() + ms } else { self.to() }
    }

    /// Whether it is about this router, or about a queue on it.
    pub fn touches(&self, router: u8, scene: &Scene) -> bool {
        match self.fault {
            Router(own, _)
            | Unheard(own, _)
            | Flapping(own, _)
            | Way(own, ..)
            | Both(own, _)
            | Late(own, _)
            | Slow(own, _)
            | Reboot(own) => own == router,
            Queue(wan, ..) | Writes(wan, ..) | Meddled(wan) => scene.router_of(wan) == Some(router),
            Stall => true,
            Silence(_) | Dead(..) | Lying(..) | Path(_) | Loss(_) | Unsteady(_) | Load(..) => false,
        }
    }

    /// Makes it part of the scene. Meddling and stalls are for the player.
    pub fn stage(&self, scene: &mut Scene) {
        let window = self.window();
        match self.fault {
            Router(..) | Unheard(..) | Flapping(..) | Way(..) | Both(..) | Late(..) | Slow(..)
            | Reboot(_) | Queue(..) | Writes(..) => self.stage_router(scene),
            Silence(wan) => scene.line(wan, |line| line.outages.push(window)),
            Dead(wan, index) => {
                scene.line(wan, |line| line.reflectors[usize::from(index)].dead.push(window));
            }
            Lying(wan, index) => {
                scene.line(wan, |line| line.reflectors[usize::from(index)].lying.push(window));
            }
            Path(wan) => scene.line(wan, |line| {
                let base = line.base_rtt.at(window.from);
                let longer = base + Span::from_millis(40);
                let schedule = line.base_rtt.clone().then(window.from, longer);
                line.base_rtt = schedule.then(window.to, base);
            }),
            Loss(wan) => scene.line(wan, |line| {
                line.lossy.push((window, Ratio::from_ppm(300_000)));
            }),
            Unsteady(wan) => scene.line(wan, |line| {
                line.unsteady.push((window, Jitter::Uniform(Span::from_millis(150))));
            }),
            Load(wan, direction) => scene.line(wan, |line| {
                *line = line.clone().with_load(direction, window, Demand::Greedy);
            }),
            Meddled(_) | Stall => {}
        }
    }

    fn stage_router(&self, scene: &mut Scene) {
        let window = self.window();
        match self.fault {
            Router(router, kind) => scene.router(router, |it| it.failures.push((window, kind))),
            Unheard(router, kind) => scene.router(router, |it| it.unheard.push((window, kind))),
            Flapping(router, kind) => scene.router(router, |it| {
                let seconds = (self.from..self.to()).step_by(2_000);
                let down =
                    |from: u64| Window { from: at(from), to: at(self.to().min(from + 1_000)) };
                it.failures.extend(seconds.map(|from| (down(from), kind)));
            }),
            Way(router, route, kind) => scene.router(router, |it| {
                it.fallback = Fallback::Present;
                it.ways.push((window, route, kind));
            }),
            Both(router, kind) => scene.router(router, |it| {
                it.fallback = Fallback::Present;
                it.failures.push((window, kind));
            }),
            Late(router, ms) => scene.router(router, |it| {
                it.late_writes.push((window, Span::from_millis(ms)));
            }),
            Slow(router, ms) => scene.router(router, |it| {
                let slow = it.latency.clone().then(window.from, Span::from_millis(ms));
                it.latency = slow.then(window.to, USUAL);
            }),
            Reboot(router) => scene.router(router, |it| {
                let part = |from: u64, to: u64| Window {
                    from: at(self.from + self.lasts * from / 10),
                    to: at(self.from + self.lasts * to / 10),
                };
                it.failures.push((part(0, 1), FailureKind::Reset));
                it.failures.push((part(1, 6), FailureKind::Timeout));
                it.failures.push((part(6, 10), FailureKind::Refused));
                it.reboots.push(window.from);
            }),
            Queue(wan, direction, kind) => scene.refuse(wan, (window, about(wan, direction), kind)),
            Writes(wan, direction, kind) => {
                scene.refuse(wan, (window, writes_about(wan, direction), kind));
            }
            Meddled(_) | Silence(_) | Dead(..) | Lying(..) | Path(_) | Loss(_) | Unsteady(_)
            | Load(..) | Stall => {}
        }
    }
}

/// No limits, as somebody who removes them leaves it.
pub const NO_LIMITS: PerDirection<Option<wanctl::control::units::Rate>> = PerDirection::both(None);

/// When the limits of a WAN change behind the core's back.
pub fn changes(history: &History, scene: &Scene, wan: u8) -> Vec<Instant> {
    let router = scene.router_of(wan);
    let is = |timed: &&Timed| {
        timed.fault == Meddled(wan) || router.is_some_and(|own| timed.fault == Reboot(own))
    };
    history.faults.iter().filter(is).map(|timed| at(timed.from)).collect()
}
