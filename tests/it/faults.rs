//! The faults that every release survives, in virtual time: each alone and in pairs, for hundreds
//! of cycles and many seeds, held to the same promises as the random histories.
//!
//! Beside the promises each row shows that its fault was really there.

mod rows;

use self::rows::{Line, Row, rows};
use crate::histories::{
    fault::{Fault, History, Timed},
    hold,
    play::play,
};

/// Each row alone, for this many seeds.
const SEEDS: u64 = 12;
/// Each fault lasts 240 cycles; it begins after the baseline is known and the first limits are set.
const FROM: u64 = 4_000;
const LASTS: u64 = 12_000;
/// All is well again after the longest back-off and a spacing.
const CALM: u64 = 9_000;
/// The regular read of each minute has come.
const MINUTE: u64 = 62_000;

/// The line is used in both directions from a second after the fault began, so that there is
/// something to decide and to write all the time.
fn loads() -> impl Iterator<Item = Timed> {
    use wanctl::control::units::Direction;
    let load = |(wan, direction)| {
        let pulse = move |second: u64| Timed {
            from: second * 1_000,
            lasts: 1_500,
            fault: Fault::Load(wan, direction),
        };
        (5..24).step_by(3).map(pulse)
    };
    let all = [0, 1].map(|wan| Direction::BOTH.map(|direction| (wan, direction)));
    all.into_iter().flatten().flat_map(load)
}

fn history(seed: u64, faults: &[Fault]) -> History {
    let timed = |fault: &Fault| Timed { from: FROM, lasts: LASTS, fault: *fault };
    let faults: Vec<_> = faults.iter().map(timed).chain(loads()).collect();
    let over = faults.iter().map(Timed::over).max().unwrap_or(0).max(FROM + LASTS);
    History { seed, faults, stop: over + CALM }
}

/// Nobody uses the line, and the regular read comes after the fault.
fn idle(seed: u64, fault: Fault) -> History {
    let faults = vec![Timed { from: FROM, lasts: LASTS, fault }];
    History { seed, faults, stop: FROM + LASTS + MINUTE }
}

#[test]
fn each_fault_alone_breaks_no_promise_and_shows() {
    for Row { fault, line, shows } in rows() {
        let alone = |seed| match line {
            Line::Used => history(seed, &[fault]),
            Line::Idle => idle(seed, fault),
        };
        let histories: Vec<_> = (0..SEEDS).map(alone).collect();
        for (history, story) in histories.iter().zip(hold(&histories, play)) {
            assert!(story.cycles.total + story.cycles.missed >= 500);
            assert!(shows(&story), "does not show in\n{history}\n{story:?}");
        }
    }
}

/// Both at the same time, and one in the middle of the other.
#[test]
fn each_pair_of_faults_breaks_no_promise() {
    let rows = rows();
    let mut histories = Vec::new();
    for (place, one) in rows.iter().enumerate() {
        for (seed, other) in (0..).zip(&rows[..place]) {
            let mut pair = history(seed, &[one.fault, other.fault]);
            if seed % 2 == 1 {
                pair.faults[1].from += LASTS / 3;
                pair.faults[1].lasts = LASTS / 3;
            }
            histories.push(pair);
        }
    }
    let stories = hold(&histories, play);
    assert_eq!(stories.len(), rows.len() * (rows.len() - 1) / 2);
}

/// The same scenes without a fault show none: what the rows count comes from their faults.
#[test]
fn without_a_fault_nothing_shows() {
    let histories: Vec<_> = (0..SEEDS).map(|seed| history(seed, &[])).collect();
    for story in hold(&histories, play) {
        assert_eq!((story.failures, story.refusals, story.outages), (0, 0, 0), "{story:?}");
        assert_eq!((story.foreign, story.silences, story.cycles.missed), (0, 0, 0), "{story:?}");
    }
}
