//! What must hold with any number of seeds, whatever is on record, and the few places where it is known
//! not to, with the reason.

use std::fmt::Write as _;

use crate::{
    grid::Grid,
    laws::Law,
    loads::{LOADS, Load},
    promises::{PROMISES, back, overall},
    sensitivity::{Effect, cliffs},
    summary::{Summary, longer, p95},
};

/// Lines that change by themselves: of runs in which nothing else happens four to six in a hundred fall
/// below nine tenths of three others that differ by a fraction of a millisecond. One in ten may be late.
const UNSTEADY: [&str; 2] = ["diurnal", "lte"];
/// By so much at most a delay may be longer for a reason.
const MOST: f64 = 1.5;

/// Where the 95th percentile may be above the bash law's.
const STATED: [(&str, Load, &str); 2] =
    [("lte", Load::Web, OF_BURSTS), ("sat", Load::Web, OF_BURSTS)];

const OF_BURSTS: &str = "a burst of 0.4 s makes a queue that is below the threshold or gone before two \
    values tell of it, so that the adaptive law leaves the rate at the ceiling, where it began; the bash \
    law begins at 0.6 of it and comes back there between bursts";

/// Promises that no run may break.
const ALWAYS: [&str; 3] = [
    "a longer path costs an idle line no cut",
    "a full upload leaves the download alone",
    "a full download leaves the upload alone",
];

/// What does not hold, in words.
pub fn broken(grid: &Grid, effects: &[Effect]) -> String {
    let mut text = String::new();
    for (name, _) in overall(&Summary::new(grid)).into_iter().filter(|(_, holds)| !holds) {
        let _ = writeln!(text, "{name}: no");
    }
    for line in &grid.lines {
        of_line(&mut text, grid, line.name);
    }
    for (name, cliff) in cliffs(effects) {
        let _ = writeln!(text, "{name}: {cliff}");
    }
    text
}

fn of_line(text: &mut String, grid: &Grid, line: &'static str) {
    for always in ALWAYS {
        let (_, missing) = PROMISES.iter().find(|(name, _)| *name == always).unwrap();
        if !missing(grid, line).is_empty() {
            let _ = writeln!(text, "{always}: not in all runs on {line}");
        }
    }
    let all = &grid.cell(line, Load::BusyPath, Law::Adaptive).scores;
    let late = all.iter().filter(|score| !score.rate_back.is_some_and(back)).count();
    let may = if UNSTEADY.contains(&line) { all.len() / 10 } else { 0 };
    if late > may {
        let _ = writeln!(text, "+40 ms under load, back in 15 s: {late} runs are late on {line}");
    }
    for load in LOADS {
        let [own, bash] = [Law::Adaptive, Law::Bash].map(|law| grid.cell(line, load, law).of(p95));
        let is_stated = STATED.iter().any(|(name, known, _)| (*name, *known) == (line, load));
        if longer(own, bash) && !(is_stated && own <= bash * MOST) {
            let _ = writeln!(text, "{line} {}: {own:.1} ms beside bash's {bash:.1}", load.word());
        }
    }
}

/// The known places and their reasons.
pub fn stated() -> String {
    STATED.iter().fold(String::new(), |mut text, (line, load, why)| {
        let _ = writeln!(text, "{line} {}: {why}.", load.word());
        text
    })
}
