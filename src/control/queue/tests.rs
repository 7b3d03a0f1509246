use super::{Due, Found, Limit, Outcome, Queue, QueueSlot, ReadBack};
use crate::control::{
    ladder::{self, Floors},
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Ratio},
};

const SECOND: Span = Span::from_secs(1);

fn kbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000).unwrap()
}

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn bounds() -> PerDirection<ladder::Settings> {
    let floors = |green, yellow, soft_red, red| Floors { green, yellow, soft_red, red };
    let settings = |ceiling, floors| ladder::Settings {
        ceiling,
        floors,
        step_up: kbit(100),
        factor_red: Ratio::from_ppm(850_000),
        factor_yellow: Ratio::from_ppm(960_000),
        green_required: 5,
    };
    PerDirection {
        download: settings(
            kbit(500_000),
            floors(kbit(100_000), kbit(75_000), kbit(50_000), kbit(25_000)),
        ),
        upload: settings(
            kbit(50_000),
            floors(kbit(10_000), kbit(10_000), kbit(10_000), kbit(10_000)),
        ),
    }
}

fn down(value: u64) -> PerDirection<Rate> {
    PerDirection { download: kbit(value), upload: kbit(20_000) }
}

/// A download queue whose first write, of `value` kbit/s, was confirmed at time zero.
fn written(value: u64) -> Queue {
    let mut queue = Queue::new(QueueSlot::One(Direction::Download), bounds());
    assert_eq!(queue.on_read(Found::One(None)), ReadBack::AsExpected);
    queue.want(down(value));
    let limit = queue.send(at(0));
    assert!(queue.on_written(limit.into()));
    queue
}

#[test]
fn nothing_is_written_before_the_limit_was_read() {
    let mut queue = Queue::new(QueueSlot::One(Direction::Download), bounds());
    assert_eq!(queue.due(at(0), SECOND), Due::Never(Outcome::Queued));
    queue.on_read(Found::One(Some(kbit(500_000))));
    assert_eq!(queue.due(at(0), SECOND), Due::Now, "the first write is always made");
    queue.send(at(0));
    assert_eq!(queue.due(at(0), SECOND), Due::Never(Outcome::Coalesced));
}

#[test]
fn a_wanted_rate_is_moved_into_the_bounds_at_the_last_gate() {
    let mut queue = Queue::new(QueueSlot::Pair, bounds());
    queue.on_read(Found::Pair(PerDirection::both(None)));
    queue.want(PerDirection { download: kbit(900_000), upload: kbit(1) });
    let expected = PerDirection { download: kbit(500_000), upload: kbit(10_000) };
    assert_eq!(queue.send(at(0)), Limit::Pair(expected));
}

#[test]
fn an_equal_rate_is_not_written_again() {
    let mut queue = written(300_000);
    queue.want(down(300_000));
    assert_eq!(queue.due(at(60_000), SECOND), Due::Never(Outcome::Unchanged));
}

#[test]
fn a_decrease_leaves_at_once_but_not_twice_within_200_ms() {
    let mut queue = written(300_000);
    // The first write replaced "unlimited": a decrease.
    queue.want(down(250_000));
    assert_eq!(queue.due(at(199), SECOND), Due::At(at(200), Outcome::Coalesced));
    assert_eq!(queue.due(at(200), SECOND), Due::Now);
    assert_eq!(queue.due(at(200), Span::from_secs(10)), Due::Now, "no budget holds it up");
    let limit = queue.send(at(200));
    queue.on_written(limit.into());
    queue.want(down(200_000));
    assert_eq!(queue.due(at(399), SECOND), Due::At(at(400), Outcome::Coalesced));
}

#[test]
fn a_decrease_right_after_an_increase_does_not_wait() {
    let mut queue = written(300_000);
    queue.want(down(310_000));
    let limit = queue.send(at(1_000));
    queue.on_written(limit.into());
    queue.want(down(200_000));
    assert_eq!(queue.due(at(1_001), SECOND), Due::Now);
}

#[test]
fn an_increase_waits_for_its_spacing_and_says_when_the_budget_is_why() {
    let mut queue = written(300_000);
    queue.want(down(310_000));
    assert_eq!(queue.due(at(999), SECOND), Due::At(at(1_000), Outcome::Coalesced));
    assert_eq!(queue.due(at(1_000), SECOND), Due::Now);
    let stretched = Span::from_secs(7);
    assert_eq!(queue.due(at(1_000), stretched), Due::At(at(7_000), Outcome::OverBudget));
    assert_eq!(queue.due(at(7_000), stretched), Due::Now);
}

