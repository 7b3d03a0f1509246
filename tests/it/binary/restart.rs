//! What survives: the state over a restart of the daemon, the limits over one of the router.

use wanctl::{
    control::time::Span,
    os::clock,
    sim::routeros::{Down, RouterSettings},
};

use super::{CEILING, RATES, REFLECTORS, configured, ending::state, output, start, wan};
use crate::running::{
    config::{TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{Router, home, mbit},
    scratch::Scratch,
    stops::leave_rates,
    wait::{seconds, within},
};

/// A daemon whose rates rise for minutes, a step per cycle as by the classic law, so that there is a write
/// every second.
fn climbing(scratch: &Scratch, router: &Router) -> std::path::PathBuf {
    let slow = [("law", "classic"), ("download_step_up", "0.1M"), ("upload_step_up", "0.1M")];
    let text = globals(scratch, "info")
        + &router.section("home", scratch)
        + &wan("cable", &[&TREE, &slow]);
    scratch.write("wanctl.conf", text.as_bytes())
}

#[test]
fn the_next_start_goes_on_from_the_rates_of_the_last_one() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    leave_rates(&scratch, "state", (200, 20), clock::unix_now());
    let config = climbing(&scratch, &router);
    let mut first = start(&config);
    first.line("wan cable: going on from the saved state");
    first.until("written", |health| health.wans[0].upload.confirmed_bps.is_some());
    assert_eq!(first.stop().status.code(), Some(0));
    let left = state(&scratch).wans[0].wan;
    let limits = router.limits(&RouterSettings::home_tree());
    assert_eq!(limits, left.confirmed.map(|rate| rate.map(wanctl::control::units::Rate::bps)));
    // 0.1 Mbit/s per cycle from 200 and 20 Mbit/s on; it did not run for ten seconds.
    let (download, upload) = (left.rates.download, left.rates.upload);
    assert!((mbit(200)..mbit(220)).contains(&download), "{download:?}");
    assert!((mbit(20)..=mbit(40)).contains(&upload), "{upload:?}");

    let second = start(&config);
    second.line("wan cable: going on from the saved state");
    let health = second.until("deciding", |health| health.wans[0].signal == "fresh");
    let wanted = health.wans[0].download.wanted_bps;
    assert!((download.bps()..download.bps() + 10_000_000).contains(&wanted), "{wanted}");
    // Nothing to learn, and no way over the ceilings.
    assert_eq!(second.count(&["baseline learnt"]), 0);
    assert_eq!(REFLECTORS.len(), health.wans[0].reflectors.len());
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused_and_names_the_first() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    let daemon = start(&config);
    let requests = router.log().requests();
    let mut second = Daemon::spawn(run(WANCTL.as_ref(), &config));
    assert_eq!(second.ended(seconds(5)).status.code(), Some(1));
    let pid = format!("already running, process {}", daemon.pid());
    assert_eq!(second.count(&[&pid]), 1, "{:?}", second.lines());
    assert!(router.log().requests() >= requests, "the first goes on");
    assert_eq!(output(&["status", "--at", &daemon.address().to_string()]).0, Some(0));
}

#[test]
fn a_router_that_restarts_gets_its_limits_back() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    leave_rates(&scratch, "state", (200, 20), clock::unix_now());
    let daemon = start(&climbing(&scratch, &router));
    daemon.until("written", |health| health.wans[0].upload.confirmed_bps.is_some());
    // The next write finds nobody; on return the router has what it is set to at a restart.
    router.force(Some(Down::Refuse));
    daemon.until("lost", |health| health.routers[0].reachable == Some(false));
    router.model().reboot(clock::now(), Span::ZERO);
    assert_eq!(router.limits(&RouterSettings::home_tree()).download, Some(900_000_000));
    router.force(None);
    let restored = within(PATIENCE, || {
        let limits = router.limits(&RouterSettings::home_tree());
        let (download, upload) = (limits.download.unwrap(), limits.upload.unwrap());
        (download < CEILING.0 && upload <= CEILING.1).then_some(())
    });
    restored.unwrap_or_else(|| panic!("never restored:\n{}", daemon.lines().join("\n")));
    assert_eq!(daemon.count(&["router home: lost"]), 1);
    daemon.line("router home: reconnected");
    let health = daemon.until_within(seconds(20), "healthy", |health| {
        health.routers[0].reachable == Some(true)
            && health.wans[0].download.confirmed_bps.is_some_and(|limit| limit < CEILING.0)
    });
    assert_eq!(health.wans[0].download.trouble, None);
}

/// The line is dead, so the old baseline is never replaced; neither a save nor a kill may lose it.
#[test]
fn a_kill_while_the_baseline_is_learnt_anew_loses_no_restored_rates() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let written = clock::unix_now() - 2 * 86_400;
    leave_rates(&scratch, "state", (200, 20), written);
    let nobody = [("reflector", "192.0.2.1"), ("interface", "lo")];
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &section("wan", "cable", &[&TREE[..], &RATES, &nobody].concat());
    let mut daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    let saved =
        within(PATIENCE, || Some(state(&scratch)).filter(|state| state.written_unix > written));
    let saved = saved.unwrap_or_else(|| panic!("never saved:\n{}", daemon.lines().join("\n")));
    daemon.signal(libc::SIGKILL);
    daemon.ended(PATIENCE);
    for state in [saved, state(&scratch)] {
        assert_eq!(state.wans[0].wan.rates.download, mbit(200));
        assert_eq!(state.wans[0].wan.rates.upload, mbit(20));
        assert_eq!(state.wans[0].measured_unix, written, "no younger");
    }
}
