//! What the bed needs from the machine. Promises: what is missing is a failure with its remedy,
//! never a silent pass.

use std::{
    env,
    io::{self, Write as _},
    process::{Command, Stdio},
};

/// Program, an argument with which it does nothing, the Debian package that has it.
const PROGRAMS: [(&str, &str, &str); 11] = [
    ("ip", "-V", "iproute2"),
    ("tc", "-V", "iproute2"),
    ("iperf3", "--version", "iperf3"),
    ("ping", "-V", "iputils-ping"),
    ("strace", "-V", "strace"),
    ("busybox", "true", "busybox-static"),
    ("debootstrap", "--version", "debootstrap"),
    ("unshare", "--version", "util-linux"),
    ("promtool", "--version", "prometheus"),
    ("chromium", "--version", "chromium"),
    ("tmux", "-V", "tmux"),
];

/// Whether the tests run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Run,
    Skip,
}

/// Says something that is seen even if the test passes.
pub(crate) fn announce(text: &str) {
    // The macros of the standard library would hand it to the test harness, which hides it.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether the bed is wanted; panics if it is, and something is missing.
pub(crate) fn check() -> Wish {
    let wish = check_for(&PROGRAMS);
    let is_root = wish == Wish::Skip || user() == "0";
    assert!(is_root, "the bed needs root, for network namespaces; or WANCTL_SKIP=bed");
    wish
}

/// The same for a test that needs these.
pub(crate) fn check_for(programs: &[(&str, &str, &str)]) -> Wish {
    let skip = env::var("WANCTL_SKIP").unwrap_or_default();
    if skip.split(',').any(|group| group.trim() == "bed") {
        announce("\n*** SKIPPED: the bed, because WANCTL_SKIP names it: nothing was tested ***");
        return Wish::Skip;
    }
    let missing: Vec<String> = programs.iter().filter_map(absent).collect();
    assert!(missing.is_empty(), "this needs {}", missing.join(", "));
    Wish::Run
}

fn absent((program, argument, package): &(&str, &str, &str)) -> Option<String> {
    let run =
        Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_err().then(|| format!("'{program}' (apt install {package})"))
}

fn user() -> String {
    let output = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}
