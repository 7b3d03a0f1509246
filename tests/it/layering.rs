//! The directions of dependency: which module may import which.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Module, and the modules of this crate that it may name. The standard library's and the
/// dependencies' names are not looked at, except in `control`.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("control", &[]),
    ("os", &["control"]),
    ("config", &["control", "probe::settings", "router::settings"]),
    ("probe", &["control", "os"]),
    ("router", &["control"]),
    ("store", &["control"]),
    ("observe", &["control"]),
    ("sim", &["control"]),
    ("daemon", &["config", "control", "observe", "os", "probe", "router", "store"]),
    ("cli", &["config", "control", "daemon", "observe", "os", "probe", "router", "sim", "store"]),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// `a::b` for every `crate::a::b…` and every branch of `crate::{a::b, …}` in the code.
fn imports(code: &str) -> BTreeSet<String> {
    let starts = code.match_indices("crate::").map(|(start, word)| &code[start + word.len()..]);
    starts.flat_map(|rest| branches(rest).into_iter().map(|path| two(&path))).collect()
}

/// The branches of `{a, b::{c, d}}`, or the one path.
fn branches(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![path.to_string()] };
    let mut depth = 0;
    let mut branches = vec![String::new()];
    for letter in group.chars() {
        match (letter, depth) {
            ('}', 0) => break,
            (',', 0) => branches.push(String::new()),
            _ => branches.last_mut().unwrap().push(letter),
        }
        depth += i32::from(letter == '{') - i32::from(letter == '}');
    }
    branches.retain(|branch| !branch.trim().is_empty());
    branches
}

/// The first two names of a path.
fn two(path: &str) -> String {
    let path = path.trim();
    let other = |letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':';
    let path = path.find(other).map_or(path, |end| &path[..end]);
    path.split("::").filter(|name| !name.is_empty()).take(2).collect::<Vec<_>>().join("::")
}

fn violations(module: &str, allowed: &[&str], file: &Path) -> Vec<String> {
    let permitted = |import: &String| {
        let own = import.split("::").next() == Some(module);
        own || allowed
            .iter()
            .any(|allow| import == allow || import.starts_with(&format!("{allow}::")))
    };
    imports(&code(file))
        .into_iter()
        .filter(|import| !permitted(import))
        .map(|import| format!("{} imports {import}", file.display()))
        .collect()
}

#[test]
fn every_module_imports_only_what_lies_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known: BTreeSet<_> = MAY_IMPORT.iter().map(|(module, _)| module.to_string()).collect();
    let mut wrong = Vec::new();
    let mut folders = BTreeSet::new();
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            folders.insert(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(folders, known, "the table names every module, and only those");
    for (module, allowed) in MAY_IMPORT {
        for file in rust_files(&source.join(module)) {
            wrong.extend(violations(module, allowed, &file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_names_nothing_but_core_and_heapless() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/control");
    for file in rust_files(&source) {
        let code = code(&file);
        for line in code.lines().map(str::trim) {
            let outside = line.starts_with("use ")
                && ![
                    "use core::",
                    "use heapless::",
                    "use self::",
                    "use super::",
                    "use crate::control",
                ]
                .iter()
                .any(|allowed| line.starts_with(allowed))
                && !line.starts_with("use Move::")
                && !line.starts_with("use Zone::");
            assert!(!outside, "{}: {line}", file.display());
            assert!(!line.contains("std::"), "{}: {line}", file.display());
        }
    }
}

#[test]
fn the_import_reader_sees_paths_and_groups() {
    let code = "use crate::{control::time::Span, probe::settings, os};\nlet x = crate::router::http::new();";
    let found: Vec<_> = imports(code).into_iter().collect();
    assert_eq!(found, ["control::time", "os", "probe::settings", "router::http"]);
}
