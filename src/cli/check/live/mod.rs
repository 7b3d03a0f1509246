//! `wanctl check --live`: whether the routers are set up as the configuration needs them.
//! Promises: nothing on a router is changed; one request at a time, none given up half-way; it ends,
//! whatever the routers do; no line holds a secret.
//! Must not know how requests are put on the wire.

mod ask;
mod finding;
mod queues;
mod rights;
mod rules;
mod versions;

use std::io::{self, Write};

use self::{
    ask::{Asker, Lost},
    finding::{Grade, Report},
};
use crate::{
    cli::Exit,
    config::{Config, RouterSection, SteeringSection, WanSection},
    control::time::Span,
    router::{
        contract::{Coverage, Version},
        op::{Listed, Listing, Op, Reply, Resource, RuleState},
        settings::Way,
    },
};

/// For one router by one way. What is asked then is answered within a second by a router that has
/// nothing else to do; one request may take a minute.
const TIME_MAX: Span = Span::from_secs(90);

/// Logs in over each way to each router, and says what is found; the error is one of `out`.
pub(super) fn live(config: &Config, out: &mut dyn Write) -> io::Result<Exit> {
    let mut report = Report::new(out);
    for (place, router) in config.routers.iter().enumerate() {
        let own = |wan: &&WanSection| usize::from(wan.control.router.0) == place;
        let wans: Vec<&WanSection> = config.wans.iter().filter(own).collect();
        let own = |steering: &&SteeringSection| usize::from(steering.control.router.0) == place;
        let steerings: Vec<&SteeringSection> = config.steerings.iter().filter(own).collect();
        for way in router.ways.all() {
            report.place(format!("router '{}' over {}", router.name, way.transport().word()));
            smol::block_on(router_by(router, way, (&wans, &steerings), &mut report));
            report.flush()?;
        }
    }
    report.conclude()
}

/// One router by one way.
async fn router_by(
    router: &RouterSection,
    way: &Way,
    (wans, steerings): (&[&WanSection], &[&SteeringSection]),
    report: &mut Report<'_>,
) {
    let looked = async {
        let mut asker = Asker::open(way, TIME_MAX)?;
        let facts = facts(&mut asker, report).await?;
        versions::look(&facts, router, report);
        let mut menus = queues::Menus::default();
        for wan in wans {
            queues::look(wan, &mut menus, &mut asker, report).await?;
        }
        for steering in steerings {
            rules::look(steering, &mut asker, report).await?;
        }
        fast_track(&mut asker, report).await?;
        rights::look(router, way, &mut asker, report).await
    };
    if let Err(lost) = looked.await {
        report.say(Grade::Error, &lost.words());
    }
}

/// Version and board, and how far the answers are known.
async fn facts(asker: &mut Asker, report: &mut Report<'_>) -> Result<Resource, Lost> {
    let (reply, differences) = asker.inspect(&Op::ReadResource).await?;
    let facts = match reply {
        Ok(Reply::Resource(facts)) => facts,
        Ok(_) => Resource::default(),
        Err(error) => return Err(Lost::Failed(error)),
    };
    let version = Version::parse(&facts.version);
    let coverage = match version.map(|version| Coverage::of(version, asker.transport())) {
        None | Some(Coverage::None) => "no answers of such a version are known".to_owned(),
        Some(Coverage::Exact) => "the answers of this version are known".to_owned(),
        Some(Coverage::NearestLower(nearest)) => format!("the answers of {nearest} are known"),
    };
    let board = if facts.board.is_empty() { "an unknown board" } else { &facts.board };
    report.say(Grade::Good, &format!("RouterOS {} on {board}; {coverage}", facts.version));
    if !differences.is_empty() {
        let words = format!("its answers differ from the known ones: {differences}");
        report.say(Grade::Warning, &words);
    }
    Ok(facts)
}

/// Rules that lead traffic past the queues.
async fn fast_track(asker: &mut Asker, report: &mut Report<'_>) -> Result<(), Lost> {
    let rules = match asker.list(Listing::FastTrack).await? {
        Ok(Listed::Rules(rules)) => rules,
        Ok(_) => return Ok(()),
        Err(error) => {
            let words = format!("whether a FastTrack rule is on cannot be told: {error}");
            report.say(Grade::Unknown, &words);
            return Ok(());
        }
    };
    let on = rules.iter().filter(|state| **state == RuleState::Enabled).count();
    if on > 0 {
        let words = format!(
            "{on} FastTrack rule(s) on: traffic passes by simple queues, by queue trees with \
             parent=global, and by packet marks; mend: /ip/firewall/filter/disable [find \
             action=fasttrack-connection]"
        );
        report.say(Grade::Warning, &words);
    }
    Ok(())
}
