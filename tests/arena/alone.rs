//! The laws that run on the router itself, without requests: fixed rates, the oracle, the bash law.

use std::collections::VecDeque;

use wanctl::{
    control::units::{Direction, PerDirection, Rate},
    sim::link::{LaneStats, Link},
};

use crate::{
    bash::Bash,
    laws::{self, Law},
    lines::Line,
    run::{TICK, moment},
};

/// The bash law reads its counters every 200 ms.
const LOAD_TICKS: u64 = 4;
/// What the oracle takes of what the line carries.
const ALMOST: f64 = 0.99;

/// One of them, and what it knows.
pub struct Alone {
    law: Law,
    limits: PerDirection<Option<Rate>>,
    bash: PerDirection<Bash>,
    /// Echoes on their way: when each is back, and half of what it took in ms.
    replies: VecDeque<(u64, f64)>,
    counted: PerDirection<LaneStats>,
    achieved: PerDirection<f64>,
}

fn rate(bits: f64) -> Option<Rate> {
    Rate::from_bps(bits as u64)
}

impl Alone {
    pub fn new(law: Law, line: &Line) -> Self {
        let nominal = PerDirection { download: line.nominal.0, upload: line.nominal.1 };
        let share = match law {
            Law::Fixed70 => Some(0.7),
            Law::Off => None,
            _ => Some(1.0),
        };
        Self {
            law,
            limits: nominal
                .map(|nominal| share.and_then(|share| rate(nominal as f64 * 1e6 * share))),
            bash: laws::ceilings(line).map(|ceiling| Bash::new(ceiling.bps() as f64)),
            replies: VecDeque::new(),
            counted: PerDirection::both(LaneStats::default()),
            achieved: PerDirection::both(0.0),
        }
    }

    pub fn limits(&self) -> PerDirection<Option<Rate>> {
        self.limits
    }

    pub fn step(&mut self, tick: u64, link: &Link) {
        match self.law {
            Law::Bash => self.bash(tick, link),
            Law::Oracle => {
                // Nothing to know while nothing passes: goes on with what was.
                let known = |lane: LaneStats| rate(lane.capacity as f64 * ALMOST);
                let now = link.stats().map(known);
                self.limits = now.zip(self.limits).map(|(now, before)| now.or(before));
            }
            _ => {}
        }
    }

    fn bash(&mut self, tick: u64, link: &Link) {
        self.ping(tick, link);
        let fresh = tick.is_multiple_of(LOAD_TICKS).then_some(());
        if fresh.is_some() {
            self.count(link.stats());
        }
        while let Some((_, delay)) = self.replies.pop_front_if(|(at, _)| *at <= tick) {
            for direction in Direction::BOTH {
                let own = self.bash.of_mut(direction);
                let load = self.achieved.of(direction) / own.rate;
                own.step(tick as f64 / 20.0, delay, load, fresh);
            }
        }
        self.limits = PerDirection {
            download: rate(self.bash.download.rate),
            upload: rate(self.bash.upload.rate),
        };
    }

    fn ping(&mut self, tick: u64, link: &Link) {
        let mut echoes: Vec<_> = (0..3).filter_map(|r| link.echo(moment(tick), r)).collect();
        echoes.sort_unstable();
        if let Some(echo) = echoes.get(echoes.len() / 2) {
            let back = tick + echo.as_micros().div_ceil(TICK.as_micros());
            self.replies.push_back((back, echo.as_micros() as f64 / 2_000.0));
        }
    }

    fn count(&mut self, now: PerDirection<LaneStats>) {
        let bits = |(now, then): (LaneStats, LaneStats)| {
            (now.through_router - then.through_router) as f64 * 8.0 / 0.2
        };
        self.achieved = now.zip(self.counted).map(bits);
        self.counted = now;
    }
}
