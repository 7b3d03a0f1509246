use super::{Consumer, Counters, Statistics, Tally};
use crate::control::{
    applier::Layout,
    queue::QueueSlot,
    time::{Instant, Span},
    units::{Direction, Flow, PerDirection},
};

const DOWN: QueueSlot = QueueSlot::One(Direction::Download);
const UP: QueueSlot = QueueSlot::One(Direction::Upload);

const fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn bytes(bytes: u64) -> Counters {
    Counters { bytes: Some(bytes), ..Counters::default() }
}

fn tally(layout: Layout) -> Tally {
    let mut tally = Tally::new(layout);
    tally.want(Consumer::Law, Some(Span::from_millis(200)));
    tally
}

/// Both directions of a pair, read at these times in ms.
fn read(tally: &mut Tally, readings: &[(u64, u64)]) {
    for (millis, passed) in readings {
        let told = Statistics::Pair(PerDirection::both(bytes(*passed)));
        assert_eq!(tally.next(at(*millis)), Some(QueueSlot::Pair), "{millis}");
        tally.on_counted(QueueSlot::Pair, at(*millis), told, at(*millis));
    }
}

fn flow(tally: &Tally, millis: u64) -> Option<u64> {
    tally.flow(Direction::Download, at(millis)).map(Flow::bps)
}

#[test]
fn nothing_is_asked_while_nobody_wants_it() {
    let mut tally = Tally::new(Layout::Pair);
    assert_eq!((tally.next_at(), tally.next(at(1_000))), (None, None));
    tally.want(Consumer::Steering, Some(Span::from_secs(1)));
    assert_eq!(tally.next(at(1_000)), Some(QueueSlot::Pair));
    assert_eq!(tally.next_at(), Some(at(2_000)));
    tally.want(Consumer::Law, Some(Span::from_millis(200)));
    assert_eq!(tally.next_at(), Some(at(1_200)), "whoever wants it most often decides");
    tally.want(Consumer::Law, None);
    tally.want(Consumer::Steering, None);
    assert_eq!(tally.next_at(), None);
}

#[test]
fn two_queues_take_turns_each_once_per_period() {
    let mut tally = tally(Layout::PerDirection);
    let mut asked = Vec::new();
    for millis in (0..1_000).step_by(50) {
        if let Some(slot) = tally.next(at(millis)) {
            asked.push((millis, slot));
            tally.on_counted(slot, at(millis), Statistics::One(bytes(1)), at(millis));
        }
    }
    let first: Vec<_> = asked.iter().take(4).copied().collect();
    assert_eq!(first, [(0, DOWN), (50, UP), (200, DOWN), (250, UP)]);
    assert_eq!(asked.len(), 10);
}

#[test]
fn a_slow_router_is_left_alone_three_times_as_long_as_it_took() {
    let mut tally = tally(Layout::Pair);
    tally.next(at(0));
    let told = Statistics::Pair(PerDirection::both(bytes(1)));
    tally.on_counted(QueueSlot::Pair, at(0), told, at(150));
    assert_eq!(tally.next_at(), Some(at(600)));
}

#[test]
fn the_rate_is_bytes_over_our_time() {
    let mut tally = tally(Layout::Pair);
    read(&mut tally, &[(0, 1_000)]);
    assert_eq!(flow(&tally, 0), None, "one reading is no rate");
    read(&mut tally, &[(250, 1_000 + 250_000)]);
    assert_eq!(flow(&tally, 250), Some(8_000_000));
    read(&mut tally, &[(500, 1_000 + 250_000)]);
    assert_eq!(flow(&tally, 500), Some(0), "nothing passed, and that is known");
}

