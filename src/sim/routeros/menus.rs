//! What GET, PATCH and POST do in each menu.
//! Promises: a change of a record is made as a whole or not at all. Knows nothing of users'
//! passwords, of delays or of HTTP.

use super::{
    json::Field,
    query,
    record::{Record, Reply},
    refusal::Refusal,
    settings::{Menu, Rights},
    state::RouterOs,
    target::{self, Place, Tail, Target},
};
use crate::control::time::Instant;

/// The words that are commands of a menu, and therefore cannot be read.
const COMMANDS: &[&str] = &[
    "add",
    "disable",
    "enable",
    "find",
    "get",
    "move",
    "print",
    "remove",
    "reset-counters",
    "set",
];

impl RouterOs {
    pub(super) fn get(&self, now: Instant, target: &Target) -> Result<Reply, Refusal> {
        let properties = query::record_properties(&target.query);
        let singleton = match target.place {
            Place::Records(menu) => return self.get_records(now, target, menu),
            Place::Resource => self.resource(now),
            Place::Identity => self.identity_record(),
        };
        match &target.tail {
            None => Ok(Reply::One(singleton.projected(properties.as_deref()))),
            Some(tail) => Err(no_such_name(tail)),
        }
    }

    fn get_records(&self, now: Instant, target: &Target, menu: Menu) -> Result<Reply, Refusal> {
        if self.hidden.contains(&menu) {
            return Err(Refusal::NotEnoughPermissions);
        }
        let Some(tail) = &target.tail else {
            let keys = query::list_properties(&target.query);
            let records = self.records(now, menu);
            let kept = records.filter(|record| query::passes(record, &target.query));
            return Ok(Reply::List(kept.map(|kept| kept.projected(keys.as_deref())).collect()));
        };
        let command = matches!(tail, Tail::Word(word) if COMMANDS.contains(&word.as_str()));
        if command {
            return Err(Refusal::NoSuchCommand);
        }
        let item = self.resolve(menu, tail)?;
        let item = self.items.get(item).ok_or(Refusal::NotFound)?;
        let keys = query::record_properties(&target.query);
        Ok(Reply::One(self.record(item, now).projected(keys.as_deref())))
    }

    fn records(&self, now: Instant, menu: Menu) -> impl Iterator<Item = Record> {
        let items = self.items.iter().filter(move |item| item.menu == menu);
        items.map(move |item| self.record(item, now))
    }

    /// The item that the end of a path names.
    fn resolve(&self, menu: Menu, tail: &Tail) -> Result<usize, Refusal> {
        match tail {
            Tail::Id(id) => {
                let found = self.items.iter().position(|it| it.menu == menu && it.id == *id);
                found.ok_or(Refusal::NotFound)
            }
            Tail::EncodedId => Err(Refusal::NoSuchCommandPrefix),
            Tail::Word(_) if matches!(menu, Menu::Mangle | Menu::Filter) => {
                Err(Refusal::NoSuchCommandPrefix)
            }
            Tail::Word(name) => self.find(menu, name).ok_or_else(|| no_such_name(tail)),
        }
    }

    pub(super) fn patch(
        &mut self,
        now: Instant,
        target: &Target,
        fields: &[(String, Field)],
        rights: Rights,
    ) -> Result<Reply, Refusal> {
        let (Place::Records(menu), Some(tail)) = (target.place, &target.tail) else {
            return Err(Refusal::MissingIdentifier);
        };
        if *tail == Tail::EncodedId || rights != Rights::Full {
            return Err(Refusal::MissingIdentifier);
        }
        let item = self.resolve(menu, tail)?;
        let by_name = matches!(tail, Tail::Word(_));
        let changes = texts(fields)?;
        self.change(item, &changes)
            .map_err(|refusal| if by_name { Refusal::MissingIdentifier } else { refusal })?;
        let item = self.items.get(item).ok_or(Refusal::NotFound)?;
        Ok(Reply::One(self.record(item, now)))
    }

