//! The daemon in the client's namespace, and what it is told of the bed's line.

use std::path::{Path, PathBuf};

use crate::{
    net::{Bed, REFLECTORS},
    support::{
        config::{TREE, globals, section},
        daemon::{Daemon, WANCTL},
        router::Router,
        scratch::Scratch,
    },
};

/// A configuration for the bed's line with these options of its WAN.
pub(crate) fn config(
    scratch: &Scratch,
    router: &Router,
    level: &str,
    options: &[(&str, &str)],
) -> PathBuf {
    let reflectors = REFLECTORS.map(|reflector| ("reflector", reflector));
    let wan = section("wan", "cable", &[&TREE[..], options, &reflectors].concat());
    let text = globals(scratch, level) + &router.section("home", scratch) + &wan;
    scratch.write("wanctl.conf", text.as_bytes())
}

/// A daemon in the client's namespace, asked by a thread of it.
pub(crate) fn start(bed: &Bed, config: &Path) -> Daemon {
    let mut command = bed.command("client", WANCTL.path());
    command.arg("run").arg("-c").arg(config);
    let mut daemon = Daemon::spawn(command);
    daemon.wait_for_status();
    daemon
}
