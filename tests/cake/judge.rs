//! What must be so, in ratios within one run: each law's promises, and the arena's order of them.

use std::collections::BTreeMap;

use crate::cell::{Cell, LAWS, Law, Load, Row};

/// What the daemon is told as ceilings, in Mbit/s.
const CEILINGS: (f64, f64) = (22.0, 5.5);

/// The loads under which a direction is always full.
const LOADS: [Load; 5] = [Load::Download, Load::Upload, Load::Both, Load::Rrul, Load::Step];

/// What is not as it has to be.
pub(crate) fn faults(rows: &BTreeMap<Cell, Row>, expected: &BTreeMap<Cell, Row>) -> Vec<String> {
    let broken = LOADS.iter().flat_map(|load| broken(*load, rows));
    let disorder = LOADS.iter().flat_map(|load| disorder(*load, rows, expected));
    broken.chain(disorder).collect()
}

/// Delays are compared by what 95 of 100 pings stay below, from the load's first moment on.
fn broken(load: Load, rows: &BTreeMap<Cell, Row>) -> Vec<String> {
    let of = |law| rows[&Cell { load, law }];
    let [off, classic, adaptive] = [Law::Off, Law::Classic, Law::Adaptive].map(of);
    let [careful, full] = [70, 100].map(|percent| of(Law::Fixed(percent)));
    let is_steady = load != Load::Step;
    let one_way = !matches!(load, Load::Both | Load::Rrul);
    let promises = [
        ("without shaping there is bloat to control", off.p95 >= 300.0),
        ("control takes nearly all of the delay away", adaptive.p95 <= off.p95 / 10.0),
        ("adaptive delays less than classic", adaptive.p95 <= classic.p95),
        ("classic delays less than nobody", classic.p95 <= off.p95 / 4.0),
        (
            "adaptive carries what classic does",
            adaptive.all_carried() >= classic.all_carried() * 0.9,
        ),
        (
            "adaptive carries more of one load than a limit that is always well below the line",
            !is_steady || !one_way || adaptive.all_carried() >= careful.all_carried(),
        ),
        ("adaptive writes a third of what classic does", adaptive.writes <= classic.writes / 3.0),
        (
            "a fixed rate does not follow a line that gets slower",
            is_steady || (adaptive.settled * 4.0 <= full.settled.min(careful.settled)),
        ),
        ("the direction that nobody uses keeps its limit", !one_way || unused(load, &adaptive)),
    ];
    let broken = promises.into_iter().filter(|(_, is_kept)| !is_kept);
    broken
        .map(|(what, _)| {
            format!(
                "{load:?}: not so: {what}\noff {off:?}\nclassic {classic:?}\nadaptive {adaptive:?}"
            )
        })
        .collect()
}

/// Whether a load of one direction left the limit of the other one alone.
fn unused(load: Load, row: &Row) -> bool {
    match load {
        Load::Upload => row.lowest.download >= CEILINGS.0,
        _ => row.lowest.upload >= CEILINGS.1,
    }
}

/// Where the arena says that a law has clearly less delay than another one, it has here.
fn disorder(load: Load, rows: &BTreeMap<Cell, Row>, expected: &BTreeMap<Cell, Row>) -> Vec<String> {
    let cells = LAWS.map(|(law, _)| Cell { load, law });
    let pairs = cells.iter().flat_map(|one| cells.iter().map(move |other| (one, other)));
    let p95 = |rows: &BTreeMap<Cell, Row>, cell: &Cell| rows[cell].p95;
    let clearly =
        pairs.filter(|(one, other)| p95(expected, one) * 2.0 + 5.0 <= p95(expected, other));
    let wrong = clearly.filter(|(one, other)| p95(rows, one) > p95(rows, other) * 1.1 + 2.0);
    wrong
        .map(|(one, other)| {
            let (one, other) = (one.words().1, other.words().1);
            format!("{load:?}: in the arena {one} delays less than {other}, here it does not")
        })
        .collect()
}
