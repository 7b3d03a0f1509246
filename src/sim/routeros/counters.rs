//! What a queue counts, and how late it shows it.
//! Promises: counters only grow until they are reset; shown rates are refreshed every few seconds,
//! as on a real router. Knows nothing of records.

use crate::{
    control::time::{Instant, Span},
    sim::link::LaneStats,
};

/// How often `rate` and `packet-rate` are refreshed; a router was seen to take 3 to 5 s.
const REFRESH: Span = Span::from_secs(4);

/// The size that packets are taken to have on average, in bytes.
const PACKET: u64 = 1_000;

/// What passed through a queue since the last time, and what waits in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes that passed.
    pub bytes: u64,
    /// Bytes that were dropped.
    pub dropped: u64,
    /// Bytes that wait now.
    pub queued: u64,
}

impl Traffic {
    /// What a queue of another system counted: bytes that passed, packets that it dropped, packets
    /// that wait in it. As many packets are shown.
    pub const fn of_packets(bytes: u64, dropped: u64, waiting: u64) -> Self {
        Self {
            bytes,
            dropped: dropped.saturating_mul(PACKET),
            queued: waiting.saturating_mul(PACKET),
        }
    }

    /// What a direction of the line carried between two readings.
    pub const fn between(before: &LaneStats, after: &LaneStats) -> Self {
        Self {
            bytes: after.delivered.saturating_sub(before.delivered),
            dropped: after.dropped_by_router.saturating_sub(before.dropped_by_router),
            queued: after.backlog,
        }
    }
}

/// Whether a queue shows what its type drops. With CAKE as type, `dropped` was seen to stay at
/// zero under overload, where a plain queue rose to hundreds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drops {
    Shown,
    Hidden,
}

/// The counters of one direction of a queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    bytes: u64,
    dropped: u64,
    queued: u64,
    rate: u64,
    refreshed: Instant,
    bytes_then: u64,
}

impl Counters {
    pub(super) fn new(now: Instant) -> Self {
        Self { refreshed: now, ..Self::default() }
    }

    pub(super) fn count(&mut self, now: Instant, traffic: Traffic, drops: Drops) {
        self.bytes = self.bytes.saturating_add(traffic.bytes);
        self.queued = traffic.queued;
        if drops == Drops::Shown {
            self.dropped = self.dropped.saturating_add(traffic.dropped);
        }
        let elapsed = now.since(self.refreshed);
        if elapsed >= REFRESH {
            let bits = (self.bytes - self.bytes_then).saturating_mul(8);
            self.rate = bits.saturating_mul(1_000) / elapsed.as_millis();
            self.refreshed = now;
            self.bytes_then = self.bytes;
        }
    }

    /// The counters by key, in a queue that is not a pair.
    pub(super) fn fields(&self) -> [(&'static str, u64); 7] {
        [
            ("bytes", self.bytes),
            ("packets", self.bytes / PACKET),
            ("dropped", self.dropped / PACKET),
            ("queued-bytes", self.queued),
            ("queued-packets", self.queued.div_ceil(PACKET)),
            ("rate", self.rate),
            ("packet-rate", self.rate / 8 / PACKET),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, Drops, Traffic};
    use crate::control::time::{Instant, Span};

    fn shown(counters: &Counters, key: &str) -> u64 {
        counters.fields().into_iter().find(|(name, _)| *name == key).unwrap().1
    }

    #[test]
    fn bytes_are_live_but_rates_lag() {
        let start = Instant::from_micros(0);
        let mut counters = Counters::new(start);
        let second = Traffic { bytes: 1_000_000, dropped: 5_000, queued: 1_500 };
        for n in 1..=3 {
            counters.count(start + Span::from_secs(n), second, Drops::Shown);
        }
        assert_eq!((shown(&counters, "bytes"), shown(&counters, "rate")), (3_000_000, 0));
        counters.count(start + Span::from_secs(4), second, Drops::Shown);
        assert_eq!(shown(&counters, "rate"), 8_000_000);
        assert_eq!(shown(&counters, "packet-rate"), 1_000);
        assert_eq!(shown(&counters, "dropped"), 20);
        assert_eq!(shown(&counters, "queued-packets"), 2);
    }

    #[test]
    fn cake_hides_what_it_drops() {
        let mut counters = Counters::new(Instant::from_micros(0));
        let traffic = Traffic { bytes: 0, dropped: 9_000, queued: 0 };
        counters.count(Instant::from_micros(1), traffic, Drops::Hidden);
        assert_eq!(shown(&counters, "dropped"), 0);
    }
}
