//! Access to RouterOS: the closed list of operations, REST to carry it, and the console's language.
//! Promises: no operation removes, disables or lifts a limit, every operation ends within its
//! deadline, and a request is repeated only where that is written down (`rest::Exchange`).
//! Knows nothing of control, of when an operation is due, or of what to do after a failure.

pub mod cli;
pub mod error;
pub mod http;
pub mod op;
pub mod rest;
pub mod settings;
mod value;
