//! The running daemon: a thin shell around the control core.
//! Promises: one loop that waits for the next deadline, an answer or a signal, tells the core, and
//! carries out what it wants; no step of it waits for a router or a reply.
//! Knows no command line; what the packets of the probes travel on is given to it.

mod actions;
mod alarm;
mod connectors;
mod facts;
mod guard;
mod handle;
mod health;
mod input;
pub(crate) mod names;
mod pages;
mod reload;
mod router;
mod shell;
mod source;
mod state;
mod survey;

pub use self::alarm::block_on;
pub use self::guard::Guard;
pub use self::handle::Handle;
pub use self::router::Clients;
pub use self::shell::{Daemon, Ended};
pub use self::source::Source;
