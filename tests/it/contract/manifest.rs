//! The list of golden files, and what it promises about them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use heapless::Vec as Bounded;
use serde::Deserialize;
use serde_json_core::str::EscapedStr;

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// Published as the output of a real device.
    Capture,
    /// An example of the vendor's manual.
    Doc,
    /// Computed from machine-readable dumps of live routers.
    Derived,
    /// Built from rules, never seen on a wire.
    Reconstructed,
    /// Given per row in the file.
    Mixed,
}

/// A row of the manifest. Its texts are as they stand in JSON.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    file: EscapedStr<'a>,
    class: Origin,
    #[serde(borrow)]
    versions: Bounded<&'a str, 4>,
    #[serde(borrow)]
    routeros: EscapedStr<'a>,
    #[serde(borrow)]
    request: Option<EscapedStr<'a>>,
    status: Option<u16>,
    #[serde(borrow)]
    source: EscapedStr<'a>,
    #[serde(borrow)]
    note: EscapedStr<'a>,
}

/// A golden file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Golden {
    /// Its path below `golden`.
    pub(crate) file: String,
    pub(crate) origin: Origin,
    /// The releases that it is of; empty if that is not stated.
    pub(crate) versions: Vec<String>,
    routeros: String,
    /// What was asked; empty for a table of several.
    pub(crate) request: String,
    /// HTTP status; none over SSH.
    pub(crate) status: Option<u16>,
    source: String,
}

impl Golden {
    /// The file, without the line end that every file has and no answer. A JSON string stands for
    /// the bytes that it holds.
    pub(crate) fn content(&self) -> String {
        let text = fs::read_to_string(root().join(&self.file)).unwrap();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let bytes = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match bytes.filter(|_| self.file.ends_with(".bytes.json")) {
            Some(bytes) => bytes.replace("\\r", "\r").replace("\\n", "\n"),
            None => text.to_owned(),
        }
    }

    /// Whether it is below this directory.
    pub(crate) fn is_below(&self, directory: &str) -> bool {
        Path::new(&self.file).starts_with(directory)
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// All files, in the order of the manifest.
pub(crate) fn all() -> Vec<Golden> {
    let text = fs::read_to_string(root().join("manifest.json")).unwrap();
    let plain = |text: EscapedStr<'_>| text.0.replace("\\\"", "\"");
    // One by one: a whole list in a bounded vector would not fit on a test's stack.
    let body = text.trim().strip_prefix('[').unwrap().strip_suffix(']').unwrap();
    let rows = body.split("\n },\n").map(|row| {
        let row = format!("{}}}", row.trim().trim_end_matches('}'));
        let (row, used): (Row<'_>, usize) = serde_json_core::from_str(&row)
            .unwrap_or_else(|error| panic!("{error} in the manifest: {row}"));
        assert!(!plain(row.note).contains("gaps.md") && used > 0);
        Golden {
            file: plain(row.file),
            origin: row.class,
            versions: row.versions.iter().map(|version| (*version).to_owned()).collect(),
            routeros: plain(row.routeros),
            request: row.request.map(plain).unwrap_or_default(),
            status: row.status,
            source: plain(row.source),
        }
    });
    rows.collect()
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn the_manifest_lists_every_golden_file_and_no_other() {
    let listed: Vec<String> = all().into_iter().map(|golden| golden.file).collect();
    assert!(listed.is_sorted(), "so that a new row has one place");
    let there: BTreeSet<String> = files_below(&root())
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned())
        .filter(|file| !file.starts_with("replay/"))
        .filter(|file| !["README.md", "manifest.json"].contains(&file.as_str()))
        .collect();
    assert_eq!(BTreeSet::from_iter(listed.clone()), there);
    assert_eq!(listed.len(), there.len(), "a file is listed twice");
}

#[test]
fn nothing_reconstructed_passes_as_captured() {
    for golden in all() {
        let is_reconstructed = golden.origin == Origin::Reconstructed;
        let parts: Vec<&str> = golden.file.split('/').collect();
        assert_eq!(parts[1] == "reconstructed", is_reconstructed, "{}", golden.file);
        if matches!(golden.origin, Origin::Reconstructed | Origin::Mixed) {
            assert!(golden.versions.is_empty(), "{} vouches for a version", golden.file);
        }
        assert!(["rest", "ssh", "schema"].contains(&parts[0]), "{}", golden.file);
    }
}

#[test]
fn every_row_says_what_was_asked_and_where_it_is_from() {
    for golden in all() {
        let Golden { file, routeros, request, status, source, .. } = &golden;
        assert!(!routeros.is_empty() && !source.is_empty(), "{file}");
        assert_eq!(status.is_some(), golden.is_below("rest") && !request.is_empty(), "{file}");
        if golden.is_below("ssh") && !request.is_empty() {
            assert!(request.starts_with('/') || request.starts_with(':'), "{file}: {request}");
        }
    }
}

#[test]
fn a_directory_of_a_version_holds_files_of_that_version() {
    for golden in all() {
        let directory = golden.file.split('/').nth(1).unwrap();
        if directory.starts_with(|letter: char| letter.is_ascii_digit()) {
            assert_eq!(golden.versions, [directory], "{}", golden.file);
        }
    }
}
