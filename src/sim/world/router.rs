//! The routers of the world: when they fail, and what was asked of them.
//! Promises: what a router does depends on its settings and the time alone.
//! Knows nothing of queues.

use crate::{
    control::{
        event::Request,
        failover::{Fallback, Route},
        failure::FailureKind,
        time::{Instant, Span},
        units::{PerDirection, Rate},
    },
    sim::schedule::{Schedule, Window},
};

/// How long RouterOS goes on with a request that its client has given up (measured on 7.21.5: 1.3 to
/// 2.4 s).
const GOES_ON: Span = Span::from_millis(2_400);

/// Which requests are meant.
pub type Picks = fn(Request) -> bool;

/// How a simulated router answers.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// Time from a request to its answer.
    pub latency: Schedule<Span>,
    /// When it fails, and how. A time-out takes `timeout`, anything else the latency.
    pub failures: Vec<(Window, FailureKind)>,
    /// When it fails at some requests, and how.
    pub refusals: Vec<(Window, Picks, FailureKind)>,
    /// When it does what it is asked but its answer gets lost, and how. A time-out takes `timeout`.
    pub unheard: Vec<(Window, FailureKind)>,
    /// The client's deadline.
    pub timeout: Span,
    /// Whether there is a second transport to it.
    pub fallback: Fallback,
    /// When it fails over one transport, and how. A time-out takes `timeout`.
    pub ways: Vec<(Window, Route, FailureKind)>,
    /// When it fails at some requests over one transport, and how.
    pub ways_refusals: Vec<(Window, Route, Picks, FailureKind)>,
    /// When it takes so long for an answer over one transport.
    pub slow_ways: Vec<(Window, Route, Span)>,
    /// When it does not answer a write within `timeout`, and carries it out so long after it came:
    /// RouterOS goes on with a request that its client has given up, for up to 60 s.
    pub late_writes: Vec<(Window, Span)>,
    /// The limits found at the start; `None` is unlimited.
    pub initial: PerDirection<Option<Rate>>,
    /// When it restarts and has the initial limits again.
    pub reboots: Vec<Instant>,
}

impl RouterSettings {
    /// One that answers within 5 ms, always, and starts unlimited.
    pub fn healthy() -> Self {
        Self {
            latency: Schedule::constant(Span::from_millis(5)),
            failures: Vec::new(),
            refusals: Vec::new(),
            unheard: Vec::new(),
            timeout: Span::from_secs(2),
            fallback: Fallback::Absent,
            ways: Vec::new(),
            ways_refusals: Vec::new(),
            slow_ways: Vec::new(),
            late_writes: Vec::new(),
            initial: PerDirection::both(None),
            reboots: Vec::new(),
        }
    }

    /// How it fails to do `request` now, if it does.
    pub fn failure(&self, request: Request, now: Instant) -> Option<FailureKind> {
        let failing = |(window, _): &&(Window, FailureKind)| window.contains(now);
        let refused = |(window, picks, _): &&(Window, Picks, FailureKind)| {
            window.contains(now) && picks(request)
        };
        let failure = self.failures.iter().find(failing).map(|(_, kind)| *kind);
        failure.or_else(|| self.refusals.iter().find(refused).map(|(_, _, kind)| *kind))
    }

    /// How it fails to do `request` over `route` now, if it does.
    pub fn failure_of(&self, route: Route, request: Request, now: Instant) -> Option<FailureKind> {
        let failing = |(window, own, _): &&(Window, Route, FailureKind)| {
            *own == route && window.contains(now)
        };
        let refused = |(window, own, picks, _): &&(Window, Route, Picks, FailureKind)| {
            *own == route && window.contains(now) && picks(request)
        };
        let failure = self.ways.iter().find(failing).map(|(_, _, kind)| *kind);
        failure.or_else(|| self.ways_refusals.iter().find(refused).map(|(.., kind)| *kind))
    }

    /// How long after it came a write of now is carried out, if nobody waits for it so long.
    pub fn lateness(&self, request: Request, now: Instant) -> Option<Span> {
        let late = |(window, _): &&(Window, Span)| window.contains(now);
        let is_write = matches!(request, Request::Write(..));
        self.late_writes.iter().filter(|_| is_write).find(late).map(|(_, after)| *after)
    }

    /// How the answer to what it does now gets lost, if it does.
    pub fn lost_answer(&self, now: Instant) -> Option<FailureKind> {
        let lost = |(window, _): &&(Window, FailureKind)| window.contains(now);
        self.unheard.iter().find(lost).map(|(_, kind)| *kind)
    }

    /// How long the answer to a request of now over `route` takes that ends like this.
    pub fn takes(&self, route: Route, failure: Option<FailureKind>, now: Instant) -> Span {
        let slow =
            |(window, own, _): &&(Window, Route, Span)| *own == route && window.contains(now);
        match (failure, self.slow_ways.iter().find(slow)) {
            (Some(FailureKind::Timeout), _) => self.timeout,
            (None, Some((.., takes))) => *takes,
            (Some(_) | None, _) => self.latency.at(now),
        }
    }
}

/// One simulated router: what it holds and what was done to it.
#[derive(Clone, Debug)]
pub(super) struct Router {
    pub(super) settings: RouterSettings,
    pub(super) writes: u64,
    pub(super) requests: u64,
    pub(super) last: Option<Work>,
    /// Requests that came while it worked on another one, but for those beside a read over the other
    /// transport: that neither changes anything nor is in their way.
    pub(super) overlaps: u64,
}

/// What a router does for a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    route: Route,
    is_write: bool,
    /// It works on it for so long, though nobody may wait for it any more.
    until: Instant,
}

impl Router {
    pub(super) const fn new(settings: RouterSettings) -> Self {
        Self { settings, writes: 0, requests: 0, last: None, overlaps: 0 }
    }

    /// Begins to work on a request, for so long and, if it is given up then, for some time more.
    pub(super) fn begin(
        &mut self,
        (route, request): (Route, Request),
        now: Instant,
        takes: Span,
        failure: Option<FailureKind>,
    ) {
        self.requests = self.requests.saturating_add(1);
        let disturbs = |last: Work| now < last.until && (last.is_write || last.route == route);
        self.overlaps = self.overlaps.saturating_add(u64::from(self.last.is_some_and(disturbs)));
        let given_up = failure == Some(FailureKind::Timeout);
        let until = now + takes + if given_up { GOES_ON } else { Span::ZERO };
        self.last = Some(Work { route, is_write: matches!(request, Request::Write(..)), until });
    }
}
