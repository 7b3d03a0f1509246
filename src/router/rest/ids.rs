//! The ids that RouterOS gave to queues, for as long as they can be relied on.
//! Promises: bounded; holds only well-formed ids, so that one can stand in a path or in JSON as
//! it is.
//! Knows nothing of when an id grows stale: who uses it says so.

use crate::router::op::{QueueKind, QueueRef};

/// Queues remembered. Two per WAN; when full, the oldest goes and is looked up again.
const CAPACITY: usize = 16;

/// Longest id: `*` and 64 bits in hex.
const ID_MAX: usize = 17;

/// Longest name remembered, in bytes: 64 characters. A longer one is looked up each time.
const NAME_MAX: usize = 256;

/// The `.id` of a record: `*` and hex digits. Not stable over deletion or reboot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(heapless::String<ID_MAX>);

impl Id {
    /// Checks an id.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('*')?;
        let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if valid { heapless::String::try_from(text).ok().map(Self) } else { None }
    }

    /// The id as written by RouterOS.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug)]
struct Entry {
    kind: QueueKind,
    name: heapless::String<NAME_MAX>,
    id: Id,
}

/// Ids by queue.
#[derive(Debug, Default)]
pub struct Ids(heapless::Vec<Entry, CAPACITY>);

impl Ids {
    /// The id of a queue, if it is remembered.
    pub fn of(&self, queue: QueueRef<'_>) -> Option<&Id> {
        self.0.iter().find(|entry| entry.is(queue)).map(|entry| &entry.id)
    }

    /// Remembers an id in place of an earlier one.
    pub fn remember(&mut self, queue: QueueRef<'_>, id: Id) {
        self.forget(queue);
        if let Ok(name) = heapless::String::try_from(queue.name) {
            if self.0.is_full() {
                self.0.remove(0);
            }
            // There is room, as just made sure.
            let _ = self.0.push(Entry { kind: queue.kind, name, id });
        }
    }

    /// Forgets the id of a queue.
    pub fn forget(&mut self, queue: QueueRef<'_>) {
        self.0.retain(|entry| !entry.is(queue));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Entry {
    fn is(&self, queue: QueueRef<'_>) -> bool {
        self.kind == queue.kind && self.name == queue.name
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Id, Ids};
    use crate::router::op::{QueueKind, QueueRef};

    #[test]
    fn only_a_star_and_hex_digits_make_an_id() {
        for good in ["*0", "*1000001", "*FFFFFFFA", "*FFFFFFFFFFFFFFFF"] {
            assert_eq!(Id::parse(good).map(|id| id.as_str().to_owned()).as_deref(), Some(good));
        }
        for bad in ["", "*", "1", "*1,*2", "*1/..", "* 1", "*G", "*0123456789ABCDEF0", "*1\""] {
            assert_eq!(Id::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_oldest_id_makes_room_and_kinds_are_kept_apart() {
        let mut ids = Ids::default();
        let id = Id::parse("*1").unwrap();
        let names: Vec<_> = (0..=CAPACITY).map(|number| number.to_string()).collect();
        for name in &names {
            ids.remember(QueueRef { kind: QueueKind::Tree, name }, id.clone());
        }
        let of = |ids: &Ids, kind, name| ids.of(QueueRef { kind, name }).is_some();
        assert!(!of(&ids, QueueKind::Tree, "0"));
        assert!(of(&ids, QueueKind::Tree, "1"));
        assert!(!of(&ids, QueueKind::Simple, "1"));
        ids.remember(QueueRef { kind: QueueKind::Tree, name: &"x".repeat(300) }, id);
        ids.forget(QueueRef { kind: QueueKind::Tree, name: "1" });
        assert!(!of(&ids, QueueKind::Tree, "1"));
        assert!(of(&ids, QueueKind::Tree, "2"));
    }
}
