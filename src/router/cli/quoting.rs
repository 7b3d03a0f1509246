//! Strings of the console's language, in both directions.
//! Promises: what was quoted is one string for the console, whatever is in it: nothing is
//! evaluated; what the console quoted is read back to the same text.
//! Knows nothing of commands.
//!
//! Source: RouterOS manual, Scripting, "Constant Escape Sequences".

/// `text` as a string constant. A dollar sign would begin a variable or a command, a question mark
/// the console's help.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\' | '$' | '?') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// The text of a string constant's inside. An escape that does not exist stands for itself. Bytes
/// that are no UTF-8 become replacement characters.
pub fn unquoted(inside: &str) -> String {
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (meant, tail) = escaped(tail);
        bytes.push(meant);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that an escape stands for, and what follows it.
fn escaped(after: &[u8]) -> (u8, &[u8]) {
    let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if let [high, low, tail @ ..] = after
        && let (Some(high), Some(low)) = (hex(high), hex(low))
    {
        return (high << 4 | low, tail);
    }
    match after {
        [b'n', tail @ ..] => (b'\n', tail),
        [b'r', tail @ ..] => (b'\r', tail),
        [b't', tail @ ..] => (b'\t', tail),
        [b'_', tail @ ..] => (b' ', tail),
        [other, tail @ ..] => (*other, tail),
        [] => (b'\\', &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, unquoted};

    #[test]
    fn nothing_in_a_name_is_evaluated() {
        assert_eq!(quoted("WAN-Download"), r#""WAN-Download""#);
        assert_eq!(quoted("a $b [/system/reboot]"), r#""a \$b [/system/reboot]""#);
        assert_eq!(quoted(r#"a"b\c?"#), r#""a\"b\\c\?""#);
    }

    #[test]
    fn what_was_quoted_is_read_back() {
        for name in ["WAN", "a b", r#"x"y\z$?"#, "Büro", r"\41", ""] {
            let quoted = quoted(name);
            let inside = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            assert_eq!(unquoted(inside), name);
        }
    }

    #[test]
    fn escapes_of_the_console_are_understood() {
        assert_eq!(unquoted(r"B\C3\BCro"), "Büro");
        assert_eq!(unquoted(r"a\_b\tc\nd\re"), "a b\tc\nd\re");
        assert_eq!(unquoted(r"\FC"), "\u{fffd}");
        assert_eq!(unquoted("end\\"), "end\\");
    }
}
