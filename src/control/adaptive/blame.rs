//! Whose queue a delay is while both directions are loaded, since a round trip tells only the sum.
//! Promises: one direction at a time is raised, and one at a time is blamed, until its cut did not
//! help or the delay is a long one.
//! Knows nothing of rates.

use super::Tuning;
use crate::control::{
    time::{Instant, Span},
    units::{Direction, PerDirection},
};

/// Cuts that did not help after which one-way delays are no longer believed until the delay is gone:
/// a deep queue takes two or three.
const MOST_HELPLESS: u8 = 4;

/// Cuts of a download that did not help until an upload of little load is cut too: mostly that is
/// acknowledgements, and the download needs more than one.
const MOST_OF_ITS_OWN: u8 = 3;

/// Whose queue it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Whose {
    /// There is no delay.
    #[default]
    Nobodys,
    /// That one's, as it seems.
    Of(Direction),
    /// It is a long one: of whoever has load.
    Loaded,
    /// It stayed after a cut of the one that was blamed: of whoever is not idle.
    Both,
}

/// Who is blamed, and the last raise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Blame {
    whose: Whose,
    raised: Option<(Direction, Instant)>,
    /// Whose it is by one-way delays.
    measured: Option<Direction>,
    /// Cuts of this delay that did not help.
    helpless: u8,
}

impl Blame {
    /// Judges the delay of a cycle, which is none below `calm` and one to act on above `threshold`.
    /// It is of the one raised last; or of the download, if less passes than may: then it is not
    /// the router that holds it back; or of the upload.
    pub(super) fn judge(
        &mut self,
        (now, recent): (Instant, Span),
        shares: &PerDirection<f64>,
        delta: f64,
        (calm, threshold): (f64, f64),
        tuning: &Tuning,
    ) {
        let both = shares.download >= tuning.suspect && shares.upload >= tuning.suspect;
        if delta < calm {
            self.whose = Whose::Nobodys;
            self.helpless = 0;
        } else if delta > tuning.far {
            if self.whose != Whose::Both {
                self.whose = Whose::Loaded;
            }
        } else if delta > threshold && both && self.whose == Whose::Nobodys {
            let recent = self.raised.filter(|(_, at)| now.since(*at) <= recent);
            let high = shares.map(|share| share >= tuning.high);
            self.whose = Whose::Of(match recent {
                Some((direction, _)) => direction,
                // Acknowledgements of a full download may fill half of an upload.
                None if high.download && !high.upload => Direction::Download,
                None if high.upload && !high.download => Direction::Upload,
                None if shares.download < tuning.binds => Direction::Download,
                None => Direction::Upload,
            });
        }
    }

    /// Whether a delay may be of this direction. Whoever has much load, or more than the other one,
    /// is suspect, unless the other one is blamed alone. After a cut that did not help so is
    /// everybody who is not idle: a line that carries less than half of the limit lets less pass; an
    /// upload of little load, after several.
    /// Where the delays of both directions are known, it is who has most of it, and nobody else.
    pub(super) fn suspects(
        &self,
        direction: Direction,
        shares: &PerDirection<f64>,
        tuning: &Tuning,
    ) -> bool {
        let own = *shares.of(direction);
        let loaded = own >= tuning.suspect.min(tuning.high) || own >= *shares.of(direction.other());
        own >= tuning.idle
            && match (self.measured, self.whose) {
                (Some(one), _) => one == direction,
                (None, Whose::Both) => {
                    loaded || direction == Direction::Download || self.helpless >= MOST_OF_ITS_OWN
                }
                (None, Whose::Nobodys | Whose::Loaded) => loaded,
                (None, Whose::Of(one)) => loaded && one == direction,
            }
    }

    /// Whether it was this one that was raised last.
    pub(super) fn was_raised(&self, direction: Direction) -> bool {
        self.raised.is_some_and(|(last, _)| last == direction)
    }

    /// Whoever was raised last is asked last, so that both get on.
    pub(super) fn turns(&self) -> [Direction; 2] {
        match self.raised {
            Some((Direction::Download, _)) => [Direction::Upload, Direction::Download],
            _ => Direction::BOTH,
        }
    }

    /// Where the delays of both directions are known, in ms, it is of the one that has most of it.
    /// Clocks that say something else than the round trip does are not believed, and neither is
    /// anybody after several cuts that did not help.
    pub(super) fn measure(&mut self, ways: Option<PerDirection<f64>>, delta: f64, threshold: f64) {
        let ways = ways.filter(|_| delta > threshold && self.helpless < MOST_HELPLESS);
        self.measured = ways.and_then(|ways| owner(&ways, delta));
        if let Some(direction) = self.measured {
            self.whose = Whose::Of(direction);
        }
    }

    /// A cut of the one that was blamed did not help.
    pub(super) const fn did_not_help(&mut self) {
        self.helpless = self.helpless.saturating_add(1);
        self.whose = Whose::Both;
    }

    /// Whether a delay from now on could only be of this direction's raise.
    pub(super) fn may_raise(&self, direction: Direction, now: Instant, tuning: &Tuning) -> bool {
        self.raised
            .is_none_or(|(last, at)| last == direction || now.since(at) >= tuning.raise_every)
    }

    /// A direction was raised.
    pub(super) const fn raised(&mut self, direction: Direction, now: Instant) {
        self.raised = Some((direction, now));
    }
}

/// Who has three quarters of a delay, if the parts make about the whole.
fn owner(ways: &PerDirection<f64>, delta: f64) -> Option<Direction> {
    let (download, upload) = (ways.download.max(0.0), ways.upload.max(0.0));
    let sum = download + upload;
    if sum < delta / 2.0 || sum > delta * 2.0 {
        return None;
    }
    if download >= sum * 0.75 {
        Some(Direction::Download)
    } else if upload >= sum * 0.75 {
        Some(Direction::Upload)
    } else {
        None
    }
}
