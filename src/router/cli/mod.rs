//! Operations carried by the RouterOS console, without a connection: a command line out, its
//! output in.
//! Promises: one line per operation that writes only where exactly one record has the name or
//! comment, and reads back what it wrote; any output gives a reply or an error, and one of more
//! than [`OUTPUT_MAX`] an error.
//! Knows nothing of SSH, time or logins.

mod command;
mod lines;
mod list;
mod output;
mod pairs;
mod quoting;
mod records;
mod refusal;
mod table;

pub use self::{
    command::command,
    output::reply,
    quoting::{quoted, unquoted},
};

/// Longest output of a command that is read, in bytes. The print of one queue takes 400.
pub const OUTPUT_MAX: usize = 64 * 1024;

/// Keys and values of each record, for who looks at all of them.
pub(super) fn fields_of_records(output: &str) -> Vec<Vec<(String, String)>> {
    records::records(output).into_iter().map(records::Record::into_fields).collect()
}

/// Keys and values of `key: value` lines.
pub(super) fn pairs(output: &str) -> impl Iterator<Item = (&str, &str)> {
    pairs::pairs(output)
}

/// Whether the line holds a value that one of our commands asked for in addition.
pub(super) fn is_exact_value(line: &str) -> bool {
    line.starts_with(command::EXACT)
}

/// Whether the output is a known error.
pub(super) fn is_refusal(output: &str) -> bool {
    refusal::refusal(output).is_some()
}
