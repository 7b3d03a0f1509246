use super::{Applier, Ask, Gate, Layout, QueueNews};
use crate::control::{
    failure::FailureKind,
    ladder::{self, Floors},
    queue::{Found, Limit, QueueSlot},
    time::Instant,
    units::{Direction, PerDirection, Rate, Ratio},
};

const DOWN: QueueSlot = QueueSlot::One(Direction::Download);
const UP: QueueSlot = QueueSlot::One(Direction::Upload);

fn mbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000_000).unwrap()
}

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn applier() -> Applier {
    let floors = Floors { green: mbit(10), yellow: mbit(10), soft_red: mbit(10), red: mbit(10) };
    let bounds = ladder::Settings {
        ceiling: mbit(100),
        floors,
        step_up: mbit(1),
        factor_red: Ratio::from_ppm(850_000),
        factor_yellow: Ratio::from_ppm(960_000),
        green_required: 5,
    };
    Applier::new(Layout::PerDirection, PerDirection::both(bounds), 600, 1)
}

/// Answers everything asked at `now` as a router that obeys; what was asked.
fn obey(applier: &mut Applier, now: Instant, gate: Gate) -> Vec<Ask> {
    let mut asked = Vec::new();
    while let Some(ask) = applier.next(now, gate) {
        asked.push(ask);
        let found = match ask {
            Ask::Read(_) => Found::One(None),
            Ask::Write(_, limit) => limit.into(),
        };
        applier.on_found(ask, found, now, |_, _| ());
    }
    asked
}

#[test]
fn both_queues_are_read_before_either_is_written() {
    let mut applier = applier();
    let limit = Limit::One(mbit(100));
    let expected = [Ask::Read(DOWN), Ask::Read(UP), Ask::Write(DOWN, limit), Ask::Write(UP, limit)];
    assert_eq!(obey(&mut applier, at(0), Gate::Open), expected);
    assert!(applier.settled());
    assert_eq!(applier.next_at(at(0), Gate::Open), Some(at(60_000)));
}

#[test]
fn at_the_end_a_settled_queue_wants_nothing_not_even_its_regular_read() {
    let mut applier = applier();
    obey(&mut applier, at(0), Gate::Open);
    for ms in [1, 60_000, 3_600_000] {
        assert_eq!(applier.next_at(at(ms), Gate::Flush), None);
    }
    assert_eq!(applier.next_at(at(60_000), Gate::Open), Some(at(60_000)));
}

#[test]
fn at_the_end_nothing_waits_for_its_spacing() {
    let mut applier = applier();
    obey(&mut applier, at(0), Gate::Open);
    applier.want(PerDirection { download: mbit(99), upload: mbit(50) });
    let expected = [Ask::Write(DOWN, Limit::One(mbit(99))), Ask::Write(UP, Limit::One(mbit(50)))];
    assert_eq!(obey(&mut applier, at(1), Gate::Flush), expected);
}

#[test]
fn of_two_queues_the_one_asked_about_least_recently_comes_first() {
    let mut applier = applier();
    obey(&mut applier, at(0), Gate::Open);
    let mut written = Vec::new();
    for step in 1..=6 {
        let rate = mbit(100 - step * 10);
        applier.want(PerDirection::both(rate));
        let ask = applier.next(at(step * 300), Gate::Open);
        let Some(Ask::Write(slot, limit)) = ask else { panic!("{ask:?}") };
        applier.on_found(Ask::Write(slot, limit), limit.into(), at(step * 300 + 299), |_, _| ());
        written.push(slot);
    }
    assert_eq!(written, [DOWN, UP, DOWN, UP, DOWN, UP]);
}

/// A minute in which the download queue cannot be written: how often that was tried, and what was
/// told about it.
fn a_minute_of_refused_writes(kind: FailureKind) -> (u32, Vec<QueueNews>) {
    let mut applier = applier();
    let (mut told, mut writes, mut now) = (Vec::new(), 0, at(0));
    while now < at(60_000) {
        let Some(ask) = applier.next(now, Gate::Open) else {
            now = applier.next_at(now, Gate::Open).unwrap();
            continue;
        };
        let news = |slot, news| told.extend((slot == DOWN).then_some(news));
        match ask {
            Ask::Write(DOWN, _) => {
                writes += 1;
                applier.on_refused(ask, kind, now, news);
            }
            Ask::Write(_, limit) => applier.on_found(ask, limit.into(), now, news),
            Ask::Read(_) => applier.on_found(ask, Found::One(None), now, news),
        }
    }
    (writes, told)
}

#[test]
fn a_refused_write_is_not_forgiven_for_a_good_read() {
    for kind in FailureKind::ALL {
        let (writes, told) = a_minute_of_refused_writes(kind);
        assert!((10..=20).contains(&writes), "{kind:?}: {writes}");
        assert_eq!(told, [QueueNews::OutOfBounds, QueueNews::Trouble(kind)]);
    }
}

#[test]
fn every_write_is_taken_from_the_budget_and_a_read_is_not() {
    let mut applier = applier();
    let before = applier.budget().left(at(0));
    let asked = obey(&mut applier, at(0), Gate::Open);
    let writes = asked.iter().filter(|ask| matches!(ask, Ask::Write(..))).count();
    assert_eq!((asked.len(), writes), (4, 2));
    assert_eq!(usize::from(before - applier.budget().left(at(0))), writes);
}
