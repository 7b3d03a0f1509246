//! The same line and loads in the arena.

use std::collections::BTreeMap;

use wanctl::{
    control::{
        adaptive::Tuning,
        time::{Instant, Span},
        units::{PerDirection, Ratio},
    },
    sim::{link::LinkSettings, schedule::Schedule},
};

use crate::{
    HALVED_AFTER, SECONDS,
    cell::{Cell, Law, Load, Row},
    laws,
    lines::{Line, second},
    loads::{self, BEGIN},
    net::LINE,
    run::Job,
    score,
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
            let half = mbit(rate).scaled(Ratio::from_ppm(500_000));
            lane.capacity =
                lane.capacity.clone().then(second(BEGIN + u64::from(HALVED_AFTER)), half);
        }
        lane.buffer = rate * 125_000;
    }
    link.base_rtt = Schedule::constant(Span::from_millis(20));
    link.start = Instant::from_micros(0);
    Line { name: "bed", nominal, link }
}

/// What the arena says to these.
pub(crate) fn rows(cells: &[Cell]) -> BTreeMap<Cell, Row> {
    cells.iter().filter_map(|cell| Some((*cell, row(*cell)?))).collect()
}

fn row(cell: Cell) -> Option<Row> {
    let law = match cell.law {
        Law::Off => laws::Law::Off,
        Law::Fixed(70) => laws::Law::Fixed70,
        Law::Fixed(_) => laws::Law::Fixed100,
        Law::Classic => laws::Law::Classic,
        Law::Adaptive => laws::Law::Adaptive,
    };
    let load = match cell.load {
        Load::Bare => return None,
        Load::Download | Load::Step => loads::Load::Download,
        Load::Upload => loads::Load::Upload,
        Load::Both | Load::Rrul => loads::Load::Both,
    };
    let line = line(cell.load);
    let tuning = &Tuning::DEFAULT;
    let (score, _) =
        score::judge(&Job { line: &line, load, law, seed: 1, seconds: SECONDS, tuning });
    let carried = PerDirection { download: score.mbit, upload: 0.0 };
    Some(Row { p50: score.p50, p95: score.p95, writes: score.writes, carried, ..Row::default() })
}
