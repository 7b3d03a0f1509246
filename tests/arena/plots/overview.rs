//! All lines and loads on one sheet: the delay that each law left, and what was carried.

use super::{
    colour, legend,
    scale::{Panel, Scale},
    svg::{Anchor, Svg},
};
use crate::{grid::Grid, laws::Law, loads::LOADS, summary::p95};

const SHOWN: [Law; 4] = [Law::Adaptive, Law::Classic, Law::Bash, Law::Off];
const ROW: f64 = 15.0;
const GAP: f64 = 14.0;
const TOP: f64 = 108.0;
const STRIPE: &str = "#f5f7f9";

pub fn draw(grid: &Grid) -> String {
    let block = LOADS.len() as f64 * ROW + GAP;
    let height = block * grid.lines.len() as f64;
    let mut svg = Svg::new(1_060.0, TOP + height + 20.0);
    svg.text((20.0, 32.0), Anchor::Start, "head", "The laws on all lines under all loads");
    legend(&mut svg, (20.0, 56.0), SHOWN);
    let panel = |left, width, across| Panel {
        corner: (left, TOP),
        size: (width, height - GAP),
        across,
        up: Scale::Straight(1.0),
    };
    let delays = panel(190.0, 480.0, Scale::Bent(3_000.0));
    let shares = panel(710.0, 320.0, Scale::Straight(100.0));
    stripes(&mut svg, grid);
    delays.columns(&mut svg, TOP - 8.0, "");
    shares.columns(&mut svg, TOP - 8.0, "");
    let title = |svg: &mut Svg, panel: &Panel, title| {
        svg.text((panel.corner.0, TOP - 26.0), Anchor::Start, "strong", title);
    };
    title(&mut svg, &delays, "95th percentile of added delay, ms (left is better)");
    title(&mut svg, &shares, "% carried of a full line (right is better)");
    for (line, y) in rows(grid) {
        row(&mut svg, grid, line, y, (&delays, &shares));
    }
    svg.finish()
}

type Row = (&'static str, crate::loads::Load);

fn rows(grid: &Grid) -> impl Iterator<Item = (Row, f64)> {
    let place = |index: usize| {
        let (block, turn) = (index / LOADS.len(), index % LOADS.len());
        TOP + block as f64 * (LOADS.len() as f64 * ROW + GAP) + (turn as f64 + 0.5) * ROW
    };
    grid.places().enumerate().map(move |(index, row)| (row, place(index)))
}

fn stripes(svg: &mut Svg, grid: &Grid) {
    for (index, ((line, load), y)) in rows(grid).enumerate() {
        if load == LOADS[0] {
            svg.text((20.0, y + 4.0), Anchor::Start, "strong", line);
        }
        if (index % LOADS.len()).is_multiple_of(2) {
            svg.rect((84.0, y - ROW / 2.0), (956.0, ROW), STRIPE);
        }
        svg.text((178.0, y + 4.0), Anchor::End, "small", load.word());
    }
}

fn row(svg: &mut Svg, grid: &Grid, (line, load): Row, y: f64, panels: (&Panel, &Panel)) {
    for law in SHOWN.into_iter().rev() {
        let cell = grid.cell(line, load, law);
        let radius = if law == Law::Adaptive { 4.5 } else { 3.5 };
        svg.dot((panels.0.x(cell.of(p95)), y), radius, colour(law));
        if let Some(share) = cell.maybe(|score| score.retained) {
            svg.dot((panels.1.x(share * 100.0), y), radius, colour(law));
        }
    }
}
