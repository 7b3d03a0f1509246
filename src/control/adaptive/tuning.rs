//! The constants of the adaptive law, each with its reason.
//! Promises: plain data; the daemon knows [`Tuning::DEFAULT`] alone, other values are for those who
//! ask how much hangs on a constant.
//! Knows nothing of how they are used.

use crate::control::{time::Span, units::Ratio};

/// What the law is made of besides its formulas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// What passes is read this often while a direction is loaded or the delay rises.
    pub fast: Span,
    /// The same while little passes.
    pub medium: Span,
    /// The same on an idle line.
    pub slow: Span,
    /// From this share of the limit on a direction is highly loaded: less leaves no queue behind.
    pub high: f64,
    /// Below this share it is idle: acknowledgements and chatter.
    pub idle: f64,
    /// Below this share a direction is no suspect beside one that is above it.
    pub suspect: f64,
    /// A queue of the last load is gone after this long: longer than any that a cut leaves behind.
    pub settled_after: Span,
    /// The threshold on a line without noise, as a share of the delay of a yellow zone.
    pub yellow: f64,
    /// The threshold is so many mean deviations above the idle line: 3 are about 2.4 standard ones.
    pub noises: f64,
    /// How long a value counts.
    pub window: Span,
    /// Time constant of the idle line while it is quiet.
    pub quiet: Span,
    /// The same while something passes without any delay to speak of.
    pub calm: Span,
    /// The same downwards: what is below the idle line proves that it is too high.
    pub fall: Span,
    /// So many round trips pass until senders have followed.
    pub trips: f64,
    /// What a cut takes, before any of the delay, in millionths.
    pub cut: u32,
    /// What it takes for each ms of delay: a queue of that length then drains within a second.
    pub cut_per_ms: f64,
    /// What a cut takes in any case: less than this is not worth a write.
    pub least_cut: u32,
    /// The most that one cut takes of what passes.
    pub most_cut: u32,
    /// No cut leaves less than this of the rate: what passes may be known too late.
    pub half: Ratio,
    /// A cut under less than high load does not go below this share because little passed.
    pub surely: Ratio,
    /// From this share on the limit is what holds the senders.
    pub binding: f64,
    /// Just below what the line carried: back there at once.
    pub below_knee: Ratio,
    /// Beyond this the line carries more than it did.
    pub above_knee: Ratio,
    /// The smallest raise: above the percent from which a change is written at once.
    pub raise: u32,
    /// Raises beyond the knee double every second time, at most so often.
    pub most_beyond: u32,
    /// Raises are at least this far apart.
    pub raise_every: Span,
    /// Near the knee they are, for each may be one too many.
    pub probe_every: Span,
    /// On a line that carries the same each time they are up to two to the power of this as far
    /// apart.
    pub most_confidence: u32,
    /// A direction without load goes to its base after this.
    pub idle_for: Span,
    /// Cuts in vain until the path is blamed, if the delay is one that a change of path brings.
    pub in_vain: u8,
    /// The same for longer delays: a full buffer too is as long after a cut as before, until what
    /// arrives is less than what the line carries. Five cuts leave less than a tenth.
    pub long_in_vain: u8,
    /// Where longer delays begin, in ms.
    pub long: f64,
}

impl Tuning {
    /// What the law is run with.
    pub const DEFAULT: Self = Self {
        fast: Span::from_millis(200),
        medium: Span::from_millis(500),
        slow: Span::from_secs(1),
        high: 0.75,
        idle: 0.1,
        suspect: 0.5,
        settled_after: Span::from_secs(1),
        yellow: 0.5,
        noises: 3.0,
        window: Span::from_millis(250),
        quiet: Span::from_secs(2),
        calm: Span::from_secs(60),
        fall: Span::from_secs(5),
        trips: 1.5,
        cut: 20_000,
        cut_per_ms: 1_000.0,
        least_cut: 40_000,
        most_cut: 400_000,
        half: Ratio::from_ppm(500_000),
        surely: Ratio::from_ppm(750_000),
        binding: 0.9,
        below_knee: Ratio::from_ppm(960_000),
        above_knee: Ratio::from_ppm(1_020_000),
        raise: 12_500,
        most_beyond: 6,
        raise_every: Span::from_secs(1),
        probe_every: Span::from_secs(2),
        most_confidence: 4,
        idle_for: Span::from_secs(5),
        in_vain: 2,
        long_in_vain: 5,
        long: 60.0,
    };
}
