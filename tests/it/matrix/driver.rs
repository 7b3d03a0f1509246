//! One daemon through one fault: well, ill for ten seconds, well again, ill again, stopped.

use std::net::TcpStream;

use wanctl::{
    control::{time::Span, units::PerDirection},
    observe::health::{DirectionHealth, Health},
    os::{clock, lock::Lock},
    sim::routeros::{Accepted, Down, RouterSettings},
};

use super::rows::{Law, Row, TakenFor};
use crate::running::{
    canary::Canary,
    config::{AHEAD, CLIMBING, FILLING, TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    faults::{Deed, Fault, Site},
    load::Load,
    proxy::Mischief,
    router::{Router, home, mbit},
    scratch::Scratch,
    shown::{Waits, truthful},
    stops::{leave_rates, let_pass, names, state},
    wait::{now, seconds},
};

impl Law {
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Default => &FILLING,
            Self::Classic => &CLIMBING,
        }
    }

    /// Floor and ceiling of the queues in Mbit/s.
    const fn bounds(self) -> PerDirection<(u64, u64)> {
        match self {
            Self::Default => PerDirection { download: (100, 10_000), upload: (10, 10_000) },
            Self::Classic => PerDirection { download: (100, 1_000), upload: (10, 200) },
        }
    }

    /// From the moment when the router answers again both queues are written within this, and what is
    /// wanted is what it has: one spacing of increases. The default law knows the load when it has two
    /// readings, for whose first it may wait as long as failed ones make it, and raises both in turn.
    const fn rises_within(self) -> Span {
        match self {
            Self::Default => seconds(16),
            Self::Classic => seconds(1),
        }
    }
}

/// A fault lasts this many cycles at the least: ten seconds.
const CYCLES: u64 = 200;

/// A request to the router fails after this if it is not answered.
pub(super) const REST_TIMEOUT: Span = seconds(1);

/// What a busy machine adds to any time.
pub(super) const SLACK: Span = Span::from_millis(900);

/// Between two looks at the daemon; what it writes is seen all the same.
const LOOK: Span = Span::from_millis(20);

pub(super) struct Patient<'a> {
    pub(super) row: &'a Row,
    pub(super) law: Law,
    _load: Option<Load>,
    pub(super) daemon: Daemon,
    site: Site,
    scratch: Scratch,
    /// Writes of the present stage, by the queue's name.
    pub(super) writes: Vec<String>,
    /// How long the daemon took to tell its health.
    pub(super) waits: Waits,
}

/// What came of the fault, in numbers.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Lines of losses and of returns before it began: a busy machine may have made the daemon
    /// wait for longer than the time-out.
    pub(super) before: (usize, usize),
    pub(super) lasted: Span,
    requests: u64,
    pub(super) reached_after: Span,
    settled_after: Span,
}

/// One row; says how it went. Panics if anything is wrong.
pub(super) fn suffer(row: &Row, law: Law, canary: &Canary) -> String {
    let (scratch, site) = (Scratch::in_memory(), Site::new(Router::start(home())));
    // At its ceiling the upload has nothing to write of its own: what a write meant for the other
    // queue has done to it must be found all the same.
    let upload = if row.fault == Fault::Human(Deed::Swaps) { law.bounds().upload.1 } else { 20 };
    leave_rates(&scratch, "state", (200, upload), clock::unix_now());
    let wan = section("wan", "cable", &[&TREE[..], law.options()].concat());
    let router = site.router.section_at(site.proxy.address(), "home", &scratch);
    let text = globals(&scratch, "info") + &router + &wan;
    let config = scratch.write("wanctl.conf", text.as_bytes());
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    let load = (law == Law::Default).then(|| Load::of(site.router.shared()));
    let mut patient = Patient {
        row,
        law,
        _load: load,
        daemon,
        site,
        scratch,
        writes: Vec::new(),
        waits: Waits::default(),
    };
    patient.waits(PATIENCE, "healthy", Patient::follows);
    // The last that is asked once per connection: it is asked for again until it is had.
    patient.daemon.line("router home: RouterOS");
    let before = canary.sung();
    truthful(&patient.daemon, "before");
    let course = patient.falls_ill_and_recovers();
    truthful(&patient.daemon, "after");
    patient.judge_rhythm(&canary.sung(), &before);
    patient.judge_lines(&course);
    let end = patient.stops_in_the_middle();
    format!(
        "{:?}, {law:?}: {} ms, {} requests, reached after {} ms, following after {} ms, ended after \
         {} ms",
        row.fault,
        course.lasted.as_millis(),
        course.requests,
        course.reached_after.as_millis(),
        course.settled_after.as_millis(),
        end.as_millis()
    )
}

