//! Whether the queues of a WAN are there, and shape.
//! Promises: each is read as the daemon reads it, and each menu is listed at most once.
//! Knows nothing of how queues are written.

use super::{
    ask::{Asker, Lost},
    finding::{Grade, Report},
};
use crate::{
    cli::check::bits,
    config::WanSection,
    control::{
        failure::FailureKind,
        units::{PerDirection, Rate},
    },
    router::{
        cli::quoted,
        error::RouterError,
        op::{
            Found, Listed, ListedQueue, ListedType, Listing, Op, QueueKind, QueueRef, QueueState,
            Reply,
        },
        settings::Queues,
    },
};

/// Most names told of a menu.
const NAMES_MAX: usize = 12;

/// The menus as far as they were read; `None`: not yet.
#[derive(Default)]
pub(super) struct Menus {
    tree: Option<Vec<ListedQueue>>,
    simple: Option<Vec<ListedQueue>>,
    types: Option<Vec<ListedType>>,
    interfaces: Option<Vec<String>>,
}

pub(super) async fn look(
    wan: &WanSection,
    menus: &mut Menus,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    for queue in of(&wan.queues) {
        if let Some(state) = read(wan, queue, menus, asker, report).await? {
            usable(wan, queue, &state, report);
            match queue.kind {
                QueueKind::Tree | QueueKind::Simple => {
                    leaves(wan, queue, menus, asker, report).await?;
                }
                QueueKind::Type => shaping(wan, queue, menus, asker, report).await?,
            }
        }
    }
    Ok(())
}

/// The queues of a WAN.
fn of(queues: &Queues) -> Vec<QueueRef<'_>> {
    match queues {
        Queues::Tree(PerDirection { download, upload }) => both(QueueKind::Tree, download, upload),
        Queues::Simple(name) => vec![QueueRef { kind: QueueKind::Simple, name }],
        Queues::Type(PerDirection { download, upload }) => both(QueueKind::Type, download, upload),
    }
}

fn both<'a>(kind: QueueKind, download: &'a str, upload: &'a str) -> Vec<QueueRef<'a>> {
    [download, upload].map(|name| QueueRef { kind, name }).to_vec()
}

/// Reads a queue as the daemon does.
async fn read(
    wan: &WanSection,
    queue: QueueRef<'_>,
    menus: &mut Menus,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<Option<QueueState>, Lost> {
    let (reply, differences) = asker.inspect(&Op::ReadQueue(queue)).await?;
    if !differences.is_empty() {
        let words = format!(
            "wan '{}': {queue}: its answer differs from the known ones: {differences}",
            wan.name
        );
        report.say(Grade::Warning, &words);
    }
    match reply {
        Ok(Reply::Queue(state)) => Ok(Some(state)),
        Ok(_) => Ok(None),
        Err(error) => {
            let by_name = matches!(error.kind, FailureKind::NotFound | FailureKind::Ambiguous);
            let listed = by_name && menus.fill(queue.kind, asker).await?.is_ok();
            let there = if listed { menus.names(queue) } else { String::new() };
            report.say(Grade::Error, &format!("wan '{}': {error}{there}", wan.name));
            Ok(None)
        }
    }
}

/// Limit and flags.
fn usable(wan: &WanSection, queue: QueueRef<'_>, state: &QueueState, report: &mut Report<'_>) {
    let (name, menu, find) = (&wan.name, queue.kind.menu(), quoted(queue.name));
    let limit = match state.limit {
        Found::One(limit) => shown(limit),
        Found::Pair(limits) => {
            format!("{} down, {} up", shown(limits.download), shown(limits.upload))
        }
    };
    let key = queue.kind.limit_key();
    report.say(Grade::Good, &format!("wan '{name}': {queue}: {key} is {limit}"));
    let mut beware = |words: &str| {
        report.say(Grade::Warning, &format!("wan '{name}': {queue} {words}"));
    };
    if state.disabled {
        beware(&format!(
            "is switched off and limits nothing; mend: {menu}/enable [find name={find}]"
        ));
    }
    if state.invalid {
        beware(&format!(
            "is invalid: its parent or type is gone, or it is some seconds old; see: {menu}/print \
             detail where name={find}"
        ));
    }
    if state.dynamic {
        beware("is dynamic: another service made it, and rewrites its limit");
    }
}

fn shown(limit: Option<Rate>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), bits)
}

/// Whether the types of a queue are CAKE, and leave the limit to the queue.
async fn leaves(
    wan: &WanSection,
    queue: QueueRef<'_>,
    menus: &mut Menus,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    let filled = [menus.fill(queue.kind, asker).await?, menus.fill(QueueKind::Type, asker).await?];
    let place = format!("wan '{}': {queue}", wan.name);
    if let Some(error) = filled.into_iter().find_map(Result::err) {
        let words = format!("{place}: whether it has CAKE cannot be told: {error}");
        report.say(Grade::Unknown, &words);
        return Ok(());
    }
    let own = menus.queues(queue.kind).iter().find(|own| own.name == queue.name);
    let mut seen: Vec<&str> = Vec::new();
    for name in own.into_iter().flat_map(|own| &own.types) {
        if seen.contains(&name.as_str()) {
            continue;
        }
        seen.push(name);
        let found = menus.types.iter().flatten().find(|kind| kind.name == *name);
        leaf(&place, queue, (name, found), report);
    }
    if seen.is_empty() {
        let words = format!("{place}: whether it has CAKE cannot be told: it names no queue type");
        report.say(Grade::Unknown, &words);
    }
    Ok(())
}

