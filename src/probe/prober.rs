//! The probes of one WAN: sent in batches, replies told from forgeries.
//! Promises: a reply that comes out answers a probe of this process, came from the reflector that
//! was probed, and is told once per datagram; sending and draining neither wait nor allocate.
//! Knows nothing of rounds: whether a reply is late or a duplicate is for the control core to say.

use std::{
    future::{self, Future},
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    task::{Context, Poll},
};

use crate::{
    control::{oneway::Stamps, time::Instant},
    os::sockets::{Family, NetError, NetErrorKind, Outgoing},
};

use super::{
    icmp_wire::{self, Echo, Framing, Message},
    timestamp_wire::{self, Answer, Question},
};

/// Reflectors of one WAN, the gateway among them if it is probed too.
pub const MAX_REFLECTORS: usize = 16;

/// A probe to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The reflector's place in the list.
    pub reflector: u8,
    /// The probe's number, counted by the caller.
    pub number: u32,
}

/// A probe that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The reflector's place in the list.
    pub reflector: u8,
    /// The probe's number.
    pub number: u32,
    /// When.
    pub at: Instant,
}

/// A probe that did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The reflector's place in the list.
    pub reflector: u8,
    /// The probe's number.
    pub number: u32,
    /// Why.
    pub error: NetError,
}

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A reflector answered.
    Reply {
        /// The reflector's place in the list.
        reflector: u8,
        /// The probe's number.
        number: u32,
        /// When the reply arrived.
        at: Instant,
    },
    /// A reflector answered, but when is not known: the clock was set meanwhile. It lives, and its
    /// round-trip time is unknown.
    Untimed {
        /// The reflector's place in the list.
        reflector: u8,
        /// The probe's number.
        number: u32,
    },
    /// A reflector told its time.
    Time {
        /// The reflector's place in the list.
        reflector: u8,
        /// The probe's number.
        number: u32,
        /// What it told.
        stamps: Stamps,
        /// When the answer arrived.
        at: Instant,
    },
    /// Somebody sent what looks like an echo reply to us and answers none of our probes.
    Forged,
}

/// An ICMP message that came in over a wire.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The bytes, framed as `framing` says.
    pub bytes: &'a [u8],
    /// What is around the message.
    pub framing: Framing,
    /// Where from.
    pub from: IpAddr,
    /// The identifier that our echoes carry there.
    pub ident: u16,
    /// When it arrived; `None`: not known.
    pub at: Option<Instant>,
}

/// The thing packets travel on: the system's sockets, or the simulated link.
pub trait Wire {
    /// Makes ready to send over this family, and says which identifier the echoes must carry.
    fn prepare(&mut self, family: Family, now: Instant) -> Result<u16, NetError>;

