//! All that is known as one number, 0 to 100.
//! Promises: each part has its bound, and together they are a hundred; more of anything bad never
//! lowers it.
//! Knows no thresholds of what follows from it.

use super::{
    Judgement,
    evidence::{Queue, Voice},
};
use crate::control::{time::Span, zone::Zone};

/// Packets that wait for this long are a standing queue.
const STANDING: Span = Span::from_secs(2);
/// A delta of so many thresholds counts in full.
const FULL_DELTA: f64 = 4.0;
/// Points of a full delta.
const DELTA: u8 = 25;

/// What is weighed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighed {
    /// By the plain rule.
    pub(super) plain: Judgement,
    /// The state of the WAN.
    pub(super) zone: Zone,
    pub(super) delta: f64,
    pub(super) threshold: f64,
    pub(super) queue: Queue,
    /// For how long packets have been waiting.
    pub(super) waits: Span,
}

impl Weighed {
    pub(super) fn score(&self) -> u8 {
        let plain = match self.plain {
            Judgement::Red => 30,
            Judgement::Yellow => 10,
            Judgement::Green | Judgement::Unknown => 0,
        };
        let zone = match self.zone {
            Zone::Red => 25,
            Zone::SoftRed => 15,
            Zone::Yellow => 5,
            Zone::Green => 0,
        };
        let dropping = match self.queue {
            Queue::Known { drops: Voice::Says(1..), .. } => 10,
            Queue::Known { .. } | Queue::Unknown => 0,
        };
        let standing = if self.waits >= STANDING { 10 } else { 0 };
        plain + zone + dropping + standing + self.delta()
    }

    /// None up to the threshold, all of it from four times that on.
    fn delta(&self) -> u8 {
        let share = (self.delta / self.threshold - 1.0) / (FULL_DELTA - 1.0);
        (1..=DELTA)
            .take_while(|points| share * f64::from(DELTA) >= f64::from(*points))
            .fold(0, u8::max)
    }
}
