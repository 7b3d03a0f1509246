//! What came of one run, in numbers.

use wanctl::control::{
    time::Span,
    units::{Direction, PerDirection, Rate},
};

use crate::{
    loads::{BEGIN, Load, with_longer_path},
    run::{Job, play},
    watch::{Stretch, Trace, Watch, moves},
};

/// A rate is back when nine tenths of what it was before are.
const BACK: f64 = 0.9;
/// A delay is gone when it is no more than this above what it was before, in ms.
const GONE: f64 = 10.0;
/// Means over so many seconds tell whether something is back.
const LOOK: u64 = 5;
/// The same for what was before.
const BEFORE: u64 = 20;
/// How much longer the path is in runs that are compared with.
const TWINS: [Span; 3] = [Span::ZERO, Span::from_micros(300), Span::from_micros(600)];
/// What has not begun after so many seconds was not due to the change.
const DUE: u64 = 10;

/// Delays in ms; writes, requests and cuts per hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// What was carried of what could be, in the mean of the directions that somebody wants all of.
    pub retained: Option<f64>,
    /// All that was carried, in Mbit/s.
    pub mbit: f64,
    pub cuts: f64,
    /// Cuts after the path became longer.
    pub late_cuts: u64,
    /// Moves of the direction that nobody uses.
    pub spill: Option<u64>,
    pub writes: f64,
    pub requests: f64,
    /// Seconds until the rate was back.
    pub rate_back: Option<f64>,
    /// Seconds until the delay was gone.
    pub delay_gone: Option<f64>,
}

/// Plays it and judges it.
pub fn judge(job: &Job<'_>) -> (Score, Trace) {
    // The same run without the change tells what is the line's own doing. On a line that changes by
    // itself that differs between runs which nothing but a fraction of a millisecond of path tells
    // apart, so there are several: without them, of runs without any change two in a hundred are late.
    let usual = job.load.undisturbed().filter(|_| job.law.moves());
    let usual = usual.into_iter().flat_map(|load| {
        TWINS.map(|more| {
            let line = &with_longer_path(job.line, more);
            Watch::over(&Job { line, load, ..*job }).0
        })
    });
    judge_beside(job, &usual.collect::<Vec<_>>())
}

/// The same; without runs to compare with it is not known when the rate was back.
pub fn judge_beside(job: &Job<'_>, usual: &[Watch]) -> (Score, Trace) {
    let (watch, asked) = Watch::over(job);
    let seconds = (job.seconds - BEGIN) as f64;
    let hourly = |count: u64| count as f64 * 3_600.0 / seconds;
    let disturbed = job.load.rate_disturbed().filter(|_| !usual.is_empty());
    let delay_disturbed = job.load.delay_disturbed().filter(|_| job.law.moves());
    let [p50, p95, p99] = watch.delays();
    let score = Score {
        p50,
        p95,
        p99,
        retained: job.load.saturates().then(|| watch.mean(BEGIN, job.seconds).share),
        mbit: watch.carried as f64 * 8.0 / seconds / 1e6,
        cuts: hourly(watch.cuts),
        late_cuts: watch.late_cuts,
        spill: job.load.spared().map(|_| watch.spill),
        writes: hourly(asked.writes),
        requests: hourly(asked.requests),
        rate_back: disturbed.map(|from| rate_back(&watch, usual, job.load, from)),
        delay_gone: delay_disturbed.map(|from| delay_gone(&watch, from)),
    };
    (score, watch.trace)
}

/// Cuts on a line that nobody uses: there is nothing to cut for.
pub fn idle_cuts(job: &Job<'_>) -> u64 {
    let mut before = PerDirection::both(None::<Rate>);
    let mut cuts = 0;
    play(job, &mut |sight| {
        cuts += moves(before, sight.limits).filter(|(then, now)| now < then).count() as u64;
        before = sight.limits;
    });
    cuts
}

/// What is carried falls behind what it was before and would have been, and comes back after so many
/// seconds, in each direction that is wanted. On a line that carries all again it is what could be that it was a share of.
fn rate_back(watch: &Watch, usual: &[Watch], load: Load, from: u64) -> f64 {
    let of = |own: Stretch| if load == Load::Step { own.shares } else { own.carried };
    let before = of(watch.mean(from - BEFORE, from));
    let there = |at: &u64| {
        let at = |watch: &Watch| of(watch.mean(*at, *at + LOOK));
        let now = at(watch);
        let least = |way: &Direction| {
            usual.iter().map(|own| *at(own).of(*way)).fold(*before.of(*way), f64::min)
        };
        watch.wanted.iter().all(|way| *now.of(*way) >= BACK * least(way))
    };
    let last = watch.last() - LOOK;
    let Some(lost) = (from..from + DUE).find(|at| !there(at)) else { return 0.0 };
    until(from, last, (lost..last).find(there))
}

fn delay_gone(watch: &Watch, from: u64) -> f64 {
    let before = watch.mean(from - BEFORE, from).delay;
    let gone = |at: &u64| watch.mean(*at, *at + LOOK).delay <= before + GONE;
    let last = watch.last() - LOOK;
    until(from, last, (from..last).find(gone))
}

/// To the end of the run at least, if it never came.
fn until(from: u64, last: u64, at: Option<u64>) -> f64 {
    (at.unwrap_or(last) - from) as f64
}
