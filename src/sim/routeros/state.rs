//! The router itself: what it holds, whom it serves, and when it is out of reach.
//! Promises: requests of one user run one after the other; a reboot brings back the settings, with
//! new identifiers. Knows nothing of how a request is written.

use std::collections::VecDeque;

use fastrand::Rng;

use super::{
    fate::{Canned, Fate},
    item::{Change, Item},
    mutation::Mutation,
    refusal::Refusal,
    settings::{Down, ItemSettings, Menu, RouterSettings},
    value::Names,
};
use crate::control::time::{Instant, Span};

/// A request may run or wait this long, no longer.
pub(super) const SESSION: Span = Span::from_secs(60);

/// The login behind REST is kept this long.
const LOGIN_KEPT: Span = Span::from_secs(600);

/// A change of the configuration is taken to write this many flash sectors.
const SECTORS_PER_WRITE: u64 = 8;

/// The most accepted changes remembered; older ones are forgotten.
const MAX_ACCEPTED: usize = 4_096;

/// The first identifier of a queue tree entry.
const TREE_IDS: u64 = 0x100_0000;

/// A change that the router accepted, over REST or directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The name of the record, before the change.
    pub name: String,
    /// The property.
    pub key: String,
    /// Its new value, as it was sent.
    pub value: String,
}

/// A RouterOS 7 router.
#[derive(Clone, Debug)]
pub struct RouterOs {
    pub(super) settings: RouterSettings,
    pub(super) identity: String,
    pub(super) items: Vec<Item>,
    sessions: Vec<Session>,
    rng: Rng,
    pub(super) booted: Instant,
    next_ids: [u64; 8],
    /// Menus that nobody may read.
    pub(super) hidden: Vec<Menu>,
    forced: Option<Down>,
    pub(super) canned: Option<Canned>,
    pub(super) mutation: Option<Mutation>,
    writes: u64,
    accepted: VecDeque<Accepted>,
    pub(super) sectors_before_boot: u64,
    pub(super) sectors: u64,
}

/// What the router knows of a user's requests.
#[derive(Clone, Copy, Debug, Default)]
struct Session {
    busy_until: Instant,
    kept_until: Option<Instant>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What its sender gets to see.
    pub fate: Fate,
    /// When: how long after the request came in.
    pub delay: Span,
    /// Whether it is carried out.
    pub work: Work,
}

/// Whether a request is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is, whatever its sender gets to see.
    Done,
    /// It never gets that far.
    NotDone,
}

impl RouterOs {
    /// A router that has just started.
    pub fn new(settings: RouterSettings, seed: u64, now: Instant) -> Self {
        let mut router = Self {
            identity: settings.identity.clone(),
            items: Vec::new(),
            sessions: vec![Session::default(); settings.users.len()],
            rng: Rng::with_seed(seed),
            booted: now,
            next_ids: [TREE_IDS, 1, 0xA, 1, 1, 1, 1, 1],
            hidden: Vec::new(),
            forced: None,
            canned: None,
            mutation: None,
            writes: 0,
            accepted: VecDeque::new(),
            sectors_before_boot: 100_000,
            sectors: 0,
            settings,
        };
        router.load_items(now);
        router
    }

    fn load_items(&mut self, now: Instant) {
        self.items.clear();
        for settings in self.settings.items.clone().into_iter().chain(self.people()) {
            let id = self.next_id(settings.menu());
            self.items.push(Item::new(&settings, id, now));
        }
    }

    /// The users as records, and their groups.
    fn people(&self) -> Vec<ItemSettings> {
        let mut all = Vec::new();
        let mut groups: Vec<&str> = Vec::new();
        for user in &self.settings.users {
            let (group, policy) = user.rights.group();
            all.push(ItemSettings::user(&user.name, group));
            if !groups.contains(&group) {
                groups.push(group);
                all.push(ItemSettings::group(group, policy));
            }
        }
        all
    }

    /// Lets nobody read this menu any more.
    pub fn hide(&mut self, menu: Menu) {
        self.hidden.push(menu);
    }

    pub(super) const fn next_id(&mut self, menu: Menu) -> u64 {
        let [tree, simple, kind, rule, filter, interface, user, group] = &mut self.next_ids;
        let next = match menu {
            Menu::Tree => tree,
            Menu::Simple => simple,
            Menu::Type => kind,
            Menu::Mangle => rule,
            Menu::Filter => filter,
            Menu::Interface => interface,
            Menu::User => user,
            Menu::Group => group,
        };
        let id = *next;
        *next = id.saturating_add(1);
        id
    }

    /// How the router is out of reach at `now`, if it is.
    pub fn down(&self, now: Instant) -> Option<Down> {
        if self.forced.is_some() {
            return self.forced;
        }
        if now < self.booted {
            return Some(Down::BlackHole);
        }
        let downtime = &self.settings.downtime;
        downtime.iter().find(|(window, _)| window.contains(now)).map(|(_, down)| *down)
    }

    /// Takes the router out of reach until told otherwise (`None`), whatever its settings say.
    pub const fn force(&mut self, down: Option<Down>) {
        self.forced = down;
    }

    /// Changes all its answers from now on; `None`: they are as they should be.
    pub const fn mutate(&mut self, mutation: Option<Mutation>) {
        self.mutation = mutation;
    }

