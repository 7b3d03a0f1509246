//! The characters of a command line.
//! Promises: total on any text; a place is where the line stops making sense.
//! Knows nothing of commands.
//!
//! Source: RouterOS manual, Scripting, "Constant Escape Sequences".

/// What is wrong, and where in bytes from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: What,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Something that no command has at this place.
    Syntax,
    /// A word that is no command.
    Command(String),
    /// More words than the command takes.
    Surplus,
}

/// Reads a line from left to right.
pub(super) struct Scanner<'a> {
    text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) const fn wrong(&self, what: What) -> Wrong {
        Wrong { at: self.at, what }
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    /// Whether `wanted` comes next; takes it if so.
    pub(super) fn takes(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Takes `wanted`, which must come next.
    pub(super) fn take(&mut self, wanted: &str) -> Result<(), Wrong> {
        if self.takes(wanted) { Ok(()) } else { Err(self.wrong(What::Syntax)) }
    }

    /// The same after blanks.
    pub(super) fn take_after_blanks(&mut self, wanted: &str) -> Result<(), Wrong> {
        self.skip_blanks();
        self.take(wanted)
    }

    /// A word of lower-case letters, digits and hyphens; empty if none comes next.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let other = |char: char| !(char.is_ascii_alphanumeric() || char == '-');
        let word = rest.get(..rest.find(other).unwrap_or(rest.len())).unwrap_or_default();
        self.at += word.len();
        word
    }

    /// A value: a string in quotes, or everything up to a blank or a bracket.
    pub(super) fn value(&mut self) -> Result<String, Wrong> {
        if self.rest().starts_with('"') {
            return self.string();
        }
        let rest = self.rest();
        let end = rest.find([' ', ';', ']', '}', ')', '$', '"']).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong(What::Syntax));
        }
        self.at += end;
        Ok(rest.get(..end).unwrap_or_default().to_owned())
    }

    /// A string in quotes. A bare `$` would begin a variable and a bare `?` the help, of which
    /// there are none here.
    pub(super) fn string(&mut self) -> Result<String, Wrong> {
        self.take("\"")?;
        let mut bytes = Vec::new();
        loop {
            let char = self.rest().chars().next();
            match char {
                Some('"') => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&bytes).into_owned());
                }
                Some('\\') => {
                    self.at += 1;
                    bytes.push(self.escaped()?);
                }
                None | Some('$' | '?' | '\n' | '\r') => return Err(self.wrong(What::Syntax)),
                Some(other) => {
                    self.at += other.len_utf8();
                    bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<u8, Wrong> {
        let rest = self.rest();
        if let Some(code) = rest.get(..2).filter(|code| is_upper_hex(code)) {
            self.at += 2;
            return u8::from_str_radix(code, 16).map_err(|_| self.wrong(What::Syntax));
        }
        let meant = match rest.bytes().next() {
            Some(byte @ (b'"' | b'\\' | b'$' | b'?')) => byte,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'_') => b' ',
            Some(_) | None => return Err(self.wrong(What::Syntax)),
        };
        self.at += 1;
        Ok(meant)
    }
}

fn is_upper_hex(code: &str) -> bool {
    code.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
}
