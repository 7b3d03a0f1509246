//! TCP handshakes over real sockets on loopback.

use std::{
    io::Read as _,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
};

use wanctl::{
    control::time::Span,
    os::{clock, sockets::NetErrorKind},
    probe::{
        settings::Settings,
        tcp::{Failure, Target},
    },
};

fn target(address: SocketAddr, source: Option<IpAddr>) -> Target {
    let settings = Settings { tcp_targets: vec![address], source, ..Settings::default() };
    Target::all(&settings).next().unwrap()
}

fn listener(ip: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((ip, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_completed_handshake_has_a_time_and_the_connection_is_reset_at_once() {
    for ip in ["127.0.0.1", "::1"] {
        let (listener, address) = listener(ip);
        let took = smol::block_on(target(address, None).handshake()).unwrap();
        assert!(took > Span::ZERO && took < Span::from_millis(500), "{ip}: {took:?}");
        let (mut stream, _) = listener.accept().unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{ip}");
    }
}

#[test]
fn it_leaves_from_the_source_and_not_from_one_of_another_family() {
    let (listener, address) = listener("127.0.0.1");
    let source: IpAddr = "127.0.0.77".parse().unwrap();
    smol::block_on(target(address, Some(source)).handshake()).unwrap();
    assert_eq!(listener.accept().unwrap().1.ip(), source);
    let foreign: IpAddr = "::1".parse().unwrap();
    let failure = smol::block_on(target(address, Some(foreign)).handshake()).unwrap_err();
    assert!(matches!(failure, Failure::Net(error) if error.kind == NetErrorKind::NoFamily));
    let nowhere: IpAddr = "192.0.2.77".parse().unwrap();
    let failure = smol::block_on(target(address, Some(nowhere)).handshake()).unwrap_err();
    assert!(matches!(failure, Failure::Net(error) if error.kind == NetErrorKind::NoAddress));
}

#[test]
fn a_refusal_is_a_failure_and_no_time() {
    let (listener, address) = listener("127.0.0.1");
    drop(listener);
    let failure = smol::block_on(target(address, None).handshake()).unwrap_err();
    assert!(
        matches!(failure, Failure::Net(error) if error.errno == libc::ECONNREFUSED),
        "{failure}"
    );
}

/// By the loopback device to an address that is nobody's: the packets come in and are dropped.
#[test]
fn silence_is_given_up_after_the_deadline() {
    let address = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 443);
    let settings = Settings {
        tcp_targets: vec![address],
        interface: Some("lo".into()),
        ..Settings::default()
    };
    let target = Target::all(&settings).next().unwrap();
    let began = clock::now();
    let failure = smol::block_on(target.handshake()).unwrap_err();
    let took = clock::now().since(began).as_millis();
    assert_eq!(failure, Failure::TimedOut);
    assert!((2_000..4_000).contains(&took), "{took} ms");
}