#[test]
fn a_reset_a_gap_and_age_make_the_rate_unknown_and_not_zero() {
    let mut reset = tally(Layout::Pair);
    read(&mut reset, &[(0, 5_000), (200, 6_000), (400, 10)]);
    assert_eq!(flow(&reset, 400), None, "the counter fell");
    read(&mut reset, &[(600, 1_010)]);
    assert_eq!(flow(&reset, 600), Some(40_000));

    let mut gap = tally(Layout::Pair);
    read(&mut gap, &[(0, 0), (200, 1_000), (5_000, 2_000)]);
    assert_eq!(flow(&gap, 5_000), None, "what happened in between is not known");

    let mut old = tally(Layout::Pair);
    read(&mut old, &[(0, 0), (200, 1_000)]);
    assert_eq!(flow(&old, 800), Some(40_000));
    assert_eq!(flow(&old, 801), None, "three periods old");
}

#[test]
fn a_queue_that_counts_nothing_is_asked_less_and_less_often() {
    let mut tally = tally(Layout::Pair);
    let told = Statistics::Pair(PerDirection::both(Counters::default()));
    let mut asked = 0;
    for millis in (0..3_600_000).step_by(50) {
        if let Some(slot) = tally.next(at(millis)) {
            asked += 1;
            tally.on_counted(slot, at(millis), told, at(millis));
        }
    }
    assert!((55..70).contains(&asked), "{asked}");
    assert_eq!(flow(&tally, 3_600_000), None);
}

#[test]
fn other_queues_begin_without_readings() {
    let mut tally = tally(Layout::Pair);
    read(&mut tally, &[(0, 0), (200, 1_000)]);
    tally.take_over(Layout::PerDirection);
    assert_eq!(tally.readings(Direction::Download), None);
    assert_eq!(tally.next(at(400)), Some(DOWN));
}

/// What a router that takes `took` ms for an answer is asked in ten seconds.
fn ten_seconds(tally: &mut Tally, took: u64) -> Vec<(u64, QueueSlot)> {
    let (mut asked, mut free) = (Vec::new(), 0);
    for millis in (0..10_000).step_by(10) {
        if millis < free {
            continue;
        }
        if let Some(slot) = tally.next(at(millis)) {
            free = millis + took;
            asked.push((millis, slot));
            tally.on_counted(slot, at(millis), Statistics::One(bytes(1)), at(free));
        }
    }
    asked
}

#[test]
fn who_needs_one_of_two_queues_is_not_slower_for_the_sake_of_who_needs_both() {
    let downloads = |asked: &[(u64, QueueSlot)]| {
        let times: Vec<u64> =
            asked.iter().filter(|(_, slot)| *slot == DOWN).map(|(at, _)| *at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    };
    for took in [5, 50, 100, 200, 400] {
        let mut alone = Tally::new(Layout::PerDirection);
        alone.want(Consumer::Steering, Some(Span::from_millis(500)));
        let alone = downloads(&ten_seconds(&mut alone, took));
        let mut both = tally(Layout::PerDirection);
        both.want(Consumer::Steering, Some(Span::from_millis(500)));
        let asked = ten_seconds(&mut both, took);
        assert!(downloads(&asked) <= alone + 20, "{took} ms: {} for {alone}", downloads(&asked));
        let busy = u64::try_from(asked.len()).unwrap() * took;
        assert!(busy <= 5_000 + took, "{took} ms: busy with it for {busy} of 10,000");
        let by_law = ten_seconds(&mut tally(Layout::PerDirection), took).len();
        assert!(u64::try_from(by_law).unwrap() * took <= 2_500 + took, "{took} ms: a quarter");
    }
}

#[test]
fn the_choice_between_lines_waits_for_a_download_that_was_not_read_for_its_period() {
    let mut tally = tally(Layout::PerDirection);
    assert!(!tally.is_urgent(at(5_000)), "nobody chooses");
    tally.want(Consumer::Steering, Some(Span::from_millis(500)));
    assert!(tally.is_urgent(at(0)));
    assert_eq!(tally.next(at(0)), Some(DOWN));
    assert!(!tally.is_urgent(at(499)));
    assert!(tally.is_urgent(at(500)));
}
