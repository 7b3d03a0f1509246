//! The real binary with real sockets, on the loopback interface, against simulated routers behind
//! HTTPS.

mod access;
mod command;
mod descriptors;
mod ending;
mod fallback;
mod hostile;
mod logins;
mod observed;
mod reload;
mod replay;
mod restart;
mod starting;
mod state;
mod stops;
mod two_wans;
mod watched;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use wanctl::os::sockets::{Family, IcmpSocket, Request};

use crate::running::{
    config::{TREE, globals, section},
    daemon::{Daemon, WANCTL},
    router::Router,
    scratch::Scratch,
};

/// Answer within microseconds: the baseline stays at its lowest, and no delay is ever over it.
pub(crate) const REFLECTORS: [(&str, &str); 3] =
    [("reflector", "127.0.0.1"), ("reflector", "127.0.0.2"), ("reflector", "127.0.0.3")];

/// What control begins and stays with, in bit/s.
const CEILING: (u64, u64) = (400_000_000, 40_000_000);

pub(crate) const RATES: [(&str, &str); 4] = [
    ("download_ceiling", "400M"),
    ("download_floor", "100M"),
    ("upload_ceiling", "40M"),
    ("upload_floor", "10M"),
];

/// Nothing has to be learnt.
const QUICK: [(&str, &str); 1] = [("baseline_initial", "1ms")];

/// The section of a WAN with these reflectors and rates.
pub(crate) fn wan(name: &str, options: &[&[(&str, &str)]]) -> String {
    let options = [&[&RATES[..], &REFLECTORS], options].concat().concat();
    section("wan", name, &options)
}

/// One WAN by queue tree on this router.
pub(crate) fn configured(scratch: &Scratch, router: &Router) -> PathBuf {
    let wan = wan("cable", &[&TREE, &QUICK]);
    let text = globals(scratch, "info") + &router.section("home", scratch) + &wan;
    scratch.write("wanctl.conf", text.as_bytes())
}

/// Starts a daemon; says what is missing if this machine does not let it measure.
pub(crate) fn start(config: &Path) -> Daemon {
    let request = Request { family: Family::V4, source: None, interface: None };
    if let Err(refusal) = IcmpSocket::open(request) {
        panic!("these tests need ICMP sockets: {refusal}; {}", refusal.remedy().unwrap_or("?"));
    }
    Daemon::start(config)
}

/// A daemon that controls, with both ceilings confirmed.
pub(crate) fn started(config: &Path) -> Daemon {
    let daemon = start(config);
    daemon.until("confirmed", |health| {
        let wan = &health.wans[0];
        (wan.download.confirmed_bps, wan.upload.confirmed_bps) == (Some(CEILING.0), Some(CEILING.1))
    });
    daemon
}

/// Exit code, standard output and standard error of a command that ends by itself.
fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(WANCTL).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
