//! A `steering` section.
//! Promises: both WANs and the rule are on one router, and what the decision is made by is there.
//! Must not know of other sections of its kind, nor what the values do.

use super::{
    SteeringSection,
    finding::shown,
    kind::{Kind, Switch},
    section::{Given, Order, Reader},
    table::{self, Spec},
    what::Conflict,
};
use crate::{
    control::{
        id::{RouterId, WanId},
        steering::{
            self,
            course::{Effect, Settings},
            rule::Foreign,
        },
    },
    router::settings::QueueKind,
};

/// A WAN as far as it concerns others.
pub(super) struct Line {
    pub(super) name: String,
    /// Its place among the enabled ones; `None`: it is not one of them.
    pub(super) id: Option<WanId>,
    /// `None`: it could not be told.
    pub(super) router: Option<RouterId>,
    pub(super) queues: Option<QueueKind>,
}

/// What a section refers to.
pub(super) struct Around<'a> {
    /// The names of the router sections in their order.
    pub(super) routers: &'a [String],
    pub(super) wans: &'a [Line],
}

/// A steering section that has been read.
pub(super) struct Steering {
    pub(super) enabled: Switch,
    /// The rule that it claims: where, and by which comment.
    pub(super) rule: Option<(RouterId, Given<String>)>,
    /// The names of both WANs.
    pub(super) pair: Option<(String, Given<String>)>,
    /// `None`: there are findings, or it refers to what is not enabled and is not enabled itself.
    pub(super) section: Option<SteeringSection>,
}

/// Reads the section.
pub(super) fn steering(reader: &mut Reader<'_>, around: &Around<'_>) -> Steering {
    let enabled = reader.read(&table::STEERING_ENABLED).map_or(Switch::Off, |given| given.value);
    let primary = reader.read(&table::PRIMARY);
    let alternate = reader.read(&table::ALTERNATE);
    let comment = reader.read(&table::COMMENT);
    let law = law(reader);
    let foreign = switch(reader, &table::ADOPT, (Foreign::Undo, Foreign::Adopt));
    let effect = switch(reader, &table::DRY_RUN, (Effect::Real, Effect::DryRun));
    let on_exit = reader.read(&table::STEERING_ON_EXIT);
    let from = primary.as_ref().and_then(|name| line(reader, name, around));
    let to = alternate.as_ref().and_then(|name| line(reader, name, around));
    let router = router(reader, from, around);
    let both = [(from, primary.as_ref()), (to, alternate.as_ref())];
    let found: Vec<_> = both.into_iter().filter_map(|(line, name)| line.zip(name)).collect();
    for (line, name) in &found {
        fits(reader, line, name, (enabled, router, around));
    }
    if let (Some(from), Some(given)) = (from, &primary)
        && from.queues == Some(QueueKind::Type)
    {
        let conflict =
            Conflict::NotWith("queue_kind type of that wan, which counts nothing".into());
        reader.object(given, conflict, "a wan with queue_kind tree or simple");
    }
    let pair = primary.as_ref().zip(alternate);
    let pair = pair.map(|(primary, alternate)| (primary.value.clone(), alternate));
    if let Some((primary, alternate)) = &pair
        && *primary == alternate.value
    {
        reader.object(alternate, Conflict::SameWan, "another wan");
    }
    let name = reader.name();
    let section = || {
        let control = Settings {
            primary: from?.id?,
            alternate: to?.id?,
            router: router?,
            law: law?,
            foreign: foreign?,
            effect: effect?,
            on_exit: on_exit?.value,
        };
        Some(SteeringSection { name, control, comment: comment.as_ref()?.value.clone() })
    };
    let section = section();
    Steering { enabled, rule: router.zip(comment), pair, section }
}

fn switch<T: Copy>(
    reader: &mut Reader<'_>,
    spec: &Spec<impl Kind<Value = Switch>>,
    (off, on): (T, T),
) -> Option<T> {
    Some(match reader.read(spec)?.value {
        Switch::Off => off,
        Switch::On => on,
    })
}

fn law(reader: &mut Reader<'_>) -> Option<steering::Settings> {
    let mode = reader.read(&table::MODE);
    let delta = reader.read(&table::DELTA);
    let drops = reader.read(&table::DROPS);
    let yellow = reader.read(&table::QUEUE_YELLOW);
    let red = reader.read(&table::QUEUE_RED);
    let degrade_after = reader.read(&table::DEGRADE_AFTER);
    let recover_after = reader.read(&table::RECOVER_AFTER);
    let hold_down = reader.read(&table::HOLD_DOWN);
    let degrade = reader.read(&table::SCORE_DEGRADE);
    let recover = reader.read(&table::SCORE_RECOVER);
    reader.rising(Order::OrEqual, &[yellow.as_ref(), red.as_ref()]);
    reader.rising(Order::Strict, &[recover.as_ref(), degrade.as_ref()]);
    Some(steering::Settings {
        mode: mode?.value,
        delta: delta?.value,
        drops: drops?.value,
        queue_yellow: yellow?.value,
        queue_red: red?.value,
        degrade_after: degrade_after?.value,
        recover_after: recover_after?.value,
        hold_down: hold_down?.value,
        score_degrade: degrade?.value,
        score_recover: recover?.value,
    })
}

fn line<'a>(
    reader: &mut Reader<'_>,
    name: &Given<String>,
    around: &Around<'a>,
) -> Option<&'a Line> {
    let found = around.wans.iter().find(|wan| wan.name == name.value);
    if found.is_none() {
        let names: Vec<String> = around.wans.iter().map(|wan| shown(&wan.name)).collect();
        reader.object(name, Conflict::UnknownReference, names.join(", "));
    }
    found
}

/// The router of the rule: what is said, or else that of the primary WAN.
fn router(
    reader: &mut Reader<'_>,
    primary: Option<&Line>,
    around: &Around<'_>,
) -> Option<RouterId> {
    let Some(given) = reader.read(&table::STEERING_ROUTER) else {
        return primary?.router.filter(|_| !reader.has(&table::STEERING_ROUTER));
    };
    let place = around.routers.iter().position(|name| *name == given.value);
    if place.is_none() {
        let names: Vec<String> = around.routers.iter().map(|name| shown(name)).collect();
        reader.object(&given, Conflict::UnknownReference, names.join(", "));
    }
    u8::try_from(place?).ok().map(RouterId)
}

fn fits(
    reader: &mut Reader<'_>,
    line: &Line,
    name: &Given<String>,
    (enabled, router, around): (Switch, Option<RouterId>, &Around<'_>),
) {
    if enabled == Switch::On && line.id.is_none() {
        reader.object(name, Conflict::NotEnabled, "an enabled wan, or enabled 0 here");
    }
    if let (Some(of_line), Some(of_rule)) = (line.router, router)
        && of_line != of_rule
    {
        let rules = around.routers.get(usize::from(of_rule.0)).cloned().unwrap_or_default();
        reader.object(name, Conflict::OtherRouter(shown(&rules)), "a wan behind that router");
    }
}
