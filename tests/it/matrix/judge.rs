//! What must be true of a fault's course: the requests, the lines, the rhythm.
//! Promises: bounds are computed from what is documented, not from the code.

use wanctl::{
    control::time::{Instant, Span},
    observe::health::Health,
};

use super::{
    driver::{Course, Patient, REST_TIMEOUT, SLACK, is_silent, untroubled},
    rows::{Law, TakenFor},
};
use crate::running::{
    canary::{Sung, is_crowded},
    faults::{Deed, Fault},
    router::PASSWORD,
    shown::truthful,
    wait::seconds,
};

/// The password in the form in which it travels: `wanctl:secret` in base 64.
const LOGIN: &str = "d2FuY3RsOnNlY3JldA";

impl Patient<'_> {
    /// What the daemon made of the fault, and how often it asked.
    pub(super) fn judge_illness(&self, ill: &Health, requests: u64, lasted: Span) {
        let told = || format!("{}; {ill:#?}", self.told());
        let router = &ill.routers[0];
        let refusals = |words: &str| self.daemon.count(&["[ERROR]", "queue \"", words]);
        let quick = most_requests(lasted, Span::ZERO);
        let most = match self.row.taken_for {
            TakenFor::Lost(kinds) => {
                assert_eq!(router.reachable, Some(false), "{}", told());
                let kind = router.last_failure.as_deref().unwrap();
                assert!(kinds.contains(&kind), "{}", told());
                // Three seconds of silence after a time-out, and the time-out itself where it is one.
                let silent = if is_silent(self.row.fault) { REST_TIMEOUT } else { Span::ZERO };
                let late = most_requests(lasted, seconds(3) + silent);
                if kind == "timeout" { late } else { quick }
            }
            TakenFor::BothRefused(words) => {
                assert!(refusals(words) == 2, "{}", told());
                assert!(!untroubled(ill), "{}", told());
                2 * quick
            }
            TakenFor::OneRefused(words) => {
                assert!(refusals(words) == 1, "{}", told());
                assert_eq!(ill.wans[0].upload.trouble, None, "{}", told());
                let others = self.writes.iter().filter(|name| *name == "WAN-Upload").count();
                assert!(others >= 5, "{others} writes of the other queue: {}", told());
                quick + lasted.as_secs() + 2
            }
            // Reads and writes as long as it is there, attempts as long as it is not.
            TakenFor::Flapping => 12 * lasted.as_secs(),
            TakenFor::Repaired | TakenFor::Nothing => {
                // The default law reads both counters five times a second.
                let counts = if self.law == Law::Default { 10 } else { 0 };
                quick + (4 + counts) * lasted.as_secs()
            }
        };
        assert!((1..=most).contains(&requests), "{requests} requests, {most} at most: {}", told());
    }

    /// What a monitor sees while it lasts.
    pub(super) fn judge_shown(&self) {
        let health = truthful(&self.daemon, &format!("{:?}", self.row.fault));
        match self.row.taken_for {
            TakenFor::Lost(_) | TakenFor::BothRefused(_) | TakenFor::OneRefused(_) => {
                assert_eq!(health["status"], "degraded", "{}", self.told());
            }
            // By turns, or for moments only: what it says fits what it knows.
            TakenFor::Flapping | TakenFor::Repaired | TakenFor::Nothing => {}
        }
    }

    /// What the canary missed meanwhile and how late it was, the machine is to blame for. Where
    /// others crowd it the daemon is late more often than the canary: it has more to do.
    pub(super) fn judge_rhythm(&mut self, canary: &Sung, before: &Sung) {
        let health = self.look();
        let wan = &health.wans[0];
        let (cycle, missed) = (wan.cycle.unwrap(), wan.cycles_missed);
        let sung = canary.since(before);
        let (most_ms, most_missed) = if sung.missed == 0 && !is_crowded() {
            (60 + sung.late_at_most(99).as_millis(), 2)
        } else {
            (120 + 3 * sung.late_at_most(99).as_millis(), 2 + wan.cycles / 20 + 3 * sung.missed)
        };
        self.waits.judge(&sung, &format!("{:?}", self.row.fault));
        let most_ms = f64::from(u32::try_from(most_ms).unwrap());
        assert!(cycle.p99_ms <= most_ms, "{cycle:?}, at most {most_ms} ms: {}", self.told());
        assert!(missed <= most_missed, "{missed} of {} missed: {}", wan.cycles, self.told());
    }

    /// One line for the loss and one for the end of it, with its true length; no secrets.
    pub(super) fn judge_lines(&self, course: &Course) {
        let (lost, back) = self.losses_and_returns();
        let (lost, back) = (lost - course.before.0, back - course.before.1);
        match self.row.taken_for {
            TakenFor::Lost(_) => {
                assert_eq!((lost, back), (1, 1), "{}", self.told());
                self.judge_outage(course);
            }
            TakenFor::Flapping => {
                assert!(lost == back && lost >= 3, "{lost} lost, {back} back: {}", self.told());
            }
            TakenFor::Repaired if self.row.fault == Fault::Reboots => {
                assert_eq!((lost, back), (1, 1), "{}", self.told());
            }
            TakenFor::BothRefused(_)
            | TakenFor::OneRefused(_)
            | TakenFor::Repaired
            | TakenFor::Nothing => assert_eq!((lost, back), (0, 0), "{}", self.told()),
        }
        if self.row.taken_for == TakenFor::Repaired {
            let foreign = self.daemon.count(&["was changed by somebody else"])
                + self.daemon.count(&["now is that of"]);
            assert!((1..=6).contains(&foreign), "{foreign}: {}", self.told());
        }
        if self.row.fault == Fault::Human(Deed::Duplicates) {
            let named = self.daemon.count(&["2 entries, *1000002 *1000003"]);
            assert_eq!(named, 1, "the entries are not named: {}", self.told());
        }
    }

    /// From the fault's begin, or up to a second later when there was something to ask, to the first
    /// good answer.
    fn judge_outage(&self, course: &Course) {
        let lines = self.daemon.lines();
        let line = lines.iter().rfind(|line| line.contains("router home: reconnected after"));
        let line = line.unwrap();
        let outage = milliseconds(line.split("after ").nth(1).unwrap());
        let most = (course.lasted + course.reached_after).as_millis();
        let fine = (most.saturating_sub(2_300)..=most + 1_000).contains(&outage);
        assert!(fine, "{outage} ms of at most {most}: {}", self.told());
    }

    /// Nothing that was said has the password in it.
    pub(super) fn judge_secrets(&self) {
        for line in self.daemon.lines() {
            assert!(!line.contains(PASSWORD) && !line.contains(LOGIN), "{line}");
        }
    }
}

/// How many requests the back-off allows in this time: waits of 100 ms that double up to 5 s, each
/// shorter by a quarter at the most, and `pause` at the least.
fn most_requests(time: Span, pause: Span) -> u64 {
    let mut at = Instant::default();
    let mut requests = 1;
    let mut wait = Span::from_millis(100);
    loop {
        at = at + wait.part(3, 4).max(pause);
        if at > Instant::default() + time + SLACK {
            return requests + 1;
        }
        requests += 1;
        wait = wait.times(2).min(seconds(5));
    }
}

/// `9876 ms and …`, `12 s and …`.
fn milliseconds(text: &str) -> u64 {
    let mut words = text.split(' ');
    let number: u64 = words.next().unwrap().parse().unwrap();
    match words.next().unwrap() {
        "ms" => number,
        "s" => number * 1_000,
        other => panic!("{other} in {text}"),
    }
}
