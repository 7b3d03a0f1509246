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
mod bounds;
mod grid;
mod hour;
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
mod watch;

use std::{fmt::Write as _, path::Path};

use grid::Grid;
use loads::Load;
use sensitivity::Ground;

/// Virtual seconds of each run.
const SECONDS: u64 = 180;

/// How much is played.
struct Extent {
    seeds: u64,
    /// On each idle line with each seed.
    idle_hours: u64,
    /// For the constants of the law.
    ground: Ground,
}

/// What `cargo test` plays, and what `promises.txt` is about.
const PLAIN: u64 = 2;

fn extent() -> Extent {
    let given = std::env::var("WANCTL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let seeds = given.unwrap_or(PLAIN);
    let mut lines = lines::lines();
    if seeds > PLAIN {
        let loads = &[
            Load::Web,
            Load::Upload,
            Load::Download,
            Load::Both,
            Load::Path,
            Load::BusyPath,
            Load::Step,
        ];
        return Extent { seeds, idle_hours: 4, ground: Ground { lines, loads, seeds: 2 } };
    }
    lines.retain(|line| ["cable", "lte", "2 up"].contains(&line.name));
    let loads = &[Load::Upload, Load::Both, Load::Path];
    Extent { seeds, idle_hours: 1, ground: Ground { lines, loads, seeds: 1 } }
}

#[test]
fn every_promise_of_the_adaptive_law_is_as_far_as_is_on_record() {
    let Extent { seeds, idle_hours, ground } = extent();
    let grid = Grid::new(lines::lines(), seeds, idle_hours);
    let given = sensitivity::given();
    let effects = if given.is_empty() { sensitivity::effects(&ground) } else { Vec::new() };
    let state = promises::text(&grid, &effects);
    let stated = format!("longer than by the bash law, for a reason\n{}", bounds::stated());
    let all = [
        table::table(&grid),
        summary::text(&grid),
        stated,
        sensitivity::text(&effects),
        state.clone(),
    ];
    let all = all.join("\n");
    println!("{all}");
    plots::draw(&grid, &all);
    println!("plots are in {}", plots::folder().display());
    if !given.is_empty() {
        println!("with {given}: held to nothing, for promises are about the law as it is");
        return;
    }
    assert_eq!(bounds::broken(&grid, &effects), "");
    if seeds == PLAIN {
        hold(&state);
    } else {
        println!("{seeds} seeds: not held to promises.txt, which is about {PLAIN}");
    }
}

#[test]
fn every_constant_of_the_adaptive_law_is_halved_and_doubled() {
    assert_eq!(sensitivity::untried(), Vec::<String>::new());
}

#[test]
fn the_second_half_of_an_hour_is_nowhere_worse_than_by_the_bash_law() {
    assert_eq!(hour::worse(extent().seeds.div_ceil(PLAIN * 2)), "");
}

/// Holds the state to the one on record, or puts it on record.
fn hold(state: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arena/promises.txt");
    if std::env::var_os("WANCTL_PROMISES").is_some_and(|what| what == "write") {
        std::fs::write(&file, state).unwrap();
    }
    let record = std::fs::read_to_string(&file).unwrap_or_default();
    let (now, then) = (promises::entries(state), promises::entries(&record));
    let changed = now.iter().filter(|(name, own)| then.get(*name) != Some(own));
    let mut report = String::new();
    for (name, own) in changed {
        let old = then.get(name).map_or("nothing", |old| old);
        let _ = writeln!(report, "{name}: on record {old}, now {own}");
    }
    for name in then.keys().filter(|name| !now.contains_key(*name)) {
        let _ = writeln!(report, "{name}: on record only");
    }
    assert!(report.is_empty(), "if that is meant, WANCTL_PROMISES=write records it\n{report}");
}
