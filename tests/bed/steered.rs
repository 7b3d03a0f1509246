//! A line that stays bad in spite of its limits: the real daemon leads new connections to another one
//! while that lasts, and no longer.

use std::path::PathBuf;

use wanctl::{
    control::time::{Instant, Span},
    observe::health::{Health, SteeringHealth},
    sim::routeros::{ItemSettings, Menu},
};

use crate::{
    bloat,
    load::{Running, downloads, server},
    net::{Bed, REFLECTORS},
    shaper::counted,
    stalls::{self, Verdict},
    support::{
        config::{TREE, globals, section},
        daemon::Daemon,
        router::{Router, home},
        scratch::Scratch,
        wait::{now, seconds, within},
    },
};

const RULE: &str = "calls: other line";

/// The other line is one that nothing ever passes: the client's own loopback interface.
const OTHER: [(&str, &str); 10] = [
    ("queue_kind", "simple"),
    ("queue", "internet-cake"),
    ("baseline_initial", "1ms"),
    ("download_ceiling", "50M"),
    ("download_floor", "10M"),
    ("upload_ceiling", "10M"),
    ("upload_floor", "2M"),
    ("reflector", "127.0.0.1"),
    ("reflector", "127.0.0.2"),
    ("reflector", "127.0.0.3"),
];
const UPLOAD: [(&str, &str); 2] = [("upload_ceiling", "6M"), ("upload_floor", "2M")];

/// What is the matter with the line, and what the steering waits for.
pub(crate) struct Case {
    download: [(&'static str, &'static str); 2],
    /// Packets that the router's queue holds, and its type, if it is not CAKE.
    plain: Option<u32>,
    connections: u32,
    /// Bad for so long: steer.
    degrade_after: Span,
    hold_down: (&'static str, Span),
    recover_after: (&'static str, Span),
}

/// The line carries less than the lowest limit. Nothing waits in the router's queue, so the state has
/// to bear out what the delay says. The hold ends after the recovery.
pub(crate) const BELOW_THE_FLOOR: Case = Case {
    download: [("download_ceiling", "24M"), ("download_floor", "21M")],
    plain: None,
    connections: 1,
    degrade_after: seconds(2),
    hold_down: ("12s", seconds(12)),
    recover_after: ("5s", seconds(5)),
};

/// The router's own queue is a deep one: what it drops and what waits in it bear it out. The hold is
/// over before the recovery.
const DEEP_QUEUE: Case = Case {
    download: [("download_ceiling", "12M"), ("download_floor", "10M")],
    plain: Some(150),
    connections: 16,
    degrade_after: seconds(2),
    hold_down: ("1s", seconds(1)),
    recover_after: ("5s", seconds(5)),
};

/// From the first bad state to the rule.
const ON_WITHIN: Span = seconds(3);
/// Until what waits has drained and the averages have followed.
const CALM_WITHIN: Span = seconds(5);
/// What a request to the router may take more at one time than at another.
const LATER: Span = Span::from_millis(500);

/// A daemon that has both lines and watches the first one.
pub(crate) struct Steered<'a> {
    bed: &'a Bed,
    case: &'a Case,
    pub(crate) router: Router,
    pub(crate) daemon: Daemon,
    _scratch: Scratch,
}

impl<'a> Steered<'a> {
    /// In the client's namespace. The rule is off.
    pub(crate) fn start(bed: &'a Bed, case: &'a Case) -> Self {
        let mut settings = home();
        settings.items.push(ItemSettings::mangle(RULE).with("disabled", "true"));
        let (scratch, router) = (Scratch::new(), Router::start(settings));
        if let Some(packets) = case.plain {
            router.model().edit(Menu::Tree, "WAN-Download", "queue", "default-small");
            bed.leaf("change", "lan", packets);
        }
        let daemon = bloat::start(bed, &config(&scratch, &router, case));
        daemon.until("steady", |health| {
            let fresh = health.wans.iter().all(|wan| wan.signal == "fresh");
            fresh && of(health).rule_on == Some(false) && of(health).state == "GOOD"
        });
        Self { bed, case, router, daemon, _scratch: scratch }
    }

    /// Fills the line for so many seconds.
    pub(crate) fn load(&self, seconds: u32) -> Running {
        downloads(self.bed, self.case.connections, seconds)
    }

    /// When the rule is on, or off.
    fn switched(&self, on: bool) -> Instant {
        let is_so = || {
            let model = self.router.model();
            let disabled = matches!(model.value(Menu::Mangle, RULE, "disabled"), Some("true"));
            (disabled != on).then(now)
        };
        let log = || self.daemon.lines().join("\n");
        within(seconds(30), is_so).unwrap_or_else(|| panic!("never {on}:\n{}", log()))
    }

