//! Every fault of the line, one by one, against the real daemon; and the stop in the middle of it.

use wanctl::{
    control::{time::Span, units::PerDirection},
    observe::health::{Health, WanHealth},
};

use crate::{
    line::{Line, REFLECTORS, Way},
    support::{
        canary::{Canary, with_canary},
        config::{TREE, globals, section},
        daemon::{Daemon, WANCTL, run},
        router::{Router, home, mbit},
        rows::side_by_side,
        scratch::Scratch,
        shown::{Waits, truthful},
        stops::{let_pass, names, state},
        turn::turn,
        wait::{now, seconds},
    },
};

/// A fault lasts this many cycles at the least: ten seconds.
const CYCLES: u64 = 200;

const LOOK: Span = Span::from_millis(20);

/// By which law it is decided. Nothing passes the queues, so that the default one has an idle line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    Default,
    Classic,
}

impl Law {
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Default => &[],
            Self::Classic => &[("law", "classic")],
        }
    }
}

/// By the classic law from floor to ceiling in ten seconds.
const RATES: [(&str, &str); 8] = [
    ("download_ceiling", "400M"),
    ("download_floor", "100M"),
    ("download_step_up", "1.5M"),
    ("upload_ceiling", "40M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.15M"),
    ("baseline_initial", "10ms"),
    ("write_budget", "7200"),
];

/// The way of a line that is well: ten milliseconds.
const WELL: Way =
    Way { delay: Span::from_millis(10), jitter: Span::ZERO, loss: 0, hasty: None, dead: None };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Silence,
    NoAddress,
    OneDead,
    OneHasty,
    Loss,
    Reordering,
    PathStep,
    Bloat,
}

impl Fault {
    const ALL: [Self; 8] = [
        Self::Silence,
        Self::NoAddress,
        Self::OneDead,
        Self::OneHasty,
        Self::Loss,
        Self::Reordering,
        Self::PathStep,
        Self::Bloat,
    ];

    fn way(self) -> Way {
        let ms = Span::from_millis;
        match self {
            Self::Silence => Way { loss: 100, ..WELL },
            Self::NoAddress => WELL,
            Self::OneDead => Way { dead: REFLECTORS[0].parse().ok(), ..WELL },
            Self::OneHasty => Way { hasty: REFLECTORS[0].parse().ok(), ..WELL },
            Self::Loss => Way { loss: 30, ..WELL },
            // Answers of one round come after those of the next two.
            Self::Reordering => Way { jitter: ms(12), delay: ms(4), ..WELL },
            Self::PathStep => Way { delay: ms(50), ..WELL },
            Self::Bloat => Way { delay: ms(200), ..WELL },
        }
    }

    fn begin(self, line: &Line) {
        if self == Self::NoAddress {
            line.unplug();
        }
        line.set(self.way());
    }

    fn end(self, line: &Line) {
        if self == Self::NoAddress {
            line.plug();
        }
        line.set(WELL);
    }

    /// Whether nothing is heard while it lasts.
    const fn silences(self) -> bool {
        matches!(self, Self::Silence | Self::NoAddress)
    }
}

#[test]
fn every_fault_of_the_line_is_survived_and_told_once_and_never_taken_for_a_good_line() {
    let _turn = turn();
    with_canary(|canary| {
        for law in [Law::Default, Law::Classic] {
            side_by_side(&Fault::ALL, Fault::ALL.len(), |fault| suffer(*fault, law, canary));
        }
    });
}

fn suffer(fault: Fault, law: Law, canary: &Canary) -> String {
    let Some(line) = Line::new() else { return "skipped".to_owned() };
    line.set(WELL);
    line.inside(|| {
        let (scratch, router) = (Scratch::in_memory(), Router::start(home()));
        let reflectors = REFLECTORS.map(|address| ("reflector", address));
        let wan =
            section("wan", "cable", &[&TREE[..], &RATES, law.options(), &reflectors].concat());
        let text = globals(&scratch, "info") + &router.section("home", &scratch) + &wan;
        let config = scratch.write("wanctl.conf", text.as_bytes());
        let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
        daemon.wait_for_status();
        let waits = Waits::default();
        let patient = Patient { fault, law, line: &line, daemon, router, scratch, waits };
        patient.suffers(canary)
    })
}

