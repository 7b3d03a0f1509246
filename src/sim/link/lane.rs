//! One direction of the line: senders, the router's shaper and the provider's queue, as fluids.
//! Promises: never carries more than capacity or shaper allow, never holds more than the buffer,
//! and conserves every byte it takes in. Knows nothing of schedules, echoes or randomness.

use crate::{
    control::{time::Span, units::Direction},
    sim::number::{span, whole},
};

/// How far greedy senders go beyond the provider's capacity while its queue still has room. TCP's
/// congestion avoidance overshoots by a little over ten per cent.
const OVERSHOOT: f64 = 1.125;

/// The same once the queue is full and drops: senders back off and come back, which leaves one to
/// two per cent of their packets dropped.
const OVERSHOOT_WHEN_FULL: f64 = 1.015_625;

/// From this share of the buffer on the queue counts as full.
const FULL: f64 = 0.98;

/// Senders need about one and a half round trips to follow a new limit.
const ADAPTATION_RTTS: f64 = 1.5;

/// What the router's own queue (CAKE) holds at most, as seconds at the shaper's rate, before it
/// drops; a transient only, since senders adapt.
const ROUTER_QUEUE_SECONDS: f64 = 0.05;

/// The time constant of the shown rate, in seconds.
const SHOWN_RATE_SECONDS: f64 = 1.0;

/// What drives a lane during one step, in bytes and seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    /// Length of the step, above zero.
    pub(super) dt: f64,
    /// What the senders want to send in bytes/s; may be infinite.
    pub(super) demand: f64,
    /// What the bottleneck carries in bytes/s; zero during an outage.
    pub(super) capacity: f64,
    /// What the router lets through in bytes/s; infinite without a limit.
    pub(super) shaper: f64,
    /// By which factor the senders stray from the shaper's rate.
    pub(super) unrest: f64,
    /// Round-trip time as the senders see it now, in seconds.
    pub(super) rtt: f64,
}

/// The state of one direction.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    direction: Direction,
    /// Size of the provider's queue in bytes.
    buffer: f64,
    /// What the senders send now, in bytes/s.
    sending: f64,
    /// Bytes in the provider's queue.
    queue: f64,
    /// Bytes in the router's queue.
    backlog: f64,
    /// The share of the last step's arrivals that the provider's queue dropped.
    drop_share: f64,
    /// The capacity and the shaper of the last step, in bytes/s.
    capacity: f64,
    shaper: f64,
    /// Bytes per second delivered, smoothed.
    shown_rate: f64,
    delivered: f64,
    through_router: f64,
    dropped_by_provider: f64,
    dropped_by_router: f64,
}

/// What a direction has carried since the beginning, and how it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LaneStats {
    /// Bytes that reached their receiver.
    pub delivered: u64,
    /// Bytes that passed the router's queue, which counts them.
    pub through_router: u64,
    /// Bytes that the provider's full queue dropped.
    pub dropped_by_provider: u64,
    /// Bytes that the router's queue (CAKE) dropped.
    pub dropped_by_router: u64,
    /// Bytes waiting in the provider's queue.
    pub queued: u64,
    /// Bytes waiting in the router's queue.
    pub backlog: u64,
    /// How long the provider's queue takes to drain.
    pub queue_delay: Span,
    /// Bit/s delivered, smoothed over about a second.
    pub rate: u64,
    /// Bit/s that the bottleneck carries now.
    pub capacity: u64,
}

impl Lane {
    pub(super) const fn new(direction: Direction, buffer: f64) -> Self {
        Self {
            direction,
            buffer,
            sending: 0.0,
            queue: 0.0,
            backlog: 0.0,
            drop_share: 0.0,
            capacity: 0.0,
            shaper: f64::INFINITY,
            shown_rate: 0.0,
            delivered: 0.0,
            through_router: 0.0,
            dropped_by_provider: 0.0,
            dropped_by_router: 0.0,
        }
    }

