//! The rows of the section `steering`.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

use super::{MS, S, delay, options, time};
use crate::{
    config::{
        kind::{Choice, Flag, Text},
        number::{Limits, Number, Unit},
        table::{
            Preset::{Absent, Required, Value},
            SectionKind::Steering,
            Spec, once,
        },
    },
    control::{
        steering::{Mode, rule::OnExit},
        time::Span,
        units::Rtt,
    },
};

const NAME: Text = Text { max: 64, refused: (&[], "a control character") };

const fn packets(min: u64, max: u64) -> Number<u64> {
    Number::new(Limits { unit: Unit::Count, min, max }, Some)
}

const fn score(min: u64, max: u64) -> Number<u8> {
    Number::new(Limits { unit: Unit::Count, min, max }, |score| u8::try_from(score).ok())
}

options! {
    STEERING_ENABLED: Spec<Flag> = once(
        Steering, "enabled", Flag, Value("0"),
        "1 steers; without it the section is checked and the rule left alone.",
    );
    PRIMARY: Spec<Text> = once(
        Steering, "primary", NAME, Required("cable"),
        "Name of the wan section that is watched.",
    );
    ALTERNATE: Spec<Text> = once(
        Steering, "alternate", NAME, Required("dsl"),
        "Name of the wan section that new connections take meanwhile; only while it is well itself.",
    );
    STEERING_ROUTER: Spec<Text> = once(
        Steering, "router", NAME, Absent("that of primary", "home"),
        "Name of the router section that has the rule; both WANs must be behind it.",
    );
    COMMENT: Spec<Text> = once(
        Steering, "comment", NAME, Required("wanctl: steer"),
        "Exact comment of the one mangle rule that is switched on and off.",
    );
    MODE: Spec<Choice<Mode>> = once(
        Steering, "mode",
        Choice {
            words: &[("hysteresis", Mode::Hysteresis), ("confidence", Mode::Confidence)],
            later: &[],
        },
        Value("hysteresis"),
        "hysteresis: by thresholds of delay, drops and queue; confidence: by a score of all of them \
         and the state, from 0 to 100.",
    );
    DELTA: Spec<Number<Rtt>> = once(
        Steering, "delta", delay(MS, 500 * MS), Value("15ms"),
        "Delay over the baseline, on average over a second, above which the primary WAN is bad.",
    );
    DROPS: Spec<Number<u64>> = once(
        Steering, "drops", packets(1, 10_000), Value("1"),
        "So many packets dropped between two readings are bad; not demanded of a queue that has not \
         counted as many for ten minutes.",
    );
    QUEUE_YELLOW: Spec<Number<u64>> = once(
        Steering, "queue_yellow", packets(1, 10_000), Value("10"),
        "From so many waiting packets on, the primary WAN is not good.",
    );
    QUEUE_RED: Spec<Number<u64>> = once(
        Steering, "queue_red", packets(1, 10_000), Value("50"),
        "From so many waiting packets on, it is bad; not demanded of a queue that has not shown as many \
         for ten minutes.",
    );
    DEGRADE_AFTER: Spec<Number<Span>> = once(
        Steering, "degrade_after", time(Unit::Time, 500 * MS, 60 * S), Value("2s"),
        "Bad for so long: the rule is switched on. Each time beyond three in an hour doubles it.",
    );
    RECOVER_AFTER: Spec<Number<Span>> = once(
        Steering, "recover_after", time(Unit::Time, 5 * S, 3_600 * S), Value("30s"),
        "Good for so long: the rule is switched off.",
    );
    HOLD_DOWN: Spec<Number<Span>> = once(
        Steering, "hold_down", time(Unit::Time, S, 3_600 * S), Value("30s"),
        "After a change the next one takes at least so long.",
    );
    SCORE_DEGRADE: Spec<Number<u8>> = once(
        Steering, "score_degrade", score(20, 95), Value("55"),
        "With mode confidence: a score of at least this is bad.",
    );
    SCORE_RECOVER: Spec<Number<u8>> = once(
        Steering, "score_recover", score(1, 90), Value("20"),
        "With mode confidence: a score of at most this is good.",
    );
    ADOPT: Spec<Flag> = once(
        Steering, "adopt", Flag, Value("0"),
        "1: who switches the rule by hand decides, until the next decision; 0: that is undone.",
    );
    DRY_RUN: Spec<Flag> = once(
        Steering, "dry_run", Flag, Value("0"),
        "1 decides and says so, and never switches the rule.",
    );
    STEERING_ON_EXIT: Spec<Choice<OnExit>> = once(
        Steering, "on_exit",
        Choice { words: &[("keep", OnExit::Keep), ("disable", OnExit::Disable)], later: &[] },
        Value("keep"),
        "What becomes of the rule when the daemon ends, or a reload takes the section out or gives it \
         another rule: it stays, or is switched off.",
    );
}
