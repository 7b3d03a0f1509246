//! The faults of a router, each with its beginning and its end.
//! Promises: what a fault has begun, its end undoes; only a fault that is there to change the
//! router's queues changes them.

use std::net::TcpStream;

use wanctl::{
    control::time::Span,
    os::clock,
    sim::{
        https::{Leaf, Pki, Tls},
        routeros::{Canned, Down, ItemSettings, Menu, RouterOs},
    },
};

use super::{
    proxy::{Mischief, Proxy},
    router::{Router, mbit},
    stops::let_pass,
};

/// Sessions that the router allows.
const SESSIONS: usize = 20;

/// How long a router takes to start again.
const REBOOT: Span = Span::from_millis(1_500);

/// How long a flapping router is away, and then there.
const FLAP: Span = Span::from_secs(1);

/// Bytes of an answer after which the way spoils it: within the first record of TLS.
const SOME: usize = 40;

const DOWNLOAD: &str = "WAN-Download";
const UPLOAD: &str = "WAN-Upload";

/// What is wrong with the router, or with the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The way spoils what the router sends, below TLS.
    Way(Mischief),
    /// The router is out of reach.
    Down(Down),
    /// It answers everything with this, and does nothing.
    Answers(Nonsense),
    /// It shows another certificate to new connections.
    Shows(Certificate),
    /// All of its sessions are taken.
    NoSession,
    /// It comes and goes every second.
    Flaps,
    /// It restarts: new ids, and the limits of the first day.
    Reboots,
    /// A human is at its console.
    Human(Deed),
}

/// Answers that no request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonsense {
    NotJson,
    OtherShape,
    Huge,
    Html,
    Status(u16),
}

/// What is shown in place of the trusted certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    OfAnotherAuthority,
    Expired,
    /// Plain HTTP.
    None,
}

/// What a human does to the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Renames,
    Deletes,
    /// Puts two new ones of the same name in the place of one.
    Duplicates,
    /// Swaps the names of the two queues: each known id now is that of the other.
    Swaps,
    /// Sets a limit below the floor.
    Limits,
    /// Takes a limit away.
    Unlimits,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::Way(Mischief::Refuse),
        Self::Way(Mischief::Deaf),
        Self::Way(Mischief::ResetAfter(0)),
        Self::Way(Mischief::ResetAfter(SOME)),
        Self::Way(Mischief::CloseAfter(SOME)),
        Self::Way(Mischief::StallAfter(SOME)),
        Self::Way(Mischief::Drip),
        Self::Way(Mischief::Noise),
        Self::Down(Down::BlackHole),
        Self::Down(Down::AnswerLost),
        Self::Down(Down::AnswerCut),
        Self::Down(Down::AnswerDrips),
        Self::Answers(Nonsense::NotJson),
        Self::Answers(Nonsense::OtherShape),
        Self::Answers(Nonsense::Huge),
        Self::Answers(Nonsense::Html),
        Self::Answers(Nonsense::Status(400)),
        Self::Answers(Nonsense::Status(401)),
        Self::Answers(Nonsense::Status(403)),
        Self::Answers(Nonsense::Status(404)),
        Self::Answers(Nonsense::Status(500)),
        Self::Answers(Nonsense::Status(503)),
        Self::Shows(Certificate::OfAnotherAuthority),
        Self::Shows(Certificate::Expired),
        Self::Shows(Certificate::None),
        Self::NoSession,
        Self::Flaps,
        Self::Reboots,
        Self::Human(Deed::Renames),
        Self::Human(Deed::Deletes),
        Self::Human(Deed::Duplicates),
        Self::Human(Deed::Swaps),
        Self::Human(Deed::Limits),
        Self::Human(Deed::Unlimits),
    ];

    /// Whether the router's queues are changed by somebody else than the daemon.
    pub const fn meddles(self) -> bool {
        matches!(self, Self::Reboots | Self::Human(_))
    }
}

/// A router, the way to it, and what is held to spoil it.
pub struct Site {
    pub router: Router,
    pub proxy: Proxy,
    held: Vec<TcpStream>,
}

impl Site {
    pub fn new(router: Router) -> Self {
        let proxy = Proxy::start(router.address());
        Self { router, proxy, held: Vec::new() }
    }

