//! What another configuration changes: which WANs, routers, queues and probes go on.
//! Promises: pure; WANs and routers are matched by the names of their sections.
//! Knows nothing of how the change is made.

use std::net::IpAddr;

use crate::{
    config::{Config, Globals, RouterSection, SteeringSection, WanSection},
    control::{
        change::{
            KeptItems, KeptStandIns, KeptSteering, KeptWan, KeptWays, Leaving, NextRouter,
            NextSteering, NextWan,
        },
        engine::MAX_LEAVING,
        id::SteeringId,
        steering::{
            course::{Effect, Settings},
            rule::OnExit,
        },
        wan::{RouterId, WanId},
    },
    probe::settings::Settings as Probe,
    router::settings::{Host, Way},
};

/// See the module.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) wans: Vec<NextWan>,
    pub(super) routers: Vec<NextRouter>,
    pub(super) steerings: Vec<NextSteering>,
    /// Those that end, with a rule that is to be switched off.
    pub(super) leaving: Vec<(Leaving, SteeringSection)>,
    /// For each WAN, whose prober it keeps.
    pub(super) wires: Vec<Option<usize>>,
    /// What changes, in the words of the configuration.
    pub(super) news: String,
}

impl Plan {
    /// `left` are the steerings that earlier reloads have ended, as far as their rules are not yet
    /// where they shall stay.
    pub(super) fn of(old: &Config, left: &[Left], new: &Config) -> Self {
        let routers: Vec<_> =
            new.routers.iter().map(|router| of_router(&old.routers, router)).collect();
        let found = |wan: &WanSection| old.wans.iter().position(|old| old.name == wan.name);
        let wan = |wan: &WanSection| {
            let (place, before) =
                old.wans.iter().enumerate().find(|(_, old)| old.name == wan.name)?;
            let kept = KeptWan {
                wan: WanId(u8::try_from(place).ok()?),
                reflectors: places(&before.probe, &wan.probe).into_iter().collect(),
                stand_ins: of_stand_ins(&before.probe, &wan.probe),
                queues: of_queues(before, wan, &routers),
            };
            Some(kept)
        };
        let wire = |wan: &WanSection| {
            let same = |old: &WanSection| same_echoes(&old.probe, &wan.probe);
            found(wan).filter(|place| old.wans.get(*place).is_some_and(same))
        };
        let leaving = of_leaving(&old.steerings, left, new, &routers);
        Self {
            wans: new
                .wans
                .iter()
                .map(|next| NextWan { settings: next.control, from: wan(next) })
                .collect(),
            wires: new.wans.iter().map(wire).collect(),
            steerings: of_steerings(old, new, &routers),
            news: news(old, new, &routers, &leaving),
            leaving,
            routers,
        }
    }
}

/// The device is known by its address; the name helps where the port changes too.
fn of_router(old: &[RouterSection], new: &RouterSection) -> NextRouter {
    let place = |is: &dyn Fn(&RouterSection) -> bool| {
        old.iter().position(is).and_then(|place| u8::try_from(place).ok()).map(RouterId)
    };
    let same_host = |old: &RouterSection| shares(old, new, |(host, _), (other, _)| host == other);
    let same_place = |old: &RouterSection| shares(old, new, |place, other| place == other);
    let same_name = |old: &RouterSection| old.name == new.name;
    let after = |id: RouterId| {
        let before = old.get(usize::from(id.0)).map(|old| old.ways.all().map(Way::transport));
        let same = before.is_some_and(|before| before.eq(new.ways.all().map(Way::transport)));
        NextRouter::After(id, if same { KeptWays::Same } else { KeptWays::Others })
    };
    place(&|old| same_name(old) && old.ways == new.ways)
        .map(NextRouter::Kept)
        .or_else(|| place(&|old| same_host(old) && same_name(old)).map(after))
        .or_else(|| place(&same_place).map(after))
        .unwrap_or(NextRouter::New)
}

/// Whether one of the ways to each leads to the same.
fn shares(
    one: &RouterSection,
    other: &RouterSection,
    same: impl Fn((&Host, u16), (&Host, u16)) -> bool,
) -> bool {
    let alike = |way: &Way| other.ways.all().any(|other| same(way.place(), other.place()));
    one.ways.all().any(alike)
}

