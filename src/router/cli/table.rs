//! The one record of a target in the output of its command line.
//! Promises: it is given only if exactly one record was printed, and that is the target; errors
//! name the places of several.
//! Knows nothing of what its properties mean.

use super::{
    lines::lines,
    records::{Record, records},
};
use crate::{
    control::failure::FailureKind,
    router::{
        error::{Doing, RouterError},
        target::Target,
    },
};

/// The values of the lines that begin with a mark.
pub(super) fn marked<'a>(output: &'a str, mark: &str) -> Vec<&'a str> {
    // Trailing blanks are gone, and with an empty value that of the mark.
    let empty = |line: &str| (line == mark.trim_end()).then_some("");
    lines(output).filter_map(|line| line.strip_prefix(mark).or_else(|| empty(line))).collect()
}

/// The one record of a target that goes by its name. `exact` is how many marked lines there are.
pub(super) fn only(
    output: &str,
    exact: usize,
    target: Target<'_>,
    doing: Doing,
) -> Result<Record, RouterError> {
    let mut found = records(output);
    let count = found.len();
    match (found.pop(), count, exact) {
        (Some(record), 1, 0 | 1) => Ok(record),
        (None, _, 0) => silence(output, doing).and_then(|()| Err(absent(target, doing))),
        (last, _, exact) => {
            found.extend(last);
            Err(several(&found, exact, target, doing))
        }
    }
}

/// That the router has no such record.
pub(super) fn absent(target: Target<'_>, doing: Doing) -> RouterError {
    RouterError::ssh(FailureKind::NotFound, doing, format_args!("the router has no {target}"))
}

/// That there is nothing in the output but a legend, which older consoles print for nothing.
///
/// # Errors
/// There is more, and it is not what the console says of records; how it begins is told.
pub(super) fn silence(output: &str, doing: Doing) -> Result<(), RouterError> {
    let is_silent = |line: &&str| line.is_empty() || line.starts_with("Flags: ");
    let Some(said) = lines(output).find(|line| !is_silent(line)) else { return Ok(()) };
    let detail = format_args!("the answer is not one of the RouterOS console: \"{said}\"");
    Err(RouterError::ssh(FailureKind::Garbage, doing, detail))
}

/// Names the places of several records, or says that the two halves of the output differ.
fn several(found: &[Record], exact: usize, target: Target<'_>, doing: Doing) -> RouterError {
    if found.len() < 2 && exact < 2 {
        let detail = format_args!("{} entries but {exact} exact values", found.len());
        return RouterError::ssh(FailureKind::Garbage, doing, detail);
    }
    let places: Vec<&str> = found.iter().map(|record| record.place.as_str()).collect();
    let (count, places) = (found.len().max(exact), places.join(" "));
    let detail = format_args!("{count} entries, number {places}, match {target}");
    RouterError::ssh(FailureKind::Ambiguous, doing, detail)
}
