//! The console's text: records of `key=value`, lines of `key: value`, single lines.
//! Promises: a value is judged as one text, wherever the console broke its lines; line ends, lead,
//! columns and the places of the breaks stay; a stand-in has the width of what it stands for where
//! it can, and where it cannot the line is counted.
//! Knows nothing of what the values mean.

use super::{
    Redactor,
    words::{KEY, LINE},
};
use crate::router::cli::{quoted, unquoted};

/// Stands for a line break within a record while its text is in one piece.
const BREAK: char = '\n';

/// Fills a name up to the width of the one that it stands for.
const FILL: char = '_';

/// The most letters in the column of flags.
const FLAGS_MAX: usize = 5;

/// What stands for the value of a key; `None`: it stays.
type Judge<'j> = &'j mut dyn FnMut(&str, &str) -> Option<String>;

/// The keys and values in `body`, one after the other.
pub(super) fn values(body: &str, each: &mut dyn FnMut(&str, &str)) {
    rewritten(body, &mut |key, value| {
        each(key, value);
        None
    });
}

/// `body` with stand-ins.
pub(super) fn redacted(redactor: &mut Redactor, body: &str) -> String {
    let (text, stretched) = rewritten(body, &mut |key, value| redactor.value(key, value));
    redactor.stretched = redactor.stretched.saturating_add(stretched);
    text
}

/// `body` as judged, and how many values changed their width.
fn rewritten(body: &str, judge: Judge<'_>) -> (String, usize) {
    let mut writer = Writer { out: String::new(), stretched: 0, judge };
    let mut open: Option<Record> = None;
    for whole in body.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\r', '\n']);
        let end = whole.get(line.len()..).unwrap_or_default();
        let inside = line.starts_with(' ') && !line.trim().is_empty();
        if let Some(record) = Record::begin(line, end) {
            writer.close(open.replace(record));
        } else if inside && let Some(record) = &mut open {
            record.add(line, end);
        } else {
            writer.close(open.take());
            writer.line(line);
            writer.out.push_str(end);
        }
    }
    writer.close(open);
    (writer.out, writer.stretched)
}

/// Whether the line goes on with what the one before it began.
pub(super) fn continues(line: &str) -> bool {
    let text = line.trim();
    let is_pair = text.split_once(':').is_some_and(|(key, _)| is_key(key));
    line.starts_with(' ') && !text.is_empty() && !is_pair && Record::begin(line, "").is_none()
}

/// A record's lines, in one piece.
struct Record {
    /// The number and the flags.
    lead: String,
    /// The rest, with a [`BREAK`] for each line break.
    text: String,
    /// What stands for the breaks, in order.
    breaks: Vec<String>,
    /// The last line end.
    end: String,
}

impl Record {
    fn begin(line: &str, end: &str) -> Option<Self> {
        let place = line.trim_start();
        let rest = place.trim_start_matches(|char: char| char.is_ascii_digit());
        if rest.len() == place.len() || !rest.starts_with(' ') {
            return None;
        }
        let text = rest.trim_start();
        let flags = text.split(' ').next().unwrap_or_default();
        let is_flag = |byte: u8| byte.is_ascii_uppercase() || byte == b'*';
        let text = if flags.len() <= FLAGS_MAX && flags.bytes().all(is_flag) {
            text.get(flags.len()..)?.trim_start()
        } else {
            text
        };
        if !text.starts_with(";;;") && key_of(text).is_none() {
            return None;
        }
        let lead = line.get(..line.len().checked_sub(text.len())?)?;
        Some(Self {
            lead: lead.to_owned(),
            text: text.to_owned(),
            breaks: Vec::new(),
            end: end.to_owned(),
        })
    }

    fn add(&mut self, line: &str, end: &str) {
        let text = line.trim_start();
        let indent = line.get(..line.len().saturating_sub(text.len())).unwrap_or_default();
        self.breaks.push(format!("{}{indent}", self.end));
        self.text.push(BREAK);
        self.text.push_str(text);
        end.clone_into(&mut self.end);
    }
}

struct Writer<'j> {
    out: String,
    stretched: usize,
    judge: Judge<'j>,
}