#[test]
fn a_change_below_one_percent_waits_ten_seconds_unless_it_reaches_a_bound() {
    for (wanted, first_due) in
        [(302_999, 10_000), (303_000, 1_000), (297_001, 10_000), (297_000, 200)]
    {
        let mut queue = written(300_000);
        queue.want(down(wanted));
        let before = at(first_due - 1);
        assert!(matches!(queue.due(before, SECOND), Due::At(_, _)), "{wanted} too early");
        assert_eq!(queue.due(at(first_due), SECOND), Due::Now, "{wanted}");
    }
    for (confirmed, wanted, first_due) in
        [(499_900, 500_000, 1_000), (25_010, 25_000, 200), (99_990, 100_000, 1_000)]
    {
        let mut queue = written(confirmed);
        queue.want(down(wanted));
        assert_eq!(queue.due(at(first_due), SECOND), Due::Now, "{wanted} is a bound");
    }
}

#[test]
fn the_latest_wanted_rate_wins() {
    let mut queue = written(300_000);
    for rate in [280_000, 260_000, 240_000] {
        queue.want(down(rate));
    }
    assert_eq!(queue.send(at(500)), Limit::One(kbit(240_000)));
}

#[test]
fn only_the_routers_answer_confirms() {
    let mut queue = written(300_000);
    queue.want(down(200_000));
    queue.send(at(300));
    assert_eq!(queue.confirmed().download, Some(kbit(300_000)));
    queue.doubt();
    assert_eq!(queue.confirmed().download, Some(kbit(300_000)));
    assert_eq!(queue.due(at(9_000), SECOND), Due::Never(Outcome::Queued));
    assert_eq!(queue.on_read(Found::One(Some(kbit(200_000)))), ReadBack::AsExpected);
    assert!(queue.settled(), "the write had gone through after all");
}

#[test]
fn a_limit_that_nobody_here_wrote_is_foreign() {
    let mut queue = written(300_000);
    assert_eq!(queue.on_read(Found::One(Some(kbit(300_000)))), ReadBack::AsExpected);
    assert_eq!(queue.on_read(Found::One(Some(kbit(299_999)))), ReadBack::Foreign);
    assert_eq!(queue.on_read(Found::One(None)), ReadBack::Foreign);
    assert_eq!(queue.on_read(Found::Pair(PerDirection::both(None))), ReadBack::Nonsense);
    assert!(!queue.is_known());
}

#[test]
fn an_answer_that_shows_another_limit_is_not_a_confirmation() {
    let mut queue = written(300_000);
    queue.want(down(200_000));
    queue.send(at(300));
    assert!(!queue.on_written(Found::One(Some(kbit(300_000)))));
    assert!(!queue.is_known());
    assert!(!queue.on_written(Found::Pair(PerDirection::both(None))));
}

#[test]
fn a_write_with_a_senseless_answer_may_have_worked() {
    let mut queue = written(300_000);
    queue.want(down(200_000));
    queue.send(at(300));
    assert!(!queue.on_written(Found::Pair(PerDirection::both(None))));
    assert_eq!(queue.on_read(Found::One(Some(kbit(200_000)))), ReadBack::AsExpected);
    assert!(queue.settled());
}

#[test]
fn an_unlimited_or_foreign_limit_is_out_of_bounds() {
    for (found, outside) in [
        (None, true),
        (Some(kbit(24_999)), true),
        (Some(kbit(25_000)), false),
        (Some(kbit(500_000)), false),
        (Some(kbit(500_001)), true),
    ] {
        let mut queue = Queue::new(QueueSlot::One(Direction::Download), bounds());
        assert!(!queue.out_of_bounds(), "nothing is known yet");
        queue.on_read(Found::One(found));
        assert_eq!(queue.out_of_bounds(), outside, "{found:?}");
    }
}

#[test]
fn one_direction_of_a_pair_that_falls_makes_it_a_decrease() {
    let mut queue = Queue::new(QueueSlot::Pair, bounds());
    queue.on_read(Found::Pair(PerDirection::both(None)));
    queue.want(down(300_000));
    let limit = queue.send(at(0));
    queue.on_written(limit.into());
    queue.want(PerDirection { download: kbit(310_000), upload: kbit(15_000) });
    assert_eq!(queue.due(at(200), SECOND), Due::Now);
}
