use super::{ProbeFate, ReplyFate, Rounds, Settled, Unused};
use crate::control::{
    reflectors::Role,
    time::{Instant, Span},
    units::Rtt,
};

const INTERVAL: Span = Span::from_millis(50);
const THREE: [(u8, Role); 3] = [(0, Role::Measure), (1, Role::Measure), (2, Role::Measure)];

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn open(rounds: &mut Rounds, number: u32, ms: u64, to: &[(u8, Role)]) {
    rounds.open(number, at(ms), to);
    for (reflector, _) in to {
        rounds.sent(*reflector, number, at(ms));
    }
}

fn settle(rounds: &mut Rounds, ms: u64) -> (Option<f64>, Vec<ProbeFate>) {
    let mut fates = Vec::new();
    let settled = rounds.settle(at(ms), INTERVAL, |fate| fates.push(fate));
    (settled.map(|Settled { value, .. }| value.ms()), fates)
}

#[test]
fn the_value_is_the_median_of_three_the_mean_of_two_or_the_one() {
    let cases: [(&[u64], f64); 5] = [
        (&[30, 10, 20], 20.0),
        (&[10, 10, 40], 10.0),
        (&[40, 1, 39], 39.0),
        (&[30, 10], 20.0),
        (&[17], 17.0),
    ];
    for (times, value) in cases {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE[..times.len()]);
        for (reflector, ms) in (0..).zip(times) {
            assert_eq!(rounds.reply(reflector, 1, at(*ms)), ReplyFate::Used);
        }
        assert_eq!(settle(&mut rounds, 50).0, Some(value), "{times:?}");
        assert_eq!(settle(&mut rounds, 100).0, None, "a round settles once");
    }
}

#[test]
fn an_incomplete_round_waits_one_interval_from_its_first_answer() {
    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &THREE);
    rounds.reply(0, 1, at(20));
    rounds.reply(1, 1, at(40));
    assert_eq!(settle(&mut rounds, 50).0, None);
    let (value, fates) = settle(&mut rounds, 100);
    assert_eq!(value, Some(30.0));
    assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Answered(1), ProbeFate::Lost(2)]);
}

#[test]
fn replies_slower_than_the_interval_are_used_in_their_own_round() {
    let mut rounds = Rounds::default();
    for number in 0..10 {
        open(&mut rounds, number, u64::from(number) * 50, &THREE[..1]);
    }
    assert_eq!(rounds.reply(0, 0, at(460)), ReplyFate::Used);
    assert_eq!(settle(&mut rounds, 500).0, Some(460.0));
    assert_eq!(rounds.reply(0, 1, at(515)), ReplyFate::Used);
    assert_eq!(settle(&mut rounds, 550).0, Some(465.0));
}

#[test]
fn of_several_ready_rounds_the_newest_counts_and_none_goes_back() {
    let mut rounds = Rounds::default();
    for number in 0..4 {
        open(&mut rounds, number, u64::from(number) * 50, &THREE[..1]);
    }
    rounds.reply(0, 3, at(170));
    rounds.reply(0, 1, at(171));
    assert_eq!(settle(&mut rounds, 200).0, Some(20.0));
    assert_eq!(rounds.reply(0, 2, at(201)), ReplyFate::Late);
    assert_eq!(settle(&mut rounds, 250).0, None);
    assert_eq!(rounds.unused(), Unused { late: 1, duplicate: 0, forged: 0 });
}

#[test]
fn late_duplicate_and_unasked_replies_are_counted_and_never_used() {
    let mut rounds = Rounds::default();
    open(&mut rounds, 7, 0, &THREE);
    assert_eq!(rounds.reply(0, 7, at(10)), ReplyFate::Used);
    assert_eq!(rounds.reply(0, 7, at(11)), ReplyFate::Duplicate);
    assert_eq!(rounds.reply(0, 8, at(12)), ReplyFate::Unknown);
    assert_eq!(rounds.reply(5, 7, at(12)), ReplyFate::Unknown);
    assert_eq!(settle(&mut rounds, 100).0, Some(10.0));
    assert_eq!(rounds.reply(1, 7, at(110)), ReplyFate::Late);
    assert_eq!(rounds.reply(1, 7, at(111)), ReplyFate::Duplicate);
    rounds.forged();
    assert_eq!(rounds.unused(), Unused { late: 1, duplicate: 2, forged: 3 });
    open(&mut rounds, 8, 9_000, &THREE);
    settle(&mut rounds, 9_000);
    assert_eq!(rounds.reply(2, 7, at(9_001)), ReplyFate::Late, "forgotten, but it was asked");
}

