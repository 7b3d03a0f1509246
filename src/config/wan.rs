//! A `wan` section.
//! Promises: what comes out was checked by itself and against all that stands beside it.
//! Must not know the other WANs.

mod law;
mod queues;
mod rates;

use super::{
    WanSection,
    kind::Switch,
    section::{Given, Reader},
    table,
    what::Conflict,
};
use crate::{
    control::wan::{RouterId, Settings},
    probe::settings as probes,
};
pub(super) use queues::Claim;

/// A WAN section that has been read.
pub(super) struct Wan {
    pub(super) enabled: Switch,
    /// The router, if it could be told.
    pub(super) router: Option<RouterId>,
    /// The queues it names.
    pub(super) claims: Vec<Claim>,
    /// `None`: there are findings.
    pub(super) section: Option<WanSection>,
}

/// Reads the section; `routers` are the names of the router sections in their order.
pub(super) fn wan(reader: &mut Reader<'_>, routers: &[String]) -> Wan {
    let enabled = reader.read(&table::ENABLED).map_or(Switch::On, |given| given.value);
    let router = router(reader, routers);
    let (queues, claims) = queues::queues(reader);
    let probe = probe(reader);
    let law = law::law(reader);
    let write_budget = reader.read(&table::WRITE_BUDGET);
    let name = reader.name();
    let section = || {
        let (probe, (layout, queues), law) = (probe?, queues?, law?);
        let control = Settings {
            router: router?,
            reflectors: u8::try_from(probe.reflectors.len()).ok()?,
            law: law.settings,
            layout,
            write_budget: write_budget?.value,
            on_exit: law.on_exit,
        };
        Some(WanSection { name, control, probe, queues })
    };
    Wan { enabled, router, claims, section: section() }
}

fn router(reader: &mut Reader<'_>, routers: &[String]) -> Option<RouterId> {
    let given = reader.read(&table::ROUTER);
    let names = routers.join(", ");
    let place = match (&given, routers) {
        (Some(given), _) => {
            let place = routers.iter().position(|name| *name == given.value);
            if place.is_none() {
                reader.object(given, Conflict::UnknownReference, names);
            }
            place?
        }
        (None, [_]) => 0,
        // No router section at all is a finding on the whole file.
        (None, []) => return None,
        (None, _) => {
            let name = table::ROUTER.name();
            if !reader.has(&table::ROUTER) {
                let line = reader.line_of(&name);
                reader.report(line, &name, Conflict::AmbiguousReference, names);
            }
            return None;
        }
    };
    u8::try_from(place).ok().map(RouterId)
}

fn probe(reader: &mut Reader<'_>) -> Option<probes::Settings> {
    let reflectors = reader.list(&table::REFLECTOR);
    let source = reader.read(&table::SOURCE);
    let interface = reader.read(&table::INTERFACE);
    for (place, given) in reflectors.iter().enumerate() {
        let same = reflectors.iter().take(place).find(|other| other.value == given.value);
        if let Some(line) = same.and_then(|first| first.line) {
            reader.object(given, Conflict::Repeated(line), "each reflector once");
        }
        check_family(reader, given, source.as_ref());
    }
    (!reflectors.is_empty()).then(|| probes::Settings {
        reflectors: reflectors.into_iter().map(|given| given.value).collect(),
        source: source.map(|given| given.value),
        interface: interface.map(|given| given.value),
    })
}

/// Probes of the other family would leave by themselves and measure who knows what line.
fn check_family(
    reader: &mut Reader<'_>,
    reflector: &Given<std::net::IpAddr>,
    source: Option<&Given<std::net::IpAddr>>,
) {
    if source.is_some_and(|source| source.value.is_ipv4() != reflector.value.is_ipv4()) {
        reader.object(reflector, Conflict::OtherFamily, "addresses of the family of source");
    }
}
