//! The texts about routers and the transports to them.
//! Promises: a change of the transport says why, and what comes next.
//! Knows nothing of WANs.

use log::Level;

use super::{LESS_OFTEN, Names};
use crate::{
    control::{
        event::RouterNews,
        failover::{Route, Turn},
        failure::FailureKind,
        wan::RouterId,
    },
    observe::human::Time,
};

/// The words for the transports of one router, as in the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Transports {
    /// The preferred one.
    pub preferred: &'static str,
    /// The one that stands in for it.
    pub fallback: Option<&'static str>,
}

impl Names {
    /// The word for a transport to a router.
    pub fn transport(&self, router: RouterId, route: Route) -> &'static str {
        let transports = self.transports.get(usize::from(router.0));
        let word = transports.and_then(|transports| match route {
            Route::Preferred => Some(transports.preferred),
            Route::Fallback => transports.fallback,
        });
        word.unwrap_or("?")
    }

    fn turn(&self, router: RouterId, turn: Turn) -> (Level, String) {
        let [preferred, fallback] = [Route::Preferred, Route::Fallback]
            .map(|route| self.transport(router, route).to_ascii_uppercase());
        match turn {
            Turn::Away { kind, wait } => (
                Level::Warn,
                format!(
                    "{preferred} failed twice ({}); {fallback} is used from now on, {preferred} is \
                     tried again in {}",
                    kind.word(),
                    Time(wait)
                ),
            ),
            Turn::Back { away } => {
                (Level::Info, format!("{preferred} works again after {}; used again", Time(away)))
            }
        }
    }

    /// What happened to a router.
    pub(super) fn describe_router(&self, router: RouterId, news: RouterNews) -> (Level, String) {
        match news {
            RouterNews::Turned(turn) => self.turn(router, turn),
            RouterNews::Lost(FailureKind::Auth) => (
                Level::Warn,
                format!(
                    "lost ({}); it keeps its last limits, measuring goes on, {LESS_OFTEN}",
                    FailureKind::Auth.word()
                ),
            ),
            RouterNews::Lost(kind) => (
                Level::Warn,
                format!(
                    "lost ({}); it keeps its last limits, measuring goes on, trying again by back-off",
                    kind.word()
                ),
            ),
            RouterNews::StillLost { outage, failures, kind } => (
                Level::Warn,
                format!(
                    "still lost after {} and {failures} attempts ({})",
                    Time(outage),
                    kind.word()
                ),
            ),
            RouterNews::Back { failures: 0, .. } => (Level::Info, "connected".to_string()),
            RouterNews::Back { outage, failures } => (
                Level::Info,
                format!("reconnected after {} and {failures} failed attempts", Time(outage)),
            ),
        }
    }
}
