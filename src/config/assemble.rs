//! The sections of a file, put together and held against each other.
//! Promises: references lead somewhere, names and queues are taken once, counts have their bound.
//! Must not know the options of the sections.

use super::{
    Config, Globals, MAX_ROUTERS, MAX_STEERINGS, MAX_WANS, RouterSection, SteeringSection,
    WanSection,
    files::Environment,
    finding::{Finding, Findings},
    globals::globals,
    kind::Switch,
    router::router,
    section::{Given, Reader, check_names},
    steering::{Around, Line, Steering, steering},
    table::SectionKind,
    uci::Section,
    wan::{Wan, wan},
    what::{Caution, Conflict, Naming},
};
use crate::control::wan::{RouterId, WanId};

/// The configuration that the sections make; `None`: there are findings.
pub(super) fn assemble(
    sections: &[Section],
    env: &dyn Environment,
    findings: &mut Findings,
) -> Option<Config> {
    check_names(sections, findings);
    let globals = read_globals(sections, findings);
    let routers: Vec<&Section> = of_kind(sections, SectionKind::Router).collect();
    let wans: Vec<&Section> = of_kind(sections, SectionKind::Wan).collect();
    let names: Vec<String> =
        routers.iter().map(|section| section.name.clone().unwrap_or_default()).collect();
    let read_routers = read_routers(&routers, env, findings);
    let read_wans: Vec<(&Section, Wan)> = wans
        .into_iter()
        .map(|section| {
            let mut reader = Reader::new(section, SectionKind::Wan, findings);
            (section, wan(&mut reader, &names))
        })
        .collect();
    check_queues(&read_wans, findings);
    check_counts(sections, &routers, &read_wans, findings);
    check_use(&routers, &read_wans, findings);
    let steerings = read_steerings(sections, &names, &lines(&read_wans), findings);
    let enabled = read_wans.into_iter().filter(|(_, wan)| wan.enabled == Switch::On);
    let wans = enabled.map(|(_, wan)| wan.section).collect::<Option<Vec<WanSection>>>();
    Some(Config { globals: globals?, routers: read_routers?, wans: wans?, steerings: steerings? })
}

fn of_kind(sections: &[Section], kind: SectionKind) -> impl Iterator<Item = &Section> {
    sections.iter().filter(move |section| SectionKind::of(&section.kind) == Some(kind))
}

/// Without the section every option has its default.
fn read_globals(sections: &[Section], findings: &mut Findings) -> Option<Globals> {
    let absent = Section {
        kind: SectionKind::Globals.word().into(),
        name: None,
        line: 1,
        entries: Vec::new(),
    };
    let mut given = of_kind(sections, SectionKind::Globals)
        .map(|section| globals(&mut Reader::new(section, SectionKind::Globals, findings)));
    let first = given.next();
    // A second one is a finding; what is in it is checked all the same.
    given.for_each(drop);
    first.unwrap_or_else(|| globals(&mut Reader::new(&absent, SectionKind::Globals, findings)))
}

fn read_routers(
    routers: &[&Section],
    env: &dyn Environment,
    findings: &mut Findings,
) -> Option<Vec<RouterSection>> {
    let mut read = Vec::new();
    for section in routers {
        read.push(router(&mut Reader::new(section, SectionKind::Router, findings), env));
    }
    read.into_iter().collect()
}

/// The WANs as the steerings see them.
fn lines(wans: &[(&Section, Wan)]) -> Vec<Line> {
    let mut ids = (0..).map(WanId);
    let line = |(section, wan): &(&Section, Wan)| Line {
        name: section.name.clone().unwrap_or_default(),
        id: if wan.enabled == Switch::On { ids.next() } else { None },
        router: wan.router,
        queues: wan.claims.first().map(|claim| claim.kind),
    };
    wans.iter().map(line).collect()
}

fn read_steerings(
    sections: &[Section],
    routers: &[String],
    wans: &[Line],
    findings: &mut Findings,
) -> Option<Vec<SteeringSection>> {
    let around = Around { routers, wans };
    let mut read: Vec<(&Section, Steering)> = Vec::new();
    for section in of_kind(sections, SectionKind::Steering) {
        let one = steering(&mut Reader::new(section, SectionKind::Steering, findings), &around);
        if one.enabled == Switch::On {
            read.push((section, one));
        }
    }
    check_rules(&read, findings);
    if let Some((surplus, _)) = read.get(MAX_STEERINGS) {
        let finding = Finding::new(Naming::TooMany(MAX_STEERINGS)).at(surplus.line);
        findings.push(finding.section(&surplus.title()));
    }
    read.into_iter().map(|(_, one)| one.section).collect()
}

