//! Direct access for virtual time, and for the human at the router's console.
//! Promises: limits read as what they do to traffic; what is written passes the same checks as over
//! REST. Knows nothing of requests.

use super::{
    counters::{Drops, Traffic},
    item::Item,
    refusal::Refusal,
    settings::{ItemSettings, Menu, Shaper},
    state::RouterOs,
};
use crate::control::{
    time::Instant,
    units::{Direction, PerDirection, Rate},
};

impl RouterOs {
    /// The limits that the shaper imposes; `None` where there is no such queue, or it is disabled
    /// or unlimited.
    pub fn limits(&self, shaper: &Shaper) -> PerDirection<Option<Rate>> {
        PerDirection {
            download: self.limit(shaper, Direction::Download),
            upload: self.limit(shaper, Direction::Upload),
        }
    }

    /// The limit that the shaper imposes on one direction, as [`RouterOs::limits`].
    pub fn limit(&self, shaper: &Shaper, direction: Direction) -> Option<Rate> {
        let name = shaper.name(direction);
        let queue = self.items.get(self.find(shaper.menu(), name)?)?;
        if queue.value("disabled") == Some("true") {
            return None;
        }
        let limit = queue.value(shaper.key())?;
        let own = match (shaper, direction) {
            (Shaper::Tree(_) | Shaper::Type(_), _) => limit,
            (Shaper::Simple(_), Direction::Upload) => limit.split_once('/')?.0,
            (Shaper::Simple(_), Direction::Download) => limit.split_once('/')?.1,
        };
        Rate::from_bps(own.parse().ok()?)
    }

    /// Sets the limit of one direction, as one write. The other half of a simple queue stays.
    pub fn set_limit(
        &mut self,
        shaper: &Shaper,
        direction: Direction,
        limit: Rate,
    ) -> Result<(), Refusal> {
        let value = match shaper {
            Shaper::Tree(_) | Shaper::Type(_) => limit.bps().to_string(),
            Shaper::Simple(_) => {
                let mut both = self.limits(shaper);
                *both.of_mut(direction) = Some(limit);
                let half = |limit: Option<Rate>| limit.map_or(0, Rate::bps);
                format!("{}/{}", half(both.upload), half(both.download))
            }
        };
        let queue = self.find(shaper.menu(), shaper.name(direction)).ok_or(Refusal::NotFound)?;
        self.change(queue, &[(shaper.key().to_owned(), value)])
    }

    /// Sets both limits: one write to a simple queue, two to others.
    pub fn set_limits(
        &mut self,
        shaper: &Shaper,
        limits: PerDirection<Rate>,
    ) -> Result<(), Refusal> {
        match shaper {
            Shaper::Tree(_) | Shaper::Type(_) => {
                self.set_limit(shaper, Direction::Download, limits.download)?;
                self.set_limit(shaper, Direction::Upload, limits.upload)
            }
            Shaper::Simple(name) => {
                let queue = self.find(Menu::Simple, name).ok_or(Refusal::NotFound)?;
                let pair = format!("{}/{}", limits.upload.bps(), limits.download.bps());
                self.change(queue, &[("max-limit".to_owned(), pair)])
            }
        }
    }

    /// Counts what passed through the shaper's queues.
    pub fn carry(&mut self, now: Instant, shaper: &Shaper, traffic: PerDirection<Traffic>) {
        for direction in Direction::BOTH {
            let Some(queue) = self.find(shaper.menu(), shaper.name(direction)) else { continue };
            let drops = self.drops(queue, direction);
            let Some(queue) = self.items.get_mut(queue) else { continue };
            let counted = match shaper {
                Shaper::Tree(_) | Shaper::Type(_) => Direction::Download,
                Shaper::Simple(_) => direction,
            };
            queue.counters.of_mut(counted).count(now, *traffic.of(direction), drops);
        }
    }

    fn drops(&self, queue: usize, direction: Direction) -> Drops {
        let kind = self.items.get(queue).and_then(|queue| queue.value("queue"));
        let name = match (kind.map(|kind| kind.split_once('/').ok_or(kind)), direction) {
            (Some(Err(one)), _) => one,
            (Some(Ok((upload, _))), Direction::Upload) => upload,
            (Some(Ok((_, download))), Direction::Download) => download,
            (None, _) => return Drops::Shown,
        };
        let kind = self.find(Menu::Type, name).and_then(|kind| self.items.get(kind));
        match kind.and_then(|kind| kind.value("kind")) {
            Some("cake") => Drops::Hidden,
            Some(_) | None => Drops::Shown,
        }
    }

    /// A human adds a record, as in the settings.
    pub fn add(&mut self, now: Instant, settings: &ItemSettings) {
        let id = self.next_id(settings.menu());
        self.items.push(Item::new(settings, id, now));
    }

    /// A human gives a user another password; those who are logged in have to log in again.
    pub fn change_password(&mut self, user: &str, password: &str) {
        for known in self.settings.users.iter_mut().filter(|known| known.name == user) {
            password.clone_into(&mut known.password);
        }
    }

    /// A human removes a queue.
    pub fn remove(&mut self, menu: Menu, name: &str) {
        self.items.retain(|item| item.menu != menu || item.name() != name);
    }

    /// A human writes a property, in the form that reads show; names may become ambiguous by it.
    pub fn edit(&mut self, menu: Menu, name: &str, key: &str, value: &str) {
        let item = self.find(menu, name).and_then(|item| self.items.get_mut(item));
        if let Some(item) = item {
            item.force(key, value);
        }
    }

    /// A human adds a second queue of the same name.
    pub fn duplicate(&mut self, now: Instant, menu: Menu, name: &str) {
        let id = self.next_id(menu);
        let found = self.find(menu, name).and_then(|item| self.items.get(item));
        if let Some(mut copy) = found.cloned() {
            copy.id = id;
            copy.born = now;
            self.items.push(copy);
        }
    }

    /// What a record holds, as reads show it.
    pub fn value(&self, menu: Menu, name: &str, key: &str) -> Option<&str> {
        self.items.get(self.find(menu, name)?)?.value(key)
    }

    /// The identifier of a queue or type, as in `*1000000`.
    pub fn id(&self, menu: Menu, name: &str) -> Option<String> {
        let item = self.items.get(self.find(menu, name)?)?;
        Some(format!("*{:X}", item.id))
    }
}
