//! Carries the simulated router's limits over to the kernel's queues, as CAKE would have them, and
//! what these count back to the router.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, ChildStdout, Stdio},
};

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
    load::Running,
    net::{Bed, COUNTS, UNLIMITED},
    support::{
        router::Router,
        wait::{look_again_later, now},
    },
};

/// Between two looks at the kernel's counters: twenty for each time that they are asked for, since
/// a real router's are those of the moment.
const COUNT_EVERY: Span = Span::from_millis(10);

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
fn followed<T>(bed: &Bed, router: &Router, work: impl FnOnce() -> T) -> (T, Vec<Change>) {
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
    fn since(self, before: Self) -> Traffic {
        let (bytes, dropped) = (self.bytes - before.bytes, self.dropped - before.dropped);
        Traffic::of_packets(bytes, dropped, self.waiting)
    }
}

/// A `tc` in the router that is asked again and again: starting one each time would be most of the
/// work of a small machine.
struct Asked {
    _running: Running,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Asked {
    fn new(bed: &Bed) -> Self {
        let mut command = bed.command("router", "tc");
        command.args(["-s", "-j", "-b", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { _running: Running(child), to, from: BufReader::new(from) }
    }

    fn read(&mut self) -> PerDirection<Counted> {
        PerDirection {
            download: self.counted(device(Direction::Download)),
            upload: self.counted(device(Direction::Upload)),
        }
    }

    fn counted(&mut self, device: &str) -> Counted {
        writeln!(self.to, "qdisc show dev {device}").unwrap();
        let mut answer = String::new();
        // There may be an empty line behind the last answer.
        while answer.trim().is_empty() {
            answer.clear();
            assert_ne!(self.from.read_line(&mut answer).unwrap(), 0, "tc has ended");
        }
        let queues: Value = serde_json::from_str(&answer).unwrap();
        let handle = format!("{COUNTS}:");
        let queue = queues.as_array().unwrap().iter().find(|queue| queue["handle"] == *handle);
        let number = |key: &str| queue.unwrap()[key].as_u64().unwrap();
        Counted { bytes: number("bytes"), dropped: number("drops"), waiting: number("qlen") }
    }
}

fn count(bed: &Bed, router: &Router, over: &Over) {
    let mut asked = Asked::new(bed);
    let mut read = || asked.read();
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
pub(crate) fn counted<T>(bed: &Bed, router: &Router, work: impl FnOnce() -> T) -> (T, Vec<Change>) {
    beside(|over| count(bed, router, over), || followed(bed, router, work)).0
}

/// The device of router and modem that leads there.
pub(crate) const fn device(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "lan",
        Direction::Upload => "wan",
    }
}
