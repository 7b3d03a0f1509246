//! The closed list of what a recording of a router asks, and what it gets.
//! Promises: no request here can change a router: over REST there is `GET` and `POST …/print`,
//! over SSH there are fixed lines of `print`, `get` and `put`.
//! Knows nothing of when to ask, and of what becomes of the answers.

mod console;
mod rest;

pub use self::{console::ConsoleAsk, rest::RestAsk};

/// Longest body kept of one answer over REST, in bytes: a list of 250 simple queues. A longer one
/// is an error.
pub const BODY_MAX: u64 = 256 * 1024;

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The status: of HTTP, or the exit status of a command if there was one.
    pub status: Option<u32>,
    /// The headers that say something about the server, names in lower case; none over SSH.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes of the body, or of the output.
    pub body: Vec<u8>,
}

/// The headers of an answer that are kept.
pub const HEADERS: [&str; 5] =
    ["connection", "content-type", "server", "transfer-encoding", "www-authenticate"];

/// Longest value kept of a header, in bytes; longer ones are left out.
pub const HEADER_MAX: usize = 128;
