//! Tries of the preferred transport while the other one is in use: when, what, and what they give
//! way to.
//! Promises: a try reads a queue and changes nothing; what has to be asked over the transport in use
//! waits for a try no longer than [`PATIENCE`], but at one in four in a row.
//! Knows nothing of what the answer leads to.

use super::{Router, of_router, router::Awaited};
use crate::control::{
    connectivity::Contact,
    event::Request,
    failover::Route,
    time::{Instant, Span},
    wan::Wan,
};

/// A try that something waits for is given up after this: most routers have answered by then, and a
/// queue that fills up for so long every few minutes is the price of getting the transport back.
const PATIENCE: Span = Span::from_secs(1);

impl Router {
    /// What a transport must be able to do before control goes back to it: read a queue. The facts
    /// would prove less, for any login may read them; a write could hit whatever is there by now.
    pub(super) fn proof(&self, wans: &mut [Wan]) -> Request {
        let queue = |wan: &mut Wan| Some((wan.id(), wan.applier().outcomes().next()?.0));
        let queue = of_router(wans, self.id).find_map(queue);
        queue.map_or(Request::Facts, |(wan, slot)| Request::Read(wan, slot))
    }

    /// When the preferred transport may be tried, once no request is on the way; while the other one
    /// is left alone because of refused logins, without waiting for its time.
    pub(super) fn next_try_at(&self, now: Instant) -> Option<Instant> {
        let deadline = self.failover.deadline()?;
        let deadline =
            if self.connectivity.is_refusing(Route::Fallback, now) { now } else { deadline };
        Some(deadline.max(self.connectivity.not_before(Route::Preferred)))
    }

    /// When the try on the way, if there is one, gives way to what is to be asked about a queue. While
    /// the router does not answer by the other way either, there is nothing to give way to.
    pub(super) fn gives_way_at(&self, wans: &mut [Wan], now: Instant) -> Option<Instant> {
        let tried = self.pending.filter(|pending| pending.awaited == Awaited::ByTry)?;
        let lost = matches!(self.contact(), Contact::Lost { .. });
        if lost || !self.failover.may_cut() {
            return None;
        }
        Some(self.next_ask_at(wans, now)?.max(tried.asked + PATIENCE))
    }

    /// Gives the try on the way up if it is time; whoever carries it out drops it for the next request.
    pub(super) fn give_way(&mut self, wans: &mut [Wan], now: Instant) {
        if self.gives_way_at(wans, now).is_some_and(|at| at <= now) {
            self.pending = None;
            self.connectivity.try_given_up(now);
            self.failover.on_cut(now);
        }
    }
}
