//! SIGTERM, SIGINT, twice, and with a router that does not answer.

use std::fs;

use wanctl::{
    sim::routeros::Down,
    store::format::{self, State},
};

use super::{CEILING, configured, start, started};
use crate::running::{
    router::{Router, home},
    scratch::Scratch,
    wait::seconds,
};

pub(super) fn state(scratch: &Scratch) -> State {
    let content = fs::read(scratch.join("state").join("state.json")).unwrap();
    format::decode(&content).unwrap_or_else(|error| panic!("{error}: {content:?}"))
}

#[test]
fn sigterm_and_sigint_end_it_with_zero_and_a_whole_state() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        let mut daemon = started(&configured(&scratch, &router));
        daemon.signal(signal);
        let ended = daemon.ended(seconds(3));
        assert_eq!(ended.status.code(), Some(0));
        assert_eq!(daemon.lines().last().map(String::as_str), Some("[INFO] ended"));
        let state = state(&scratch);
        assert_eq!((state.wans.len(), state.wans[0].name.as_str()), (1, "cable"));
        assert_eq!(state.wans[0].wan.rates.download.bps(), CEILING.0);
        let files: Vec<_> = fs::read_dir(scratch.join("state"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files.len(), 2, "state and lock, nothing half written: {files:?}");
    }
}

#[test]
fn a_router_that_swallows_requests_delays_the_end_by_five_seconds_at_most() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    router.force(Some(Down::BlackHole));
    let mut daemon = start(&configured(&scratch, &router));
    daemon.until("deciding", |health| health.wans[0].signal == "fresh");
    daemon.signal(libc::SIGTERM);
    assert_eq!(daemon.ended(seconds(5)).status.code(), Some(0));
    assert_eq!(state(&scratch).wans[0].wan.confirmed.download, None);
}

#[test]
fn a_second_sigterm_ends_it_at_once() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    router.force(Some(Down::BlackHole));
    let config = configured(&scratch, &router);
    // The request in flight would be waited for as long as the end may take.
    let text =
        fs::read_to_string(&config).unwrap().replace("rest_timeout '1s'", "rest_timeout '10s'");
    let mut daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    daemon.until("deciding", |health| {
        health.wans[0].signal == "fresh" && health.routers[0].requests == 1
    });
    daemon.signal(libc::SIGTERM);
    daemon.line("stopping");
    daemon.signal(libc::SIGTERM);
    let ended = daemon.ended(seconds(5));
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.after < seconds(1), "took {} ms", ended.after.as_millis());
    assert_eq!(state(&scratch).wans.len(), 1);
}
