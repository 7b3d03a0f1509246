//! Operations as HTTP requests of RouterOS REST.
//! Promises: targets are percent-encoded as RouterOS expects (`*` raw, space `%20`, `/` `%2F`),
//! values are sent as strings, and no request can lift a limit.
//! Knows nothing of connections, headers or logins.

use std::fmt::Write as _;

use super::ids::Id;
use crate::router::{
    op::{Listing, MANGLE, QueueKind, QueueRef},
    target::{Change, Target},
};

/// What a queue must tell about itself. `.id` is asked for although recent releases add it by
/// themselves; older ones do not.
const QUEUE_PROPERTIES: &str = ".id,name,max-limit,disabled,invalid,dynamic";

/// The same of a queue type.
const TYPE_PROPERTIES: &str = ".id,name,kind,cake-bandwidth";

/// What a queue has counted.
const COUNTERS: &str = ".id,name,bytes,packets,dropped,queued-bytes,queued-packets";

/// What a mangle rule must tell about itself. Every rule has an `action`.
const RULE_PROPERTIES: &str = ".id,comment,action,disabled,invalid,dynamic";

/// What the device must tell about itself.
pub const RESOURCE_PROPERTIES: &str = "version,board-name,uptime";

/// The HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Console command `print`.
    Get,
    /// Console command `set` on one record.
    Patch,
    /// Any console command.
    Post,
}

impl Method {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
        }
    }
}

/// One HTTP request, without what the connection adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded.
    pub target: String,
    /// JSON; none with GET.
    pub body: Option<String>,
}

impl Request {
    /// Reads version, board and uptime.
    pub(super) fn resource() -> Self {
        Self::get(format!("/rest/system/resource?.proplist={RESOURCE_PROPERTIES}"))
    }

    /// Reads the router's name.
    pub(super) fn identity() -> Self {
        Self::get("/rest/system/identity".to_owned())
    }

    /// Reads a list.
    pub(super) fn list(listing: Listing<'_>) -> Self {
        let mut target = format!("/rest{}?", listing.menu());
        if let Some((key, value)) = listing.condition() {
            // Writing to a `String` does not fail.
            let _ = write!(target, "{key}=");
            percent_encode(value, &mut target);
            target.push('&');
        }
        let _ = write!(target, ".proplist={}", listing.keys().join(","));
        Self::get(target)
    }

    /// Finds a queue by name, or lists all rules: filters by comment are unreliable.
    pub(super) fn find(target: Target<'_>) -> Self {
        match target {
            Target::Queue(queue) if queue.kind == QueueKind::Type => {
                Self::named(queue, TYPE_PROPERTIES)
            }
            Target::Queue(queue) => Self::named(queue, QUEUE_PROPERTIES),
            Target::Rule(_) => Self::get(format!("/rest{MANGLE}?.proplist={RULE_PROPERTIES}")),
        }
    }

    /// Reads what a queue has counted.
    pub(super) fn counters(queue: QueueRef<'_>) -> Self {
        Self::named(queue, COUNTERS)
    }

    fn named(queue: QueueRef<'_>, properties: &str) -> Self {
        let mut request = Self::find_all(queue);
        request.target.push_str("&.proplist=");
        request.target.push_str(properties);
        request
    }

    /// All properties of a queue by name. A filter and not `/queue/tree/NAME`, which answers 400
    /// when the name is absent; a filter that matches nothing answers `[]`.
    pub(super) fn find_all(queue: QueueRef<'_>) -> Self {
        let mut target = format!("/rest{}?name=", queue.kind.menu());
        percent_encode(queue.name, &mut target);
        Self::get(target)
    }

