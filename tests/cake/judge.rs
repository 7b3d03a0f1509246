//! What must be so, in ratios within one run.

use std::collections::BTreeMap;

use crate::cell::{Cell, Law, Load, Row};

/// Of the download, in Mbit/s.
const CEILING: f64 = 22.0;

/// The loads under which a direction is always full.
const LOADS: [Load; 5] = [Load::Download, Load::Upload, Load::Both, Load::Rrul, Load::Step];

/// What is not as it has to be.
pub(crate) fn faults(rows: &BTreeMap<Cell, Row>) -> Vec<String> {
    LOADS.iter().flat_map(|load| of(*load, rows)).collect()
}

/// Delays are compared by what 95 of 100 pings stay below, from the load's first moment on.
fn of(load: Load, rows: &BTreeMap<Cell, Row>) -> Vec<String> {
    let all = [Law::Off, Law::Fixed(100), Law::Classic, Law::Adaptive];
    let [off, full, classic, adaptive] = all.map(|law| rows[&Cell { load, law }]);
    let promises = [
        ("without shaping there is bloat to control", off.p95 >= 300.0),
        ("control takes most of the delay away", adaptive.p95 <= off.p95 / 2.0),
        ("adaptive is no worse than classic", adaptive.p95 <= classic.p95 * 1.1 + 5.0),
        (
            "adaptive carries what classic does",
            adaptive.all_carried() >= classic.all_carried() * 0.9,
        ),
        ("adaptive writes less than classic", adaptive.writes <= classic.writes),
        (
            "a fixed rate does not follow a line that gets slower",
            load != Load::Step || adaptive.settled <= full.settled,
        ),
        (
            "the direction that nobody uses keeps its limit",
            load != Load::Upload || adaptive.lowest.download >= CEILING,
        ),
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
