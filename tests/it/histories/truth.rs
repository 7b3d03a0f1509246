//! What a router has seen, and what must follow from it: computed from the requests and from what
//! goes wrong, with the documented back-off, and without asking the core.

use std::collections::BTreeMap;

use wanctl::{
    control::{
        event::Request,
        failover::{
            Fallback,
            Route::{self, Fallback as Other, Preferred},
        },
        failure::FailureKind,
        queue::QueueSlot,
        time::{Instant, Span},
        units::Direction,
    },
    sim::{schedule::Window, world::RouterSettings},
};

/// What a daemon must have told about a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Lost(FailureKind),
    Back(Span),
}

/// At the end what failed is tried again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Running,
    Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    Unknown,
    There,
    Gone(Instant),
}

/// Failures in a row: when the last one was known, how many, and how many refused logins last.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: Instant,
    kind: FailureKind,
    failures: usize,
    logins: usize,
    /// Whether it was about the router alone: no queue waits for it at the end.
    aside: bool,
}

impl Row {
    fn and(earlier: Option<Self>, kind: FailureKind, at: Instant) -> Self {
        let (failures, logins) = earlier.map_or((0, 0), |row| (row.failures, row.logins));
        let logins = if kind == FailureKind::Auth { logins + 1 } else { 0 };
        Self { at, kind, failures: failures + 1, logins, aside: false }
    }

    /// The documented back-off, without its jitter of a quarter to both sides.
    fn wait(self) -> Span {
        const USUAL: [u64; 7] = [100, 200, 400, 800, 1_600, 3_200, 5_000];
        Span::from_millis(USUAL[(self.failures - 1).min(6)])
    }

    /// The same after refused logins by one way.
    fn login_wait(self) -> Span {
        const LOGINS: [u64; 4] = [10_000, 20_000, 40_000, 60_000];
        if self.logins > 7 {
            Span::from_millis(LOGINS[(self.logins - 8).min(3)])
        } else {
            self.wait()
        }
    }

    const fn pause_at_the_end(self) -> Span {
        if self.aside { Span::ZERO } else { self.pause() }
    }

    /// The pause that follows a time-out.
    const fn pause(self) -> Span {
        if matches!(self.kind, FailureKind::Timeout) { Span::from_secs(3) } else { Span::ZERO }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Queue {
    refused: Option<Row>,
    /// Whether a write was refused: a good read does not end that.
    writes: bool,
    /// Whether only the core knows if the trouble is over.
    unclear: bool,
    /// When the last request left that was answered well.
    seen: Option<Instant>,
}

/// The way that is taken, and how often in a row it failed.
#[derive(Clone, Copy, Debug)]
struct Way {
    in_use: Route,
    failures: u8,
    /// Just changed: the next request need not wait, but for the pause.
    fresh: bool,
    /// Until when the preferred way rests after a try that was given up.
    rests_until: Instant,
    /// Tries in a row that gave way to something else.
    cut: u8,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    request: Request,
    route: Route,
    asked: Instant,
    answered: Instant,
    failure: Option<FailureKind>,
}

#[derive(Clone, Debug)]
pub struct Truth {
    settings: RouterSettings,
    stalls: Vec<Window>,
    pending: Option<Pending>,
    pub contact: Contact,
    row: Option<Row>,
    /// Failures in a row by the preferred way, and by the other one.
    logins: BTreeMap<bool, Row>,
    way: Way,
    queues: BTreeMap<(u8, u8), Queue>,
    pub told: Vec<News>,
    /// Writes that were given up: of which WAN, and when they are carried out all the same.
    pub landings: Vec<(u8, Instant)>,
    /// Since when it answers again, if nobody has asked yet.
    pub back: Option<Instant>,
    pub requests: u32,
    pub failures: u32,
    pub refusals: u32,
}

const fn place(slot: QueueSlot) -> u8 {
    match slot {
        QueueSlot::One(Direction::Download) => 0,
        QueueSlot::One(Direction::Upload) => 1,
        QueueSlot::Pair => 2,
    }
}

/// Whether the router itself has answered when it fails like this.
const fn is_about_a_queue(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::NotFound | FailureKind::Ambiguous | FailureKind::Rejected)
}

/// One tick of the core, and a little: facts are asked for on ticks alone.
const TICK: Span = Span::from_millis(51);

impl Truth {
    pub fn new(settings: RouterSettings, stalls: Vec<Window>) -> Self {
        Self {
            settings,
            stalls,
            pending: None,
            contact: Contact::Unknown,
            row: None,
            logins: BTreeMap::new(),
            way: Way {
                in_use: Preferred,
                failures: 0,
                fresh: false,
                rests_until: Instant::default(),
                cut: 0,
            },
            queues: BTreeMap::new(),
            told: Vec::new(),
            landings: Vec::new(),
            back: None,
            requests: 0,
            failures: 0,
            refusals: 0,
        }
    }

    fn stalled_within(&self, from: Instant, to: Instant) -> bool {
        self.stalls.iter().any(|stall| stall.from <= to && from <= stall.to)
    }

