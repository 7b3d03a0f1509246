//! A real daemon and the routers it talks to, for the tests that run the binary: `it` and `bed`.
#![allow(dead_code, reason = "each of the two test binaries uses its own part")]

pub mod config;
pub mod daemon;
pub mod router;
pub mod scratch;
pub mod sshd;
pub mod stops;
pub mod turn;
pub mod wait;
