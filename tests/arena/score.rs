//! What came of one run, in numbers.

use wanctl::control::units::{Direction, PerDirection, Rate};

use crate::{
    loads::{BEGIN, Load},
    run::{Asked, Job, Sight, TICKS, play},
};

/// A rate is back when nine tenths of what it was before are.
const BACK: f64 = 0.9;
/// A delay is gone when it is no more than this above what it was before, in ms.
const GONE: f64 = 10.0;
/// Means over so many seconds tell whether something is back.
const LOOK: u64 = 5;
/// What has not begun after so many seconds was not due to the change.
const DUE: u64 = 10;

/// Delays in ms; `retained` is the share of what the line could carry, of the directions that
/// somebody wants all of; writes, requests and cuts are per hour; times are in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub retained: Option<f64>,
    pub mbit: f64,
    pub cuts: f64,
    /// Cuts after the change of path.
    pub late_cuts: u64,
    /// Moves of the direction that nobody uses.
    pub spill: u64,
    pub writes: f64,
    pub requests: f64,
    /// Until the rate was back.
    pub rate_back: Option<f64>,
    /// Until the delay was gone.
    pub delay_gone: Option<f64>,
}

/// A run as a plot shows it: four times a second.
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

/// What one second of a run was like.
#[derive(Clone, Copy, Default)]
struct Second {
    delay: f64,
    carried: f64,
    could: f64,
}

/// Looks at a run.
struct Watch {
    load: Load,
    wanted: PerDirection<bool>,
    before: Option<Sight>,
    delays: Vec<f64>,
    seconds: Vec<Second>,
    asked_for: Second,
    carried: u64,
    cuts: u64,
    late_cuts: u64,
    spill: u64,
    trace: Trace,
}

/// Plays it and judges it.
pub fn judge(job: &Job<'_>) -> (Score, Trace) {
    let mut watch = Watch::new(job);
    let asked = play(job, &mut |sight| watch.see(sight));
    (watch.score(job, asked), watch.trace)
}

/// Cuts in so many hours without any load; there is nothing to cut for.
pub fn idle_cuts(job: &Job<'_>) -> u64 {
    let mut before = PerDirection::both(None::<Rate>);
    let mut cuts = 0;
    play(job, &mut |sight| {
        cuts += moves(before, sight.limits).filter(|(then, now)| now < then).count() as u64;
        before = sight.limits;
    });
    cuts
}

/// The limits that changed: what they were, what they are.
fn moves(
    then: PerDirection<Option<Rate>>,
    now: PerDirection<Option<Rate>>,
) -> impl Iterator<Item = (Rate, Rate)> {
    Direction::BOTH
        .into_iter()
        .filter_map(move |way| (*then.of(way)).zip(*now.of(way)))
        .filter(|(then, now)| then != now)
}

impl Watch {
    fn new(job: &Job<'_>) -> Self {
        use wanctl::sim::link::Demand;
        let link = job.load.on(job.line);
        let greedy = |way| {
            link.loads.iter().any(|load| load.direction == way && load.demand == Demand::Greedy)
        };
        Self {
            load: job.load,
            wanted: PerDirection {
                download: greedy(Direction::Download),
                upload: greedy(Direction::Upload),
            },
            before: None,
            delays: Vec::new(),
            seconds: vec![Second::default(); job.seconds as usize + 1],
            asked_for: Second::default(),
            carried: 0,
            cuts: 0,
            late_cuts: 0,
            spill: 0,
            trace: Trace::default(),
        }
    }

    fn see(&mut self, sight: &Sight) {
        self.note(sight);
        let Some(before) = self.before.replace(*sight) else { return };
        let second = sight.tick / TICKS;
        let mut now = Second { delay: sight.delay() / TICKS as f64, ..Second::default() };
        let mut carried = 0;
        for way in Direction::BOTH {
            let (then, lane) = (before.lanes.of(way), sight.lanes.of(way));
            let own = lane.delivered - then.delivered;
            carried += own;
            if *self.wanted.of(way) {
                now.carried += own as f64 * 8.0;
                now.could += lane.capacity as f64 / TICKS as f64;
            }
        }
        if let Some(sum) = self.seconds.get_mut(second as usize) {
            sum.delay += now.delay;
            sum.carried += now.carried;
            sum.could += now.could;
        }
        if second < BEGIN {
            return;
        }
        self.delays.push(sight.delay());
        self.carried += carried;
        self.asked_for.carried += now.carried;
        self.asked_for.could += now.could;
        self.count(&before, sight);
    }

    fn count(&mut self, before: &Sight, sight: &Sight) {
        let cuts = moves(before.limits, sight.limits).filter(|(then, now)| now < then).count();
        self.cuts += cuts as u64;
        if sight.tick >= crate::loads::CHANGE * TICKS {
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
            Some(last) if sight.tick % EVERY != 0 => last.delay = last.delay.max(delay),
            _ => self.trace.points.push(Point {
                second: sight.tick as f64 / TICKS as f64,
                capacity: sight.lanes.map(|lane| mbit(lane.capacity)),
                limit: sight.limits.map(|limit| limit.map(|rate| mbit(rate.bps()))),
                delay,
            }),
        }
    }

    fn score(&mut self, job: &Job<'_>, asked: Asked) -> Score {
        self.delays.sort_by(f64::total_cmp);
        let part = |share: usize| self.delays[(self.delays.len() - 1) * share / 100];
        let seconds = (job.seconds - BEGIN) as f64;
        let hourly = |count: u64| count as f64 * 3_600.0 / seconds;
        let Second { carried, could, .. } = self.asked_for;
        Score {
            p50: part(50),
            p95: part(95),
            p99: part(99),
            retained: (could > 0.0 && job.load.saturates()).then(|| carried / could),
            mbit: self.carried as f64 * 8.0 / seconds / 1e6,
            cuts: hourly(self.cuts),
            late_cuts: self.late_cuts,
            spill: self.spill,
            writes: hourly(asked.writes),
            requests: hourly(asked.requests),
            rate_back: job.load.rate_disturbed().map(|from| self.rate_back(from)),
            delay_gone: job.load.delay_disturbed().map(|from| self.delay_gone(from)),
        }
    }

    fn mean(&self, from: u64, to: u64) -> Second {
        let own = &self.seconds[from as usize..to as usize];
        let count = own.len() as f64;
        let sum = |value: fn(&Second) -> f64| own.iter().map(value).sum::<f64>();
        let share = sum(|second| second.carried) / sum(|second| second.could);
        Second { delay: sum(|second| second.delay) / count, carried: share, could: 1.0 }
    }

    /// What is carried of what could be falls behind, and comes back after so many seconds.
    fn rate_back(&self, from: u64) -> f64 {
        let before = self.mean(from - 20, from).carried;
        let there = |at: &u64| self.mean(*at, *at + LOOK).carried >= before * BACK;
        let Some(lost) = (from..from + DUE).find(|at| !there(at)) else { return 0.0 };
        self.until(from, (lost..self.last()).find(there))
    }

    fn delay_gone(&self, from: u64) -> f64 {
        let before = self.mean(from - 20, from).delay;
        let gone = |at: &u64| self.mean(*at, *at + LOOK).delay <= before + GONE;
        self.until(from, (from..self.last()).find(gone))
    }

    fn last(&self) -> u64 {
        self.seconds.len() as u64 - LOOK
    }

    /// To the end of the run at least, if it never came.
    fn until(&self, from: u64, at: Option<u64>) -> f64 {
        (at.unwrap_or(self.last()) - from) as f64
    }
}
