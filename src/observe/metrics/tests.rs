use std::collections::BTreeSet;

use super::write;
use crate::observe::health::{tests::full, text};

fn written() -> String {
    let mut health = full();
    health.wans.truncate(2);
    health.routers.truncate(1);
    let mut out = String::new();
    write(&health, &mut out);
    out
}

#[test]
fn every_line_belongs_to_the_help_and_type_above_it() {
    let mut name = String::new();
    let mut seen = BTreeSet::new();
    for line in written().lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            name = rest.split(' ').next().unwrap().to_owned();
            assert!(seen.insert(name.clone()), "{name} twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let kind = rest.strip_prefix(&format!("{name} ")).unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        } else {
            let rest = line.strip_prefix(&name).unwrap_or_else(|| panic!("{line} under {name}"));
            assert!(rest.starts_with(['{', ' ']), "{line}");
        }
    }
}

#[test]
fn states_are_one_encoding_and_what_is_unknown_is_left_out() {
    let mut health = full();
    health.wans.truncate(1);
    let states = [
        ("GREEN", Some("0")),
        ("YELLOW", Some("1")),
        ("SOFT_RED", Some("2")),
        ("RED", Some("3")),
        ("no-signal", Some("4")),
        ("learning", None),
    ];
    for (word, code) in states {
        health.wans[0].name = text("cable");
        health.wans[0].download.state = text(word);
        health.wans[0].download.confirmed_bps = None;
        let mut out = String::new();
        write(&health, &mut out);
        let start = "wanctl_state{wan=\"cable\",direction=\"download\"} ";
        let found = out.lines().find_map(|line| line.strip_prefix(start));
        assert_eq!(found, code, "{word}");
        assert!(!out.contains("confirmed_bytes_per_second{wan=\"cable\",direction=\"download\"}"));
        // `load_ms` is unknown in this health.
        assert!(!out.contains("wanctl_rtt_load_seconds{"));
    }
}

#[test]
fn a_name_cannot_break_its_label() {
    let mut health = full();
    health.wans.truncate(1);
    health.wans[0].name = text("a\"b\\c\nd");
    let mut out = String::new();
    write(&health, &mut out);
    assert!(out.contains("wanctl_cycles_total{wan=\"a\\\"b\\\\c\\nd\"} "));
}