    /// Answers every request that reaches it with this instead, without carrying it out.
    pub fn answer_with(&mut self, canned: Option<Canned>) {
        self.canned = canned;
    }

    /// What becomes of a request of the first user that comes in at `now`, for callers that do
    /// without HTTP: carry it out if `work` says so.
    pub fn admit(&mut self, now: Instant) -> Admission {
        self.admit_user(now, 0)
    }

    /// The same for the user with this number.
    pub(super) fn admit_user(&mut self, now: Instant, user: usize) -> Admission {
        let (fate, work) = match self.down(now) {
            None => (Fate::Answer, Work::Done),
            Some(Down::AnswerLost) => (Fate::BlackHole, Work::Done),
            Some(Down::AnswerCut) => (Fate::Cut, Work::Done),
            Some(Down::AnswerDrips) => (Fate::Drip, Work::Done),
            Some(Down::Refuse) => (Fate::Refuse, Work::NotDone),
            Some(Down::BlackHole) => (Fate::BlackHole, Work::NotDone),
            Some(Down::Reset) => (Fate::Reset, Work::NotDone),
        };
        if work == Work::NotDone {
            return Admission { fate, delay: Span::ZERO, work };
        }
        let delay = self.occupy(now, user);
        if delay < SESSION {
            Admission { fate, delay, work }
        } else {
            Admission { fate, delay: SESSION, work: Work::NotDone }
        }
    }

    /// Lets the user's session run one more request; returns how long after `now` it ends. One that
    /// waits for a whole [`SESSION`] never runs.
    fn occupy(&mut self, now: Instant, user: usize) -> Span {
        let jitter = self.settings.latency_jitter.as_micros();
        let jitter = Span::from_micros(self.rng.u64(0..=jitter));
        let mut length = self.settings.latency.at(now) + jitter;
        let Some(session) = self.sessions.get_mut(user) else { return length };
        if session.kept_until.is_none_or(|until| until <= now) {
            length = length + self.settings.login;
        }
        if session.busy_until.since(now) >= SESSION {
            return SESSION;
        }
        let end = now.max(session.busy_until) + length.min(SESSION);
        session.busy_until = end;
        session.kept_until = Some(end + LOGIN_KEPT);
        end.since(now)
    }

    /// Restarts: black hole for `absence`, then everything as in the settings, with new
    /// identifiers, counters at zero and nobody logged in.
    pub fn reboot(&mut self, now: Instant, absence: Span) {
        self.booted = now + absence;
        self.identity.clone_from(&self.settings.identity);
        self.sessions.fill(Session::default());
        self.sectors_before_boot = self.sectors_before_boot.saturating_add(self.sectors);
        self.sectors = 0;
        self.load_items(self.booted);
    }

    /// How many writes were accepted since the beginning, over REST or directly; what a human did
    /// does not count.
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    pub(super) fn find(&self, menu: Menu, name: &str) -> Option<usize> {
        self.items.iter().position(|item| item.menu == menu && item.name() == name)
    }

    /// Makes all the changes to one item, or none.
    pub(super) fn change(
        &mut self,
        item: usize,
        wanted: &[(String, String)],
    ) -> Result<(), Refusal> {
        let names = self.names(item);
        if self.items.get(item).is_some_and(|item| matches!(item.menu, Menu::User | Menu::Group)) {
            // None of the groups here has the policy `policy`.
            return Err(Refusal::NotEnoughPermissions);
        }
        let target = self.items.get_mut(item).ok_or(Refusal::NotFound)?;
        let checked = wanted.iter().map(|(key, text)| target.check(key, text, &names));
        let changes = checked.collect::<Result<Vec<Change>, Refusal>>()?;
        let name = target.name().to_owned();
        target.apply(changes);
        self.remember(&name, wanted);
        self.count_write();
        Ok(())
    }

    fn remember(&mut self, name: &str, wanted: &[(String, String)]) {
        for (key, value) in wanted.iter().cloned() {
            if self.accepted.len() >= MAX_ACCEPTED {
                self.accepted.pop_front();
            }
            self.accepted.push_back(Accepted { name: name.to_owned(), key, value });
        }
    }

    /// The changes accepted since this was asked last, oldest first; not those of a human. Only the
    /// last ones are kept, enough for minutes of a daemon that writes several times a second.
    pub fn take_accepted(&mut self) -> Vec<Accepted> {
        self.accepted.drain(..).collect()
    }

    pub(super) const fn count_write(&mut self) {
        self.writes = self.writes.saturating_add(1);
        self.sectors = self.sectors.saturating_add(SECTORS_PER_WRITE);
    }

    /// The names that values of this item may refer to.
    fn names(&self, item: usize) -> Names {
        let Some(own) = self.items.get(item) else { return Names::default() };
        let others = |menu: Menu| {
            let same = self.items.iter().filter(move |other| other.menu == menu);
            same.filter(|other| other.id != own.id).map(|other| other.name().to_owned())
        };
        let special = ["global", "none"].map(str::to_owned);
        Names {
            types: others(Menu::Type).collect(),
            parents: special
                .into_iter()
                .chain(self.settings.interfaces.clone())
                .chain(others(own.menu))
                .collect(),
            taken: others(own.menu).collect(),
        }
    }
}
