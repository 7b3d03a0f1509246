//! Answers that are not quite RouterOS's: what another release, or a careless simulator, might send.
//! Promises: only rendered answers change, never the router itself; what a mutation does not concern
//! stays as it is.
//! Knows nothing of menus: it works on the text.

/// One change of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// This key has another name.
    Renamed(&'static str),
    /// This key is left out.
    Missing(&'static str),
    /// There is a key more.
    Extra,
    /// The value of this key is not in quotes (REST).
    Unquoted(&'static str),
    /// The value of this key has another unit behind it.
    OtherUnit(&'static str),
    /// The value of this key has no unit (console).
    NoUnit(&'static str),
    /// `true` is `yes` and the other way round.
    OtherFlags,
    /// One record instead of a list of one, and the other way round (REST).
    OtherForm,
    /// Errors come with another status (REST).
    OtherStatus,
    /// The number in the body of an error is not the status (REST).
    OtherNumber,
    /// The number in the body of an error is in quotes (REST).
    QuotedNumber,
    /// Errors have no message (REST).
    NoMessage,
    /// The first two keys have changed places.
    OtherOrder,
    /// The flags stand one column too far to the left (console).
    MovedFlags,
    /// Nothing explains the flags (console).
    NoLegend,
    /// Lines end in LF alone (console).
    UnixLines,
    /// Long lines are not wrapped (console).
    Unwrapped,
    /// Wrapped lines are indented less (console).
    Outdented,
    /// Errors have other words (console).
    OtherError,
}

impl Mutation {
    /// Status and body of an answer over REST, changed.
    pub(super) fn of_rest(self, status: u16, body: &str) -> (u16, String) {
        let body = match self {
            Self::Renamed(key) => {
                with_fields(body, key, |value| format!("\"{key}-x\":\"{value}\""))
            }
            Self::Missing(key) => with_fields(body, key, |_| String::new()),
            Self::Unquoted(key) => with_fields(body, key, |value| format!("\"{key}\":{value}")),
            Self::OtherUnit(key) => {
                with_fields(body, key, |value| format!("\"{key}\":\"{value}bps\""))
            }
            Self::Extra => body.replace("\"name\":", "\"new-key\":\"1\",\"name\":"),
            Self::OtherFlags => {
                body.replace(":\"true\"", ":\"yes\"").replace(":\"false\"", ":\"no\"")
            }
            Self::OtherForm if status == 200 => other_form(body),
            Self::OtherStatus if status >= 400 => {
                return (503, body.replace(&format!(":{status}"), ":503"));
            }
            Self::OtherNumber => body.replace(&format!("\"error\":{status}"), "\"error\":999"),
            Self::QuotedNumber => {
                body.replace(&format!("\"error\":{status}"), &format!("\"error\":\"{status}\""))
            }
            Self::NoMessage => with_fields(body, "message", |_| String::new()),
            Self::OtherOrder => swapped(body, ",", "{"),
            Self::OtherForm
            | Self::OtherStatus
            | Self::NoUnit(_)
            | Self::MovedFlags
            | Self::NoLegend
            | Self::UnixLines
            | Self::Unwrapped
            | Self::Outdented
            | Self::OtherError => body.to_owned(),
        };
        (status, body)
    }

    /// What the console printed, changed.
    pub(super) fn of_console(self, text: &str) -> String {
        match self {
            Self::Renamed(key) => {
                with_words(text, key, |word| word.replacen(key, &format!("{key}-x"), 1))
            }
            Self::Missing(key) => with_words(text, key, |_| String::new()),
            Self::OtherUnit(key) => with_words(text, key, |word| format!("{word}bps")),
            Self::NoUnit(key) => with_words(text, key, |word| {
                word.trim_end_matches(|char: char| char.is_alphabetic() || char == '%').to_owned()
            }),
            Self::Extra => text
                .replace("  name: ", "  new-key: 1\r\n  name: ")
                .replace(" parent=", " new-key=1 parent="),
            Self::OtherFlags => text.replace("=yes", "=true").replace("=no", "=false"),
            Self::OtherOrder if text.contains(": ") && !text.contains('=') => {
                swapped(text, "\r\n", "")
            }
            Self::OtherOrder => match text.split_once("name=") {
                Some((lead, rest)) => {
                    format!("{lead}{}", swapped(&format!("name={rest}"), " ", ""))
                }
                None => text.to_owned(),
            },
            Self::MovedFlags => by_line(text, |line| {
                let is_record = line.starts_with(|char: char| char.is_ascii_digit());
                if is_record { line.replacen("  ", " ", 1) } else { line.to_owned() }
            }),
            Self::NoLegend => {
                text.split_inclusive('\n').filter(|line| !line.starts_with("Flags: ")).collect()
            }
            Self::UnixLines => text.replace("\r\n", "\n"),
            Self::Unwrapped => unwrapped(text),
            Self::Outdented => text.replace("\r\n   ", "\r\n  "),
            Self::OtherError if !text.contains(['=', ':']) && !text.is_empty() => {
                format!("error: {text}")
            }
            Self::OtherError
            | Self::Unquoted(_)
            | Self::OtherForm
            | Self::OtherStatus
            | Self::OtherNumber
            | Self::QuotedNumber
            | Self::NoMessage => text.to_owned(),
        }
    }
}

/// Replaces each `"key":"value"`; by nothing: with a comma.
fn with_fields(body: &str, key: &str, edit: impl Fn(&str) -> String) -> String {
    let start = format!("\"{key}\":\"");
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(start.as_str()) {
        let mut escaped = false;
        let end = after.find(|char: char| {
            let ends = char == '"' && !escaped;
            escaped = char == '\\' && !escaped;
            ends
        });
        let (value, tail) = after.split_at(end.unwrap_or(after.len()));
        let edited = edit(value);
        out.push_str(before);
        rest = tail.strip_prefix('"').unwrap_or(tail);
        if edited.is_empty() {
            if let Some(shorter) = out.strip_suffix(',') {
                out.truncate(shorter.len());
            } else {
                rest = rest.strip_prefix(',').unwrap_or(rest);
            }
        }
        out.push_str(&edited);
    }
    out + rest
}

/// Replaces each `key=value`, and each `key: value`.
fn with_words(text: &str, key: &str, edit: impl Fn(&str) -> String) -> String {
    let (pair, word) = (format!("{key}: "), format!("{key}="));
    let edited = |line: &str| {
        if line.trim_start().starts_with(&pair) {
            return edit(line.trim_end());
        }
        let words = line.split(' ');
        let words: Vec<String> = words
            .map(|own| if own.starts_with(&word) { edit(own) } else { own.to_owned() })
            .collect();
        words.join(" ")
    };
    by_line(text, edited)
}

/// Replaces each line, without its end; the ends stay.
fn by_line(text: &str, edit: impl Fn(&str) -> String) -> String {
    text.split("\r\n").map(edit).collect::<Vec<_>>().join("\r\n")
}

/// Joins wrapped lines. A comment keeps its line.
fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    let mut comment = false;
    for line in text.split_inclusive("\r\n") {
        if line.starts_with("   ") && line.contains('=') && !comment {
            out.truncate(out.trim_end().len());
            out.push(' ');
            out.push_str(line.trim_start_matches(' '));
        } else {
            out.push_str(line);
        }
        comment = line.contains(";;;");
    }
    out
}

fn other_form(body: &str) -> String {
    match body.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(inside) if !inside.contains("},{") && !inside.is_empty() => inside.to_owned(),
        Some(_) => body.to_owned(),
        None => format!("[{body}]"),
    }
}

/// Lets the first two parts behind `start` change places.
fn swapped(text: &str, between: &str, start: &str) -> String {
    let parts = text.split_once(start).and_then(|(before, after)| {
        let (first, rest) = after.split_once(between)?;
        let (second, rest) = rest.split_once(between)?;
        Some(format!("{before}{start}{second}{between}{first}{between}{rest}"))
    });
    parts.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Mutation;

    const RECORD: &str = r#"[{".id":"*1","disabled":"false","max-limit":"5","name":"a\"b"}]"#;

    #[test]
    fn each_mutation_of_rest_changes_what_it_says() {
        let rest = |mutation: Mutation, body: &str| mutation.of_rest(200, body).1;
        for (mutation, from, to) in [
            (Mutation::Renamed("max-limit"), "max-limit", "max-limit-x"),
            (Mutation::Missing("max-limit"), r#","max-limit":"5""#, ""),
            (Mutation::Missing(".id"), r#"".id":"*1","#, ""),
            (Mutation::Missing("name"), r#","name":"a\"b""#, ""),
            (Mutation::Unquoted("max-limit"), "\"5\"", "5"),
            (Mutation::OtherUnit("max-limit"), "\"5\"", "\"5bps\""),
            (Mutation::OtherFlags, "false", "no"),
            (Mutation::Extra, "\"name\"", "\"new-key\":\"1\",\"name\""),
        ] {
            assert_eq!(rest(mutation, RECORD), RECORD.replacen(from, to, 1), "{mutation:?}");
        }
        assert_eq!(rest(Mutation::OtherForm, RECORD), RECORD.trim_matches(['[', ']']));
        let order = rest(Mutation::OtherOrder, RECORD);
        assert!(order.starts_with(r#"[{"disabled":"false",".id":"*1","max"#), "{order}");
        let error = r#"{"error":400,"message":"Bad Request"}"#;
        let refusal = |mutation: Mutation| mutation.of_rest(400, error);
        let status = (503, error.replace("400", "503"));
        assert_eq!(refusal(Mutation::OtherStatus), status);
        assert_eq!(refusal(Mutation::OtherNumber).1, error.replace("400", "999"));
        assert_eq!(refusal(Mutation::QuotedNumber).1, error.replace("400", "\"400\""));
        assert_eq!(refusal(Mutation::NoMessage).1, r#"{"error":400}"#);
    }

    #[test]
    fn each_mutation_of_the_console_changes_what_it_says() {
        let text = "Flags: I - INVALID\r\n2  I name=\"x\" parent=a max-limit=5M\r\n     nat=no\r\n";
        for (mutation, from, to) in [
            (Mutation::Renamed("max-limit"), "max-limit", "max-limit-x"),
            (Mutation::Missing("max-limit"), "max-limit=5M", ""),
            (Mutation::OtherUnit("max-limit"), "5M", "5Mbps"),
            (Mutation::NoUnit("max-limit"), "5M", "5"),
            (Mutation::OtherFlags, "=no", "=false"),
            (Mutation::Extra, "parent", "new-key=1 parent"),
            (Mutation::MovedFlags, "2  I", "2 I"),
            (Mutation::NoLegend, "Flags: I - INVALID\r\n", ""),
            (Mutation::Unwrapped, "\r\n     nat", " nat"),
            (Mutation::Outdented, "     nat", "    nat"),
        ] {
            assert_eq!(mutation.of_console(text), text.replacen(from, to, 1), "{mutation:?}");
        }
        assert!(!Mutation::UnixLines.of_console(text).contains('\r'));
        let pairs = "  uptime: 5s  \r\n    load: 3%  \r\n\r\n";
        assert_eq!(
            Mutation::NoUnit("load").of_console(pairs),
            "  uptime: 5s  \r\n    load: 3\r\n\r\n"
        );
        assert!(Mutation::OtherOrder.of_console(pairs).starts_with("    load: 3%  \r\n  uptime"));
        let plain = "0  name=\"x\" parent=a max-limit=5M\r\n";
        assert!(Mutation::OtherOrder.of_console(plain).starts_with("0  parent=a name=\"x\" max"));
        assert_eq!(Mutation::OtherError.of_console("no such item\r\n"), "error: no such item\r\n");
        assert_eq!(Mutation::OtherError.of_console(pairs), pairs);
    }
}
