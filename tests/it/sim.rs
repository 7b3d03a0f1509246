//! Tests of the simulated line and router.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

mod link;