fn of_queues(old: &WanSection, new: &WanSection, routers: &[NextRouter]) -> KeptItems {
    if old.queues == new.queues {
        of_items((old.control.router, new.control.router), routers)
    } else {
        KeptItems::Others
    }
}

/// What is known of items of the same names, by the places of their router before and from now on.
fn of_items((before, after): (RouterId, RouterId), routers: &[NextRouter]) -> KeptItems {
    match routers.get(usize::from(after.0)) {
        Some(NextRouter::Kept(router)) if *router == before => KeptItems::Same,
        Some(NextRouter::After(router, _)) if *router == before => KeptItems::Doubted,
        Some(NextRouter::Kept(_) | NextRouter::After(..) | NextRouter::New) | None => {
            KeptItems::Others
        }
    }
}

/// A steering goes on between the same two WANs; under which name it does is for people.
fn of_steerings(old: &Config, new: &Config, routers: &[NextRouter]) -> Vec<NextSteering> {
    let from = |next: &SteeringSection| {
        let same = |old_one: &&SteeringSection| pair(old, old_one) == pair(new, next);
        let (place, before) = (0..).zip(&old.steerings).find(|(_, before)| same(before))?;
        let rule = if before.comment == next.comment {
            of_items((before.control.router, next.control.router), routers)
        } else {
            KeptItems::Others
        };
        Some(KeptSteering { steering: SteeringId(place), rule })
    };
    let next = |next: &SteeringSection| NextSteering { settings: next.control, from: from(next) };
    new.steerings.iter().map(next).collect()
}

/// A steering that is in no configuration any more, at its place in the core.
pub(super) type Left = (SteeringId, SteeringSection);

/// What of the steerings that end is to be switched off, as far as there is room. One whose rule
/// another section goes on with is left to that; nobody reaches a router that is gone too.
fn of_leaving(
    old: &[SteeringSection],
    left: &[Left],
    new: &Config,
    routers: &[NextRouter],
) -> Vec<(Leaving, SteeringSection)> {
    let leaves = |(steering, section): (SteeringId, &SteeringSection)| {
        let Settings { router, effect, on_exit, .. } = section.control;
        let ends = effect == Effect::Real && on_exit == OnExit::Disable;
        if !ends || goes_on(section, new, routers) {
            return None;
        }
        let places = (0..).map(RouterId).take(routers.len());
        let kept = places.map(|place| (place, of_items((router, place), routers)));
        let (router, rule) = kept.into_iter().find(|(_, rule)| *rule != KeptItems::Others)?;
        let control = Settings { router, ..section.control };
        let leaving = Leaving { from: KeptSteering { steering, rule }, router };
        Some((leaving, SteeringSection { control, ..section.clone() }))
    };
    let old = (0..).map(SteeringId).zip(old);
    let left = left.iter().map(|(id, section)| (*id, section));
    old.chain(left).filter_map(leaves).take(MAX_LEAVING).collect()
}

/// Whether a section goes on with the rule of this one.
fn goes_on(section: &SteeringSection, new: &Config, routers: &[NextRouter]) -> bool {
    let same = |next: &SteeringSection| {
        let places = (section.control.router, next.control.router);
        next.comment == section.comment && of_items(places, routers) != KeptItems::Others
    };
    new.steerings.iter().any(same)
}

/// The names of both WANs.
fn pair<'a>(config: &'a Config, steering: &SteeringSection) -> [Option<&'a str>; 2] {
    let name = |wan: WanId| config.wans.get(usize::from(wan.0)).map(|wan| wan.name.as_str());
    [name(steering.control.primary), name(steering.control.alternate)]
}

/// Whether the same is asked by echoes, by the same way: connects do not travel on the wire.
fn same_echoes(old: &Probe, new: &Probe) -> bool {
    let same_kind = old.timestamps == new.timestamps;
    old.reflectors == new.reflectors
        && same_kind
        && old.gateway == new.gateway
        && same_way(old, new)
}

fn same_way(old: &Probe, new: &Probe) -> bool {
    old.source == new.source && old.interface == new.interface
}

