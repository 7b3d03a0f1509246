//! One cut of a direction: what was known before it, what became of the delay since, how much it takes.
//! Promises: what was known before the first cut for a delay stays known until that delay is gone.
//! Knows nothing of when to cut.

use super::{direction::View, knee::Knee, number};
use crate::control::units::{Rate, Ratio};

/// A cut and the worst delay since.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The rate before it.
    pub(super) before: Rate,
    /// What was known before it.
    pub(super) knee: Knee,
    /// What was known after the first cut for this delay.
    first: Knee,
    /// The line hardly carries more.
    pub(super) most: Rate,
    delta: f64,
    /// The least delay since the last cut.
    least: f64,
    /// How many cuts made no difference.
    pub(super) vain: u8,
    /// Under high load: what passed is what the line carries.
    pub(super) teaches: bool,
    /// Of a raise: just before it, all passed without any delay.
    pub(super) of_raise: bool,
}

impl Cut {
    /// A cut that begins here.
    pub(super) const fn here(view: &View, knee: Knee, most: Rate) -> Self {
        let View { rate: before, delta, .. } = *view;
        Self {
            before,
            knee,
            first: knee,
            most,
            delta,
            least: delta,
            vain: 0,
            teaches: false,
            of_raise: false,
        }
    }

    /// Begins anew, for a queue that drained in part. If the rest is the path's, what passed when this
    /// began is what the line carries.
    pub(super) fn drained(&self, view: &View, knee: Knee, most: Rate) -> Self {
        let first = if knee.last() > self.first.last() { knee } else { self.first };
        let carried = first.last().map(|last| last.scaled(view.tuning.below_knee));
        let before = carried.map_or(view.rate, |carried| carried.max(view.rate));
        let here = Self::here(view, first, most);
        Self { before, teaches: self.teaches, of_raise: self.of_raise, ..here }
    }

    /// What is known by it, the first one for a delay.
    pub(super) const fn after(self, first: Knee) -> Self {
        Self { first, ..self }
    }

    /// Whether it was under high load.
    pub(super) const fn teaching(self, teaches: bool) -> Self {
        Self { teaches, ..self }
    }

    /// Whether it is of a raise.
    pub(super) const fn of_raise(self, of_raise: bool) -> Self {
        Self { of_raise, ..self }
    }

    /// Made no difference.
    pub(super) const fn in_vain(&self, view: &View) -> Self {
        Self { least: view.delta, vain: self.vain.saturating_add(1), ..*self }
    }

    /// What has become of the delay.
    pub(super) const fn watch(&mut self, delta: f64) {
        self.delta = self.delta.max(delta);
        self.least = self.least.min(delta);
    }

    /// Whether it was a queue: it becomes shorter.
    pub(super) fn drains(&self, view: &View) -> bool {
        view.delta < self.delta * view.tuning.drains
    }

    /// Whether the delay is still about the worst one, as far as can be seen.
    pub(super) fn did_not_help(&self, view: &View) -> bool {
        view.delta + view.stray() > self.delta * view.tuning.helps
    }

    /// Whether the delay is just the same, as far as noise lets one see: both ends of it stray.
    pub(super) fn changed_nothing(&self, view: &View) -> bool {
        self.least + view.stray() > self.delta * view.tuning.stays
    }
}

/// What is left of what is carried.
pub(super) fn left(view: &View) -> Ratio {
    let tuning = view.tuning;
    let drains = u32::try_from(whole(ahead(view) * tuning.cut_per_ms)).unwrap_or(tuning.most_cut);
    let take = drains.saturating_add(tuning.cut).max(tuning.least_cut).min(tuning.most_cut);
    Ratio::from_ppm(1_000_000_u32.saturating_sub(take))
}

/// The delay that there will be when senders follow a cut of now; no more than twice that of now.
fn ahead(view: &View) -> f64 {
    let View { tuning, delta, growth, round_trip, .. } = *view;
    let passes = round_trip.ms() * tuning.trips + tuning.ahead;
    delta + (growth.max(0.0) * passes).min(delta)
}

/// The whole part of a number that is not negative and below 2^32.
pub(super) fn whole(value: f64) -> u64 {
    let (mut low, mut high) = (0_u64, 1 << 32);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if number(middle) <= value {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
