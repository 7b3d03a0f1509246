//! Answers held against their shapes.
//! Promises: any bytes give a list of differences; the work is in proportion to the answer.
//! Knows nothing of where answers come from.

use super::{
    class::Class,
    difference::{Differences, Fault},
    json::{self, Record, Value},
    layout,
    shape::{Form, Presence, Shape, What},
};
use crate::router::{cli, error::Transport};

/// What was asked for within an answer over REST.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The form that the answer must have.
    pub form: Form,
    /// The keys in `.proplist`; `None`: all.
    pub keys: Option<&'a [&'a str]>,
}

/// Holds an answer over REST that is no error against its shape.
pub fn rest(shape: &Shape, scope: Scope<'_>, status: u16, body: &[u8]) -> Differences {
    let mut differences = Differences::default();
    if status != 200 {
        differences.add("", Fault::OtherStatus { expected: 200, found: status });
        return differences;
    }
    let text = String::from_utf8_lossy(body);
    match json::records(&text) {
        None => differences.add("", Fault::Unreadable),
        Some((form, records)) => {
            if form != scope.form {
                differences.add("", Fault::OtherForm);
            }
            for record in records.iter().filter(|record| shape.is_about(record)) {
                shape.hold(record, scope.keys, &mut differences);
            }
        }
    }
    differences
}

/// Holds an error over REST against the shape of errors.
pub fn refusal_over_rest(expected: u16, status: u16, body: &[u8]) -> Differences {
    let mut differences = Differences::default();
    if status != expected {
        differences.add("", Fault::OtherStatus { expected, found: status });
    }
    let text = String::from_utf8_lossy(body);
    let (Some((Form::Record, records)), Some(shape)) =
        (json::records(&text), Shape::of(Transport::Rest, What::Refusal))
    else {
        differences.add("", Fault::Unreadable);
        return differences;
    };
    for record in &records {
        shape.hold(record, None, &mut differences);
        let number = record.iter().find(|(key, _)| *key == "error").map(|(_, value)| *value);
        if let Some(Value::Number(number)) = number
            && number.parse() != Ok(status)
        {
            differences.add("error", Fault::OtherNumber);
        }
    }
    differences
}

/// Holds what the console printed against its shape. The lines with exact limits that a command of
/// ours adds are passed over; the decoder checks them.
pub fn console(shape: &Shape, keys: Option<&[&str]>, output: &str) -> Differences {
    let mut differences = Differences::default();
    let misprints = if shape.what.is_single() {
        let pairs: Record<'_> = cli::pairs(output).map(as_text).collect();
        shape.hold(&pairs, keys, &mut differences);
        shape.hold_order(&pairs, &mut differences);
        layout::of_pairs(output)
    } else {
        let records = cli::fields_of_records(output);
        for record in &records {
            let own = record.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let record: Record<'_> = own.map(as_text).collect();
            if shape.is_about(&record) {
                shape.hold(&record, keys, &mut differences);
                shape.hold_order(&record, &mut differences);
            }
        }
        layout::of_records(output)
    };
    for misprint in misprints {
        differences.add("", Fault::Layout(misprint));
    }
    differences
}

/// Holds an error of the console against those that are known.
pub fn refusal_over_ssh(output: &str) -> Differences {
    let mut differences = Differences::default();
    if !cli::is_refusal(output) {
        differences.add("", Fault::OtherError);
    }
    if !output.ends_with("\r\n") {
        differences.add("", Fault::Layout(layout::Misprint::LineEnd));
    }
    differences
}

const fn as_text<'a>((key, value): (&'a str, &'a str)) -> (&'a str, Value<'a>) {
    (key, Value::Text(value))
}

impl Shape {
    /// Whether a record is one of those that the shape is of.
    fn is_about(&self, record: &Record<'_>) -> bool {
        let Some((key, value)) = self.only else { return true };
        record.contains(&(key, Value::Text(value)))
    }

    /// Holds one record against the keys, or those of them that were asked for.
    fn hold(&self, record: &Record<'_>, asked: Option<&[&str]>, differences: &mut Differences) {
        for (name, value) in record {
            let fault = match self.key(name) {
                Some((_, key)) => other_class(key.class, *value),
                None if self.known.contains(name) => None,
                None => Some(Fault::New),
            };
            if let Some(fault) = fault {
                differences.add(name, fault);
            }
        }
        let is_asked = |name: &str| asked.is_none_or(|asked| asked.contains(&name));
        for key in self.keys {
            let is_there = record.iter().any(|(name, _)| *name == key.name);
            if key.presence == Presence::Required && is_asked(key.name) && !is_there {
                differences.add(key.name, Fault::Missing);
            }
        }
    }

    /// Looks whether the known keys stand in their order.
    fn hold_order(&self, record: &Record<'_>, differences: &mut Differences) {
        let mut last = 0;
        for (name, _) in record {
            let Some((place, _)) = self.key(name) else { continue };
            if place < last {
                differences.add(name, Fault::OutOfOrder);
            }
            last = last.max(place);
        }
    }
}

/// What is wrong with the class of a value.
fn other_class(expected: Class, value: Value<'_>) -> Option<Fault> {
    let (is_good, found) = match value {
        Value::Text(text) => (expected.admits(text), Class::of(text)),
        Value::Number(_) => (expected == Class::Number, Class::Number),
        Value::Bare => (expected == Class::Bare, Class::Bare),
    };
    (!is_good).then_some(Fault::OtherClass { expected, found })
}

