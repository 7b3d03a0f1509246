//! What must be true of the daemon all the time, and how it was.
//! Promises: what is wrong is noted with the episode in which it was, and ends nothing: one run
//! tells all of it.

use wanctl::{
    control::time::Span,
    observe::health::{DirectionHealth, Health},
    sim::routeros::{Accepted, RouterSettings},
};

use crate::{
    LAWS,
    needs::announce,
    support::{
        canary::Sung,
        daemon::Daemon,
        faults::{Deed, Fault, Site},
        router::{PASSWORD, mbit},
        wait::now,
    },
};

/// Faults that are told; after so many the rest is only counted.
const MAX_WRONG: usize = 40;

/// The password in the form in which it travels: `wanctl:secret` in base 64.
const LOGIN: &str = "d2FuY3RsOnNlY3JldA";

/// Floor and ceiling in Mbit/s of the queues that are configured, by name.
pub(crate) const BOUNDS: [(&str, u64, u64); 2] =
    [("WAN-Download", 100, 400), ("WAN-Upload", 10, 40)];

/// The lines that come in pairs: what is lost, and what is back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) lost: usize,
    pub(crate) back: usize,
    pub(crate) silent: usize,
    pub(crate) heard: usize,
}

/// What is seen of one daemon.
pub(crate) struct Watch {
    pub(crate) daemon: Daemon,
    lines: usize,
    pub(crate) told: Told,
    /// Of each law.
    pub(crate) writes: [u64; LAWS.len()],
    /// Whose turn it is.
    law: usize,
    /// The longest wait for its health.
    pub(crate) slowest: Span,
    pub(crate) cycles: (u64, u64),
    /// How long they took.
    pub(crate) lengths: String,
    /// Where and when we are.
    pub(crate) place: String,
    pub(crate) wrong: Vec<String>,
    pub(crate) more_wrong: usize,
}

impl Watch {
    pub(crate) fn new(daemon: Daemon) -> Self {
        Self {
            daemon,
            lines: 0,
            told: Told::default(),
            writes: [0; LAWS.len()],
            law: 0,
            slowest: Span::ZERO,
            cycles: (0, 0),
            lengths: String::new(),
            place: "the start".to_owned(),
            wrong: Vec::new(),
            more_wrong: 0,
        }
    }

    /// Notes what is wrong.
    pub(crate) fn wrong(&mut self, what: &str) {
        let what = format!("{}: {what}", self.place);
        announce(&format!("WRONG: {what}"));
        if self.wrong.len() < MAX_WRONG {
            self.wrong.push(what);
        } else {
            self.more_wrong += 1;
        }
    }

    /// One look at everything. `fault`: what the router suffers from at the moment.
    pub(crate) fn look(&mut self, site: &Site, fault: Option<Fault>) -> Option<Health> {
        assert!(self.daemon.lives(), "{}: it ended:\n{}", self.place, self.last_lines());
        self.read_lines();
        self.judge_writes(site, fault);
        self.judge_limits(site, fault);
        let asked = now();
        let health = self.daemon.health();
        self.slowest = self.slowest.max(now().since(asked));
        match &health {
            Some(health) => {
                let wan = &health.wans[0];
                self.cycles = (wan.cycles, wan.cycles_missed);
                self.lengths = format!("{:?}", wan.cycle);
                self.law = LAWS.iter().position(|law| wan.law == *law).unwrap_or(self.law);
            }
            None => self.wrong("no health"),
        }
        health
    }

    pub(crate) fn last_lines(&self) -> String {
        let lines = self.daemon.lines();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    pub(crate) fn read_lines(&mut self) {
        let lines = self.daemon.lines();
        for line in &lines[self.lines..] {
            if line.contains(PASSWORD) || line.contains(LOGIN) {
                self.wrong(&format!("it tells the password: {line}"));
            }
            if line.contains("panicked") || line.contains("watchdog") {
                self.wrong(line);
            }
            let is = |words: &str| usize::from(line.contains(words));
            self.told.lost += is("router home: lost (");
            self.told.back += is("router home: reconnected");
            self.told.silent += is(": no reflector answers;");
            self.told.heard += is("signal is back");
        }
        self.lines = lines.len();
    }

    /// What is wrong about the rhythm, if anything is: the machine misses some cycles for everybody,
    /// and of the daemon's own work, saves to the disk among it, one of two hundred may be too long.
    pub(crate) fn too_many_missed(&self, canary: &Sung) -> Option<String> {
        let (cycles, missed) = self.cycles;
        let wrong = missed > 3 * canary.missed + cycles / 200;
        wrong
            .then(|| format!("{missed} of {cycles} cycles missed, by the canary {}", canary.missed))
    }

    /// What is wrong if one of the laws, all of which had something to do, wrote nothing.
    pub(crate) fn idle_law(&self) -> Option<String> {
        let idle = LAWS.iter().zip(self.writes).find(|(_, writes)| *writes == 0);
        idle.map(|(law, _)| format!("by the law {law} nothing was written"))
    }

    /// Every limit that the router accepted lies between floor and ceiling.
    fn judge_writes(&mut self, site: &Site, fault: Option<Fault>) {
        let accepted = site.router.model().take_accepted();
        for Accepted { name, key, value } in accepted {
            self.writes[self.law] += 1;
            // Names that were swapped since the ids were read: the value is that of the other.
            let swapped = fault == Some(Fault::Human(Deed::Swaps)) || name == "renamed";
            let fine = |(queue, floor, ceiling): &(&str, u64, u64)| {
                let bounds = mbit(*floor).bps()..=mbit(*ceiling).bps();
                (swapped || name == *queue)
                    && value.parse().is_ok_and(|value: u64| bounds.contains(&value))
            };
            if key != "max-limit" || !BOUNDS.iter().any(fine) {
                self.wrong(&format!("it wrote {key}={value} to {name}"));
            }
        }
    }

    fn judge_limits(&mut self, site: &Site, fault: Option<Fault>) {
        if fault.is_some_and(Fault::meddles) {
            return;
        }
        let limits = site.router.limits(&RouterSettings::home_tree());
        for ((name, floor, ceiling), limit) in BOUNDS.iter().zip([limits.download, limits.upload]) {
            let bounds = mbit(*floor).bps()..=mbit(*ceiling).bps();
            if !limit.is_some_and(|limit| bounds.contains(&limit)) {
                self.wrong(&format!("{name} is limited to {limit:?}"));
            }
        }
    }
}

/// Whether the router answers.
pub(crate) fn is_reachable(health: &Health) -> bool {
    health.routers[0].reachable == Some(true)
}

/// Whether all is well, and the router has just what is wanted.
pub(crate) fn is_settled(site: &Site, health: &Health) -> bool {
    let wan = &health.wans[0];
    let limits = site.router.limits(&RouterSettings::home_tree());
    let same = |direction: &DirectionHealth, limit: Option<u64>| {
        direction.trouble.is_none()
            && direction.confirmed_bps == Some(direction.wanted_bps)
            && limit == Some(direction.wanted_bps)
    };
    is_reachable(health)
        && wan.signal == "fresh"
        && same(&wan.download, limits.download)
        && same(&wan.upload, limits.upload)
}
