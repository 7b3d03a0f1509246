//! Request bodies: one flat JSON object, read the way RouterOS reads it.
//! Promises: total on any text, and bounded by it. Knows nothing of properties.

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A string, number or boolean, as text.
    One(String),
    /// A list of such.
    Many(Vec<String>),
}

/// The object's fields in their order; `None` if the text is anything else. An empty body is an
/// empty object.
pub(super) fn parse(body: &[u8]) -> Option<Vec<(String, Field)>> {
    let mut parser = Parser { rest: std::str::from_utf8(body).ok()? };
    parser.skip_space();
    if parser.rest.is_empty() {
        return Some(Vec::new());
    }
    let fields = parser.object()?;
    parser.skip_space();
    parser.rest.is_empty().then_some(fields)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes `wanted` if it comes next, after white space.
    fn take(&mut self, wanted: char) -> Option<()> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    fn object(&mut self) -> Option<Vec<(String, Field)>> {
        self.take('{')?;
        let mut fields = Vec::new();
        if self.take('}').is_some() {
            return Some(fields);
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.take(':')?;
            fields.push((key, self.field()?));
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(fields);
            }
        }
    }

    fn field(&mut self) -> Option<Field> {
        if self.take('[').is_none() {
            return self.scalar().map(Field::One);
        }
        let mut values = Vec::new();
        if self.take(']').is_some() {
            return Some(Field::Many(values));
        }
        loop {
            values.push(self.scalar()?);
            if self.take(',').is_none() {
                self.take(']')?;
                return Some(Field::Many(values));
            }
        }
    }

    fn scalar(&mut self) -> Option<String> {
        self.skip_space();
        if self.rest.starts_with('"') {
            return self.string();
        }
        let end = self.rest.find([',', '}', ']', ' ', '\t', '\r', '\n']);
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        match word {
            "true" | "false" => Some(word.to_owned()),
            number => whole_number(number),
        }
    }

    fn string(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        loop {
            let mut letters = self.rest.chars();
            let letter = letters.next()?;
            self.rest = letters.as_str();
            match letter {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                control if u32::from(control) < 0x20 => return None,
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        match letter {
            '"' | '\\' | '/' => Some(letter),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'u' => {
                let (digits, rest) = self.rest.split_at_checked(4)?;
                self.rest = rest;
                // Halves of a surrogate pair are not supported; nothing here needs them.
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }
            _ => None,
        }
    }
}

/// RouterOS reads a leading zero as octal and `0x` as hexadecimal, and refuses exponents.
fn whole_number(word: &str) -> Option<String> {
    let (sign, digits) = word.strip_prefix('-').map_or(("", word), |digits| ("-", digits));
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        u64::from_str_radix(hex, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        u64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    number.ok().map(|number| format!("{sign}{number}"))
}

#[cfg(test)]
mod tests {
    use super::{Field, parse};

    fn one(body: &str) -> Option<String> {
        match parse(body.as_bytes())?.pop()? {
            (_, Field::One(value)) => Some(value),
            (_, Field::Many(_)) => None,
        }
    }

    #[test]
    fn strings_numbers_and_booleans_are_read_as_text() {
        assert_eq!(one(r#"{"a":"x\"\\A"}"#).as_deref(), Some("x\"\\A"));
        assert_eq!(one(r#" { "a" : 450000000 } "#).as_deref(), Some("450000000"));
        assert_eq!(one(r#"{"a":true}"#).as_deref(), Some("true"));
        assert_eq!(one(r#"{"a":-44}"#).as_deref(), Some("-44"));
    }

    #[test]
    fn leading_zeros_are_octal_and_exponents_are_refused() {
        assert_eq!(one(r#"{"a":010}"#).as_deref(), Some("8"));
        assert_eq!(one(r#"{"a":0x10}"#).as_deref(), Some("16"));
        assert_eq!(one(r#"{"a":5e8}"#), None);
    }

    #[test]
    fn lists_are_read_and_an_empty_body_is_an_empty_object() {
        let list = Field::Many(vec!["x".to_owned(), "2".to_owned()]);
        assert_eq!(parse(br#"{"a":["x",2]}"#), Some(vec![("a".to_owned(), list)]));
        assert_eq!(parse(b" \n"), Some(Vec::new()));
        assert_eq!(parse(b"{}"), Some(Vec::new()));
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [
            "x",
            "[]",
            "{",
            "{\"a\"",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,}",
            "{\"a\":1}}",
            "{\"a\":null}",
            "{\"a\":\"",
            "{\"a\":\"\\u12",
            "{\"a\":{}}",
            "{\"a\":[1",
            "{\"a\":08}",
        ] {
            assert_eq!(parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(parse(b"\xff"), None);
    }
}