    pub(super) fn post(
        &mut self,
        now: Instant,
        target: &Target,
        fields: &[(String, Field)],
        rights: Rights,
    ) -> Result<Reply, Refusal> {
        let command = match &target.tail {
            Some(Tail::Word(command)) => command.as_str(),
            Some(tail) => return Err(no_such_name(tail)),
            None => return Err(Refusal::NoSuchCommand),
        };
        match (command, target.place) {
            ("print", place) => self.print(now, place, fields),
            ("set", Place::Records(_) | Place::Identity) if rights != Rights::Full => {
                Err(Refusal::NotEnoughPermissions)
            }
            ("set", Place::Records(menu)) => self.set(menu, fields),
            ("set", Place::Identity) => self.set_identity(fields),
            (unknown, _) => Err(Refusal::NoSuchCommandOrDirectory(unknown.to_owned())),
        }
    }

    fn print(
        &self,
        now: Instant,
        place: Place,
        fields: &[(String, Field)],
    ) -> Result<Reply, Refusal> {
        let mut records: Vec<Record> = match place {
            Place::Records(menu) if self.hidden.contains(&menu) => {
                return Err(Refusal::NotEnoughPermissions);
            }
            Place::Records(menu) => self.records(now, menu).collect(),
            Place::Resource => vec![self.resource(now)],
            Place::Identity => vec![self.identity_record()],
        };
        let mut properties = None;
        let mut counted = false;
        for (key, value) in fields {
            match (key.as_str(), value) {
                (".proplist", Field::One(list)) => properties = Some(query::split(list)),
                (".proplist", Field::Many(list)) => properties = Some(list.clone()),
                (".query", Field::Many(words)) => {
                    records.retain(|record| query::matches(record, words));
                }
                ("count-only", _) => counted = true,
                // They change what a console shows, and nothing here.
                ("stats" | "detail", _) => {}
                (unknown, _) => return Err(Refusal::UnknownParameter(unknown.to_owned())),
            }
        }
        if counted {
            return Ok(Reply::Returned(records.len().to_string()));
        }
        let shown = records.into_iter().map(|record| record.projected(properties.as_deref()));
        Ok(Reply::List(shown.collect()))
    }

    fn set(&mut self, menu: Menu, fields: &[(String, Field)]) -> Result<Reply, Refusal> {
        let mut changes = texts(fields)?;
        let place = changes.iter().position(|(key, _)| key == ".id" || key == "numbers");
        let (_, targets) = changes.remove(place.ok_or(Refusal::MissingId)?);
        let items = query::split(&targets).into_iter().map(|word| {
            let tail = target::id(&word).map_or(Tail::Word(word), Tail::Id);
            self.resolve(menu, &tail).map_err(|_| Refusal::NotFound)
        });
        for item in items.collect::<Result<Vec<usize>, Refusal>>()? {
            self.change(item, &changes)?;
        }
        Ok(Reply::List(Vec::new()))
    }

    fn set_identity(&mut self, fields: &[(String, Field)]) -> Result<Reply, Refusal> {
        for (key, text) in texts(fields)? {
            if key != "name" {
                return Err(Refusal::UnknownParameter(key));
            }
            self.identity = text;
        }
        self.count_write();
        Ok(Reply::List(Vec::new()))
    }
}

fn no_such_name(tail: &Tail) -> Refusal {
    match tail {
        Tail::Word(name) => Refusal::NoSuchCommandOrDirectory(name.clone()),
        Tail::Id(_) => Refusal::NotFound,
        Tail::EncodedId => Refusal::NoSuchCommandPrefix,
    }
}

/// The fields of a change, none of which may be a list.
fn texts(fields: &[(String, Field)]) -> Result<Vec<(String, String)>, Refusal> {
    let text = |(key, value): &(String, Field)| match value {
        Field::One(text) => Ok((key.clone(), text.clone())),
        Field::Many(_) => Err(Refusal::InvalidValue(key.clone())),
    };
    fields.iter().map(text).collect()
}
