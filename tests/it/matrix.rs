//! Every fault of a router, one by one, against the real binary with real sockets and real TLS; and
//! the stop in the middle of it.
//!
//! What must turn it red, each tried by breaking the code so, and the rows that did:
//!
//! | Break | Rows |
//! |---|---|
//! | every cycle counts as contact | all of the way (refused, reset, closed, stalled, drip, noise) |
//! | an id is trusted whatever name stands in the answer | renamed, swapped |
//! | no pause after a time-out | black hole, answer lost, answer drips |
//! | the back-off does not grow | refused, reset, closed, noise |
//! | no read-back before the write | reboot, swapped |
//! | garbage and refused logins count as gone | all answers that are nonsense, 401, 403 |
//! | a refused queue is tried again at once | the same |
//! | a write that met another queue puts only its own in doubt | swapped |
//!
//! Not seen here, for something else holds as well: the last gate does not clamp (the law's own
//! bounds do; `control::queue` sees it).

mod board;
mod clock;
mod config;
mod driver;
mod judge;
mod late;
mod rows;

use self::{
    driver::suffer,
    rows::{Law, Row, cases},
};
use crate::running::{
    canary::with_canary,
    rows::{say, side_by_side},
    turn::turn,
};

/// Daemons at a time.
const AT_ONCE: usize = 12;

#[test]
fn every_fault_of_a_router_is_survived_told_once_and_over_when_it_ends() {
    let _turn = turn();
    // All of them, or for whoever looks into one of them those whose name holds this.
    let wanted = std::env::var("WANCTL_ROW").unwrap_or_default();
    let rows: Vec<(&Row, Law)> =
        cases().filter(|(row, law)| format!("{:?} {law:?}", row.fault).contains(&wanted)).collect();
    with_canary(|canary| {
        side_by_side(&rows, AT_ONCE, |(row, law)| suffer(row, *law, canary));
        let sung = canary.sung();
        say(&format!("canary: {} of {} ticks missed", sung.missed, sung.ticks));
    });
}
