//! Every golden answer that the operations can meet, as the exact typed value.

use std::{fs, path::Path};

use wanctl::{
    control::{
        failure::FailureKind,
        time::Span,
        units::{PerDirection, Rate},
    },
    router::{
        error::{Hint, RouterError},
        op::{
            Counters, Found, Op, QueueKind, QueueState, Reply, Resource, Rule, RuleState,
            Statistics,
        },
        rest::{Exchange, Ids},
    },
};

use super::talk::{
    count, rate, read_rule, read_simple, read_tree, read_type, rule_reply, set_rule, set_simple,
    set_tree, set_type, tree_limit, tree_reply,
};

pub(crate) fn golden(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/rest");
    let text = fs::read_to_string(root.join(file)).unwrap();
    text.trim_end_matches('\n').to_owned()
}

/// The outcome of an operation whose first request is answered with this.
fn answered(op: &Op<'_>, status: u16, body: &str) -> Result<Option<Reply>, RouterError> {
    let mut ids = Ids::default();
    Exchange::new(op, &ids).answer(status, body.as_bytes(), &mut ids)
}

fn reply(op: &Op<'_>, file: &str) -> Reply {
    answered(op, 200, &golden(file)).unwrap().unwrap()
}

fn refusal(op: &Op<'_>, status: u16, file: &str) -> (FailureKind, String, Option<Hint>) {
    let error = answered(op, status, &golden(file)).unwrap_err();
    (error.kind, error.detail.as_str().to_owned(), error.hint)
}

