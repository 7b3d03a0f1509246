//! Two WANs in one process do not share their troubles.

use wanctl::{
    control::time::Span,
    sim::routeros::{Down, RouterSettings},
};

use super::{CEILING, QUICK, start, wan};
use crate::running::{
    config::{TREE, globals},
    daemon::Daemon,
    router::{Router, home},
    scratch::Scratch,
    wait::now,
};

/// Cycles that each fault is watched for, and their length.
const CYCLES: u64 = 40;
const INTERVAL: Span = Span::from_millis(50);

/// What a busy machine may take: the health is asked for a little after the cycle.
const SLACK: Span = Span::from_millis(400);
const MAY_MISS: u64 = 2;

/// The cycles of the first WAN follow each other at their interval.
fn runs_undisturbed(daemon: &Daemon, what: &str) {
    let cycles = |least: u64| {
        let health = daemon.until("running", |health| health.wans[0].cycles >= least);
        (now(), health.wans[0].cycles, health.wans[0].cycles_missed)
    };
    let (start, first, missed) = cycles(0);
    let (end, last, missed_then) = cycles(first + CYCLES);
    let took = end.since(start).as_micros();
    let expected = INTERVAL.times(last - first).as_micros();
    assert!(took.abs_diff(expected) <= SLACK.as_micros(), "{what}: {took} µs, not {expected}");
    assert!(missed_then - missed <= MAY_MISS, "{what}: {} missed", missed_then - missed);
}

#[test]
fn a_dead_router_delays_no_cycle_and_no_limit_of_the_other_wan() {
    let scratch = Scratch::new();
    let (good, bad) = (Router::start(home()), Router::start(home()));
    bad.force(Some(Down::BlackHole));
    let text = globals(&scratch, "info")
        + &good.section("good", &scratch)
        + &bad.section("bad", &scratch)
        + &wan("one", &[&TREE, &QUICK, &[("router", "good")]])
        + &wan("two", &[&TREE, &QUICK, &[("router", "bad")]]);
    let daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    daemon.until("confirmed", |health| {
        health.wans[0].download.confirmed_bps == Some(CEILING.0)
            && health.wans[0].upload.confirmed_bps == Some(CEILING.1)
    });
    for down in [Down::BlackHole, Down::Refuse, Down::Reset, Down::AnswerCut] {
        bad.force(Some(down));
        runs_undisturbed(&daemon, &format!("{down:?}"));
    }
    let health = daemon.health().unwrap();
    assert_eq!(health.routers[0].reachable, Some(true));
    assert_eq!(health.routers[1].reachable, Some(false));
    // It is measured and decided for all the same.
    assert_eq!((health.wans[1].signal.as_str(), health.wans[1].writes_confirmed), ("fresh", 0));
    assert_eq!(daemon.count(&["router good: lost"]), 0);
    assert_eq!(daemon.count(&["router bad: lost"]), 1, "{:#?}", daemon.lines());

    bad.force(None);
    daemon.until("confirmed, too", |health| {
        health.wans[1].download.confirmed_bps == Some(CEILING.0)
            && health.wans[1].upload.confirmed_bps == Some(CEILING.1)
    });
    assert_eq!(daemon.count(&["router bad: reconnected"]), 1);
    assert_eq!(bad.limits(&RouterSettings::home_tree()).upload, Some(CEILING.1));
}
