//! What must be so, in ratios within one run.

use std::collections::BTreeMap;

use crate::cell::{Cell, Law, Load, Row};

/// What is not as it has to be.
pub(crate) fn faults(rows: &BTreeMap<Cell, Row>) -> Vec<String> {
    let of = |load, law| rows[&Cell { load, law }];
    let mut faults = Vec::new();
    let mut demand = |is_so: bool, what: String| {
        if !is_so {
            faults.push(what);
        }
    };
    for load in [Load::Download, Load::Upload, Load::Both, Load::Step] {
        let all = [Law::Off, Law::Fixed(70), Law::Fixed(100), Law::Classic, Law::Adaptive];
        let [off, low, full, classic, adaptive] = all.map(|law| of(load, law));
        demand(off.p95 > 300.0, format!("{load:?}: no bloat to control: {off:?}"));
        let _ = (low, full);
        demand(adaptive.p95 <= classic.p95, format!("{load:?}: {adaptive:?}\n{classic:?}"));
    }
    faults
}
