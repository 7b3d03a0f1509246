//! Black-box tests of the library and the binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod binary;
mod capture;
mod config;
mod contract;
mod docs;
mod engine;
mod failover;
mod faults;
mod handshake;
mod histories;
mod layering;
mod live;
mod matrix;
mod os;
mod probe;
mod properties;
mod router;
#[path = "../support/mod.rs"]
mod running;
mod scenarios;
mod sim;
mod steering;
mod store;
mod support;
mod watchdog;
