//! A panel of a plot: its place on the paper, its axes.

use super::svg::{Anchor, Svg};

/// From values to places.
#[derive(Clone, Copy)]
pub enum Scale {
    /// From zero to this.
    Straight(f64),
    /// From zero to this, and the first few get as much room as the many thereafter.
    Bent(f64),
}

impl Scale {
    /// 0 to 1.
    fn share(self, value: f64) -> f64 {
        let share = match self {
            Self::Straight(most) => value / most,
            Self::Bent(most) => value.ln_1p() / most.ln_1p(),
        };
        share.clamp(0.0, 1.0)
    }

    fn ticks(self) -> Vec<f64> {
        match self {
            Self::Straight(most) => {
                let ten = 10_f64.powf((most / 2.0).log10().floor());
                let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * ten);
                let step = steps.into_iter().find(|step| most / step <= 5.0).unwrap_or(most);
                (0..=5).map(|tick| f64::from(tick) * step).filter(|tick| *tick <= most).collect()
            }
            Self::Bent(most) => {
                let ticks = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0];
                ticks.into_iter().filter(|tick| *tick <= most).collect()
            }
        }
    }
}

/// A panel.
#[derive(Clone, Copy)]
pub struct Panel {
    pub corner: (f64, f64),
    pub size: (f64, f64),
    pub across: Scale,
    pub up: Scale,
}

impl Panel {
    pub fn x(&self, value: f64) -> f64 {
        self.corner.0 + self.across.share(value) * self.size.0
    }

    pub fn y(&self, value: f64) -> f64 {
        self.bottom() - self.up.share(value) * self.size.1
    }

    pub fn bottom(&self) -> f64 {
        self.corner.1 + self.size.1
    }

    pub fn right(&self) -> f64 {
        self.corner.0 + self.size.0
    }

    /// Lines across, with their values.
    pub fn rows(&self, svg: &mut Svg) {
        for tick in self.up.ticks() {
            let y = self.y(tick);
            svg.line((self.corner.0, y), (self.right(), y), "grid");
            svg.text((self.corner.0 - 7.0, y + 4.0), Anchor::End, "small", &tick.to_string());
        }
    }

    /// Lines upwards, with their values at `at`.
    pub fn columns(&self, svg: &mut Svg, at: f64, unit: &str) {
        for tick in self.across.ticks() {
            let x = self.x(tick);
            svg.line((x, self.corner.1), (x, self.bottom()), "grid");
            svg.text((x, at), Anchor::Middle, "small", &format!("{tick}{unit}"));
        }
    }
}
