//! No reflector answers the real binary: it connects, asks the gateway, keeps its rhythm, and
//! leaves nothing behind.

use std::{
    io::{ErrorKind, Read as _},
    net::{SocketAddr, TcpListener},
};

use wanctl::{control::time::Span, os::clock};

use super::{RATES, start};
use crate::running::{
    config::{TREE, globals, section},
    daemon::Daemon,
    router::{Router, home},
    scratch::Scratch,
};

/// A WAN whose reflectors are nobody's, by a device that leads to nobody else.
fn silent(scratch: &Scratch, router: &Router, more: &[(&str, &str)]) -> Daemon {
    let reflectors = [("reflector", "192.0.2.1"), ("reflector", "198.51.100.1")];
    let options = [&TREE[..], &RATES, &reflectors, &[("interface", "lo")], more].concat();
    let text = globals(scratch, "info")
        + &router.section("home", scratch)
        + &section("wan", "cable", &options);
    start(&scratch.write("wanctl.conf", text.as_bytes()))
}

/// A target on loopback that counts who completes a handshake; each connection must be reset.
fn count_connections(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    let mut count = 0;
    while let Ok((mut stream, _)) = listener.accept() {
        stream.set_nonblocking(false).unwrap();
        let ended = stream.read(&mut [0]).unwrap_err();
        assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
        count += 1;
    }
    count
}

/// The lines of the kernel's table of TCP connections that end at this address.
fn connections_to(address: SocketAddr) -> Vec<String> {
    let port = format!(":{:04X} ", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let remote = |line: &&str| {
        line.split_whitespace().nth(2).is_some_and(|remote| format!("{remote} ").ends_with(&port))
    };
    table.lines().filter(remote).map(String::from).collect()
}

#[test]
fn a_target_next_door_is_asked_at_its_rhythm_and_not_taken_for_the_line() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let more = [("tcp_target", address.to_string()), ("gateway", "127.0.0.1".to_string())];
    let more = more.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut daemon = silent(&scratch, &router, &more);
    daemon.line("wan cable: no reflector answers; the gateway answers, nothing beyond it");
    count_connections(&listener);
    let (begun, first) = (clock::now(), daemon.health().unwrap().wans[0].cycles);
    let health = daemon.until("eighty cycles", |health| health.wans[0].cycles >= first + 80);
    let took = clock::now().since(begun);
    let expected = Span::from_millis(50).times(health.wans[0].cycles - first);
    assert!(took.as_micros().abs_diff(expected.as_micros()) < 500_000, "{took:?} {expected:?}");
    // One in 200 ms, and no more.
    let connections = count_connections(&listener);
    let turns = usize::try_from(took.as_millis() / 200).unwrap();
    assert!(connections <= turns + 3 && connections * 2 >= turns, "{connections} of {turns}");
    let wan = &health.wans[0];
    assert_eq!((wan.signal.as_str(), wan.source.as_str()), ("no-signal", "gateway"));
    assert_eq!(wan.cycles_missed, 0);
    assert_eq!(
        (wan.replies_forged, wan.replies_late),
        (0, 0),
        "the gateway's echoes are no replies"
    );
    assert_eq!(daemon.stop().status.code(), Some(0));
    assert_eq!(connections_to(address), Vec::<String>::new());
}

/// Connects that nobody answers are under way when the end comes.
#[test]
fn the_end_closes_connects_that_are_on_the_way() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let nobody = [("tcp_target", "192.0.2.7:4437"), ("tcp_target", "198.51.100.7:4437")];
    let mut daemon = silent(&scratch, &router, &nobody);
    daemon.line("no-signal: rates are held");
    let ended = daemon.stop();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.after < Span::from_secs(3), "{ended:?}");
    assert_eq!(connections_to("192.0.2.7:4437".parse().unwrap()), Vec::<String>::new());
}
