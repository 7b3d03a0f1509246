//! Which menu, record or command a URL names.
//! Promises: total on any text. Knows nothing of what the router holds.

use std::iter::Peekable;

use super::{refusal::Refusal, settings::Menu};

/// A menu of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One with records.
    Records(Menu),
    /// `/system/resource`
    Resource,
    /// `/system/identity`
    Identity,
}

/// What a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) place: Place,
    /// What follows the menu: a record or a command.
    pub(super) tail: Option<Tail>,
    /// The query's pairs, decoded.
    pub(super) query: Vec<(String, String)>,
}

/// The last part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// `*1A`
    Id(u64),
    /// An identifier whose `*` is percent-encoded, which RouterOS does not take for one.
    EncodedId,
    /// Any other word, decoded.
    Word(String),
}

/// Takes the target of an HTTP request apart. `None`: it is not below `/rest` at all.
pub(super) fn parse(target: &str) -> Option<Result<Target, Refusal>> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let below = path.strip_prefix("/rest")?;
    if !below.is_empty() && !below.starts_with('/') {
        return None;
    }
    let mut parts = below.split('/').filter(|part| !part.is_empty()).peekable();
    Some(place(&mut parts).and_then(|place| {
        let tail = parts.next().map(tail);
        match parts.next() {
            Some(more) => Err(Refusal::NoSuchCommandOrDirectory(decoded(more))),
            None => Ok(Target { place, tail, query: pairs(query) }),
        }
    }))
}

fn place<'a>(parts: &mut Peekable<impl Iterator<Item = &'a str>>) -> Result<Place, Refusal> {
    let unknown = |part: &str| Refusal::NoSuchCommandOrDirectory(decoded(part));
    let directory = parts.next().ok_or(Refusal::NoSuchCommand)?;
    if directory == "user" {
        let group = parts.next_if_eq(&"group").is_some();
        return Ok(Place::Records(if group { Menu::Group } else { Menu::User }));
    }
    if !matches!(directory, "ip" | "queue" | "system") {
        return Err(unknown(directory));
    }
    let menu = parts.next().ok_or(Refusal::NoSuchCommand)?;
    match (directory, menu) {
        ("ip", "firewall") => match parts.next().ok_or(Refusal::NoSuchCommand)? {
            "mangle" => Ok(Place::Records(Menu::Mangle)),
            "filter" => Ok(Place::Records(Menu::Filter)),
            other => Err(unknown(other)),
        },
        ("queue", "tree") => Ok(Place::Records(Menu::Tree)),
        ("queue", "simple") => Ok(Place::Records(Menu::Simple)),
        ("queue", "type") => Ok(Place::Records(Menu::Type)),
        ("queue", "interface") => Ok(Place::Records(Menu::Interface)),
        ("system", "resource") => Ok(Place::Resource),
        ("system", "identity") => Ok(Place::Identity),
        (_, _) => Err(unknown(menu)),
    }
}

fn tail(part: &str) -> Tail {
    if part.starts_with("%2A") || part.starts_with("%2a") {
        return Tail::EncodedId;
    }
    id(part).map_or_else(|| Tail::Word(decoded(part)), Tail::Id)
}

/// The number of an identifier.
pub(super) fn id(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix('*')?, 16).ok()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(key), decoded(value))
    };
    parts.map(pair).collect()
}

/// The text with its percent escapes replaced; a plus stays a plus. What is no escape stays too.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'%');
        let value = escape
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Place, Tail, Target, parse};
    use crate::sim::routeros::{Menu, Refusal};

    fn tail(target: &str) -> Option<Tail> {
        parse(target).unwrap().unwrap().tail
    }

    #[test]
    fn a_menu_is_found_with_its_query_decoded() {
        let query = vec![
            ("name".to_owned(), "a b+c".to_owned()),
            (".proplist".to_owned(), "x,y".to_owned()),
        ];
        let wanted = Target { place: Place::Records(Menu::Tree), tail: None, query };
        let found = parse("/rest/queue/tree?name=a%20b+c&.proplist=x,y");
        assert_eq!(found, Some(Ok(wanted)));
    }

    #[test]
    fn identifiers_must_be_raw() {
        assert_eq!(tail("/rest/queue/tree/*1000001"), Some(Tail::Id(0x100_0001)));
        assert_eq!(tail("/rest/queue/tree/%2A1000001"), Some(Tail::EncodedId));
        assert_eq!(tail("/rest/queue/tree/a%2Fb"), Some(Tail::Word("a/b".to_owned())));
        assert_eq!(tail("/rest/queue/tree/100%"), Some(Tail::Word("100%".to_owned())));
    }

    #[test]
    fn the_first_unknown_part_is_named() {
        let unknown = |part: &str| Some(Err(Refusal::NoSuchCommandOrDirectory(part.to_owned())));
        assert_eq!(parse("/rest/nonexistent/path"), unknown("nonexistent"));
        assert_eq!(parse("/rest/queue/wireless"), unknown("wireless"));
        assert_eq!(parse("/rest/queue/tree/a/b"), unknown("b"));
        assert_eq!(parse("/rest/queue"), Some(Err(Refusal::NoSuchCommand)));
    }

    #[test]
    fn what_is_not_below_rest_is_told_apart() {
        assert_eq!(parse("/webfig/"), None);
        assert_eq!(parse("/restless"), None);
    }
}
