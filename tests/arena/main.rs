//! The laws against each other on the same simulated lines, seeds and loads, in virtual time.
//!
//! `WANCTL_SEEDS=20 cargo test --test arena -- --nocapture` prints the table; see tests/README.md.

#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "a harness that prints a table of numbers and writes plots"
)]

mod alone;
mod bash;
mod grid;
mod laws;
mod lines;
mod loads;
mod plots;
mod promises;
mod run;
mod score;
mod sensitivity;
#[path = "../it/support/settings.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod settings;
mod summary;
mod table;

use std::path::Path;

use grid::Grid;
use lines::Line;

/// Virtual seconds of each run.
const SECONDS: u64 = 180;

/// How much is played.
struct Extent {
    seeds: u64,
    /// On each idle line with each seed.
    idle_hours: u64,
    /// Lines and seeds for the constants of the law.
    varied: (Vec<Line>, u64),
}

/// What `cargo test` plays, and what `promises.txt` is about.
const PLAIN: u64 = 2;

fn extent() -> Extent {
    let given = std::env::var("WANCTL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let seeds = given.unwrap_or(PLAIN);
    let lines = lines::lines();
    if seeds <= PLAIN {
        let few =
            lines.into_iter().filter(|line| ["cable", "dsl", "lte", "2 up"].contains(&line.name));
        return Extent { seeds, idle_hours: 1, varied: (few.collect(), 1) };
    }
    Extent { seeds, idle_hours: 4, varied: (lines, 2) }
}

#[test]
fn every_promise_of_the_adaptive_law_is_as_far_as_is_on_record() {
    let Extent { seeds, idle_hours, varied } = extent();
    let grid = Grid::new(lines::lines(), seeds, idle_hours);
    let effects = sensitivity::effects(&varied.0, varied.1);
    let state = promises::text(&grid, &effects);
    let all =
        [table::table(&grid), summary::text(&grid), sensitivity::text(&effects), state.clone()];
    let all = all.join("\n");
    println!("{all}");
    plots::draw(&grid, &all);
    println!("plots are in {}", plots::folder().display());
    if seeds == PLAIN {
        hold(&state);
    } else {
        println!("{seeds} seeds: not held to promises.txt, which is about {PLAIN}");
    }
}

/// Holds the state to the one on record, or puts it on record.
fn hold(state: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arena/promises.txt");
    if std::env::var_os("WANCTL_PROMISES").is_some_and(|what| what == "write") {
        std::fs::write(&file, state).unwrap();
    }
    let record = std::fs::read_to_string(&file).unwrap_or_default();
    let (mut now, mut then) = (state.lines(), record.lines());
    let mut changes = String::new();
    while let (own, old) = (now.next(), then.next())
        && (own.is_some() || old.is_some())
    {
        if own != old {
            let of = |line: Option<&str>| line.unwrap_or("nothing").trim().to_owned();
            changes.push_str(&format!("on record: {}\nnow:       {}\n", of(old), of(own)));
        }
    }
    assert!(changes.is_empty(), "if that is meant, WANCTL_PROMISES=write records it\n{changes}");
}
