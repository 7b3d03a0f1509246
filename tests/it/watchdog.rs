//! The watchdog: ends a daemon that is stuck, within six seconds and with a word, and never one that
//! waits for a router or a line.
//!
//! What must turn these tests, or those beside `daemon::guard` and `os::watchdog`, red: feeding it
//! from a timer or another thread; feeding it in every turn of the loop whatever the WANs do;
//! counting a router's answers or replies as progress; switching it off at the end; acting on the
//! first ring of the timer.

mod manager;
mod stuck;
mod waiting;

use crate::running::daemon::Daemon;

/// What a daemon says that the watchdog ends.
const LAST_WORDS: &str = "watchdog: no progress";

/// The daemon runs, and did not die meanwhile: it still is the process that was started.
fn goes_on(daemon: &Daemon, cycles: u64) {
    let before = daemon.health().unwrap().wans[0].cycles;
    daemon.until("going on", |health| health.wans[0].cycles >= before + cycles);
    assert_eq!(daemon.count(&[LAST_WORDS]), 0);
}
