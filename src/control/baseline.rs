//! The two means of the round-trip time: `load`, which follows it within a second, and
//! `baseline`, which follows only what is idle and over a minute.
//! Promises: the baseline never moves while the load stands `freeze` or more above it, and never
//! leaves `[min, max]`.
//! Knows nothing of zones or rates.

use super::{
    time::Span,
    units::{Alpha, Rtt},
};

/// How the means follow the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The baseline at start; `None`: learnt from the first samples.
    pub initial: Option<Rtt>,
    /// Time constant of the baseline.
    pub time_constant: Span,
    /// Time constant of the load.
    pub load_time_constant: Span,
    /// The baseline is frozen while the load is this much or more above it.
    pub freeze: Rtt,
    /// Lowest baseline.
    pub min: Rtt,
    /// Highest baseline.
    pub max: Rtt,
}

impl Settings {
    /// Whether `baseline` is one that these settings could have led to.
    pub fn contains(&self, baseline: Rtt) -> bool {
        self.min <= baseline && baseline <= self.max
    }
}

/// Load and baseline of one WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    settings: Settings,
    interval: Span,
    load: Rtt,
    idle: Rtt,
}

impl Baseline {
    /// Both means start at `start`, moved into the bounds, with one sample per `interval`.
    pub fn new(settings: Settings, interval: Span, start: Rtt) -> Self {
        let start = if start > settings.min { start } else { settings.min };
        let start = if start < settings.max { start } else { settings.max };
        Self { settings, interval, load: start, idle: start }
    }

    /// Goes on from saved means; `false` if one is out of bounds, and then nothing changes.
    pub fn restore(&mut self, baseline: Rtt, load: Rtt) -> bool {
        let valid = self.settings.contains(baseline);
        if valid {
            self.idle = baseline;
            self.load = load;
        }
        valid
    }

    /// Goes on with other settings: the baseline is moved into their bounds.
    pub fn retune(&mut self, settings: Settings, interval: Span) {
        let load = self.load;
        *self = Self::new(settings, interval, self.idle);
        self.load = load;
    }

    /// The mean that follows at once.
    pub const fn load(&self) -> Rtt {
        self.load
    }

    /// The mean of the idle line.
    pub const fn baseline(&self) -> Rtt {
        self.idle
    }

    /// The load over the baseline, in ms.
    pub fn delta(&self) -> f64 {
        self.load.above(self.idle)
    }

    /// By how many ms one sample of `rtt` would raise the load.
    pub fn rise(&self, rtt: Rtt) -> f64 {
        let weight = Alpha::new(self.interval, self.settings.load_time_constant);
        self.load.moved(rtt, weight).above(self.load)
    }

    /// Takes one sample in, which stands for the time `every`.
    pub fn update(&mut self, rtt: Rtt, every: Span) {
        let Settings { time_constant, load_time_constant, .. } = self.settings;
        self.load = self.load.moved(rtt, Alpha::new(every, load_time_constant));
        if self.delta() < self.settings.freeze.ms() {
            let candidate = self.idle.moved(rtt, Alpha::new(every, time_constant));
            if self.settings.contains(candidate) {
                self.idle = candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Baseline, Settings};
    use crate::control::{time::Span, units::Rtt};

    const INTERVAL: Span = Span::from_millis(50);

    fn ms(value: f64) -> Rtt {
        Rtt::from_ms(value).unwrap()
    }

    fn baseline() -> Baseline {
        let settings = Settings {
            initial: None,
            time_constant: Span::from_millis(2_500),
            load_time_constant: Span::from_millis(250),
            freeze: ms(3.0),
            min: ms(1.0),
            max: ms(30.0),
        };
        Baseline::new(settings, INTERVAL, ms(25.0))
    }

    #[test]
    fn the_baseline_follows_only_below_the_freeze() {
        let mut below = baseline();
        below.update(ms(39.999), INTERVAL);
        assert!(below.delta() < 3.0, "load rose by 2.9998");
        assert!(below.baseline() > ms(25.0));

        let mut at = baseline();
        at.update(ms(40.0), INTERVAL);
        assert_eq!(at.baseline(), ms(25.0), "exactly the freeze is frozen");
    }

    #[test]
    fn the_baseline_falls_while_the_load_is_below_it() {
        let mut falling = baseline();
        falling.update(ms(5.0), INTERVAL);
        assert!((falling.baseline().ms() - 24.6).abs() < 1e-9);
        assert!((falling.load().ms() - 21.0).abs() < 1e-9);
    }

    #[test]
    fn a_sample_counts_for_the_time_that_it_stands_for() {
        let (mut often, mut seldom) = (baseline(), baseline());
        for turn in 0..600 {
            often.update(ms(26.0), INTERVAL);
            if turn % 10 == 9 {
                seldom.update(ms(26.0), INTERVAL.times(10));
                let apart = often.baseline().above(seldom.baseline()).abs();
                assert!(apart < 0.05, "{apart} ms apart after {turn}");
            }
        }
        assert!(seldom.baseline() > ms(25.99));
    }

    #[test]
    fn a_candidate_out_of_bounds_is_not_taken() {
        let mut bounded = baseline();
        for _ in 0..100_000 {
            bounded.update(ms(0.0), INTERVAL);
        }
        assert!(bounded.baseline() >= ms(1.0) && bounded.baseline() < ms(1.1));
        assert!(!bounded.restore(ms(30.1), ms(25.0)));
        assert!(!bounded.restore(ms(0.9), ms(25.0)));
        assert!(bounded.restore(ms(30.0), ms(99.0)));
        assert_eq!((bounded.baseline(), bounded.load()), (ms(30.0), ms(99.0)));
    }

    #[test]
    fn the_start_is_moved_into_the_bounds() {
        let settings = Settings { min: ms(10.0), ..baseline().settings };
        assert_eq!(Baseline::new(settings, INTERVAL, ms(2.0)).baseline(), ms(10.0));
        assert_eq!(Baseline::new(settings, INTERVAL, ms(99.0)).baseline(), ms(30.0));
    }
}
