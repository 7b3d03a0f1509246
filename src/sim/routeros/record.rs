//! Records as RouterOS shows them, and the one place that writes them as JSON.
//! Promises: every value leaves as a string, keys are sorted, absent stays absent.
//! Knows nothing of menus.

use std::fmt::Write as _;

/// One record: keys with their values, sorted by key (`.id` comes first that way).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Record(Vec<(&'static str, String)>);

impl Record {
    pub(super) fn new(mut fields: Vec<(&'static str, String)>) -> Self {
        fields.sort_by_key(|(key, _)| *key);
        Self(fields)
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// Only the named fields; all of them if no list was given.
    pub(super) fn projected(self, keys: Option<&[String]>) -> Self {
        let Some(keys) = keys else { return self };
        let wanted = |name: &str| keys.iter().any(|key| key == name);
        Self(self.0.into_iter().filter(|(name, _)| wanted(name)).collect())
    }
}

/// The body of an answer that is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// One record.
    One(Record),
    /// A list, possibly empty.
    List(Vec<Record>),
    /// What a command returns.
    Returned(String),
}

/// The body as JSON.
pub(super) fn encode(reply: &Reply) -> String {
    let mut out = String::new();
    match reply {
        Reply::One(record) => encode_record(record, &mut out),
        Reply::List(records) => {
            out.push('[');
            for (position, record) in records.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                encode_record(record, &mut out);
            }
            out.push(']');
        }
        Reply::Returned(value) => {
            out.push_str("{\"ret\":");
            encode_text(value, &mut out);
            out.push('}');
        }
    }
    out
}

/// The body of an error; its `error` is the only number in the whole interface.
pub(super) fn encode_error(status: u16, message: &str, detail: Option<&str>) -> String {
    let mut out = String::from("{");
    if let Some(detail) = detail {
        out.push_str("\"detail\":");
        encode_text(detail, &mut out);
        out.push(',');
    }
    out.push_str("\"error\":");
    out.push_str(&status.to_string());
    out.push_str(",\"message\":");
    encode_text(message, &mut out);
    out.push('}');
    out
}

fn encode_record(record: &Record, out: &mut String) {
    out.push('{');
    for (position, (key, value)) in record.0.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        encode_text(key, out);
        out.push(':');
        encode_text(value, out);
    }
    out.push('}');
}

fn encode_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Record, Reply, encode, encode_error};

    #[test]
    fn a_record_is_written_sorted_and_escaped() {
        let fields = vec![("name", "a\"b\\c\n".to_owned()), (".id", "*1".to_owned())];
        let body = encode(&Reply::One(Record::new(fields)));
        assert_eq!(body, r#"{".id":"*1","name":"a\"b\\c\u000a"}"#);
    }

    #[test]
    fn the_error_number_is_the_only_number() {
        assert_eq!(encode_error(404, "Not Found", None), r#"{"error":404,"message":"Not Found"}"#);
        assert_eq!(encode(&Reply::Returned("2".to_owned())), r#"{"ret":"2"}"#);
        assert_eq!(encode(&Reply::List(Vec::new())), "[]");
    }
}
