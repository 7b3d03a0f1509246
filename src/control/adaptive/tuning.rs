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
    /// Below this share a direction is no suspect beside one that is above it: the acknowledgements of a full
    /// download fill half of an upload of a twenty-fifth of it.
    pub suspect: f64,
    /// A queue of the last load is gone after this long: longer than any that a cut leaves behind.
    pub settled_after: Span,
    /// A delay between none and one to cut for that stays for so long without a break is the path's: a
    /// queue grows or drains.
    pub lingers_for: Span,
    /// The threshold on a line without noise, as a share of the delay of a yellow zone: a queue grows
    /// on for a feedback time after it is seen, and is to stay out of that zone.
    pub yellow: f64,
    /// The threshold is so many mean deviations above the idle line: 3.5 are about 2.8 standard
    /// ones. At 2 a line of 38 ms of jitter would be cut for nothing.
    pub noises: f64,
    /// The mean deviation is about this share of how rough the values are: of the median of three 0.3,
    /// of the second lowest of five a quarter.
    pub roughness: f64,
    /// Growth of the delay by less than so many of them is noise: two ends are each that far off at
    /// once seldom enough.
    pub noises_of_growth: f64,
    /// Below this noise in ms the line is so steady that its latest values can be believed.
    pub steady: f64,
    /// On a steady line the values of this time tell where it goes: three of them, so that one that
    /// strays is outvoted.
    pub recent: Span,
    /// How long a value counts: five rounds of 50 ms, one of them a bit late.
    pub window: Span,
    /// Time constant of the idle line while it is quiet: forty values, and soon enough for a path that
    /// becomes longer bit by bit.
    pub quiet: Span,
    /// The same while something passes without any delay to speak of, up and down alike: else jitter
    /// alone moves it, and the delay of a line that is full for long with it.
    pub calm: Span,
    /// The same downwards, from far below it: that proves that it is too high.
    pub fall: Span,
    /// So many round trips pass until a raise is felt: the time constant with which senders follow.
    pub trips: f64,
    /// So many until a cut has done all that it can.
    pub trips_of_cut: f64,
    /// Of these, all but the first are the senders', of the path and this many ms of the queue at most: with
    /// one of seconds the limit holds them long before they know.
    pub senders: f64,
    /// What a cut takes, before any of the delay, in millionths: as much as a probe goes too far.
    pub cut: u32,
    /// What it takes for each ms of delay: a queue of that length then drains within two ninths of a second,
    /// the time that a value counts. In the arena a third of a second has an eighth more of delay and
    /// carries no more, for what drains a queue is not carried however fast that goes; a sixth has less
    /// of it, for more writes.
    pub cut_per_ms: f64,
    /// What a cut takes in any case: less than this is not worth a write.
    pub least_cut: u32,
    /// The most that one cut takes of what the line carries: a line that carries less than that is cut for
    /// again after a feedback time, one that carries more was hurt for nothing.
    pub most_cut: u32,
    /// No cut leaves less than this of the rate: what passes may be known too late.
    pub half: Ratio,
    /// A cut under less than high load does not go below this share because little passed: a burst that
    /// began within a reading looks like a fraction of itself, and a quarter is won back in some seconds.
    pub surely: Ratio,
    /// A delay that is down to this share of its worst needs no further cut: it drains, and noise is less
    /// than that.
    pub drains: f64,
    /// A cut after which it is down to this share, half of the way to that, helped, though not enough:
    /// nobody else is blamed.
    pub helps: f64,
    /// Nor does one that will be gone after so many ms, as fast as it falls: with the time that
    /// another cut takes to be felt, there would be nothing left to cut for.
    pub soon_gone: f64,
    /// A delay that never was below this share of its worst did not react to the cut: the least one drains
    /// more than that of a queue, and of a path nothing but noise.
    pub stays: f64,
    /// From this share on the limit is what holds the senders, as far as counters read five times a second
    /// can tell.
    pub binding: f64,
    /// Below this share a download is held back by something else than the router: the line.
    pub binds: f64,
    /// From so many ms on no loaded direction is spared: one raise too many makes a shorter queue.
    pub far: f64,
    /// Just below what the line carried: back there as soon as the queue is gone, and stay. The counters
    /// are right within some percent, and what is too much by one of them fills a queue in seconds.
    pub below_knee: Ratio,
    /// A rate closer than this to that is left where it is: the way is not worth a write.
    pub near_below: Ratio,
    /// Whoever goes beyond what the line carried goes this far, so that the answer is clear.
    pub above_knee: Ratio,
    /// The first raise beyond that, in millionths; each further one is twice as large. Too much by that
    /// makes 75 ms of queue until the next raise: that shows, and is gone in a second.
    pub raise: u32,
    /// Raises double at most so often, to two fifths: what a cut takes at most.
    pub most_beyond: u32,
    /// Raises are at least this far apart, of both directions together: so long that a queue of a
    /// few percent too much is one that shows.
    pub raise_every: Span,
    /// Below the knee the rate stays this long, for the next raise is probably one too many.
    pub probe_every: Span,
    /// The same while the line carries less than it usually does: it may any time carry that again.
    pub probe_soon: Span,
    /// On a line that carries the same each time they are up to two to the power of this as far
    /// apart: a minute, the longest that a line may carry more without being asked.
    pub most_confidence: u32,
    /// Each cut brings what is usual nearer to what was carried by one part of so many: half of the
    /// way takes five cuts.
    pub usual_for: u64,
    /// Less than this share of the usual is less: drifting lines are not tried more often for it.
    pub as_usual: Ratio,
    /// Then the time between two tries doubles at most so often: half of the time that a satellite line
    /// keeps its rate.
    pub most_impatient: u32,
    /// A queue grows for so many ms, besides the time of the senders, until a cut is in force: what
    /// the filter and the router take.
    pub ahead: f64,
    /// A direction without load goes to its base after this: longer than the pauses within one use.
    pub idle_for: Span,
    /// So long after the last cut where a burst starts comes halfway nearer to what the line usually
    /// carries, and each time as long again: a few minutes after an evening.
    pub base_every: Span,
    /// Cuts in vain until the path is blamed, if the delay is one that a change of path brings: one alone
    /// may have come in the moment when the line began to carry less.
    pub in_vain: u8,
    /// The same for longer delays: a full buffer too is as long after a cut as before, until what
    /// arrives is less than what the line carries. Five cuts leave less than a third.
    pub long_in_vain: u8,
    /// The same for an upload that is full at its floor, where nothing can be tried any more: about eight
    /// seconds. A short queue of a line that carries less goes up and down meanwhile.
    pub in_vain_at_floor: u8,
    /// Where longer delays begin, in ms: more than another route within a continent makes.
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
        lingers_for: Span::from_secs(15),
        yellow: 0.5,
        noises: 3.5,
        roughness: 0.25,
        noises_of_growth: 2.0,
        steady: 1.0,
        recent: Span::from_millis(150),
        window: Span::from_millis(225),
        quiet: Span::from_secs(2),
        calm: Span::from_secs(60),
        fall: Span::from_secs(5),
        trips: 1.5,
        trips_of_cut: 2.0,
        senders: 300.0,
        cut: 20_000,
        cut_per_ms: 4_500.0,
        least_cut: 40_000,
        most_cut: 400_000,
        half: Ratio::from_ppm(500_000),
        surely: Ratio::from_ppm(750_000),
        drains: 0.7,
        helps: 0.85,
        soon_gone: 1_000.0,
        stays: 0.75,
        binding: 0.9,
        binds: 0.95,
        far: 120.0,
        below_knee: Ratio::from_ppm(970_000),
        near_below: Ratio::from_ppm(950_000),
        above_knee: Ratio::from_ppm(1_020_000),
        raise: 50_000,
        most_beyond: 3,
        raise_every: Span::from_millis(1_500),
        probe_every: Span::from_secs(8),
        probe_soon: Span::from_secs(4),
        most_confidence: 3,
        usual_for: 8,
        as_usual: Ratio::from_ppm(700_000),
        most_impatient: 1,
        ahead: 150.0,
        idle_for: Span::from_secs(5),
        base_every: Span::from_secs(60),
        in_vain: 2,
        long_in_vain: 5,
        in_vain_at_floor: 16,
        long: 60.0,
    };
}
