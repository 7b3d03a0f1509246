//! The real binary with real sockets: two WANs behind one router, and its mangle rule.

use std::{path::PathBuf, process::Command};

use serde_json::Value;
use wanctl::{
    observe::health::{Health, Status, SteeringHealth},
    sim::routeros::{Down, ItemSettings, Menu, Rights, RouterSettings, User},
};

use crate::{
    binary::{start, wan},
    capture::both::both_ways,
    running::{
        config::{TREE, globals, section},
        daemon::{Daemon, WANCTL},
        router::{PASSWORD, Router, home},
        schema,
        scratch::Scratch,
        shown::{self, truthful},
        sshd::{SshdThread, me},
        wait::{seconds, within},
    },
};

const RULE: &str = "calls: other line";
const QUICK: [(&str, &str); 1] = [("baseline_initial", "1ms")];
const SIMPLE: [(&str, &str); 2] = [("queue_kind", "simple"), ("queue", "internet-cake")];

/// By which transport the router is asked; the other one is not used.
#[derive(Clone, Copy, Debug)]
enum Over {
    Rest,
    Ssh,
}

struct Bed {
    scratch: Scratch,
    router: Router,
    sshd: SshdThread,
}

fn settings() -> RouterSettings {
    let mut settings = home();
    let user = User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full };
    settings.users.push(user);
    let others = ["voip", "calls: other", "calls: other line 2"];
    settings.items.extend(others.map(ItemSettings::mangle));
    settings.items.push(ItemSettings::mangle(RULE));
    settings
}

impl Bed {
    /// The rule is on, as an earlier run may have left it.
    fn new() -> Self {
        let (scratch, router) = (Scratch::new(), Router::start(settings()));
        let sshd = SshdThread::start(router.shared());
        Self { scratch, router, sshd }
    }

    fn configure(&self, over: Over, options: &[(&str, &str)]) -> PathBuf {
        let access = both_ways(&self.router, &self.sshd, &self.scratch);
        let access = access.iter().map(|(name, value)| (*name, value.as_str()));
        let transport = match over {
            Over::Rest => "rest",
            Over::Ssh => "ssh",
        };
        let unused = |name: &str| match over {
            Over::Rest => name.starts_with("ssh"),
            Over::Ssh => name.starts_with("rest") || name.starts_with("tls"),
        };
        let own = [("transport", transport), ("fallback", "none")];
        let access: Vec<(&str, &str)> =
            access.filter(|(name, _)| !unused(name)).chain(own).collect();
        let steering = [
            ("enabled", "1"),
            ("primary", "cable"),
            ("alternate", "dsl"),
            ("comment", RULE),
            ("hold_down", "1s"),
        ];
        let text = globals(&self.scratch, "info")
            + &section("router", "home", &access)
            + &wan("cable", &[&TREE, &QUICK])
            + &wan("dsl", &[&SIMPLE, &QUICK])
            + &section("steering", "calls", &merged(&steering, options));
        self.scratch.write("wanctl.conf", text.as_bytes())
    }

    fn rule(&self) -> bool {
        let model = self.router.model();
        matches!(model.value(Menu::Mangle, RULE, "disabled"), None | Some("false" | "no"))
    }

    fn switch(&self, on: bool) {
        let value = if on { "false" } else { "true" };
        self.router.model().edit(Menu::Mangle, RULE, "disabled", value);
    }

    /// How often something was written about a rule since this was asked last.
    fn switches(&self) -> usize {
        let taken = self.router.model().take_accepted();
        taken.iter().filter(|accepted| accepted.key == "disabled").count()
    }
}

/// The options, and those of them that are given otherwise.
fn merged<'a>(
    usual: &[(&'a str, &'a str)],
    options: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = |(name, _): &&(&str, &str)| !options.iter().any(|(other, _)| other == name);
    usual.iter().filter(kept).chain(options).copied().collect()
}

