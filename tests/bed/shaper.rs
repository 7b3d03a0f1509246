//! Carries the simulated router's limits over to the kernel's queues, as CAKE would have them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use wanctl::{
    control::{
        time::Instant,
        units::{Direction, PerDirection},
    },
    sim::routeros::RouterSettings,
};

use crate::{
    net::{Bed, UNLIMITED},
    support::{
        router::Router,
        wait::{look_again_later, now},
    },
};

/// A limit that was carried over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) at: Instant,
    pub(crate) direction: Direction,
    pub(crate) rate: u64,
}

/// Follows the router until told to stop; gives what it did.
fn follow(bed: &Bed, router: &Router, stop: &AtomicBool) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut set = PerDirection::both(UNLIMITED);
    while !stop.load(Ordering::Relaxed) {
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
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let following = scope.spawn(|| follow(bed, router, &stop));
        let end = End(&stop);
        let result = work();
        drop(end);
        (result, following.join().unwrap())
    })
}

/// Ends the following even if the work panics: a scope waits for all its threads.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const fn device(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "lan",
        Direction::Upload => "wan",
    }
}
