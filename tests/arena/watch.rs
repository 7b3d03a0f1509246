//! Looks at a run: second by second for recoveries, four times a second for plots, and all of it for
//! percentiles.

use wanctl::{
    control::units::{Direction, PerDirection, Rate},
    sim::link::Demand,
};

use crate::{
    loads::{BEGIN, CHANGE, Load},
    run::{Asked, Job, Sight, TICKS, play},
};

/// A run as a plot shows it.
#[derive(Clone, Default)]
pub struct Trace {
    pub points: Vec<Point>,
}

/// Rates in Mbit/s, the highest delay in ms.
#[derive(Clone, Copy)]
pub struct Point {
    pub second: f64,
    pub capacity: PerDirection<f64>,
    pub limit: PerDirection<Option<f64>>,
    pub delay: f64,
}

/// A stretch of a run.
pub struct Stretch {
    /// Mean delay in ms.
    pub delay: f64,
    /// Bits that were carried.
    pub carried: PerDirection<f64>,
    /// What of those that could be.
    pub shares: PerDirection<f64>,
    /// The mean of it over the directions that somebody wants all of.
    pub share: f64,
}

/// One second: the delay in ms, bits that were carried and that could be.
#[derive(Clone, Copy)]
struct Second {
    delay: f64,
    carried: PerDirection<f64>,
    could: PerDirection<f64>,
}

const NOTHING: Second =
    Second { delay: 0.0, carried: PerDirection::both(0.0), could: PerDirection::both(0.0) };

/// What was seen of a run; counts are from the begin of the load on.
pub struct Watch {
    load: Load,
    /// The directions that somebody wants all of.
    pub wanted: Vec<Direction>,
    before: Option<Sight>,
    delays: Vec<f64>,
    seconds: Vec<Second>,
    pub carried: u64,
    pub cuts: u64,
    pub late_cuts: u64,
    pub spill: u64,
    pub trace: Trace,
}

/// The limits that changed: what they were, what they are.
pub fn moves(
    then: PerDirection<Option<Rate>>,
    now: PerDirection<Option<Rate>>,
) -> impl Iterator<Item = (Rate, Rate)> {
    Direction::BOTH
        .into_iter()
        .filter_map(move |way| (*then.of(way)).zip(*now.of(way)))
        .filter(|(then, now)| then != now)
}

impl Watch {
    /// All of a run.
    pub fn over(job: &Job<'_>) -> (Self, Asked) {
        let loads = job.load.on(job.line).loads;
        let greedy = |way: &Direction| {
            loads.iter().any(|load| load.direction == *way && load.demand == Demand::Greedy)
        };
        let mut watch = Self {
            load: job.load,
            wanted: Direction::BOTH.into_iter().filter(greedy).collect(),
            before: None,
            delays: Vec::new(),
            seconds: vec![NOTHING; job.seconds as usize + 1],
            carried: 0,
            cuts: 0,
            late_cuts: 0,
            spill: 0,
            trace: Trace::default(),
        };
        let asked = play(job, &mut |sight| watch.see(sight));
        watch.delays.sort_by(f64::total_cmp);
        (watch, asked)
    }

    fn see(&mut self, sight: &Sight) {
        self.note(sight);
        let Some(before) = self.before.replace(*sight) else { return };
        let passed =
            sight.lanes.zip(before.lanes).map(|(now, then)| now.delivered - then.delivered);
        let second = sight.tick / TICKS;
        if let Some(sum) = self.seconds.get_mut(second as usize) {
            sum.delay += sight.delay() / TICKS as f64;
            for way in Direction::BOTH {
                *sum.carried.of_mut(way) += *passed.of(way) as f64 * 8.0;
                *sum.could.of_mut(way) += sight.lanes.of(way).capacity as f64 / TICKS as f64;
            }
        }
        if second >= BEGIN {
            self.delays.push(sight.delay());
            self.carried += passed.download + passed.upload;
            self.count(&before, sight);
        }
    }

    fn count(&mut self, before: &Sight, sight: &Sight) {
        let cuts = moves(before.limits, sight.limits).filter(|(then, now)| now < then).count();
        self.cuts += cuts as u64;
        if sight.tick >= CHANGE * TICKS {
            self.late_cuts += cuts as u64;
        }
        if let Some(way) = self.load.spared() {
            self.spill += u64::from(before.limits.of(way) != sight.limits.of(way));
        }
    }

    fn note(&mut self, sight: &Sight) {
        const EVERY: u64 = 5;
        let mbit = |bits: u64| bits as f64 / 1e6;
        let delay = sight.delay();
        match self.trace.points.last_mut() {
            Some(last) if !sight.tick.is_multiple_of(EVERY) => last.delay = last.delay.max(delay),
            _ => self.trace.points.push(Point {
                second: sight.tick as f64 / TICKS as f64,
                capacity: sight.lanes.map(|lane| mbit(lane.capacity)),
                limit: sight.limits.map(|limit| limit.map(|rate| mbit(rate.bps()))),
                delay,
            }),
        }
    }

    /// The 50th, 95th and 99th percentile of the delay in ms.
    pub fn delays(&self) -> [f64; 3] {
        [50, 95, 99].map(|share| self.delays[(self.delays.len() - 1) * share / 100])
    }

    /// From one second to another one.
    pub fn mean(&self, from: u64, to: u64) -> Stretch {
        let own = &self.seconds[from as usize..to as usize];
        let sum = |value: &dyn Fn(&Second) -> f64| own.iter().map(value).sum::<f64>();
        let bits = |value: &dyn Fn(&Second) -> PerDirection<f64>| {
            let [download, upload] = Direction::BOTH.map(|way| sum(&|own| *value(own).of(way)));
            PerDirection { download, upload }
        };
        let carried = bits(&|second| second.carried);
        let shares = carried.zip(bits(&|second| second.could)).map(|(own, all)| own / all);
        let wanted = self.wanted.iter().map(|way| *shares.of(*way)).sum::<f64>();
        Stretch {
            delay: sum(&|second| second.delay) / own.len() as f64,
            carried: carried.map(|bits| bits / own.len() as f64),
            shares,
            share: wanted / self.wanted.len() as f64,
        }
    }

    /// The last whole second.
    pub fn last(&self) -> u64 {
        self.seconds.len() as u64 - 1
    }
}