    /// A request has left at `now`.
    pub fn asked(
        &mut self,
        (request, route): (Request, Route),
        now: Instant,
        phase: Phase,
    ) -> Result<(), String> {
        self.advance(now);
        let is_try = route != self.way.in_use;
        if is_try && (self.way.in_use == Preferred || !matches!(request, Request::Read(..))) {
            return Err(format!("{request:?} by {route:?}, but in use is {:?}", self.way));
        }
        if let Some(pending) = self.pending.take() {
            self.give_way(pending, (request, route), now)?;
        }
        self.hold_to_back_off((request, route), now, phase)?;
        self.way.fresh = false;
        let failure = self.settings.failure_of(route, request, now);
        let failure = failure.or_else(|| self.settings.failure(request, now));
        let late = self.settings.lateness(request, now).filter(|_| failure.is_none());
        if let (Some(after), Request::Write(wan, ..)) = (late, request) {
            self.landings.push((wan.0, now + after));
        }
        let failure = failure.or_else(|| late.map(|_| FailureKind::Timeout));
        let failure = failure.or_else(|| self.settings.lost_answer(now));
        let answered = now + self.settings.takes(route, failure, now);
        let sleeps =
            self.stalls.iter().find(|stall| stall.from < answered && stall.contains(answered));
        let answered = sleeps.map_or(answered, |stall| stall.to);
        self.pending = Some(Pending { request, route, asked: now, answered, failure });
        self.requests += 1;
        Ok(())
    }

    /// A request leaves though one is on the way: that is a try, which has had its second, and three
    /// in a row at most are given up for others.
    fn give_way(
        &mut self,
        pending: Pending,
        (request, route): (Request, Route),
        now: Instant,
    ) -> Result<(), String> {
        let is_try = pending.route != self.way.in_use && route == self.way.in_use;
        let about_a_queue = matches!(request, Request::Read(..) | Request::Write(..));
        let gone = matches!(self.contact, Contact::Gone(_));
        let patient = now >= pending.asked + Span::from_secs(1) && self.way.cut < 3;
        if !is_try || !about_a_queue || gone || !patient {
            return Err(format!("two requests at a time: {request:?} and {pending:?}"));
        }
        self.way.cut += 1;
        self.way.rests_until = now + Span::from_secs(3);
        Ok(())
    }

