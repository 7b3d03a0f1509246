//! The versions that golden files vouch for, and who says so.

use std::{collections::BTreeMap, process::Command};

use wanctl::router::{
    contract::{COVERED, Origin, Version, What},
    error::Transport,
};

use super::{
    manifest::{self, Golden, all},
    shapes::asked,
};

/// Version and transport, as words.
type Place = (String, &'static str);

fn word(transport: Option<Transport>) -> &'static str {
    match transport {
        Some(Transport::Rest) => "REST",
        Some(Transport::Ssh) => "SSH",
        None => "-",
    }
}

fn transport(golden: &Golden) -> Option<Transport> {
    match golden.file.split('/').next() {
        Some("rest") => Some(Transport::Rest),
        Some("ssh") => Some(Transport::Ssh),
        _ => None,
    }
}

const fn origin(golden: &Golden) -> Option<Origin> {
    match golden.origin {
        manifest::Origin::Capture => Some(Origin::Capture),
        manifest::Origin::Doc => Some(Origin::Doc),
        manifest::Origin::Derived => Some(Origin::Derived),
        manifest::Origin::Reconstructed | manifest::Origin::Mixed => None,
    }
}

#[test]
fn the_table_of_versions_is_that_of_the_manifest() {
    let mut counted: BTreeMap<Place, (Origin, u8, u8)> = BTreeMap::new();
    for golden in all() {
        for version in &golden.versions {
            let parsed = Version::parse(version).unwrap_or_else(|| panic!("{version}"));
            assert_eq!(parsed.to_string(), *version, "{}", golden.file);
            let own = origin(&golden).unwrap();
            let place = (version.clone(), word(transport(&golden)));
            let entry = counted.entry(place).or_insert((own, 0, 0));
            assert_eq!(entry.0, own, "{} and others of {version}", golden.file);
            let is_answer = asked(&golden).is_some_and(|(_, what)| what != What::Refusal);
            *if is_answer { &mut entry.1 } else { &mut entry.2 } += 1;
        }
    }
    let table: BTreeMap<Place, (Origin, u8, u8)> = COVERED
        .iter()
        .map(|own| {
            let place = (own.version.to_string(), word(own.transport));
            (place, (own.origin, own.answers, own.others))
        })
        .collect();
    assert_eq!(table, counted);
    assert_eq!(table.len(), COVERED.len());
}

#[test]
fn the_program_lists_every_version_of_the_golden_files() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_wanctl"));
    let output = program.args(["--version", "--verbose"]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("wanctl {}\n", env!("CARGO_PKG_VERSION"))), "{text}");
    for golden in all() {
        for version in &golden.versions {
            let words =
                [version.as_str(), word(transport(&golden)), origin(&golden).unwrap().word()];
            let is_row = |line: &str| line.split_whitespace().take(3).eq(words);
            assert!(text.lines().any(is_row), "{words:?}: {text}");
        }
    }
}
