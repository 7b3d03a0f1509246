//! Operations carried by the RouterOS console, without a connection: a command line out, its
//! output in.
//! Promises: one line per operation that writes only where exactly one queue has the name, and
//! reads back what it wrote; any output gives a reply or an error.
//! Knows nothing of SSH, time or logins.

mod command;
mod lines;
mod output;
mod pairs;
mod quoting;
mod rates;
mod records;
mod refusal;

pub use self::{
    command::command,
    output::reply,
    quoting::{quoted, unquoted},
};
