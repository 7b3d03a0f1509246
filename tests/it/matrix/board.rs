//! Faults of the board that the router's and the line's tables do not have: no descriptors left.
//!
//! State directory missing and state corrupt: `binary/state.rs`; full and read-only: `tests/bed`; two
//! instances: `binary/restart.rs`; suspend: `watchdog/waiting.rs`; the clock is set: `clock.rs` here.

use std::io;

use wanctl::{control::time::Span, os::clock};

use crate::running::{
    canary::with_canary,
    config::{CLIMBING, TREE, globals, section},
    daemon::{Daemon, WANCTL, run},
    faults::Site,
    router::{Router, home},
    rows::say,
    scratch::Scratch,
    stops::{leave_rates, let_pass},
    turn::turn,
    wait::{now, seconds},
};

/// Descriptors that the daemon may open from now on have a number below this.
#[expect(unsafe_code, reason = "the standard library knows no limits")]
fn limit_descriptors(daemon: &Daemon, soft: libc::rlim_t) -> libc::rlim_t {
    let pid = libc::pid_t::try_from(daemon.pid()).unwrap();
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let set = |new: *const libc::rlimit, old: *mut libc::rlimit| {
        // SAFETY: both structures outlive the call, or are absent; the child has not been waited
        // for, so the number is its own.
        let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, new, old) };
        assert_eq!(result, 0, "RLIMIT_NOFILE: {}", io::Error::last_os_error());
    };
    set(std::ptr::null(), &raw mut old);
    let new = libc::rlimit { rlim_cur: soft, ..old };
    set(&raw const new, std::ptr::null_mut());
    old.rlim_cur
}

#[test]
fn without_descriptors_it_goes_on_and_with_them_it_reaches_its_router_again() {
    let _turn = turn();
    let (scratch, site) = (Scratch::in_memory(), Site::new(Router::start(home())));
    leave_rates(&scratch, "state", (200, 20), clock::unix_now());
    let wan = section("wan", "cable", &[&TREE[..], &CLIMBING].concat());
    let router = site.router.section_at(site.proxy.address(), "home", &scratch);
    let text = globals(&scratch, "info") + &router + &wan;
    let config = scratch.write("wanctl.conf", text.as_bytes());
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    // The rates rise all the time: there is something to write every second.
    let has_written = |daemon: &Daemon, rate: u64| {
        daemon.until("writing", |health| {
            health.routers[0].reachable == Some(true)
                && health.wans[0].download.confirmed_bps > Some(rate)
        })
    };
    let before = has_written(&daemon, 200_000_000);
    let (start, descriptors) = (now(), daemon.descriptors());
    let (after, sung) = with_canary(|canary| {
        let usual = limit_descriptors(&daemon, 3);
        site.proxy.cut();
        let_pass(seconds(10));
        limit_descriptors(&daemon, usual);
        (has_written(&daemon, 220_000_000), canary.sung())
    });
    let (cycles, passed) = (after.wans[0].cycles - before.wans[0].cycles, now().since(start));
    let due = passed.as_millis() / 50;
    say(&format!("without descriptors: {cycles} of {due} cycles, {} lines", daemon.lines().len()));
    let missed = after.wans[0].cycles_missed;
    assert!(missed <= 2 + 3 * sung.missed, "{missed} missed: {:#?}", daemon.lines());
    assert!(cycles + missed + 40 >= due, "{cycles} of {due}");
    assert!(daemon.descriptors() <= descriptors + 2, "{}", daemon.descriptors());
    assert!(daemon.lines().len() < 100, "{:#?}", daemon.lines());
    let ended = daemon.stop();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.after < Span::from_secs(3));
}
