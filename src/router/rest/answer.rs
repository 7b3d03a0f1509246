//! Answers of RouterOS REST as JSON, and those about the device as typed values.
//! Promises: any bytes give a value or an error; an answer is trusted only if the keys that were
//! asked for are in it; nothing is repeated, closed or remembered here.
//! Knows nothing of connections: it sees a status and a body.

use std::{borrow::Cow, fmt};

use serde::Deserialize;
use serde_json_core::{
    de::{Deserializer, Error as JsonError},
    str::EscapedStr,
};

use super::wire::unescaped;
use crate::{
    control::failure::FailureKind,
    router::{
        error::{Doing, Hint, RouterError},
        op::{RESOURCE_TEXT_MAX, Resource},
        value::{cut, uptime},
    },
};

/// Deepest nesting of arrays and objects that is parsed. RouterOS sends 2. The parser skips
/// unknown values by recursion, and a body of brackets alone would overrun the stack.
const DEPTH_MAX: usize = 8;

#[derive(Deserialize)]
struct WireResource<'a> {
    #[serde(borrow)]
    version: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "board-name")]
    board: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    uptime: Option<EscapedStr<'a>>,
}

#[derive(Deserialize)]
struct WireIdentity<'a> {
    #[serde(borrow)]
    name: Option<EscapedStr<'a>>,
}

/// Reads the device facts: an object, or in early 7.1 an array of one.
pub(super) fn resource(body: &[u8], doing: Doing) -> Result<Resource, RouterError> {
    let text = text_of(body, doing)?;
    let wire: WireResource<'_> = if text.trim_ascii_start().starts_with('[') {
        let (one,) = parse(&text, std::marker::PhantomData, doing)?;
        one
    } else {
        parse(&text, std::marker::PhantomData, doing)?
    };
    let version = wire.version.and_then(unescaped).ok_or_else(|| missing("version", doing))?;
    let board = wire.board.and_then(unescaped).unwrap_or_default();
    let uptime = wire.uptime.and_then(unescaped).and_then(|text| uptime(&text));
    Ok(Resource { version: cut(&version), board: cut(&board), uptime })
}

/// Reads the router's name.
pub(super) fn identity(
    body: &[u8],
    doing: Doing,
) -> Result<heapless::String<RESOURCE_TEXT_MAX>, RouterError> {
    let text = text_of(body, doing)?;
    let wire: WireIdentity<'_> = parse(&text, std::marker::PhantomData, doing)?;
    let name = wire.name.and_then(unescaped).ok_or_else(|| missing("name", doing))?;
    Ok(cut(&name))
}

/// The body as text. Comments written by `WinBox` may hold bytes of a Windows code page; they
/// become replacement characters instead of spoiling the answer.
pub(super) fn text_of(body: &[u8], doing: Doing) -> Result<Cow<'_, str>, RouterError> {
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') if is_shallow(body) => Ok(String::from_utf8_lossy(body)),
        Some(b'{' | b'[') => Err(garbage(doing, format_args!("JSON nested too deeply"))),
        Some(b'<') => Err(garbage(doing, format_args!("a web page came, not RouterOS 7 REST"))
            .hinting(Hint::CheckUrl)),
        Some(_) => {
            Err(garbage(doing, format_args!("not JSON, not RouterOS 7 REST"))
                .hinting(Hint::CheckUrl))
        }
        None => Err(garbage(doing, format_args!("the answer is empty"))),
    }
}

/// Whether brackets outside of strings nest no deeper than [`DEPTH_MAX`].
fn is_shallow(body: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    body.iter().all(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth <= DEPTH_MAX
    })
}

pub(super) fn parse<'de, S>(text: &'de str, seed: S, doing: Doing) -> Result<S::Value, RouterError>
where
    S: serde::de::DeserializeSeed<'de>,
{
    let mut json = Deserializer::new(text.as_bytes(), None);
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|_| value));
    value.map_err(|error: JsonError| {
        garbage(doing, format_args!("JSON that RouterOS does not send: {error}"))
    })
}

pub(super) fn garbage(doing: Doing, detail: fmt::Arguments<'_>) -> RouterError {
    RouterError::rest(FailureKind::Garbage, doing, detail)
}

pub(super) fn missing(key: &str, doing: Doing) -> RouterError {
    garbage(doing, format_args!("the key {key} is missing in the answer"))
}

pub(super) fn strange(key: &str, value: &str, doing: Doing) -> RouterError {
    garbage(doing, format_args!("{key} is \"{value}\" in the answer"))
}
