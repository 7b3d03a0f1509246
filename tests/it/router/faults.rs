//! Routers and networks that misbehave.

use std::net::{Ipv4Addr, TcpListener};

use wanctl::{
    control::{failure::FailureKind, time::Span},
    router::{
        error::Hint,
        http::RestClient,
        op::Op,
        settings::{Host, Settings},
    },
};

use super::{
    server::{Act, Plain, Server, answer},
    talk::{
        SHORT, kind, read_tree, run, set_tree, settings, talk, talk_within, tree_list, tree_reply,
    },
};

pub(crate) fn list() -> Vec<u8> {
    tree_list("q", "*1", 7).into_bytes()
}

pub(crate) fn found() -> Act {
    Act::Answer(200, list())
}

fn half_an_answer() -> Vec<u8> {
    let whole = answer(200, &list());
    whole[..whole.len() - 10].to_vec()
}

pub(crate) fn raw(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), body].concat()
}

/// The kind of failure that one request gives, and that the next one works on a new connection.
fn fails_then_recovers(act: Act, expected: FailureKind) {
    let wait = if expected == FailureKind::Timeout { SHORT } else { Span::from_secs(10) };
    talk_within(wait, vec![act, found()], async |client, server| {
        assert_eq!(kind(client.perform(&read_tree("q")).await), expected);
        server.all_closed().await;
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn a_closed_port_is_refused() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    run(async |_| {
        let mut client = RestClient::new(&settings(port)).unwrap();
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Refused);
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Refused);
    });
}

#[test]
fn an_address_that_tcp_cannot_reach_is_unreachable() {
    let host = Host::Address(Ipv4Addr::new(224, 0, 0, 1).into());
    run(async |_| {
        let settings = Settings { host, ..settings(80) };
        let mut client = RestClient::new(&settings).unwrap();
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Unreachable);
    });
}

#[test]
fn a_name_that_cannot_exist_is_a_dns_failure() {
    // A label has at most 63 characters, so no server is asked.
    let host = Host::Name(format!("{}.invalid", "x".repeat(64)));
    run(async |_| {
        let settings = Settings { host, ..settings(80) };
        let mut client = RestClient::new(&settings).unwrap();
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Dns);
    });
}

#[test]
fn a_name_is_resolved_and_stands_in_the_host_header() {
    run(async |executor| {
        let server = Server::start(executor, Plain, vec![found()]).await;
        let host = Host::Name("localhost".to_owned());
        let settings = Settings { host, ..settings(server.port) };
        let mut client = RestClient::new(&settings).unwrap();
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
        assert_eq!(server.seen()[0].header("host"), Some(&*format!("localhost:{}", server.port)));
    });
}

#[test]
fn a_router_that_never_answers_times_out_and_loses_the_connection() {
    fails_then_recovers(Act::RawThenSilence(Vec::new()), FailureKind::Timeout);
    fails_then_recovers(Act::RawThenSilence(half_an_answer()), FailureKind::Timeout);
    fails_then_recovers(Act::RawThenSilence(b"HTTP/1.1 200 OK\r\n".to_vec()), FailureKind::Timeout);
}

#[test]
fn a_slow_drip_does_not_stretch_the_deadline() {
    fails_then_recovers(Act::Drip(answer(200, &list())), FailureKind::Timeout);
}

#[test]
fn all_requests_of_an_operation_share_one_deadline() {
    // Each answer takes 160 of the 300 ms.
    let slowly = |body: &str| Act::Slow(answer(200, body.as_bytes()));
    let list = tree_list("q", "*1", 7);
    let script = vec![slowly(&list), slowly("[]"), slowly(&list)];
    talk_within(SHORT, script, async |client, server| {
        assert_eq!(kind(client.perform(&set_tree("q", 5)).await), FailureKind::Timeout);
        assert!(server.seen().len() < 3);
    });
}

