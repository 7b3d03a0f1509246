//! How the laws did on one line under one load: what it carried, their limits, the delay they left.

use wanctl::control::units::Direction;

use super::{
    DRAWN, colour, legend,
    scale::{Panel, Scale},
    svg::{Anchor, Svg},
};
use crate::{
    SECONDS,
    grid::Grid,
    laws::{self, Law},
    loads::Load,
    watch::{Point, Trace},
};

const WIDTH: f64 = 980.0;
const LEFT: f64 = 62.0;
const HEIGHT: f64 = 150.0;
const GAP: f64 = 44.0;
const TOP: f64 = 92.0;
const CARRIES: &str = "#e4eaf1";

/// The whole picture.
pub fn draw(grid: &Grid, line: &'static str, load: Load) -> String {
    let mut svg = Svg::new(WIDTH, TOP + 3.0 * HEIGHT + 2.0 * GAP + 44.0);
    svg.text((LEFT, 30.0), Anchor::Start, "head", &format!("{line}, {}", load.word()));
    legend(&mut svg, (LEFT, 54.0), DRAWN);
    svg.rect((LEFT + 300.0, 45.0), (22.0, 10.0), CARRIES);
    svg.text((LEFT + 328.0, 54.0), Anchor::Start, "", "what the line carries");
    let traces = DRAWN.map(|law| (law, &grid.cell(line, load, law).trace));
    let ceilings = grid.lines.iter().find(|own| own.name == line).map(laws::ceilings);
    for (turn, way) in (0..).zip(Direction::BOTH) {
        let most = ceilings.map_or(1.0, |own| own.of(way).bps() as f64 / 1e6) * 1.05;
        let panel = panel(turn, Scale::Straight(most));
        let title = format!("{} limit, Mbit/s", way.word());
        frame(&mut svg, &panel, &title, load);
        rates(&mut svg, &panel, &traces, way);
    }
    let highest = traces.iter().flat_map(|(_, trace)| &trace.points).map(|point| point.delay);
    let panel = panel(2, Scale::Bent(highest.fold(30.0, f64::max) * 1.2));
    frame(&mut svg, &panel, "delay added by queues at the provider, ms", load);
    for (law, trace) in traces.iter().rev() {
        let points = curve(trace, &panel, |point| Some(point.delay));
        svg.curve(&points, (colour(*law), width(*law)));
    }
    svg.finish()
}

fn width(law: Law) -> f64 {
    if law == Law::Adaptive { 2.0 } else { 1.2 }
}

fn panel(turn: u32, up: Scale) -> Panel {
    Panel {
        corner: (LEFT, TOP + f64::from(turn) * (HEIGHT + GAP)),
        size: (WIDTH - LEFT - 24.0, HEIGHT),
        across: Scale::Straight(SECONDS as f64),
        up,
    }
}

fn frame(svg: &mut Svg, panel: &Panel, title: &str, load: Load) {
    svg.text((panel.corner.0, panel.corner.1 - 8.0), Anchor::Start, "strong", title);
    panel.columns(svg, panel.bottom() + 16.0, " s");
    panel.rows(svg);
    for (second, what) in load.marks() {
        let x = panel.x(*second as f64);
        svg.line((x, panel.corner.1), (x, panel.bottom()), "mark");
        svg.text((x + 5.0, panel.corner.1 - 8.0), Anchor::Start, "note", what);
    }
}

fn rates(svg: &mut Svg, panel: &Panel, traces: &[(Law, &Trace); 3], way: Direction) {
    let [(_, first), ..] = traces;
    let carries = curve(first, panel, |point| Some(*point.capacity.of(way)));
    svg.area(&carries, panel.bottom(), CARRIES);
    panel.rows(svg);
    for (law, trace) in traces.iter().rev() {
        let points = steps(&curve(trace, panel, |point| *point.limit.of(way)));
        svg.curve(&points, (colour(*law), width(*law)));
    }
}

fn curve(trace: &Trace, panel: &Panel, value: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    let place = |point| value(point).map(|value| (panel.x(point.second), panel.y(value)));
    trace.points.iter().filter_map(place).collect()
}

/// A limit stays until it changes: only the corners.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners = Vec::new();
    let mut last = None;
    for (x, y) in points {
        match last {
            Some(before) if f64::abs(before - *y) < 0.05 => continue,
            Some(before) => corners.extend([(*x, before), (*x, *y)]),
            None => corners.push((*x, *y)),
        }
        last = Some(*y);
    }
    corners.extend(points.last());
    corners
}
