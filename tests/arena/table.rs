//! The table: a row for each line, load and law.

use std::fmt::Write as _;

use crate::{
    grid::{Cell, Grid},
    laws::{LAWS, Law},
    score::Score,
};

const HEAD: &str = "line     load       law       |  added delay, ms       | carried       | back | \
                    gone | cuts | writes | requests\n                              |    p50    p95 \
                    \x20  p99 | Mbit/s  share | s    | s    | /h   | /h     | /h\n";

fn seconds(value: Option<f64>) -> String {
    value.map_or(String::from("   -"), |value| format!("{value:4.0}"))
}

/// Nobody carries the limits of the oracle to a router.
fn count<const WIDTH: usize>(law: Law, cell: &Cell, value: fn(&Score) -> f64) -> String {
    if law.moves() { format!("{:WIDTH$.0}", cell.of(value)) } else { format!("{:>WIDTH$}", "-") }
}

pub fn table(grid: &Grid) -> String {
    let mut text = String::from(HEAD);
    for (line, load) in grid.places() {
        for law in LAWS {
            let cell = grid.cell(line, load, law);
            let share = cell.maybe(|score| score.retained);
            let _ = writeln!(
                text,
                "{line:8} {:10} {:9} | {:6.1} {:6.1} {:6.1} | {:6.1} {} | {} | {} | {} | {} | {}",
                load.word(),
                law.word(),
                cell.of(|score| score.p50),
                cell.of(|score| score.p95),
                cell.of(|score| score.p99),
                cell.of(|score| score.mbit),
                share.map_or(String::from("     -"), |share| format!("{:5.1}%", share * 100.0)),
                seconds(cell.maybe(|score| score.rate_back)),
                seconds(cell.maybe(|score| score.delay_gone)),
                count::<4>(law, cell, |score| score.cuts),
                count::<6>(law, cell, |score| score.writes),
                count::<6>(law, cell, |score| score.requests),
            );
        }
    }
    text
}
