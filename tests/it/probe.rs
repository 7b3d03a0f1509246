//! Tests of the prober over real sockets on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test did not expect ends it")]

use std::{
    net::IpAddr,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use wanctl::{
    control::{
        oneway::Stamps,
        time::{Instant, Span},
    },
    os::{
        clock,
        sockets::{Family, IcmpSocket, Inbox, Kind, Left, NetErrorKind, OpenError, Outgoing},
    },
    probe::{
        icmp::IcmpWire,
        icmp_wire::{self, Echo, Framing},
        prober::{Probe, Prober, Received, Sent, Unsent},
        settings::{Asked, Settings},
    },
};

mod bed;

use crate::os::{alone, anywhere, in_time, loopback, opened};

fn settings(reflectors: &[IpAddr]) -> Settings {
    Settings { reflectors: reflectors.to_vec(), ..Settings::default() }
}

/// A prober on real sockets; without the right to them the test fails and says so.
fn prober(settings: &Settings) -> Prober<IcmpWire> {
    let wire = IcmpWire::new(settings, clock::now());
    if let Some((family, error)) = wire.refusals().next() {
        let remedy = error.remedy().unwrap_or("no remedy");
        panic!("this test needs {} ICMP sockets: {error}; {remedy}", family.word());
    }
    Prober::new(wire, &settings.reflectors)
}

fn send(prober: &mut Prober<IcmpWire>, round: &[Probe]) -> Vec<Result<Sent, Unsent>> {
    let mut told = Vec::new();
    prober.send(round, clock::now(), |result| told.push(result));
    told
}

/// What comes in up to the reply to a probe that is sent now, without it, and at least `count`:
/// what two processors deliver may come in another order.
fn received(prober: &mut Prober<IcmpWire>, count: usize) -> Vec<Received> {
    let last = Probe { reflector: 0, number: u32::MAX };
    assert!(send(prober, &[last]).iter().all(Result::is_ok));
    let mut received = Vec::new();
    let mut found = false;
    while !found || received.len() < count {
        in_time("a reply", prober.wire().arrived());
        prober.drain(clock::now(), |what| {
            if matches!(what, Received::Reply { number: u32::MAX, .. }) {
                found = true;
            } else {
                received.push(what);
            }
        });
    }
    received
}

/// The reflector and number of each reply; forgeries have none.
fn answered(received: &[Received]) -> Vec<Option<(u8, u32)>> {
    let pair = |what: &Received| match *what {
        Received::Reply { reflector, number, .. } => Some((reflector, number)),
        Received::Untimed { .. } | Received::Time { .. } | Received::Forged => None,
    };
    received.iter().map(pair).collect()
}

/// Somebody at a reflector's address who hears the replies and can send his own.
struct Forger {
    socket: IcmpSocket,
    inbox: Inbox,
}

impl Forger {
    fn at(source: IpAddr) -> Self {
        let request =
            wanctl::os::sockets::Request { source: Some(source), ..anywhere(Family::of(source)) };
        Self { socket: opened(IcmpSocket::open_raw(request)), inbox: Inbox::default() }
    }

    /// The next true reply to the probe of this number that passes by.
    fn overheard(&mut self, number: u32) -> Echo {
        let framing = match self.socket.family() {
            Family::V4 => Framing::Ipv4Header,
            Family::V6 => Framing::Icmpv6,
        };
        let socket = async_io::Async::new_nonblocking(&self.socket).unwrap();
        loop {
            in_time("a reply to overhear", socket.readable()).unwrap();
            self.socket.recv_batch(&mut self.inbox).unwrap();
            let echoes = self.inbox.datagrams();
            let mut echoes =
                echoes.filter_map(|found| icmp_wire::decode_reply(framing, found.bytes).ok());
            if let Some(echo) = echoes.find(|echo| echo.number == number) {
                return echo;
            }
        }
    }

    fn send(&self, to: IpAddr, echo: Echo) {
        let bytes = icmp_wire::reply(self.socket.family(), echo);
        self.socket.send_batch(&[Outgoing { to, bytes: &bytes }], &mut |_, result| result.unwrap());
    }
}

fn reflectors() -> [IpAddr; 3] {
    [loopback(Family::V4), loopback(Family::V6), [127, 0, 0, 2].into()]
}

/// A number that no other test has, in this process or another: a forger hears them all.
fn fresh() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    (process::id() << 8) | COUNT.fetch_add(1, Ordering::Relaxed)
}

