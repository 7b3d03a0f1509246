//! Tests of what is known of RouterOS's answers: the golden files, the shapes, the simulator.

// The helpers of tests may panic as the tests themselves may.
#![cfg(test)]

mod decoded;
mod manifest;
mod shapes;
mod simulator;
mod versions;