    /// Sends messages of one family in order; tells for each, by its index, when it went out.
    fn send(
        &mut self,
        family: Family,
        messages: &[Outgoing<'_>],
        now: Instant,
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    );

    /// Makes ready to ask for times, and says which identifier the questions must carry. Where
    /// nobody can be asked this way, it is an error.
    fn prepare_times(&mut self, _now: Instant) -> Result<u16, NetError> {
        Err(NetError::of_kind(NetErrorKind::NoFamily))
    }

    /// Sends questions for the time, as `send` does with echoes.
    fn send_times(
        &mut self,
        _messages: &[Outgoing<'_>],
        _told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
    }

    /// Hands over what has arrived, without waiting; a flood is left in part for the next time.
    fn receive(&mut self, now: Instant, take: &mut dyn FnMut(Incoming<'_>));

    /// Ready when there is something to receive whose arrival time only a prompt `receive`
    /// knows; stays pending where the kernel gives the time.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()>;
}

/// The prober of one WAN.
#[derive(Debug)]
pub struct Prober<W> {
    wire: W,
    reflectors: heapless::Vec<IpAddr, MAX_REFLECTORS>,
    keys: RandomState,
    /// The number that the times were asked with last: answers carry but half of theirs.
    asked: u32,
}

impl<W: Wire> Prober<W> {
    /// A prober for these reflectors; those beyond `MAX_REFLECTORS` are not known to it.
    pub fn new(wire: W, reflectors: &[IpAddr]) -> Self {
        Self {
            wire,
            reflectors: reflectors.iter().copied().take(MAX_REFLECTORS).collect(),
            keys: RandomState::new(),
            asked: 0,
        }
    }

    /// The wire.
    pub const fn wire(&self) -> &W {
        &self.wire
    }

    /// Sends the probes, those of one address family in one batch, and tells of each once.
    pub fn send(
        &mut self,
        probes: &[Probe],
        now: Instant,
        mut told: impl FnMut(Result<Sent, Unsent>),
    ) {
        for probe in probes.iter().filter(|probe| self.address(**probe).is_none()) {
            told(Err(probe.unsent(NetError::of_kind(NetErrorKind::Other))));
        }
        for batch in probes.chunks(MAX_REFLECTORS) {
            for family in Family::BOTH {
                self.send_family(family, batch, now, &mut told);
            }
        }
    }

    fn send_family(
        &mut self,
        family: Family,
        probes: &[Probe],
        now: Instant,
        told: &mut impl FnMut(Result<Sent, Unsent>),
    ) {
        let probes: heapless::Vec<(Probe, IpAddr), MAX_REFLECTORS> = probes
            .iter()
            .filter_map(|probe| Some((*probe, self.address(*probe)?)))
            .filter(|(_, address)| Family::of(*address) == family)
            .collect();
        if probes.is_empty() {
            return;
        }
        let ident = match self.wire.prepare(family, now) {
            Ok(ident) => ident,
            Err(error) => {
                return probes.iter().for_each(|(probe, _)| told(Err(probe.unsent(error))));
            }
        };
        let messages: heapless::Vec<Message, MAX_REFLECTORS> = probes
            .iter()
            .map(|(probe, _)| icmp_wire::request(family, self.echo(*probe, ident)))
            .collect();
        let outgoing: heapless::Vec<Outgoing<'_>, MAX_REFLECTORS> = probes
            .iter()
            .zip(&messages)
            .map(|((_, to), bytes)| Outgoing { to: *to, bytes })
            .collect();
        self.wire.send(family, &outgoing, now, &mut |index, result| {
            if let Some((probe, _)) = probes.get(index) {
                told(result.map(|at| probe.sent(at)).map_err(|error| probe.unsent(error)));
            }
        });
    }

    /// Asks reflectors for their time, in one batch, and tells of each once. Whoever has no IPv4
    /// address cannot be asked.
    pub fn ask_times(
        &mut self,
        probes: &[Probe],
        now: Instant,
        mut told: impl FnMut(Result<Sent, Unsent>),
    ) {
        let is_v4 = |address: &IpAddr| Family::of(*address) == Family::V4;
        let mut all: heapless::Vec<(Probe, IpAddr), MAX_REFLECTORS> = heapless::Vec::new();
        for probe in probes {
            let address = self.address(*probe).filter(is_v4);
            let taken = address.is_some_and(|address| all.push((*probe, address)).is_ok());
            if !taken {
                told(Err(probe.unsent(NetError::of_kind(NetErrorKind::NoFamily))));
            }
        }
        let ident = match self.wire.prepare_times(now) {
            Ok(ident) => ident,
            Err(error) => return all.iter().for_each(|(probe, _)| told(Err(probe.unsent(error)))),
        };
        self.asked = all.iter().fold(self.asked, |_, (probe, _)| probe.number);
        let question = |(probe, _): &(Probe, IpAddr)| {
            timestamp_wire::request(question(&self.keys, *probe, ident))
        };
        let messages: heapless::Vec<timestamp_wire::Message, MAX_REFLECTORS> =
            all.iter().map(question).collect();
        let outgoing: heapless::Vec<Outgoing<'_>, MAX_REFLECTORS> =
            all.iter().zip(&messages).map(|((_, to), bytes)| Outgoing { to: *to, bytes }).collect();
        self.wire.send_times(&outgoing, &mut |index, result| {
            if let Some((probe, _)) = all.get(index) {
                told(result.map(|at| probe.sent(at)).map_err(|error| probe.unsent(error)));
            }
        });
    }

    /// Takes in what has arrived, without waiting.
    pub fn drain(&mut self, now: Instant, mut told: impl FnMut(Received)) {
        let Self { wire, reflectors, keys, asked } = self;
        wire.receive(now, &mut |incoming| {
            let received = match incoming.framing {
                Framing::Timestamp => judge_time(reflectors, keys, *asked, incoming),
                Framing::Ipv4Header | Framing::Icmp | Framing::Icmpv6 => {
                    judge(reflectors, keys, incoming)
                }
            };
            if let Some(received) = received {
                told(received);
            }
        });
    }

    /// Resolves when something came in that must be drained at once to know when it came; stays
    /// pending where the kernel's time stamps let it wait for the next tick.
    pub fn readable(&self) -> impl Future<Output = ()> {
        future::poll_fn(|context| self.poll_readable(context))
    }

    /// The same for those who wait for several at once.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.wire.poll_readable(context)
    }

    fn address(&self, probe: Probe) -> Option<IpAddr> {
        self.reflectors.get(usize::from(probe.reflector)).copied()
    }

    fn echo(&self, probe: Probe, ident: u16) -> Echo {
        Echo {
            ident,
            sequence: sequence_of(probe.number),
            number: probe.number,
            nonce: nonce(&self.keys, probe),
        }
    }
}

impl Probe {
    const fn sent(self, at: Instant) -> Sent {
        Sent { reflector: self.reflector, number: self.number, at }
    }

    const fn unsent(self, error: NetError) -> Unsent {
        Unsent { reflector: self.reflector, number: self.number, error }
    }
}

/// What a datagram is; `None` if it has nothing to do with us.
fn judge(reflectors: &[IpAddr], keys: &RandomState, incoming: Incoming<'_>) -> Option<Received> {
    let echo = match icmp_wire::decode_reply(incoming.framing, incoming.bytes) {
        Ok(echo) if echo.ident == incoming.ident => echo,
        Err(reject) if reject.ident() == Some(incoming.ident) => return Some(Received::Forged),
        Ok(_) | Err(_) => return None,
    };
    let answered = (0_u8..)
        .zip(reflectors)
        .filter(|(_, address)| **address == incoming.from)
        .map(|(reflector, _)| Probe { reflector, number: echo.number })
        .find(|probe| nonce(keys, *probe) == echo.nonce);
    Some(match (answered, incoming.at) {
        (Some(Probe { reflector, number }), Some(at)) if echo.sequence == sequence_of(number) => {
            Received::Reply { reflector, number, at }
        }
        (Some(Probe { reflector, number }), None) if echo.sequence == sequence_of(number) => {
            Received::Untimed { reflector, number }
        }
        _ => Received::Forged,
    })
}

/// The same for what came in as the answer to a question for the time; `asked` is the number of
/// the last one. Answers to numbers 65,536 and more before it are of nobody's use.
fn judge_time(
    reflectors: &[IpAddr],
    keys: &RandomState,
    asked: u32,
    incoming: Incoming<'_>,
) -> Option<Received> {
    let Answer { to, stamps } = match timestamp_wire::decode_reply(incoming.bytes) {
        Ok(answer) if answer.to.ident == incoming.ident => answer,
        Err(reject) if reject.ident() == Some(incoming.ident) => return Some(Received::Forged),
        Ok(_) | Err(_) => return None,
    };
    let behind = sequence_of(asked).wrapping_sub(to.sequence);
    let number = asked.wrapping_sub(u32::from(behind));
    let answered = (0_u8..)
        .zip(reflectors)
        .filter(|(_, address)| **address == incoming.from)
        .map(|(reflector, _)| Probe { reflector, number })
        .find(|probe| question(keys, *probe, to.ident) == to);
    Some(match (answered, incoming.at) {
        (Some(Probe { reflector, number }), Some(at)) => {
            Received::Time { reflector, number, stamps, at }
        }
        (Some(Probe { reflector, number }), None) => Received::Untimed { reflector, number },
        (None, _) => Received::Forged,
    })
}

/// The question for the time that a probe is.
fn question(keys: &RandomState, probe: Probe, ident: u16) -> Question {
    let [.., n0, n1, n2, n3] = keys.hash_one((probe.reflector, probe.number, "time")).to_be_bytes();
    let nonce = u32::from_be_bytes([n0, n1, n2, n3]) & (u32::MAX >> 1);
    Question { ident, sequence: sequence_of(probe.number), nonce }
}

/// The lower half of the number.
fn sequence_of(number: u32) -> u16 {
    let [.., high, low] = number.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// A keyed hash, so that nobody off the path can answer a probe that he has not seen, and no table
/// of probes under way is needed to tell.
fn nonce(keys: &RandomState, probe: Probe) -> u64 {
    keys.hash_one((probe.reflector, probe.number))
}

#[cfg(test)]
mod tests;
