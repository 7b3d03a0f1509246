//! The texts about steerings and their rules.
//! Promises: a change of mind is told with from, to, the reason and the numbers behind it; what was
//! not known is not told as a number.
//! Knows nothing of routers and transports.

use log::Level;

use super::Names;
use crate::{
    control::{
        event::SteeringNews,
        failure::FailureKind,
        id::SteeringId,
        steering::{
            Decided, State, Why,
            course::Effect,
            evidence::{Queue, Voice},
            rule::{News, Trouble},
        },
    },
    observe::human::Time,
};

/// The names of one steering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SteeringNames {
    /// Its section in the configuration.
    pub name: String,
    /// The WAN that is watched.
    pub primary: String,
    /// The WAN that helps out.
    pub alternate: String,
    /// The comment of its rule.
    pub comment: String,
}

impl State {
    /// The word for it everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Degraded => "DEGRADED",
        }
    }

    /// How its rule is then.
    pub const fn of_rule(self) -> &'static str {
        match self {
            Self::Good => "off",
            Self::Degraded => "on",
        }
    }
}

impl Names {
    /// The name of a steering.
    pub fn steering(&self, steering: SteeringId) -> &str {
        self.names_of(steering).map_or("?", |names| names.name.as_str())
    }

    /// All names of a steering.
    pub(in crate::observe) fn names_of(&self, steering: SteeringId) -> Option<&SteeringNames> {
        self.steerings.get(usize::from(steering.0))
    }

    /// What happened to a steering.
    pub(super) fn describe_steering(
        &self,
        steering: SteeringId,
        news: SteeringNews,
    ) -> (Level, String) {
        let names = self.names_of(steering);
        let name = |of: fn(&SteeringNames) -> &String| names.map_or("?", |names| of(names));
        match news {
            SteeringNews::Decided(decided, effect) => {
                let (primary, alternate) = (name(|of| &of.primary), name(|of| &of.alternate));
                (Level::Info, decision(&decided, effect, primary, alternate))
            }
            SteeringNews::Rule(news) => rule(news, name(|of| &of.comment)),
        }
    }
}

fn decision(decided: &Decided, effect: Effect, primary: &str, alternate: &str) -> String {
    let Decided { to, why, after, .. } = *decided;
    let (from, follows) = match to {
        State::Degraded => (State::Good, format!("new connections take wan {alternate}")),
        State::Good => (State::Degraded, format!("new connections take wan {primary} again")),
    };
    let why = match (why, to) {
        (Why::AlternateDown, _) => {
            format!("nothing has answered on wan {alternate} for {}", Time(after))
        }
        (Why::Judged, State::Degraded) => {
            format!("wan {primary} has been bad for {}: {}", Time(after), numbers(decided))
        }
        (Why::Judged, State::Good) => {
            format!("wan {primary} has been good for {}: {}", Time(after), numbers(decided))
        }
    };
    let dry = match effect {
        Effect::Real => "",
        Effect::DryRun => " (dry run: the rule is left alone)",
    };
    format!("{} -> {}: {why}; {follows}{dry}", from.word(), to.word())
}

fn numbers(decided: &Decided) -> String {
    let Decided { delta, queue, score, brake, .. } = *decided;
    let queue = match queue {
        Queue::Unknown => "queue not readable".to_owned(),
        Queue::Known { drops, waiting } => {
            format!("drops {}, waiting packets {}", voice(drops), voice(waiting))
        }
    };
    let score = score.map_or_else(String::new, |score| format!(", score {score}"));
    let brake = if brake == 0 { String::new() } else { format!(", brake {brake}") };
    format!("delay {delta:+.1} ms, {queue}{score}{brake}")
}

/// What a queue counts that never moves is not zero.
fn voice(voice: Voice) -> String {
    match voice {
        Voice::Mute => "not counted".to_owned(),
        Voice::Says(packets) => packets.to_string(),
    }
}

fn rule(news: News, comment: &str) -> (Level, String) {
    let (level, text) = match news {
        News::Found(state) => (Level::Info, format!("is {}", state.of_rule())),
        News::Switched(to) => {
            (Level::Info, format!("is {} now, the router shows it", to.of_rule()))
        }
        News::Foreign(state) => {
            (Level::Warn, format!("was switched {} by somebody else", state.of_rule()))
        }
        News::Trouble(Trouble::Refused(kind)) => (Level::Error, refused(kind).to_owned()),
        News::Trouble(Trouble::NotShown) => (
            Level::Error,
            "is as it was, a second after the router took the switch; trying again".to_owned(),
        ),
        News::Mended => (Level::Info, "can be switched again".to_owned()),
    };
    (level, format!("the rule \"{comment}\" {text}"))
}

const fn refused(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::NotFound => "is not on the router; trying again",
        FailureKind::Ambiguous => {
            "is on the router several times, so none of them is switched; trying again"
        }
        FailureKind::Auth => "may not be read or switched by this login; trying again",
        FailureKind::Rejected
        | FailureKind::Timeout
        | FailureKind::Refused
        | FailureKind::Unreachable
        | FailureKind::Reset
        | FailureKind::Dns
        | FailureKind::Tls
        | FailureKind::HostKey
        | FailureKind::Garbage => "could not be read or switched; trying again",
    }
}