#[test]
fn a_reply_after_the_timeout_is_late_even_if_nobody_looked_before() {
    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &THREE[..1]);
    assert_eq!(rounds.reply(0, 1, at(2_000)), ReplyFate::Late);
    assert_eq!(rounds.reply(0, 1, at(2_001)), ReplyFate::Duplicate);
    assert_eq!(settle(&mut rounds, 2_001), (None, vec![]), "late is not used");

    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &THREE);
    rounds.reply(0, 1, at(10));
    rounds.reply(1, 1, at(20));
    assert_eq!(rounds.reply(2, 1, at(9_000)), ReplyFate::Late);
    let (value, fates) = settle(&mut rounds, 9_000);
    assert_eq!(value, None, "nine seconds ago");
    assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Answered(1), ProbeFate::Lost(2)]);
}

#[test]
fn a_round_from_before_a_sleep_is_no_measurement_of_now() {
    for (now, value) in [(1_009, Some(10.0)), (1_010, None), (3_600_000, None)] {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE[..1]);
        rounds.reply(0, 1, at(10));
        let expected = (value, vec![ProbeFate::Answered(0)]);
        assert_eq!(settle(&mut rounds, now), expected, "{now} ms");
    }
}

#[test]
fn at_a_slow_interval_an_incomplete_round_counts_when_its_time_is_over() {
    for interval in [Span::from_secs(1), Span::from_secs(2)] {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE);
        rounds.reply(0, 1, at(20));
        rounds.reply(1, 1, at(40));
        let settled = rounds.settle(at(2_000), interval, |_| ());
        assert_eq!(settled.map(|settled| settled.value.ms()), Some(30.0), "{interval:?}");
    }
}

#[test]
fn a_check_has_as_long_as_a_measured_probe() {
    let roles = [(0, Role::Measure), (4, Role::Check)];
    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &roles);
    rounds.reply(0, 1, at(20));
    assert_eq!(settle(&mut rounds, 50), (Some(20.0), vec![ProbeFate::Answered(0)]));
    assert_eq!(rounds.reply(4, 1, at(69)), ReplyFate::Used);
    assert_eq!(
        settle(&mut rounds, 100),
        (None, vec![ProbeFate::Checked(4, Rtt::from_span(Span::from_millis(69)))])
    );
    open(&mut rounds, 2, 100, &roles);
    rounds.reply(0, 2, at(120));
    assert_eq!(settle(&mut rounds, 150), (Some(20.0), vec![ProbeFate::Answered(0)]));
    assert_eq!(settle(&mut rounds, 200), (None, vec![ProbeFate::Lost(4)]));
    assert_eq!(rounds.reply(4, 2, at(201)), ReplyFate::Late);
    assert_eq!(settle(&mut rounds, 250), (None, vec![]));
}

#[test]
fn the_number_of_a_round_may_wrap() {
    let mut rounds = Rounds::default();
    open(&mut rounds, u32::MAX, 0, &THREE[..1]);
    open(&mut rounds, 0, 50, &THREE[..1]);
    assert_eq!(rounds.reply(0, 0, at(60)), ReplyFate::Used);
    assert_eq!(settle(&mut rounds, 100).0, Some(10.0));
    assert_eq!(rounds.reply(0, u32::MAX, at(101)), ReplyFate::Late);
    open(&mut rounds, 1, 5_000, &THREE[..1]);
    settle(&mut rounds, 5_000);
    assert_eq!(rounds.reply(0, u32::MAX, at(5_001)), ReplyFate::Late, "it was asked once");
    assert_eq!(rounds.reply(0, 2, at(5_001)), ReplyFate::Unknown);
}

#[test]
fn a_silent_line_is_nobodys_fault() {
    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &THREE);
    assert_eq!(settle(&mut rounds, 1_999), (None, vec![]));
    assert_eq!(settle(&mut rounds, 2_000), (None, vec![]));
}

#[test]
fn a_checked_reflector_neither_counts_nor_is_waited_for() {
    let mut rounds = Rounds::default();
    open(&mut rounds, 1, 0, &[(0, Role::Measure), (4, Role::Check)]);
    rounds.reply(0, 1, at(20));
    assert_eq!(settle(&mut rounds, 50).0, Some(20.0));
    open(&mut rounds, 2, 50, &[(0, Role::Measure), (4, Role::Check)]);
    rounds.reply(4, 2, at(51));
    assert_eq!(settle(&mut rounds, 200).0, None, "a check alone makes no round");
    rounds.reply(0, 2, at(210));
    let (value, fates) = settle(&mut rounds, 250);
    assert_eq!(value, Some(160.0));
    assert_eq!(
        fates,
        [ProbeFate::Answered(0), ProbeFate::Checked(4, Rtt::from_span(Span::from_millis(1)))]
    );
}