#[cfg(test)]
mod tests {
    use super::{Scope, console, refusal_over_rest, refusal_over_ssh, rest};
    use crate::router::{
        contract::{
            class::{Class, Kind},
            difference::{Difference, Differences, Fault, Grade},
            layout::Misprint,
            shape::{Form, Shape, What},
        },
        error::Transport,
    };

    const ASKED: Scope<'_> =
        Scope { form: Form::List, keys: Some(&[".id", "name", "max-limit", "disabled"]) };

    fn tree(body: &str) -> Vec<Difference> {
        let shape = Shape::of(Transport::Rest, What::QueueTree).unwrap();
        rest(shape, ASKED, 200, body.as_bytes()).iter().cloned().collect()
    }

    fn one(key: &str, fault: Fault) -> Vec<Difference> {
        vec![Difference { key: key.try_into().unwrap(), fault }]
    }

    #[test]
    fn each_difference_of_a_rest_answer_is_named() {
        let good = r#"[{".id":"*1","disabled":"false","max-limit":"5","name":"q"}]"#;
        assert_eq!(tree(good), []);
        assert_eq!(tree("[]"), [], "nothing was found");
        let whole = Class::One(Kind::Whole);
        let class = |expected, found| Fault::OtherClass { expected, found };
        for (from, to, key, fault) in [
            (r#""max-limit""#, r#""new-limit""#, "new-limit", Fault::New),
            (r#""max-limit":"5","#, "", "max-limit", Fault::Missing),
            (r#""5""#, "5", "max-limit", class(whole, Class::Number)),
            (r#""5""#, r#""5M""#, "max-limit", class(whole, Class::One(Kind::Rate))),
            (r#""false""#, r#""no""#, "disabled", {
                class(Class::One(Kind::Flag), Class::One(Kind::YesNo))
            }),
            ("[", "", "", Fault::Unreadable),
            ("q\"}]", "q\"}", "", Fault::Unreadable),
        ] {
            let found = tree(&good.replacen(from, to, 1));
            assert_eq!(found[..1], one(key, fault), "{to}");
        }
        let single = good.trim_matches(['[', ']']);
        assert_eq!(tree(single), one("", Fault::OtherForm));
    }

    #[test]
    fn an_answer_with_another_status_is_not_looked_into() {
        let shape = Shape::of(Transport::Rest, What::QueueTree).unwrap();
        let found = rest(shape, ASKED, 500, b"<html>");
        let status = Fault::OtherStatus { expected: 200, found: 500 };
        assert_eq!(found.iter().cloned().collect::<Vec<_>>(), one("", status));
        assert_eq!(found.grade(), Some(Grade::Breaking));
    }

    #[test]
    fn errors_have_a_number_that_is_their_status() {
        let body = |number| format!(r#"{{"detail":"x","error":{number},"message":"Bad"}}"#);
        let found = |status: u16, body: &str| {
            let all: Differences = refusal_over_rest(400, status, body.as_bytes());
            all.iter().map(|difference| difference.fault).collect::<Vec<_>>()
        };
        assert_eq!(found(400, &body("400")), []);
        assert_eq!(found(400, r#"{"error":400,"message":"Bad"}"#), []);
        assert_eq!(found(400, &body("500")), [Fault::OtherNumber]);
        let other = Fault::OtherStatus { expected: 400, found: 500 };
        assert_eq!(found(500, &body("500")), [other]);
        assert_eq!(found(400, "[]"), [Fault::Unreadable]);
        assert!(matches!(found(400, &body("\"400\""))[..], [Fault::OtherClass { .. }]));
        assert_eq!(found(400, r#"{"error":400}"#), [Fault::Missing]);
    }

    #[test]
    fn the_console_s_order_and_layout_count_too() {
        let shape = Shape::of(Transport::Ssh, What::Identity).unwrap();
        let faults = |output: &str| {
            let all = console(shape, None, output);
            all.iter().map(|difference| difference.fault).collect::<Vec<_>>()
        };
        assert_eq!(faults("  name: x\r\n\r\n"), []);
        assert_eq!(faults("  name: x\n"), [Fault::Layout(Misprint::LineEnd)]);
        let tree = Shape::of(Transport::Ssh, What::QueueTree).unwrap();
        let output = "0  parent=a name=\"q\" packet-mark=\"\" limit-at=0 queue=b priority=8 \
                      max-limit=5M\r\n   burst-limit=0 burst-threshold=0 burst-time=0s \
                      bucket-size=0.1\r\n\r\nexact max-limit: 5000000\r\n";
        let all = console(tree, None, output);
        assert_eq!(all.iter().cloned().collect::<Vec<_>>(), one("name", Fault::OutOfOrder));
        assert_eq!(all.grade(), Some(Grade::Additive));
    }

    #[test]
    fn known_errors_of_the_console_pass() {
        assert!(refusal_over_ssh("not enough permissions (9)\r\n").is_empty());
        assert!(refusal_over_ssh("no such item\n").grade().is_some());
        assert!(refusal_over_ssh("permission denied\r\n").grade().is_some());
    }
}
