//! What a simulated router is like.
//! Promises: plain data with a plausible default. Knows nothing of how requests are answered.

use super::properties::{
    CAKE, FILTER, GROUP, INTERFACE, MANGLE, PFIFO, Property, SIMPLE, TREE, USER,
};
use crate::{
    control::{
        time::Span,
        units::{Direction, PerDirection, Rate},
    },
    sim::schedule::{Schedule, Window},
};

/// A menu with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// `/queue/tree`
    Tree,
    /// `/queue/simple`
    Simple,
    /// `/queue/type`
    Type,
    /// `/ip/firewall/mangle`, whose records have no names and go by their comments here.
    Mangle,
    /// `/ip/firewall/filter`, the same.
    Filter,
    /// `/queue/interface`, whose records go by the names of interfaces.
    Interface,
    /// `/user`
    User,
    /// `/user/group`
    Group,
}

impl Menu {
    /// The property by which its records go.
    pub(super) const fn name_key(self) -> &'static str {
        match self {
            Self::Mangle | Self::Filter => "comment",
            Self::Interface => "interface",
            Self::Tree | Self::Simple | Self::Type | Self::User | Self::Group => "name",
        }
    }
}

/// The queues that carry the limits of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shaper {
    /// Queue tree entries, by name; each has its own `max-limit`.
    Tree(PerDirection<String>),
    /// One simple queue, by name, with `max-limit=upload/download`.
    Simple(String),
    /// Queue types, by name; each has its own `cake-bandwidth`.
    Type(PerDirection<String>),
}

impl Shaper {
    /// The menu in which its queues are.
    pub const fn menu(&self) -> Menu {
        match self {
            Self::Tree(_) => Menu::Tree,
            Self::Simple(_) => Menu::Simple,
            Self::Type(_) => Menu::Type,
        }
    }

    /// The property that holds the limit.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Tree(_) | Self::Simple(_) => "max-limit",
            Self::Type(_) => "cake-bandwidth",
        }
    }

    /// The name of the queue that limits a direction.
    pub fn name(&self, direction: Direction) -> &str {
        match self {
            Self::Tree(names) | Self::Type(names) => names.of(direction),
            Self::Simple(name) => name,
        }
    }
}

/// A record that the router starts with, and has again after a reboot.
#[derive(Clone, Debug)]
pub struct ItemSettings {
    menu: Menu,
    table: &'static [Property],
    values: Vec<(&'static str, String)>,
}

impl ItemSettings {
    /// A queue tree entry with this `max-limit`.
    pub fn tree(name: &str, limit: Rate) -> Self {
        Self::new(Menu::Tree, TREE, name).with("max-limit", &limit.bps().to_string())
    }

    /// A simple queue with this `max-limit`.
    pub fn simple(name: &str, limits: PerDirection<Rate>) -> Self {
        let pair = format!("{}/{}", limits.upload.bps(), limits.download.bps());
        Self::new(Menu::Simple, SIMPLE, name).with("max-limit", &pair)
    }

    /// A queue type of the kind `cake`.
    pub fn cake(name: &str) -> Self {
        Self::new(Menu::Type, CAKE, name)
    }

    /// A built-in queue type of the kind `pfifo`.
    pub fn pfifo(name: &str) -> Self {
        Self::new(Menu::Type, PFIFO, name)
    }

    /// A mangle rule with this comment that marks connections, as one that was never touched.
    pub fn mangle(comment: &str) -> Self {
        Self::new(Menu::Mangle, MANGLE, comment)
    }

    /// A rule of the firewall's filter with this comment that leads traffic past the queues.
    pub fn fast_track(comment: &str) -> Self {
        Self::new(Menu::Filter, FILTER, comment).with("action", "fasttrack-connection")
    }

    /// The queue of an interface: the name of its type.
    pub fn interface(name: &str, queue: &str) -> Self {
        Self::new(Menu::Interface, INTERFACE, name).with("queue", queue)
    }

    /// A user in the list of users; who may log in is said elsewhere ([`User`]).
    pub(super) fn user(name: &str, group: &str) -> Self {
        Self::new(Menu::User, USER, name).with("group", group)
    }

    /// A group of users.
    pub(super) fn group(name: &str, policy: &str) -> Self {
        Self::new(Menu::Group, GROUP, name).with("policy", policy)
    }

    fn new(menu: Menu, table: &'static [Property], name: &str) -> Self {
        Self { menu, table, values: vec![(menu.name_key(), name.to_owned())] }
    }

    /// The same with one more property, as reads show it. It is not checked; a property that the
    /// menu does not have is left out.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.values.push((key, value.to_owned()));
        self
    }

    pub(super) const fn menu(&self) -> Menu {
        self.menu
    }