#[test]
fn a_probe_that_could_not_be_sent_is_lost_but_not_waited_for() {
    let mut rounds = Rounds::default();
    rounds.open(1, at(0), &THREE);
    rounds.sent(0, 1, at(0));
    rounds.reply(0, 1, at(9));
    let (value, fates) = settle(&mut rounds, 50);
    assert_eq!(value, Some(9.0));
    assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Lost(1), ProbeFate::Lost(2)]);
}

#[test]
fn ten_thousand_unanswered_rounds_fit_in_bounded_memory() {
    let mut rounds = Rounds::default();
    for number in 0..10_000 {
        open(&mut rounds, number, u64::from(number), &THREE);
    }
    assert_eq!(rounds.kept.len(), super::MAX_ROUNDS);
    assert_eq!(rounds.reply(0, 9_999, at(10_000)), ReplyFate::Used);
    assert_eq!(settle(&mut rounds, 10_100).0, Some(1.0));
    assert_eq!(Rtt::from_span(Span::from_millis(1)).ms().to_bits(), 1.0f64.to_bits());
}

/// A probe every 50 ms, whose replies take so many ms; settles like a loop does.
fn replies(takes: impl Fn(u64) -> u64, to: u64) -> Vec<(u64, f64)> {
    let mut rounds = Rounds::default();
    let mut values = Vec::new();
    let mut on_way = Vec::new();
    for ms in (0..to).step_by(50) {
        on_way.retain(|(number, back): &(u64, u64)| {
            let is_back = *back <= ms;
            if is_back {
                rounds.reply(0, u32::try_from(*number).unwrap(), at(*back));
            }
            !is_back
        });
        let in_time = settle(&mut rounds, ms).0;
        let value = in_time.or_else(|| rounds.overdue(at(ms)).map(Rtt::ms));
        values.extend(value.map(|value| (ms, value)));
        open(&mut rounds, u32::try_from(ms / 50).unwrap(), ms, &THREE[..1]);
        on_way.push((ms / 50, ms + takes(ms)));
    }
    values
}

#[test]
fn replies_that_all_come_late_tell_how_long_the_queue_is() {
    // From second 1 on a reply takes 5 s: longer than rounds are remembered.
    let values = replies(|ms| if ms < 1_000 { 20 } else { 5_000 }, 10_000);
    let late: Vec<_> = values.iter().filter(|(ms, _)| *ms >= 1_100).collect();
    assert!(late.len() > 50, "{values:?}");
    for (ms, value) in late {
        assert!(*ms >= 6_300, "only since when no others come: {values:?}");
        assert!((4_900.0..5_200.0).contains(value), "{ms}: {value}");
    }
    let values = replies(|ms| if ms < 1_000 { 20 } else { 2_500 }, 6_000);
    assert_eq!(values.last().map(|(_, value)| *value), Some(2_500.0));
}

#[test]
fn a_late_reply_beside_others_tells_nothing() {
    // One in ten takes three seconds.
    let values = replies(|ms| if ms % 500 == 0 { 3_000 } else { 20 }, 10_000);
    assert!(values.iter().all(|(_, value)| *value < 50.0), "{values:?}");
}

#[test]
fn what_a_board_finds_when_it_wakes_up_is_no_queue() {
    let mut rounds = Rounds::default();
    for number in 0..40 {
        open(&mut rounds, number, u64::from(number) * 50, &THREE[..1]);
    }
    // It slept for twenty seconds, and no kernel has noted when they came.
    for number in 0..40 {
        rounds.reply(0, number, at(22_000));
    }
    assert_eq!(settle(&mut rounds, 22_000).0, None);
    assert_eq!(rounds.overdue(at(22_000)), None);
    open(&mut rounds, 40, 22_000, &THREE[..1]);
    rounds.reply(0, 40, at(22_020));
    assert_eq!(settle(&mut rounds, 22_050).0, Some(20.0));
}

#[test]
fn late_replies_with_breaks_between_them_tell_nothing() {
    // From second 1 on one in two seconds is answered, and late.
    let values = replies(
        |ms| match ms {
            0..1_000 => 20,
            ms if ms % 2_000 == 0 => 3_500,
            _ => 1_000_000,
        },
        60_000,
    );
    assert!(values.iter().all(|(_, value)| *value < 50.0), "{values:?}");
}

#[test]
fn what_took_longer_than_any_buffer_is_of_no_queue() {
    let mut rounds = Rounds::default();
    for number in 2_000_000_000..2_000_000_060 {
        let ms = u64::from(number - 2_000_000_000) * 50;
        open(&mut rounds, number, ms, &THREE[..1]);
        rounds.reply(0, number - 1_900_000_000, at(ms));
        assert_eq!(rounds.overdue(at(ms)), None, "{ms}");
    }
}
