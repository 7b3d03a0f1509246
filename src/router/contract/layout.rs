//! How the console lays records and pairs out, apart from what they say.
//! Promises: only the layout of captured consoles (7.23 and 7.24) passes.
//! Knows nothing of keys.

use crate::router::cli;

/// Columns of a line: a word that would reach this one goes to the next line, also without a
/// terminal (captured with 7.24rc3).
const WIDTH: usize = 80;

/// Something laid out in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misprint {
    /// Lines do not end in CR LF.
    LineEnd,
    /// A line goes beyond the width and is not wrapped, or is wrapped where it need not be.
    Width,
    /// The flags do not stand between place and keys, in a column of their own.
    FlagColumn,
    /// Flags without a legend, or a legend without flags.
    Legend,
    /// A wrapped line does not begin below the first key.
    Indent,
    /// Lines that belong to no record.
    Stray,
}

impl Misprint {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LineEnd => "lines do not end in CR LF",
            Self::Width => "lines are not wrapped at 80 columns",
            Self::FlagColumn => "the flags stand in another column",
            Self::Legend => "flags and their legend do not go together",
            Self::Indent => "wrapped lines are indented in another way",
            Self::Stray => "there are lines that belong to no record",
        }
    }
}

/// What is different in the layout of records, as `print detail` has them.
pub(super) fn of_records(output: &str) -> Vec<Misprint> {
    let mut page = Page::default();
    if !ends_well(output) {
        page.misprints.push(Misprint::LineEnd);
    }
    for line in output.split('\n').map(|line| line.trim_end_matches('\r')) {
        page.read(line);
    }
    if page.legend != page.flags {
        page.misprints.push(Misprint::Legend);
    }
    page.misprints.sort_unstable();
    page.misprints.dedup();
    page.misprints
}

/// What is different in the layout of `key: value` lines.
pub(super) fn of_pairs(output: &str) -> Vec<Misprint> {
    let lines = || output.split('\n').map(|line| line.trim_end_matches('\r'));
    let colons = lines().filter_map(|line| line.find(": "));
    let mut found = Vec::new();
    if !ends_well(output) {
        found.push(Misprint::LineEnd);
    }
    // The keys end in one column.
    let (least, most) = (colons.clone().min(), colons.max());
    if least != most {
        found.push(Misprint::Indent);
    }
    if lines().any(|line| !line.trim().is_empty() && !line.contains(": ")) {
        found.push(Misprint::Stray);
    }
    found
}

/// Whether every line ends in CR LF.
fn ends_well(output: &str) -> bool {
    let ends = output.matches('\n').count();
    ends == output.matches("\r\n").count() && (output.is_empty() || output.ends_with("\r\n"))
}

/// What has been read so far.
#[derive(Default)]
struct Page {
    misprints: Vec<Misprint>,
    legend: Seen,
    flags: Seen,
    /// Where the keys begin, in columns; one for all records.
    keys_at: Option<usize>,
    /// Room left on the last line of the record that is open; `None`: no record is.
    room: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    No,
    Yes,
}

impl Page {
    fn read(&mut self, line: &str) {
        if line.starts_with("Flags: ") {
            self.legend = Seen::Yes;
            self.room = None;
        } else if line.trim().is_empty() || cli::is_exact_limit(line) {
            self.room = None;
        } else if let Some(lead) = Lead::of(line) {
            self.begin(&lead, line);
        } else if line.starts_with(' ') && self.room.is_some() {
            self.go_on(line);
        } else {
            self.misprints.push(Misprint::Stray);
        }
    }

    fn begin(&mut self, lead: &Lead<'_>, line: &str) {
        if !lead.flags.is_empty() {
            self.flags = Seen::Yes;
        }
        let keys_at = *self.keys_at.get_or_insert(lead.keys_at);
        if lead.gap != 2 || keys_at != lead.keys_at {
            self.misprints.push(Misprint::FlagColumn);
        }
        self.measure(line, lead.keys_at);
        if line.get(lead.keys_at..).is_some_and(|rest| rest.starts_with(";;;")) {
            // A comment has its line for itself.
            self.room = Some(0);
        }
    }

