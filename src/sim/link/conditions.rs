//! What holds on the line at a moment, and until when.
//! Promises: a pure function of the settings and the time, so that it need not be asked again
//! before `until`. Knows nothing of queues.

use super::settings::{Demand, LinkSettings, Load};
use crate::{
    control::{
        time::Instant,
        units::{Direction, PerDirection},
    },
    sim::number::{bytes_per_second, seconds},
};

/// Everything that changes in steps, in bytes and seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Conditions {
    /// Scheduled capacity in bytes/s.
    pub(super) capacity: PerDirection<f64>,
    /// What the senders want to send in bytes/s; infinite if one of them is greedy.
    pub(super) demand: PerDirection<f64>,
    /// Round-trip time of the idle path in seconds.
    pub(super) base_rtt: f64,
    /// Whether anything passes.
    pub(super) passage: Passage,
    /// The first moment at which this may no longer hold.
    pub(super) until: Instant,
}

/// Whether the line is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    Outage,
}

impl Conditions {
    pub(super) fn at(settings: &LinkSettings, now: Instant) -> Self {
        let outage = settings.outages.iter().any(|window| window.contains(now));
        let PerDirection { download, upload } = &settings.lanes;
        Self {
            capacity: PerDirection {
                download: bytes_per_second(download.capacity.at(now)),
                upload: bytes_per_second(upload.capacity.at(now)),
            },
            demand: PerDirection {
                download: demand(settings, Direction::Download, now),
                upload: demand(settings, Direction::Upload, now),
            },
            base_rtt: seconds(settings.base_rtt.at(now)),
            passage: if outage { Passage::Outage } else { Passage::Open },
            until: next_edge(settings, now),
        }
    }
}

fn demand(settings: &LinkSettings, direction: Direction, now: Instant) -> f64 {
    let active = |load: &&Load| load.direction == direction && load.window.contains(now);
    let wants = settings.loads.iter().filter(active).map(|load| match load.demand {
        Demand::Greedy => f64::INFINITY,
        Demand::Fixed(rate) => bytes_per_second(rate),
    });
    wants.sum()
}

fn next_edge(settings: &LinkSettings, now: Instant) -> Instant {
    let lanes = [&settings.lanes.download, &settings.lanes.upload];
    let capacities = lanes.into_iter().filter_map(|lane| lane.capacity.next_after(now));
    let loads = settings.loads.iter().filter_map(|load| load.window.next_after(now));
    let outages = settings.outages.iter().filter_map(|window| window.next_after(now));
    let edges = capacities.chain(loads).chain(outages).chain(settings.base_rtt.next_after(now));
    edges.min().unwrap_or(Instant::from_micros(u64::MAX))
}
