//! Black-box tests of the library and the binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod config;
mod engine;
mod layering;
mod os;
mod probe;
mod properties;
mod router;
mod scenarios;
mod sim;
mod store;
mod support;
