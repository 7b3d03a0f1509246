//! One connection, when it is kept and when it is replaced, and what goes over it.

use std::time::Duration;

use smol::{Timer, future};
use wanctl::{
    control::failure::FailureKind,
    router::{op::Op, settings::Secret},
};

use super::{
    faults::{found, list, raw},
    server::{Act, answer},
    talk::{
        PASSWORD, SHORT, kind, read_tree, set_tree, talk, talk_within, tree_limit, tree_record,
        tree_reply,
    },
};

#[test]
fn all_forms_of_an_http_answer_are_read() {
    let body = list();
    let chunked = {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (one, two) = body.split_at(9);
        let chunk =
            |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        [head.as_bytes(), &chunk(one), &chunk(two), b"0\r\n\r\n"].concat()
    };
    let interim = raw("HTTP/1.1 100 Continue\r\n\r\n", &answer(200, &body));
    for act in [Act::Raw(chunked), Act::Raw(interim)] {
        talk(vec![act, found()], async |client, server| {
            assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
            assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
            assert_eq!(server.connections(), 1);
        });
    }
    let until_close = Act::RawThenClose(raw("HTTP/1.0 200 OK\r\n\r\n", &body));
    talk(vec![until_close, found()], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn requests_share_one_connection_and_carry_what_routeros_needs() {
    let changed = Act::json(200, &tree_record("q", "*1", 5));
    talk(vec![found(), changed], async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.connections(), 1);
        let seen = server.seen();
        assert_eq!(seen.iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 0]);
        for request in &seen {
            let expected = Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
            assert_eq!(request.header("authorization"), expected);
            assert_eq!(request.header("accept"), Some("application/json"));
            assert_eq!(request.header("host"), Some(&*server.address().to_string()));
            for unwanted in ["expect", "accept-encoding", "cookie", "transfer-encoding"] {
                assert_eq!(request.header(unwanted), None);
            }
        }
        assert_eq!(seen[0].header("content-type"), None);
        assert_eq!(seen[1].header("content-type"), Some("application/json"));
        assert_eq!(seen[1].header("content-length"), Some("17"));
    });
}

#[test]
fn a_connection_closed_between_requests_is_replaced_without_notice() {
    for op in [read_tree("q"), set_tree("q", 5)] {
        let record = tree_record("q", "*1", 7).into_bytes();
        let body = if matches!(op, Op::SetLimit(_)) { record } else { list() };
        let script = vec![Act::AnswerThenClose(200, list()), Act::Answer(200, body)];
        talk(script, async |client, server| {
            assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
            server.all_closed().await;
            assert!(client.perform(&op).await.is_ok());
            assert_eq!(server.connections(), 2);
            assert_eq!(server.seen().len(), 2);
        });
    }
}

#[test]
fn a_kept_connection_that_dies_instead_of_answering_is_replaced_once() {
    // The HTTP library cannot know whether the request arrived; setting a limit twice is setting
    // it once.
    let changed = Act::json(200, &tree_record("q", "*1", 5));
    let script = vec![found(), Act::RawThenClose(Vec::new()), changed];
    talk(script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        assert_eq!(server.connections(), 2);
        let patches = server.lines().iter().filter(|line| line.starts_with("PATCH")).count();
        assert_eq!(patches, 2);
    });
}

#[test]
fn a_fresh_connection_that_dies_is_not_tried_again() {
    let script = vec![Act::RawThenClose(Vec::new()), found()];
    talk(script, async |client, server| {
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Reset);
        assert_eq!(server.seen().len(), 1);
    });
}

#[test]
fn after_a_time_out_the_id_is_looked_up_again_before_the_next_write() {
    let script = vec![
        found(),
        Act::RawThenSilence(Vec::new()),
        found(),
        Act::json(200, &tree_record("q", "*1", 5)),
    ];
    talk_within(SHORT, script, async |client, server| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Timeout);
        assert_eq!(client.perform(&set_tree("q", 5)).await, Ok(tree_limit(5)));
        let words: Vec<_> = server.seen().into_iter().map(|seen| seen.method).collect();
        assert_eq!(words, ["GET", "PATCH", "GET", "PATCH"]);
    });
}

#[test]
fn an_operation_given_up_by_the_caller_closes_its_connection() {
    talk(vec![Act::RawThenSilence(Vec::new()), found()], async |client, server| {
        let op = read_tree("q");
        let given_up = async {
            while server.seen().is_empty() {
                Timer::after(Duration::from_millis(1)).await;
            }
            None
        };
        let outcome = future::or(async { Some(client.perform(&op).await) }, given_up).await;
        assert_eq!(outcome, None);
        server.all_closed().await;
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn no_debug_text_of_a_client_in_use_holds_the_password() {
    talk(vec![found()], async |client, _| {
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        let text = format!("{client:?}");
        assert!(text.contains("Aladdin") && text.contains("Session"));
        assert!(!text.contains(PASSWORD) && !text.contains("QWxhZGRpbj"), "{text}");
    });
    assert_eq!(format!("{:?}", Secret::new(PASSWORD.to_owned())), "Secret(…)");
}
