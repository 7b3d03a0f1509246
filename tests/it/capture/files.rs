//! What is recorded, and how it compares.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use wanctl::router::capture::RestAsk;

use super::{Bed, files, said};
use crate::running::router::{Router, home};

#[test]
fn a_recording_has_a_file_per_answer_that_only_its_owner_can_read() {
    let bed = Bed::new(Router::start(home()));
    let out = bed.recorded(&[]);
    bed.only_read();
    assert_eq!(bed.router.log().requests(), u64::try_from(RestAsk::ALL.len()).unwrap());
    assert_eq!(bed.router.log().connections(), 1);
    for word in [
        "20 requests",
        "a login and a logout of 'wanctl'",
        "20 of 20 answers of RouterOS 7.23.2",
        "replaced: ",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let all = files(&bed.dir());
    assert_eq!(all.len(), RestAsk::ALL.len() + 1);
    for (path, text) in &all {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        assert!(text.ends_with('\n'), "{path:?}");
    }
    let file = |name: &str| {
        let path = bed.dir().join("rest/7.23.2").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    let tree = file("queue-tree.list.json");
    assert!(tree.contains(r#""max-limit":"900000000""#), "{tree}");
    assert!(tree.contains(r#""comment":"name"#) && !tree.contains("shaper"), "{tree}");
    assert_eq!(file("system-identity.get.json"), "{\"name\":\"Router\"}\n");
    assert_eq!(file("error-404.json"), "{\"error\":404,\"message\":\"Not Found\"}\n");
    assert_eq!(file("queue-tree.no-match.list.json"), "[]\n");
}

#[test]
fn the_header_says_what_was_asked_of_which_router() {
    let bed = Bed::new(Router::start(home()));
    bed.recorded(&[]);
    let header = fs::read_to_string(bed.dir().join("capture.json")).unwrap();
    for text in [
        concat!("\"tool\": \"wanctl ", env!("CARGO_PKG_VERSION"), "\""),
        "\"routeros\": \"7.23.2\"",
        "\"channel\": \"stable\"",
        "\"architecture\": \"arm64\"",
        "\"board\": \"RB5009UG+S+\"",
        "\"protection\": \"rest: TLS, verified by tls_ca\"",
        "\"class\": \"capture\", \"versions\": [\"7.23.2\"], \"routeros\": \"7.23.2 (stable), RB5009UG+S+\"",
        "\"request\": \"GET /rest/queue/tree\", \"status\": 200",
        "\"request\": \"GET /rest/queue/tree/*FFFFFFF0\", \"status\": 404",
        concat!("\"source\": \"router capture wanctl ", env!("CARGO_PKG_VERSION"), "\""),
        "content-type: application/json",
    ] {
        assert!(header.contains(text), "{text}: {header}");
    }
    for absent in ["127.0.0.1", "Basic", "secret", &bed.router.address().port().to_string()] {
        assert!(!header.contains(absent), "{absent}: {header}");
    }
}

#[test]
fn a_recording_of_a_router_as_known_shows_no_drift() {
    let bed = Bed::new(Router::start(home()));
    bed.recorded(&[]);
    let asked = bed.router.log().requests();
    let (code, out, complaint) = said(bed.command(&["--diff"]).arg(bed.dir()));
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("drift: none\n"), "{out}");
    assert_eq!(bed.router.log().requests(), asked, "the recording was compared, not the router");
    let (code, out, complaint) = said(&mut bed.command(&["--diff"]));
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("drift: none\n"), "{out}");
    bed.only_read();
}

#[test]
fn names_stay_where_that_is_asked_for_and_the_shapes_are_the_same() {
    let bed = Bed::new(Router::start(home()));
    bed.recorded(&["--keep-names"]);
    let tree = fs::read_to_string(bed.dir().join("rest/7.23.2/queue-tree.list.json")).unwrap();
    assert!(tree.contains("WAN-Download") && tree.contains("wan shaper download"), "{tree}");
    assert_eq!(said(bed.command(&["--diff"]).arg(bed.dir())).0, Some(0));
}

/// A recording whose tree was changed in this way shows this.
fn changed(from: &str, to: &str, verdict: i32, said_of_it: &str) {
    let bed = Bed::new(Router::start(home()));
    bed.recorded(&[]);
    let path = bed.dir().join("rest/7.23.2/queue-tree.list.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    bed.scratch
        .write("recording/rest/7.23.2/queue-tree.list.json", text.replace(from, to).as_bytes());
    let (code, out, _) = said(bed.command(&["--diff"]).arg(bed.dir()));
    assert_eq!(code, Some(verdict), "{out}");
    assert!(out.contains(said_of_it), "{said_of_it}: {out}");
    assert!(out.contains("GET /rest/queue/tree: "), "{out}");
}

#[test]
fn a_new_key_is_additive_and_a_missing_one_or_another_class_is_breaking() {
    changed(r#""max-limit":"#, r#""brand-new":"1","max-limit":"#, 3, "the key brand-new is new");
    changed(r#""max-limit":"#, r#""maximum":"#, 4, "the key max-limit is missing");
    changed(r#""900000000""#, "900000000", 4, "max-limit is a number without quotes");
    changed("[{", "<html>", 4, "cannot be read");
}

#[test]
fn what_is_no_recording_is_said_to_be_none() {
    let bed = Bed::new(Router::start(home()));
    let diff = |dir: &Path| said(bed.command(&["--diff"]).arg(dir));
    let (code, out, complaint) = diff(&bed.dir());
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(complaint.contains("capture.json: No such file"), "{complaint}");
    for (header, wanted) in [
        ("<html>", "is not a recording's"),
        (
            r#"{"tool":"x","routeros":"7.1","answers":[{"file":"../../etc/passwd","request":"GET /rest/queue/tree","status":200}]}"#,
            "is not in the recording",
        ),
    ] {
        bed.scratch.write("capture.json", header.as_bytes());
        let (code, _, complaint) = diff(bed.scratch.path());
        assert_eq!(code, Some(1));
        assert!(complaint.contains(wanted), "{complaint}");
    }
    // Without answers there is nothing that could be as known.
    bed.scratch.write("capture.json", br#"{"tool":"x","routeros":"7.1","answers":[]}"#);
    assert_eq!(diff(bed.scratch.path()).0, Some(1));
}
