//! Operations as command lines of the console.
//! Promises: one line; names and comments are quoted; a write happens only if exactly one record
//! has the name or comment, and what came of it is read in the same line; no line can lift a limit.
//! Knows nothing of what comes back.

use super::quoting::quoted;
use crate::router::{
    op::{Listing, Op, QueueKind, QueueRef},
    target::{Change, Target},
    value::CAKE,
};

/// How a line with an exact value begins.
pub(super) const EXACT: &str = "exact ";

/// The property of a group of users that is told exactly.
pub(super) const POLICY: &str = "policy";

/// What begins the lines with the exact value of a property, which `print` shows rounded, wrapped
/// or not at all.
pub(super) fn mark(key: &str) -> String {
    format!("{EXACT}{key}: ")
}

/// The property of a record that is told exactly: a queue's limit, a rule's comment.
pub(super) const fn exact_key(target: Target<'_>) -> &'static str {
    match target {
        Target::Queue(queue) => queue.kind.limit_key(),
        Target::Rule(_) => "comment",
    }
}

/// The command line of an operation.
pub fn command(op: &Op<'_>) -> String {
    match *op {
        Op::ReadResource => "/system/resource/print".to_owned(),
        Op::ReadIdentity => "/system/identity/print".to_owned(),
        Op::ReadQueue(queue) => read(Target::Queue(queue)),
        Op::SetLimit(limit) => write(Change::Limit(limit)),
        Op::ReadStatistics(queue) => counters(queue),
        Op::ReadRule(rule) => read(Target::Rule(rule)),
        Op::SetRule(rule, state) => write(Change::Rule(rule, state)),
        Op::List(listing) => list(listing),
    }
}

/// Prints a list. The policies of a group are told again behind it: the console breaks them over
/// lines at commas, which nothing else does.
fn list(listing: Listing<'_>) -> String {
    let menu = listing.menu();
    let Some((key, value)) = listing.condition() else { return format!("{menu}/print detail") };
    let condition = format!("{key}={}", quoted(value));
    let print = format!("{menu}/print detail where {condition}");
    if !matches!(listing, Listing::Group(_)) {
        return print;
    }
    let mark = mark(POLICY);
    format!(
        "{print}; :foreach r in=[{menu}/find {condition}] \
         do={{:put (\"{mark}\" . [:tostr [{menu}/get $r {POLICY}]])}}"
    )
}

/// What picks the records of a target.
fn condition(target: Target<'_>) -> String {
    match target {
        Target::Queue(queue) => format!("name={}", quoted(queue.name)),
        Target::Rule(rule) => format!("comment={}", quoted(rule.comment)),
    }
}

/// The same for those that the operation can make use of: only CAKE has a bandwidth.
fn usable(target: Target<'_>) -> String {
    let condition = condition(target);
    match target {
        Target::Queue(QueueRef { kind: QueueKind::Type, .. }) => {
            format!("{condition} kind={CAKE}")
        }
        Target::Queue(_) | Target::Rule(_) => condition,
    }
}

/// Prints the records of the target, and one property of each exactly.
fn read(target: Target<'_>) -> String {
    let (menu, key) = (target.menu(), exact_key(target));
    let (condition, usable, mark) = (condition(target), usable(target), mark(key));
    format!(
        "{menu}/print detail where {condition}; :foreach r in=[{menu}/find {usable}] \
         do={{:put (\"{mark}\" . [{menu}/get $r {key}])}}"
    )
}

/// A target that nothing or several records match is left alone; the read behind it shows which.
fn write(change: Change<'_>) -> String {
    let target = change.target();
    let (menu, condition, usable) = (target.menu(), condition(target), usable(target));
    let (key, value) = (change.key(), change.value());
    format!(
        ":if ([:len [{menu}/find {condition}]] = 1) \
         do={{{menu}/set [{menu}/find {usable}] {key}={value}}}; {}",
        read(target)
    )
}

/// Prints what a queue has counted. Types do not count; that there is one is seen all the same.
fn counters(queue: QueueRef<'_>) -> String {
    let (menu, condition) = (queue.kind.menu(), condition(Target::Queue(queue)));
    let stats = if queue.kind == QueueKind::Type { "" } else { "stats " };
    format!("{menu}/print {stats}detail where {condition}")
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::{
        control::units::{PerDirection, Rate},
        router::op::{NewLimit, Op, QueueKind, QueueRef, RuleRef, RuleState},
    };

    fn rate(bps: u64) -> Rate {
        Rate::from_bps(bps).unwrap()
    }

    #[test]
    fn each_operation_is_one_line() {
        assert_eq!(command(&Op::ReadResource), "/system/resource/print");
        assert_eq!(command(&Op::ReadIdentity), "/system/identity/print");
        let queue = QueueRef { kind: QueueKind::Tree, name: "WAN $1" };
        assert_eq!(
            command(&Op::ReadQueue(queue)),
            r#"/queue/tree/print detail where name="WAN \$1"; :foreach r in=[/queue/tree/find name="WAN \$1"] do={:put ("exact max-limit: " . [/queue/tree/get $r max-limit])}"#
        );
        assert_eq!(
            command(&Op::ReadStatistics(queue)),
            r#"/queue/tree/print stats detail where name="WAN \$1""#
        );
        let limits = PerDirection { download: rate(100_000_000), upload: rate(20_000_000) };
        let write = command(&Op::SetLimit(NewLimit::Simple { name: "q", limits }));
        let set = r#":if ([:len [/queue/simple/find name="q"]] = 1) do={/queue/simple/set [/queue/simple/find name="q"] max-limit=20000000/100000000}; "#;
        let read = command(&Op::ReadQueue(QueueRef { kind: QueueKind::Simple, name: "q" }));
        assert_eq!(write, format!("{set}{read}"));
        let tree = command(&Op::SetLimit(NewLimit::Tree { name: "q", limit: rate(7) }));
        assert!(tree.contains("max-limit=7}; "), "{tree}");
        assert!(!write.contains('\n') && !tree.contains('\n'));
    }

    #[test]
    fn a_bandwidth_is_set_of_cake_alone_and_a_rule_is_found_by_its_comment() {
        let bandwidth = command(&Op::SetLimit(NewLimit::Type { name: "q", limit: rate(7) }));
        assert_eq!(
            bandwidth,
            r#":if ([:len [/queue/type/find name="q"]] = 1) do={/queue/type/set [/queue/type/find name="q" kind=cake] cake-bandwidth=7}; /queue/type/print detail where name="q"; :foreach r in=[/queue/type/find name="q" kind=cake] do={:put ("exact cake-bandwidth: " . [/queue/type/get $r cake-bandwidth])}"#
        );
        let counters = QueueRef { kind: QueueKind::Type, name: "q" };
        let counters = command(&Op::ReadStatistics(counters));
        assert_eq!(counters, r#"/queue/type/print detail where name="q""#);
        let rule = RuleRef { comment: r#"a "b""# };
        let off = command(&Op::SetRule(rule, RuleState::Disabled));
        assert_eq!(
            off,
            r#":if ([:len [/ip/firewall/mangle/find comment="a \"b\""]] = 1) do={/ip/firewall/mangle/set [/ip/firewall/mangle/find comment="a \"b\""] disabled=yes}; /ip/firewall/mangle/print detail where comment="a \"b\""; :foreach r in=[/ip/firewall/mangle/find comment="a \"b\""] do={:put ("exact comment: " . [/ip/firewall/mangle/get $r comment])}"#
        );
        assert!(off.ends_with(&command(&Op::ReadRule(rule))));
        assert!(command(&Op::SetRule(rule, RuleState::Enabled)).contains(" disabled=no}"));
    }
}
