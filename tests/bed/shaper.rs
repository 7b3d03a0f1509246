//! Carries the simulated router's limits over to the kernel's queues, as CAKE would have them.

use wanctl::{
    control::{
        time::Instant,
        units::{Direction, PerDirection},
    },
    sim::routeros::RouterSettings,
};

use crate::{
    beside::{Over, beside},
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

const fn device(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "lan",
        Direction::Upload => "wan",
    }
}
