//! What the daemon may do without privileges.

use std::{
    collections::BTreeMap,
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

/// In the client's namespace, where groups of this range may have ping sockets.
fn with_ping_sockets_for(range: &str, test: impl FnOnce(&Bed, &Path, &Path) + Send) {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    bed.set("client", "net.ipv4.ping_group_range", range);
    bed.inside("client", || {
        let router = Router::start(home());
        let (program, config) = for_nobody(&scratch, &router);
        test(&bed, &program, &config);
    });
}

/// No group.
const NO_GROUP: &str = "1 0";

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

/// It measures and controls without a complaint until it is stopped.
fn measures(mut daemon: Daemon) {
    let health = daemon.until("healthy and fresh", |health| {
        health.wans[0].signal == "fresh"
            && health.wans[0].download.confirmed_bps == Some(24_000_000)
    });
    assert!(health.wans[0].reflectors.iter().all(|reflector| reflector.lost_of_16 == 0));
    assert_eq!(daemon.count(&["IPv4 probes"]), 0, "{:?}", daemon.lines());
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn without_privileges_it_measures_by_ping_sockets_where_the_system_allows_them() {
    with_ping_sockets_for(&format!("{NOBODY} {NOBODY}"), |_, program, config| {
        measures(start(program, config));
    });
}

/// What procd's jail leaves the service, by the file that OpenWrt's package has for it. A set that
/// the file does not name must be empty.
fn jailed(program: &Path, config: &Path) -> Command {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/files/wanctl.json");
    let named: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let set = |name: &str| {
        let kept = named.get(name).into_iter().flatten();
        kept.fold("-all".to_owned(), |set, capability| {
            set + ",+" + &capability.trim_start_matches("CAP_").to_lowercase()
        })
    };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
    command.args(["--clear-groups", "--no-new-privs"]);
    for (option, name) in
        [("inh-caps", "inheritable"), ("ambient-caps", "ambient"), ("bounding-set", "bounding")]
    {
        command.arg(format!("--{option}={}", set(name)));
    }
    command.arg(program).arg("run").arg("-c").arg(config);
    command
}

/// `CAP_NET_RAW` in a set of capabilities, and no other.
const RAW_ALONE: &str = "0000000000002000";

#[test]
fn with_the_capabilities_of_openwrts_package_and_no_other_it_measures_by_raw_sockets() {
    with_ping_sockets_for(NO_GROUP, |_, program, config| {
        let mut daemon = Daemon::spawn(jailed(program, config));
        daemon.wait_for_status();
        let text = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert!(text.contains(&format!("{set}:\t{RAW_ALONE}")), "{text}");
        }
        assert!(text.contains("NoNewPrivs:\t1"), "{text}");
        assert!(text.contains(&format!("Uid:\t{NOBODY}\t{NOBODY}\t")), "{text}");
        measures(daemon);
    });
}

#[test]
fn without_privileges_and_ping_sockets_it_says_what_to_do_and_begins_once_that_is_done() {
    with_ping_sockets_for(NO_GROUP, |bed, program, config| {
        let mut daemon = start(program, config);
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