    fn go_on(&mut self, line: &str) {
        let indent = line.len().saturating_sub(line.trim_start().len());
        if self.keys_at != Some(indent) {
            self.misprints.push(Misprint::Indent);
        }
        let first = line.split_whitespace().next().unwrap_or_default();
        if self.room.is_some_and(|room| first.chars().count() < room) {
            self.misprints.push(Misprint::Width);
        }
        self.measure(line, indent);
    }

    fn measure(&mut self, line: &str, keys_at: usize) {
        let width = line.chars().count();
        let alone = !line.get(keys_at..).unwrap_or_default().trim_end().contains(' ');
        if width >= WIDTH && !alone && !line.contains(";;;") {
            self.misprints.push(Misprint::Width);
        }
        // A blank goes before the next word.
        self.room = Some(WIDTH.saturating_sub(width.saturating_add(1)));
    }
}

/// What a record begins with: place, flags.
struct Lead<'a> {
    flags: &'a str,
    /// Blanks behind the place.
    gap: usize,
    keys_at: usize,
}

impl<'a> Lead<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let place = line.trim_start();
        let digits = place.bytes().take_while(u8::is_ascii_digit).count();
        let after = place.get(digits..).filter(|_| digits > 0)?;
        let rest = after.trim_start_matches(' ');
        let flags = rest.split(' ').next().unwrap_or_default();
        let is_flags = !flags.is_empty()
            && flags.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'*');
        let (flags, keys) = if is_flags {
            (flags, rest.get(flags.len()..)?.trim_start_matches(' '))
        } else {
            ("", rest)
        };
        let is_record = keys.starts_with(";;;") || keys.split(' ').next()?.contains('=');
        let before = after.len().saturating_sub(rest.len());
        // Without flags of its own, a record leaves their column empty.
        let gap = if is_flags || before < 2 { before } else { 2 };
        let keys_at = line.len().saturating_sub(keys.len());
        is_record.then_some(Self { flags, gap, keys_at })
    }
}

#[cfg(test)]
mod tests {
    use super::{Misprint, of_pairs, of_records};

    const GOOD: &str = "Flags: I - INVALID\r\n\
                        2  I name=\"ELMO-EXP2B-LTE1\" parent=lte1 packet-mark=elmo-exp2b-lte1 limit-at=0\r\n\
                        \x20    queue=elmo-exp2b-cake priority=8\r\n \r\n3    ;;; text\r\n     name=\"b\"\r\n\r\n";

    #[test]
    fn the_layout_of_captured_records_passes() {
        assert_eq!(of_records(GOOD), []);
        assert_eq!(of_records(""), []);
        assert_eq!(of_records("0  name=\"a\" x=1\r\n\r\n"), []);
    }

    #[test]
    fn each_other_layout_is_named() {
        for (from, to, misprint) in [
            ("\r\n", "\n", Misprint::LineEnd),
            ("2  I name", "2 I  name", Misprint::FlagColumn),
            ("2  I name", "2  name", Misprint::FlagColumn),
            ("Flags: I - INVALID\r\n", "", Misprint::Legend),
            ("2  I name", "2    name", Misprint::Legend),
            ("     queue", "   queue", Misprint::Indent),
            ("limit-at=0\r\n     queue", "limit-at=0 queue", Misprint::Width),
            ("priority=8\r\n", "priority=8\r\n     x=1\r\n", Misprint::Width),
            (" \r\n3", " \r\nnonsense\r\n3", Misprint::Stray),
        ] {
            let spoilt = GOOD.replacen(from, to, if from == "\r\n" { 9 } else { 1 });
            assert!(of_records(&spoilt).contains(&misprint), "{misprint:?}: {spoilt}");
        }
    }

    #[test]
    fn pairs_end_their_keys_in_one_column() {
        assert_eq!(of_pairs("   uptime: 24s     \r\n  version: 7.23.1   \r\n\r\n"), []);
        assert_eq!(of_pairs("  uptime: 24s\r\n  version: 7\r\n"), [Misprint::Indent]);
        assert_eq!(of_pairs("  name: a\n"), [Misprint::LineEnd]);
        assert_eq!(of_pairs("<html>\r\n"), [Misprint::Stray]);
    }
}
