//! Operations as command lines of the console.
//! Promises: one line; names are quoted; a write happens only if exactly one queue has the name,
//! and its limit is read in the same line; no line can lift a limit.
//! Knows nothing of what comes back.

use super::quoting::quoted;
use crate::router::{
    op::{NewLimit, Op, QueueRef},
    value::max_limit,
};

/// Begins the line with a queue's exact limit, which `print` may show rounded.
pub(super) const LIMIT_MARK: &str = "exact max-limit: ";

/// The command line of an operation.
pub fn command(op: &Op<'_>) -> String {
    match op {
        Op::ReadResource => "/system/resource/print".to_owned(),
        Op::ReadQueue(queue) => read(*queue),
        Op::SetLimit(limit) => write(limit),
    }
}

/// Prints the queues of that name, and the limit of each as a plain number.
fn read(queue: QueueRef<'_>) -> String {
    let (menu, name) = (queue.kind.menu(), quoted(queue.name));
    format!(
        "{menu}/print detail where name={name}; :foreach q in=[{menu}/find name={name}] \
         do={{:put (\"{LIMIT_MARK}\" . [{menu}/get $q max-limit])}}"
    )
}

/// A name that matches nothing, or several queues, is left alone; the read behind it shows which.
fn write(limit: &NewLimit<'_>) -> String {
    let queue = limit.queue();
    let (menu, name) = (queue.kind.menu(), quoted(queue.name));
    let value = max_limit(limit);
    format!(
        ":if ([:len [{menu}/find name={name}]] = 1) \
         do={{{menu}/set [{menu}/find name={name}] max-limit={value}}}; {}",
        read(queue)
    )
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::{
        control::units::{PerDirection, Rate},
        router::op::{NewLimit, Op, QueueKind, QueueRef},
    };

    fn rate(bps: u64) -> Rate {
        Rate::from_bps(bps).unwrap()
    }

    #[test]
    fn each_operation_is_one_line() {
        assert_eq!(command(&Op::ReadResource), "/system/resource/print");
        let queue = QueueRef { kind: QueueKind::Tree, name: "WAN $1" };
        assert_eq!(
            command(&Op::ReadQueue(queue)),
            r#"/queue/tree/print detail where name="WAN \$1"; :foreach q in=[/queue/tree/find name="WAN \$1"] do={:put ("exact max-limit: " . [/queue/tree/get $q max-limit])}"#
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
}
