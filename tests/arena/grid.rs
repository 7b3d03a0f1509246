//! All laws on all lines under all loads, on as many threads as there are processors.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    SECONDS,
    laws::{LAWS, Law},
    lines::Line,
    loads::{LOADS, Load},
    run::Job,
    score::{Score, idle_cuts, judge},
    sensitivity::tuned,
    watch::Trace,
};

/// One law on one line under one load.
pub type Place = (&'static str, Load, Law);

/// One score for each seed, and how the first one went.
pub struct Cell {
    pub scores: Vec<Score>,
    pub trace: Trace,
}

/// All of them.
pub struct Grid {
    pub lines: Vec<Line>,
    pub cells: BTreeMap<Place, Cell>,
    /// Cuts and hours on an idle line; of the other laws with one seed.
    pub idle: BTreeMap<(&'static str, Law), (u64, u64)>,
}

/// The same as `items.iter().map(work).collect()`, on all processors.
pub fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let result = work(item);
            done.lock().unwrap().push((index, result));
        }
    };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker))));
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(values.len().saturating_sub(1) / 2), at(values.len() / 2))
}

impl Cell {
    pub fn of(&self, value: impl Fn(&Score) -> f64) -> f64 {
        median(self.scores.iter().map(value).collect())
    }

    pub fn maybe(&self, value: impl Fn(&Score) -> Option<f64>) -> Option<f64> {
        let known: Vec<f64> = self.scores.iter().filter_map(value).collect();
        (!known.is_empty()).then(|| median(known))
    }
}

impl Grid {
    pub fn new(lines: Vec<Line>, seeds: u64, hours: u64) -> Self {
        let cells = cells(&lines, seeds);
        let idle = idle(&lines, seeds, hours);
        Self { lines, cells, idle }
    }

    pub fn cell(&self, line: &'static str, load: Load, law: Law) -> &Cell {
        &self.cells[&(line, load, law)]
    }

    /// Every line under every load.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, Load)> {
        self.lines.iter().flat_map(|line| LOADS.into_iter().map(|load| (line.name, load)))
    }
}

fn job(line: &Line, load: Load, law: Law, seed: u64) -> Job<'_> {
    Job { line, load, law, seed, seconds: SECONDS, tuning: tuned() }
}

fn cells(lines: &[Line], seeds: u64) -> BTreeMap<Place, Cell> {
    let loads = |line| LOADS.into_iter().map(move |load| (line, load));
    let laws = |(line, load)| LAWS.into_iter().map(move |law| (line, load, law));
    let places: Vec<(&Line, Load, Law)> = lines.iter().flat_map(loads).flat_map(laws).collect();
    let cell = |(line, load, law): &(&Line, Load, Law)| {
        let (first, trace) = judge(&job(line, *load, *law, 0));
        let more = (1..seeds).map(|seed| judge(&job(line, *load, *law, seed)).0);
        Cell { scores: std::iter::once(first).chain(more).collect(), trace }
    };
    let done = parallel(&places, cell);
    let keys = places.iter().map(|(line, load, law)| (line.name, *load, *law));
    keys.zip(done).collect()
}

fn idle(lines: &[Line], seeds: u64, hours: u64) -> BTreeMap<(&'static str, Law), (u64, u64)> {
    let places: Vec<(&Line, Law, u64)> = lines
        .iter()
        .flat_map(|line| LAWS.into_iter().filter(|law| law.moves()).map(move |law| (line, law)))
        .flat_map(|(line, law)| (0..seeds).map(move |seed| (line, law, seed)))
        .filter(|(_, law, seed)| *law == Law::Adaptive || *seed == 0)
        .collect();
    let done = parallel(&places, |(line, law, seed)| {
        idle_cuts(&Job { seconds: hours * 3_600, ..job(line, Load::Idle, *law, *seed) })
    });
    let mut all = BTreeMap::new();
    for ((line, law, _), cuts) in places.iter().zip(done) {
        let own = all.entry((line.name, *law)).or_insert((0, 0));
        own.0 += cuts;
        own.1 += hours;
    }
    all
}
