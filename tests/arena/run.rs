//! One law on one line under one load: the daemon's own core before the simulated router, or a law
//! that runs on the router itself. Both see the same line, bit by bit, and are looked at every 50 ms.

use wanctl::{
    control::{
        adaptive::Tuning,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
    },
    sim::{
        link::{LaneStats, Link},
        world::World,
    },
};

use crate::{
    alone::Alone,
    laws::{self, Law},
    lines::Line,
    loads::{BEGIN, Load},
};

/// How often the line is looked at.
pub const TICK: Span = Span::from_millis(50);
/// The same per second.
pub const TICKS: u64 = 20;

/// What is to be played.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub line: &'a Line,
    pub load: Load,
    pub law: Law,
    pub seed: u64,
    pub seconds: u64,
    pub tuning: &'static Tuning,
}

/// One look at the line.
#[derive(Clone, Copy)]
pub struct Sight {
    pub tick: u64,
    pub lanes: PerDirection<LaneStats>,
    pub limits: PerDirection<Option<Rate>>,
}

impl Sight {
    /// What the queues of both directions add to a round trip, in ms.
    pub fn delay(&self) -> f64 {
        let PerDirection { download, upload } = self.lanes;
        (download.queue_delay + upload.queue_delay).as_micros() as f64 / 1_000.0
    }
}

/// What the router was asked since the load began.
#[derive(Clone, Copy, Default)]
pub struct Asked {
    pub writes: u64,
    pub requests: u64,
}

pub fn moment(tick: u64) -> Instant {
    Instant::from_micros(0) + TICK.times(tick)
}

/// Plays it; `see` looks at the line after each tick.
pub fn play(job: &Job<'_>, see: &mut dyn FnMut(&Sight)) -> Asked {
    match job.law {
        Law::Adaptive | Law::Classic => of_core(job, see),
        Law::Bash | Law::Fixed70 | Law::Fixed100 | Law::Oracle | Law::Off => alone(job, see),
    }
}

fn of_core(job: &Job<'_>, see: &mut dyn FnMut(&Sight)) -> Asked {
    let settings = laws::settings(job.line, job.law, job.tuning);
    let wans = vec![(settings, job.load.on(job.line))];
    let mut world = World::new(wans, vec![job.load.router()], job.seed);
    let mut before = (0, 0);
    for tick in 1..=job.seconds * TICKS {
        let now = moment(tick);
        world.run_until(now, |_| {}).unwrap();
        if tick.is_multiple_of(TICKS) {
            world.take_events();
            world.take_requests();
        }
        if tick == BEGIN * TICKS {
            before = world.load_of(0);
        }
        let limits = PerDirection {
            download: world.limit(0, Direction::Download),
            upload: world.limit(0, Direction::Upload),
        };
        see(&Sight { tick, lanes: stats(world.link(0).unwrap(), now, limits), limits });
    }
    let (writes, requests) = world.load_of(0);
    Asked { writes: writes - before.0, requests: requests - before.1 }
}

/// The line as it is now, though the core may have slept for a while.
fn stats(link: &Link, now: Instant, limits: PerDirection<Option<Rate>>) -> PerDirection<LaneStats> {
    if now.since(link.now()) < TICK {
        return link.stats();
    }
    let mut link = link.clone();
    link.advance(now, limits);
    link.stats()
}

fn alone(job: &Job<'_>, see: &mut dyn FnMut(&Sight)) -> Asked {
    let mut link = Link::new(job.load.on(job.line), job.seed);
    let mut law = Alone::new(job.law, job.line);
    let mut writes = 0;
    let mut limits = law.limits();
    for tick in 1..=job.seconds * TICKS {
        link.advance(moment(tick), limits);
        see(&Sight { tick, lanes: link.stats(), limits });
        law.step(tick, &link);
        // It runs on the router itself: no write takes longer than a tick.
        let next = law.limits();
        for direction in Direction::BOTH {
            let moved = next.of(direction) != limits.of(direction);
            writes += u64::from(moved && tick >= BEGIN * TICKS);
        }
        limits = next;
    }
    Asked { writes, requests: writes }
}
