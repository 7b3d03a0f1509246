//! Clients of the status port that mean no good.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{configured, started};
use crate::running::{
    daemon::ask,
    router::{Router, home},
    scratch::Scratch,
    wait::{now, seconds},
};

#[test]
fn half_open_and_senseless_clients_cost_no_cycle_and_health_answers_soon_after() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let before = daemon.health().unwrap();
    let connect = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(daemon.address()).unwrap();
        match stream.write_all(bytes) {
            Ok(()) => {}
            // Turned away already.
            Err(error) => {
                let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
                assert!(gone.contains(&error.kind()), "{error}");
            }
        }
        stream
    };
    let half_open: Vec<TcpStream> = (0..10).map(|_| connect(b"GET /health HTTP/1.1\r\n")).collect();
    let garbage: Vec<TcpStream> = [&vec![0xff; 100_000][..], b"\r\n\r\n\r\n", b"", &[b'a'; 3_000]]
        .iter()
        .map(|bytes| connect(bytes))
        .collect();
    let start = now();
    let after = daemon.until_within(seconds(3), "answering", |_| true);
    let waited = now().since(start);
    assert!(waited <= seconds(3), "{} ms", waited.as_millis());
    drop((half_open, garbage));
    let after = daemon.until("running on", |health| {
        health.wans[0].cycles >= after.wans[0].cycles.max(before.wans[0].cycles + 40)
    });
    let missed = after.wans[0].cycles_missed - before.wans[0].cycles_missed;
    assert!(missed <= 2, "{missed} missed");
    assert_eq!(ask(daemon.address(), "/nonsense").unwrap().0, 404);
}

/// Each client has two seconds; who is over the number is turned away long before.
#[test]
fn more_than_four_clients_at_a_time_are_turned_away_at_once() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let connect = |_| {
        let mut stream = TcpStream::connect(daemon.address()).unwrap();
        // Turned away already, perhaps.
        let _ = stream.write_all(b"GET /health HTTP/1.1\r\n");
        stream
    };
    let mut streams: Vec<TcpStream> = (0..12).map(connect).collect();
    let start = now();
    let mut held = 0;
    // The last ones first: those are the ones too many.
    for stream in streams.iter_mut().rev() {
        let left = seconds(1).as_millis().saturating_sub(now().since(start).as_millis());
        stream.set_read_timeout(Some(Duration::from_millis(left.max(10)))).unwrap();
        held += usize::from(match stream.read(&mut [0; 100]) {
            Ok(0) => false,
            Ok(_) => panic!("an answer to half a question"),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        });
    }
    let took = now().since(start);
    assert!((1..=4).contains(&held), "{held} held");
    assert!(
        took < seconds(2),
        "took {} ms: they were served until their time was over",
        took.as_millis()
    );
}
