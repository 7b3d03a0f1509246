//! Carries the simulated router's limits over to the kernel's queues, as CAKE would have them, and
//! what these count back to the router.

use std::process::Command;

use serde_json::Value;
use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection},
    },
    sim::routeros::{RouterSettings, Traffic},
};

use crate::{
    beside::{Over, beside},
    net::{Bed, UNLIMITED},
    support::{
        router::Router,
        wait::{look_again_later, now},
    },
};

/// Between two looks at the kernel's counters: five for each time that they are asked for.
const COUNT_EVERY: Span = Span::from_millis(100);

/// A limit that was carried over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) at: Instant,
    pub(crate) direction: Direction,
    pub(crate) rate: u64,
}

/// Follows the router until told to stop; gives what it did.
fn follow(bed: &Bed, router: &Router, over: &Over) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut set = PerDirection::both(UNLIMITED);
    while !over.is_so() {
        let limits = router.limits(&RouterSettings::home_tree());
        let limits = limits.map(|limit| limit.unwrap_or(UNLIMITED));
        for direction in Direction::BOTH {
            let rate = *limits.of(direction);
            if std::mem::replace(set.of_mut(direction), rate) != rate {
                bed.limit("change", device(direction), rate);
                changes.push(Change { at: now(), direction, rate });
            }
        }
        look_again_later();
    }
    changes
}

/// Follows the router while this runs.
pub(crate) fn followed<T>(
    bed: &Bed,
    router: &Router,
    work: impl FnOnce() -> T,
) -> (T, Vec<Change>) {
    beside(|over| follow(bed, router, over), work)
}

/// What a queue of the kernel has counted since it is there, and how many packets wait in it.
#[derive(Clone, Copy, Debug)]
struct Counted {
    bytes: u64,
    dropped: u64,
    waiting: u64,
}

impl Counted {
    /// Of the leaf in front of a device of the router.
    fn read(bed: &Bed, device: &str) -> Self {
        let mut command = Command::new("tc");
        command.args(["-n", &bed.name("router"), "-s", "-j", "qdisc", "show", "dev", device]);
        let output = command.output().unwrap();
        let queues: Value = serde_json::from_slice(&output.stdout).unwrap();
        let leaf = queues.as_array().unwrap().iter().find(|queue| queue["handle"] == "10:");
        let number = |key: &str| leaf.unwrap()[key].as_u64().unwrap();
        Self { bytes: number("bytes"), dropped: number("drops"), waiting: number("qlen") }
    }

    fn since(self, before: Self) -> Traffic {
        let (bytes, dropped) = (self.bytes - before.bytes, self.dropped - before.dropped);
        Traffic::of_packets(bytes, dropped, self.waiting)
    }
}

fn count(bed: &Bed, router: &Router, over: &Over) {
    let read = || PerDirection {
        download: Counted::read(bed, device(Direction::Download)),
        upload: Counted::read(bed, device(Direction::Upload)),
    };
    let (mut last, mut before) = (now(), read());
    while !over.is_so() {
        if now().since(last) >= COUNT_EVERY {
            let after = read();
            last = now();
            let traffic = PerDirection {
                download: after.download.since(before.download),
                upload: after.upload.since(before.upload),
            };
            router.model().carry(last, &RouterSettings::home_tree(), traffic);
            before = after;
        }
        look_again_later();
    }
}

/// Follows the router while this runs, whose queues count what really passes, is dropped and waits.
pub(crate) fn counted<T>(bed: &Bed, router: &Router, work: impl FnOnce() -> T) -> T {
    beside(|over| count(bed, router, over), || followed(bed, router, work).0).0
}

const fn device(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "lan",
        Direction::Upload => "wan",
    }
}
