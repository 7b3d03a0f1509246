//! The simulated router speaks HTTP, and is out of reach in every way it can be.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wanctl::{
    control::time::{Instant, Span},
    sim::{
        https::{RouterServer, Tls},
        routeros::{Down, Fate, RouterOs},
    },
};

use super::support::{LOGIN, home, router};

/// A server must answer within this, however busy the machine is; nothing waits that long in fact.
const PATIENCE: Duration = Duration::from_secs(20);

const fn clock() -> Instant {
    Instant::from_micros(7_000_000)
}

pub(super) fn start(tls: Tls) -> (RouterServer, Arc<Mutex<RouterOs>>) {
    let router = Arc::new(Mutex::new(router()));
    let shared = Arc::clone(&router);
    (RouterServer::spawn_thread(RouterServer::LOCAL, shared, tls, clock).unwrap(), router)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(super) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: router\r\nAuthorization: {LOGIN}\r\n\r\n")
}

fn patch(target: &str, body: &str) -> String {
    format!(
        "PATCH {target} HTTP/1.1\r\nHost: router\r\nAuthorization: {LOGIN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const CUT: &str = r#"{"max-limit":"450000000"}"#;

/// Sends a request and reads one whole answer.
fn ask(stream: &mut TcpStream, request: &str) -> (u16, String) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = answer(&bytes) {
            return answer;
        }
        let mut chunk = [0; 512];
        let count = stream.read(&mut chunk).unwrap();
        assert_ne!(count, 0, "the answer ends early: {}", String::from_utf8_lossy(&bytes));
        bytes.extend(chunk.into_iter().take(count));
    }
}

/// Status and body, once they are complete.
pub(super) fn answer(bytes: &[u8]) -> Option<(u16, String)> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes).unwrap() else { return None };
    let status = response.code.unwrap();
    let length = response.headers.iter().find(|header| header.name == "Content-Length").unwrap();
    let length: usize = std::str::from_utf8(length.value).unwrap().parse().unwrap();
    let body = bytes.get(head..head + length)?;
    if status == 401 {
        assert!(response.headers.iter().any(|header| header.name == "WWW-Authenticate"));
    }
    Some((status, String::from_utf8(body.to_vec()).unwrap()))
}

/// Everything until the end of the connection, and how it ended.
fn drain(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    (bytes, end.err().map(|error| error.kind()))
}

/// The first answer to `question`, asked again every few milliseconds until there is one: the
/// server follows the router with a small delay.
fn eventually<T>(mut question: impl FnMut() -> Option<T>) -> T {
    let tries = 0..PATIENCE.as_millis() / 5;
    let answer = tries.into_iter().find_map(|_| {
        question().or_else(|| {
            smol::block_on(smol::Timer::after(Duration::from_millis(5)));
            None
        })
    });
    answer.unwrap()
}

