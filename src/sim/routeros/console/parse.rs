//! Command lines as statements.
//! Promises: any text gives statements or the console's words for what is wrong with it.
//! Knows nothing of what the router holds.

use super::{
    scan::{Scanner, What, Wrong},
    statement::{Condition, Field, Find, Statement, Term, View},
};
use crate::sim::routeros::{settings::Menu, target::Place};

/// The statements of a line, or the text that the console prints instead of carrying it out.
pub(super) fn line(text: &str) -> Result<Vec<Statement>, String> {
    let mut scanner = Scanner::new(text);
    let statements = statements(&mut scanner).and_then(|statements| {
        if scanner.rest().is_empty() { Ok(statements) } else { Err(scanner.wrong(What::Surplus)) }
    });
    statements.map_err(|wrong| match wrong.what {
        What::Syntax => format!("syntax error (line 1 column {})", column(wrong.at)),
        What::Command(word) => {
            format!("bad command name {word} (line 1 column {})", column(wrong.at))
        }
        What::Surplus => surplus(wrong.at),
    })
}

/// The text about a word too many.
pub(super) fn surplus(at: usize) -> String {
    format!("expected end of command (line 1 column {})", column(at))
}

const fn column(at: usize) -> usize {
    at.saturating_add(1)
}

/// Statements up to the end of the line or of a block.
fn statements(scanner: &mut Scanner<'_>) -> Result<Vec<Statement>, Wrong> {
    let mut statements = Vec::new();
    loop {
        scanner.skip_blanks();
        if scanner.rest().is_empty() || scanner.rest().starts_with('}') {
            return Ok(statements);
        }
        statements.push(statement(scanner)?);
        scanner.skip_blanks();
        if !scanner.takes(";") {
            return Ok(statements);
        }
    }
}

fn statement(scanner: &mut Scanner<'_>) -> Result<Statement, Wrong> {
    if !scanner.rest().starts_with(':') {
        return menu_command(scanner);
    }
    let at = scanner.at;
    scanner.take(":")?;
    match scanner.word() {
        "if" => condition(scanner),
        "foreach" => for_each(scanner),
        "put" => put(scanner),
        other => Err(Wrong { at, what: What::Command(other.to_owned()) }),
    }
}

/// `([:len [FIND]] = 1) do={…}`
fn condition(scanner: &mut Scanner<'_>) -> Result<Statement, Wrong> {
    scanner.take_after_blanks("([:len ")?;
    let find = find(scanner)?;
    scanner.take("]")?;
    scanner.take_after_blanks("=")?;
    scanner.skip_blanks();
    let at = scanner.at;
    let count = scanner.word().parse().map_err(|_| Wrong { at, what: What::Syntax })?;
    scanner.take(")")?;
    Ok(Statement::If { find, count, body: block(scanner)? })
}

/// `q in=[FIND] do={…}`
fn for_each(scanner: &mut Scanner<'_>) -> Result<Statement, Wrong> {
    scanner.skip_blanks();
    let variable = scanner.word().to_owned();
    scanner.take_after_blanks("in=")?;
    let find = find(scanner)?;
    Ok(Statement::ForEach { variable, find, body: block(scanner)? })
}

fn block(scanner: &mut Scanner<'_>) -> Result<Vec<Statement>, Wrong> {
    scanner.take_after_blanks("do={")?;
    let body = statements(scanner)?;
    scanner.take("}")?;
    Ok(body)
}

/// `("text" . [/queue/tree/get $q max-limit])`
fn put(scanner: &mut Scanner<'_>) -> Result<Statement, Wrong> {
    scanner.take_after_blanks("(")?;
    let mut terms = Vec::new();
    loop {
        scanner.skip_blanks();
        terms.push(term(scanner)?);
        scanner.skip_blanks();
        if scanner.takes(")") {
            return Ok(Statement::Put(terms));
        }
        scanner.take(".")?;
    }
}

fn term(scanner: &mut Scanner<'_>) -> Result<Term, Wrong> {
    if !scanner.takes("[") {
        return scanner.string().map(Term::Text);
    }
    if scanner.takes(":tostr [") {
        let term = get(scanner)?;
        scanner.take("]")?;
        return Ok(term);
    }
    get(scanner)
}

/// `/queue/tree/get $q max-limit]`
fn get(scanner: &mut Scanner<'_>) -> Result<Term, Wrong> {
    let menu = queues(scanner, "get")?;
    scanner.take_after_blanks("$")?;
    let variable = scanner.word().to_owned();
    scanner.skip_blanks();
    let key = scanner.word().to_owned();
    scanner.take("]")?;
    Ok(Term::Get { menu, variable, key })
}

