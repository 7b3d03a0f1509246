//! The operating system: clock, sockets, signals, lock, watchdog, service manager. The only place
//! for unsafe code and the clock.
//! Promises: safe interfaces; typed errors; every descriptor closes on exec.
//! Knows nothing of probes, routers or configuration.

mod batch;
pub mod clock;
pub mod descriptors;
pub mod handshake;
pub mod lock;
mod net_error;
pub mod notify;
pub mod outlet;
pub mod panics;
pub mod signals;
mod sockaddr;
pub mod sockets;
pub mod syslog;
pub mod terminal;
pub mod watchdog;
