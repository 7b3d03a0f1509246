//! A `wan` section.
//! Promises: what comes out was checked by itself and against all that stands beside it.
//! Must not know the other WANs.

mod law;
mod probe;
mod queues;
mod rates;

use super::{WanSection, finding::shown, kind::Switch, section::Reader, table, what::Conflict};
use crate::{
    control::{
        fallback,
        oneway::Timestamps,
        wan::{self, RouterId},
    },
    probe::settings::{Asked, Settings},
};
pub(super) use queues::Claim;
use queues::Counts;

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
    let probe = probe::probe(reader);
    let counts = queues.as_ref().map_or(Counts::Bytes, |(_, queues)| Counts::of(queues));
    let law = law::law(reader, counts);
    let write_budget = reader.read(&table::WRITE_BUDGET);
    let name = reader.name();
    let section = || {
        let (probe, (layout, queues), law) = (probe?, queues?, law?);
        let control = wan::Settings {
            router: router?,
            reflectors: u8::try_from(probe.reflectors.len()).ok()?,
            timestamps: timestamps(&probe),
            law: law.settings,
            choice: law.choice,
            layout,
            write_budget: write_budget?.value,
            fallback: fallback::Settings {
                targets: u8::try_from(probe.tcp_targets.len()).ok()?,
                gateway: match probe.gateway {
                    Some(_) => fallback::Gateway::Given,
                    None => fallback::Gateway::None,
                },
            },
            on_exit: law.on_exit,
        };
        Some(WanSection { name, control, probe, queues })
    };
    Wan { enabled, router, claims, section: section() }
}

/// Whom to ask for timestamps: IPv6 has none.
fn timestamps(probe: &Settings) -> Timestamps {
    if probe.timestamps == Asked::Echo {
        return Timestamps::Off;
    }
    let bits = (0..u8::BITS).zip(&probe.reflectors).filter(|(_, address)| address.is_ipv4());
    Timestamps::Of(bits.fold(0, |mask, (place, _)| mask | 1 << place))
}

fn router(reader: &mut Reader<'_>, routers: &[String]) -> Option<RouterId> {
    let given = reader.read(&table::ROUTER);
    let names = routers.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
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
