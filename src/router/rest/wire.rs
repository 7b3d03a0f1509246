//! A record of a queue or rule as it stands in JSON.
//! Promises: borrowed from the answer, nothing taken for granted.
//! Knows nothing of what the values mean.

use serde::Deserialize;
use serde_json_core::str::{EscapedStr, EscapedStringFragment};

/// Every value is a string, and any key may be absent. One type for all menus: keys mean the same
/// in all of them, and which ones must be there is the business of who reads.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Wire<'a> {
    #[serde(borrow, rename = ".id")]
    pub(super) id: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) comment: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) interface: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) queue: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) group: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) policy: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) kind: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "max-limit")]
    pub(super) max_limit: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "cake-bandwidth")]
    pub(super) cake_bandwidth: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) disabled: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) invalid: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) dynamic: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) bytes: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) packets: Option<EscapedStr<'a>>,
    #[serde(borrow)]
    pub(super) dropped: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "queued-bytes")]
    pub(super) queued_bytes: Option<EscapedStr<'a>>,
    #[serde(borrow, rename = "queued-packets")]
    pub(super) queued_packets: Option<EscapedStr<'a>>,
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
