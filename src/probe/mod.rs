//! Measuring round-trip times: one ICMP echo per reflector and round.

pub mod settings;
