//! How the router names what queues count.
//! Promises: the keys and the values are in the same order.
//! Knows nothing of when counters are read, or of what a difference means.

use crate::control::counts::Counters;

impl Counters {
    /// The keys on the router, in the order of [`Counters::from_values`].
    pub const KEYS: [&'static str; 5] =
        ["bytes", "packets", "dropped", "queued-bytes", "queued-packets"];

    /// The counters with these values, in the order of [`Counters::KEYS`].
    pub const fn from_values(values: [Option<u64>; 5]) -> Self {
        let [bytes, packets, dropped, queued_bytes, queued_packets] = values;
        Self { bytes, packets, dropped, queued_bytes, queued_packets }
    }
}