    /// How often something was written about the rule.
    fn switches(&self) -> usize {
        let taken = self.router.model().take_accepted();
        taken.iter().filter(|accepted| accepted.key == "disabled").count()
    }
}

fn config(scratch: &Scratch, router: &Router, case: &Case) -> PathBuf {
    let reflectors = REFLECTORS.map(|reflector| ("reflector", reflector));
    let steering = [
        ("enabled", "1"),
        ("primary", "cable"),
        ("alternate", "dsl"),
        ("comment", RULE),
        ("hold_down", case.hold_down.0),
        ("recover_after", case.recover_after.0),
    ];
    let text = globals(scratch, "info")
        + &router.section("home", scratch)
        + &section("wan", "cable", &[&TREE[..], &case.download, &UPLOAD, &reflectors].concat())
        + &section("wan", "dsl", &OTHER)
        + &section("steering", "calls", &steering);
    scratch.write("wanctl.conf", text.as_bytes())
}

pub(crate) fn of(health: &Health) -> &SteeringHealth {
    &health.steerings[0]
}

/// What happened, and when.
struct Seen {
    loaded: Instant,
    bad: Instant,
    on: Instant,
    eased: Instant,
    off: Instant,
    /// While the rule was on.
    steered: SteeringHealth,
    switches: [usize; 3],
    log: String,
}

impl Seen {
    fn watch(steered: &Steered<'_>) -> Self {
        let daemon = &steered.daemon;
        // Long enough to steer, if the line were bad already.
        let cycles = daemon.until("asked", |_| true).wans[0].cycles;
        daemon.until("idle", |health| health.wans[0].cycles >= cycles + 100);
        let before = steered.switches();
        let loaded = now();
        let load = steered.load(60);
        daemon.until("bad", |health| {
            ["SOFT_RED", "RED"].contains(&health.wans[0].download.state.as_str())
        });
        let bad = now();
        let on = steered.switched(true);
        let shown = daemon.until("steered", |health| of(health).rule_on == Some(true));
        // Some of the next readings as well.
        let cycles = shown.wans[0].cycles;
        let shown = daemon.until("on", |health| health.wans[0].cycles >= cycles + 40);
        drop(load);
        let (eased, during) = (now(), steered.switches());
        let off = steered.switched(false);
        daemon.until("recovered", |health| of(health).rule_on == Some(false));
        let switches = [before, during, steered.switches()];
        let log = daemon.lines().join("\n");
        Self { loaded, bad, on, eased, off, steered: of(&shown).clone(), switches, log }
    }

    fn show(&self) -> String {
        let ms = |at: Instant| at.since(self.loaded).as_millis();
        format!(
            "\nms after the load began: bad at {}, rule on at {}, load ended at {}, rule off at {}; \
             while it was on: delay {:+.1} ms, dropped {:?}, waiting {:?}; switches before, during \
             and after: {:?}",
            ms(self.bad),
            ms(self.on),
            ms(self.eased),
            ms(self.off),
            self.steered.delta_ms.unwrap_or_default(),
            self.steered.dropped,
            self.steered.waiting,
            self.switches
        )
    }

    /// What is not as it has to be.
    fn fault(&self, case: &Case) -> Option<&'static str> {
        let (held, recovered) = (self.on + case.hold_down.1, self.eased + case.recover_after.1);
        let earliest = held.max(recovered);
        if self.switches != [0, 1, 1] {
            Some("the rule is not switched once each way, while the line is loaded and after that")
        } else if self.on < self.loaded + case.degrade_after {
            Some("the rule was on too early")
        } else if self.on.since(self.bad) > ON_WITHIN {
            Some("the rule was on too late")
        } else if self.off + LATER < earliest {
            Some("the rule was off too early")
        } else if self.off.since(earliest) > CALM_WITHIN {
            Some("the rule was off too late")
        } else {
            None
        }
    }
}

fn steers(case: &Case, is_borne_out: fn(&SteeringHealth) -> bool) {
    let Some(bed) = Bed::new() else { return };
    let _server = server(&bed);
    stalls::judged(|| {
        bed.inside("client", || {
            let mut steered = Steered::start(&bed, case);
            let (seen, _) = counted(&bed, &steered.router, || Seen::watch(&steered));
            assert_eq!(steered.daemon.stop().status.code(), Some(0));
            assert!(is_borne_out(&seen.steered), "{:?}", seen.steered);
            Verdict { shown: seen.show(), fault: seen.fault(case), log: seen.log }
        })
    });
}

#[test]
fn a_line_that_is_full_below_its_lowest_limit_is_steered_around_within_three_seconds() {
    // The router's queue is empty: it counts nothing that could be demanded.
    steers(&BELOW_THE_FLOOR, |of| of.dropped.is_none());
}

#[test]
fn a_router_queue_that_drops_and_fills_bears_out_that_the_line_is_to_be_steered_around() {
    steers(&DEEP_QUEUE, |of| {
        of.waiting.is_some_and(|waiting| waiting >= 50) && of.dropped > Some(0)
    });
}