    pub(super) const fn table(&self) -> &'static [Property] {
        self.table
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let given = self.values.iter().rev().find(|(name, _)| *name == key);
        given.map(|(_, value)| value.as_str())
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Read and change.
    Full,
    /// Read.
    Read,
    /// Nothing: the group has `rest-api`, but not `api`.
    RestWithoutApi,
    /// Nothing: the group has no `rest-api`.
    NoRest,
}

impl Rights {
    /// The group of users with these rights, and its policies as a router lists them.
    pub(super) const fn group(self) -> (&'static str, &'static str) {
        match self {
            Self::Full => ("writers", "ssh,read,write,api,rest-api,!ftp,!reboot,!policy"),
            Self::Read => ("readers", "ssh,read,api,rest-api,!write,!ftp,!reboot,!policy"),
            Self::RestWithoutApi => ("no-api", "read,write,rest-api,!api,!ftp,!reboot,!policy"),
            Self::NoRest => ("no-rest", "read,write,api,!rest-api,!ftp,!reboot,!policy"),
        }
    }
}

/// A user of the router.
#[derive(Clone, Debug)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The password.
    pub password: String,
    /// What the group allows.
    pub rights: Rights,
}

/// How the router is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// Connections are refused; nothing is carried out.
    Refuse,
    /// Nothing is ever answered, nor carried out.
    BlackHole,
    /// Connections break without an answer; nothing is carried out.
    Reset,
    /// Requests are carried out, but never answered.
    AnswerLost,
    /// Requests are carried out, but the connection breaks in the middle of the answer.
    AnswerCut,
    /// Requests are carried out, but the answer comes byte by byte.
    AnswerDrips,
}

/// A router.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// Its name in `/system/identity`.
    pub identity: String,
    /// RouterOS version with channel, as in `7.23.2 (stable)`.
    pub version: String,
    /// Model.
    pub board: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// Its queues and queue types at first and after a reboot.
    pub items: Vec<ItemSettings>,
    /// What a queue may have as parent besides other queues.
    pub interfaces: Vec<String>,
    /// How long one request takes; requests of the same user wait for each other.
    pub latency: Schedule<Span>,
    /// Random extra time of a request, evenly between zero and this.
    pub latency_jitter: Span,
    /// How long a login takes: the first request of a user, and the first after ten idle minutes.
    pub login: Span,
    /// How long a queue shows itself as invalid after it has come into being.
    pub settling: Span,
    /// When it is out of reach, and how.
    pub downtime: Vec<(Window, Down)>,
}

impl RouterSettings {
    /// A router with the tree entries `WAN-Download` and `WAN-Upload`, the simple queue
    /// `internet-cake` and their CAKE types, all limited to `limits`; the user `wanctl` with the
    /// password `secret` may do everything. It answers at once and is always there.
    pub fn home(limits: PerDirection<Rate>) -> Self {
        let tree = |name, mark, parent, kind, limit| {
            let queue = ItemSettings::tree(name, limit).with("packet-mark", mark);
            queue.with("parent", parent).with("queue", kind)
        };
        let (down, up) = (limits.download, limits.upload);
        let download = tree("WAN-Download", "wan-download", "bridge1", "cake-down", down);
        let upload = tree("WAN-Upload", "wan-upload", "ether1", "cake-up", up);
        let simple = ItemSettings::simple("internet-cake", limits)
            .with("target", "192.168.88.0/24")
            .with("queue", "cake-up/cake-down");
        Self {
            identity: "MikroTik".to_owned(),
            version: "7.23.2 (stable)".to_owned(),
            board: "RB5009UG+S+".to_owned(),
            users: vec![User {
                name: "wanctl".to_owned(),
                password: "secret".to_owned(),
                rights: Rights::Full,
            }],
            items: vec![
                ItemSettings::pfifo("default-small"),
                ItemSettings::cake("cake-down"),
                ItemSettings::cake("cake-up"),
                download.with("comment", "wan shaper download").with("priority", "1"),
                upload,
                simple,
            ],
            interfaces: ["bridge1", "ether1"].map(str::to_owned).into(),
            latency: Schedule::constant(Span::ZERO),
            latency_jitter: Span::ZERO,
            login: Span::ZERO,
            settling: Span::ZERO,
            downtime: Vec::new(),
        }
    }

    /// The shaper made of the two tree entries of [`RouterSettings::home`].
    pub fn home_tree() -> Shaper {
        Shaper::Tree(PerDirection {
            download: "WAN-Download".to_owned(),
            upload: "WAN-Upload".to_owned(),
        })
    }

    /// The shaper made of the two CAKE types of [`RouterSettings::home`].
    pub fn home_types() -> Shaper {
        Shaper::Type(PerDirection {
            download: "cake-down".to_owned(),
            upload: "cake-up".to_owned(),
        })
    }

    /// The shaper made of the simple queue of [`RouterSettings::home`].
    pub fn home_simple() -> Shaper {
        Shaper::Simple("internet-cake".to_owned())
    }
}