    /// Changes the record itself; answers the changed record.
    pub(super) fn patch(id: &Id, change: Change<'_>) -> Self {
        let (key, value) = (change.key(), change.value());
        Self {
            method: Method::Patch,
            target: format!("/rest{}/{}", change.target().menu(), id.as_str()),
            body: Some(format!(r#"{{"{key}":"{value}"}}"#)),
        }
    }

    /// Changes it with the console's `set`; answers `[]`, or nothing at all in 7.10.
    pub(super) fn set(id: &Id, change: Change<'_>) -> Self {
        let (id, key, value) = (id.as_str(), change.key(), change.value());
        Self {
            method: Method::Post,
            target: format!("/rest{}/set", change.target().menu()),
            body: Some(format!(r#"{{".id":"{id}","{key}":"{value}"}}"#)),
        }
    }

    const fn get(target: String) -> Self {
        Self { method: Method::Get, target, body: None }
    }
}

/// Appends `text` as one percent-encoded value (RFC 3986); `*` stays, as RouterOS refuses `%2A`.
fn percent_encode(text: &str, target: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~*".contains(&byte) {
            target.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(target, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, Method, Request};
    use crate::{
        control::units::{PerDirection, Rate},
        router::{
            op::{NewLimit, QueueKind, QueueRef, RuleRef, RuleState},
            target::{Change, Target},
        },
    };

    fn rate(bps: u64) -> Rate {
        Rate::from_bps(bps).unwrap()
    }

    fn find(name: &str) -> String {
        Request::find(Target::Queue(QueueRef { kind: QueueKind::Tree, name })).target
    }

    #[test]
    fn names_are_percent_encoded_with_the_star_left_raw() {
        let tail = "&.proplist=.id,name,max-limit,disabled,invalid,dynamic";
        for (name, encoded) in [
            ("WAN-Download", "WAN-Download"),
            ("a b", "a%20b"),
            ("a+b", "a%2Bb"),
            ("a/b", "a%2Fb"),
            ("100%", "100%25"),
            ("a&b=c?d#e", "a%26b%3Dc%3Fd%23e"),
            ("*1", "*1"),
            ("Büro", "B%C3%BCro"),
            ("", ""),
        ] {
            assert_eq!(find(name), format!("/rest/queue/tree?name={encoded}{tail}"));
        }
    }

    #[test]
    fn a_tree_limit_is_one_number_and_a_simple_limit_is_upload_then_download() {
        let id = Id::parse("*1000001").unwrap();
        let tree = Change::Limit(NewLimit::Tree { name: "q", limit: rate(450_000_000) });
        let limits = PerDirection { download: rate(100_000_000), upload: rate(20_000_000) };
        let simple = Change::Limit(NewLimit::Simple { name: "q", limits });
        assert_eq!(
            Request::patch(&id, tree),
            Request {
                method: Method::Patch,
                target: "/rest/queue/tree/*1000001".to_owned(),
                body: Some(r#"{"max-limit":"450000000"}"#.to_owned()),
            }
        );
        assert_eq!(
            Request::patch(&id, simple).body.as_deref(),
            Some(r#"{"max-limit":"20000000/100000000"}"#)
        );
        assert_eq!(
            Request::set(&id, simple),
            Request {
                method: Method::Post,
                target: "/rest/queue/simple/set".to_owned(),
                body: Some(r#"{".id":"*1000001","max-limit":"20000000/100000000"}"#.to_owned()),
            }
        );
    }
    #[test]
    fn a_queue_type_gets_its_bandwidth_and_a_rule_its_state_and_nothing_else() {
        let id = Id::parse("*A").unwrap();
        let bandwidth = Change::Limit(NewLimit::Type { name: "cake", limit: rate(5_000_000) });
        let patch = Request::patch(&id, bandwidth);
        assert_eq!(patch.target, "/rest/queue/type/*A");
        assert_eq!(patch.body.as_deref(), Some(r#"{"cake-bandwidth":"5000000"}"#));

        let rule = RuleRef { comment: "steer \"it\"" };
        let change = |state| Change::Rule(rule, state);
        let off = Request::patch(&id, change(RuleState::Disabled));
        assert_eq!(off.target, "/rest/ip/firewall/mangle/*A");
        assert_eq!(off.body.as_deref(), Some(r#"{"disabled":"yes"}"#));
        let on = Request::set(&id, change(RuleState::Enabled));
        assert_eq!(on.target, "/rest/ip/firewall/mangle/set");
        assert_eq!(on.body.as_deref(), Some(r#"{".id":"*A","disabled":"no"}"#));
        let find = Request::find(Target::Rule(rule)).target;
        assert!(find.starts_with("/rest/ip/firewall/mangle?.proplist=") && !find.contains("steer"));
    }
}
