//! What a direction carries, as far as its cuts have shown: the last time, usually, and how often alike.
//! Promises: what was learnt of a cut can be taken back as a whole; only what carried is remembered.
//! Knows nothing of delays.

use super::Tuning;
use crate::control::{time::Span, units::Rate};

/// What is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Knee {
    last: Option<Rate>,
    /// The highest of late; comes down to what is carried now over some cuts.
    usual: Option<Rate>,
    /// Where the last bursts were well.
    base: Option<Rate>,
    /// Cuts in a row that agreed.
    confidence: u32,
}

impl Knee {
    pub(super) const fn last(&self) -> Option<Rate> {
        self.last
    }

    pub(super) const fn base(&self) -> Option<Rate> {
        self.base
    }

    /// A first cut: what passed then is what the line carries.
    pub(super) fn learn(&mut self, carried: Rate, tuning: &Tuning) {
        let agrees = self.last.is_some_and(|last| last.distance(carried) < last.bps() / 20);
        self.confidence =
            if agrees { (self.confidence + 1).min(tuning.most_confidence) } else { 0 };
        self.last = Some(carried);
        let nearer = |usual: Rate| {
            let away = usual.bps().saturating_sub(carried.bps());
            Rate::from_bps(usual.bps() - away / tuning.usual_for.max(1)).unwrap_or(carried)
        };
        self.usual = Some(self.usual.map_or(carried, nearer).max(carried));
    }

    /// A further cut for the same delay: it is less.
    pub(super) fn lower(&mut self, carried: Rate) {
        self.last = self.last.map(|last| last.min(carried));
    }

    /// That much passed while the queue stood. Where nothing is known, it tells something only if it
    /// is more than is let pass now: of a burst that had just begun little was counted. Whether that
    /// was so.
    pub(super) fn rise(&mut self, passed: Rate, limit: Rate) -> bool {
        let is_first = self.last.is_none() && passed > limit;
        if is_first {
            // It was of the burst alone.
            self.base = None;
        }
        let known = self.last.or(is_first.then_some(passed));
        self.last = known.map(|last| last.max(passed));
        is_first
    }

    /// A burst starts where the last ones were well.
    pub(super) fn settle(&mut self, tuning: &Tuning) {
        let Some(aim) = self.last.map(|last| last.scaled(tuning.below_knee)) else { return };
        let mean = |base: Rate| Rate::from_bps(base.bps().midpoint(aim.bps())).unwrap_or(aim);
        self.base = Some(self.base.map_or(aim, mean));
    }

    /// A burst made a queue, though nobody knows of what the line carries: the next one starts lower.
    pub(super) fn start_below(&mut self, rate: Rate) {
        self.base = Some(self.base.map_or(rate, |base| base.min(rate)));
    }

    /// Nothing was cut for long: a burst may start halfway nearer to what the line usually carries, or
    /// where that is not known to the ceiling.
    pub(super) fn age(&mut self, rate: Rate, ceiling: Rate, tuning: &Tuning) {
        let usual = self.usual.map_or(ceiling, |usual| usual.scaled(tuning.below_knee));
        let base = self.base.unwrap_or(rate);
        if usual > base {
            self.base = Rate::from_bps(base.bps().midpoint(usual.bps()));
        }
    }

    /// It was gone beyond without any delay.
    pub(super) const fn doubt(&mut self) {
        self.confidence = self.confidence.saturating_sub(1);
    }

    /// How long to stay below it: a line that carries the same each time is tried less and less
    /// often; one that carries less than it usually does may any time carry that again.
    pub(super) fn pause(&self, tuning: &Tuning) -> Span {
        // Below what is not known nothing is to be waited for.
        let Some(last) = self.last else { return Span::ZERO };
        if self.usual.is_some_and(|usual| last < usual.scaled(tuning.as_usual)) {
            tuning.probe_soon.times(1 << self.confidence.min(tuning.most_impatient))
        } else {
            tuning.probe_every.times(1 << self.confidence)
        }
    }

    /// Half of the way from there to what is usually carried.
    pub(super) fn halfway(&self, rate: Rate) -> Option<Rate> {
        let usual = self.usual.filter(|usual| *usual > rate)?;
        Rate::from_bps(rate.bps().midpoint(usual.bps()))
    }
}
