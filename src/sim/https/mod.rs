//! The simulated router behind real sockets: REST over HTTP/1.1, plain or with TLS 1.2.
//! Promises: everything it holds and reads is bounded; when the handle is dropped, every socket is
//! closed. Knows nothing of what a request means.
//!
//! [`RouterServer::bind`] gives a handle and a future to run on an executor of one's own,
//! [`RouterServer::spawn_thread`] runs the same on a thread of its own. How the router is out of
//! reach shows on the wire: refused means that nobody listens, a black hole never answers, not even
//! with a TLS handshake, a reset closes with the request unread, and a cut answer ends half-way.

mod connection;
mod face;
mod http;
mod log;
mod pki;
mod server;

pub use face::Tls;
pub use log::{Logged, RequestLog};
pub use pki::{Leaf, Pki};
pub use server::RouterServer;
