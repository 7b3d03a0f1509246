use super::{
    Ask, Foreign, News, OnExit, READ_EVERY, Rule,
    State::{Degraded, Good},
    Trouble,
};
use crate::control::{
    failure::FailureKind,
    time::{Instant, Span},
};

fn at(ms: u64) -> Instant {
    Instant::default() + Span::from_millis(ms)
}

/// A rule that was found switched off and is wanted so.
fn off(foreign: Foreign) -> Rule {
    let mut rule = Rule::new(foreign, 1, at(0));
    assert_eq!(rule.next(at(0)), Some(Ask::Read));
    assert_eq!(rule.next(at(0)), None, "one request at a time");
    assert_eq!(rule.on_answer(Ok(Good), at(10)), Some(News::Found(Good)));
    rule.want(Good, at(10));
    assert!(rule.settled());
    rule
}

#[test]
fn a_switch_is_done_only_when_the_router_shows_it() {
    let mut rule = off(Foreign::Undo);
    rule.want(Degraded, at(1_000));
    assert_eq!(rule.next(at(1_000)), Some(Ask::Switch(Degraded)));
    assert_eq!(rule.on_answer(Ok(Good), at(1_050)), None);
    assert_eq!(rule.shown(), Some(Good));
    assert_eq!(rule.next(at(1_200)), None);
    assert_eq!(rule.next(at(1_300)), Some(Ask::Read));
    assert_eq!(rule.on_answer(Ok(Good), at(1_310)), None);
    assert_eq!(rule.next(at(1_560)), Some(Ask::Read));
    assert_eq!(rule.on_answer(Ok(Degraded), at(1_570)), Some(News::Switched(Degraded)));
    assert!(rule.settled() && rule.trouble().is_none());
}

#[test]
fn a_switch_that_is_not_shown_within_a_second_is_trouble_and_made_again() {
    let mut rule = off(Foreign::Undo);
    rule.want(Degraded, at(1_000));
    let (mut switches, mut told) = (Vec::new(), Vec::new());
    for ms in 1_000..31_000 {
        match rule.next(at(ms)) {
            Some(Ask::Switch(Degraded)) => switches.push(ms),
            Some(Ask::Switch(Good)) => panic!("switched off"),
            Some(Ask::Read) | None => {}
        }
        told.extend(rule.on_answer(Ok(Good), at(ms)));
    }
    assert_eq!(told, [News::Trouble(Trouble::NotShown)], "told once");
    assert!(!rule.settled() && rule.shown() == Some(Good), "never recorded as done");
    assert!((6..=12).contains(&switches.len()), "{switches:?}");
}

#[test]
fn a_refusal_is_told_once_and_tried_again_by_back_off() {
    for kind in [FailureKind::NotFound, FailureKind::Ambiguous, FailureKind::Rejected] {
        let mut rule = off(Foreign::Undo);
        rule.want(Degraded, at(1_000));
        let (mut asks, mut told) = (0, Vec::new());
        for ms in 1_000..61_000 {
            asks += u32::from(rule.next(at(ms)).is_some());
            told.extend(rule.on_answer(Err(kind), at(ms)));
        }
        assert_eq!(told, [News::Trouble(Trouble::Refused(kind))]);
        assert!((12..=25).contains(&asks), "{asks}");
        assert_eq!(rule.failures(), asks);
        let next = rule.next_at().unwrap();
        rule.next(next).unwrap();
        rule.on_answer(Ok(Degraded), next);
        assert!(rule.settled());
    }
}

#[test]
fn a_switch_whose_answer_makes_no_sense_is_read_before_it_is_made_again_by_back_off() {
    let mut rule = off(Foreign::Undo);
    rule.want(Degraded, at(1_000));
    let (mut switches, mut told) = (Vec::new(), Vec::new());
    for ms in 1_000..31_000 {
        let answer = match rule.next(at(ms)) {
            Some(Ask::Switch(_)) => {
                switches.push(ms);
                Err(FailureKind::Garbage)
            }
            Some(Ask::Read) => Ok(Good),
            None => continue,
        };
        told.extend(rule.on_answer(answer, at(ms)));
        assert!(answer.is_ok() || rule.shown().is_none(), "it may be on by now");
    }
    assert_eq!(told, [News::Trouble(Trouble::Refused(FailureKind::Garbage))], "told once");
    assert!((6..=14).contains(&switches.len()), "{switches:?}");
    let again = (31_000..40_000).find(|ms| rule.next(at(*ms)).is_some()).unwrap();
    let read = rule.on_answer(Ok(Degraded), at(again));
    assert!(read.is_some() && rule.settled() && rule.trouble().is_none(), "{read:?}");
}

#[test]
fn a_humans_change_is_told_once_and_undone() {
    let mut rule = off(Foreign::Undo);
    let read = at(10) + READ_EVERY;
    assert_eq!(rule.next(at(59_000)), None);
    assert_eq!(rule.next(read), Some(Ask::Read));
    assert_eq!(rule.on_answer(Ok(Degraded), read), Some(News::Foreign(Degraded)));
    assert_eq!(rule.next(read), Some(Ask::Switch(Good)));
    assert_eq!(rule.on_answer(Ok(Good), read), Some(News::Switched(Good)));
}

#[test]
fn a_humans_change_is_accepted_where_that_is_set() {
    let mut rule = off(Foreign::Adopt);
    let read = at(10) + READ_EVERY;
    rule.next(read).unwrap();
    assert_eq!(rule.on_answer(Ok(Degraded), read), Some(News::Foreign(Degraded)));
    assert_eq!(rule.wanted(), Some(Degraded));
    assert!(rule.settled() && rule.next(read + Span::from_secs(59)).is_none());
}

#[test]
fn after_silence_it_is_read_before_it_is_switched() {
    let mut rule = off(Foreign::Undo);
    rule.want(Degraded, at(1_000));
    assert_eq!(rule.next(at(1_000)), Some(Ask::Switch(Degraded)));
    rule.on_unanswered(at(3_000));
    assert_eq!(rule.shown(), None);
    assert_eq!(rule.next(at(3_000)), Some(Ask::Read));
    assert_eq!(rule.on_answer(Ok(Degraded), at(3_010)), Some(News::Found(Degraded)));
    assert!(rule.settled());
}

#[test]
fn at_the_end_it_is_kept_or_switched_off() {
    for (on_exit, asked) in [(OnExit::Keep, None), (OnExit::Disable, Some(Ask::Switch(Good)))] {
        let mut rule = off(Foreign::Undo);
        rule.want(Degraded, at(1_000));
        rule.next(at(1_000)).unwrap();
        rule.on_answer(Ok(Degraded), at(1_010)).unwrap();
        rule.on_stop(on_exit, at(2_000));
        assert_eq!(rule.settled(), asked.is_none());
        if asked.is_some() {
            assert_eq!(rule.next(at(2_000)), asked);
        }
    }
}
