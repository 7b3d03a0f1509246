//! Operations carried by the RouterOS console, without a connection: a command line out, its
//! output in.
//! Promises: one line per operation that writes only where exactly one record has the name or
//! comment, and reads back what it wrote; any output gives a reply or an error, and one of more
//! than [`OUTPUT_MAX`] an error.
//! Knows nothing of SSH, time or logins.

mod command;
mod lines;
mod output;
mod pairs;
mod quoting;
mod records;
mod refusal;
mod table;

pub use self::{command::command, output::reply};

/// Longest output of a command that is read, in bytes. The print of one queue takes 400.
pub const OUTPUT_MAX: usize = 64 * 1024;
