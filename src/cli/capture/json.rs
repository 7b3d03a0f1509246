//! A walk through JSON, from which a changed copy comes out.
//! Promises: what is not changed is copied byte by byte; nesting is bounded; what is not JSON is
//! refused as a whole.
//! Knows nothing of what the values mean.

use std::{fmt::Write as _, iter::Peekable, str::CharIndices};

/// Deepest nesting. RouterOS sends 2.
const DEPTH_MAX: usize = 8;

/// Something met on the walk, with the last key before it (empty in none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A key of an object.
    Key(&'a str),
    /// A string under a key.
    Text(&'a str, &'a str),
    /// A number, `true`, `false` or `null` under a key.
    Bare(&'a str, &'a str),
    /// The end of an object.
    End,
}

/// The text is not JSON, or nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Walks through `text`; the copy has what `visit` gives in the place of each piece.
pub(super) fn walk(
    text: &str,
    visit: &mut dyn FnMut(Piece<'_>) -> Option<String>,
) -> Result<String, Malformed> {
    let mut walk = Walk { text, rest: text.char_indices().peekable(), out: String::new(), visit };
    walk.blank();
    walk.value("", 0)?;
    walk.blank();
    match walk.rest.next() {
        None => Ok(walk.out),
        Some(_) => Err(Malformed),
    }
}

/// `text` as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            control if u32::from(control) < 0x20 => {
                // Writing to a `String` does not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

struct Walk<'t, 'v> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    out: String,
    visit: &'v mut dyn FnMut(Piece<'_>) -> Option<String>,
}

impl Walk<'_, '_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, char)| *char)
    }

    fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    /// Copies blanks.
    fn blank(&mut self) {
        while let Some((_, char)) = self.rest.next_if(|(_, char)| " \t\r\n".contains(*char)) {
            self.out.push(char);
        }
    }

    /// Copies this character, which must come now.
    fn expect(&mut self, wanted: char) -> Result<(), Malformed> {
        self.rest.next_if(|(_, char)| *char == wanted).ok_or(Malformed)?;
        self.out.push(wanted);
        self.blank();
        Ok(())
    }

    fn value(&mut self, key: &str, depth: usize) -> Result<(), Malformed> {
        if depth > DEPTH_MAX {
            return Err(Malformed);
        }
        match self.peek().ok_or(Malformed)? {
            '{' => {
                self.items(('{', '}'), |walk| {
                    let key = walk.key()?;
                    walk.expect(':')?;
                    walk.value(&key, depth.saturating_add(1))
                })?;
                (self.visit)(Piece::End);
                Ok(())
            }
            '[' => self.items(('[', ']'), |walk| walk.value(key, depth.saturating_add(1))),
            '"' => {
                let (raw, text) = self.string()?;
                let new = (self.visit)(Piece::Text(key, &text)).map(|new| quoted(&new));
                self.put(raw, new);
                Ok(())
            }
            _ => self.bare(key),
        }
    }

    /// Items with commas between them, in such brackets.
    fn items(
        &mut self,
        (open, close): (char, char),
        mut item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(open)?;
        let mut more = self.peek() != Some(close);
        while more {
            item(self)?;
            self.blank();
            more = self.peek() == Some(',');
            if more {
                self.expect(',')?;
            }
        }
        self.expect(close)
    }

    fn key(&mut self) -> Result<String, Malformed> {
        let (raw, key) = self.string()?;
        let new = (self.visit)(Piece::Key(&key)).map(|new| quoted(&new));
        self.put(raw, new);
        self.blank();
        Ok(key)
    }

    fn bare(&mut self, key: &str) -> Result<(), Malformed> {
        let start = self.at();
        let is_part = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
        while self.rest.next_if(|(_, char)| is_part(*char)).is_some() {}
        let end = self.at();
        let raw = self.text.get(start..end).filter(|raw| !raw.is_empty()).ok_or(Malformed)?;
        let number = raw.starts_with(|char: char| char.is_ascii_digit() || char == '-');
        if !number && !matches!(raw, "true" | "false" | "null") {
            return Err(Malformed);
        }
        let new = (self.visit)(Piece::Bare(key, raw));
        self.put((start, end), new);
        Ok(())
    }

    fn put(&mut self, (start, end): (usize, usize), new: Option<String>) {
        match new {
            Some(new) => self.out.push_str(&new),
            None => self.out.push_str(self.text.get(start..end).unwrap_or_default()),
        }
    }

    /// Where a string stands, and what it says.
    fn string(&mut self) -> Result<((usize, usize), String), Malformed> {
        let start = self.at();
        let mut text = String::new();
        self.rest.next_if(|(_, char)| *char == '"').ok_or(Malformed)?;
        loop {
            match self.rest.next().ok_or(Malformed)?.1 {
                '"' => break,
                '\\' => text.push(self.escape()?),
                char => text.push(char),
            }
        }
        Ok(((start, self.at()), text))
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        Ok(match self.rest.next().ok_or(Malformed)?.1 {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => self.unicode()?,
            char @ ('"' | '\\' | '/') => char,
            _ => return Err(Malformed),
        })
    }

    /// Four hex digits, or a pair of them for what lies beyond 16 bits.
    fn unicode(&mut self) -> Result<char, Malformed> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or(Malformed);
        }
        for wanted in ['\\', 'u'] {
            self.rest.next_if(|(_, char)| *char == wanted).ok_or(Malformed)?;
        }
        let second = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400);
        let both = second.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low);
        both.and_then(char::from_u32).ok_or(Malformed)
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        (0..4).try_fold(0_u32, |value, _| {
            let digit = self.rest.next().and_then(|(_, char)| char.to_digit(16));
            Ok(value << 4 | digit.ok_or(Malformed)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Piece, quoted, walk};

    #[test]
    fn what_is_not_changed_is_copied_byte_by_byte() {
        for text in
            ["[]", "{}", "  [ {\"a\" : \"b\\u00fc\\/\", \"n\":-1.5e3 } ,null]\r\n", "\"x\"", "7"]
        {
            assert_eq!(walk(text, &mut |_| None), Ok(text.to_owned()));
        }
    }

    #[test]
    fn strings_are_met_decoded_under_their_keys() {
        let mut met = Vec::new();
        let text = r#"[{"a":"\u0032\ud83d\ude00\n","b":["x",true]}]"#;
        let copy = walk(text, &mut |piece| {
            met.push(format!("{piece:?}"));
            matches!(piece, Piece::Text("a", _)).then(|| "new \"1\"".to_owned())
        });
        assert_eq!(copy.unwrap(), r#"[{"a":"new \"1\"","b":["x",true]}]"#);
        let wanted = [
            r#"Key("a")"#,
            r#"Text("a", "2😀\n")"#,
            r#"Key("b")"#,
            r#"Text("b", "x")"#,
            r#"Bare("b", "true")"#,
            "End",
        ];
        assert_eq!(met, wanted);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "<html>",
            "[1,]",
            "{\"a\"}",
            "\"a",
            "\"\\q\"",
            "\"\\ud800x\"",
            "[] []",
            "nul",
            &deep,
        ] {
            assert_eq!(walk(text, &mut |_| None), Err(Malformed), "{}", &text[..text.len().min(9)]);
        }
    }

    #[test]
    fn a_quoted_text_is_read_back() {
        let text = "a\"b\\c\u{1}ü";
        let mut met = None;
        let read = walk(&quoted(text), &mut |piece| {
            if let Piece::Text(_, text) = piece {
                met = Some(text.to_owned());
            }
            None
        });
        assert!(read.is_ok());
        assert_eq!(met.as_deref(), Some(text));
    }
}
