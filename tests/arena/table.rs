//! The table: a row for each line, load and law.

use std::fmt::Write as _;

use crate::{grid::Grid, laws::LAWS};

const HEAD: &str = "line     load       law       |  added delay, ms       | carried       | back | \
                    gone | cuts | writes | requests\n                              |    p50    p95 \
                    \x20  p99 | Mbit/s  share | s    | s    | /h   | /h     | /h\n";

fn seconds(value: Option<f64>) -> String {
    value.map_or(String::from("   -"), |value| format!("{value:4.0}"))
}

pub fn table(grid: &Grid) -> String {
    let mut text = String::from(HEAD);
    for (line, load) in grid.places() {
        for law in LAWS {
            let cell = grid.cell(line, load, law);
            let share = cell.maybe(|score| score.retained);
            let _ = writeln!(
                text,
                "{line:8} {:10} {:9} | {:6.1} {:6.1} {:6.1} | {:6.1} {} | {} | {} | {:4.0} | \
                 {:6.0} | {:6.0}",
                load.word(),
                law.word(),
                cell.of(|score| score.p50),
                cell.of(|score| score.p95),
                cell.of(|score| score.p99),
                cell.of(|score| score.mbit),
                share.map_or(String::from("     -"), |share| format!("{:5.1}%", share * 100.0)),
                seconds(cell.maybe(|score| score.rate_back)),
                seconds(cell.maybe(|score| score.delay_gone)),
                cell.of(|score| score.cuts),
                cell.of(|score| score.writes),
                cell.of(|score| score.requests),
            );
        }
    }
    text
}
