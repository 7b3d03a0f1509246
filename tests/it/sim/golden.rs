//! The simulated router answers as captured routers do.

use heapless::LinearMap;
use wanctl::{
    control::{time::Span, units::PerDirection},
    sim::routeros::{Menu, Rights, RouterOs, RouterSettings, User},
};

use super::support::{
    DOWNLOAD, LOGIN, Record, ask, at, golden, home, rate, record, records, request, router,
};

/// What kind of value a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    Flag,
    Whole,
    Tenths,
    Time,
    Id,
    Pair(Box<(Class, Class)>),
    Text,
}

fn class(text: &str) -> Class {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(text, "true" | "false") {
        Class::Flag
    } else if digits(text.strip_prefix('-').unwrap_or(text)) {
        Class::Whole
    } else if text.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part)) {
        Class::Tenths
    } else if text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.ends_with(['s', 'm', 'h', 'd', 'w'])
    {
        Class::Time
    } else if text.starts_with('*') {
        Class::Id
    } else {
        match text.split_once('/') {
            Some((first, second)) if !second.contains('/') => {
                Class::Pair(Box::new((class(first), class(second))))
            }
            _ => Class::Text,
        }
    }
}

fn classes<'a>(record: &Record<'a>) -> Vec<(&'a str, Class)> {
    let mut classes: Vec<_> = record.iter().map(|(key, value)| (*key, class(value))).collect();
    classes.sort_by_key(|(key, _)| *key);
    classes
}

#[test]
fn single_records_have_the_keys_and_value_classes_of_captured_ones() {
    let mut router = router();
    router.edit(Menu::Simple, "internet-cake", "comment", "x");
    for (target, file) in [
        (DOWNLOAD, "rest/unversioned-7.12_7.18/queue-tree.record.json"),
        ("/rest/queue/simple/*1", "rest/unversioned-7.12_7.18/queue-simple.record.json"),
        ("/rest/system/identity", "rest/7.23.7/system-identity.get.json"),
        (
            "/rest/system/resource?.proplist=board-name,cpu-load,free-memory,uptime",
            "rest/manual-2026-10/system-resource.proplist.get.json",
        ),
    ] {
        let response = ask(&mut router, "GET", target, "");
        assert_eq!((response.status, response.content_type), (200, "application/json"), "{target}");
        let golden = golden(file);
        assert_eq!(classes(&record(&response.body)), classes(&record(&golden)), "{file}");
    }
}

#[test]
fn lists_have_the_keys_and_value_classes_of_golden_ones() {
    let mut router = router();
    for (target, file) in [
        ("/rest/queue/tree", "rest/reconstructed/queue-tree.cake.list.json"),
        (
            "/rest/queue/tree?.proplist=name,max-limit,bytes,packets,dropped,queued-bytes,\
             queued-packets,rate",
            "rest/reconstructed/queue-tree.cake.proplist.list.json",
        ),
        ("/rest/queue/simple", "rest/reconstructed/queue-simple.cake.list.json"),
        ("/rest/queue/type?name=cake-down", "rest/reconstructed/queue-type.cake.minimal.list.json"),
        ("/rest/queue/tree?name=absent", "rest/any/empty-list.get.json"),
    ] {
        let response = ask(&mut router, "GET", target, "");
        let golden = golden(file);
        let all = |body| records(body).iter().map(classes).collect::<Vec<_>>();
        assert_eq!(all(&response.body), all(&golden), "{file}");
    }
}

#[test]
fn disabled_and_invalid_queues_show_as_such() {
    let mut settings = home();
    settings.settling = Span::from_secs(5);
    let mut router = RouterOs::new(settings, 1, at(0));
    router.edit(Menu::Tree, "WAN-Upload", "disabled", "true");
    let target = "/rest/queue/tree?name=WAN-Upload";
    let young = router.handle(at(4_999), &request("GET", target, ""));
    let old = router.handle(at(5_000), &request("GET", target, ""));
    let invalid = golden("rest/reconstructed/queue-tree.invalid.list.json");
    let disabled = golden("rest/reconstructed/queue-tree.disabled.list.json");
    assert_eq!(records(&young.body)[0]["invalid"], records(&invalid)[0]["invalid"]);
    assert_eq!(records(&old.body)[0]["invalid"], "false");
    assert_eq!(records(&old.body)[0]["disabled"], records(&disabled)[0]["disabled"]);
    router.edit(Menu::Tree, "WAN-Upload", "parent", "ether9");
    let orphan = ask(&mut router, "GET", target, "");
    assert_eq!(records(&orphan.body)[0]["invalid"], "true");
}

