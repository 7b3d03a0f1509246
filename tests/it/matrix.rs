//! Every fault of a router, one by one, against the real binary with real sockets and real TLS; and
//! the stop in the middle of it.
//!
//! What must turn it red, each tried by breaking the code on purpose:
//! see the list in [`rows`].

mod driver;
mod rows;

use std::{
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use self::{
    driver::suffer,
    rows::{ROWS, Row},
};
use crate::running::{canary::with_canary, faults::Fault, turn::turn};

/// Daemons at a time: most of each one's life is waiting.
const AT_ONCE: usize = 12;

#[test]
fn every_fault_of_a_router_is_survived_told_once_and_over_when_it_ends() {
    let _turn = turn();
    let rows: Vec<&Row> = ROWS.iter().filter(|row| is_wanted(row.fault)).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    with_canary(|canary| {
        let work = || {
            while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                match catch_unwind(AssertUnwindSafe(|| suffer(row, canary))) {
                    Ok(told) => say(&told),
                    Err(_) => wrong.lock().unwrap().push(format!("{:?}", row.fault)),
                }
            }
        };
        thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
        let sung = canary.sung();
        say(&format!("canary: {} of {} ticks missed", sung.missed, sung.ticks));
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}; see above");
}

/// All of them, or for whoever looks into one of them those whose name holds `WANCTL_ROW`.
fn is_wanted(fault: Fault) -> bool {
    let row = std::env::var("WANCTL_ROW").unwrap_or_default();
    format!("{fault:?}").contains(&row)
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
