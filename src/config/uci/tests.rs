//! Tests of the UCI format.

use super::{Form, MAX_FILE, MAX_LINE, MAX_NAME, MAX_OPTIONS, MAX_SECTIONS, Section, Value, parse};
use crate::config::{
    finding::Findings,
    what::{FileFault, Syntax, What},
};

type Found = (Option<u32>, What);

/// The sections and the (line, what) of the findings.
fn read(text: impl AsRef<[u8]>) -> (Option<Vec<Section>>, Vec<Found>) {
    let mut findings = Findings::default();
    let sections = parse(text.as_ref(), &mut findings);
    let list = findings.conclude().0.into_iter().map(|f| (f.line, f.what)).collect();
    (sections, list)
}

fn only_finding(text: impl AsRef<[u8]>) -> Found {
    let mut findings = read(text).1;
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[test]
fn sections_and_entries_come_with_their_lines() {
    let text =
        "package wanctl\r\n\r\nconfig wan 'a'\r\n\toption x '1'\r\n\tlist y 2\r\nconfig globals\n";
    let (sections, findings) = read(text);
    assert_eq!(findings, []);
    let sections = sections.unwrap();
    assert_eq!(sections.len(), 2);
    assert_eq!((sections[0].title().as_str(), sections[0].line), ("wan 'a'", 3));
    assert_eq!((sections[1].title().as_str(), sections[1].line), ("globals", 6));
    let entry = |index: usize| {
        let entry = &sections[0].entries[index];
        let Value::Text(text) = &entry.value else { panic!("broken") };
        (entry.name.as_str(), entry.line, entry.form == Form::List, text.as_str())
    };
    assert_eq!(entry(0), ("x", 4, false, "1"));
    assert_eq!(entry(1), ("y", 5, true, "2"));
}

#[test]
fn a_broken_value_keeps_its_name_so_that_nobody_calls_it_missing() {
    for line in ["option x 'a", "option x a b", "option x", "option x a#b"] {
        let (sections, findings) = read(format!("config wan a\n{line}\n"));
        assert_eq!(findings.len(), 1, "{line}");
        let sections = sections.unwrap();
        assert_eq!(sections[0].entries[0].name, "x");
        assert!(matches!(sections[0].entries[0].value, Value::Broken));
    }
}

#[test]
fn a_file_line_name_or_count_has_its_bound() {
    let fits = format!("#{}", "x".repeat(MAX_LINE - 1));
    assert_eq!(read(&fits).1, []);
    assert_eq!(
        only_finding(format!("\n{fits}x")),
        (Some(2), What::Syntax(Syntax::LineTooLong(MAX_LINE)))
    );

    let full = "#\n".repeat(MAX_FILE / 2);
    assert_eq!(read(&full).1, []);
    assert_eq!(only_finding(full + "#"), (None, What::File(FileFault::TooLarge(MAX_FILE))));

    let sections = "config wan\n".repeat(MAX_SECTIONS);
    assert_eq!(read(&sections).1, []);
    assert_eq!(
        only_finding(sections + "config wan\nconfig wan\n"),
        (Some(65), What::Syntax(Syntax::TooManySections(MAX_SECTIONS)))
    );

    let options = String::from("config wan\n") + &"list x y\n".repeat(MAX_OPTIONS);
    assert_eq!(read(&options).1, []);
    assert_eq!(
        only_finding(options + "list x y\nlist x y\n"),
        (Some(130), What::Syntax(Syntax::TooManyOptions(MAX_OPTIONS)))
    );

    let name = "x".repeat(MAX_NAME);
    assert_eq!(read(format!("config wan {name}\n")).1, []);
    assert_eq!(
        only_finding(format!("config wan {name}x\n")),
        (Some(1), What::Syntax(Syntax::BadName))
    );
}

#[test]
fn what_is_no_text_is_refused_with_its_line() {
    assert_eq!(only_finding(b"config wan\n\n\0"), (Some(3), What::Syntax(Syntax::NotText)));
    assert_eq!(only_finding(b"config wan\n\xff\xfe"), (Some(2), What::Syntax(Syntax::NotText)));
}

#[test]
fn a_line_outside_of_the_format_is_a_finding() {
    assert_eq!(only_finding("option a b"), (Some(1), What::Syntax(Syntax::OutsideSection)));
    assert_eq!(only_finding("config"), (Some(1), What::Syntax(Syntax::Incomplete)));
    assert_eq!(only_finding("config wan-type a"), (Some(1), What::Syntax(Syntax::BadName)));
    assert_eq!(only_finding("config wan a-b"), (Some(1), What::Syntax(Syntax::BadName)));
    assert_eq!(only_finding("config wan a b"), (Some(1), What::Syntax(Syntax::TooManyWords)));
    assert_eq!(
        only_finding("config wan a\noption b.c d"),
        (Some(2), What::Syntax(Syntax::BadName))
    );
    assert_eq!(only_finding("confg wan a"), (Some(1), What::Syntax(Syntax::UnknownKeyword)));
}
