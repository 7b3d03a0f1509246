//! Records of a JSON answer with the form of each value.
//! Promises: constant stack, whatever is nested how deeply; memory in proportion to the answer.
//! Knows nothing of which keys there are.
//!
//! The decoder of `rest` takes only what it expects and passes over the rest unseen. Here the rest
//! is what matters.

use super::shape::Form;

/// A value as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// In quotes; escapes are left as they are.
    Text(&'a str),
    Number(&'a str),
    /// Anything else.
    Bare,
}

/// Keys and values in their order.
pub(super) type Record<'a> = Vec<(&'a str, Value<'a>)>;

/// The records of an answer; `None` if it is not one record or a list of them.
pub(super) fn records(text: &str) -> Option<(Form, Vec<Record<'_>>)> {
    let mut scanner = Scanner { rest: text };
    let answer = if scanner.take('[').is_some() {
        (Form::List, scanner.separated(']', Scanner::record)?)
    } else {
        (Form::Record, vec![scanner.record()?])
    };
    scanner.skip_space();
    scanner.rest.is_empty().then_some(answer)
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes `wanted` if it comes next, after white space.
    fn take(&mut self, wanted: char) -> Option<()> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// What stands between commas, up to `end`.
    fn separated<T>(&mut self, end: char, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        if self.take(end).is_some() {
            return Some(all);
        }
        loop {
            all.push(one(self)?);
            if self.take(',').is_none() {
                self.take(end)?;
                return Some(all);
            }
        }
    }

    fn record(&mut self) -> Option<Record<'a>> {
        self.take('{')?;
        self.separated('}', |scanner| {
            scanner.skip_space();
            let key = scanner.text()?;
            scanner.take(':')?;
            Some((key, scanner.value()?))
        })
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.skip_space();
        match self.rest.chars().next()? {
            '"' => self.text().map(Value::Text),
            '{' | '[' => self.nested().map(|()| Value::Bare),
            _ => {
                let end = self.rest.find([',', '}', ']', ' ', '\t', '\r', '\n']);
                let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                let is_number = word.starts_with(|char: char| char == '-' || char.is_ascii_digit());
                match word {
                    number if is_number => Some(Value::Number(number)),
                    "true" | "false" | "null" => Some(Value::Bare),
                    _ => None,
                }
            }
        }
    }

    /// A string, without its quotes.
    fn text(&mut self) -> Option<&'a str> {
        let inside = self.rest.strip_prefix('"')?;
        let mut escaped = false;
        let end = inside.find(|char: char| {
            let is_end = char == '"' && !escaped;
            escaped = char == '\\' && !escaped;
            is_end
        })?;
        self.rest = inside.get(end.saturating_add(1)..)?;
        inside.get(..end)
    }

    /// Passes over an object or a list; that its brackets are of the right kind does not matter.
    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let place = self.rest.find(['"', '{', '[', '}', ']'])?;
            self.rest = self.rest.get(place..)?;
            if self.rest.starts_with('"') {
                self.text()?;
                continue;
            }
            let opens = self.rest.starts_with(['{', '[']);
            self.rest = self.rest.get(1..)?;
            depth = if opens { depth.saturating_add(1) } else { depth.saturating_sub(1) };
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Form,
        Value::{Bare, Number, Text},
        records,
    };

    #[test]
    fn values_are_told_apart_by_their_form() {
        let body = r#" { ".id":"*1", "error" : 401 , "x":{"a":[1,"]}"]},"y":null,"z":"a\"b" } "#;
        let (form, found) = records(body).unwrap();
        assert_eq!(form, Form::Record);
        let expected = [
            (".id", Text("*1")),
            ("error", Number("401")),
            ("x", Bare),
            ("y", Bare),
            ("z", Text(r#"a\"b"#)),
        ];
        assert_eq!(found, [expected.to_vec()]);
    }

    #[test]
    fn lists_of_any_length_and_depth_are_read() {
        assert_eq!(records("[]"), Some((Form::List, vec![])));
        assert_eq!(records("[{},{}]").unwrap().1.len(), 2);
        let depth = 100_000;
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(records(&deep).unwrap().1, [vec![("a", Bare)]]);
    }

    #[test]
    fn anything_else_is_not_read() {
        for text in [
            "",
            "x",
            "<html>",
            "[",
            "[{]",
            "[{},]",
            "[1]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":x}",
            "{\"a\":\"b}",
            "{\"a\":[}",
            "{} {}",
            "[]]",
            "{\"a\":\"b\\\"}",
        ] {
            assert_eq!(records(text), None, "{text}");
        }
    }
}
