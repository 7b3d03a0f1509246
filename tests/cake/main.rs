//! The laws on a real CAKE, beside their numbers in the arena.
//!
//! Few machines that build have CAKE in their kernel, so this boots one that has: Debian's, emulated,
//! with this machine's own tools and this very program in it. There the bed's namespaces are client,
//! router, provider and server, the real daemon speaks to the simulated router over REST, and what that
//! accepts becomes CAKE's bandwidth.
//!
//! The emulator's clock is the instructions that it has carried out, and waiting takes it no time: a
//! busy machine makes the test longer and nothing in it slower. Promises: no traffic outside the
//! emulator.
//!
//! `tests/boards/cake` installs what is needed and runs this. `WANCTL_CAKE="download adaptive, upload
//! classic"` measures these alone and judges nothing; `WANCTL_CAKE=kept` judges what the last runs have
//! left in `target/cake`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::similar_names,
    clippy::wildcard_enum_match_arm,
    clippy::manual_is_multiple_of,
    reason = "the arena, a harness of numbers, is in here"
)]

mod cell;
mod emulated;
mod flows;
mod inside;
mod judge;
mod simulated;
mod table;
mod trace;

#[path = "../arena/alone.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod alone;
#[path = "../arena/bash.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod bash;
#[path = "../bed/beside.rs"]
mod beside;
#[path = "../bed/controlled.rs"]
mod controlled;
#[path = "../boards/guest.rs"]
#[allow(dead_code, reason = "the boards use more of it")]
mod guest;
#[path = "../arena/laws.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod laws;
#[path = "../arena/lines.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod lines;
#[path = "../bed/load.rs"]
#[allow(dead_code, reason = "the bed uses more of it")]
mod load;
#[path = "../arena/loads.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod loads;
#[path = "../bed/needs.rs"]
#[allow(dead_code, reason = "the bed needs more")]
mod needs;
#[path = "../bed/net.rs"]
#[allow(dead_code, reason = "the bed uses more of it")]
mod net;
#[path = "../arena/run.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod run;
#[path = "../arena/score.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod score;
#[path = "../it/support/settings.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod settings;
#[path = "../bed/shaper.rs"]
mod shaper;
#[path = "../support/mod.rs"]
mod support;
#[path = "../arena/watch.rs"]
#[allow(dead_code, reason = "the arena uses more of it")]
mod watch;

use std::env;

use crate::{
    cell::Cell,
    needs::{Wish, announce},
};

/// How long a load lasts, in seconds.
const LOADED: u32 = 20;
/// When the line becomes half as fast, in seconds of the load.
const HALVED_AFTER: u32 = 10;
/// What each run of the arena takes: its loads begin after 20 s.
const SECONDS: u64 = 40;

/// What is wanted.
enum Wanted {
    /// To measure and judge everything.
    All,
    /// To measure these.
    These(Vec<Cell>),
    /// To judge what was measured before.
    Kept,
}

fn wanted() -> Wanted {
    match env::var("WANCTL_CAKE").ok().as_deref() {
        None => Wanted::All,
        Some("kept") => Wanted::Kept,
        Some(named) => {
            Wanted::These(named.split(',').map(|cell| cell.trim().parse().unwrap()).collect())
        }
    }
}

#[test]
fn on_a_real_cake_the_laws_keep_the_order_that_they_have_in_the_arena() {
    if needs::check_for(&emulated::PROGRAMS) == Wish::Skip {
        return;
    }
    let wanted = wanted();
    let cells = match &wanted {
        Wanted::These(cells) => cells.clone(),
        Wanted::All | Wanted::Kept => Cell::all(),
    };
    let expected = simulated::rows(&cells);
    let told = |cell, row: &_| announce(&table::line(cell, row, expected.get(&cell)));
    let rows = match &wanted {
        Wanted::Kept => emulated::kept(&cells),
        Wanted::All | Wanted::These(_) => emulated::rows(&cells, &told),
    };
    announce(&table::of(&rows, &expected));
    if !matches!(wanted, Wanted::These(_)) {
        let faults = judge::faults(&rows, &expected);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// What the guest is told to do; it says what it measured in one line.
#[test]
#[ignore = "runs where there is CAKE, which the other test takes care of"]
fn inside() {
    let cell: Cell = env::var("WANCTL_CELL").unwrap().parse().unwrap();
    announce(&format!("\n{}{}", emulated::SAYS, inside::measured(cell).to_line()));
}