impl Writer<'_> {
    fn close(&mut self, record: Option<Record>) {
        let Some(record) = record else { return };
        self.out.push_str(&record.lead);
        let text = self.record(&record.text);
        let mut breaks = record.breaks.into_iter();
        for char in text.chars() {
            if char == BREAK {
                self.out.push_str(&breaks.next().unwrap_or_default());
            } else {
                self.out.push(char);
            }
        }
        self.out.push_str(&record.end);
    }

    /// A line that belongs to no record.
    fn line(&mut self, line: &str) {
        let text = line.trim();
        let lead = line.len().saturating_sub(line.trim_start().len());
        self.out.push_str(line.get(..lead).unwrap_or_default());
        let after = line.trim_start().get(text.len()..).unwrap_or_default();
        let pair = text.split_once(':').filter(|(key, _)| is_key(key));
        if let Some((key, value)) = pair {
            let shown = value.trim_start();
            let gap = value.get(..value.len().saturating_sub(shown.len())).unwrap_or_default();
            self.value(KEY, key);
            self.out.push(':');
            self.out.push_str(gap);
            self.value(key, shown);
        } else if !text.is_empty() {
            self.value(LINE, text);
        }
        self.out.push_str(after);
    }

    /// The text of a record: a comment, then fields.
    fn record(&mut self, text: &str) -> String {
        let before = std::mem::take(&mut self.out);
        let mut rest = text;
        if let Some(comment) = rest.strip_prefix(";;;") {
            let end = end_of_comment(comment);
            let (comment, fields) = comment.split_at_checked(end).unwrap_or((comment, ""));
            self.out.push_str(";;;");
            self.spaced("comment", comment);
            rest = fields;
        }
        while !rest.is_empty() {
            let key = key_of(rest).unwrap_or_default();
            let skip = if key.is_empty() { 0 } else { key.len().saturating_add(1) };
            let (_, value) = rest.split_at_checked(skip).unwrap_or(("", rest));
            if !key.is_empty() {
                self.value(KEY, key);
                self.out.push('=');
            }
            let (value, more) = value.split_at_checked(end_of_value(value)).unwrap_or((value, ""));
            self.spaced(key, value);
            rest = more;
        }
        std::mem::replace(&mut self.out, before)
    }

    /// A value with blanks and breaks around it, which stay.
    fn spaced(&mut self, key: &str, value: &str) {
        let start = value.len().saturating_sub(value.trim_start().len());
        let (before, value) = value.split_at_checked(start).unwrap_or(("", value));
        let (value, after) = value.split_at_checked(value.trim_end().len()).unwrap_or((value, ""));
        self.out.push_str(before);
        if !value.is_empty() {
            self.value(key, value);
        }
        self.out.push_str(after);
    }

    fn value(&mut self, key: &str, shown: &str) {
        // The console breaks lines between words, and perhaps within one.
        let new = ["", " "].into_iter().find_map(|joint| {
            let joined = shown.replace(BREAK, joint);
            (self.judge)(key, &plain(&joined))
        });
        let Some(new) = new else { return self.out.push_str(shown) };
        let width = shown.chars().filter(|char| *char != BREAK).count();
        let new = fitted(&new, width, shown.starts_with('"'));
        if new.chars().count() != width {
            self.stretched = self.stretched.saturating_add(1);
        }
        // A name can be read on in the next line; an address must not be torn apart.
        if !new.contains(FILL) && new.contains(['.', ':']) {
            let breaks = shown.chars().filter(|char| *char == BREAK);
            return self.out.extend(new.chars().chain(breaks));
        }
        let mut left = new.chars();
        for char in shown.chars() {
            if char == BREAK { self.out.push(BREAK) } else { self.out.extend(left.next()) }
        }
        self.out.extend(left);
    }
}

/// A value as it is meant.
fn plain(shown: &str) -> String {
    match shown.strip_prefix('"') {
        Some(inside) => unquoted(inside.strip_suffix('"').unwrap_or(inside)),
        None => shown.to_owned(),
    }
}

/// A stand-in as it is shown, as wide as what it stands for if it can be: `name7` becomes `name7__`,
/// or `n7` where there is less room.
fn fitted(new: &str, width: usize, was_quoted: bool) -> String {
    let quotes = if was_quoted { 2 } else { 0 };
    let room = width.saturating_sub(quotes);
    let short = new.strip_prefix("name").map(|number| format!("n{number}"));
    let new = match &short {
        Some(short) if new.chars().count() > room => short.as_str(),
        _ => new,
    };
    let missing = room.saturating_sub(new.chars().count());
    let is_name = new.starts_with(|char: char| char.is_ascii_alphabetic())
        && new.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fill = if is_name { missing } else { 0 };
    let new: String = new.chars().chain(std::iter::repeat_n(FILL, fill)).collect();
    if was_quoted { quoted(&new) } else { new }
}

fn is_key(text: &str) -> bool {
    let own = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with(|char: char| char.is_ascii_lowercase()) && text.bytes().all(own)
}

/// The key that `text` begins with, if it begins with a field.
fn key_of(text: &str) -> Option<&str> {
    // No further than the key goes: this is asked at each blank of a long text.
    let own = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let length = text.bytes().take_while(own).count();
    let key = text.get(..length).filter(|key| is_key(key))?;
    text.get(length..)?.starts_with('=').then_some(key)
}

/// A comment goes on until a line begins with a field.
fn end_of_comment(text: &str) -> usize {
    let mut breaks = text.match_indices(BREAK);
    let is_end = |at: &usize| key_of(text.get(at + 1..).unwrap_or_default()).is_some();
    breaks.by_ref().map(|(at, _)| at).find(is_end).unwrap_or(text.len())
}

/// A value goes on until the next field, whatever is between. It begins at once or is empty.
fn end_of_value(text: &str) -> usize {
    let (mut is_quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if is_quoted => escaped = true,
            '"' => is_quoted = !is_quoted,
            ' ' | BREAK if !is_quoted => {
                let rest = text.get(at + 1..).unwrap_or_default();
                if key_of(rest.trim_start()).is_some() {
                    let blanks = rest.len().saturating_sub(rest.trim_start().len());
                    return at.saturating_add(1).saturating_add(blanks);
                }
            }
            _ => {}
        }
    }
    text.len()
}
