//! Writes: which requests go out, in which order, and how often.

use wanctl::{
    control::{failure::FailureKind, units::PerDirection},
    router::op::{Found, Reply},
};

use super::{
    golden::golden,
    server::Act,
    talk::{
        kind, rate, read_tree, set_simple, set_tree, talk, tree_limit, tree_list, tree_record,
        tree_reply,
    },
};

const GET: &str = "GET /rest/queue/tree";
const PATCH: &str = "PATCH /rest/queue/tree/*1000001";
const SET: &str = "POST /rest/queue/tree/set";

fn found(bps: u64) -> Act {
    Act::json(200, &tree_list("q", "*1000001", bps))
}

fn changed(bps: u64) -> Act {
    Act::json(200, &tree_record("q", "*1000001", bps))
}

fn stale() -> Act {
    Act::json(404, &golden("any/error-404.json"))
}

fn bad_id() -> Act {
    Act::json(400, &golden("reconstructed/error-400-missing-id.json"))
}

#[test]
fn the_first_write_looks_the_id_up_and_the_next_ones_use_it() {
    talk(vec![found(1), changed(5), changed(6)], async |client, server| {
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(client.perform(&set_tree("q", 6)).await, Ok(tree_limit(6)));
        assert_eq!(server.lines(), [GET, PATCH, PATCH]);
        let bodies: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
        assert_eq!(bodies, ["", r#"{"max-limit":"5"}"#, r#"{"max-limit":"6"}"#]);
    });
}

#[test]
fn a_read_tells_the_id_for_the_write_after_it() {
    talk(vec![found(1), changed(5)], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH]);
    });
}

#[test]
fn a_simple_queue_is_written_at_once_as_upload_then_download() {
    let record = r#"{".id":"*2","name":"s","max-limit":"20/100"}"#;
    let script = vec![Act::json(200, &format!("[{record}]")), Act::json(200, record)];
    talk(script, async |client, server| {
        let found = PerDirection { download: Some(rate(100)), upload: Some(rate(20)) };
        let reply = client.perform(&set_simple("s", 100, 20)).await;
        assert_eq!(reply, Ok(Reply::Limit(Found::Pair(found))));
        assert_eq!(server.lines(), ["GET /rest/queue/simple", "PATCH /rest/queue/simple/*2"]);
        assert_eq!(server.seen()[1].body, r#"{"max-limit":"20/100"}"#);
    });
}

#[test]
fn an_answer_without_the_record_is_followed_by_a_read() {
    for silent in [Act::json(200, "[]"), Act::json(200, ""), Act::json(200, "[{}]")] {
        talk(vec![found(1), silent, found(5)], async |client, server| {
            assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
            assert_eq!(server.lines(), [GET, PATCH, GET]);
        });
    }
}

#[test]
fn what_the_router_holds_after_the_write_is_the_reply_even_if_it_differs() {
    talk(vec![found(1), changed(4)], async |client, _| {
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(4)));
    });
    talk(vec![found(1), Act::json(200, "[]"), found(1)], async |client, _| {
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(1)));
    });
}

#[test]
fn a_stale_id_is_looked_up_again_once() {
    let script = vec![
        found(1),
        stale(),
        Act::json(200, &tree_list("q", "*2", 1)),
        Act::json(200, &tree_record("q", "*2", 5)),
    ];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH, GET, "PATCH /rest/queue/tree/*2"]);
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_fresh_id_that_is_stale_is_an_error_and_not_looked_up_again() {
    talk(vec![found(1), stale(), found(1), changed(5)], async |client, server| {
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::NotFound);
        assert_eq!(server.lines(), [GET, PATCH]);
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH, GET, PATCH]);
    });
}

#[test]
fn a_queue_that_is_gone_is_not_found() {
    let script = vec![found(1), stale(), Act::json(200, "[]"), Act::json(200, "[]")];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::NotFound);
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::NotFound);
        assert_eq!(server.lines(), [GET, PATCH, GET, GET]);
    });
}

#[test]
fn an_ambiguous_name_is_never_written() {
    let two = format!("[{0},{0}]", tree_record("q", "*1000001", 1));
    talk(vec![found(1), Act::json(200, &two), Act::json(200, &two)], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Ambiguous);
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Ambiguous);
        assert_eq!(server.lines(), [GET, GET, GET]);
    });
}

#[test]
fn a_router_that_refuses_ids_in_paths_is_asked_with_the_set_command() {
    let script = vec![found(1), bad_id(), found(1), Act::json(200, "[]"), found(5)];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH, GET, SET, GET]);
        assert_eq!(server.seen()[3].body, r#"{".id":"*1000001","max-limit":"5"}"#);
    });
}

#[test]
fn the_longest_exchange_is_six_requests() {
    let script = vec![found(1), stale(), found(1), bad_id(), found(1), bad_id()];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Rejected);
        assert_eq!(server.lines(), [GET, PATCH, GET, PATCH, GET, SET]);
    });
    let script =
        vec![found(1), stale(), found(1), bad_id(), found(1), Act::json(200, ""), found(5)];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH, GET, PATCH, GET, SET, GET]);
    });
}

#[test]
fn a_refused_value_is_not_sent_again() {
    let refused = Act::json(400, &golden("reconstructed/error-400-invalid-value.json"));
    talk(vec![found(1), refused], async |client, server| {
        let error = client.perform(&set_tree("q", 5)).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
        assert_eq!(error.detail, "HTTP 400 invalid value for argument max-limit");
        assert_eq!(server.lines(), [GET, PATCH]);
    });
}

#[test]
fn an_id_that_belongs_to_another_queue_now_is_an_error_and_all_ids_are_forgotten() {
    let script =
        vec![found(1), Act::json(200, &tree_record("other", "*1000001", 5)), found(1), changed(5)];
    talk(script, async |client, server| {
        let error = client.perform(&set_tree("q", 5)).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::NotFound);
        assert!(error.detail.contains("\"other\""), "{error}");
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, PATCH, GET, PATCH]);
    });
}

#[test]
fn an_entry_without_an_id_can_be_read_but_not_written() {
    let nameless = r#"[{"name":"q","max-limit":"1"}]"#;
    talk(vec![Act::json(200, nameless), Act::json(200, nameless)], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Garbage);
        assert_eq!(server.lines(), [GET, GET]);
    });
}

#[test]
fn what_is_forgotten_is_looked_up_again_on_a_new_connection() {
    talk(vec![found(1), found(1), changed(5)], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(1)));
        client.forget();
        server.all_closed().await;
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.lines(), [GET, GET, PATCH]);
        assert_eq!(server.connections(), 2);
    });
}