fn calls(health: &Health) -> &SteeringHealth {
    &health.steerings[0]
}

fn is_on(health: &Health) -> bool {
    let [of] = &health.steerings[..] else { panic!("{health:?}") };
    of.state == "DEGRADED" && of.rule_on == Some(true) && of.rule_wanted == Some(true)
}

fn is_off(health: &Health) -> bool {
    let of = calls(health);
    of.state == "GOOD" && of.rule_on == Some(false) && of.rule_wanted == Some(false)
}

fn others_are_untouched(bed: &Bed) {
    for comment in ["voip", "calls: other", "calls: other line 2"] {
        let model = bed.router.model();
        let disabled = model.value(Menu::Mangle, comment, "disabled");
        assert!(matches!(disabled, None | Some("false" | "no")), "{comment}: {disabled:?}");
    }
}

fn status(daemon: &Daemon) -> String {
    let at = daemon.address().to_string();
    let output = Command::new(WANCTL).args(["status", "--at", &at]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What was on is kept until recovery is proven, then it is switched off, and all that shows it says
/// so.
fn recovers(over: Over) {
    let bed = Bed::new();
    let config = bed.configure(over, &[("recover_after", "5s")]);
    let mut daemon = start(&config);
    daemon.until("steering", is_on);
    assert_eq!(truthful(&daemon, "steered")["steerings"][0]["rule_on"], true);
    daemon.line("steering calls: the rule \"calls: other line\" is on");
    assert!(status(&daemon).contains("steering calls: DEGRADED"), "{}", status(&daemon));
    daemon.until_within(seconds(60), "recovered", is_off);
    assert_eq!(truthful(&daemon, "recovered")["steerings"][0]["rule_on"], false);
    assert!(!bed.rule());
    assert_eq!(bed.switches(), 1);
    let line = daemon.line("steering calls: DEGRADED -> GOOD: wan cable has been good for");
    assert!(line.contains("[INFO]") && line.contains("delay "), "{line}");
    daemon.line("steering calls: the rule \"calls: other line\" is off now, the router shows it");
    let (_, history) = crate::running::daemon::ask(daemon.address(), "/history").unwrap();
    assert!(history.contains("steering calls: DEGRADED -> GOOD"), "{history}");
    let (_, metrics) = crate::running::daemon::ask(daemon.address(), "/metrics").unwrap();
    assert!(metrics.contains("\nwanctl_steering_state{steering=\"calls\"} 0\n"), "{metrics}");
    assert!(metrics.contains("\nwanctl_steering_rule_on{steering=\"calls\"} 0\n"), "{metrics}");
    others_are_untouched(&bed);
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn over_rest_a_rule_that_was_on_is_switched_off_after_recovery_and_all_that_shows_it_says_so() {
    recovers(Over::Rest);
}

#[test]
fn over_ssh_a_rule_that_was_on_is_switched_off_after_recovery_and_all_that_shows_it_says_so() {
    recovers(Over::Ssh);
}

/// A rule that was switched off behind an outage is switched on again; the end keeps it or not, and
/// the next start goes on.
fn ends(over: Over, on_exit: &str) {
    let bed = Bed::new();
    let config = bed.configure(over, &[("recover_after", "600s"), ("on_exit", on_exit)]);
    let mut daemon = start(&config);
    // The limits come first; at the end there shall be none left to set.
    daemon.until_within(seconds(60), "steering, and confirmed", |health| {
        let mut limits = health.wans.iter().flat_map(|wan| [&wan.download, &wan.upload]);
        let confirmed = limits.all(|of| of.confirmed_bps == Some(of.wanted_bps));
        health.status == Status::Healthy && is_on(health) && confirmed
    });
    if matches!(over, Over::Rest) {
        bed.router.force(Some(Down::Refuse));
        daemon.until("lost", |health| health.routers[0].reachable == Some(false));
        let lost = truthful(&daemon, "lost");
        assert_eq!(
            (lost["status"].as_str(), lost["steerings"][0]["state"].as_str()),
            (Some("degraded"), Some("DEGRADED"))
        );
        bed.switch(false);
        bed.router.force(None);
        daemon.until_within(seconds(60), "on again", |health| is_on(health) && bed.rule());
        assert_eq!(bed.switches(), 1, "once, and no storm");
    }
    let ended = daemon.stop();
    assert_eq!(ended.status.code(), Some(0), "{:#?}", daemon.lines());
    assert!(ended.after < seconds(5), "{ended:?}");
    assert_eq!(bed.rule(), on_exit == "keep", "{:#?}", daemon.lines());
    assert_eq!(bed.switches(), usize::from(on_exit == "disable"));
    others_are_untouched(&bed);
    if on_exit == "keep" {
        let mut daemon = start(&config);
        let health = daemon.until("steering", is_on);
        assert_eq!(calls(&health).changes, 0);
        assert_eq!(daemon.stop().status.code(), Some(0));
        assert_eq!((bed.switches(), bed.rule()), (0, true), "a restart does not flap");
    }
}

#[test]
fn over_rest_the_end_keeps_the_rule_and_the_next_start_goes_on_with_it() {
    ends(Over::Rest, "keep");
}

#[test]
fn over_rest_the_end_switches_the_rule_off_where_that_is_set() {
    ends(Over::Rest, "disable");
}

#[test]
fn over_ssh_the_end_switches_the_rule_off_where_that_is_set() {
    ends(Over::Ssh, "disable");
}

#[test]
fn a_steering_that_is_shown_otherwise_than_the_schema_says_is_noticed() {
    let bed = Bed::new();
    let daemon = start(&bed.configure(Over::Rest, &[("mode", "confidence")]));
    daemon.until("steering", is_on);
    let (root, health) = (shown::schema(), truthful(&daemon, "steered"));
    let broken: [fn(&mut Value); 6] = [
        |of| of["state"] = "SPECTRE".into(),
        |of| of["judgement"] = "SOFT_RED".into(),
        |of| of["brake"] = 6.into(),
        |of| of["rule_on"] = "on".into(),
        |of| of["more"] = 1.into(),
        |of| drop(of.as_object_mut().unwrap().remove("rule_wanted")),
    ];
    for (index, spoil) in broken.iter().enumerate() {
        let mut health = health.clone();
        spoil(&mut health["steerings"][0]);
        assert!(!schema::check(&root, &health).is_empty(), "{index}");
    }
}

#[test]
fn a_reload_changes_the_section_and_keeps_what_is_decided() {
    let bed = Bed::new();
    let config = bed.configure(Over::Rest, &[("recover_after", "600s")]);
    let mut daemon = start(&config);
    daemon.until("steering", is_on);
    let reload = |options: &[(&str, &str)], words: &str, count: usize| {
        assert_eq!(bed.configure(Over::Rest, options), config);
        daemon.signal(libc::SIGHUP);
        let said = within(seconds(20), || (daemon.count(&[words]) >= count).then_some(()));
        assert!(said.is_some(), "{:#?}", daemon.lines());
    };
    reload(&[("recover_after", "500s")], "applied: steering calls changed", 1);
    let health = daemon.health().unwrap();
    assert!(is_on(&health), "{health:?}");
    // In a dry run the rule is left alone, whatever it is.
    reload(&[("dry_run", "1"), ("recover_after", "5s")], "applied: steering calls changed", 2);
    daemon.until_within(seconds(60), "decided", |health| calls(health).state == "GOOD");
    daemon.line("(dry run: the rule is left alone)");
    assert_eq!((bed.rule(), bed.switches()), (true, 0));
    reload(&[("recover_after", "5s")], "applied: steering calls changed", 3);
    daemon.until("followed", is_off);
    assert_eq!((bed.rule(), bed.switches()), (false, 1));
    assert_eq!(daemon.count(&["connected"]), 1, "{:#?}", daemon.lines());
    // Nobody steers any more, and the log says what is left.
    reload(&[("enabled", "0"), ("recover_after", "5s")], "steering calls is gone", 1);
    daemon.line("(its rule stays as it is)");
    daemon.until("none", |health| health.steerings.is_empty());
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn a_reload_that_takes_the_section_out_switches_its_rule_off_where_that_is_set() {
    for (on_exit, words) in
        [("disable", "(its rule is switched off)"), ("keep", "(its rule stays as it is)")]
    {
        let bed = Bed::new();
        let usual = [("recover_after", "600s"), ("on_exit", on_exit)];
        let mut daemon = start(&bed.configure(Over::Rest, &usual));
        daemon.until("steering", is_on);
        bed.configure(Over::Rest, &[&usual[..], &[("enabled", "0")]].concat());
        daemon.signal(libc::SIGHUP);
        daemon.line(&format!("steering calls is gone {words}"));
        daemon.until("none", |health| health.steerings.is_empty());
        if on_exit == "disable" {
            daemon.line("steering calls: the rule \"calls: other line\" is off now");
        }
        assert_eq!(bed.rule(), on_exit == "keep");
        // Taken in again it begins with what it finds, and nobody switches anything.
        bed.configure(Over::Rest, &usual);
        daemon.signal(libc::SIGHUP);
        daemon.line("steering calls is new");
        daemon.until("read", |health| calls(health).rule_on == Some(on_exit == "keep"));
        assert_eq!(bed.switches(), usize::from(on_exit == "disable"));
        others_are_untouched(&bed);
        assert_eq!(daemon.stop().status.code(), Some(0));
    }
}

#[test]
fn a_rule_that_a_reload_leaves_is_switched_off_when_the_router_is_back() {
    let bed = Bed::new();
    let usual = [("recover_after", "600s"), ("on_exit", "disable")];
    let mut daemon = start(&bed.configure(Over::Rest, &usual));
    daemon.until("steering", is_on);
    bed.router.force(Some(Down::Refuse));
    daemon.until("lost", |health| health.routers[0].reachable == Some(false));
    bed.configure(Over::Rest, &[&usual[..], &[("comment", "voip")]].concat());
    daemon.signal(libc::SIGHUP);
    daemon.line("applied: steering calls changed");
    assert!(bed.rule());
    bed.router.force(None);
    daemon.line("steering calls: the rule \"calls: other line\" is off now");
    assert!(!bed.rule());
    daemon.until("the other one", |health| calls(health).rule_on == Some(true));
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn a_rule_that_is_missing_is_told_shown_and_makes_the_daemon_degraded() {
    let bed = Bed::new();
    bed.router.model().edit(Menu::Mangle, RULE, "comment", "renamed");
    let mut daemon = start(&bed.configure(Over::Rest, &[]));
    let health = daemon.until("trouble", |health| {
        calls(health).rule_trouble.is_some() && health.status != Status::Starting
    });
    assert_eq!(calls(&health).rule_trouble.as_deref(), Some("not-found"));
    let line = daemon.line("steering calls: the rule \"calls: other line\" is not on the router");
    assert!(line.contains("[ERROR]"), "{line}");
    let shown = truthful(&daemon, "missing");
    assert_eq!(
        (shown["status"].as_str(), shown["steerings"][0]["rule_trouble"].as_str()),
        (Some("degraded"), Some("not-found"))
    );
    assert!(status(&daemon).contains("cannot be switched: not-found"), "{}", status(&daemon));
    bed.router.model().edit(Menu::Mangle, "renamed", "comment", RULE);
    daemon.until_within(seconds(30), "found", |health| calls(health).rule_trouble.is_none());
    assert_eq!(daemon.stop().status.code(), Some(0));
}
