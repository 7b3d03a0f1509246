//! One record of a queue menu: its properties, counters and identifier.
//! Promises: a change is checked as a whole before any of it is made.
//! Knows nothing of requests or of other records, except their names.

use super::{
    counters::Counters,
    properties::{Property, Shape},
    record::Record,
    refusal::Refusal,
    settings::{ItemSettings, Menu},
    value::{Names, canonical},
};
use crate::control::{time::Instant, units::PerDirection};

/// A queue or queue type.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) menu: Menu,
    pub(super) id: u64,
    pub(super) born: Instant,
    /// What it counts; a queue tree entry counts in `download` alone, a queue type not at all.
    pub(super) counters: PerDirection<Counters>,
    table: &'static [Property],
    /// Parallel to the table; `None`: absent.
    values: Vec<Option<String>>,
}

/// Whether a queue is usable; RouterOS says so with a delay after its creation, and while its
/// parent is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    Valid,
    Invalid,
}

/// A checked change of one property.
pub(super) type Change = (usize, Option<String>);

impl Item {
    /// A new record with the given values, which are taken as they are.
    pub(super) fn new(settings: &ItemSettings, id: u64, now: Instant) -> Self {
        let table = settings.table();
        let given = |property: &Property| {
            let value = settings.value(property.key);
            value.or(property.default).map(str::to_owned)
        };
        Self {
            menu: settings.menu(),
            id,
            born: now,
            counters: PerDirection::both(Counters::new(now)),
            table,
            values: table.iter().map(given).collect(),
        }
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let place = self.table.iter().position(|property| property.key == key)?;
        self.values.get(place)?.as_deref()
    }

    /// Its name, or what it goes by in its menu.
    pub(super) fn name(&self) -> &str {
        self.value(self.menu.name_key()).unwrap_or_default()
    }

    /// What writing `text` to `key` would change.
    pub(super) fn check(&self, key: &str, text: &str, names: &Names) -> Result<Change, Refusal> {
        let place = self.table.iter().position(|property| property.key == key);
        let found = place.and_then(|place| Some((place, self.table.get(place)?)));
        let Some((place, property)) = found else {
            return Err(Refusal::UnknownParameter(key.to_owned()));
        };
        let one = |text: &str| canonical(property.kind, key, text, names);
        let value = match property.shape {
            Shape::One => one(text)?,
            Shape::Pair => {
                // A single value counts for both, as on the console.
                let (upload, download) = text.split_once('/').unwrap_or((text, text));
                match (one(upload)?, one(download)?) {
                    (Some(upload), Some(download)) => Some(format!("{upload}/{download}")),
                    (_, _) => None,
                }
            }
        };
        Ok((place, value))
    }

    pub(super) fn apply(&mut self, changes: Vec<Change>) {
        for (place, value) in changes {
            if let Some(slot) = self.values.get_mut(place) {
                *slot = value;
            }
        }
    }

    /// Writes a value without any check.
    pub(super) fn force(&mut self, key: &str, text: &str) {
        let place = self.table.iter().position(|property| property.key == key);
        if let Some(slot) = place.and_then(|place| self.values.get_mut(place)) {
            *slot = Some(text.to_owned());
        }
    }

    /// The record as shown.
    pub(super) fn record(&self, validity: Validity) -> Record {
        let mut fields = vec![(".id", format!("*{:X}", self.id))];
        for (property, value) in self.table.iter().zip(&self.values) {
            fields.extend(value.clone().map(|value| (property.key, value)));
        }
        let invalid = (validity == Validity::Invalid).to_string();
        match self.menu {
            Menu::Type | Menu::Interface | Menu::User | Menu::Group => {}
            Menu::Mangle | Menu::Filter => {
                let counters = self.counters.download.fields().into_iter();
                let own = counters.filter(|(key, _)| matches!(*key, "bytes" | "packets"));
                fields.extend(own.map(|(key, count)| (key, count.to_string())));
            }
            Menu::Tree => {
                fields.push(("invalid", invalid));
                let counters = self.counters.download.fields().into_iter();
                fields.extend(counters.map(|(key, count)| (key, count.to_string())));
            }
            Menu::Simple => {
                fields.push(("invalid", invalid));
                let upload = self.counters.upload.fields().into_iter();
                let both = upload.zip(self.counters.download.fields());
                fields.extend(both.map(|((key, up), (_, down))| (key, format!("{up}/{down}"))));
            }
        }
        Record::new(fields)
    }
}
