//! Tests of router.

// The helpers of tests may panic as the tests themselves may.
#![cfg(test)]

mod answers;
mod connections;
mod console;
mod equal;
mod faults;
mod given_up;
mod golden;
mod hostile;
mod names;
mod server;
mod ssh;
pub(crate) mod talk;
mod tampering;
mod tls;
mod writes;

pub(crate) use talk::run_within;

/// Operations and replies, for the tests of golden files.
pub(crate) mod ops {
    pub(crate) use super::talk::{
        count, rate, read_rule, read_simple, read_tree, read_type, rule_reply, set_tree,
        tree_limit, tree_reply,
    };
}
