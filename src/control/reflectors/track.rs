//! The times of one reflector beside those of the others: how much longer it usually takes, and how far
//! it strays from that.
//! Promises: what all of them show at once, as a queue, is nobody's; how far away a reflector is makes
//! no difference, and what it needs to learn goes by time.
//! Knows nothing of rounds, or of what becomes of who strays.

use crate::control::{
    time::Span,
    units::{Alpha, Rtt},
};

/// How far away a reflector is, is averaged over this time: routes drift over minutes.
const USUAL_OVER: Span = Span::from_secs(60);
/// How far it strays, over this: long enough that a few odd answers are not yet a habit.
const STRAY_OVER: Span = Span::from_secs(10);
/// A single time counts for no more than this, however rare the rounds.
const MOST_WEIGHT: f64 = 0.025;
/// It is not judged before.
const KNOWN_AFTER: Span = Span::from_secs(10);
/// While it is set aside each check moves its usual time by this share of what it is off: a reflector
/// on a longer path is at home there after a dozen.
const CHECK_SHARE: f64 = 0.25;

/// See the module; all in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Track {
    usual: f64,
    stray: f64,
    /// How much time was looked at, as far as it matters.
    known: Span,
}

impl Track {
    /// By how much more than usually it takes; `None`: nothing is known of it.
    pub(super) fn excess(&self, rtt: Rtt) -> Option<f64> {
        (self.known > Span::ZERO).then(|| rtt.ms() - self.usual)
    }

    /// How far it strays; `None`: it is not known for long enough.
    pub(super) fn stray(&self) -> Option<f64> {
        (self.known >= KNOWN_AFTER).then_some(self.stray)
    }

    /// Takes in its time of a round that stands for `every`, in which all took `common` more than
    /// usually.
    pub(super) fn take(&mut self, rtt: Rtt, common: f64, every: Span) {
        let off = self.off(rtt, common);
        self.known = (self.known + every).min(USUAL_OVER);
        self.usual += off * Alpha::new(every, self.known).value();
        let weight = Alpha::new(every, self.known.min(STRAY_OVER)).value().min(MOST_WEIGHT);
        self.stray += weight * (off.abs() - self.stray);
    }

    /// Takes in the time of a check, and says how far off it was.
    pub(super) fn check(&mut self, rtt: Rtt, common: f64) -> f64 {
        let off = self.off(rtt, common);
        self.known = self.known.max(Span::from_micros(1));
        self.usual += off * CHECK_SHARE;
        off
    }

    /// How far off it is, in either direction; the first time is what is usual.
    fn off(&mut self, rtt: Rtt, common: f64) -> f64 {
        if self.known == Span::ZERO {
            self.usual = rtt.ms() - common;
        }
        rtt.ms() - self.usual - common
    }
}
