//! Tests of the prober over a wire in memory.

use super::{
    Answer, Family, Framing, Incoming, Instant, IpAddr, MAX_REFLECTORS, Message, NetError,
    NetErrorKind, Outgoing, Probe, Prober, Question, Received, Stamps, Wire, icmp_wire,
    timestamp_wire,
};
use crate::control::time::Span;
use std::task::{Context, Poll};

/// A wire whose reflectors answer at once, and which can be told to fail.
#[derive(Default)]
struct Echoing {
    /// The size and family of each batch.
    batches: Vec<(Family, usize)>,
    replies: Vec<(Family, IpAddr, Message)>,
    closed: Option<Family>,
    refuses: Option<usize>,
    /// Answers to questions for the time.
    times: Vec<(IpAddr, Vec<u8>)>,
    clockless: bool,
}

const IDENT: u16 = 4711;
const NOW: Instant = Instant::from_micros(1_000_000);
const LOST: NetError = NetError { kind: NetErrorKind::Unreachable, errno: 101 };

impl Wire for Echoing {
    fn prepare(&mut self, family: Family, _now: Instant) -> Result<u16, NetError> {
        if self.closed == Some(family) { Err(LOST) } else { Ok(IDENT) }
    }

    fn send(
        &mut self,
        family: Family,
        messages: &[Outgoing<'_>],
        now: Instant,
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        self.batches.push((family, messages.len()));
        for (index, message) in messages.iter().enumerate() {
            let echo = icmp_wire::decode_request(family, message.bytes).unwrap();
            assert_eq!(echo.ident, IDENT);
            let reply = (family, message.to, icmp_wire::reply(family, echo));
            let sent = (self.refuses != Some(index)).then_some(reply);
            told(index, sent.map(|_| now).ok_or(LOST));
            self.replies.extend(sent);
        }
    }

    fn prepare_times(&mut self, _now: Instant) -> Result<u16, NetError> {
        if self.clockless { Err(LOST) } else { Ok(IDENT) }
    }

    fn send_times(
        &mut self,
        messages: &[Outgoing<'_>],
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        for (index, message) in messages.iter().enumerate() {
            self.times.push((message.to, told_by(message.bytes)));
            told(index, Ok(NOW));
        }
    }

    fn receive(&mut self, now: Instant, take: &mut dyn FnMut(Incoming<'_>)) {
        for (from, bytes) in self.times.drain(..) {
            let (framing, ident, at) = (Framing::Timestamp, IDENT, Some(now));
            take(Incoming { bytes: &bytes, framing, from, ident, at });
        }
        for (family, from, bytes) in self.replies.drain(..) {
            take(incoming(family, from, &bytes, Some(now)));
        }
    }

    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

const STAMPS: Stamps = Stamps { receive: 1_000, transmit: 1_001 };

/// What a reflector makes of a question for its time, behind an IPv4 header.
fn told_by(question: &[u8]) -> Vec<u8> {
    let number = |range| question.get(range).map(|bytes: &[u8]| bytes.iter());
    let number =
        |range| number(range).unwrap().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    let to = Question {
        ident: u16::try_from(number(4..6)).unwrap(),
        sequence: u16::try_from(number(6..8)).unwrap(),
        nonce: number(8..12) & (u32::MAX >> 1),
    };
    let mut packet = vec![0; 20];
    (packet[0], packet[9]) = (0x45, 1);
    packet.extend(timestamp_wire::reply(Answer { to, stamps: STAMPS }));
    packet
}

fn incoming(family: Family, from: IpAddr, bytes: &[u8], at: Option<Instant>) -> Incoming<'_> {
    let framing = match family {
        Family::V4 => Framing::Icmp,
        Family::V6 => Framing::Icmpv6,
    };
    Incoming { bytes, framing, from, ident: IDENT, at }
}

fn reflectors() -> Vec<IpAddr> {
    ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.1"].map(|ip| ip.parse().unwrap()).into()
}

fn prober(wire: Echoing) -> Prober<Echoing> {
    Prober::new(wire, &reflectors())
}

fn round(number: u32) -> [Probe; 4] {
    [0, 1, 2, 3].map(|reflector| Probe { reflector, number })
}

fn drained(prober: &mut Prober<Echoing>, now: Instant) -> Vec<Received> {
    let mut received = Vec::new();
    prober.drain(now, |what| received.push(what));
    received
}

#[test]
fn a_round_takes_one_batch_per_family_and_every_probe_is_told_once() {
    let mut prober = prober(Echoing::default());
    let mut sent = Vec::new();
    prober.send(&round(7), NOW, |result| sent.push(result.unwrap()));
    assert_eq!(prober.wire().batches, [(Family::V4, 3), (Family::V6, 1)]);
    sent.sort_by_key(|sent| sent.reflector);
    assert_eq!(sent, round(7).map(|probe| probe.sent(NOW)));
    let later = NOW + Span::from_millis(20);
    let mut replies = drained(&mut prober, later);
    replies.sort_by_key(|received| match received {
        Received::Reply { reflector, .. } => *reflector,
        Received::Untimed { .. } | Received::Time { .. } | Received::Forged => u8::MAX,
    });
    let reply = |reflector| Received::Reply { reflector, number: 7, at: later };
    assert_eq!(replies, [0, 1, 2, 3].map(reply));
}

#[test]
fn what_cannot_be_sent_is_told_probe_by_probe() {
    let mut closed = prober(Echoing { closed: Some(Family::V6), ..Echoing::default() });
    let mut told = Vec::new();
    closed.send(&round(1), NOW, |result| told.push(result));
    assert_eq!(told.iter().filter(|result| result.is_ok()).count(), 3);
    assert!(told.contains(&Err(round(1)[1].unsent(LOST))));

    let mut refusing = prober(Echoing { refuses: Some(1), ..Echoing::default() });
    told.clear();
    refusing.send(&round(1), NOW, |result| told.push(result));
    assert_eq!(told.iter().filter(|result| result.is_ok()).count(), 3);
    assert!(told.contains(&Err(round(1)[2].unsent(LOST))));

    let unknown = Probe { reflector: 4, number: 1 };
    told.clear();
    refusing.send(&[unknown], NOW, |result| told.push(result));
    assert_eq!(told, [Err(unknown.unsent(NetError::of_kind(NetErrorKind::Other)))]);
}

#[test]
fn more_probes_than_a_batch_holds_go_in_several() {
    let mut prober = prober(Echoing::default());
    let forty: Vec<_> = (0..40).map(|number| Probe { reflector: 0, number }).collect();
    let mut count = 0;
    prober.send(&forty, NOW, |result| count += u32::from(result.is_ok()));
    assert_eq!(count, 40);
    let sizes: Vec<_> = prober.wire().batches.iter().map(|batch| batch.1).collect();
    assert_eq!(sizes, [MAX_REFLECTORS, MAX_REFLECTORS, 8]);
}

/// What comes of a reply to probe 65,543 of reflector 0 after a change.
fn judged(change: impl Fn(&mut icmp_wire::Echo, &mut IpAddr)) -> Vec<Received> {
    let mut prober = prober(Echoing::default());
    prober.send(&[Probe { reflector: 0, number: 65_543 }], NOW, |_| {});
    let (family, mut from, bytes) = prober.wire.replies[0];
    let mut echo = icmp_wire::decode_reply(Framing::Icmp, &bytes).unwrap();
    change(&mut echo, &mut from);
    prober.wire.replies[0] = (family, from, icmp_wire::reply(family, echo));
    drained(&mut prober, NOW)
}

#[test]
fn only_the_reply_to_the_probe_is_one() {
    let reply = Received::Reply { reflector: 0, number: 65_543, at: NOW };
    assert_eq!(judged(|_, _| {}), [reply]);
    assert_eq!(judged(|echo, _| echo.nonce ^= 1), [Received::Forged]);
    assert_eq!(judged(|echo, _| echo.number += 65_536), [Received::Forged]);
    assert_eq!(judged(|echo, _| echo.sequence += 1), [Received::Forged]);
    assert_eq!(judged(|_, from| *from = reflectors()[2]), [Received::Forged]);
    assert_eq!(judged(|_, from| *from = "203.0.113.9".parse().unwrap()), [Received::Forged]);
    assert_eq!(judged(|echo, _| echo.ident += 1), []);
}

#[test]
fn a_reply_whose_time_is_unknown_says_so() {
    let mut prober = prober(Echoing::default());
    prober.send(&[Probe { reflector: 1, number: 9 }], NOW, |_| {});
    let (family, from, bytes) = prober.wire.replies[0];
    let untimed = incoming(family, from, &bytes, None);
    assert_eq!(
        super::judge(&reflectors(), &prober.keys, untimed),
        Some(Received::Untimed { reflector: 1, number: 9 })
    );
}

#[test]
fn another_process_has_other_nonces() {
    let mut first = prober(Echoing::default());
    let mut second = prober(Echoing::default());
    first.send(&round(7), NOW, |_| {});
    second.wire.replies = first.wire.replies;
    assert_eq!(drained(&mut second, NOW), [Received::Forged; 4]);
}

/// What comes of the answers to questions for the time with this number, after a change of them.
fn timed(number: u32, change: impl Fn(&mut (IpAddr, Vec<u8>))) -> Vec<Received> {
    let mut prober = prober(Echoing::default());
    let mut sent = Vec::new();
    prober.ask_times(&[Probe { reflector: 0, number }], NOW, |told| sent.push(told));
    assert_eq!(sent, [Ok(Probe { reflector: 0, number }.sent(NOW))]);
    prober.wire.times.iter_mut().for_each(change);
    drained(&mut prober, NOW)
}

#[test]
fn an_answer_to_a_question_for_the_time_is_told_with_its_whole_number() {
    for number in [0, 7, 65_535, 65_536, 4_000_000_000, u32::MAX] {
        let told = Received::Time { reflector: 0, number, stamps: STAMPS, at: NOW };
        assert_eq!(timed(number, |_| ()), [told]);
    }
}

#[test]
fn an_answer_to_an_earlier_question_has_its_own_number() {
    let mut prober = prober(Echoing::default());
    for number in 65_530..65_545 {
        prober.ask_times(&[Probe { reflector: 2, number }], NOW, |_| ());
    }
    let numbers: Vec<_> = drained(&mut prober, NOW)
        .into_iter()
        .map(|what| match what {
            Received::Time { reflector: 2, number, .. } => Some(number),
            Received::Time { .. }
            | Received::Reply { .. }
            | Received::Untimed { .. }
            | Received::Forged => None,
        })
        .collect();
    assert_eq!(numbers, (65_530..65_545).map(Some).collect::<Vec<_>>());
}

#[test]
fn what_only_looks_like_the_time_is_forged() {
    let rewritten = |change: fn(&mut Question)| {
        timed(7, move |(_, packet)| {
            let mut answer = timestamp_wire::decode_reply(packet).unwrap();
            change(&mut answer.to);
            packet.truncate(20);
            packet.extend(timestamp_wire::reply(answer));
        })
    };
    assert_eq!(rewritten(|to| to.nonce ^= 1), [Received::Forged]);
    assert_eq!(rewritten(|to| to.sequence += 1), [Received::Forged]);
    assert_eq!(rewritten(|to| to.sequence -= 1), [Received::Forged]);
    assert_eq!(rewritten(|to| to.ident += 1), []);
    assert_eq!(timed(7, |(from, _)| *from = "203.0.113.9".parse().unwrap()), [Received::Forged]);
    assert_eq!(timed(7, |(_, packet)| packet[30] ^= 1), [Received::Forged]);
    assert_eq!(timed(7, |(_, packet)| packet.truncate(10)), []);
}

#[test]
fn nobody_is_asked_for_the_time_over_ipv6_or_without_the_right_to() {
    let mut prober = prober(Echoing::default());
    let mut told = Vec::new();
    prober.ask_times(&round(3), NOW, |result| told.push(result.is_ok()));
    assert_eq!(told, [false, true, true, true], "the IPv6 one first");
    assert_eq!(drained(&mut prober, NOW).len(), 3);
    prober.wire.clockless = true;
    told.clear();
    prober.ask_times(&round(4), NOW, |result| told.push(result.is_ok()));
    assert_eq!(told, [false; 4]);
}
