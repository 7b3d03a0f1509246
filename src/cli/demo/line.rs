//! The simulated line in real time, twice: with the router's limits, and without any.
//! Promises: probes travel as the very packets that the daemon would send; both lines see the same
//! load, capacity and noise.
//! Knows nothing of the daemon.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::IpAddr,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use crate::{
    control::{
        time::{Instant, Span},
        units::{PerDirection, Rate},
    },
    os::sockets::{Family, NetError, Outgoing},
    probe::{
        icmp_wire::{self, Framing, Message},
        prober::{Incoming, Wire},
    },
    sim::{
        link::{LaneStats, Link},
        routeros::{RouterOs, RouterSettings, Shaper, Traffic},
    },
};

/// What both lines were like at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// What queues at the provider add to a round trip, with control.
    pub(super) controlled: Span,
    /// The same without.
    pub(super) free: Span,
    /// The download limit at the router.
    pub(super) limit: Option<Rate>,
    /// Bytes downloaded so far, with control and without.
    pub(super) delivered: (u64, u64),
}

/// The line, with control and without.
#[derive(Debug)]
pub(super) struct Line {
    link: Link,
    free: Link,
    router: Arc<Mutex<RouterOs>>,
    shaper: Shaper,
    samples: Vec<Sample>,
}

impl Line {
    pub(super) fn new(link: Link, router: Arc<Mutex<RouterOs>>) -> Self {
        let (free, shaper) = (link.clone(), RouterSettings::home_tree());
        Self { link, free, router, shaper, samples: Vec::new() }
    }

    /// Lets time pass.
    fn advance(&mut self, now: Instant) -> PerDirection<Option<Rate>> {
        let mut router = self.router.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = router.limits(&self.shaper);
        let before = self.link.stats();
        self.link.advance(now, limits);
        self.free.advance(now, PerDirection::both(None));
        let passed = |(before, after): (LaneStats, LaneStats)| Traffic::between(&before, &after);
        router.carry(now, &self.shaper, before.zip(self.link.stats()).map(passed));
        limits
    }

    /// How it is now.
    pub(super) fn glance(&mut self, now: Instant) -> Sample {
        let limit = self.advance(now).download;
        let queues = |link: &Link| {
            let PerDirection { download, upload } = link.stats();
            download.queue_delay + upload.queue_delay
        };
        let delivered = |link: &Link| link.stats().download.delivered;
        Sample {
            at: now,
            controlled: queues(&self.link),
            free: queues(&self.free),
            limit,
            delivered: (delivered(&self.link), delivered(&self.free)),
        }
    }

    /// One sample per round of probes.
    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Writes that the router has seen.
    pub(super) fn writes(&self) -> u64 {
        self.router.lock().unwrap_or_else(PoisonError::into_inner).writes()
    }
}

/// A packet on its way back.
#[derive(Clone, Copy, Debug)]
struct Reply {
    from: IpAddr,
    message: Message,
}

/// The line as something packets travel on.
#[derive(Debug)]
pub(super) struct SimulatedWire {
    line: Rc<RefCell<Line>>,
    /// By arrival, then in the order of sending.
    replies: BTreeMap<(Instant, u64), Reply>,
    sent: u64,
}

/// The identifier of the simulated socket.
const IDENT: u16 = 0x77a1;

impl SimulatedWire {
    pub(super) fn new(line: Rc<RefCell<Line>>) -> Self {
        Self { line, replies: BTreeMap::new(), sent: 0 }
    }
}

impl Wire for SimulatedWire {
    fn prepare(&mut self, _: Family, _: Instant) -> Result<u16, NetError> {
        Ok(IDENT)
    }

    fn send(
        &mut self,
        family: Family,
        messages: &[Outgoing<'_>],
        now: Instant,
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        let mut line = self.line.borrow_mut();
        let sample = line.glance(now);
        line.samples.push(sample);
        for (index, message) in messages.iter().enumerate() {
            self.sent = self.sent.wrapping_add(1);
            let echo = icmp_wire::decode_request(family, message.bytes);
            let rtt = line.link.echo(now, last_byte(message.to));
            if let (Some(echo), Some(rtt)) = (echo, rtt) {
                let reply = Reply { from: message.to, message: icmp_wire::reply(family, echo) };
                self.replies.insert((now + rtt, self.sent), reply);
            }
            told(index, Ok(now));
        }
    }

    fn receive(&mut self, now: Instant, take: &mut dyn FnMut(Incoming<'_>)) {
        while let Some(entry) = self.replies.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            let Reply { from, message } = entry.remove();
            let framing = match from {
                IpAddr::V4(_) => Framing::Icmp,
                IpAddr::V6(_) => Framing::Icmpv6,
            };
            take(Incoming { bytes: &message, framing, from, ident: IDENT, at: Some(at) });
        }
    }

    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The number of a simulated reflector is the last byte of its address.
fn last_byte(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    }
}