/// A rule has one section, and so have two WANs: one decision maker at a time.
fn check_rules(steerings: &[(&Section, Steering)], findings: &mut Findings) {
    for (place, (section, own)) in steerings.iter().enumerate() {
        let mut before = steerings.iter().take(place);
        let found = |what: Conflict, given: &Given<String>, allowed: &str| {
            let finding = Finding::new(what).at(given.line).section(&section.title());
            finding.option(&given.option).value(given.text.clone()).allowed(allowed)
        };
        let rule = |one: &Steering| one.rule.as_ref().map(|(at, rule)| (*at, rule.value.clone()));
        let same_rule = before.clone().find(|(_, other)| rule(other) == rule(own));
        if let (Some((_, given)), Some((other, _))) = (&own.rule, same_rule) {
            let taken = Conflict::RuleTaken(other.title());
            findings.push(found(taken, given, "a rule of its own for each section"));
        }
        let pair = |one: &Steering| one.pair.as_ref().map(|(a, b)| (a.clone(), b.value.clone()));
        let same_pair = before.find(|(_, other)| pair(other) == pair(own));
        if let (Some((_, given)), Some((other, _))) = (&own.pair, same_pair) {
            let taken = Conflict::PairTaken(other.title());
            findings.push(found(taken, given, "one section for each pair"));
        }
    }
}

/// A queue has one WAN and one direction. A disabled WAN may name queues of another one, to be
/// enabled in its place.
fn check_queues(wans: &[(&Section, Wan)], findings: &mut Findings) {
    let claims = |wan: usize| {
        let claims = wans.get(wan).map(|(section, wan)| (*section, wan));
        claims
            .into_iter()
            .flat_map(|(section, wan)| wan.claims.iter().map(move |claim| (section, wan, claim)))
    };
    let all: Vec<_> = (0..wans.len()).flat_map(claims).collect();
    for (place, (section, wan, claim)) in all.iter().enumerate() {
        let taken = all.iter().take(place).find(|(other_section, other, taken)| {
            let both_run = wan.enabled == Switch::On && other.enabled == Switch::On;
            let rivals = std::ptr::eq(*other_section, *section)
                || both_run && wan.router.is_some() && wan.router == other.router;
            rivals && taken.kind == claim.kind && taken.queue.value == claim.queue.value
        });
        if let Some((owner, _, _)) = taken {
            let finding = Finding::new(Conflict::QueueTaken(owner.title()));
            let finding = finding.at(claim.queue.line).section(&section.title());
            let finding = finding.option(&claim.queue.option).value(claim.queue.text.clone());
            findings.push(finding.allowed("a queue of its own for each direction of each wan"));
        }
    }
}

fn check_counts(
    sections: &[Section],
    routers: &[&Section],
    wans: &[(&Section, Wan)],
    findings: &mut Findings,
) {
    let enabled: Vec<&Section> = wans
        .iter()
        .filter(|(_, wan)| wan.enabled == Switch::On)
        .map(|(section, _)| *section)
        .collect();
    // A broken `config` line may have been the one that seems to be missing.
    let sure = sections.iter().all(|section| !section.kind.is_empty());
    for (kind, found, most) in [
        (SectionKind::Router, routers, MAX_ROUTERS),
        (SectionKind::Wan, enabled.as_slice(), MAX_WANS),
    ] {
        if found.is_empty() && sure {
            let finding = Finding::new(Naming::NoSection(kind.word()));
            findings.push(finding.allowed(format!("config {} 'NAME'", kind.word())));
        }
        if let Some(surplus) = found.get(most) {
            let finding = Finding::new(Naming::TooMany(most)).at(surplus.line);
            findings.push(finding.section(&surplus.title()));
        }
    }
}

/// A router that no WAN uses is allowed, and odd. While a reference is in doubt or there is no WAN,
/// nothing is said.
fn check_use(routers: &[&Section], wans: &[(&Section, Wan)], findings: &mut Findings) {
    let none_enabled = wans.iter().all(|(_, wan)| wan.enabled == Switch::Off);
    if none_enabled || wans.iter().any(|(_, wan)| wan.router.is_none()) {
        return;
    }
    for (place, section) in routers.iter().enumerate() {
        let id = u8::try_from(place).ok().map(RouterId);
        let used = |wan: &Wan| wan.enabled == Switch::On && wan.router == id;
        if !wans.iter().any(|(_, wan)| used(wan)) {
            let finding = Finding::new(Caution::Unused).at(section.line);
            findings.push(finding.section(&section.title()));
        }
    }
}
