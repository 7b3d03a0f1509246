//! The control core, the very same files, as a crate without the standard library: an accidental
//! import of `std` or `alloc` does not compile. Built by `cargo test`, never run.
#![no_std]

#[path = "../../src/control/mod.rs"]
pub mod control;
