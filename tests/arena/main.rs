//! The laws against each other on the same simulated lines, seeds and loads, in virtual time.
//!
//! `cargo test --test arena -- --nocapture` prints the table of a few seeds;
//! `WANCTL_SEEDS=20 cargo test --release --test arena -- --nocapture` that of twenty.

#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::excessive_nesting,
    clippy::map_unwrap_or,
    reason = "a harness that prints a table of numbers"
)]

mod bash;
mod lines;
mod run;
#[path = "../it/support/settings.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod settings;

use std::collections::BTreeMap;

use run::{LAWS, Law, Score};

/// Virtual seconds of each run.
const SECONDS: u64 = 180;

fn seeds() -> u64 {
    std::env::var("WANCTL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn of(scores: &[Score], value: fn(&Score) -> f64) -> f64 {
    median(scores.iter().map(value).collect())
}

#[test]
fn the_adaptive_law_holds_its_promises_beside_the_others() {
    let mut all: BTreeMap<(&str, &str, Law), Vec<Score>> = BTreeMap::new();
    for line in lines::lines() {
        for load in lines::LOADS {
            for law in LAWS {
                let scores = (0..seeds()).map(|seed| run::run(&line, load, law, seed)).collect();
                all.insert((line.name, load.word(), law), scores);
            }
        }
    }
    println!("line load law | delay ms p50 p95 p99 | Mbit/s | cuts/h | writes/h");
    for ((line, load, law), scores) in &all {
        println!(
            "{line:8} {load:10} {:8} | {:6.1} {:6.1} {:6.1} | {:7.2} | {:5.0} | {:5.0}",
            format!("{law:?}"),
            of(scores, |score| score.p50),
            of(scores, |score| score.p95),
            of(scores, |score| score.p99),
            of(scores, |score| score.mbit),
            of(scores, |score| score.cuts),
            of(scores, |score| score.writes),
        );
    }
    println!("\nover all lines and loads:");
    for law in LAWS {
        let own = |value: fn(&Score) -> f64| {
            let own = all.iter().filter(|((.., own), _)| *own == law);
            median(own.map(|(_, scores)| of(scores, value)).collect())
        };
        let saturating = all.iter().filter(|((_, load, own), _)| {
            *own == law && ["upload", "download", "both"].contains(load)
        });
        let share = saturating.map(|((line, load, _), scores)| {
            let best = of(&all[&(*line, *load, Law::Oracle)], |score| score.mbit);
            of(scores, |score| score.mbit) / best
        });
        let shares: Vec<f64> = share.collect();
        println!(
            "{:8} p95 {:6.1} p99 {:6.1} | saturating loads carry {:.3} (worst {:.3}) of the \
             oracle's | {:5.0} writes/h",
            format!("{law:?}"),
            own(|score| score.p95),
            own(|score| score.p99),
            shares.iter().sum::<f64>() / shares.len() as f64,
            shares.iter().copied().fold(f64::INFINITY, f64::min),
            own(|score| score.writes),
        );
    }
    for ((line, load, _), scores) in all.iter().filter(|((.., law), _)| *law == Law::Adaptive) {
        if ["idle", "path"].contains(load) {
            assert!(of(scores, |score| score.cuts) < 1.0, "cuts on an idle line: {line} {load}");
        }
    }
}
