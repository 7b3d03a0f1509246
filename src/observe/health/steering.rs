//! The health of one steering.
//! Promises: what is not known, or never counted by the router, is `null`.
//! Knows nothing of JSON.

use serde::{Deserialize, Serialize};

use super::{Shell, Text, text};
use crate::control::{
    engine::Engine,
    id::SteeringId,
    steering::{
        Judgement, Mode, State, Waits,
        course::{Course, Effect},
        evidence::{Queue, Voice},
        rule::Trouble,
    },
    time::Instant,
};

/// The health of one steering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteeringHealth {
    /// Its section in the configuration.
    pub name: Text,
    /// The WAN that is watched.
    pub primary: Text,
    /// The WAN that new connections take instead.
    pub alternate: Text,
    /// The router with the rule.
    pub router: Text,
    /// The comment of the rule.
    pub rule: Text,
    /// `hysteresis` or `confidence`.
    pub mode: Text,
    /// Whether decisions are only told.
    pub dry_run: bool,
    /// `GOOD` or `DEGRADED`.
    pub state: Text,
    /// Seconds since that was decided, or found at the start; `null`: since the start.
    pub since_seconds: Option<u64>,
    /// How the primary WAN is: `GREEN`, `YELLOW`, `RED` or `unknown`.
    pub judgement: Text,
    /// What a change waits for: `nothing`, `evidence`, `time`, `hold-down` or `alternate`.
    pub waits_for: Text,
    /// Delay over the baseline, on average over a second.
    pub delta_ms: Option<f64>,
    /// Packets that the queue dropped between two readings; `null`: not known, or not counted.
    pub dropped: Option<u64>,
    /// Packets that wait in it; `null`: not known, or not counted.
    pub waiting: Option<u64>,
    /// The score in mode `confidence`; `null`: not known.
    pub score: Option<u8>,
    /// How hard the brake is on, 0 to 5.
    pub brake: u8,
    /// Decisions since the start.
    pub changes: u32,
    /// How the rule is wanted; `null`: whatever it is.
    pub rule_wanted: Option<bool>,
    /// Whether the rule is on, as the router showed it last; `null`: not known.
    pub rule_on: Option<bool>,
    /// Why the rule cannot be read or switched; `null`: it can.
    pub rule_trouble: Option<Text>,
    /// Requests about the rule that failed since the start.
    pub rule_failures: u32,
}

impl SteeringHealth {
    /// Of every steering, in their order.
    pub(super) fn all(
        engine: &Engine,
        shell: Shell<'_>,
        now: Instant,
    ) -> impl Iterator<Item = Self> {
        let courses = (0..).map(SteeringId).zip(engine.courses());
        courses.map(move |(id, course)| Self::of(id, course, shell, now))
    }

    fn of(id: SteeringId, course: &Course, shell: Shell<'_>, now: Instant) -> Self {
        let (mind, rule, settings) = (course.mind(), course.rule(), course.settings());
        let names = shell.names.names_of(id);
        let name = |of: &str| text(names.map_or("?", |_| of));
        let (dropped, waiting) = match mind.queue(now) {
            Queue::Unknown => (None, None),
            Queue::Known { drops, waiting } => (said(drops), said(waiting)),
        };
        let on = |state: State| state == State::Degraded;
        Self {
            name: name(shell.names.steering(id)),
            primary: name(shell.names.wan(settings.primary)),
            alternate: name(shell.names.wan(settings.alternate)),
            router: name(shell.names.router(settings.router)),
            rule: text(names.map_or("?", |names| names.comment.as_str())),
            mode: text(mode(settings.law.mode)),
            dry_run: settings.effect == Effect::DryRun,
            state: text(mind.state().word()),
            since_seconds: mind.changed().map(|at| now.since(at).as_secs()),
            judgement: text(judgement(mind.judgement())),
            waits_for: text(waits(mind.waits())),
            delta_ms: mind.delta(),
            dropped,
            waiting,
            score: mind.score(),
            brake: mind.brake(now),
            changes: course.changes(),
            rule_wanted: rule.wanted().map(on),
            rule_on: rule.shown().map(on),
            rule_trouble: rule.trouble().map(|trouble| match trouble {
                Trouble::Refused(kind) => text(kind.word()),
                Trouble::NotShown => text("not-shown"),
            }),
            rule_failures: rule.failures(),
        }
    }
}

/// What never moves is not counted.
const fn said(voice: Voice) -> Option<u64> {
    match voice {
        Voice::Mute => None,
        Voice::Says(packets) => Some(packets),
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Hysteresis => "hysteresis",
        Mode::Confidence => "confidence",
    }
}

const fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Green => "GREEN",
        Judgement::Yellow => "YELLOW",
        Judgement::Red => "RED",
        Judgement::Unknown => "unknown",
    }
}

const fn waits(waits: Waits) -> &'static str {
    match waits {
        Waits::Nothing => "nothing",
        Waits::Evidence => "evidence",
        Waits::Time => "time",
        Waits::HoldDown => "hold-down",
        Waits::Alternate => "alternate",
    }
}
