//! wanctl keeps a MikroTik RouterOS 7 line free of bufferbloat.

pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod observe;
pub mod os;
pub mod probe;
pub mod router;
#[cfg(feature = "sim")]
pub mod sim;
pub mod store;
