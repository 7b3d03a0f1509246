//! Makes a history that fails short: fewer faults, shorter ones, an earlier end.
//! Promises: what it gives fails too, and no single step of these makes it shorter still: fewer
//! faults count for more than shorter ones.

use super::fault::{History, Timed};

/// No fault is made shorter than this, in milliseconds.
const SHORTEST: u64 = 50;
/// A fault that lasts so long meets at least the regular read of each minute, in milliseconds.
const LONG: u64 = 62_000;
/// What one fault leads to is over before the next one begins.
const FAR: u64 = 75_000;

/// A short history that fails, from one that does.
pub fn shrink(history: &History, fails: impl Fn(&History) -> bool) -> History {
    let mut best = history.clone();
    loop {
        let shorter = candidates(&best).find(|candidate| fails(candidate));
        match shorter {
            Some(shorter) => best = shorter,
            None => return best,
        }
    }
}

/// All histories that are one step shorter, the boldest steps first.
fn candidates(history: &History) -> impl Iterator<Item = History> {
    without(history)
        .chain(replaced(history))
        .chain(ending_earlier(history))
        .chain(shortened(history))
        .chain(earlier(history))
}

/// Without a half of the faults, a quarter, and so on down to one.
fn without(history: &History) -> impl Iterator<Item = History> {
    let count = history.faults.len();
    let sizes = std::iter::successors(Some(count), |size| (*size > 1).then_some(size.div_ceil(2)));
    let history = history.clone();
    sizes.filter(|size| *size > 0).flat_map(move |size| {
        let history = history.clone();
        (0..count).step_by(size).map(move |from| {
            let mut faults = history.faults.clone();
            faults.drain(from..(from + size).min(count));
            History { faults, ..history.clone() }
        })
    })
}

/// Without one fault, the others longer instead, or far from each other: it may only have been there
/// for the right moment.
fn replaced(history: &History) -> impl Iterator<Item = History> {
    let longer = |timed: &Timed| Timed { lasts: timed.lasts.max(LONG), ..*timed };
    let apart = |(place, timed): (u64, &Timed)| Timed { from: place * FAR, ..longer(timed) };
    let longer: Vec<Timed> = history.faults.iter().map(longer).collect();
    let apart: Vec<Timed> = (0..).zip(&history.faults).map(apart).collect();
    let stop = |faults: &[Timed]| faults.iter().map(Timed::to).max().unwrap_or(0) + LONG;
    let history = history.clone();
    [longer, apart].into_iter().flat_map(move |faults| {
        let stop = stop(&faults).max(history.stop);
        without(&History { faults, stop, ..history.clone() }).collect::<Vec<_>>()
    })
}

/// Half as long, or cut down to the last fault.
fn ending_earlier(history: &History) -> impl Iterator<Item = History> {
    let history = history.clone();
    let over = history.faults.iter().map(Timed::to).max().unwrap_or(0);
    let stops = [history.stop / 2, over, history.stop.saturating_sub(1_000)];
    let latest = history.stop.saturating_sub(SHORTEST);
    let stops = stops.into_iter().filter(move |stop| *stop < latest);
    stops.map(move |stop| History { stop, ..history.clone() })
}

/// With one fault half as long, its first or its second half.
fn shortened(history: &History) -> impl Iterator<Item = History> {
    let history = history.clone();
    (0..history.faults.len() * 2).filter_map(move |step| {
        let mut history = history.clone();
        let timed = history.faults.get_mut(step / 2)?;
        let lasts = timed.lasts / 2;
        timed.from += if step % 2 == 0 { 0 } else { timed.lasts - lasts };
        timed.lasts = lasts;
        (lasts >= SHORTEST).then_some(history)
    })
}

/// With everything a second earlier.
fn earlier(history: &History) -> impl Iterator<Item = History> {
    let first = history.faults.iter().map(|timed| timed.from).min().unwrap_or(0);
    (first >= 1_000 && history.stop >= 1_000)
        .then(|| {
            let mut history = history.clone();
            history.faults.iter_mut().for_each(|timed| timed.from -= 1_000);
            history.stop -= 1_000;
            history
        })
        .into_iter()
}