fn round(number: u32) -> [Probe; 3] {
    [0, 1, 2].map(|reflector| Probe { reflector, number })
}

#[test]
fn both_families_answer_in_a_time_that_can_be() {
    let _alone = alone();
    let mut prober = prober(&settings(&reflectors()));
    let told = send(&mut prober, &round(1));
    let replies = received(&mut prober, 3);
    for result in told {
        let sent = result.unwrap();
        let arrived = replies.iter().find_map(|what| match *what {
            Received::Reply { reflector, number: 1, at } if reflector == sent.reflector => Some(at),
            Received::Reply { .. }
            | Received::Untimed { .. }
            | Received::Time { .. }
            | Received::Forged => None,
        });
        let rtt = arrived.unwrap().since(sent.at);
        assert!(arrived >= Some(sent.at) && rtt < Span::from_secs(1), "{rtt:?}");
    }
}

#[test]
fn a_reply_that_comes_twice_is_told_twice() {
    let _alone = alone();
    let number = fresh();
    let mut prober = prober(&settings(&reflectors()));
    let mut forger = Forger::at(loopback(Family::V4));
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    let echo = forger.overheard(number);
    forger.send(loopback(Family::V4), echo);
    assert_eq!(answered(&received(&mut prober, 2)), [Some((0, number)); 2]);
}

#[test]
fn what_only_looks_like_a_reply_is_forged() {
    let _alone = alone();
    for family in Family::BOTH {
        let number = fresh();
        let mut prober = prober(&settings(&[loopback(family)]));
        let mut forger = Forger::at(loopback(family));
        assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
        let echo = forger.overheard(number);
        assert_eq!(answered(&received(&mut prober, 1)), [Some((0, number))]);
        forger.send(loopback(family), Echo { nonce: echo.nonce ^ 1, ..echo });
        forger.send(loopback(family), Echo { number: 8, sequence: 8, ..echo });
        forger.send(loopback(family), Echo { sequence: 8, ..echo });
        assert_eq!(received(&mut prober, 3), [Received::Forged; 3]);
        // To somebody else, and so nothing to us.
        forger.send(loopback(family), Echo { ident: !echo.ident, ..echo });
        assert_eq!(received(&mut prober, 0), []);
    }
}

#[test]
fn a_reply_from_another_address_is_forged() {
    let _alone = alone();
    let number = fresh();
    let mut prober = prober(&settings(&[loopback(Family::V4)]));
    let mut forger = Forger::at(loopback(Family::V4));
    let elsewhere = Forger::at([127, 0, 0, 3].into());
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    let echo = forger.overheard(number);
    assert_eq!(answered(&received(&mut prober, 1)), [Some((0, number))]);
    elsewhere.send(loopback(Family::V4), echo);
    assert_eq!(received(&mut prober, 1), [Received::Forged]);
}

#[test]
fn thousands_of_forgeries_are_counted_and_the_reply_is_found() {
    let _alone = alone();
    let number = fresh();
    let mut prober = prober(&settings(&[loopback(Family::V4)]));
    let mut forger = Forger::at(loopback(Family::V4));
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    let echo = forger.overheard(number);
    assert_eq!(answered(&received(&mut prober, 1)), [Some((0, number))]);
    for _ in 0..200 {
        (0..25).for_each(|_| forger.send(loopback(Family::V4), Echo { nonce: 0, ..echo }));
        assert_eq!(received(&mut prober, 25), [Received::Forged; 25]);
    }
}

#[test]
fn sockets_with_stamps_wake_nobody() {
    let _alone = alone();
    let number = fresh();
    let mut prober = prober(&settings(&[loopback(Family::V4)]));
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    in_time("a reply", prober.wire().arrived());
    let woken = async_io::block_on(smol::future::poll_once(prober.readable()));
    assert_eq!(woken, None);
    assert_eq!(answered(&received(&mut prober, 1)), [Some((0, number))]);
}

