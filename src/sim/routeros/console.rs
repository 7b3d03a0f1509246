//! The router's console: one command line in, what it prints out.
//! Promises: a line is read as a whole before any of it is carried out; it ends at its first
//! error; it sees and changes the same records as REST. Knows nothing of SSH.
//!
//! It is an interpreter of the few commands that are ever sent (`print`, `set` and `get` of queues,
//! `:if`, `:foreach`, `:put`); any other word is answered as an unknown one.

mod parse;
mod print;
mod queue;
mod scan;
mod statement;
mod table;

use self::statement::{Condition, Field, Find, Statement, Term, View};
use super::{
    fate::Fate,
    item::Item,
    refusal::Refusal,
    settings::{Menu, Rights},
    state::{RouterOs, Work},
    target::Place,
};
use crate::control::time::{Instant, Span};

/// What a command line printed, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The text, with the console's line ends.
    pub text: String,
    /// How long after the command the text is ready.
    pub delay: Span,
    /// Whether its sender sees it.
    pub fate: Fate,
}

/// Which records the variables of loops stand for.
type Variables = Vec<(String, usize)>;

impl RouterOs {
    /// Carries out a command line of `user` that came in at `now`. A user that the router does
    /// not know may do nothing.
    pub fn console(&mut self, now: Instant, user: &str, line: &str) -> Printed {
        let place = self.settings.users.iter().position(|known| known.name == user);
        let rights = place.and_then(|place| self.settings.users.get(place)).map(|user| user.rights);
        let admission = self.admit_user(now, place.unwrap_or(usize::MAX));
        let text = match (admission.work, rights) {
            (Work::Done, Some(rights)) => self.printed(now, rights, line),
            (Work::Done, None) => refused(&Refusal::NotEnoughPermissions),
            // It waited for a whole session's time behind other requests.
            (Work::NotDone, _) if admission.fate == Fate::Answer => "interrupted\r\n".to_owned(),
            (Work::NotDone, _) => String::new(),
        };
        let text = match self.mutation {
            Some(mutation) => mutation.of_console(&text),
            None => text,
        };
        Printed { text, delay: admission.delay, fate: admission.fate }
    }

    fn printed(&mut self, now: Instant, rights: Rights, line: &str) -> String {
        if let Some(canned) = &self.canned {
            return canned.body.clone();
        }
        let mut console = Console { now, rights, out: String::new() };
        let ended = parse::line(line)
            .and_then(|statements| console.run(self, &statements, &mut Variables::new()));
        if let Err(text) = ended {
            console.out.push_str(&text);
            console.out.push_str("\r\n");
        }
        console.out
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("{}\r\n", words(refusal))
}

/// A refusal as the console words it; it has the words that REST has.
fn words(refusal: &Refusal) -> String {
    refusal.detail().unwrap_or_else(|| "no such item".to_owned())
}

/// The same about properties to set: the console knows which there are before it sets any.
fn said(refusal: &Refusal, fields: &[Field]) -> String {
    let Refusal::UnknownParameter(key) = refusal else { return words(refusal) };
    let field = fields.iter().find(|field| field.key == *key);
    parse::surplus(field.map_or(0, |field| field.at))
}

/// One command line under way.
struct Console {
    now: Instant,
    rights: Rights,
    out: String,
}

impl Console {
    /// Carries out statements one by one; the text of the first error ends them.
    fn run(
        &mut self,
        router: &mut RouterOs,
        statements: &[Statement],
        variables: &mut Variables,
    ) -> Result<(), String> {
        statements.iter().try_for_each(|statement| self.step(router, statement, variables))
    }

    fn step(
        &mut self,
        router: &mut RouterOs,
        statement: &Statement,
        variables: &mut Variables,
    ) -> Result<(), String> {
        match statement {
            Statement::Print { place, view, conditions } => {
                self.print(router, *place, *view, conditions)?;
            }
            Statement::Set { find, fields } => self.set(router, find, fields)?,
            Statement::If { find, count, body } => {
                if found(router, find).len() == *count {
                    self.run(router, body, variables)?;
                }
            }
            Statement::ForEach { variable, find, body } => {
                for item in found(router, find) {
                    variables.push((variable.clone(), item));
                    self.run(router, body, variables)?;
                    variables.pop();
                }
            }
            Statement::Put(terms) => self.put(router, terms, variables)?,
        }
        Ok(())
    }

    fn print(
        &mut self,
        router: &RouterOs,
        place: Place,
        view: View,
        conditions: &[Condition],
    ) -> Result<(), String> {
        let text = match place {
            Place::Records(menu) if router.hidden.contains(&menu) => {
                return Err(words(&Refusal::NotEnoughPermissions));
            }
            Place::Records(menu) => {
                let shown = shown(router, menu, conditions, self.now);
                queue::detail(menu, view, &shown)
            }
            Place::Resource => print::pairs(&print::resource(&router.resource(self.now))),
            Place::Identity => print::pairs(&[("name", router.identity.clone())]),
        };
        self.out.push_str(&text);
        Ok(())
    }

    fn set(&self, router: &mut RouterOs, find: &Find, fields: &[Field]) -> Result<(), String> {
        if self.rights != Rights::Full {
            return Err(words(&Refusal::NotEnoughPermissions));
        }
        let changes: Vec<(String, String)> =
            fields.iter().map(|field| (field.key.clone(), field.value.clone())).collect();
        for item in found(router, find) {
            router.change(item, &changes).map_err(|refusal| said(&refusal, fields))?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        router: &RouterOs,
        terms: &[Term],
        variables: &Variables,
    ) -> Result<(), String> {
        for term in terms {
            match term {
                Term::Text(text) => self.out.push_str(text),
                Term::Get { menu, variable, key } => {
                    let bound = variables.iter().rev().find(|(name, _)| name == variable);
                    let item = bound.and_then(|(_, item)| router.items.get(*item));
                    let item = item.filter(|item| item.menu == *menu).ok_or("no such item")?;
                    let value = item
                        .value(key)
                        .ok_or_else(|| "input does not match any value of value-name".to_owned())?;
                    // An array as text; REST separates with commas.
                    let is_array = *menu == Menu::Group && key == "policy";
                    let array = is_array.then(|| value.replace(',', ";"));
                    self.out.push_str(array.as_deref().unwrap_or(value));
                }
            }
        }
        self.out.push_str("\r\n");
        Ok(())
    }
}

/// The items that a `find` gives.
fn found(router: &RouterOs, find: &Find) -> Vec<usize> {
    let items = router.items.iter().enumerate();
    let own = items.filter(|(_, item)| item.menu == find.menu && meets(item, &find.conditions));
    own.map(|(place, _)| place).collect()
}

fn meets(item: &Item, conditions: &[Condition]) -> bool {
    let met = |condition: &Condition| item.value(&condition.key) == Some(&condition.value);
    conditions.iter().all(met)
}

/// The records of a menu that meet the conditions, with their places in its table.
fn shown(
    router: &RouterOs,
    menu: Menu,
    conditions: &[Condition],
    now: Instant,
) -> Vec<(usize, super::record::Record)> {
    let own = router.items.iter().filter(|item| item.menu == menu).enumerate();
    let picked = own.filter(|(_, item)| meets(item, conditions));
    picked.map(|(place, item)| (place, router.record(item, now))).collect()
}
