//! The table: each load with all laws, as measured and as the arena has it.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::cell::{Cell, Row};

const HEAD: &str = "
                     added delay of pings, ms   lost  TCP carries, Mbit/s   lowest limit   writes  processor   arena's
load     law           p50     p95   p95>5s    pings    down     up    all   down     up   per h.  busy  late   p50     p95    all  writes";

/// All of it.
pub(crate) fn of(rows: &BTreeMap<Cell, Row>, expected: &BTreeMap<Cell, Row>) -> String {
    let mut text = HEAD.to_owned();
    let mut last = None;
    for (cell, row) in rows {
        let gap = if last.replace(cell.load) == Some(cell.load) { "" } else { "\n" };
        let _ = write!(text, "{gap}\n{}", line(*cell, row, expected.get(cell)));
    }
    text
}

/// One line of it.
pub(crate) fn line(cell: Cell, row: &Row, expected: Option<&Row>) -> String {
    let (load, law) = cell.words();
    let Row { p50, p95, settled, lost, carried, writes, lowest, busy, late } = row;
    let mut text = format!(
        "{load:8} {law:8} {p50:8.1}{p95:8.1}{settled:9.1} {lost:6.0} % {:8.2}{:7.2}{:7.2}\
         {:7.2}{:7.2}{writes:9.0}{busy:5.0} %{late:6.1}",
        carried.download,
        carried.upload,
        row.all_carried(),
        lowest.download,
        lowest.upload,
    );
    if let Some(expected) = expected {
        let Row { p50, p95, writes, .. } = expected;
        let _ = write!(text, "{p50:8.1}{p95:8.1}{:7.2}{writes:8.0}", expected.all_carried());
    }
    text
}
