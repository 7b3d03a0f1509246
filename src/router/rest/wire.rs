//! A queue as it stands in JSON.
//! Promises: borrowed from the answer, nothing taken for granted.
//! Knows nothing of what the values mean.

use serde::Deserialize;
use serde_json_core::str::{EscapedStr, EscapedStringFragment};

/// A queue as it stands in JSON: every value is a string, `disabled` and the like only when set.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Wire<'a> {
    #[serde(borrow, rename = ".id")]
    pub(super) id: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "max-limit")]
    pub(super) max_limit: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) disabled: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) invalid: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) dynamic: Option<EscapedStr<'a>>,
}

/// The text with its JSON escapes resolved; `None` if one is malformed.
pub(super) fn unescaped(text: EscapedStr<'_>) -> Option<String> {
    let mut plain = String::with_capacity(text.0.len());
    for fragment in text.fragments() {
        match fragment.ok()? {
            EscapedStringFragment::NotEscaped(part) => plain.push_str(part),
            EscapedStringFragment::Escaped(char) => plain.push(char),
        }
    }
    Some(plain)
}
