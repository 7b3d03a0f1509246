//! Tests of the simulated line and router.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test that calls them"
)]

mod console;
mod golden;
mod https;
mod link;
mod routeros;
mod support;
mod tls;