struct Patient<'a> {
    fault: Fault,
    law: Law,
    line: &'a Line,
    daemon: Daemon,
    router: Router,
    scratch: Scratch,
    /// How long the daemon took to tell its health.
    waits: Waits,
}

impl Patient<'_> {
    fn suffers(mut self, canary: &Canary) -> String {
        // While the load is not known, as at the start, the classic rules may cut.
        let knows = |health: &Health| self.law == Law::Classic || is_load_known(health);
        let settled = |health: &Health| at_ceiling(health) && knows(health);
        let healthy = self.daemon.until("at the ceiling", settled);
        truthful(&self.daemon, "before");
        let before = canary.sung();
        self.fault.begin(self.line);
        let start = now();
        let course = self.lasts(healthy.wans[0].cycles + CYCLES);
        let lasted = now().since(start);
        self.judge(&course);
        let shown = truthful(&self.daemon, &self.told());
        let expected = if self.fault.silences() { "degraded" } else { "healthy" };
        assert_eq!(shown["status"], expected, "{}", self.told());
        self.fault.end(self.line);
        let well = self.daemon.until("at the ceiling again", at_ceiling);
        let recovered = now().since(start) - lasted;
        truthful(&self.daemon, "after");
        let sung = canary.sung().since(&before);
        self.waits.judge(&sung, &self.told());
        let missed = well.wans[0].cycles_missed;
        assert!(missed <= 2 + 3 * sung.missed, "{missed} missed: {}", self.told());
        self.judge_lines(lasted);
        self.fault.begin(self.line);
        let_pass(Span::from_millis(fastrand::u64(..2_000)));
        self.daemon.signal(libc::SIGTERM);
        let ended = self.daemon.ended(seconds(20));
        assert_eq!(ended.status.code(), Some(0), "{}", self.told());
        assert!(ended.after <= seconds(3), "{}", self.told());
        let dir = self.scratch.join("state");
        assert_eq!(names(&dir), ["lock", "state.json"]);
        let rates = state(&dir).unwrap().wans[0].wan.rates.map(|rate| Some(rate.bps()));
        let limits = self.router.limits(&wanctl::sim::routeros::RouterSettings::home_tree());
        assert_eq!(limits, rates, "two decisions: {}", self.told());
        format!(
            "{:?}, {:?}: {} ms, at the ceiling after {} ms, {missed} cycles missed, ended after {} ms",
            self.fault,
            self.law,
            lasted.as_millis(),
            recovered.as_millis(),
            ended.after.as_millis()
        )
    }

    /// Looks until so many cycles have passed; gives what was seen.
    fn lasts(&mut self, until: u64) -> Vec<Health> {
        let mut course = Vec::new();
        loop {
            let health = self.waits.measured(|| self.daemon.health());
            let health = health.unwrap_or_else(|| panic!("{}", self.told()));
            let limits = PerDirection {
                download: (health.wans[0].download.confirmed_bps, mbit(100), mbit(400)),
                upload: (health.wans[0].upload.confirmed_bps, mbit(10), mbit(40)),
            };
            let fine = limits.map(|(limit, least, most)| {
                limit.is_none_or(|limit| (least.bps()..=most.bps()).contains(&limit))
            });
            assert!(fine.download && fine.upload, "{}", self.told());
            let over = health.wans[0].cycles >= until;
            course.push(health);
            if over {
                return course;
            }
            let_pass(LOOK);
        }
    }

    fn judge(&self, course: &[Health]) {
        let wans: Vec<&WanHealth> = course.iter().map(|health| &health.wans[0]).collect();
        let (late, last) = (&wans[wans.len() / 2..], wans[wans.len() - 1]);
        let told = || format!("{last:#?}; {}", self.told());
        let lowest = wans.iter().map(|wan| wan.download.wanted_bps).min().unwrap();
        match (self.fault, self.law) {
            (Fault::Silence | Fault::NoAddress, _) => {
                // What was decided before the first lost probe stays, and nobody calls it good.
                assert!(late.iter().all(|wan| wan.signal == "no-signal"), "{}", told());
                assert!(late.iter().all(|wan| wan.download.state == "no-signal"), "{}", told());
                assert_eq!(lowest, mbit(400).bps(), "{}", told());
            }
            (Fault::OneDead, _) => {
                assert!(last.reflectors[0].aside, "{}", told());
                assert!(wans.iter().all(|wan| wan.signal == "fresh"), "{}", told());
                assert_eq!(lowest, mbit(400).bps(), "{}", told());
            }
            (Fault::OneHasty | Fault::Loss | Fault::Reordering, _) => {
                assert!(wans.iter().all(|wan| wan.signal == "fresh"), "{}", told());
                assert!(wans.iter().all(|wan| wan.download.state == "GREEN"), "{}", told());
                assert_eq!(lowest, mbit(400).bps(), "{}", told());
            }
            // +40 ms: over the target, so both are lowered for as long as the baseline is what it
            // was; and down to the floor where it is much more.
            (Fault::PathStep, Law::Classic) => assert!(lowest < mbit(300).bps(), "{}", told()),
            (Fault::Bloat, Law::Classic) => {
                assert_eq!(last.download.wanted_bps, mbit(100).bps(), "{}", told());
                assert_eq!(last.upload.wanted_bps, mbit(10).bps(), "{}", told());
            }
            // Nobody uses the line: whatever the delay is of, it is no queue of ours, and it stays.
            (Fault::PathStep | Fault::Bloat, Law::Default) => {
                assert_eq!(lowest, mbit(400).bps(), "{}", told());
                assert!(self.daemon.count(&["the path has changed"]) >= 1, "{}", told());
            }
        }
    }

    fn judge_lines(&self, lasted: Span) {
        if self.fault.silences() {
            self.daemon.line("signal is back after");
        }
        let silent = self.daemon.count(&["no reflector answers; no-signal"]);
        let heard = self.daemon.count(&["signal is back after"]);
        let expected = usize::from(self.fault.silences());
        assert_eq!((silent, heard), (expected, expected), "{}", self.told());
        if self.fault.silences() {
            let line = self.daemon.line("signal is back after");
            let words: Vec<&str> = line.split("after ").nth(1).unwrap().split(' ').collect();
            let told: u64 = words[0].parse().unwrap();
            let told = if words[1] == "s" { told * 1_000 } else { told };
            // Set-aside reflectors are asked once a second.
            let true_length = lasted.as_millis();
            let fine = told + 1_000 >= true_length && told <= true_length + 2_500;
            assert!(fine, "{told} ms of {true_length}: {}", self.told());
        }
        if self.fault == Fault::OneDead {
            let of = |words| self.daemon.count(&["reflector 10.0.9.1", words]);
            assert_eq!((of("set aside"), of("answers again")), (1, 1), "{}", self.told());
        }
        assert!(self.daemon.lines().len() < 60, "{}", self.told());
    }

    fn told(&self) -> String {
        let Self { fault, law, daemon, .. } = self;
        format!("{fault:?}, {law:?}; it said\n{}", daemon.lines().join("\n"))
    }
}

fn is_load_known(health: &Health) -> bool {
    let wan = &health.wans[0];
    [&wan.download, &wan.upload].into_iter().all(|own| own.load.is_some())
}

fn at_ceiling(health: &Health) -> bool {
    let wan = &health.wans[0];
    let aside = wan.reflectors.iter().any(|reflector| reflector.aside);
    wan.signal == "fresh"
        && !aside
        && wan.download.confirmed_bps == Some(mbit(400).bps())
        && wan.upload.confirmed_bps == Some(mbit(40).bps())
}
