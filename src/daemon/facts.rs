//! What the routers tell of themselves, and what is said about it.
//! Promises: version and coverage are said when they change, and so is drift: one line each, for each
//! transport by itself; what a survey did not see is no news.

use log::{info, warn};

use super::{
    shell::Daemon,
    survey::{Extent, Survey},
};
use crate::{
    control::wan::RouterId,
    observe::health::RouterFacts,
    probe::prober::Wire,
    router::{
        contract::{Coverage, Version},
        error::Transport,
        op::Resource,
    },
};

impl<W: Wire> Daemon<W> {
    /// Takes in what a router said at connect.
    pub(super) fn learn(&mut self, router: RouterId, facts: &Resource, survey: Option<&Survey>) {
        let Self { names, facts: known, others, .. } = self;
        let place = usize::from(router.0);
        let (Some(known), Some(other)) = (known.get_mut(place), others.get_mut(place)) else {
            return;
        };
        let name = names.router(router);
        let Some(survey) = survey else { return };
        let before = remember(known, other, of(facts, survey), survey.extent);
        if (&before.version, &before.coverage) != (&known.version, &known.coverage) {
            let version = &known.version;
            let covered = covered(facts, survey.transport);
            info!("router {name}: RouterOS {version} on {}; {covered}", facts.board);
        }
        let RouterFacts { over, drift, .. } = &*known;
        let before = before.drift;
        match drift.as_str() {
            "" if before.is_empty() => {}
            "" => info!("router {name}: its answers over {over} are as recorded again"),
            drift if drift == before => {}
            drift => warn!(
                "router {name}: its answers over {over} are not as recorded ({drift}); what is \
                 needed of them is checked each time, and control goes on"
            ),
        }
    }
}

/// What is known of a router over the transport in use, and over the other one. What was known over
/// this one before.
fn remember(
    known: &mut RouterFacts,
    other: &mut RouterFacts,
    told: RouterFacts,
    extent: Extent,
) -> RouterFacts {
    if known.over != told.over {
        // What it told over this one is known from the last time, if there was one.
        std::mem::swap(known, other);
    }
    let before = std::mem::replace(known, told);
    if extent == Extent::Part {
        // What was not seen is no news.
        known.drift.clone_from(&before.drift);
    }
    before
}

fn of(facts: &Resource, survey: &Survey) -> RouterFacts {
    let drift =
        if survey.differences.is_empty() { String::new() } else { survey.differences.to_string() };
    let coverage = coverage(facts, survey.transport).to_string();
    let version = facts.version.as_str().to_owned();
    RouterFacts { version, over: survey.transport.word(), coverage, drift }
}

fn coverage(facts: &Resource, transport: Transport) -> Coverage {
    let version = Version::parse(&facts.version);
    version.map_or(Coverage::None, |version| Coverage::of(version, transport))
}

/// The same for people.
fn covered(facts: &Resource, transport: Transport) -> String {
    let over = transport.word();
    match coverage(facts, transport) {
        Coverage::Exact => format!("answers of this version over {over} are known"),
        Coverage::NearestLower(version) => {
            format!("answers over {over} are known of {version}, not of this version")
        }
        Coverage::None => {
            format!("answers over {over} are known neither of this version nor of an earlier one")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, RouterFacts, Transport, remember};

    fn told(over: Transport, drift: &str) -> RouterFacts {
        RouterFacts { over: over.word(), drift: drift.to_owned(), ..RouterFacts::default() }
    }

    #[test]
    fn what_a_survey_did_not_see_is_no_news() {
        let (mut known, mut other) = (told(Transport::Rest, "new"), RouterFacts::default());
        let before = remember(&mut known, &mut other, told(Transport::Rest, ""), Extent::Part);
        assert_eq!((before.drift.as_str(), known.drift.as_str()), ("new", "new"));
        let before = remember(&mut known, &mut other, told(Transport::Rest, ""), Extent::Whole);
        assert_eq!((before.drift.as_str(), known.drift.as_str()), ("new", ""));
    }

    #[test]
    fn what_is_known_over_one_transport_outlives_the_use_of_the_other() {
        let (mut known, mut other) = (told(Transport::Rest, "new"), RouterFacts::default());
        let before = remember(&mut known, &mut other, told(Transport::Ssh, ""), Extent::Whole);
        assert_eq!((before.drift.as_str(), known.over), ("", Transport::Ssh.word()));
        let before = remember(&mut known, &mut other, told(Transport::Rest, "new"), Extent::Whole);
        assert_eq!((before.drift.as_str(), known.drift.as_str()), ("new", "new"));
        assert_eq!(other.over, Transport::Ssh.word());
    }
}
