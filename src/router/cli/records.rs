//! Output of `print detail`: records of `key=value`, wrapped at 80 columns.
//! Promises: flags, comments and values with blanks or escapes are read as the console means them;
//! nothing inside a value passes for a key.
//! Knows nothing of which keys there are.

use super::{lines::lines, quoting::unquoted};

/// Longest row that is read, in bytes: a queue's is about 300.
const ROW_MAX: usize = 16 * 1024;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its place in the table, as printed.
    pub(super) place: String,
    /// The words of its flags in lower case, such as `disabled`.
    pub(super) flags: Vec<String>,
    fields: Vec<(String, String)>,
}

impl Record {
    /// The value of `key`. A key that stands twice with two values has none that can be trusted.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(own, _)| own == key).map(|(_, value)| value);
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// All keys with their values, in their order.
    pub(super) fn into_fields(self) -> Vec<(String, String)> {
        self.fields
    }

    /// Whether a flag is set.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }
}

/// The records in `output`.
pub(super) fn records(output: &str) -> Vec<Record> {
    let mut legend = Legend::default();
    let mut rows: Vec<Row> = Vec::new();
    let mut open = false;
    for line in lines(output) {
        if let Some(flags) = line.strip_prefix("Flags: ") {
            legend = Legend::read(flags);
            open = false;
        } else if let Some(row) = Row::begin(line) {
            rows.push(row);
            open = true;
        } else if line.starts_with(' ') && open {
            if let Some(row) = rows.last_mut() {
                row.add(line.trim_start());
            }
        } else {
            open = false;
        }
    }
    rows.iter().map(|row| row.record(&legend)).collect()
}

/// A record's lines, joined.
struct Row {
    place: String,
    letters: String,
    text: String,
}

impl Row {
    /// A line such as ` 0 XI name="x" …` or `4  ;;; comment`.
    fn begin(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let (place, rest) = line.split_once(' ')?;
        if place.is_empty() || !place.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let rest = rest.trim_start();
        let is_flag = |char: char| char.is_ascii_uppercase() || char == '*';
        let (letters, rest) = match rest.split_once(' ') {
            Some((word, rest)) if word.chars().all(is_flag) => (word, rest.trim_start()),
            Some(_) | None => ("", rest),
        };
        let is_record = rest.starts_with(";;;") || key_of(rest).is_some();
        let mut row =
            Self { place: place.to_owned(), letters: letters.to_owned(), text: String::new() };
        row.add(rest);
        is_record.then_some(row)
    }

    /// Adds a line. A comment stands on lines of its own, before the first property.
    fn add(&mut self, line: &str) {
        let is_comment = self.text.is_empty() && key_of(line).is_none();
        if is_comment || self.text.len().saturating_add(line.len()) > ROW_MAX {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(line);
    }

    fn record(&self, legend: &Legend) -> Record {
        let flags = self.letters.chars().filter_map(|letter| legend.word(letter)).collect();
        Record { place: self.place.clone(), flags, fields: fields(&self.text) }
    }
}

/// What the letters of the flag column mean.
#[derive(Default)]
struct Legend(Vec<(char, String)>);

impl Legend {
    /// Such as `X - disabled, I - INVALID`.
    fn read(text: &str) -> Self {
        let flag = |part: &str| {
            let (letter, word) = part.split_once(" - ")?;
            Some((letter.trim().chars().next()?, word.trim().to_ascii_lowercase()))
        };
        Self(text.split([',', ';']).filter_map(flag).collect())
    }

    fn word(&self, letter: char) -> Option<String> {
        let listed = self.0.iter().find(|(own, _)| *own == letter).map(|(_, word)| word.clone());
        listed.or_else(|| usual(letter).map(str::to_owned))
    }
}

/// The letters that all menus share.
const fn usual(letter: char) -> Option<&'static str> {
    match letter {
        'X' => Some("disabled"),
        'I' => Some("invalid"),
        'D' => Some("dynamic"),
        '*' => Some("default"),
        _ => None,
    }
}

/// The key that `text` begins with, if it begins with a field.
fn key_of(text: &str) -> Option<&str> {
    // No further than the key goes: this is asked at each word of a long row.
    let is_key = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let length = text.bytes().take_while(is_key).count();
    let (key, rest) = text.split_at_checked(length)?;
    (!key.is_empty() && rest.starts_with('=')).then_some(key)
}

/// The fields of a row; words that are no fields are left out.
fn fields(mut text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    loop {
        text = text.trim_start();
        let Some(key) = key_of(text) else {
            match text.split_once(' ') {
                Some((_, rest)) => text = rest,
                None => return fields,
            }
            continue;
        };
        let after = text.get(key.len().saturating_add(1)..).unwrap_or_default();
        let (value, rest) = value_of(after);
        fields.push((key.to_owned(), value));
        text = rest;
    }
}

/// A value and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(' ').unwrap_or((text, ""));
        return (value.to_owned(), rest);
    };
    let mut escaped = false;
    for (place, char) in inside.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (value, rest) = inside.split_at(place);
                return (unquoted(value), rest.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (unquoted(inside), "")
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn wrapped_lines_are_joined_and_the_index_is_kept() {
        let output = "2  name=\"A B\" parent=lte1 limit-at=0\r\n   queue=x max-limit=5M\r\n\r\n";
        let records = records(output);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].place, "2");
        assert_eq!(records[0].value("name"), Some("A B"));
        assert_eq!(records[0].value("max-limit"), Some("5M"));
        assert_eq!(records[0].value("limit"), None);
    }

    #[test]
    fn flags_old_and_new_are_read_by_their_legend() {
        let new = "Flags: I - INVALID\r\n2  I name=\"a\" max-limit=5M\r\n     bucket-size=0.1\r\n";
        assert!(records(new)[0].has("invalid"));
        let old = "Flags: X - disabled, I - invalid, D - dynamic \r\n 0 XD  name=\"a\" \r\n\r\n 1   name=\"b\" \r\n";
        let old = records(old);
        assert_eq!(old.len(), 2);
        assert!(old[0].has("disabled") && old[0].has("dynamic") && !old[0].has("invalid"));
        assert!(old[1].flags.is_empty());
        assert!(records("0 X name=a")[0].has("disabled"), "without a legend");
    }

    #[test]
    fn a_comment_is_no_field_whatever_it_says() {
        let output = "4  ;;; max-limit=1 name=\"x\"\r\n   chain=prerouting action=accept\r\n";
        let records = records(output);
        assert_eq!(records[0].value("chain"), Some("prerouting"));
        assert_eq!(records[0].value("max-limit"), None);
    }

    #[test]
    fn nothing_inside_a_value_passes_for_a_key() {
        let output = "0  name=\"a max-limit=9 \\\"b\" queued-packets=7 packets=1\r\n";
        let records = records(output);
        assert_eq!(records[0].value("name"), Some("a max-limit=9 \"b"));
        assert_eq!(records[0].value("max-limit"), None);
        assert_eq!(records[0].value("packets"), Some("1"));
    }

    #[test]
    fn a_key_with_two_values_has_none() {
        assert_eq!(records("0  name=a name=b")[0].value("name"), None);
        assert_eq!(records("0  name=a name=a")[0].value("name"), Some("a"));
    }

    #[test]
    fn other_lines_are_no_records() {
        assert!(records("exact max-limit: 5\r\n").is_empty());
        assert!(records("   continuation=of nothing").is_empty());
        assert!(records("12 monkeys").is_empty());
        assert!(records("").is_empty());
    }
}
