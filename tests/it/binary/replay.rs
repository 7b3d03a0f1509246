//! Traces through the control core, against what they gave when they were written.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::running::{daemon::WANCTL, scratch::Scratch};

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

/// Where a trace does not say what passes, the default law decides by the classic rules, bit by bit, until
/// these raise a rate: it does not, in the first minute.
#[test]
fn a_trace_without_loads_is_decided_alike_by_both_laws_but_for_what_rises() {
    let scratch = Scratch::new();
    let (mut alike, mut risen) = (0, 0);
    for trace in traces() {
        let text = fs::read_to_string(&trace).unwrap();
        if text.lines().any(|line| line.starts_with("flow ") || line.starts_with("config steering"))
        {
            continue;
        }
        let text = text.replace("\toption law 'classic'\n", "");
        let by = |law: &str| {
            let wan = format!("\tlist reflector '192.0.2.1'\n\toption law '{law}'\n");
            let text = text.replace("\tlist reflector '192.0.2.1'\n", &wan);
            assert!(text.contains(&wan), "{}", trace.display());
            String::from_utf8(replayed(&scratch.write("trace", text.as_bytes()))).unwrap()
        };
        let (adaptive, classic) = (by("adaptive"), by("classic"));
        let mut pairs = adaptive.lines().zip(classic.lines());
        let Some((own, other)) = pairs.find(|(own, other)| own != other) else {
            assert!(adaptive == classic, "{}", trace.display());
            alike += 1;
            continue;
        };
        let (own, other) = (rates(own), rates(other));
        assert!(own.len() == 2 && own.len() == other.len(), "{}: {own:?}", trace.display());
        assert!(own.iter().zip(&other).all(|(own, other)| own <= other), "{own:?}, {other:?}");
        risen += 1;
    }
    assert!(alike >= 1 && risen >= 1, "{alike}, {risen}");
}

/// The rates that a line of a cycle says are wanted.
fn rates(line: &str) -> Vec<u64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let rate = |words: &[&str]| match words {
        ["download" | "upload", _, rate, ..] => rate.parse().ok(),
        _ => None,
    };
    words.windows(3).filter_map(rate).collect()
}

/// What a queue drops says nothing of what passes it: the line is not an idle one for that.
#[test]
fn a_line_about_a_queue_leaves_the_load_unknown() {
    let scratch = Scratch::new();
    let trace = traces().into_iter().find(|path| path.ends_with("steering.trace")).unwrap();
    let text = fs::read_to_string(trace).unwrap().replace("\toption law 'classic'\n", "");
    let given = replayed(&scratch.write("trace", text.as_bytes()));
    let given = String::from_utf8_lossy(&given);
    assert!(given.contains("wan cable: download GREEN -> RED"), "{given}");
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
