//! What the daemon may do without privileges.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    bloat,
    needs::announce,
    net::Bed,
    support::{
        daemon::{Daemon, WANCTL, run},
        router::{Router, home},
        scratch::Scratch,
    },
};

/// `nobody`, with a group to match.
const NOBODY: u32 = 65_534;

/// The binary in a place that everybody reaches, and its configuration as a file of nobody's.
fn for_nobody(scratch: &Scratch, router: &Router) -> (PathBuf, PathBuf) {
    let config = bloat::config(scratch, router, "info");
    let program = scratch.join("wanctl");
    fs::copy(WANCTL, &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(scratch.path()).unwrap() {
        chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    chown(scratch.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    (program, config)
}

/// A daemon without any capability, in the namespace of this thread.
fn start(program: &Path, config: &Path) -> Daemon {
    let mut command: Command = run(program, config);
    // Leaving root drops every capability.
    command.uid(NOBODY).gid(NOBODY);
    let mut daemon = Daemon::spawn(command);
    daemon.wait_for_status();
    let text = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    assert!(text.contains("CapEff:\t0000000000000000"), "{text}");
    daemon
}

#[test]
fn without_privileges_it_measures_by_ping_sockets_where_the_system_allows_them() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    bed.set("client", "net.ipv4.ping_group_range", &format!("{NOBODY} {NOBODY}"));
    bed.inside("client", || {
        let router = Router::start(home());
        let (program, config) = for_nobody(&scratch, &router);
        let mut daemon = start(&program, &config);
        let health = daemon.until("healthy and fresh", |health| {
            health.wans[0].signal == "fresh"
                && health.wans[0].download.confirmed_bps == Some(24_000_000)
        });
        assert!(health.wans[0].reflectors.iter().all(|reflector| reflector.lost_of_16 == 0));
        assert_eq!(daemon.count(&["IPv4 probes"]), 0, "{:?}", daemon.lines());
        assert_eq!(daemon.stop().status.code(), Some(0));
    });
}

#[test]
fn without_privileges_and_ping_sockets_it_says_what_to_do_and_begins_once_that_is_done() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    bed.set("client", "net.ipv4.ping_group_range", "1 0");
    bed.inside("client", || {
        let router = Router::start(home());
        let (program, config) = for_nobody(&scratch, &router);
        let mut daemon = start(&program, &config);
        let line = daemon.line("no IPv4 probes");
        announce(&format!("\nwithout privileges: {line}"));
        assert!(line.contains("sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""), "{line}");
        assert!(line.contains("CAP_NET_RAW"), "{line}");
        daemon.until("no signal", |health| health.wans[0].signal == "no-signal");
        bed.set("client", "net.ipv4.ping_group_range", &format!("{NOBODY} {NOBODY}"));
        daemon.until("fresh", |health| health.wans[0].signal == "fresh");
        assert_eq!(daemon.stop().status.code(), Some(0));
    });
}
