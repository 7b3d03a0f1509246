//! OpenWrt's UCI format: text to sections with their options, each with its line.
//! Promises: any bytes end in sections or findings, in bounded time and memory; a finding repeats
//! no value.
//! Must not know which sections and options exist.
//!
//! Words are read as UCI reads them: apart by blanks; `'…'` taken literally, `"…"` with backslash
//! escapes, both may stand next to each other and to plain letters (`'it'\''s'` is one word).
//! Stricter than UCI where UCI would quietly read something else than was meant: a quote ends on
//! its line, no backslash continues a line, and `#` or `;` inside a plain word is a finding.

mod words;

use self::words::{Line, words};
use super::{
    finding::{Finding, Findings, shown},
    nearest::nearest,
    what::{FileFault, Syntax},
};

/// Largest file in bytes: a full configuration has some 5 KiB.
pub const MAX_FILE: usize = 64 * 1024;
/// Longest line in bytes.
pub const MAX_LINE: usize = 1024;
/// Most sections of a file.
pub const MAX_SECTIONS: usize = 64;
/// Most `option` and `list` lines of a section.
pub const MAX_OPTIONS: usize = 128;
/// Longest name of a section or option, in characters.
pub const MAX_NAME: usize = 64;

/// What a name is made of.
const NAME: &str = "1 to 64 of A to Z, a to z, 0 to 9 and _";

/// What stands at the beginning of a line.
static KEYWORDS: [(&str, Keyword); 4] = [
    ("config", Keyword::Config),
    ("option", Keyword::Entry(Form::Option)),
    ("list", Keyword::Entry(Form::List)),
    ("package", Keyword::Package),
];

enum Keyword {
    Config,
    Entry(Form),
    Package,
}

/// One `config` line and what follows.
pub(super) struct Section {
    /// The word after `config`; empty if that line is broken, and a finding says so.
    pub(super) kind: String,
    /// The name, if it has one.
    pub(super) name: Option<String>,
    pub(super) line: u32,
    pub(super) entries: Vec<Entry>,
}

/// One `option` or `list` line. There is no `Debug`: the value may be a password.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) form: Form,
    pub(super) value: Value,
}

/// Which word began the line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Option,
    List,
}

/// What stands after the name.
pub(super) enum Value {
    Text(String),
    /// Not readable, and a finding says so.
    Broken,
}

impl Section {
    /// Type and name as findings show them.
    pub(super) fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{} '{}'", shown(&self.kind), shown(name)),
            None => shown(&self.kind),
        }
    }
}

/// Reads a file; `None` if it is not worth looking at further.
pub(super) fn parse(bytes: &[u8], findings: &mut Findings) -> Option<Vec<Section>> {
    if bytes.len() > MAX_FILE {
        findings.push(Finding::new(FileFault::TooLarge(MAX_FILE)));
        return None;
    }
    match text(bytes) {
        Ok(text) => Parser { findings, sections: Vec::new() }.parse(text),
        Err(line) => {
            findings.push(Finding::new(Syntax::NotText).at(line));
            None
        }
    }
}

/// The bytes as text, or the line that is none.
fn text(bytes: &[u8]) -> Result<&str, u32> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to());
    let text = text.and_then(|text| text.find('\0').map_or(Ok(text), Err));
    text.map_err(|offset| {
        let before = bytes.iter().take(offset).filter(|byte| **byte == b'\n').count();
        number(before)
    })
}

/// The line number of the line with this index.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// A line without its first word.
struct Rest {
    line: u32,
    words: Vec<String>,
    fault: Option<Syntax>,
}

/// Whether reading can go on.
type Step = Result<(), ()>;

struct Parser<'a> {
    findings: &'a mut Findings,
    sections: Vec<Section>,
}

