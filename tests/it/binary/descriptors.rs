//! Too few file descriptors: at the start, and for a while later.

use std::{
    fs,
    io::Read as _,
    process::{Command, Stdio},
};

use wanctl::sim::routeros::Down;

use super::{CEILING, configured, started};
use crate::running::{
    daemon::{Daemon, PATIENCE, WANCTL},
    router::{Router, home},
    scratch::Scratch,
    stops::{climbing, leave, names, state},
    turn::turn,
    wait::{seconds, within},
};

/// `wanctl run` with at most so many descriptors, the three standard ones among them.
fn limited(limit: u32, config: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -n {limit}; exec {WANCTL} run -c {}", config.display()))
        .env("RUST_BACKTRACE", "0");
    command
}

#[test]
fn a_start_with_hardly_any_is_refused_in_plain_words() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    for limit in 5..12 {
        let mut command = limited(limit, &config);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let status = within(PATIENCE, || child.try_wait().unwrap());
        if status.is_none() {
            child.kill().unwrap();
        }
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(status.and_then(|status| status.code()), Some(1), "{limit}: {said}");
        assert!(said.contains("file descriptors") && said.contains("ulimit -n"), "{limit}: {said}");
        assert_eq!(said.lines().count(), 1, "{limit}: {said}");
    }
}

#[test]
fn a_state_that_cannot_be_read_for_want_of_them_stays_where_it_is() {
    let _turn = turn();
    let router = Router::start(home());
    let mut ran = 0;
    for limit in 8..=24 {
        let scratch = Scratch::new();
        leave(&scratch, "state", wanctl::os::clock::unix_now());
        let config = climbing(&scratch, &router, "");
        let mut daemon = Daemon::spawn(limited(limit, &config));
        let runs = within(PATIENCE, || {
            let lines = daemon.lines();
            let runs = lines.iter().any(|line| line.contains("status: "));
            let over = lines.iter().any(|line| line.contains("not started"));
            (runs || over).then_some(runs)
        });
        if runs.unwrap_or_else(|| panic!("{limit}: {:#?}", daemon.lines())) {
            ran += 1;
            assert_eq!(daemon.stop().status.code(), Some(0), "{limit}: {:#?}", daemon.lines());
        } else {
            daemon.ended(PATIENCE);
        }
        let dir = scratch.join("state");
        let left = names(&dir);
        assert!(!left.contains(&"state.json.corrupt".to_owned()), "{limit}: {:#?}", daemon.lines());
        assert!(state(&dir).is_some(), "{limit}: {left:?}");
        assert!(daemon.lines().len() < 40, "{limit}: {:#?}", daemon.lines());
    }
    assert!(ran >= 5, "{ran}");
}

#[expect(unsafe_code, reason = "the standard library sets no limits")]
fn set_limit(daemon: &Daemon, soft: libc::rlim_t) {
    let pid = libc::pid_t::try_from(daemon.pid()).unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both values outlive the calls; the child has not been waited for.
    unsafe {
        let nothing = std::ptr::null();
        assert_eq!(libc::prlimit(pid, libc::RLIMIT_NOFILE, nothing, &raw mut limit), 0);
        limit.rlim_cur = soft.min(limit.rlim_max);
        let old = std::ptr::null_mut();
        assert_eq!(libc::prlimit(pid, libc::RLIMIT_NOFILE, &raw const limit, old), 0);
    }
}

#[test]
fn while_none_are_left_it_measures_on_and_once_there_are_some_it_controls_again() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    let mut daemon = started(&config);
    let open = libc::rlim_t::try_from(daemon.descriptors()).unwrap();
    for spare in 0..6 {
        // What the limits are changed for is written, and the connection lost with it. They go down: up
        // goes a rate by load alone.
        router.force(Some(Down::Reset));
        let ceiling = |step: u64| format!("'{}M'", 400 - 10 * step);
        let text =
            fs::read_to_string(&config).unwrap().replace(&ceiling(spare), &ceiling(spare + 1));
        scratch.write("wanctl.conf", text.as_bytes());
        daemon.signal(libc::SIGHUP);
        daemon.until("lost", |health| health.routers[0].reachable == Some(false));
        let before = daemon.health().unwrap();
        set_limit(&daemon, open.saturating_sub(3) + spare);
        router.force(None);
        let said = daemon.lines().len();
        let flood = within(seconds(2), || (daemon.lines().len() > said + 20).then_some(()));
        assert!(flood.is_none(), "{:#?}", daemon.lines());
        set_limit(&daemon, 1_024);
        let rate = CEILING.0 - 10_000_000 * (spare + 1);
        let health = daemon.until("confirmed", |health| {
            health.routers[0].reachable == Some(true)
                && health.wans[0].download.confirmed_bps == Some(rate)
        });
        assert!(health.wans[0].cycles > before.wans[0].cycles + 30, "it measured on");
    }
    assert!(daemon.lines().len() < 100, "{:#?}", daemon.lines());
    assert_eq!(daemon.stop().status.code(), Some(0));
}
