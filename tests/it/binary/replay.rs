//! Traces through the control core, against what they gave when they were written.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::running::daemon::WANCTL;

fn traces() -> Vec<PathBuf> {
    let folder = format!("{}/golden/replay", env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut traces: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "trace")).collect();
    traces.sort();
    traces
}

fn replayed(trace: &Path) -> Vec<u8> {
    let output = Command::new(WANCTL).arg("replay").arg(trace).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), complaint.as_ref()), (Some(0), ""), "{}", trace.display());
    output.stdout
}

#[test]
fn every_trace_gives_what_is_expected_byte_by_byte_and_again() {
    let traces = traces();
    assert!(traces.len() >= 4, "{traces:?}");
    for trace in traces {
        let expected = fs::read(trace.with_extension("expected")).unwrap();
        let given = replayed(&trace);
        let name = trace.display();
        assert_eq!(given, replayed(&trace), "{name}: not the same twice");
        let texts = [&expected, &given].map(|bytes| String::from_utf8_lossy(bytes));
        let line = texts[0].lines().zip(texts[1].lines()).position(|(a, b)| a != b);
        assert!(expected == given, "{name}: differs from line {line:?} on:\n{}", texts[1]);
    }
}

#[test]
fn what_never_ends_is_no_trace() {
    let output = Command::new(WANCTL).args(["replay", "/dev/zero"]).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{complaint}");
    assert!(complaint.contains("/dev/zero: larger than"), "{complaint}");
}

#[test]
fn a_trace_that_cannot_be_read_is_named() {
    let output = Command::new(WANCTL).args(["replay", "/"]).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.starts_with("wanctl: /: "), "{complaint}");
}
