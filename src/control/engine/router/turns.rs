//! Whose request is next at a router.
//! Promises: limits come first, and wait for one reading of counters at the most; rules and counters do
//! not wait for ever behind them; each WAN gets its turn.
//! Knows nothing of answers.

use super::{Awaited, Router};
use crate::control::{
    applier::Ask,
    connectivity::Contact,
    engine::steering::steering_ids,
    event::{Action, Request},
    failover::Route,
    steering::{course::Course, rule},
    time::{Instant, Span},
    wan::Wan,
};

/// A rule that waits for its turn behind the queues waits no longer than this: on a slow router the
/// queues alone may keep it busy for as long as the line is bad.
const RULE_WAITS: Span = Span::from_secs(1);
/// Counters that are to be read wait behind limits and rules no longer than this: a router that these
/// keep busy would else never tell how its queues are, just while that is needed.
const COUNT_WAITS: Span = Span::from_millis(500);
/// Counters that have waited go first after so many other requests: whatever is to be written, they
/// are no more than a quarter of what the router does, and a limit waits for one of them at the most.
const BETWEEN_COUNTS: u8 = 3;

impl Router {
    /// Takes the next request to the wire, if there is one. Tries of the preferred transport come
    /// first: they are rare, and while no transport works the queues always have something to ask.
    pub(in crate::control::engine) fn next(
        &mut self,
        (wans, courses): (&mut [Wan], &mut [Course]),
        now: Instant,
        stopped: Option<Instant>,
    ) -> Option<Action> {
        self.give_way(wans, now);
        if self.pending.is_some() {
            return None;
        }
        if stopped.is_none() && self.next_try_at(now).is_some_and(|at| at <= now) {
            let request = self.proof(wans);
            return Some(self.ask(request, Awaited::ByTry, Route::Preferred, now));
        }
        let in_use = self.failover.in_use();
        if self.connectivity.not_before(in_use) > now {
            return None;
        }
        let request = match stopped {
            None => self.next_that_waited(wans, courses, now),
            Some(_) => None,
        };
        let request = request.or_else(|| self.next_of_queues(wans, now));
        let request = request.or_else(|| self.next_of_rules(courses, (now, now), stopped));
        // Facts are asked for when no queue is waiting, and not at the end.
        let facts = || (self.facts.due(now) && stopped.is_none()).then_some(Request::Facts);
        let request = request.or_else(facts);
        let counted = || stopped.is_none().then(|| self.next_count(wans, (now, now))).flatten();
        let request = request.or_else(counted)?;
        Some(self.ask(request, request.into(), in_use, now))
    }

    /// What has waited behind the queues for as long as it may: a rule, or else counters.
    fn next_that_waited(
        &self,
        wans: &mut [Wan],
        courses: &mut [Course],
        now: Instant,
    ) -> Option<Request> {
        let rule = self.next_of_rules(courses, (now.before(RULE_WAITS), now), None);
        let turn = self.since_count >= BETWEEN_COUNTS;
        let by = now.before(COUNT_WAITS);
        let counts = || turn.then(|| self.next_count(wans, (by, now))).flatten();
        rule.or_else(counts)
    }

    /// The next request about a queue, which must then be asked. The WANs take turns.
    fn next_of_queues(&mut self, wans: &mut [Wan], now: Instant) -> Option<Request> {
        let count = wans.len();
        for offset in 0..count {
            let index = (self.turn + offset) % count;
            let wan = wans.get_mut(index).filter(|wan| wan.settings().router == self.id);
            let Some((id, ask)) = wan.and_then(|wan| Some((wan.id(), wan.next_ask(now)?))) else {
                continue;
            };
            self.turn = index + 1;
            return Some(match ask {
                Ask::Read(slot) => Request::Read(id, slot),
                Ask::Write(slot, limit) => Request::Write(id, slot, limit),
            });
        }
        None
    }

    /// The next request about a rule, which must then be asked, of those that are due by `by`.
    fn next_of_rules(
        &self,
        courses: &mut [Course],
        (by, now): (Instant, Instant),
        stopped: Option<Instant>,
    ) -> Option<Request> {
        let due = |course: &Course| self.rule_at(course, stopped).is_some_and(|at| at <= by);
        let (id, course) = steering_ids().zip(courses).find(|(_, course)| due(course))?;
        Some(match course.next_ask(now)? {
            rule::Ask::Read => Request::ReadRule(id),
            rule::Ask::Switch(to) => Request::SwitchRule(id, to),
        })
    }

    /// The next counters to read, which must then be asked, of those that are due by `by`. Those come
    /// first by which a choice between lines is made, then those that have waited longest.
    fn next_count(&self, wans: &mut [Wan], (by, now): (Instant, Instant)) -> Option<Request> {
        if self.contact() != Contact::Reachable {
            return None;
        }
        let own = |wan: &&mut Wan| wan.settings().router == self.id;
        let due = |wan: &mut Wan| Some(Request::Count(wan.id(), wan.next_count(now)?));
        let since = |wan: &&mut Wan| wan.next_count_at();
        let turn = |wan: &&mut Wan| (!wan.count_is_urgent(now), since(wan));
        let wanted = wans.iter_mut().filter(own);
        let wanted = wanted.filter(|wan| since(wan).is_some_and(|at| at <= by));
        wanted.min_by_key(turn).and_then(due)
    }
}
