//! Measuring round-trip times: one ICMP echo or time stamp per reflector and round, and TCP handshakes besides.
//! Promises: only replies to our own probes come out, with the time they arrived; nothing waits and
//! nothing is judged here.
//! Knows nothing of rounds, deadlines or what the times are good for.

pub mod icmp;
pub mod icmp_wire;
pub mod prober;
pub mod settings;
pub mod tcp;
pub mod timestamp_wire;
