//! A real daemon and the routers it talks to, for the tests that run the binary: `it`, `bed` and
//! `soak`.
#![allow(dead_code, reason = "each of the test binaries uses its own part")]

pub mod canary;
pub mod config;
pub mod daemon;
pub mod faults;
pub mod load;
pub mod proxy;
pub mod router;
pub mod rows;
pub mod schema;
pub mod scratch;
pub mod shown;
pub mod sshd;
pub mod stops;
pub mod turn;
pub mod wait;
pub mod wall_clock;
