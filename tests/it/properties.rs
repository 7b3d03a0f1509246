//! What holds whatever happens: the core against arbitrary routers, lines and clocks.
//!
//! A failing seed says so; `WANCTL_SEED=n cargo test --test it properties` runs it alone.

mod bench;
mod healthy;
mod judge;
mod routers;
mod settings;

use std::ops::Range;

use wanctl::control::{
    applier::OnExit,
    connectivity::Contact,
    engine::{Engine, FLUSH_FOR},
    saved::Freshness,
    time::{Instant, Span},
    units::{Direction, PerDirection},
    wan::WanId,
};

use self::bench::{Bench, Faults};

/// Says which seed it was when a test fails.
struct Seed(u64);

impl Drop for Seed {
    #[expect(clippy::print_stderr, reason = "the seed of a failed test is its most useful output")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {0}: WANCTL_SEED={0}", self.0);
        }
    }
}

/// Runs `property` for every seed, or for the one that is asked for.
fn for_seeds(seeds: Range<u64>, property: impl Fn(u64)) {
    let one = std::env::var("WANCTL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = one.map_or(seeds, |seed| seed..seed + 1);
    for seed in seeds {
        let _named = Seed(seed);
        property(seed);
    }
}

#[test]
fn whatever_happens_the_invariants_hold() {
    for_seeds(0..6_000, |seed| {
        let mut bench = Bench::new(seed, Faults::Any);
        for _ in 0..bench.rng.u32(50..300) {
            bench.step();
        }
    });
}

#[test]
fn long_histories_hold_too() {
    for_seeds(0..200, |seed| {
        let mut bench = Bench::new(seed, Faults::Any);
        for _ in 0..10_000 {
            bench.step();
        }
    });
}

/// Which rate each queue shall have at the end; `None` where nothing was decided.
fn aim(engine: &Engine, wan: usize) -> PerDirection<Option<wanctl::control::units::Rate>> {
    let wan = &engine.wans()[wan];
    let decided = wan.has_begun();
    wan.wanted().zip(wan.settings().on_exit).map(|(rate, on_exit)| match on_exit {
        OnExit::Set(rate) => Some(rate),
        OnExit::Keep => decided.then_some(rate),
    })
}

#[test]
fn after_a_stop_the_end_comes_and_the_queues_are_where_they_shall_be() {
    let reached = std::cell::Cell::new(0);
    for_seeds(0..2_000, |seed| {
        let mut bench = Bench::new(seed, Faults::Any);
        for _ in 0..bench.rng.u32(1..200) {
            bench.step();
        }
        bench.behave();
        bench.stop();
        // What was on the way may need its whole time, and then be tried again.
        let bound = bench.now + bench.longest_answer() + FLUSH_FOR + Span::from_secs(1);
        while !bench.drained() {
            bench.go_on();
            assert!(bench.now <= bound, "not drained");
        }
        reached.set(reached.get() + check_the_end(&bench));
    });
    assert!(std::env::var("WANCTL_SEED").is_ok() || reached.get() > 2_000, "{reached:?} checked");
}

/// How many directions were where they shall be; not counted: those of routers that are away,
/// that are in trouble, and those that somebody changed after they were read last.
fn check_the_end(bench: &Bench) -> u32 {
    let mut reached = 0;
    for (index, wan) in bench.engine.wans().iter().enumerate() {
        let router = &bench.engine.routers()[usize::from(wan.settings().router.0)];
        let away = router.contact() != Contact::Reachable;
        let trouble = wan.applier().outcomes().any(|(_, _, trouble)| trouble.is_some());
        if away || trouble {
            continue;
        }
        let aim = aim(&bench.engine, index);
        for direction in Direction::BOTH {
            if let Some(rate) = aim.of(direction).filter(|_| bench.has_seen(index, direction)) {
                assert_eq!(bench.limit(index, direction), Some(rate), "wan {index} {direction:?}");
                reached += 1;
            }
        }
    }
    reached
}

#[test]
fn what_is_saved_is_what_is_restored() {
    for_seeds(0..500, |seed| {
        let mut bench = Bench::new(seed, Faults::Any);
        for _ in 0..200 {
            bench.step();
        }
        let settings: Vec<_> = bench.engine.wans().iter().map(|wan| *wan.settings()).collect();
        let mut other = Engine::new(&settings, Instant::default(), 1);
        for id in (0..).zip(&settings).map(|(id, _)| WanId(id)) {
            let Some(saved) = bench.engine.saved(id) else { continue };
            other.restore(id, &saved, Freshness::Fresh);
            let back = other.saved(id).unwrap();
            assert_eq!((back.rates, back.streaks), (saved.rates, saved.streaks));
            assert_eq!((back.baseline, back.load), (saved.baseline, saved.load));
            assert_eq!(back.confirmed, PerDirection::both(None), "restored is not confirmed");
        }
    });
}