/// What a write answers whose id was found before.
fn written(op: &Op<'_>, status: u16, body: &str) -> Result<Option<Reply>, RouterError> {
    let mut ids = Ids::default();
    let mut exchange = Exchange::new(op, &ids);
    let Op::SetLimit(limit) = op else { panic!("{op:?} is no write") };
    let (name, limit) = (limit.queue().name, if name_is_simple(op) { "1/1" } else { "1" });
    let list = format!(r#"[{{".id":"*1000001","name":"{name}","max-limit":"{limit}"}}]"#);
    assert_eq!(exchange.answer(200, list.as_bytes(), &mut ids), Ok(None));
    exchange.answer(status, body.as_bytes(), &mut ids)
}

fn name_is_simple(op: &Op<'_>) -> bool {
    matches!(op, Op::SetLimit(wanctl::router::op::NewLimit::Simple { .. }))
}

#[test]
fn queue_tree_lists_give_the_entry_of_that_name() {
    let list = "reconstructed/queue-tree.cake.list.json";
    assert_eq!(reply(&read_tree("WAN-Download"), list), tree_reply(500_000_000));
    assert_eq!(reply(&read_tree("WAN-Upload"), list), tree_reply(20_000_000));
    let short = "reconstructed/queue-tree.cake.proplist.list.json";
    assert_eq!(reply(&read_tree("WAN-Download"), short), tree_reply(500_000_000));
    let query = "reconstructed/queue-tree.print.query.post.json";
    assert_eq!(reply(&read_tree("WAN-Download"), query), tree_reply(500_000_000));
}

#[test]
fn a_disabled_and_an_invalid_queue_say_so() {
    let limit = Found::One(Some(rate(20_000_000)));
    let state = QueueState { limit, disabled: false, invalid: false, dynamic: false };
    let upload = read_tree("WAN-Upload");
    assert_eq!(
        reply(&upload, "reconstructed/queue-tree.disabled.list.json"),
        Reply::Queue(QueueState { disabled: true, ..state })
    );
    assert_eq!(
        reply(&upload, "reconstructed/queue-tree.invalid.list.json"),
        Reply::Queue(QueueState { invalid: true, ..state })
    );
}

#[test]
fn a_simple_queue_is_upload_then_download() {
    let limit = Found::Pair(PerDirection {
        download: Some(rate(100_000_000)),
        upload: Some(rate(20_000_000)),
    });
    assert_eq!(
        reply(&read_simple("internet-cake"), "reconstructed/queue-simple.cake.list.json"),
        Reply::Queue(QueueState { limit, disabled: false, invalid: false, dynamic: false })
    );
}

#[test]
fn counters_are_read_as_they_are_and_an_absent_one_is_unknown() {
    let counted = |[bytes, packets, dropped, queued_bytes, queued_packets]: [u64; 5]| {
        Counters::from_values([bytes, packets, dropped, queued_bytes, queued_packets].map(Some))
    };
    let list = golden("reconstructed/queue-tree.cake.list.json");
    let down = counted([272_603_902_153, 184_614_358, 0, 3_726, 3]);
    let read = count(QueueKind::Tree, "WAN-Download");
    assert_eq!(answered(&read, 200, &list), Ok(Some(Reply::Statistics(Statistics::One(down)))));
    let without = list.replace(r#""dropped":"0","#, "").replace(r#""bytes":"272603902153","#, "");
    let unknown = Counters { bytes: None, dropped: None, ..down };
    assert_eq!(
        answered(&read, 200, &without),
        Ok(Some(Reply::Statistics(Statistics::One(unknown))))
    );
    let odd = list.replace("272603902153", "lots");
    assert_eq!(answered(&read, 200, &odd).unwrap_err().kind, FailureKind::Garbage);

    let simple = golden("unversioned-7.12_7.18/queue-simple.record.json");
    let none = Statistics::Pair(PerDirection::both(counted([0; 5])));
    let read = count(QueueKind::Simple, "queue1");
    assert_eq!(answered(&read, 200, &format!("[{simple}]")), Ok(Some(Reply::Statistics(none))));
    let one_sided = format!("[{simple}]").replace(r#""bytes":"0/0""#, r#""bytes":"0""#);
    assert_eq!(answered(&read, 200, &one_sided).unwrap_err().kind, FailureKind::Garbage);
}

#[test]
fn the_bandwidth_of_a_queue_type_is_read_with_and_without_a_unit_and_of_cake_alone() {
    let file = "reconstructed/queue-type.cake.minimal.list.json";
    let read = read_type("cake-down");
    assert_eq!(reply(&read, file), tree_reply(0));
    let list = golden(file);
    for (shown, bits) in [("24500000", 24_500_000), ("245.0Mbps", 245_000_000), ("0bps", 0)] {
        let shown = format!(r#""cake-bandwidth":"{shown}""#);
        let list = list.replace(r#""cake-bandwidth":"0""#, &shown);
        assert_eq!(answered(&read, 200, &list), Ok(Some(tree_reply(bits))), "{shown}");
    }
    let absent = list.replace(r#""cake-bandwidth":"0","#, "");
    assert_eq!(answered(&read, 200, &absent), Ok(Some(tree_reply(0))));
    let kindless = list.replace(r#""kind":"cake","#, "");
    assert_eq!(answered(&read, 200, &kindless).unwrap_err().kind, FailureKind::Garbage);

    let other = format!("[{}]", golden("unversioned-7.12_7.18/queue-type.pcq.record.json"));
    for op in [read_type("pcq-upload-default"), set_type("pcq-upload-default", 5)] {
        let error = answered(&op, 200, &other).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
        assert!(error.detail.contains("is of the kind pcq"), "{error}");
    }
}

#[test]
fn rules_are_found_by_their_exact_comments_among_all() {
    use RuleState::{Disabled, Enabled};
    let list = golden("reconstructed/mangle.list.json");
    let voip = "ADAPTIVE: steer voip";
    assert_eq!(answered(&read_rule(voip), 200, &list), Ok(Some(rule_reply(Enabled))));
    for comment in ["ADAPTIVE: steer", "adaptive: steer voip", "ADAPTIVE: steer voip ", ""] {
        let error = answered(&read_rule(comment), 200, &list).unwrap_err();
        assert_eq!(error.kind, FailureKind::NotFound, "{comment}");
    }
    for op in [read_rule("ADAPTIVE: steer games"), set_rule("ADAPTIVE: steer games", Enabled)] {
        let error = answered(&op, 200, &list).unwrap_err();
        assert_eq!(error.kind, FailureKind::Ambiguous);
        assert!(error.detail.starts_with("2 entries, *6 *7, match"), "{error}");
    }
    let one = list.replacen("steer games", "steer chess", 1);
    assert_eq!(
        answered(&read_rule("ADAPTIVE: steer chess"), 200, &one),
        Ok(Some(rule_reply(Disabled)))
    );
    let invalid = Rule { state: Enabled, invalid: true, dynamic: false };
    assert_eq!(
        answered(&read_rule("ADAPTIVE: steer games"), 200, &one),
        Ok(Some(Reply::Rule(invalid)))
    );
    // The list of another menu.
    let queues = golden("reconstructed/queue-tree.cake.list.json");
    assert_eq!(answered(&read_rule(voip), 200, &queues).unwrap_err().kind, FailureKind::Garbage);
}

#[test]
fn a_rule_is_switched_under_an_id_that_was_just_read_and_another_rule_is_noticed() {
    let list = golden("reconstructed/mangle.list.json");
    let changed = golden("reconstructed/mangle.patch.disabled.response.json");
    let off = set_rule("ADAPTIVE: steer voip", RuleState::Disabled);
    let mut ids = Ids::default();
    for (body, expected) in [
        (changed.as_str(), Ok(Some(rule_reply(RuleState::Disabled)))),
        ("[]", Ok(None)),
        ("", Ok(None)),
    ] {
        let mut exchange = Exchange::new(&off, &ids);
        assert_eq!(exchange.request().method.word(), "GET", "no id is remembered");
        assert_eq!(exchange.answer(200, list.as_bytes(), &mut ids), Ok(None));
        assert_eq!(exchange.request().target, "/rest/ip/firewall/mangle/*5");
        assert_eq!(exchange.answer(200, body.as_bytes(), &mut ids), expected, "{body}");
    }
    let mut exchange = Exchange::new(&off, &ids);
    assert_eq!(exchange.answer(200, list.as_bytes(), &mut ids), Ok(None));
    let other = changed.replace("steer voip", "block all");
    let error = exchange.answer(200, other.as_bytes(), &mut ids).unwrap_err();
    assert_eq!(error.kind, FailureKind::NotFound);
    assert!(error.detail.contains("block all"), "{error}");
}

#[test]
fn the_identity_is_an_object_with_a_name() {
    let name = Reply::Identity("CHR".try_into().unwrap());
    assert_eq!(reply(&Op::ReadIdentity, "7.23.7/system-identity.get.json"), name);
    assert_eq!(answered(&Op::ReadIdentity, 200, "{}").unwrap_err().kind, FailureKind::Garbage);
    let long = format!(r#"{{"name":"{}"}}"#, "ü".repeat(40));
    let Ok(Some(Reply::Identity(name))) = answered(&Op::ReadIdentity, 200, &long) else { panic!() };
    assert_eq!(name, "ü".repeat(24).as_str());
}

#[test]
fn captured_records_without_a_limit_are_unlimited() {
    let tree = golden("unversioned-7.12_7.18/queue-tree.record.json");
    assert_eq!(answered(&read_tree("queue1"), 200, &format!("[{tree}]")), Ok(Some(tree_reply(0))));
    assert_eq!(written(&set_tree("queue1", 5), 200, &tree), Ok(Some(tree_limit(0))));

    let simple = golden("unversioned-7.12_7.18/queue-simple.record.json");
    let limit = Found::Pair(PerDirection::both(None));
    let state = QueueState { limit, disabled: false, invalid: false, dynamic: false };
    assert_eq!(
        answered(&read_simple("queue1"), 200, &format!("[{simple}]")),
        Ok(Some(Reply::Queue(state)))
    );
    let set = set_simple("queue1", 5, 5);
    assert_eq!(written(&set, 200, &simple), Ok(Some(Reply::Limit(limit))));
}

#[test]
fn the_changed_record_confirms_the_limit() {
    let record = golden("reconstructed/queue-tree.patch.response.json");
    let op = set_tree("WAN-Download", 450_000_000);
    assert_eq!(written(&op, 200, &record), Ok(Some(tree_limit(450_000_000))));
    let Op::SetLimit(limit) = op else { panic!() };
    assert!(limit.is_met_by(Found::One(Rate::from_bps(450_000_000))));
}

#[test]
fn a_set_that_answers_an_empty_list_needs_a_read() {
    let silent = golden("manual-2026-10/system-identity.set.post.json");
    assert_eq!(written(&set_tree("q", 5), 200, &silent), Ok(None));
}

#[test]
fn the_resource_is_an_object_or_an_array_of_one() {
    let seconds = |d: u64, h, m, s| Some(Span::from_secs(((d * 24 + h) * 60 + m) * 60 + s));
    let beta = Resource {
        version: "7.1beta4 (development)".try_into().unwrap(),
        board: "CCR1016-12S-1S+".try_into().unwrap(),
        uptime: seconds(2, 20, 12, 20),
    };
    let list = golden("7.1beta4/system-resource.get.json");
    let object = list.trim_start_matches('[').trim_end_matches(']');
    for body in [list.as_str(), object] {
        assert_eq!(answered(&Op::ReadResource, 200, body), Ok(Some(Reply::Resource(beta.clone()))));
    }
}

#[test]
fn an_answer_without_what_was_asked_for_is_garbage_and_names_the_key() {
    let tree = "queue1";
    let pcq = golden("unversioned-7.12_7.18/queue-type.pcq.record.json");
    let service = golden("7.19.1/ip-service.www-ssl.list.json");
    let resource = golden("manual-2026-10/system-resource.proplist.get.json");
    for (op, body, key) in [
        (read_tree("pcq-upload-default"), format!("[{pcq}]"), "max-limit"),
        (read_tree("www-ssl"), service, "max-limit"),
        (read_tree(tree), format!("[{resource}]"), "name"),
        (Op::ReadResource, resource, "version"),
        (Op::ReadResource, pcq, "version"),
    ] {
        let error = answered(&op, 200, &body).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage);
        assert_eq!(error.detail, format!("the key {key} is missing in the answer").as_str());
    }
}

#[test]
fn an_empty_list_means_that_there_is_no_such_queue() {
    let (kind, detail, _) = refusal(&read_tree("absent"), 200, "any/empty-list.get.json");
    assert_eq!(kind, FailureKind::NotFound);
    assert_eq!(detail, "the router has no queue tree entry \"absent\"");
}

#[test]
fn errors_come_with_their_kind_and_the_words_of_the_router() {
    use FailureKind::{Auth, NotFound, Rejected, Timeout};
    for (status, file, kind, said) in [
        (401, "any/error-401.json", Auth, "wrong user or password"),
        (404, "any/error-404.json", NotFound, "no record has this id"),
        (400, "7.23.7/error-400-no-such-directory.json", Rejected, "(nonexistent)"),
        (400, "7.24.2/error-400-missing-package.json", Rejected, "(wireless)"),
        (400, "7.19/error-400-failure.json", Rejected, "this is configured elsewhere"),
        (400, "manual-2026-10/error-400-no-such-command.json", Rejected, "(remove)"),
        (400, "manual-2026-10/error-400-session-closed.json", Timeout, "Session closed"),
        (400, "unversioned/error-400-does-not-match.json", Rejected, "any value of certificate"),
        (400, "unversioned/error-400-user-exists.json", Rejected, "already exists"),
        (400, "reconstructed/error-400-invalid-value.json", Rejected, "argument max-limit"),
        (400, "reconstructed/error-400-missing-id.json", Rejected, "resource identifier"),
        (400, "reconstructed/error-400-out-of-range.json", Rejected, "out of range (1..8)"),
        (400, "reconstructed/error-400-parse-json.json", Rejected, "Failed to parse json"),
        (400, "reconstructed/error-400-unknown-parameter.json", Rejected, "max-rate"),
        (415, "reconstructed/error-415.json", Rejected, "Unsupported Media Type"),
        (500, "reconstructed/error-500-not-enough-permissions.json", Auth, "permissions (9)"),
    ] {
        let (found, detail, _) = refusal(&read_tree("q"), status, file);
        assert_eq!(found, kind, "{file}");
        assert!(detail.contains(said), "{file}: {detail}");
    }
}

#[test]
fn every_captured_400_is_a_refusal_with_its_detail() {
    // The rows are one per line: status, then detail.
    let table = golden("7.23.7/error-details.table.json");
    let mut details = 0;
    for row in table.split('{').filter(|row| row.contains("\"status\": 400")) {
        let detail = row.split("\"detail\": \"").nth(1).unwrap();
        let detail = detail.rsplit_once('"').unwrap().0;
        let body = format!(r#"{{"detail":"{detail}","error":400,"message":"Bad Request"}}"#);
        let error = answered(&read_tree("q"), 400, &body).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
        assert_eq!(error.detail, format!("HTTP 400 {detail}").as_str());
        details += 1;
    }
    assert_eq!(details, 13);
}

#[test]
fn no_cut_and_no_flipped_byte_of_a_golden_answer_panics_or_passes_for_another_limit() {
    let list = golden("reconstructed/queue-tree.cake.list.json");
    let op = read_tree("WAN-Upload");
    for end in 0..list.len() {
        let error = answered(&op, 200, &list[..end]).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage, "cut at {end}");
    }
    for (at, flip) in (0..list.len()).flat_map(|at| [(at, 0x01), (at, 0x20), (at, 0x80)]) {
        let mut bytes = list.clone().into_bytes();
        bytes[at] ^= flip;
        let mut ids = Ids::default();
        let outcome = Exchange::new(&op, &ids).answer(200, &bytes, &mut ids);
        if let Ok(Some(Reply::Queue(state))) = outcome {
            let Found::One(Some(limit)) = state.limit else { panic!("flipped at {at}") };
            // A flipped digit is a digit; nothing here can know better.
            assert!(limit.bps().to_string().len() == 8, "flipped at {at}");
        }
    }
    let record = golden("reconstructed/queue-tree.patch.response.json");
    for end in 1..record.len() {
        let error = written(&set_tree("WAN-Download", 5), 200, &record[..end]).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage, "cut at {end}");
    }
    let resource = golden("7.1beta4/system-resource.get.json");
    for end in 0..resource.len() {
        let error = answered(&Op::ReadResource, 200, &resource[..end]).unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage, "cut at {end}");
    }
}
