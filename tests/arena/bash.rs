//! The best-known autorate law for OpenWrt, cake-autorate's, from the formulas in its README and the values
//! that it has unless told otherwise (2025): per direction a window of six delays, cuts between 0.99 and
//! 0.75, raises between 1.00 and 1.04, a decay towards a base.
//! Delays are halved round trips, since an echo tells no more.

/// Delay over the baseline that counts, in ms one way.
const OVER: f64 = 30.0;
/// Mean delay at which a cut is largest.
const WORST: f64 = 60.0;
/// Mean delay up to which a raise is largest.
const BEST: f64 = 10.0;

pub struct Bash {
    pub rate: f64,
    base: f64,
    bounds: (f64, f64),
    window: [f64; 6],
    place: usize,
    baseline: Option<f64>,
    cut_at: f64,
    decay_at: f64,
}

impl Bash {
    pub fn new(ceiling: f64) -> Self {
        let base = ceiling * 0.6;
        Self {
            rate: base,
            base,
            bounds: (ceiling / 10.0, ceiling),
            window: [0.0; 6],
            place: 0,
            baseline: None,
            cut_at: 0.0,
            decay_at: 0.0,
        }
    }

    /// One delay (ms one way) at `now` (s); `load` is the achieved share of the rate if it is new.
    pub fn step(&mut self, now: f64, delay: f64, load: f64, new_load: Option<()>) {
        let before = self.baseline.unwrap_or(delay);
        let weight = if delay < before { 0.9 } else { 0.001 };
        let baseline = before + weight * (delay - before);
        self.baseline = Some(baseline);
        self.window[self.place] = delay - baseline;
        self.place = (self.place + 1) % 6;
        let mean = self.window.iter().sum::<f64>() / 6.0;
        let bloated = self.window.iter().filter(|delta| **delta > OVER).count() >= 3;
        if bloated {
            if now >= self.cut_at + 0.3 {
                let far = ((mean - OVER) / (WORST - OVER)).clamp(0.0, 1.0);
                self.rate *= 0.99 - far * 0.24;
                self.cut_at = now;
                self.decay_at = now;
            }
        } else if load > 0.75 {
            if new_load.is_some() && now >= self.cut_at + 0.3 {
                let near = ((OVER - mean) / (OVER - BEST)).clamp(0.0, 1.0);
                self.rate *= 1.0 + 0.04 * near;
            }
        } else if now >= self.decay_at + 1.0 {
            let next = if self.rate > self.base { 0.99 } else { 1.01 };
            let over = self.rate > self.base;
            self.rate *= next;
            self.rate = if over { self.rate.max(self.base) } else { self.rate.min(self.base) };
            self.decay_at = now;
        }
        self.rate = self.rate.clamp(self.bounds.0, self.bounds.1);
    }
}