    fn hold_to_back_off(
        &self,
        (request, route): (Request, Route),
        now: Instant,
        phase: Phase,
    ) -> Result<(), String> {
        if phase == Phase::Running && route == Preferred && now < self.way.rests_until {
            return Err(format!("{request:?} too soon after a try that was given up"));
        }
        if let Some(row) = self.row {
            let hurries = phase == Phase::Ending || self.way.fresh;
            let wait = if hurries { Span::ZERO } else { row.wait().part(3, 4) };
            let pause = if phase == Phase::Ending { row.pause_at_the_end() } else { row.pause() };
            if now < row.at + wait.max(pause) {
                return Err(format!("{request:?} too soon after {row:?}"));
            }
            self.not_late(now, phase)?;
        }
        let login = self.logins.get(&(route == Preferred));
        if let Some(row) = login.filter(|row| phase == Phase::Running && row.logins > 7)
            && now < row.at + row.login_wait().part(3, 4)
        {
            return Err(format!("{request:?} by {route:?} too soon after the login {row:?}"));
        }
        if route != self.way.in_use {
            // A try does not look at what was refused by the other way.
            return Ok(());
        }
        let (Request::Read(wan, slot) | Request::Write(wan, slot, _)) = request else {
            return Ok(());
        };
        let queue = self.queues.get(&(wan.0, place(slot))).copied().unwrap_or_default();
        match queue.refused {
            Some(row)
                if phase == Phase::Running
                    && !queue.unclear
                    && now < row.at + row.wait().part(3, 4) =>
            {
                Err(format!("{request:?} too soon after the refusal {row:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a router that is away has been asked again in time, or may still be.
    pub fn not_late(&self, now: Instant, phase: Phase) -> Result<(), String> {
        let Some(row) = self.row.filter(|_| self.pending.is_none() && phase == Phase::Running)
        else {
            return Ok(());
        };
        let logins = |way| self.logins.get(&way).filter(|row| row.logins > 7);
        let until = |login: &Row| login.at + login.login_wait().part(5, 4);
        let rests = |way| logins(way).map_or(row.at, until);
        let rests = match self.settings.fallback {
            Fallback::Present => rests(true).min(rests(false)),
            Fallback::Absent => rests(true),
        };
        let latest = (row.at + row.wait().part(5, 4).max(row.pause())).max(rests) + TICK;
        if now <= latest || self.stalled_within(row.at, now) {
            return Ok(());
        }
        Err(format!("not asked again in time after {row:?}"))
    }

    /// Lets the answer arrive, if it has.
    pub fn advance(&mut self, now: Instant) {
        let Some(pending) = self.pending.take_if(|pending| pending.answered <= now) else { return };
        let gone = pending.failure.filter(|kind| {
            let unclear = matches!(kind, FailureKind::Auth | FailureKind::Garbage);
            let answers = unclear && self.contact == Contact::There;
            !answers && !is_about_a_queue(*kind)
        });
        if pending.route != self.way.in_use {
            return self.tried(pending);
        }
        if let Some(kind) = gone {
            self.gone(pending, kind);
            self.failed_by(pending.route);
            return;
        }
        if pending.failure.is_none_or(is_about_a_queue) {
            self.there(pending.answered, pending.route);
            self.way.failures = 0;
        }
        self.about_queue(pending);
        if pending.request == Request::Facts && !pending.failure.is_none_or(is_about_a_queue) {
            // What refuses even the facts is no way.
            self.failed_by(pending.route);
        }
    }

    /// The preferred way was tried.
    fn tried(&mut self, pending: Pending) {
        self.way.cut = 0;
        match pending.failure {
            None | Some(FailureKind::NotFound | FailureKind::Ambiguous) => {
                self.there(pending.answered, Preferred);
                self.turn(Preferred);
            }
            Some(kind) if matches!(self.contact, Contact::Gone(_)) => self.gone(pending, kind),
            Some(kind) => {
                self.count_login(pending, kind);
                if kind == FailureKind::Timeout {
                    self.way.rests_until = pending.answered + Span::from_secs(3);
                }
            }
        }
    }

    fn failed_by(&mut self, route: Route) {
        self.way.failures += 1;
        if self.way.failures >= 2 {
            self.way.failures = 0;
            if route == Preferred && self.settings.fallback == Fallback::Present {
                self.turn(Other);
            }
        }
    }

    /// Another way from now on, by which what was refused may be asked at once.
    fn turn(&mut self, to: Route) {
        self.way = Way { in_use: to, failures: 0, fresh: to == Other, ..self.way };
        self.queues.values_mut().for_each(|queue| queue.unclear = true);
    }

    fn gone(&mut self, pending: Pending, kind: FailureKind) {
        self.failures += 1;
        let aside = self.is_aside(&pending);
        self.row = Some(Row { aside, ..Row::and(self.row, kind, pending.answered) });
        self.count_login(pending, kind);
        if !matches!(self.contact, Contact::Gone(_)) {
            self.contact = Contact::Gone(pending.asked);
            self.told.push(News::Lost(kind));
        }
    }

    fn is_aside(&self, pending: &Pending) -> bool {
        matches!(pending.request, Request::Facts | Request::Count(..))
            || pending.route != self.way.in_use
    }

    fn count_login(&mut self, pending: Pending, kind: FailureKind) {
        let way = pending.route == Preferred;
        let row = Row::and(self.logins.get(&way).copied(), kind, pending.answered);
        self.logins.insert(way, row);
    }

    /// The end begins: what concerns the router alone is given up.
    pub fn stops(&mut self) {
        if self.pending.is_some_and(|pending| self.is_aside(&pending)) {
            self.pending = None;
        }
    }

    fn there(&mut self, now: Instant, by: Route) {
        self.row = None;
        self.logins.remove(&(by == Preferred));
        let outage = match self.contact {
            Contact::There => return,
            Contact::Unknown => Span::ZERO,
            Contact::Gone(since) => now.since(since),
        };
        self.contact = Contact::There;
        self.told.push(News::Back(outage));
        self.back = Some(now);
    }

    fn about_queue(&mut self, pending: Pending) {
        let (Request::Read(wan, slot) | Request::Write(wan, slot, _)) = pending.request else {
            return;
        };
        let is_write = matches!(pending.request, Request::Write(..));
        let queue = self.queues.entry((wan.0, place(slot))).or_default();
        if let Some(kind) = pending.failure {
            self.refusals += 1;
            queue.refused = Some(Row::and(queue.refused, kind, pending.answered));
            queue.writes |= is_write;
            return;
        }
        queue.seen = Some(pending.asked);
        if is_write || !queue.writes {
            *queue = Queue { seen: queue.seen, ..Queue::default() };
        } else {
            queue.unclear = true;
        }
    }

    /// Whether a write to a queue of this WAN is carried out late within `window`.
    pub fn lands(&self, wan: u8, window: Window) -> bool {
        self.landings.iter().any(|(own, at)| *own == wan && window.contains(*at))
    }

    /// Whether a queue of this WAN was refused and not yet served again.
    pub fn in_trouble(&self, wan: u8) -> bool {
        self.queues.iter().any(|((own, _), queue)| *own == wan && queue.refused.is_some())
    }

    /// Whether all queues of this WAN were read or written after `change`.
    pub fn has_seen(&self, wan: u8, change: Instant) -> bool {
        let mut own = self.queues.iter().filter(|((own, _), _)| *own == wan).peekable();
        own.peek().is_some() && own.all(|(_, queue)| queue.seen.is_some_and(|at| at > change))
    }
}
