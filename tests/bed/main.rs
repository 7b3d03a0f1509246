//! The real daemon on a real, if small, internet: network namespaces, queues of the kernel, ICMP and
//! TCP. Needs root, `ip`, `tc`, `iperf3`, `ping`, `strace`, `busybox`, `debootstrap`, `promtool`,
//! `chromium` and `tmux`:
//! `cargo test --test bed`. A missing tool is a failure; `WANCTL_SKIP=bed` skips.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod beside;
mod bloat;
mod clients;
mod controlled;
mod faults;
mod filtered;
mod footprint;
mod idle;
mod initd;
mod line;
#[allow(dead_code, reason = "the comparison on CAKE uses more of it")]
mod load;
mod needs;
#[allow(dead_code, reason = "the comparison on CAKE uses more of it")]
mod net;
mod openrc;
mod page;
mod procd;
mod prometheus;
mod rights;
mod roots;
mod shaper;
mod ssh;
mod stalls;
mod steered;
mod stops;
mod strace;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
