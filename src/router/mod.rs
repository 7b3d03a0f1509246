//! Access to RouterOS: the closed list of operations, and REST and SSH to carry it.
//! Promises: no operation adds or removes anything, or disables or lifts a limit, every operation ends within its
//! deadline, and a request is repeated only where that is written down (`rest::Exchange`).
//! Knows nothing of control, of when an operation is due, or of what to do after a failure.

pub(crate) mod base64;
pub mod capture;
pub mod cli;
pub mod client;
pub mod contract;
pub mod error;
pub mod http;
mod listing;
pub mod op;
mod resolve;
pub mod rest;
pub mod settings;
pub mod ssh;
mod target;
mod value;
