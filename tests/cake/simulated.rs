//! The same line and loads in the arena.

use std::collections::BTreeMap;

use wanctl::{
    control::{
        time::{Instant, Span},
        units::PerDirection,
    },
    sim::{link::LinkSettings, schedule::Schedule},
};

use crate::{
    HALVED_AFTER,
    cell::{Cell, Law, Load, Row},
    lines::{self, Line, second},
    net::LINE,
    run,
    settings::mbit,
};

/// The bed's line: without noise, a second deep, 20 ms.
fn line(load: Load) -> Line {
    let mut link = LinkSettings::quiet();
    let nominal = (LINE.0 / 1_000_000, LINE.1 / 1_000_000);
    for (lane, rate) in [(&mut link.lanes.download, nominal.0), (&mut link.lanes.upload, nominal.1)]
    {
        lane.capacity = Schedule::constant(mbit(rate));
        if load == Load::Step {
            let half = mbit(rate).scaled(wanctl::control::units::Ratio::from_ppm(500_000));
            lane.capacity = lane.capacity.clone().then(second(20 + u64::from(HALVED_AFTER)), half);
        }
        lane.buffer = rate * 125_000;
    }
    link.base_rtt = Schedule::constant(Span::from_millis(20));
    link.start = Instant::from_micros(0);
    Line { name: "bed", nominal, link }
}

/// What the arena says to these; nothing of a line that nobody shapes.
pub(crate) fn rows(cells: &[Cell]) -> BTreeMap<Cell, Row> {
    cells.iter().filter_map(|cell| Some((*cell, row(*cell)?))).collect()
}

fn row(cell: Cell) -> Option<Row> {
    let law = match cell.law {
        Law::Off => return None,
        Law::Fixed(70) => run::Law::Fixed70,
        Law::Fixed(_) => run::Law::Fixed100,
        Law::Classic => run::Law::Classic,
        Law::Adaptive => run::Law::Adaptive,
    };
    let load = match cell.load {
        Load::Bare => return None,
        Load::Download | Load::Step => lines::Load::Download,
        Load::Upload => lines::Load::Upload,
        Load::Both => lines::Load::Both,
    };
    let score = run::run(&line(cell.load), load, law, 1);
    let carried = PerDirection { download: score.mbit, upload: 0.0 };
    Some(Row { p50: score.p50, p95: score.p95, writes: score.writes, carried, ..Row::default() })
}
