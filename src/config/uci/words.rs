//! The words of one line of UCI.
//! Promises: every line is read to words, to a fault, or to the words before a fault.
//! Must not know what the words mean.

use crate::config::what::Syntax;

/// Syntax a line is made of.
pub(super) struct Line {
    /// The words up to the end, a comment or the fault.
    pub(super) words: Vec<String>,
    /// Why the line could not be read to its end.
    pub(super) fault: Option<Syntax>,
}

/// Takes a line apart.
pub(super) fn words(line: &str) -> Line {
    let mut scanner = Scanner { rest: line.chars().peekable(), words: Vec::new() };
    let fault = scanner.line().err();
    Line { words: scanner.words, fault }
}

struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    words: Vec<String>,
}

impl Scanner<'_> {
    fn line(&mut self) -> Result<(), Syntax> {
        loop {
            while self.rest.next_if(char::is_ascii_whitespace).is_some() {}
            if self.rest.peek().is_none_or(|c| *c == '#') {
                return Ok(());
            }
            let word = self.word()?;
            self.words.push(word);
        }
    }

    /// One word, up to a blank outside of quotes.
    fn word(&mut self) -> Result<String, Syntax> {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|c| !c.is_ascii_whitespace()) {
            match c {
                '\'' => self.literal(&mut word)?,
                '"' => self.quoted(&mut word)?,
                '\\' => word.push(self.escaped()?),
                '#' | ';' => return Err(Syntax::NeedsQuotes(c)),
                plain => word.push(plain),
            }
        }
        Ok(word)
    }

    /// Up to the next single quote.
    fn literal(&mut self, word: &mut String) -> Result<(), Syntax> {
        loop {
            match self.rest.next().ok_or(Syntax::UnclosedQuote('\''))? {
                '\'' => return Ok(()),
                plain => word.push(plain),
            }
        }
    }

    /// Up to the next double quote that has no backslash before it.
    fn quoted(&mut self, word: &mut String) -> Result<(), Syntax> {
        loop {
            match self.rest.next().ok_or(Syntax::UnclosedQuote('"'))? {
                '"' => return Ok(()),
                '\\' => word.push(self.escaped()?),
                plain => word.push(plain),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Syntax> {
        self.rest.next().ok_or(Syntax::OpenBackslash)
    }
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::config::what::Syntax;

    #[test]
    fn a_word_is_quoted_in_any_mixture() {
        let cases: [(&str, &[&str]); 14] = [
            ("", &[]),
            (" \t ", &[]),
            ("# a comment", &[]),
            ("option a b", &["option", "a", "b"]),
            ("\toption  a\tb # c", &["option", "a", "b"]),
            ("option a 'b c'", &["option", "a", "b c"]),
            ("option a \"b c\"", &["option", "a", "b c"]),
            ("option a 'b # ; \\ \" c'", &["option", "a", "b # ; \\ \" c"]),
            ("option a \"b \\\" \\\\ ' # ; c\"", &["option", "a", "b \" \\ ' # ; c"]),
            ("option a 'it'\\''s'", &["option", "a", "it's"]),
            ("option a b'c'\"d\"e", &["option", "a", "bcde"]),
            ("option a b\\ c\\#\\;", &["option", "a", "b c#;"]),
            ("option a ''", &["option", "a", ""]),
            ("'option' \"a\" Łódź", &["option", "a", "Łódź"]),
        ];
        for (line, expected) in cases {
            let line = words(line);
            assert_eq!(line.words, expected);
            assert_eq!(line.fault, None);
        }
    }

    #[test]
    fn a_fault_keeps_the_words_before_it() {
        let cases: [(&str, Syntax, &[&str]); 6] = [
            ("option a 'b", Syntax::UnclosedQuote('\''), &["option", "a"]),
            ("option a \"b'", Syntax::UnclosedQuote('"'), &["option", "a"]),
            ("option a b\\", Syntax::OpenBackslash, &["option", "a"]),
            ("option a \"b\\", Syntax::OpenBackslash, &["option", "a"]),
            ("option a b#c", Syntax::NeedsQuotes('#'), &["option", "a"]),
            ("option a b; option c d", Syntax::NeedsQuotes(';'), &["option", "a"]),
        ];
        for (line, fault, expected) in cases {
            let line = words(line);
            assert_eq!(line.words, expected);
            assert_eq!(line.fault, Some(fault));
        }
    }
}