#[test]
fn one_connection_carries_many_requests() {
    let (server, router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    let (status, body) = ask(&mut stream, &get("/rest/system/identity"));
    assert_eq!((status, body.as_str()), (200, r#"{"name":"MikroTik"}"#));
    let (status, body) = ask(&mut stream, &patch("/rest/queue/tree/*1000000", CUT));
    assert_eq!(status, 200);
    assert!(body.contains(r#""max-limit":"450000000""#));
    assert_eq!(router.lock().unwrap().writes(), 1);
    assert_eq!(server.log().connections(), 1);
    let log = server.log().last();
    let lines: Vec<_> = log.iter().map(|line| (line.method.as_str(), line.status)).collect();
    assert_eq!(lines, [("GET", 200), ("PATCH", 200)]);
    assert!(log.iter().all(|line| line.at == clock() && line.fate == Fate::Answer));
    assert_eq!(server.url(), format!("http://{}", server.address()));
}

#[test]
fn a_request_may_come_in_pieces_and_two_at_once() {
    let (server, _router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    stream.set_nodelay(true).unwrap();
    let request = patch("/rest/queue/tree/*1000000", CUT);
    let (head, last) = request.split_at(request.len() - 1);
    for piece in head.as_bytes().chunks(40) {
        stream.write_all(piece).unwrap();
    }
    assert_eq!(ask(&mut stream, last).0, 200);
    let two = get("/rest/system/identity") + &get("/rest/absent");
    stream.write_all(two.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let (bytes, end) = drain(&mut stream);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("200 OK") && text.contains("400 Bad Request"), "{text}");
    assert_eq!(end, None);
}

#[test]
fn several_connections_are_served_at_the_same_time() {
    let (server, _router) = start(Tls::Plain);
    let mut streams: Vec<_> = (0..5).map(|_| connect(server.address())).collect();
    for stream in streams.iter_mut().rev() {
        assert_eq!(ask(stream, &get("/rest/queue/tree")).0, 200);
    }
    assert_eq!(server.log().connections(), 5);
}

#[test]
fn a_wrong_password_and_wrong_methods_are_told_apart() {
    let (server, _router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    let wrong = get("/rest/queue/tree").replace(LOGIN, "Basic d2FuY3RsOndyb25n");
    let (status, body) = ask(&mut stream, &wrong);
    assert_eq!((status, body.as_str()), (401, r#"{"error":401,"message":"Unauthorized"}"#));
    for (method, expected) in [("OPTIONS", 503), ("BREW", 501)] {
        let request = get("/rest/queue/tree").replacen("GET", method, 1);
        assert_eq!(ask(&mut stream, &request).0, expected);
    }
    let head = get("/rest/queue/tree").replacen("GET", "HEAD", 1);
    let closing = head.replace("Host: router", "Connection: close");
    stream.write_all(closing.as_bytes()).unwrap();
    let (bytes, end) = drain(&mut stream);
    assert!(bytes.starts_with(b"HTTP/1.1 501 ") && bytes.ends_with(b"\r\n\r\n"));
    assert_eq!(end, None);
}

#[test]
fn what_is_no_request_is_refused_and_cut_off() {
    let (server, _router) = start(Tls::Plain);
    for text in
        ["\u{16}\u{3}\u{1} hello\r\n\r\n", "PATCH / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"]
    {
        let mut stream = connect(server.address());
        stream.write_all(text.as_bytes()).unwrap();
        assert!(drain(&mut stream).0.starts_with(b"HTTP/1.1 400 "));
    }
    assert_eq!(server.log().requests(), 0);
}

#[test]
fn a_refusing_router_listens_again_on_the_same_port_when_it_is_back() {
    let (server, router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    assert_eq!(ask(&mut stream, &get("/rest/queue/tree")).0, 200);
    router.lock().unwrap().force(Some(Down::Refuse));
    let refused = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    eventually(|| TcpStream::connect(server.address()).err().filter(refused));
    router.lock().unwrap().force(None);
    let mut stream = eventually(|| {
        // A socket may connect to itself while nobody listens on a port of the ephemeral range.
        let stream = TcpStream::connect(server.address()).ok()?;
        (stream.local_addr().unwrap() != server.address()).then_some(stream)
    });
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(ask(&mut stream, &get("/rest/queue/tree")).0, 200);
}

#[test]
fn a_reset_breaks_the_connection_without_an_answer() {
    let (server, router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    assert_eq!(ask(&mut stream, &get("/rest/queue/tree")).0, 200);
    router.lock().unwrap().force(Some(Down::Reset));
    stream.write_all(patch("/rest/queue/tree/*1000000", CUT).as_bytes()).unwrap();
    assert_eq!(drain(&mut stream), (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(router.lock().unwrap().writes(), 0);
}

#[test]
fn a_cut_answer_ends_half_way_though_the_request_was_carried_out() {
    let (server, router) = start(Tls::Plain);
    router.lock().unwrap().force(Some(Down::AnswerCut));
    let mut stream = connect(server.address());
    stream.write_all(patch("/rest/queue/tree/*1000000", CUT).as_bytes()).unwrap();
    let (bytes, _) = drain(&mut stream);
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(answer(&bytes), None);
    assert_eq!(router.lock().unwrap().writes(), 1);
}

#[test]
fn a_black_hole_accepts_and_never_answers() {
    let (server, router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    assert_eq!(ask(&mut stream, &get("/rest/queue/tree")).0, 200);
    router.lock().unwrap().force(Some(Down::BlackHole));
    stream.write_all(get("/rest/queue/tree").as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(server.log().requests(), 1);
}

#[test]
fn a_lost_answer_was_carried_out() {
    let (server, router) = start(Tls::Plain);
    router.lock().unwrap().force(Some(Down::AnswerLost));
    let mut stream = connect(server.address());
    stream.write_all(patch("/rest/queue/tree/*1000000", CUT).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(drain(&mut stream), (Vec::new(), None));
    assert_eq!(router.lock().unwrap().writes(), 1);
    assert_eq!(server.log().last()[0].fate, Fate::BlackHole);
}

#[test]
fn an_answer_that_drips_arrives_whole_in_the_end() {
    let (server, router) = start(Tls::Plain);
    let mut stream = connect(server.address());
    router.lock().unwrap().force(Some(Down::AnswerDrips));
    stream.write_all(get("/rest/system/identity").as_bytes()).unwrap();
    let mut first = [0; 16];
    let count = stream.read(&mut first).unwrap();
    // Not more than a few of some 120 bytes come at once.
    assert!((1..16).contains(&count));
}

#[test]
fn the_end_of_the_server_closes_every_socket() {
    let (server, router) = start(Tls::Plain);
    let address = server.address();
    let mut answered = connect(address);
    assert_eq!(ask(&mut answered, &get("/rest/queue/tree")).0, 200);
    router.lock().unwrap().force(Some(Down::BlackHole));
    let mut held = connect(address);
    held.write_all(b"G").unwrap();
    drop(server);
    assert_eq!(answered.read(&mut [0; 1]).unwrap(), 0);
    let (nothing, _) = drain(&mut held);
    assert!(nothing.is_empty());
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(Arc::strong_count(&router), 1);
}

#[test]
fn a_server_can_run_on_an_executor_of_its_caller_and_waits_out_the_delay() {
    let mut settings = home();
    settings.login = Span::from_millis(30);
    let router = Arc::new(Mutex::new(RouterOs::new(settings, 1, clock())));
    let (server, serving) =
        RouterServer::bind(RouterServer::LOCAL, router, Tls::Plain, clock).unwrap();
    let client = async {
        let mut stream = smol::net::TcpStream::connect(server.address()).await.unwrap();
        let request = get("/rest/system/identity").replace("Host: router", "Connection: close");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        drop(server);
        text
    };
    let (text, ()) = smol::block_on(smol::future::zip(client, serving));
    assert!(text.ends_with(r#"{"name":"MikroTik"}"#), "{text}");
}