/// `[/queue/tree/find name="x"]`
fn find(scanner: &mut Scanner<'_>) -> Result<Find, Wrong> {
    scanner.take_after_blanks("[")?;
    let menu = queues(scanner, "find")?;
    let conditions = conditions(scanner)?;
    scanner.take("]")?;
    Ok(Find { menu, conditions })
}

/// The menu of a command that must be `wanted`.
fn queues(scanner: &mut Scanner<'_>, wanted: &str) -> Result<Menu, Wrong> {
    let at = scanner.at;
    match command(scanner)? {
        (Place::Records(menu), command) if command == wanted => Ok(menu),
        (_, other) => Err(Wrong { at, what: What::Command(other.to_owned()) }),
    }
}

/// `name="x" kind=cake`: one or more of the properties that records are looked for by.
fn conditions(scanner: &mut Scanner<'_>) -> Result<Vec<Condition>, Wrong> {
    let mut conditions = Vec::new();
    loop {
        scanner.skip_blanks();
        let key = ["name", "comment", "kind", "action"].into_iter().find(|key| scanner.takes(key));
        let Some(key) = key else {
            let none = conditions.is_empty();
            return if none { Err(scanner.wrong(What::Syntax)) } else { Ok(conditions) };
        };
        scanner.take("=")?;
        conditions.push(Condition { key: key.to_owned(), value: scanner.value()? });
    }
}

fn menu_command(scanner: &mut Scanner<'_>) -> Result<Statement, Wrong> {
    let at = scanner.at;
    match command(scanner)? {
        (place, "print") => print(scanner, place),
        (Place::Records(menu), "set") => set(scanner, menu),
        (_, other) => Err(Wrong { at, what: What::Command(other.to_owned()) }),
    }
}

/// `stats detail where name="x"`; the facts about the device take none of it, rules no `stats`.
fn print(scanner: &mut Scanner<'_>, place: Place) -> Result<Statement, Wrong> {
    scanner.skip_blanks();
    if !matches!(place, Place::Records(_)) {
        return Ok(Statement::Print { place, view: View::Settings, conditions: Vec::new() });
    }
    let counts = matches!(place, Place::Records(Menu::Tree | Menu::Simple));
    let stats = counts && scanner.takes("stats ");
    let view = if stats { View::Counters } else { View::Settings };
    scanner.take("detail")?;
    scanner.skip_blanks();
    let conditions = if scanner.takes("where") { conditions(scanner)? } else { Vec::new() };
    Ok(Statement::Print { place, view, conditions })
}

/// `[FIND] max-limit=5M …`
fn set(scanner: &mut Scanner<'_>, menu: Menu) -> Result<Statement, Wrong> {
    let find = find(scanner)?;
    if find.menu != menu {
        return Err(scanner.wrong(What::Syntax));
    }
    let mut fields = Vec::new();
    loop {
        scanner.skip_blanks();
        let at = scanner.at;
        let key = scanner.word();
        if key.is_empty() {
            return Ok(Statement::Set { find, fields });
        }
        scanner.take("=")?;
        fields.push(Field { at, key: key.to_owned(), value: scanner.value()? });
    }
}

/// The menu and the command of a path such as `/queue/tree/print`.
fn command<'a>(scanner: &mut Scanner<'a>) -> Result<(Place, &'a str), Wrong> {
    let menus: &[&str] = match step(scanner, &["ip", "queue", "system", "user"])? {
        "ip" => {
            step(scanner, &["firewall"])?;
            &["mangle", "filter"]
        }
        "queue" => &["tree", "simple", "type", "interface"],
        "user" => {
            let group = scanner.takes("/group");
            scanner.take("/")?;
            let menu = if group { Menu::Group } else { Menu::User };
            return Ok((Place::Records(menu), scanner.word()));
        }
        _ => &["resource", "identity"],
    };
    let place = match step(scanner, menus)? {
        "tree" => Place::Records(Menu::Tree),
        "simple" => Place::Records(Menu::Simple),
        "type" => Place::Records(Menu::Type),
        "mangle" => Place::Records(Menu::Mangle),
        "filter" => Place::Records(Menu::Filter),
        "interface" => Place::Records(Menu::Interface),
        "resource" => Place::Resource,
        _ => Place::Identity,
    };
    scanner.take("/")?;
    Ok((place, scanner.word()))
}

/// The next part of a path, one of those that there are.
fn step<'a>(scanner: &mut Scanner<'a>, known: &[&str]) -> Result<&'a str, Wrong> {
    scanner.takes("/");
    let at = scanner.at;
    let word = scanner.word();
    if known.contains(&word) {
        return Ok(word);
    }
    if word.is_empty() || scanner.rest().starts_with('/') {
        return Err(scanner.wrong(What::Syntax));
    }
    Err(Wrong { at, what: What::Command(word.to_owned()) })
}
