//! Whole boards, emulated: Debian's kernel, busybox around, the cross-built daemon started by
//! `init.d/wanctl`, and the simulated router on this machine.
//!
//! `tests/boards/boot mipsel` makes what is needed and runs this. The emulator is software alone: its
//! times say nothing of a real board's speed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../bed/beside.rs"]
mod beside;
mod control;
mod cuts;
mod guest;
#[allow(dead_code, reason = "the bed uses more of it")]
#[path = "../bed/load.rs"]
mod load;
#[path = "../bed/needs.rs"]
mod needs;
#[allow(dead_code, reason = "the bed uses more of it")]
#[path = "../bed/net.rs"]
mod net;
#[allow(dead_code, reason = "the bed uses more of it")]
#[path = "../bed/shaper.rs"]
mod shaper;
#[path = "../support/mod.rs"]
mod support;