    /// One explicit step. Upload passes the router first, download the provider's queue first.
    pub(super) fn step(&mut self, drive: Drive) {
        self.capacity = drive.capacity;
        self.shaper = drive.shaper;
        let sent = self.adapt(drive) * drive.dt;
        let delivered = match self.direction {
            Direction::Upload => {
                let out = self.shape(sent, drive);
                self.pass_provider(out, drive)
            }
            Direction::Download => {
                let arrived = self.pass_provider(sent, drive);
                self.shape(arrived, drive)
            }
        };
        self.delivered += delivered;
        let weight = drive.dt / (SHOWN_RATE_SECONDS + drive.dt);
        self.shown_rate += (delivered / drive.dt - self.shown_rate) * weight;
    }

    /// Moves the senders' rate towards what the tightest limit lets them have. The weight
    /// `dt / (τ + dt)` is the implicit Euler step of `x' = (target − x) / τ`: stable for every dt.
    fn adapt(&mut self, drive: Drive) -> f64 {
        let limit = if drive.shaper < drive.capacity {
            drive.shaper * drive.unrest
        } else if self.queue < self.buffer * FULL {
            drive.capacity * OVERSHOOT
        } else {
            drive.capacity * OVERSHOOT_WHEN_FULL
        };
        let target = drive.demand.min(limit);
        let tau = drive.rtt * ADAPTATION_RTTS;
        self.sending += (target - self.sending) * (drive.dt / (tau + drive.dt));
        self.sending
    }

    /// The router's queue: lets through what the shaper allows, keeps a little, drops the rest.
    fn shape(&mut self, arriving: f64, drive: Drive) -> f64 {
        let offered = self.backlog + arriving;
        let passed = offered.min(drive.shaper * drive.dt);
        self.through_router += passed;
        let kept = (offered - passed).min(drive.shaper * ROUTER_QUEUE_SECONDS);
        self.dropped_by_router += offered - passed - kept;
        self.backlog = kept;
        passed
    }

    /// The provider's queue: drains at capacity, drops what does not fit. A modem that lost its
    /// line (capacity zero) forgets its queue.
    fn pass_provider(&mut self, arriving: f64, drive: Drive) -> f64 {
        let offered = self.queue + arriving;
        let passed = offered.min(drive.capacity * drive.dt);
        let room = if drive.capacity > 0.0 { self.buffer } else { 0.0 };
        let kept = (offered - passed).min(room);
        let dropped = offered - passed - kept;
        self.drop_share = if arriving > 0.0 { (dropped / arriving).min(1.0) } else { 0.0 };
        self.dropped_by_provider += dropped;
        self.queue = kept;
        passed
    }

    /// How long a byte that arrives now waits for the provider, in seconds.
    pub(super) fn queue_delay(&self) -> f64 {
        if self.capacity > 0.0 { self.queue / self.capacity } else { 0.0 }
    }

    /// How long a packet of `mtu` bytes takes at the shaper's rate, times how busy the shaper is;
    /// in seconds. CAKE isolates flows, so a lone packet waits for one or two others, not for all.
    pub(super) fn packet_delay(&self, mtu: f64) -> f64 {
        mtu / self.shaper * (self.shown_rate / self.shaper).min(1.0)
    }

    /// The share of arrivals that the provider's queue drops now, 0 to 1.
    pub(super) const fn drop_share(&self) -> f64 {
        self.drop_share
    }

    pub(super) fn stats(&self) -> LaneStats {
        LaneStats {
            delivered: whole(self.delivered),
            through_router: whole(self.through_router),
            dropped_by_provider: whole(self.dropped_by_provider),
            dropped_by_router: whole(self.dropped_by_router),
            queued: whole(self.queue),
            backlog: whole(self.backlog),
            queue_delay: span(self.queue_delay()),
            rate: whole(self.shown_rate * 8.0),
            capacity: whole(self.capacity * 8.0),
        }
    }
}