fn of_stand_ins(old: &Probe, new: &Probe) -> KeptStandIns {
    let same = old.tcp_targets == new.tcp_targets && old.gateway == new.gateway;
    if same && same_way(old, new) { KeptStandIns::Same } else { KeptStandIns::Others }
}

/// Where each reflector stood before. Asked from elsewhere it is as good as another one.
fn places(old: &Probe, new: &Probe) -> Vec<Option<u8>> {
    let same_way = same_way(old, new);
    let place = |address: &IpAddr| {
        let place = old.reflectors.iter().position(|old| old == address && same_way)?;
        u8::try_from(place).ok()
    };
    new.reflectors.iter().map(place).collect()
}

/// A steering without places, and the names that it refers to.
type PlainSteering = (SteeringSection, [Option<String>; 3]);

fn news(
    old: &Config,
    new: &Config,
    routers: &[NextRouter],
    leaving: &[(Leaving, SteeringSection)],
) -> String {
    let mut news = of_globals(&old.globals, &new.globals);
    let name = |router: &RouterSection| router.name.clone();
    news.extend(of_sections("router", &old.routers, &new.routers, name, |_| ""));
    // By name, for the place of a router means nothing to people.
    let plain = |config: &Config| -> Vec<(WanSection, Option<String>)> {
        let router =
            |wan: &WanSection| config.routers.get(usize::from(wan.control.router.0)).map(name);
        let plain = |wan: &WanSection| {
            let mut plain = wan.clone();
            plain.control.router = RouterId(0);
            (plain, router(wan))
        };
        config.wans.iter().map(plain).collect()
    };
    let name = |(wan, _): &(WanSection, Option<String>)| wan.name.clone();
    let left = |_: &_| " (its limits stay as they are)";
    news.extend(of_sections("wan", &plain(old), &plain(new), name, left));
    // By name, as with the routers.
    let plain = |config: &Config| -> Vec<PlainSteering> {
        let plain = |steering: &SteeringSection| {
            let at = config.routers.get(usize::from(steering.control.router.0));
            let [primary, alternate] = pair(config, steering).map(|name| name.map(str::to_owned));
            let mut plain = steering.clone();
            plain.control = Settings {
                primary: WanId(0),
                alternate: WanId(0),
                router: RouterId(0),
                ..plain.control
            };
            (plain, [primary, alternate, at.map(|router| router.name.clone())])
        };
        config.steerings.iter().map(plain).collect()
    };
    let name = |(steering, _): &PlainSteering| steering.name.clone();
    let left = |(gone, _): &PlainSteering| {
        let of = |section: &&SteeringSection| section.name == gone.name;
        if leaving.iter().any(|(_, section)| of(&section)) {
            " (its rule is switched off)"
        } else if old.steerings.iter().find(of).is_some_and(|old| goes_on(old, new, routers)) {
            " (another section goes on with its rule)"
        } else {
            " (its rule stays as it is)"
        }
    };
    news.extend(of_sections("steering", &plain(old), &plain(new), name, left));
    if news.is_empty() { "another order of the sections".to_owned() } else { news.join("; ") }
}

fn of_globals(old: &Globals, new: &Globals) -> Vec<String> {
    let listen = (old.listen != new.listen).then(|| format!("listen {}", new.listen));
    let level = new.log_level.as_str().to_ascii_lowercase();
    let level = (old.log_level != new.log_level).then(|| format!("log_level {level}"));
    listen.into_iter().chain(level).collect()
}

/// What becomes of the sections of one kind; `left` is added to those that are gone.
fn of_sections<T: PartialEq>(
    kind: &str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> String,
    left: impl Fn(&T) -> &'static str,
) -> Vec<String> {
    let of = |sections: &[T], wanted: &str| sections.iter().position(|one| name(one) == wanted);
    let next = |section: &T| {
        let named = name(section);
        match of(old, &named).and_then(|place| old.get(place)) {
            Some(before) if before == section => None,
            Some(_) => Some(format!("{kind} {named} changed")),
            None => Some(format!("{kind} {named} is new")),
        }
    };
    let gone = old.iter().filter(|section| of(new, &name(section)).is_none());
    let gone = gone.map(|section| format!("{kind} {} is gone{}", name(section), left(section)));
    new.iter().filter_map(next).chain(gone).collect()
}

#[cfg(test)]
mod tests;
