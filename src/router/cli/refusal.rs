//! Errors of the console, told from its text: its exit status does not say.
//! Promises: only a line's beginning counts, so that no name or comment passes for an error.
//! Knows nothing of operations.
//!
//! Source: `golden/ssh/any/error-texts.json`.

use super::lines::lines;
use crate::{control::failure::FailureKind, router::error::Hint};

/// How the lines of errors begin, and what they mean.
const ERRORS: [(&str, FailureKind); 13] = [
    ("not enough permissions", FailureKind::Auth),
    ("no such item", FailureKind::NotFound),
    ("failure: ", FailureKind::Rejected),
    ("bad command name ", FailureKind::Rejected),
    ("syntax error ", FailureKind::Rejected),
    ("expected ", FailureKind::Rejected),
    ("invalid value ", FailureKind::Rejected),
    ("invalid internal item number", FailureKind::Rejected),
    ("input does not match ", FailureKind::Rejected),
    ("value of ", FailureKind::Rejected),
    ("missing value", FailureKind::Rejected),
    ("no such command", FailureKind::Rejected),
    ("interrupted", FailureKind::Rejected),
];

/// The first error in `output`: what kind it is, its text, and a remedy.
pub(super) fn refusal(output: &str) -> Option<(FailureKind, &str, Option<Hint>)> {
    lines(output).find_map(|line| {
        let (_, kind) = ERRORS.iter().find(|(begin, _)| line.starts_with(begin))?;
        let hint = (*kind == FailureKind::Auth).then_some(Hint::GrantPolicy);
        Some((*kind, line, hint))
    })
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::control::failure::FailureKind;

    #[test]
    fn only_the_beginning_of_a_line_is_an_error() {
        let kind = |output| refusal(output).map(|(kind, ..)| kind);
        assert_eq!(kind("not enough permissions (9)\r\n"), Some(FailureKind::Auth));
        assert_eq!(kind("\r\nno such item\r\n"), Some(FailureKind::NotFound));
        assert_eq!(kind("0  name=\"failure: x\"\r\n   failure: x=1"), None);
        assert_eq!(kind(""), None);
    }
}
