//! Whom a WAN measures with, and where its probes leave.
//! Promises: nobody stands in a list twice, and nobody is of another family than the source.
//! Must not know the law or the queues.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::{
    config::{
        kind::{Handshake, Switch},
        section::{Given, Reader},
        table,
        what::Conflict,
    },
    probe::settings::{Asked, Settings},
};

/// Where handshakes are timed unless the file says otherwise: two that do not fail together.
const DEFAULT_TARGETS: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), 443),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), 443),
];

/// Reads the options.
pub(super) fn probe(reader: &mut Reader<'_>) -> Option<Settings> {
    let reflectors = reader.list(&table::REFLECTOR);
    let targets = reader.list(&table::TCP_TARGET);
    let gateway = reader.read(&table::GATEWAY);
    let source = reader.read(&table::SOURCE);
    let interface = reader.read(&table::INTERFACE);
    let timestamps = reader.read(&table::TIMESTAMPS).map(|given| given.value);
    once_each(reader, &reflectors, "each reflector once");
    once_each(reader, &targets, "each target once");
    let leaves = source.as_ref().map(|source| source.value);
    for given in reflectors.iter().chain(&gateway) {
        check_family(reader, given, Some(given.value), leaves);
    }
    for given in &targets {
        check_family(reader, given, host(given.value), leaves);
    }
    let tcp_targets = tcp_targets(reader, &targets, leaves);
    (!reflectors.is_empty()).then(|| Settings {
        reflectors: reflectors.into_iter().map(|given| given.value).collect(),
        timestamps: match timestamps {
            Some(Switch::On) => Asked::Timestamps,
            Some(Switch::Off) | None => Asked::Echo,
        },
        tcp_targets,
        gateway: gateway.map(|given| given.value),
        source: leaves,
        interface: interface.map(|given| given.value),
    })
}

fn once_each<T: PartialEq>(reader: &mut Reader<'_>, list: &[Given<T>], right: &str) {
    for (place, given) in list.iter().enumerate() {
        let same = list.iter().take(place).find(|other| other.value == given.value);
        if let Some(line) = same.and_then(|first| first.line) {
            reader.object(given, Conflict::Repeated(line), right);
        }
    }
}

const fn host(handshake: Handshake) -> Option<IpAddr> {
    match handshake {
        Handshake::With(target) => Some(target.ip()),
        Handshake::None => None,
    }
}

/// Probes of the other family would leave by themselves and measure who knows what line.
fn check_family<T>(
    reader: &mut Reader<'_>,
    given: &Given<T>,
    address: Option<IpAddr>,
    source: Option<IpAddr>,
) {
    let other = |(address, source): (IpAddr, IpAddr)| address.is_ipv4() != source.is_ipv4();
    if address.zip(source).is_some_and(other) {
        reader.object(given, Conflict::OtherFamily, "addresses of the family of source");
    }
}

/// The targets that are named; without any the default ones, as far as they can be reached from the
/// source.
fn tcp_targets(
    reader: &mut Reader<'_>,
    given: &[Given<Handshake>],
    source: Option<IpAddr>,
) -> Vec<SocketAddr> {
    if given.is_empty() {
        let reached =
            |target: &SocketAddr| source.is_none_or(|source| target.is_ipv4() == source.is_ipv4());
        return DEFAULT_TARGETS.into_iter().filter(reached).collect();
    }
    let nobody = given.iter().find(|given| given.value == Handshake::None);
    if let Some(nobody) = nobody.filter(|_| given.len() > 1) {
        reader.object(nobody, Conflict::NotWith("other targets".into()), "none alone, or targets");
    }
    let with = |given: &Given<Handshake>| match given.value {
        Handshake::With(target) => Some(target),
        Handshake::None => None,
    };
    given.iter().filter_map(with).collect()
}
