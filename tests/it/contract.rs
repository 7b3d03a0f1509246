//! Tests of what is known of RouterOS's answers: the golden files, the shapes, the simulator.

// The helpers of tests may panic as the tests themselves may.
#![cfg(test)]

mod manifest;
mod shapes;
