//! The lines of a live check.
//! Promises: one line per finding, whatever a router puts into its texts; they come out in order.
//! Knows nothing of routers.

use std::io::{self, Write};

use crate::cli::Exit;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// As it must be.
    Good,
    /// It could not be told.
    Unknown,
    /// Control works, and does not do what it is meant to.
    Warning,
    /// Control does not work.
    Error,
}

impl Grade {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is found, on its way out.
pub(super) struct Report<'a> {
    out: &'a mut dyn Write,
    place: String,
    waiting: String,
    errors: usize,
    warnings: usize,
    unknown: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        let (place, waiting) = (String::new(), String::new());
        Self { out, place, waiting, errors: 0, warnings: 0, unknown: 0 }
    }

    /// Where it is found from now on.
    pub(super) fn place(&mut self, place: String) {
        self.place = place;
    }

    /// Adds a line.
    pub(super) fn say(&mut self, grade: Grade, words: &str) {
        let counter = match grade {
            Grade::Good => None,
            Grade::Unknown => Some(&mut self.unknown),
            Grade::Warning => Some(&mut self.warnings),
            Grade::Error => Some(&mut self.errors),
        };
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
        }
        let plain = |char: char| if char.is_control() { ' ' } else { char };
        let words: String = words.chars().map(plain).collect();
        let line = format!("{}: {}: {words}\n", self.place, grade.word());
        self.waiting.push_str(&line);
    }

    /// Writes what was said so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.out.write_all(waiting.as_bytes())?;
        self.out.flush()
    }

    /// Sums it up.
    pub(super) fn conclude(mut self) -> io::Result<Exit> {
        self.flush()?;
        let Self { errors, warnings, unknown, .. } = self;
        writeln!(self.out, "live: {errors} errors, {warnings} warnings, {unknown} unknown")?;
        Ok(if errors == 0 { Exit::Ok } else { Exit::Failure })
    }
}