#[test]
fn a_connection_that_ends_early_is_a_reset() {
    for act in [
        Act::RawThenReset(half_an_answer()),
        Act::RawThenReset(Vec::new()),
        Act::RawThenClose(half_an_answer()),
        Act::RawThenClose(Vec::new()),
        // More promised than sent.
        Act::RawThenClose(raw("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n", &list())),
    ] {
        fails_then_recovers(act, FailureKind::Reset);
    }
}

#[test]
fn what_is_not_http_or_not_json_or_too_long_is_garbage() {
    let huge = vec![b' '; 10_000_000];
    let endless_head = format!("HTTP/1.1 200 OK\r\n{}", "X-Pad: y\r\n".repeat(60_000));
    for act in [
        Act::RawThenSilence(b"SSH-2.0-ROSSSH\r\n".to_vec()),
        Act::Answer(200, huge.clone()),
        Act::RawThenSilence(raw("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", &huge)),
        Act::RawThenSilence(endless_head.into_bytes()),
        Act::Answer(200, vec![0xff; 100]),
        Act::Answer(200, b"<html>hello</html>".to_vec()),
        Act::Answer(200, b"[{\"name\":".to_vec()),
        Act::Answer(200, Vec::new()),
        Act::Answer(204, Vec::new()),
        // curl takes the end of the connection for the end of the headers.
        Act::RawThenClose(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
        // Fewer bytes promised than sent.
        Act::Raw(raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", &list())),
    ] {
        fails_then_recovers(act, FailureKind::Garbage);
    }
}

#[test]
fn of_a_body_without_end_only_so_much_is_taken() {
    // Good JSON as far as it goes: only the bound can end this.
    let endless = [b"[".as_slice(), &b"{\"name\":\"x\"},".repeat(1_000_000)].concat();
    talk(vec![Act::Answer(200, endless)], async |client, _| {
        let error = client.perform(&read_tree("q")).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Garbage);
        assert!(error.detail.contains("65536"), "{error}");
    });
}

#[test]
fn a_refusal_of_the_router_keeps_the_connection() {
    let json = br#"{"error":0,"message":"no"}"#.to_vec();
    for (status, expected) in [
        (400, FailureKind::Rejected),
        (401, FailureKind::Auth),
        (403, FailureKind::Auth),
        (404, FailureKind::NotFound),
        (415, FailureKind::Rejected),
    ] {
        let script = vec![Act::Answer(status, json.clone()), found()];
        talk(script, async |client, server| {
            assert_eq!(kind(client.perform(&read_tree("q")).await), expected);
            assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
            assert_eq!(server.connections(), 1);
            assert_eq!(server.seen().len(), 2);
        });
    }
    for status in [500, 501, 503] {
        fails_then_recovers(Act::Answer(status, json.clone()), FailureKind::Timeout);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let head = "HTTP/1.1 302 Found\r\nLocation: /rest/elsewhere\r\nContent-Length: 0\r\n\r\n";
    talk(vec![Act::Raw(head.into()), found()], async |client, server| {
        assert_eq!(kind(client.perform(&read_tree("q")).await), FailureKind::Garbage);
        assert_eq!(server.seen().len(), 1);
    });
}

#[test]
fn a_malformed_chunk_is_an_error_of_the_operation() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n[]\r\n".to_vec();
    fails_then_recovers(Act::RawThenSilence(bytes), FailureKind::Reset);
}

#[test]
fn a_user_name_with_a_colon_is_refused_before_anything_is_sent() {
    let settings = Settings { username: "a:b".to_owned(), ..settings(80) };
    assert_eq!(RestClient::new(&settings).unwrap_err().kind, FailureKind::Auth);
}

#[test]
fn a_web_page_instead_of_rest_comes_with_a_remedy() {
    let page = Act::Answer(403, b"<html><h1>Forbidden</h1></html>".to_vec());
    talk(vec![page], async |client, _| {
        let error = client.perform(&Op::ReadResource).await.unwrap_err();
        assert_eq!((error.kind, error.hint), (FailureKind::Auth, Some(Hint::SwitchRestOn)));
    });
}