fn leaf(
    place: &str,
    queue: QueueRef<'_>,
    (name, found): (&str, Option<&ListedType>),
    report: &mut Report<'_>,
) {
    let (menu, find) = (queue.kind.menu(), quoted(queue.name));
    let remedy = format!(
        "mend: /queue/type/add name=cake kind=cake; {menu}/set [find name={find}] queue={}",
        if queue.kind == QueueKind::Simple { "cake/cake" } else { "cake" }
    );
    match found {
        None => {
            let words = format!("{place}: missing CAKE: its queue type '{name}' is gone; {remedy}");
            report.say(Grade::Warning, &words);
        }
        Some(ListedType { kind, .. }) if kind != "cake" => {
            let words = format!(
                "{place}: missing CAKE: its queue type '{name}' is of the kind {kind}; {remedy}"
            );
            report.say(Grade::Warning, &words);
        }
        Some(ListedType { bandwidth: Some(bandwidth), .. }) => {
            let words = format!(
                "{place}: its queue type '{name}' has cake-bandwidth={}, which shapes on interface \
                 queues alone; mend: /queue/type/set [find name={}] cake-bandwidth=0",
                bits(*bandwidth),
                quoted(name)
            );
            report.say(Grade::Warning, &words);
        }
        Some(ListedType { bandwidth: None, .. }) => {}
    }
}

/// Whether the bandwidth of a queue type shapes: it does as the queue of an interface, and not
/// below a queue tree or simple queue.
async fn shaping(
    wan: &WanSection,
    queue: QueueRef<'_>,
    menus: &mut Menus,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    let place = format!("wan '{}': {queue}", wan.name);
    for kind in [QueueKind::Tree, QueueKind::Simple] {
        if let Err(error) = menus.fill(kind, asker).await? {
            let words = format!("{place}: what uses it cannot be told: {error}");
            report.say(Grade::Unknown, &words);
            continue;
        }
        let users =
            menus.queues(kind).iter().filter(|own| own.types.iter().any(|it| it == queue.name));
        let users: Vec<String> = users.map(|user| format!("'{}'", user.name)).collect();
        if !users.is_empty() {
            let words = format!(
                "{place}: its cake-bandwidth does not shape below a {}: {}; mend: queue_kind '{}' \
                 with these names",
                kind.words(),
                listed(&users),
                if kind == QueueKind::Tree { "tree" } else { "simple" }
            );
            report.say(Grade::Warning, &words);
        }
    }
    on_interface(&place, queue, menus, asker, report).await
}

async fn on_interface(
    place: &str,
    queue: QueueRef<'_>,
    menus: &mut Menus,
    asker: &mut Asker,
    report: &mut Report<'_>,
) -> Result<(), Lost> {
    if menus.interfaces.is_none() {
        match asker.list(Listing::Interfaces).await? {
            Ok(Listed::Interfaces(types)) => menus.interfaces = Some(types),
            Ok(_) => {}
            Err(error) => {
                let words = format!("{place}: whether an interface has it cannot be told: {error}");
                report.say(Grade::Unknown, &words);
                return Ok(());
            }
        }
    }
    if !menus.interfaces.iter().flatten().any(|name| name == queue.name) {
        let words = format!(
            "{place}: no interface has it as its queue, so it shapes nothing; mend: \
             /queue/interface/set [find interface=INTERFACE] queue={}",
            quoted(queue.name)
        );
        report.say(Grade::Warning, &words);
    }
    Ok(())
}

impl Menus {
    /// Reads the menu of a kind, unless that was done; the inner error is a refusal.
    async fn fill(
        &mut self,
        kind: QueueKind,
        asker: &mut Asker,
    ) -> Result<Result<(), RouterError>, Lost> {
        let known = match kind {
            QueueKind::Tree => self.tree.is_some(),
            QueueKind::Simple => self.simple.is_some(),
            QueueKind::Type => self.types.is_some(),
        };
        if known {
            return Ok(Ok(()));
        }
        match (asker.list(Listing::Queues(kind)).await?, kind) {
            (Ok(Listed::Queues(queues)), QueueKind::Simple) => self.simple = Some(queues),
            (Ok(Listed::Queues(queues)), _) => self.tree = Some(queues),
            (Ok(Listed::Types(types)), _) => self.types = Some(types),
            (Ok(_), _) => {}
            (Err(error), _) => return Ok(Err(error)),
        }
        Ok(Ok(()))
    }

    fn queues(&self, kind: QueueKind) -> &[ListedQueue] {
        let queues = if kind == QueueKind::Simple { &self.simple } else { &self.tree };
        queues.as_deref().unwrap_or_default()
    }

    /// What is there instead of a queue, if that is known.
    fn names(&self, queue: QueueRef<'_>) -> String {
        let quote = |name: &String| format!("'{name}'");
        let names: Vec<String> = match queue.kind {
            QueueKind::Tree | QueueKind::Simple => {
                self.queues(queue.kind).iter().map(|own| quote(&own.name)).collect()
            }
            QueueKind::Type => self.types.iter().flatten().map(|own| quote(&own.name)).collect(),
        };
        let menu = queue.kind.menu();
        if names.is_empty() {
            return format!("; {menu} has none");
        }
        format!("; {menu} has {}", listed(&names))
    }
}

/// As many names as a line bears.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
