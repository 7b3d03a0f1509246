//! A finding: what is wrong, where, what is allowed, and what follows.
//! Promises: nothing from the file is shown without its control characters escaped, and the number
//! of findings is bounded.
//! Knows nothing of how the file is read.

use std::fmt;

pub use super::what::Severity;
use super::what::{Syntax, What};

/// Longest piece of the file that a finding repeats, in characters; the rest is cut off.
const MAX_SHOWN: usize = 80;

/// Most findings that are kept. A file with more is broken as a whole, and the first ones say how.
const MAX_FINDINGS: usize = 200;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line in the file, from 1; `None`: the file as a whole.
    pub line: Option<u32>,
    /// Type and name of the section, as `wan 'wan1'`; empty: the file as a whole.
    pub section: String,
    /// The option.
    pub option: Option<String>,
    /// Its value, escaped; `None`: there is none, or it may be a secret.
    pub value: Option<String>,
    /// What is wrong.
    pub what: What,
    /// What would be right; empty if `what` says it.
    pub allowed: String,
    /// What follows.
    pub consequence: &'static str,
    /// The known name next to the unknown one.
    pub nearest: Option<String>,
    /// Error or warning.
    pub severity: Severity,
}

impl Finding {
    /// A finding on the file as a whole; severity and consequence follow from `what`.
    pub(super) fn new(what: impl Into<What>) -> Self {
        let what = what.into();
        Self {
            line: None,
            section: String::new(),
            option: None,
            value: None,
            allowed: String::new(),
            consequence: what.consequence(),
            nearest: None,
            severity: what.severity(),
            what,
        }
    }

    pub(super) fn at(mut self, line: impl Into<Option<u32>>) -> Self {
        self.line = line.into();
        self
    }

    pub(super) fn section(mut self, title: &str) -> Self {
        title.clone_into(&mut self.section);
        self
    }

    pub(super) fn option(mut self, name: &str) -> Self {
        self.option = Some(shown(name));
        self
    }

    /// `value` is escaped already, or withheld.
    pub(super) fn value(mut self, value: Option<String>) -> Self {
        self.value = value;
        self
    }

    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = allowed.into();
        self
    }

    pub(super) fn nearest(mut self, nearest: Option<impl Into<String>>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }
}

impl Finding {
    /// What stands behind the file's name and a colon: `LINE: error: …`, or ` error: …` where it is
    /// about the whole file.
    pub fn placed(&self) -> String {
        self.line.map_or_else(|| format!(" {self}"), |line| format!("{line}: {self}"))
    }
}

/// All of it on one line, without the place in the file.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.severity.word())?;
        let place = [
            (!self.section.is_empty()).then(|| self.section.clone()),
            self.option.as_ref().map(|option| format!("option {option}")),
            self.value.as_ref().map(|value| format!("'{value}'")),
        ];
        let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.what)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; the nearest is {nearest}")?;
        }
        if !self.allowed.is_empty() {
            write!(f, "; allowed: {}", self.allowed)?;
        }
        write!(f, "; consequence: {}", self.consequence)
    }
}

/// The findings of one file as they come up.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Keeps `finding`, or, past `MAX_FINDINGS`, says once that there are more.
    pub(super) fn push(&mut self, finding: Finding) {
        if self.0.len() < MAX_FINDINGS {
            self.0.push(finding);
        } else if self.0.len() == MAX_FINDINGS {
            self.0.push(Finding::new(Syntax::MoreFindings));
        }
    }

    /// All findings by line, those on the whole file first, and whether one is an error.
    pub(super) fn conclude(mut self) -> (Vec<Finding>, Option<Severity>) {
        self.0.sort_by_key(|finding| finding.line);
        let worst = self.0.iter().map(|finding| finding.severity).min();
        (self.0, worst)
    }
}

/// A piece of the file as it may be shown: control characters escaped, cut off when long.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Finding, Findings, MAX_FINDINGS, Severity, shown};
    use crate::config::what::{Syntax, ValueFault, What};

    #[test]
    fn a_finding_reads_as_one_line() {
        let finding = Finding::new(ValueFault::UnitMissing)
            .at(12)
            .section("wan 'wan1'")
            .option("download_ceiling")
            .value(Some(shown("500")))
            .allowed("1M to 10G, e.g. 500M");
        assert_eq!(
            finding.to_string(),
            "error: wan 'wan1' option download_ceiling '500': the number needs its unit; \
             allowed: 1M to 10G, e.g. 500M; consequence: the daemon does not start"
        );
    }

    #[test]
    fn what_comes_from_the_file_is_escaped_and_cut() {
        assert_eq!(shown("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
        assert_eq!(shown(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }

    #[test]
    fn the_number_of_findings_is_bounded() {
        let mut findings = Findings::default();
        for line in 0..1_000 {
            findings.push(Finding::new(Syntax::BadName).at(line));
        }
        let (list, worst) = findings.conclude();
        assert_eq!(list.len(), MAX_FINDINGS + 1);
        assert_eq!(list[0].what, What::Syntax(Syntax::MoreFindings));
        assert_eq!(worst, Some(Severity::Error));
    }
}
