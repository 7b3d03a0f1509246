//! How soon a router that answers has what is wanted.

use wanctl::control::{
    budget::LONGEST_SPACING,
    queue::{DECREASE_SPACING, SMALL_CHANGE_WAIT},
    time::{Instant, Span},
    units::{PerDirection, Rate},
    wan::Wan,
};

use super::{
    bench::{Bench, Faults},
    for_seeds,
};

/// Every queue of eight WANs may stand before it in the line, read and written.
const TURN: Span = Span::from_millis(60 * 2 * 16);

/// Since when a direction has been away from the wanted rate without a write.
#[derive(Clone, Copy, Debug, Default)]
struct Away {
    confirmed: Option<Rate>,
    /// Above it by a percent or more.
    above: Option<Instant>,
    /// Different at all.
    at_all: Option<Instant>,
}

impl Away {
    fn look(&mut self, (wanted, confirmed): (Rate, Option<Rate>), now: Instant) {
        if self.confirmed != confirmed {
            *self = Self { confirmed, ..Self::default() };
        }
        let large = |confirmed: Rate| {
            wanted < confirmed && confirmed.distance(wanted) >= confirmed.bps() / 100
        };
        let above = confirmed.is_none_or(large);
        self.above = above.then(|| self.above.unwrap_or(now));
        self.at_all = (confirmed != Some(wanted)).then(|| self.at_all.unwrap_or(now));
        let within = |since: Option<Instant>, most: Span| {
            since.is_none_or(|since| now.since(since) <= most + TURN)
        };
        assert!(within(self.above, DECREASE_SPACING), "{self:?} {wanted:?} {now:?}");
        let most = LONGEST_SPACING.max(SMALL_CHANGE_WAIT);
        assert!(within(self.at_all, most), "{self:?} {wanted:?} {now:?}");
    }
}

/// A decrease of a percent or more is on the router after 200 ms and the time of those before it
/// in the line, anything else after ten seconds at most.
#[test]
fn a_router_that_answers_converges_on_wanted() {
    for_seeds(0..150, |seed| {
        let mut bench = Bench::new(seed, Faults::None);
        let wans = bench.engine.wans().len();
        let mut away = vec![PerDirection::both(Away::default()); wans];
        for _ in 0..3_000 {
            bench.step();
            for (wan, away) in bench.engine.wans().iter().zip(&mut away) {
                look_at(wan, away, bench.now);
            }
        }
    });
}

fn look_at(wan: &Wan, away: &mut PerDirection<Away>, now: Instant) {
    // Before the baseline is known nothing is wanted.
    if wan.law().means().is_some() {
        let both = wan.wanted().zip(wan.applier().confirmed());
        away.download.look(both.download, now);
        away.upload.look(both.upload, now);
    }
}