impl Patient<'_> {
    fn falls_ill_and_recovers(&mut self) -> Course {
        let fault = self.row.fault;
        let before = self.losses_and_returns();
        self.site.begin(fault);
        let start = now();
        let healthy = self.look();
        let until = healthy.wans[0].cycles + CYCLES;
        let ill = loop {
            self.site.go_on(fault, now().since(start));
            let health = self.look();
            if health.wans[0].cycles >= until {
                break health;
            }
            let_pass(LOOK);
        };
        let lasted = now().since(start);
        let requests = ill.routers[0].requests - healthy.routers[0].requests;
        self.judge_illness(&ill, requests, lasted);
        self.judge_shown();
        if matches!(self.row.taken_for, TakenFor::Repaired | TakenFor::Nothing) {
            // Long since; but this may be the moment of a write.
            self.waits(SLACK, "repaired", Self::follows);
        }
        self.writes.clear();
        self.site.end(fault);
        let (reached_after, settled_after) = self.recovers();
        Course { before, lasted, requests, reached_after, settled_after }
    }

    /// Waits until the router is reached and follows again; says how long both took.
    fn recovers(&mut self) -> (Span, Span) {
        let end = now();
        let is_there = |_: &Self, health: &Health| {
            health.routers[0].reachable == Some(true) && untroubled(health)
        };
        // The longest wait of the back-off, and a request that is under way. After refused logins the
        // waits may go on doubling.
        let longest = match self.row.taken_for {
            TakenFor::BothRefused("auth") => Span::from_millis(12_500),
            TakenFor::Lost(_)
            | TakenFor::BothRefused(_)
            | TakenFor::OneRefused(_)
            | TakenFor::Repaired
            | TakenFor::Flapping
            | TakenFor::Nothing => Span::from_millis(6_250),
        };
        self.waits(longest + REST_TIMEOUT + SLACK, "reached", is_there);
        let reached = now();
        // And a round trip. What a human did is found by the next write.
        let times = if self.row.fault.meddles() { 2 } else { 1 };
        let most = self.law.rises_within().times(times);
        self.waits(most + SLACK, "following", |patient, health| {
            let wrote = |name: &str| patient.writes.iter().any(|written| written == name);
            wrote("WAN-Download") && wrote("WAN-Upload") && patient.follows(health)
        });
        (reached.since(end), now().since(reached))
    }

    /// One look at the router and the daemon.
    pub(super) fn look(&mut self) -> Health {
        for Accepted { name, key, value } in self.site.router.model().take_accepted() {
            let (least, most) = self.bounds_of(&name);
            let within = value.parse().is_ok_and(|value| (least..=most).contains(&value));
            assert!(key == "max-limit" && within, "{}: {key}={value} of {name}", self.told());
            self.writes.push(name);
        }
        if !self.row.fault.meddles() {
            let limits = self.site.router.limits(&RouterSettings::home_tree());
            let fine = limits.zip(self.law.bounds()).map(|(limit, (least, most))| {
                limit.is_some_and(|limit| (mbit(least).bps()..=mbit(most).bps()).contains(&limit))
            });
            // The first limits are not the daemon's.
            let first = self.writes.is_empty();
            assert!(first || (fine.download && fine.upload), "{}: {limits:?}", self.told());
        }
        let health = self.waits.measured(|| self.daemon.health());
        health.unwrap_or_else(|| panic!("no health: {}", self.told()))
    }

    /// The bounds of what is written to the queue of that name, in bit/s. Where a human swapped the
    /// names, an id may be that of the other for one write.
    fn bounds_of(&self, name: &str) -> (u64, u64) {
        let PerDirection { download, upload } = self.law.bounds();
        let (least, most) = match (self.row.fault, name) {
            (Fault::Human(Deed::Swaps), _) => (upload.0, download.1),
            (_, "WAN-Upload") => upload,
            _ => download,
        };
        (mbit(least).bps(), mbit(most).bps())
    }

    /// Whether the router has what is wanted, but for what may be ahead.
    fn follows(&self, health: &Health) -> bool {
        let wan = &health.wans[0];
        let limits = self.site.router.limits(&RouterSettings::home_tree());
        let close = |direction: &DirectionHealth, limit: Option<u64>, ahead: u64| {
            direction.confirmed_bps.is_some()
                && direction.confirmed_bps == limit
                && limit.is_some_and(|limit| direction.wanted_bps.abs_diff(limit) <= ahead)
        };
        health.routers[0].reachable == Some(true)
            && untroubled(health)
            && close(&wan.download, limits.download, AHEAD.download)
            && close(&wan.upload, limits.upload, AHEAD.upload)
    }

    fn waits(&mut self, limit: Span, what: &str, is_so: impl Fn(&Self, &Health) -> bool) -> Health {
        let start = now();
        loop {
            // The look after the deadline counts.
            let late = now().since(start) >= limit;
            let health = self.look();
            if is_so(self, &health) {
                return health;
            }
            assert!(!late, "not {what} in time: {}; {health:#?}", self.told());
            let_pass(LOOK);
        }
    }

    /// Falls ill again and is stopped at some moment of that; says how long the end took.
    fn stops_in_the_middle(mut self) -> Span {
        let fault = self.row.fault;
        self.site.begin(fault);
        let_pass(Span::from_millis(fastrand::u64(..2_500)));
        self.daemon.signal(libc::SIGTERM);
        let ended = self.daemon.ended(PATIENCE);
        assert_eq!(ended.status.code(), Some(0), "{}", self.told());
        let bound = if is_silent(fault) { seconds(5) } else { seconds(3) };
        assert!(ended.after <= bound, "{} ms: {}", ended.after.as_millis(), self.told());
        let dir = self.scratch.join("state");
        assert_eq!(names(&dir), ["lock", "state.json"], "{}", self.told());
        assert!(state(&dir).is_some_and(|state| state.wans.len() == 1), "{}", self.told());
        drop(Lock::acquire(&dir).unwrap_or_else(|held| panic!("{held}: {}", self.told())));
        assert!(TcpStream::connect(self.daemon.address()).is_err(), "{}", self.told());
        self.judge_secrets();
        ended.after
    }

    pub(super) fn losses_and_returns(&self) -> (usize, usize) {
        let count = |text| self.daemon.count(&[text]);
        (count("router home: lost ("), count("router home: reconnected after"))
    }

    pub(super) fn told(&self) -> String {
        let Self { row, law, daemon, .. } = self;
        format!("{:?}, {law:?}; it said\n{}", row.fault, daemon.lines().join("\n"))
    }
}

pub(super) fn untroubled(health: &Health) -> bool {
    let wan = &health.wans[0];
    wan.download.trouble.is_none() && wan.upload.trouble.is_none()
}

/// Whether a request gets no answer at all, so that the end has to wait for it.
pub(super) fn is_silent(fault: Fault) -> bool {
    match fault {
        Fault::Down(Down::BlackHole | Down::AnswerLost | Down::AnswerDrips)
        | Fault::Way(Mischief::Deaf | Mischief::StallAfter(_) | Mischief::Drip)
        | Fault::Reboots => true,
        Fault::Down(_)
        | Fault::Way(_)
        | Fault::Answers(_)
        | Fault::Shows(_)
        | Fault::NoSession
        | Fault::Flaps
        | Fault::Human(_) => false,
    }
}
