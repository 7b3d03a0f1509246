use super::{
    Channel, Family, IcmpSocket, Inbox, Open, Outgoing, Reading, Request, Settings, Speech, Timing,
};
use crate::{
    control::time::Instant,
    os::clock,
    probe::icmp_wire::{self, Echo},
};
use async_io::block_on;
use smol::future;
use std::net::{IpAddr, Ipv4Addr};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A channel whose socket gets no stamps, although the kernel agreed to them.
fn without_stamps() -> Channel {
    let settings = Settings { reflectors: vec![LOOPBACK], ..Settings::default() };
    let mut channel = Channel::new(Family::V4, &settings);
    let request = Request { family: Family::V4, source: None, interface: None };
    let socket = IcmpSocket::open(request).expect("this test needs ICMP sockets");
    channel.socket = Some(Open::around(socket.without_stamps(), Reading::take()).unwrap());
    channel
}

async fn readable(channel: &Channel) {
    future::poll_fn(|context| channel.poll_readable(context)).await;
}

/// Sends an echo of this number, waits for the reply by `wait` and says when it arrived.
fn echoed(channel: &mut Channel, number: u16, wait: &impl AsyncFn(&Channel)) -> Option<Instant> {
    let ident = channel.socket.as_ref().unwrap().socket.get_ref().ident();
    let echo = Echo { ident, sequence: number, number: number.into(), nonce: 0 };
    let bytes = icmp_wire::request(Family::V4, echo);
    channel.send(&[Outgoing { to: LOOPBACK, bytes: &bytes }], &mut |_, sent| {
        sent.unwrap();
    });
    let mut found = None;
    while found.is_none() {
        block_on(wait(channel));
        let open = channel.socket.as_mut().unwrap();
        let mut inbox = Inbox::default();
        open.receive(Speech::Echoes, &mut inbox, &mut |incoming| {
            // On a raw socket, the replies to other processes come by too.
            let echo = icmp_wire::decode_reply(incoming.framing, incoming.bytes).ok();
            let ours = echo.filter(|echo| echo.ident == ident);
            found = found.or(ours.map(|_| incoming.at));
        })
        .unwrap();
    }
    found.flatten()
}

#[test]
fn without_stamps_the_first_time_is_unknown_and_then_the_socket_is_watched() {
    let mut channel = without_stamps();
    assert_eq!(block_on(future::poll_once(readable(&channel))), None);
    assert_eq!(echoed(&mut channel, 1, &Channel::arrived), None);
    assert!(channel.socket.as_ref().is_some_and(|open| open.timing == Timing::Watch));
    let before = clock::now();
    let at = echoed(&mut channel, 2, &readable).unwrap();
    assert!(before <= at && at <= clock::now());
}
