//! As much of SVG as the plots need. A crate for charts would bring fonts and image codecs along for
//! a few lines, rectangles and words.

use std::fmt::Write as _;

/// A picture in the making.
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text is held.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#3d4752}.head{font-size:17px;\
                     font-weight:600;fill:#16202b}.strong{font-weight:600;fill:#16202b}.small\
                     {font-size:11px;fill:#6b7683}.grid{stroke:#e3e7ec;stroke-width:1}.mark\
                     {stroke:#8a6d1f;stroke-width:1;stroke-dasharray:4 3}.note{font-size:11px;\
                     fill:#8a6d1f}";

impl Svg {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{fill}\"/>"
        );
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x, y), (right, below)) = (from, to);
        let _ = writeln!(
            self.body,
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{right:.1}\" y2=\"{below:.1}\" \
             class=\"{class}\"/>"
        );
    }

    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
        );
    }

    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\" \
             fill-opacity=\"0.9\"/>"
        );
    }

    /// A line through these points.
    pub fn curve(&mut self, points: &[(f64, f64)], (colour, width): (&str, f64)) {
        let path = path(points);
        let _ = writeln!(
            self.body,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"/>"
        );
    }

    /// What is below these points, down to `bottom`.
    pub fn area(&mut self, points: &[(f64, f64)], bottom: f64, fill: &str) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let (path, left, right) = (path(points), first.0, last.0);
        let _ = writeln!(
            self.body,
            "<path d=\"{path}L{right:.1} {bottom:.1}L{left:.1} {bottom:.1}Z\" fill=\"{fill}\"/>"
        );
    }

    pub fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<style>{STYLE}</style>\n<rect width=\"100%\" \
             height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
        )
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    path
}
