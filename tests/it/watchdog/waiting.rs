//! Daemons that wait for a router or a line, or were made to wait themselves: never ended.

use wanctl::{
    control::{failure::FailureKind, time::Span, wan::RouterId},
    sim::{
        link::LinkSettings,
        routeros::Down,
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use super::goes_on;
use crate::{
    binary::{RATES, configured, start, started},
    running::{
        config::{TREE, globals, section},
        daemon::Daemon,
        router::{Router, home},
        scratch::Scratch,
        wait::{seconds, within},
    },
    support::settings::{at, wan},
};

/// Cycles of 50 ms in one hour.
const HOUR: u64 = 72_000;

/// One virtual hour with these faults all the time; a second WAN, two seconds a cycle, beside it.
fn an_hour_of(failure: Option<FailureKind>, outage: Option<Window>) {
    let mut router = RouterSettings::healthy();
    let always = Window { from: at(0), to: at(7_200_000) };
    router.failures.extend(failure.map(|kind| (always, kind)));
    let line = outage.into_iter().fold(LinkSettings::cable(), LinkSettings::with_outage);
    let mut slow = wan(100, 20);
    slow.router = RouterId(1);
    slow.law.interval = Span::from_secs(2);
    let wans = vec![(wan(500, 50), line), (slow, LinkSettings::quiet())];
    let mut world = World::new(wans, vec![router, RouterSettings::healthy()], 1);
    let mut ticks = 0_u64;
    world
        .run_until(at(HOUR * 50), |world| {
            let now = world.now();
            let on_time = world.engine().on_time_until(now);
            assert_eq!(on_time, now, "{failure:?}, {outage:?}");
            ticks += 1;
        })
        .unwrap();
    assert!(ticks > HOUR, "{ticks} ticks");
    let cycles = world.engine().wans()[0].cycles();
    assert_eq!((cycles.total, cycles.missed), (HOUR + 1, 0));
}

#[test]
fn an_hour_of_a_bad_router_a_dead_line_or_both_is_progress_all_the_time() {
    let dead = Some(Window { from: at(5_000), to: at(7_200_000) });
    for failure in [FailureKind::Timeout, FailureKind::Refused, FailureKind::Auth] {
        an_hour_of(Some(failure), None);
    }
    an_hour_of(None, dead);
    an_hour_of(Some(FailureKind::Timeout), dead);
}

#[test]
fn twelve_seconds_of_a_black_hole_and_of_silence_end_no_daemon() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    router.force(Some(Down::BlackHole));
    // Addresses that are nobody's, by a device that leads to nobody else.
    let reflectors = [("reflector", "192.0.2.1"), ("reflector", "198.51.100.1")];
    let options = [&TREE[..], &RATES, &reflectors, &[("interface", "lo")]].concat();
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &section("wan", "cable", &options);
    let daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    goes_on(&daemon, 240);
    let health = daemon.health().unwrap();
    assert_eq!(health.wans[0].signal, "no-signal");
    assert_eq!(health.routers[0].reachable, Some(false));
}

fn is_stopped_for(daemon: &Daemon, span: Span) {
    daemon.signal(libc::SIGSTOP);
    assert_eq!(within(span, || None::<()>), None);
    daemon.signal(libc::SIGCONT);
}

#[test]
fn a_process_that_was_stopped_for_seven_seconds_goes_on() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let mut daemon = started(&configured(&scratch, &router));
    is_stopped_for(&daemon, seconds(7));
    goes_on(&daemon, 40);
    assert_eq!(daemon.stop().status.code(), Some(0));
}