#[test]
fn facts_about_the_device_have_known_keys_and_the_classes_of_a_captured_router() {
    let body = ask(&mut router(), "GET", "/rest/system/resource", "").body;
    let shown = classes(&record(&body));
    let golden_body = golden("rest/7.1beta4/system-resource.get.json");
    for (key, class) in classes(&records(&golden_body)[0]) {
        assert!(shown.contains(&(key, class)), "{key}");
    }
    let schema = golden("schema/property-names.json");
    let (menus, _) =
        serde_json_core::from_str::<LinearMap<&str, heapless::Vec<&str, 96>, 16>>(&schema).unwrap();
    assert!(shown.iter().all(|(key, _)| menus["system/resource"].contains(key)));
    for key in ["write-sect-since-reboot", "write-sect-total"] {
        assert!(shown.contains(&(key, Class::Whole)));
    }
}

#[test]
fn a_patch_answers_with_the_whole_changed_record() {
    let mut router = router();
    let response = ask(&mut router, "PATCH", DOWNLOAD, r#"{"max-limit":"450000000"}"#);
    let golden = golden("rest/reconstructed/queue-tree.patch.response.json");
    assert_eq!(response.status, 200);
    assert_eq!(classes(&record(&response.body)), classes(&record(&golden)));
    assert_eq!(record(&response.body)["max-limit"], record(&golden)["max-limit"]);
    let limits = router.limits(&RouterSettings::home_tree());
    assert_eq!(limits.download, Some(rate(450_000_000)));
    assert_eq!(limits.upload, Some(rate(20_000_000)));
    assert_eq!(router.writes(), 1);
}

#[test]
fn refusals_are_word_for_word_those_of_the_golden_files() {
    let mut router = router();
    let invalid = r#"{"max-limit":"fast"}"#;
    for (method, target, body, status, file) in [
        (
            "PATCH",
            DOWNLOAD,
            r#"{"max-rate":"1"}"#,
            400,
            "reconstructed/error-400-unknown-parameter",
        ),
        ("PATCH", DOWNLOAD, invalid, 400, "reconstructed/error-400-invalid-value"),
        ("PATCH", DOWNLOAD, r#"{"priority":"9"}"#, 400, "reconstructed/error-400-out-of-range"),
        ("PATCH", DOWNLOAD, r#"{"max-limit":5e8}"#, 400, "reconstructed/error-400-parse-json"),
        (
            "PATCH",
            "/rest/queue/tree/WAN-Download",
            invalid,
            400,
            "reconstructed/error-400-missing-id",
        ),
        ("PATCH", "/rest/queue/tree/%2A1000000", "{}", 400, "reconstructed/error-400-missing-id"),
        ("PATCH", "/rest/queue/tree", "{}", 400, "reconstructed/error-400-missing-id"),
        (
            "PATCH",
            "/rest/system/identity",
            r#"{"name":"x"}"#,
            400,
            "reconstructed/error-400-missing-id",
        ),
        ("GET", "/rest/nonexistent/path", "", 400, "7.23.7/error-400-no-such-directory"),
        ("POST", "/rest/queue/tree/remove", "", 400, "manual-2026-10/error-400-no-such-command"),
        ("GET", "/rest/queue/tree/*FFFF", "", 404, "any/error-404"),
        ("PATCH", "/rest/queue/tree/*FFFF", invalid, 404, "any/error-404"),
        ("POST", "/rest/queue/tree/set", r#"{"numbers":"absent"}"#, 404, "any/error-404"),
    ] {
        let response = ask(&mut router, method, target, body);
        let golden = golden(&format!("rest/{file}.json"));
        assert_eq!(
            (response.status, response.body.as_str()),
            (status, golden.trim_end()),
            "{target}"
        );
    }
    assert_eq!(router.writes(), 0);
}

#[test]
fn refusals_without_a_golden_body_carry_the_captured_words() {
    let mut router = router();
    for (method, target, body, status, words) in [
        ("GET", "/rest/queue/tree/print", "", 400, "\"no such command\""),
        ("GET", "/rest/queue", "", 400, "\"no such command\""),
        ("GET", "/rest/queue/tree/absent", "", 400, "\"no such command or directory (absent)\""),
        ("GET", "/rest/queue/tree/%2A1000000", "", 400, "\"no such command prefix\""),
        ("POST", "/rest/queue/tree/set", r#"{"max-limit":"1M"}"#, 400, "\"missing =.id=\""),
        ("PATCH", DOWNLOAD, r#"{"bytes":"0"}"#, 400, "\"unknown parameter bytes\""),
        ("PATCH", DOWNLOAD, r#"{"queue":"x"}"#, 400, "\"input does not match any value of queue\""),
        (
            "PATCH",
            DOWNLOAD,
            r#"{"parent":"x"}"#,
            400,
            "\"input does not match any value of parent\"",
        ),
        ("PATCH", DOWNLOAD, r#"{"name":"WAN-Upload"}"#, 400, "\"failure: already have such name\""),
        ("HEAD", "/rest/queue/tree", "", 501, "\"error\":501"),
        ("OPTIONS", "/rest/queue/tree", "", 503, "\"error\":503"),
    ] {
        let response = ask(&mut router, method, target, body);
        assert_eq!(response.status, status, "{target}");
        assert!(response.body.contains(words), "{target}: {}", response.body);
    }
    let outside = ask(&mut router, "GET", "/webfig/", "");
    assert_eq!((outside.status, outside.content_type), (404, "text/html"));
}

#[test]
fn a_body_must_be_declared_as_json() {
    let mut router = router();
    let mut plain = request("PATCH", DOWNLOAD, r#"{"max-limit":"1M"}"#);
    plain.content_type = Some("text/plain");
    let response = router.handle(at(0), &plain);
    let golden = golden("rest/reconstructed/error-415.json");
    assert_eq!((response.status, response.body.as_str()), (415, golden.trim_end()));
    plain.content_type = Some("application/json; charset=utf-8");
    assert_eq!(router.handle(at(0), &plain).status, 200);
}

#[test]
fn only_the_right_password_and_rights_open_the_door() {
    let mut settings = home();
    let user =
        |name: &str, rights| User { name: name.to_owned(), password: "x".to_owned(), rights };
    settings.users.extend([
        user("reader", Rights::Read),
        user("halfway", Rights::RestWithoutApi),
        user("console", Rights::NoRest),
    ]);
    let mut router = RouterOs::new(settings, 1, at(0));
    let unauthorized = golden("rest/any/error-401.json");
    let forbidden = golden("rest/reconstructed/error-500-not-enough-permissions.json");
    let not_allowed = "{\"detail\":\"std failure: not allowed (9)\",\"error\":500,\
                       \"message\":\"Internal Server Error\"}";
    let set = ("POST", "/rest/queue/tree/set", r#"{".id":"*1000000","max-limit":"1M"}"#);
    let get = ("GET", "/rest/system/identity", "");
    let reader = Some("Basic cmVhZGVyOng=");
    for (login, (method, target, body), status, expected) in [
        (None, get, 401, unauthorized.trim_end()),
        (Some("Basic d2FuY3RsOnNlY3JldB=="), get, 401, unauthorized.trim_end()),
        (Some("Bearer d2FuY3RsOnNlY3JldA=="), get, 401, unauthorized.trim_end()),
        (Some("Basic Y29uc29sZTp4"), get, 401, unauthorized.trim_end()),
        (Some("Basic aGFsZndheTp4"), get, 500, not_allowed),
        (reader, get, 200, r#"{"name":"MikroTik"}"#),
        (reader, set, 500, forbidden.trim_end()),
        (Some(LOGIN), set, 200, "[]"),
    ] {
        let mut request = request(method, target, body);
        request.authorization = login;
        let response = router.handle(at(0), &request);
        assert_eq!((response.status, response.body.as_str()), (status, expected), "{login:?}");
    }
}

#[test]
fn a_post_prints_and_sets() {
    let mut router = router();
    let query = r#"{".query":["name=WAN-Download"],".proplist":".id,name,max-limit"}"#;
    let printed = ask(&mut router, "POST", "/rest/queue/tree/print", query);
    let file = golden("rest/reconstructed/queue-tree.print.query.post.json");
    assert_eq!(classes(&records(&printed.body)[0]), classes(&records(&file)[0]));
    let count = ask(&mut router, "POST", "/rest/queue/tree/print", r#"{"count-only":""}"#);
    assert_eq!(count.body, r#"{"ret":"2"}"#);
    let both = r#"{".id":"*1000000,*1000001","max-limit":"9M"}"#;
    assert_eq!(ask(&mut router, "POST", "/rest/queue/tree/set", both).body, "[]");
    let nine = Some(rate(9_000_000));
    assert_eq!(router.limits(&RouterSettings::home_tree()), PerDirection::both(nine));
    let renamed = ask(&mut router, "POST", "/rest/system/identity/set", r#"{"name":"attic"}"#);
    assert_eq!(
        renamed.body,
        golden("rest/manual-2026-10/system-identity.set.post.json").trim_end()
    );
    assert_eq!(ask(&mut router, "GET", "/rest/system/identity", "").body, r#"{"name":"attic"}"#);
}

#[test]
fn a_comment_is_absent_when_it_is_empty() {
    let mut router = router();
    let target = "/rest/queue/tree/*1000001";
    let has_comment = |body: &str| record(body).contains_key(&"comment");
    assert!(!has_comment(&ask(&mut router, "GET", target, "").body));
    assert!(has_comment(&ask(&mut router, "PATCH", target, r#"{"comment":"a"}"#).body));
    assert!(!has_comment(&ask(&mut router, "PATCH", target, r#"{"comment":""}"#).body));
}
