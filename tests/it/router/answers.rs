//! Answers that no golden file holds: unusual, hostile, or of another server.

use wanctl::{
    control::{failure::FailureKind, time::Span},
    router::{
        error::{Hint, RouterError},
        op::{Op, Reply},
        rest::{Exchange, Ids},
    },
};

use super::talk::{read_simple, read_tree, tree_record, tree_reply};

fn answered(op: &Op<'_>, status: u16, body: &[u8]) -> Result<Option<Reply>, RouterError> {
    let mut ids = Ids::default();
    Exchange::new(op, &ids).answer(status, body, &mut ids)
}

#[test]
fn what_routeros_does_not_send_is_garbage() {
    let deep = format!(r#"[{{"x":{}"#, "[".repeat(60_000));
    let named = |rest: &str| format!(r#"[{{".id":"*1","name":"q",{rest}}}]"#);
    for body in [
        "",
        " ",
        "null",
        "7",
        "\"q\"",
        "{}",
        "[",
        "[[]]",
        "[7]",
        "[null]",
        "[{}]",
        "<!doctype html><title>RouterOS</title>",
        "{\"ret\":\"*1\"}",
        "[]garbage",
        "[][]",
        "\u{0}\u{1}\u{2}",
        &deep,
        &named(r#""max-limit":5"#),
        &named(r#""max-limit":null"#),
        &named(r#""max-limit":"""#),
        &named(r#""max-limit":"10M""#),
        &named(r#""max-limit":"-1""#),
        &named(r#""max-limit":"+1""#),
        &named(r#""max-limit":"1/2""#),
        &named(r#""max-limit":"99999999999999999999999""#),
        &named(r#""max-limit":"1","max-limit":"2""#),
        &named(r#""max-limit":"1","disabled":true"#),
        &named(r#""max-limit":"1","disabled":"yes""#),
        &named(r#""max-limit":"1","invalid":"""#),
        &named(r#""max-limit":"1"}}"#),
        r#"[{".id":"1","name":"q","max-limit":"1"}]"#,
        r#"[{".id":"*1/../2","name":"q","max-limit":"1"}]"#,
        r#"[{".id":"*1","name":"q\u12","max-limit":"1"}]"#,
        r#"[{".id":"*1","name":7,"max-limit":"1"}]"#,
    ] {
        let error = answered(&read_tree("q"), 200, body.as_bytes()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage, "{body:.60}");
    }
    for value in ["1", "1/", "/1", "1/2/3", "1 / 2", "0/-1"] {
        let body = named(&format!(r#""max-limit":"{value}""#));
        let error = answered(&read_simple("q"), 200, body.as_bytes()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage, "{value}");
    }
}

#[test]
fn unknown_keys_of_any_shape_are_passed_over() {
    let body = br#" [ { "new" : {"a":[1,-2.5e3,null,true,"]}"]} , "name":"q",
        "max-limit":"7", "about":"\"quoted\" \\" } ] "#;
    assert_eq!(answered(&read_tree("q"), 200, body), Ok(Some(tree_reply(7))));
}

#[test]
fn a_comment_in_a_windows_code_page_does_not_spoil_the_answer() {
    let body = b"[{\"comment\":\"B\xfcro\",\"name\":\"q\",\"max-limit\":\"7\"}]";
    assert_eq!(answered(&read_tree("q"), 200, body), Ok(Some(tree_reply(7))));
}

#[test]
fn escaped_names_are_compared_as_they_read() {
    let body = br#"[{"name":"B\u00fcro \"1\" \/ \\ caf\u00e9","max-limit":"7"}]"#;
    let op = read_tree("Büro \"1\" / \\ café");
    assert_eq!(answered(&op, 200, body), Ok(Some(tree_reply(7))));
}

#[test]
fn names_must_match_exactly_whatever_the_router_filtered() {
    let body = br#"[{"name":"wan","max-limit":"1"},{"name":"WAN","max-limit":"2"},
        {"name":"WAN ","max-limit":"3"}]"#;
    assert_eq!(answered(&read_tree("WAN"), 200, body), Ok(Some(tree_reply(2))));
    let error = answered(&read_tree("Wan"), 200, body).unwrap_err();
    assert_eq!(error.kind, FailureKind::NotFound);
}

#[test]
fn several_queues_of_one_name_are_listed() {
    let body = br#"[{".id":"*1","name":"q","max-limit":"1"},{".id":"*A","name":"q"},
        {"name":"q","max-limit":"1"}]"#;
    let error = answered(&read_tree("q"), 200, body).unwrap_err();
    assert_eq!(error.kind, FailureKind::Ambiguous);
    assert_eq!(error.detail, "3 entries, *1 *A (no id), match queue tree entry \"q\"");
}

#[test]
fn a_long_list_is_searched_to_its_end() {
    let many: Vec<_> = (0..500).map(|number| tree_record(&format!("q{number}"), "*1", 1)).collect();
    let body = format!("[{},{}]", many.join(","), tree_record("q", "*2", 9));
    assert_eq!(answered(&read_tree("q"), 200, body.as_bytes()), Ok(Some(tree_reply(9))));
}

#[test]
fn statuses_of_other_servers_are_garbage_and_those_of_a_busy_router_are_transient() {
    use FailureKind::{Auth, Garbage, Rejected, Timeout};
    let html = "<html>WebFig</html>";
    let json = r#"{"error":0,"message":"words"}"#;
    let plain_500 = r#"{"detail":"std failure: timeout (13)","error":500,"message":"x"}"#;
    let no_policy = r#"{"detail":"std failure: not allowed (9)","error":500,"message":"x"}"#;
    for (status, body, kind, hint) in [
        (200, html, Garbage, Some(Hint::CheckUrl)),
        (302, "", Garbage, Some(Hint::CheckUrl)),
        (400, html, Garbage, Some(Hint::CheckUrl)),
        (401, html, Auth, Some(Hint::GrantPolicy)),
        (403, html, Auth, Some(Hint::SwitchRestOn)),
        (403, json, Auth, Some(Hint::GrantPolicy)),
        (404, html, Garbage, Some(Hint::CheckUrl)),
        (406, json, Rejected, None),
        (418, "", Garbage, Some(Hint::CheckUrl)),
        (500, html, Timeout, None),
        (500, plain_500, Timeout, None),
        (500, no_policy, Auth, Some(Hint::GrantPolicy)),
        (501, json, Timeout, None),
        (503, json, Timeout, None),
        (503, "", Timeout, None),
        (999, "", Timeout, None),
        (199, json, Garbage, Some(Hint::CheckUrl)),
    ] {
        let error = answered(&read_tree("q"), status, body.as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.hint), (kind, hint), "{status} {body}");
    }
}

#[test]
fn uptimes_are_read_in_all_units_and_strange_ones_are_unknown() {
    for (text, seconds) in [
        ("0s", Some(0)),
        ("59s", Some(59)),
        ("1w2d3h4m5s", Some(604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5)),
        ("30w", Some(30 * 604_800)),
        ("", None),
        ("5", None),
        ("s", None),
        ("5x", None),
        ("1.5s", None),
        ("99999999999999999999s", None),
        ("99999999999999999w", None),
        ("5ü", None),
    ] {
        let body = format!(r#"{{"version":"7.1","uptime":"{text}"}}"#);
        let reply = answered(&Op::ReadResource, 200, body.as_bytes()).unwrap().unwrap();
        let Reply::Resource(facts) = reply else { panic!("{reply:?}") };
        assert_eq!(facts.uptime, seconds.map(Span::from_secs), "{text}");
    }
}

#[test]
fn long_facts_are_cut_off() {
    let body = format!(r#"{{"version":"{}","board-name":"é"}}"#, "ü".repeat(99));
    let reply = answered(&Op::ReadResource, 200, body.as_bytes()).unwrap().unwrap();
    let Reply::Resource(facts) = reply else { panic!("{reply:?}") };
    assert_eq!((facts.version.as_str(), facts.board.as_str()), ("ü".repeat(24).as_str(), "é"));
}
