//! The random parts of the line: jitter, drifting capacity, senders' unrest.
//! Promises: each value is a function of the seed and the time alone, never of how often it was
//! asked for. Knows nothing of queues.

use fastrand::Rng;

use super::settings::{Jitter, LaneSettings, Wander};
use crate::{
    control::units::{Direction, Ratio},
    sim::number::{draws, float, seconds},
};

/// Steps of the grid for which the senders' unrest holds: 100 ms.
const UNREST_STEPS: u64 = 10;

/// The square root of three: the sum of four uniform draws has a variance of one third.
const ROOT_OF_THREE: f64 = 1.732_050_807_568_877_2;

/// The uses of the seed; each has its own random numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Usage {
    LineJitter,
    Wander(Direction),
    Unrest(Direction),
    Echo(u8),
    Connect(u8),
}

impl Usage {
    pub(super) fn code(self) -> u64 {
        match self {
            Self::LineJitter => 1,
            Self::Wander(Direction::Download) => 2,
            Self::Wander(Direction::Upload) => 3,
            Self::Unrest(Direction::Download) => 4,
            Self::Unrest(Direction::Upload) => 5,
            Self::Echo(reflector) => 256 + u64::from(reflector),
            Self::Connect(target) => 512 + u64::from(target),
        }
    }

    /// For a second, independent sequence of the same use.
    pub(super) fn unsteady_code(self) -> u64 {
        4_096 + self.code()
    }
}

/// One draw of the jitter, in seconds.
pub(super) fn jitter(kind: Jitter, rng: &mut Rng) -> f64 {
    match kind {
        Jitter::None => 0.0,
        Jitter::Uniform(most) => seconds(most) * rng.f64(),
        Jitter::HalfNormal(sigma) => {
            let bell = (rng.f64() + rng.f64() + rng.f64() + rng.f64() - 2.0) * ROOT_OF_THREE;
            seconds(sigma) * bell.abs()
        }
    }
}

/// A share as a number.
pub(super) fn share(ratio: Ratio) -> f64 {
    f64::from(ratio.ppm()) / f64::from(Ratio::ONE.ppm())
}

/// The factors on capacity and on the senders' rate of one lane.
#[derive(Clone, Debug)]
pub(super) struct LaneNoise {
    seed: u64,
    direction: Direction,
    unrest: f64,
    wander: Option<Drift>,
    /// Which stretch of 100 ms `factor` was drawn for.
    turn: Option<u64>,
    factor: f64,
}

#[derive(Clone, Debug)]
struct Drift {
    depth: f64,
    /// Steps of the grid between two random values.
    steps: u64,
    /// Which period `ends` was drawn for.
    turn: Option<u64>,
    ends: (f64, f64),
}

impl LaneNoise {
    pub(super) fn new(seed: u64, direction: Direction, settings: &LaneSettings) -> Self {
        let unrest = share(settings.unrest);
        let wander = settings.wander.as_ref().map(Drift::new);
        Self { seed, direction, unrest, wander, turn: None, factor: 1.0 }
    }

    /// The factor on the senders' rate during step `index` of the grid.
    pub(super) fn unrest(&mut self, index: u64) -> f64 {
        let turn = index / UNREST_STEPS;
        if self.unrest > 0.0 && self.turn != Some(turn) {
            self.turn = Some(turn);
            let draw = draws(self.seed, Usage::Unrest(self.direction).code(), turn).f64();
            self.factor = 1.0 + self.unrest * (2.0 * draw - 1.0);
        }
        self.factor
    }

    /// The factor on the capacity during step `index` of the grid, 0 to 1.
    pub(super) fn capacity(&mut self, index: u64) -> f64 {
        let usage = Usage::Wander(self.direction).code();
        self.wander.as_mut().map_or(1.0, |drift| drift.factor(self.seed, usage, index))
    }
}

impl Drift {
    fn new(wander: &Wander) -> Self {
        let steps = (wander.period.as_micros() / super::GRID.as_micros()).max(1);
        Self { depth: share(wander.depth).min(1.0), steps, turn: None, ends: (0.0, 0.0) }
    }

    fn factor(&mut self, seed: u64, usage: u64, index: u64) -> f64 {
        let (turn, step) = (index / self.steps, index % self.steps);
        if self.turn != Some(turn) {
            self.turn = Some(turn);
            let end = |turn| draws(seed, usage, turn).f64();
            self.ends = (end(turn), end(turn.saturating_add(1)));
        }
        let progress = float(step) / float(self.steps);
        let drift = self.ends.0 + (self.ends.1 - self.ends.0) * progress;
        1.0 - self.depth * drift
    }
}
