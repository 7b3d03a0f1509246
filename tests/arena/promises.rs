//! What the adaptive law promises, line by line: reached, or where not yet.
//! The state is on record in `promises.txt`; who changes the law sees every promise that is newly
//! reached and every one that is lost.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    grid::{Cell, Grid},
    laws::Law,
    loads::{LOADS, Load},
    score::Score,
    sensitivity::{Effect, cliffs},
    summary::{Summary, longer, p95},
};

/// The rate is back after this many seconds.
const BACK_WITHIN: f64 = 15.0;
/// A queue of a line that carries half is gone after this many seconds.
const GONE_WITHIN: f64 = 5.0;
/// Less carried than this share of another's is less.
const AS_MUCH: f64 = 0.98;

/// Where a promise is not reached on a line: nothing is good.
pub type Missing = Vec<&'static str>;
pub type Promise = (&'static str, fn(&Grid, &'static str) -> Missing);

pub const PROMISES: [Promise; 11] = [
    ("no cut on an idle line", |grid, line| {
        let (cuts, _) = grid.idle[&(line, Law::Adaptive)];
        unless(cuts == 0, Load::Idle)
    }),
    ("a longer path costs an idle line no cut", |grid, line| {
        every(grid, line, Load::Path, |score| score.late_cuts == 0)
    }),
    ("after a change of path the rate is back in 15 s", |grid, line| {
        every(grid, line, Load::BusyPath, |score| score.rate_back.is_some_and(back))
    }),
    ("two of three reflectors die and the rate is back in 15 s", |grid, line| {
        every(grid, line, Load::Reflectors, |score| score.rate_back.is_some_and(back))
    }),
    ("on a line that carries half the queue is gone in 5 s", |grid, line| {
        every(grid, line, Load::Step, |score| {
            score.delay_gone.is_some_and(|seconds| seconds <= GONE_WITHIN)
        })
    }),
    ("a full upload leaves the download alone", |grid, line| {
        every(grid, line, Load::Upload, |score| score.spill == Some(0))
    }),
    ("a full download leaves the upload alone", |grid, line| {
        every(grid, line, Load::Download, |score| score.spill == Some(0))
    }),
    ("p95 of delay is not above classic's", |grid, line| {
        places(grid, line, Law::Classic, |own, other| !longer(own.of(p95), other.of(p95)))
    }),
    ("p95 of delay is not above the bash law's by a tenth", |grid, line| {
        places(grid, line, Law::Bash, |own, other| !longer(own.of(p95), other.of(p95)))
    }),
    ("a full line carries as much as with classic", |grid, line| {
        places(grid, line, Law::Classic, as_much)
    }),
    ("a full line carries as much as with the bash law", |grid, line| {
        places(grid, line, Law::Bash, as_much)
    }),
];

pub fn back(seconds: f64) -> bool {
    seconds <= BACK_WITHIN
}

fn as_much(own: &Cell, other: &Cell) -> bool {
    let share = |cell: &Cell| cell.maybe(|score| score.retained);
    share(own).zip(share(other)).is_none_or(|(own, other)| own >= other * AS_MUCH)
}

fn unless(reached: bool, load: Load) -> Missing {
    if reached { Vec::new() } else { vec![load.word()] }
}

fn every(grid: &Grid, line: &'static str, load: Load, good: fn(&Score) -> bool) -> Missing {
    unless(grid.cell(line, load, Law::Adaptive).scores.iter().all(good), load)
}

fn places(
    grid: &Grid,
    line: &'static str,
    other: Law,
    good: impl Fn(&Cell, &Cell) -> bool,
) -> Missing {
    let cell = |load, law| grid.cell(line, load, law);
    let bad = |load: &Load| !good(cell(*load, Law::Adaptive), cell(*load, other));
    LOADS.into_iter().filter(bad).map(Load::word).collect()
}

fn state<'a>(missing: impl IntoIterator<Item = &'a str>) -> String {
    let missing: Vec<_> = missing.into_iter().collect();
    if missing.is_empty() {
        "reached".into()
    } else {
        format!("not yet with {}", missing.join(", "))
    }
}

/// What `text` made, by promise and line.
pub fn entries(text: &str) -> BTreeMap<String, &str> {
    let mut promise = "";
    let mut entries = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ").and_then(|line| line.split_once(": ")) {
            Some((about, state)) => {
                entries.insert(format!("{promise}, {}", about.trim()), state.trim());
            }
            None => promise = line,
        }
    }
    entries
}

/// The state of all promises, as `promises.txt` has it.
pub fn text(grid: &Grid, effects: &[Effect]) -> String {
    let mut text = String::from(
        "# What the adaptive law promises, from two seeds: reached, or the loads where not yet.\n\
         # Written by: WANCTL_PROMISES=write cargo test --test arena\n",
    );
    for (name, missing) in PROMISES {
        let _ = writeln!(text, "\n{name}");
        for line in &grid.lines {
            let _ = writeln!(text, "  {}: {}", line.name, state(missing(grid, line.name)));
        }
    }
    text.push_str("\nall lines and loads\n");
    for (name, reached) in overall(&Summary::new(grid)) {
        let _ = writeln!(text, "  {name}: {}", if reached { "reached" } else { "not yet" });
    }
    let cliffs = state(cliffs(effects).map(|(name, _)| name));
    let _ = writeln!(text, "  half or twice of a constant is no cliff: {cliffs}");
    text
}

pub fn overall(summary: &Summary) -> [(&'static str, bool); 6] {
    let Summary { classic, bash, .. } = summary;
    [
        ("p95 of delay is at most half of classic's in the median", classic.delay <= 0.5),
        ("p95 of delay is at most the bash law's in the median", bash.delay <= 1.0),
        ("full lines carry at least as much as with classic", classic.carried >= 1.0),
        ("full lines carry at least as much as with the bash law", bash.carried >= 1.0),
        ("writes are at most a fifth of classic's", classic.writes <= 0.2),
        ("at most one cut per day on idle lines", summary.idle_per_day() <= 1.0),
    ]
}
