//! Whether the user may do what the daemon needs, as far as that can be told without doing it.
//! Promises: what cannot be told is said to be unknown.
//! Knows nothing of queues.

use super::{
    ask::{Asker, Lost},
    finding::{Grade, Report},
};
use crate::{
    config::RouterSection,
    router::{
        error::{RouterError, Transport},
        op::{Listed, Listing, Policies},
        settings::{Settings, SshSettings, Way},
    },
};

pub(super) async fn look(
    router: &RouterSection,
    way: &Way,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    let (Way::Rest(Settings { username, .. }) | Way::Ssh(SshSettings { username, .. })) = way;
    let groups = match asker.list(Listing::User(username)).await? {
        Ok(Listed::Users(groups)) => groups,
        Ok(_) => Vec::new(),
        Err(error) => {
            refused(&error, report);
            return Ok(());
        }
    };
    let [group] = groups.as_slice() else {
        unknown("the router's list of users does not have it", report);
        return Ok(());
    };
    match asker.list(Listing::Group(group)).await? {
        Ok(Listed::Groups(groups)) => match groups.as_slice() {
            [policies] => told(router, way, (group, policies), report),
            _ => unknown("the router's list of groups does not have its group", report),
        },
        Ok(_) => {}
        Err(error) => refused(&error, report),
    }
    Ok(())
}

fn refused(error: &RouterError, report: &mut Report<'_>) {
    unknown(&error.to_string(), report);
}

fn unknown(why: &str, report: &mut Report<'_>) {
    report.say(Grade::Unknown, &format!("whether the user may write cannot be told: {why}"));
}

/// Holds the group against what this way needs.
fn told(
    router: &RouterSection,
    way: &Way,
    (group, policies): (&str, &Policies),
    report: &mut Report<'_>,
) {
    let lacking: Vec<&str> =
        needed(way).iter().copied().filter(|policy| !policies.grant(policy)).collect();
    if lacking.is_empty() {
        let words = format!("the user's group '{group}' may {}", needed(way).join(", "));
        return report.say(Grade::Good, &words);
    }
    // All that any of the ways needs: the command replaces what the group has.
    let mut all: Vec<&str> = Vec::new();
    for policy in router.ways.all().flat_map(needed) {
        if !all.contains(policy) {
            all.push(policy);
        }
    }
    let words = format!(
        "the user's group '{group}' lacks {}; mend: /user/group/set [find name=\"{group}\"] \
         policy={}",
        lacking.join(", "),
        all.join(",")
    );
    report.say(Grade::Error, &words);
}

/// The policies that a way needs (vendor manual: User, REST API).
const fn needed(way: &Way) -> &'static [&'static str] {
    match way.transport() {
        Transport::Rest => &["read", "write", "api", "rest-api"],
        Transport::Ssh => &["read", "write", "ssh"],
    }
}
