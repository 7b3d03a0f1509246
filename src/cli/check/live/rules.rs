//! The mangle rules that steer.
//! Promises: says what of a rule would keep steering from working.
//! Knows nothing of queues.

use super::{
    ask::{Asker, Lost},
    finding::{Grade, Report},
};
use crate::{
    config::SteeringSection,
    control::failure::FailureKind,
    router::op::{MANGLE, Rule, RuleRef, RuleState},
};

pub(super) async fn look(
    steering: &SteeringSection,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    let SteeringSection { name, comment, .. } = steering;
    let about = format!("steering '{name}': the mangle rule '{comment}'");
    let (grade, words) = match asker.rule(RuleRef { comment }).await? {
        Ok(Rule { invalid: true, .. }) => (
            Grade::Error,
            format!("cannot be used by RouterOS (invalid); mend: see {MANGLE}/print"),
        ),
        Ok(Rule { dynamic: true, .. }) => (
            Grade::Error,
            "was made by another service, which will undo what wanctl does".to_owned(),
        ),
        Ok(Rule { state: RuleState::Enabled, .. }) => (Grade::Good, "is there, and on".to_owned()),
        Ok(Rule { state: RuleState::Disabled, .. }) => {
            (Grade::Good, "is there, and off".to_owned())
        }
        Err(error) if error.kind == FailureKind::NotFound => {
            (Grade::Error, format!("is not there; mend: set comment of the rule in {MANGLE}"))
        }
        Err(error) if error.kind == FailureKind::Ambiguous => {
            (Grade::Error, format!("is there several times: {error}"))
        }
        Err(error) => (Grade::Unknown, format!("could not be read: {error}")),
    };
    report.say(grade, &format!("{about} {words}"));
    Ok(())
}
