//! What happened in a history, in numbers: that a fault was really there must show.

use wanctl::control::{
    event::{RouterNews, SignalNews, WanNews, What},
    units::{PerDirection, Rate},
    wan::{Cycles, Wan},
    zone::Zone,
};

use super::truth::Truth;

/// Counters of one history, over all WANs and routers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Story {
    pub cycles: Cycles,
    pub writes: u32,
    pub requests: u32,
    /// Requests that a router failed at altogether.
    pub failures: u32,
    /// Requests that were refused for one queue.
    pub refusals: u32,
    pub outages: u32,
    pub returns: u32,
    /// Writes that were carried out, or are to be, when nobody waited for them any more.
    pub late: u32,
    /// Those of them that landed while all was well, so that they had to be found and mended in time.
    pub landings: u32,
    /// Changes of the transport.
    pub turns: u32,
    pub troubles: u32,
    pub foreign: u32,
    pub silences: u32,
    pub set_aside: u32,
    /// Zones of red that began while the router was away.
    pub reds_without_router: u32,
    /// Ticks at which red was the last decision.
    pub red_ticks: u32,
    /// Changes of the path that the adaptive law has told.
    pub paths: u32,
    /// The lowest and the highest baseline in milliseconds, once there was one.
    pub baselines: Option<(f64, f64)>,
    /// The rates wanted when the router of the first WAN was lost, and the lowest ones until it was
    /// back.
    pub away: Option<(PerDirection<Rate>, PerDirection<Rate>)>,
}

impl Story {
    pub fn hear(&mut self, what: &What) {
        let counter = match what {
            What::Router(_, RouterNews::Lost(_)) => &mut self.outages,
            What::Router(_, RouterNews::Back { failures: 1.., .. }) => &mut self.returns,
            What::Router(_, RouterNews::Turned(_)) => &mut self.turns,
            What::Wan(_, WanNews::QueueTrouble(..)) => &mut self.troubles,
            What::Wan(_, WanNews::Foreign { .. }) => &mut self.foreign,
            What::Wan(_, WanNews::Signal(SignalNews::Lost(_))) => &mut self.silences,
            What::Wan(_, WanNews::Reflector(..)) => &mut self.set_aside,
            What::Router(..) | What::Wan(..) | What::Steering(..) => return,
        };
        *counter += 1;
    }

    /// Looks at a WAN after a tick.
    pub fn look(&mut self, wan: &Wan, router: RouterIs) {
        let red = |zone: Zone| zone == Zone::Red;
        let zones = wan.decision().map(|decision| decision.verdicts.map(|verdict| verdict.zone));
        self.red_ticks +=
            u32::from(zones.is_some_and(|zones| red(zones.download) || red(zones.upload)));
        if let Some(means) = wan.law().means() {
            let now = means.baseline().ms();
            let (low, high) = self.baselines.unwrap_or((now, now));
            self.baselines = Some((low.min(now), high.max(now)));
        }
        if router == RouterIs::Away && wan.id().0 == 0 {
            let (at_first, lowest) = self.away.unwrap_or((wan.wanted(), wan.wanted()));
            let lowest = lowest.zip(wan.wanted()).map(|(lowest, now)| lowest.min(now));
            self.away = Some((at_first, lowest));
        }
    }

    pub fn count(&mut self, truth: &Truth) {
        self.requests += truth.requests;
        self.failures += truth.failures;
        self.refusals += truth.refusals;
        self.late += u32::try_from(truth.landings.len()).unwrap_or(u32::MAX);
    }
}

/// Whether the router of a WAN answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterIs {
    There,
    Away,
}