    pub fn begin(&mut self, fault: Fault) {
        match fault {
            Fault::Way(mischief) => self.proxy.set(Some(mischief)),
            Fault::Down(down) => self.router.force(Some(down)),
            Fault::Answers(nonsense) => self.router.model().answer_with(Some(nonsense.answer())),
            Fault::Shows(certificate) => {
                self.router.change_tls(certificate.tls());
                // Only a new connection sees it.
                self.proxy.cut();
            }
            Fault::NoSession => self.take_all_sessions(),
            Fault::Flaps => self.go_on(fault, Span::ZERO),
            Fault::Reboots => {
                self.proxy.cut();
                self.router.model().reboot(clock::now(), REBOOT);
            }
            Fault::Human(deed) => deed.begin(&mut self.router.model()),
        }
    }

    /// Whatever a fault does while it lasts.
    pub fn go_on(&self, fault: Fault, since: Span) {
        if fault == Fault::Flaps {
            let away = (since.as_millis() / FLAP.as_millis()).is_multiple_of(2);
            self.proxy.set(away.then_some(Mischief::Refuse));
        }
    }

    pub fn end(&mut self, fault: Fault) {
        match fault {
            Fault::Way(_) | Fault::Flaps => self.proxy.set(None),
            Fault::Down(_) => self.router.force(None),
            Fault::Answers(_) => self.router.model().answer_with(None),
            Fault::Shows(_) => self.router.change_tls(self.router.pki().tls()),
            Fault::NoSession => self.held.clear(),
            // It comes back by itself.
            Fault::Reboots => {}
            Fault::Human(deed) => deed.end(&mut self.router.model()),
        }
    }

    fn take_all_sessions(&mut self) {
        let settle = || let_pass(Span::from_millis(50));
        // So that the daemon's place becomes free, and it takes no other.
        self.proxy.set(Some(Mischief::Refuse));
        settle();
        let connect = || TcpStream::connect(self.router.address()).unwrap();
        self.held = (0..SESSIONS).map(|_| connect()).collect();
        settle();
        self.proxy.set(None);
    }
}

impl Nonsense {
    fn answer(self) -> Canned {
        const JSON: &str = "application/json";
        let (status, content_type, body) = match self {
            Self::NotJson => (200, JSON, "{[[\0\"".to_owned()),
            Self::OtherShape => {
                let other = "[{\"name\":[\"WAN-Download\"],\"max-limit\":{\"bps\":5}}]";
                (200, JSON, other.to_owned())
            }
            Self::Huge => {
                let others = "{\"name\":\"other\"},".repeat(500_000);
                (200, JSON, format!("[{others}{{}}]"))
            }
            Self::Html => (200, "text/html", "<html>Welcome</html>".to_owned()),
            Self::Status(status) => {
                (status, JSON, format!("{{\"error\":{status},\"message\":\"no\"}}"))
            }
        };
        Canned { status, content_type, body }
    }
}

impl Certificate {
    fn tls(self) -> Tls {
        match self {
            Self::OfAnotherAuthority => Pki::new(Leaf::Signed).unwrap().tls(),
            Self::Expired => Pki::new(Leaf::Expired).unwrap().tls(),
            Self::None => Tls::Plain,
        }
    }
}

impl Deed {
    fn begin(self, model: &mut RouterOs) {
        match self {
            Self::Renames => model.edit(Menu::Tree, DOWNLOAD, "name", "renamed"),
            Self::Deletes => model.remove(Menu::Tree, DOWNLOAD),
            Self::Duplicates => {
                model.remove(Menu::Tree, DOWNLOAD);
                add(model);
                add(model);
            }
            Self::Swaps => swap(model),
            Self::Limits => model.edit(Menu::Tree, DOWNLOAD, "max-limit", "7000000"),
            Self::Unlimits => model.edit(Menu::Tree, UPLOAD, "max-limit", "0"),
        }
    }

    fn end(self, model: &mut RouterOs) {
        match self {
            Self::Renames => model.edit(Menu::Tree, "renamed", "name", DOWNLOAD),
            Self::Deletes | Self::Duplicates => {
                model.remove(Menu::Tree, DOWNLOAD);
                add(model);
            }
            Self::Swaps => swap(model),
            // The daemon repairs it.
            Self::Limits | Self::Unlimits => {}
        }
    }
}

/// Adds a download queue with a limit far from any wanted.
fn add(model: &mut RouterOs) {
    model.add(clock::now(), &ItemSettings::tree(DOWNLOAD, mbit(800)));
}

fn swap(model: &mut RouterOs) {
    model.edit(Menu::Tree, DOWNLOAD, "name", "between");
    model.edit(Menu::Tree, UPLOAD, "name", DOWNLOAD);
    model.edit(Menu::Tree, "between", "name", UPLOAD);
}
