//! How an answer differs from its shape.
//! Promises: at most [`MAX_DIFFERENCES`] are kept and the rest is counted; none holds a value of
//! the answer, only keys.
//! Knows nothing of how they are found.

use core::fmt;

use super::{class::Class, layout::Misprint};

/// Differences kept of one comparison; the rest is counted. An answer with more is another answer.
pub const MAX_DIFFERENCES: usize = 8;

/// Longest name of a key that is kept, in bytes; the longest known one has 25.
const LABEL_MAX: usize = 40;

/// The name of a key, cut off at 40 bytes.
pub type Label = heapless::String<LABEL_MAX, u8>;

/// Whether what worked before still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// All that was there still is, in the same form.
    Additive,
    /// Something that was relied on is gone, or has another form.
    Breaking,
}

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The key is not there.
    Missing,
    /// The key is not known.
    New,
    /// The key stands in another place.
    OutOfOrder,
    /// The value is of another class.
    OtherClass {
        /// Of the shape.
        expected: Class,
        /// Of the answer.
        found: Class,
    },
    /// The router answered with another status.
    OtherStatus {
        /// HTTP status of the shape.
        expected: u16,
        /// HTTP status of the answer.
        found: u16,
    },
    /// The number in the body of an error is not the status.
    OtherNumber,
    /// One record instead of a list, or a list instead of one record.
    OtherForm,
    /// Not in the language at all that was expected.
    Unreadable,
    /// An error of the console that is not among the known ones.
    OtherError,
    /// The console lays it out in another way.
    Layout(Misprint),
}

impl Fault {
    /// What it means for who relies on the shape.
    pub const fn grade(self) -> Grade {
        match self {
            Self::New | Self::OutOfOrder => Grade::Additive,
            Self::Missing
            | Self::OtherClass { .. }
            | Self::OtherStatus { .. }
            | Self::OtherNumber
            | Self::OtherForm
            | Self::Unreadable
            | Self::OtherError
            | Self::Layout(_) => Grade::Breaking,
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key that it is about; empty if it is about the whole answer.
    pub key: Label,
    /// What is different.
    pub fault: Fault,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match self.fault {
            Fault::Missing => write!(f, "the key {key} is missing"),
            Fault::New => write!(f, "the key {key} is new"),
            Fault::OutOfOrder => write!(f, "the key {key} stands in another place"),
            Fault::OtherClass { expected, found } => {
                write!(f, "the key {key} is {found}, known is {expected}")
            }
            Fault::OtherStatus { expected, found } => {
                write!(f, "the status is {found}, known is {expected}")
            }
            Fault::OtherNumber => f.write_str("the number of the error is not the status"),
            Fault::OtherForm => f.write_str("a list and a single record are mixed up"),
            Fault::Unreadable => f.write_str("the answer cannot be read"),
            Fault::OtherError => f.write_str("the error is not a known one"),
            Fault::Layout(misprint) => f.write_str(misprint.words()),
        }
    }
}

/// The differences of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    kept: heapless::Vec<Difference, MAX_DIFFERENCES>,
    more: usize,
    worst: Option<Grade>,
}

impl Differences {
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.worst.is_none()
    }

    /// Those that are kept.
    pub fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.kept.iter()
    }

    /// How many there were beyond those that are kept.
    pub const fn more(&self) -> usize {
        self.more
    }

    /// The worst grade of all, also of those that were not kept; `None`: no difference.
    pub const fn grade(&self) -> Option<Grade> {
        self.worst
    }

    /// Adds one, unless it is known already.
    pub(super) fn add(&mut self, key: &str, fault: Fault) {
        let mut label = Label::new();
        // A full label ends the loop. Keys of a stranger may hold anything.
        let shown = key.chars().map(|char| if char.is_control() { ' ' } else { char });
        shown.take_while(|char| label.push(*char).is_ok()).for_each(drop);
        let difference = Difference { key: label, fault };
        if self.kept.contains(&difference) {
            return;
        }
        self.worst = self.worst.max(Some(fault.grade()));
        if self.kept.push(difference).is_err() {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Adds all of another comparison.
    pub fn extend(&mut self, other: &Self) {
        for difference in &other.kept {
            self.add(&difference.key, difference.fault);
        }
        self.more = self.more.saturating_add(other.more);
        self.worst = self.worst.max(other.worst);
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (place, difference) in self.kept.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{difference}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Differences, Fault, Grade, MAX_DIFFERENCES};
    use crate::router::contract::class::{Class, Kind};

    #[test]
    fn each_difference_is_told_once_and_what_is_too_much_is_counted() {
        let mut differences = Differences::default();
        assert_eq!((differences.to_string().as_str(), differences.grade()), ("none", None));
        for _ in 0..3 {
            differences.add("a", Fault::New);
        }
        assert_eq!(differences.grade(), Some(Grade::Additive));
        for number in 0..MAX_DIFFERENCES {
            differences.add(&format!("k{number}"), Fault::New);
        }
        differences.add("z", Fault::Missing);
        assert_eq!(differences.iter().count(), MAX_DIFFERENCES);
        assert_eq!((differences.more(), differences.grade()), (2, Some(Grade::Breaking)));
        assert!(differences.to_string().ends_with("; and 2 more"), "{differences}");
    }

    #[test]
    fn a_difference_reads_as_half_a_sentence() {
        let mut differences = Differences::default();
        let (expected, found) = (Class::One(Kind::Whole), Class::Number);
        differences.add("max-limit", Fault::OtherClass { expected, found });
        differences.add(&"x\r\n".repeat(40), Fault::New);
        let text = differences.to_string();
        let first = "the key max-limit is a number without quotes, known is a whole number; ";
        assert!(text.starts_with(first), "{text}");
        assert!(!text.contains('\n') && text.len() < 200, "{text}");
    }
}