#[test]
fn probes_leave_from_the_source() {
    let _alone = alone();
    let number = fresh();
    let source: IpAddr = [127, 0, 0, 9].into();
    let from = Settings { source: Some(source), ..settings(&[loopback(Family::V4)]) };
    let mut prober = prober(&from);
    // A reply to the source can be heard there and nowhere else.
    let mut listener = Forger::at(source);
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    assert_eq!(listener.overheard(number).number, number);
    assert_eq!(answered(&received(&mut prober, 1)), [Some((0, number))]);
}

#[test]
fn a_source_that_is_missing_is_said_once_per_probe_and_tried_once_a_second() {
    let _alone = alone();
    let missing: IpAddr = [192, 0, 2, 1].into();
    let from = Settings { source: Some(missing), ..settings(&[loopback(Family::V4)]) };
    let start = Instant::from_micros(1_000_000);
    let wire = IcmpWire::new(&from, start);
    let refusals: Vec<_> = wire.refusals().collect();
    let [(Family::V4, OpenError::Setup { error, .. })] = refusals[..] else {
        panic!("{refusals:?}");
    };
    assert_eq!(error.kind, NetErrorKind::NoAddress);
    let mut prober = Prober::new(wire, &from.reflectors);
    for millis in [0, 50, 999, 1_000, 5_000] {
        let mut told = Vec::new();
        let probe = Probe { reflector: 0, number: 1 };
        prober.send(&[probe], start + Span::from_millis(millis), |result| told.push(result));
        assert_eq!(told, [Err(Unsent { reflector: 0, number: 1, error })]);
    }
}

#[test]
fn a_family_other_than_the_sources_is_not_probed_from_just_anywhere() {
    let _alone = alone();
    let from = Settings { source: Some(loopback(Family::V4)), ..settings(&reflectors()) };
    let wire = IcmpWire::new(&from, clock::now());
    assert_eq!(wire.refusals().map(|(family, _)| family).collect::<Vec<_>>(), [Family::V6]);
    assert!(wire.kind(Family::V4).is_some());
    let mut prober = Prober::new(wire, &from.reflectors);
    let failed: Vec<_> = send(&mut prober, &round(1)).into_iter().filter_map(Result::err).collect();
    let [Unsent { reflector: 1, error, .. }] = failed[..] else { panic!("{failed:?}") };
    assert_eq!(error.kind, NetErrorKind::NoFamily);
}

#[test]
fn only_the_families_of_the_reflectors_are_opened() {
    let _alone = alone();
    let wire = IcmpWire::new(&settings(&[loopback(Family::V6)]), clock::now());
    assert_eq!(wire.kind(Family::V4), None);
    assert!(matches!(wire.kind(Family::V6), Some(Kind::Ping | Kind::Raw)));
    let mut inbox = Inbox::default();
    let socket = opened(IcmpSocket::open(anywhere(Family::V6)));
    assert_eq!(socket.recv_batch(&mut inbox), Ok(Left::Nothing));
}

#[test]
fn this_machine_tells_its_time_when_asked() {
    let _alone = alone();
    let from = Settings { timestamps: Asked::Timestamps, ..settings(&[loopback(Family::V4)]) };
    let mut prober = prober(&from);
    let number = fresh();
    let mut sent = None;
    prober.ask_times(&[Probe { reflector: 0, number }], clock::now(), |told| sent = Some(told));
    let sent = sent.unwrap().expect("this test needs raw ICMP sockets: root or CAP_NET_RAW");
    let mut told: Option<(Stamps, Instant)> = None;
    while told.is_none() {
        in_time("the time", prober.wire().arrived());
        prober.drain(clock::now(), |what| match what {
            Received::Time { reflector: 0, number: own, stamps, at } if own == number => {
                told = Some((stamps, at));
            }
            Received::Time { .. }
            | Received::Reply { .. }
            | Received::Untimed { .. }
            | Received::Forged => {}
        });
    }
    let (Stamps { receive, transmit }, at) = told.unwrap();
    assert!(at >= sent.at && at.since(sent.at) < Span::from_secs(1));
    assert_eq!(receive, transmit, "Linux reads its clock once");
    let of_day = clock::unix_now() % 86_400 * 1_000;
    let apart = of_day.abs_diff(u64::from(receive));
    assert!(apart.min(86_400_000 - apart) < 5_000, "{receive}, now {of_day}");
}
