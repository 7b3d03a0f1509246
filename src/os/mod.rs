//! The operating system: clock, sockets, signals, lock. The only place for unsafe code and the
//! clock.
//! Promises: safe interfaces; typed errors; every descriptor closes on exec.
//! Knows nothing of probes, routers or configuration.

mod batch;
pub mod clock;
pub mod lock;
mod net_error;
pub mod signals;
mod sockaddr;
pub mod sockets;