impl Parser<'_> {
    fn parse(mut self, text: &str) -> Option<Vec<Section>> {
        for (index, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.len() > MAX_LINE {
                self.report(number(index), Syntax::LineTooLong(MAX_LINE), "");
            } else {
                self.line(number(index), words(line)).ok()?;
            }
        }
        Some(self.sections)
    }

    fn report(&mut self, line: u32, what: Syntax, allowed: &str) {
        let title = self.sections.last().map_or_else(String::new, Section::title);
        self.findings.push(Finding::new(what).at(line).section(&title).allowed(allowed));
    }

    fn line(&mut self, number: u32, line: Line) -> Step {
        if let Some(fault) = line.fault {
            self.report(number, fault, "");
        }
        let mut words = line.words.into_iter();
        let Some(keyword) = words.next() else { return Ok(()) };
        let mut rest = Rest { line: number, words: words.collect(), fault: line.fault };
        let mut known = KEYWORDS.iter().find(|(word, _)| *word == keyword);
        if known.is_none() && rest.fault.is_none() {
            known = self.unknown_keyword(number, &keyword);
            rest.fault = Some(Syntax::UnknownKeyword);
        }
        match known {
            Some((_, Keyword::Config)) => self.section(rest),
            Some((_, Keyword::Entry(form))) => self.entry(*form, rest),
            Some((_, Keyword::Package)) | None => Ok(()),
        }
    }

    /// Finds the keyword that was probably meant, so that the lines around are not misunderstood.
    /// The word itself is not shown: it may be the rest of a password with a line break inside.
    fn unknown_keyword(
        &mut self,
        line: u32,
        word: &str,
    ) -> Option<&'static (&'static str, Keyword)> {
        let nearest = nearest(word, KEYWORDS.iter().map(|(word, _)| *word));
        let finding = Finding::new(Syntax::UnknownKeyword).at(line).nearest(nearest);
        self.findings.push(finding.allowed("config, option, list"));
        KEYWORDS.iter().find(|(word, _)| Some(*word) == nearest)
    }

    fn section(&mut self, Rest { line, words, fault }: Rest) -> Step {
        if self.sections.len() >= MAX_SECTIONS {
            self.report(line, Syntax::TooManySections(MAX_SECTIONS), "");
            return Err(());
        }
        // A broken line begins a section all the same, or its options would be taken for those of
        // the section before.
        let sound = fault.is_none();
        let mut words = words.into_iter().filter(|_| sound);
        let kind = words.next().unwrap_or_default();
        let name = words.next();
        let surplus = words.next();
        let good = is_name(&kind) && name.as_deref().is_none_or(is_name);
        let incomplete = kind.is_empty();
        self.sections.push(Section { kind, name, line, entries: Vec::new() });
        if surplus.is_some() {
            self.report(line, Syntax::TooManyWords, "config TYPE 'NAME'");
        } else if incomplete && sound {
            self.report(line, Syntax::Incomplete, "config TYPE 'NAME'");
        } else if !incomplete && !good {
            self.report(line, Syntax::BadName, NAME);
        }
        Ok(())
    }

    fn entry(&mut self, form: Form, Rest { line, words, fault }: Rest) -> Step {
        let mut words = words.into_iter();
        let (name, value) = (words.next(), words.next());
        let value = match (value, words.next(), &fault) {
            (Some(value), None, None) => Value::Text(value),
            (Some(_), Some(_), None) => {
                self.report(line, Syntax::TooManyWords, "one value; quote it if it has blanks");
                Value::Broken
            }
            (None, _, None) => {
                self.report(line, Syntax::Incomplete, "option NAME 'VALUE'");
                Value::Broken
            }
            (_, _, Some(_)) => Value::Broken,
        };
        match name {
            Some(name) => self.push(Entry { name, line, form, value }),
            None => Ok(()),
        }
    }

    fn push(&mut self, entry: Entry) -> Step {
        let line = entry.line;
        if !is_name(&entry.name) {
            if matches!(entry.value, Value::Text(_)) {
                self.report(line, Syntax::BadName, NAME);
            }
            return Ok(());
        }
        let Some(section) = self.sections.last_mut() else {
            self.report(line, Syntax::OutsideSection, "a line 'config TYPE NAME' before it");
            return Ok(());
        };
        if section.entries.len() >= MAX_OPTIONS {
            self.report(line, Syntax::TooManyOptions(MAX_OPTIONS), "");
            return Err(());
        }
        section.entries.push(entry);
        Ok(())
    }
}

/// Whether UCI takes `word` for the name of a section or option.
fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= MAX_NAME
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
