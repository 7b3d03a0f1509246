//! One law on one line under one load, and what came of it.

use std::collections::VecDeque;

use wanctl::{
    control::{
        adaptive,
        rule::Choice,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan,
    },
    sim::{
        link::{LaneStats, Link},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use crate::{
    SECONDS,
    bash::Bash,
    lines::{Line, Load, second},
    settings,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    Adaptive,
    Classic,
    Bash,
    Fixed70,
    Fixed100,
    Oracle,
}

pub const LAWS: [Law; 6] =
    [Law::Adaptive, Law::Classic, Law::Bash, Law::Fixed70, Law::Fixed100, Law::Oracle];

/// Delays in ms, the rate of all that was carried, cuts and writes per hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub mbit: f64,
    pub cuts: f64,
    pub writes: f64,
}

/// Ticks of 50 ms; judged from second 20 on, when the load begins.
#[derive(Default)]
struct Watch {
    delays: Vec<f64>,
    limits: PerDirection<Option<Rate>>,
    writes: u64,
    cuts: u64,
    carried: u64,
    begun: Option<PerDirection<LaneStats>>,
}

impl Watch {
    fn see(&mut self, now: Instant, link: &Link, limits: PerDirection<Option<Rate>>) {
        let before = std::mem::replace(&mut self.limits, limits);
        if now < second(20) {
            return;
        }
        let stats = link.stats();
        let begun = *self.begun.get_or_insert(stats);
        let delay = stats.download.queue_delay + stats.upload.queue_delay;
        self.delays.push(delay.as_micros() as f64 / 1_000.0);
        let carried = |now: LaneStats, then: LaneStats| now.delivered - then.delivered;
        self.carried =
            carried(stats.download, begun.download) + carried(stats.upload, begun.upload);
        for direction in Direction::BOTH {
            let (before, now) = (*before.of(direction), *limits.of(direction));
            self.writes += u64::from(before != now);
            self.cuts += u64::from(now < before);
        }
    }

    fn score(mut self) -> Score {
        self.delays.sort_by(f64::total_cmp);
        let part = |share: usize| self.delays[(self.delays.len() - 1) * share / 100];
        let seconds = (SECONDS - 20) as f64;
        let hourly = |count: u64| count as f64 * 3_600.0 / seconds;
        Score {
            p50: part(50),
            p95: part(95),
            p99: part(99),
            mbit: self.carried as f64 * 8.0 / seconds / 1e6,
            cuts: hourly(self.cuts),
            writes: hourly(self.writes),
        }
    }
}

/// Above what the line carries: nobody knows that exactly.
fn ceilings(line: &Line) -> PerDirection<Rate> {
    let (download, upload) = line.nominal;
    let above = |nominal: u64| Rate::from_bps(nominal * 1_100_000).unwrap();
    PerDirection { download: above(download), upload: above(upload) }
}

fn settings(line: &Line, law: Law) -> wan::Settings {
    let mut settings = settings::wan(line.nominal.0, line.nominal.1);
    for direction in Direction::BOTH {
        let ladder = settings.law.ladders.of_mut(direction);
        ladder.ceiling = *ceilings(line).of(direction);
        let floor = Rate::from_bps(ladder.ceiling.bps() / 10).unwrap();
        let floors = &mut ladder.floors;
        (floors.green, floors.yellow, floors.soft_red, floors.red) = (floor, floor, floor, floor);
    }
    if law == Law::Adaptive {
        settings.choice = Choice::Adaptive(adaptive::Settings {
            base: PerDirection::both(None),
            yellow: settings.law.thresholds.map(|thresholds| thresholds.yellow),
            bounds: settings.law.ladders.map(|ladder| (ladder.floors.red, ladder.ceiling)),
            tuning: adaptive::Tuning::DEFAULT,
        });
    }
    settings
}

const LATENCY: Span = Span::from_millis(50);

pub fn run(line: &Line, load: Load, law: Law, seed: u64) -> Score {
    match law {
        Law::Adaptive | Law::Classic => of_core(line, load, law, seed),
        Law::Bash | Law::Fixed70 | Law::Fixed100 | Law::Oracle => alone(line, load, law, seed),
    }
}

fn of_core(line: &Line, load: Load, law: Law, seed: u64) -> Score {
    let mut router = RouterSettings::healthy();
    router.latency = Schedule::constant(LATENCY);
    let mut world = World::new(vec![(settings(line, law), load.on(line))], vec![router], seed);
    let mut watch = Watch::default();
    let see = |world: &mut World| {
        let limits = PerDirection {
            download: world.limit(0, Direction::Download),
            upload: world.limit(0, Direction::Upload),
        };
        let now = world.now();
        watch.see(now, world.link(0).unwrap(), limits);
    };
    world.run_until(second(SECONDS), see).unwrap();
    watch.score()
}

fn alone(line: &Line, load: Load, law: Law, seed: u64) -> Score {
    let settings = load.on(line);
    let capacity = PerDirection {
        download: settings.lanes.download.capacity.clone(),
        upload: settings.lanes.upload.capacity.clone(),
    };
    let mut link = Link::new(settings, seed);
    let nominal = PerDirection { download: line.nominal.0, upload: line.nominal.1 };
    let rate = |bits: f64| Rate::from_bps(bits as u64);
    let fixed = |share: f64| nominal.map(|nominal| rate(nominal as f64 * 1e6 * share));
    let ceilings = ceilings(line).map(|ceiling| ceiling.bps() as f64);
    let mut laws = ceilings.map(Bash::new);
    let mut limits = fixed(1.0);
    let mut coming = VecDeque::new();
    let mut replies: VecDeque<(u64, f64)> = VecDeque::new();
    let mut before = link.stats();
    let mut achieved = PerDirection::both(0.0);
    let mut watch = Watch::default();
    for tick in 0..SECONDS * 20 {
        let now = Instant::from_micros(tick * 50_000);
        while coming.front().is_some_and(|(at, _)| *at <= tick) {
            limits = coming.pop_front().map(|(_, limits)| limits).unwrap_or(limits);
        }
        link.advance(now, limits);
        watch.see(now, &link, limits);
        let next = match law {
            Law::Fixed70 => fixed(0.7),
            Law::Fixed100 => fixed(1.0),
            Law::Oracle => {
                capacity.clone().map(|schedule| rate(schedule.at(now).bps() as f64 * 0.99))
            }
            Law::Adaptive | Law::Classic | Law::Bash => {
                let mut echoes: Vec<_> = (0..3).filter_map(|r| link.echo(now, r)).collect();
                echoes.sort_unstable();
                if let Some(echo) = echoes.get(echoes.len() / 2) {
                    let ms = echo.as_micros() as f64 / 1_000.0;
                    replies.push_back((tick + (ms / 50.0).ceil() as u64, ms / 2.0));
                }
                let fresh = (tick % 4 == 0).then_some(());
                if fresh.is_some() {
                    let stats = link.stats();
                    let bits = |now: LaneStats, then: LaneStats| {
                        (now.through_router - then.through_router) as f64 * 8.0 / 0.2
                    };
                    achieved = PerDirection {
                        download: bits(stats.download, before.download),
                        upload: bits(stats.upload, before.upload),
                    };
                    before = stats;
                }
                while replies.front().is_some_and(|(at, _)| *at <= tick) {
                    let Some((_, delay)) = replies.pop_front() else { break };
                    for direction in Direction::BOTH {
                        let own = laws.of_mut(direction);
                        let load = achieved.of(direction) / own.rate;
                        own.step(tick as f64 / 20.0, delay, load, fresh);
                    }
                }
                PerDirection { download: rate(laws.download.rate), upload: rate(laws.upload.rate) }
            }
        };
        // It runs on the router itself: no write takes longer than a tick.
        coming.push_back((tick + 1, next));
    }
    watch.score()
}
