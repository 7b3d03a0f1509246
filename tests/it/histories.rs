//! Random histories of faults, in virtual time; one that breaks a promise is made short and shown.
//!
//! A failing one says its seed; `WANCTL_SEED=n cargo test --test it histories` plays it alone. The
//! short one is printed as Rust, to be pasted into `play(&…)`.

pub mod draw;
pub mod fault;
pub mod judge;
pub mod play;
pub mod scene;
pub mod shrink;
pub mod steered;
pub mod story;
pub mod truth;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use self::{
    fault::{Fault, History, Timed},
    judge::Breach,
    play::play,
    shrink::shrink,
    story::Story,
};

/// How many histories are played.
const HISTORIES: u64 = 20_000;

/// Holds every history to `promise`, and gives their stories; shows the first one that breaks it,
/// made short.
pub fn hold(
    histories: &[History],
    promise: impl Fn(&History) -> Result<Story, Breach> + Sync,
) -> Vec<Story> {
    let next = AtomicUsize::new(0);
    let (stories, broken) = (Mutex::new(Vec::new()), Mutex::new(None));
    let work = || {
        while broken.lock().unwrap().is_none() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(history) = histories.get(index) else { break };
            match promise(history) {
                Ok(story) => stories.lock().unwrap().push((index, story)),
                Err(breach) => *broken.lock().unwrap() = Some((history, breach)),
            }
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        other.join().unwrap();
    });
    if let Some((history, breach)) = broken.into_inner().unwrap() {
        panic!("{}", shown(history, &breach, promise));
    }
    let mut stories = stories.into_inner().unwrap();
    stories.sort_unstable_by_key(|(index, _)| *index);
    stories.into_iter().map(|(_, story)| story).collect()
}

/// A history that breaks a promise, and the short one that does too.
fn shown(
    history: &History,
    breach: &str,
    promise: impl Fn(&History) -> Result<Story, Breach>,
) -> String {
    let short = shrink(history, |history| promise(history).is_err());
    let short_breach = promise(&short).err().unwrap_or_default();
    format!(
        "WANCTL_SEED={} breaks a promise: {breach}\nmade short: {short_breach}\n{short}",
        history.seed
    )
}

fn drawn() -> Vec<History> {
    let one = std::env::var("WANCTL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = one.map_or(0..HISTORIES, |seed: u64| seed..seed + 1);
    seeds.map(History::draw).collect()
}

#[test]
fn twenty_thousand_random_histories_break_no_promise() {
    let histories = drawn();
    let stories = hold(&histories, play);
    assert_eq!(stories.len(), histories.len());
    if stories.len() > 1 {
        // All kinds of things really happened.
        let total = |of: fn(&Story) -> u32| stories.iter().map(of).sum::<u32>();
        let counts = [
            total(|story| story.outages),
            total(|story| story.returns),
            total(|story| story.failures),
            total(|story| story.refusals),
            total(|story| story.foreign),
            total(|story| story.silences),
            total(|story| story.reds_without_router),
            total(|story| story.writes),
            total(|story| story.turns),
            total(|story| story.landings),
        ];
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }
}

#[test]
fn the_same_history_is_played_the_same_way() {
    for seed in 0..50 {
        let history = History::draw(seed);
        assert_eq!(History::draw(seed), history);
        let story = || format!("{:?}", play(&history));
        assert_eq!(story(), story());
    }
}

/// No history of a router has two outages: false, and good for seeing how short a proof becomes.
fn never_two_outages(history: &History) -> Result<Story, Breach> {
    let story = play(history)?;
    if story.outages < 2 { Ok(story) } else { Err(format!("{} outages", story.outages)) }
}

#[test]
fn a_history_that_breaks_a_promise_is_made_short_and_can_be_played_again() {
    let breaks = |seed: &u64| never_two_outages(&History::draw(*seed)).is_err();
    let long = |seed: &u64| History::draw(*seed).faults.len() >= 4;
    let seeds: Vec<u64> = (0..HISTORIES).filter(long).filter(breaks).take(5).collect();
    assert_eq!(seeds.len(), 5);
    for seed in seeds {
        let history = History::draw(seed);
        let short = shrink(&history, |history| never_two_outages(history).is_err());
        assert!(short.faults.len() <= 2, "{short}");
        assert!(never_two_outages(&short).is_err(), "{short}");
        let shown = shown(&history, "", never_two_outages);
        assert!(shown.contains(&format!("WANCTL_SEED={seed} ")), "{shown}");
        assert!(shown.contains(&short.to_string()), "{shown}");
    }
}

#[test]
fn a_short_history_is_shown_as_rust() {
    let fault = Fault::Router(0, wanctl::control::failure::FailureKind::Timeout);
    let history =
        History { seed: 7, faults: vec![Timed { from: 100, lasts: 50, fault }], stop: 900 };
    let rust = "History {\n    seed: 7,\n    stop: 900,\n    faults: vec![\n        \
                Timed { from: 100, lasts: 50, fault: Router(0, Timeout) },\n    ],\n}";
    assert_eq!(history.to_string(), rust);
}
