//! The wire of the real world: ICMP sockets, one per address family and source.
//! Promises: it never waits, survives the loss of address or device and reopens by itself, at most
//! once a second; arrival times are the kernel's where it gives them.
//! Knows nothing of probes or of what the echoes mean.

mod channel;

use std::{
    future::{Future, pending},
    task::{Context, Poll},
};

use smol::future;

use self::channel::Channel;
use super::{
    prober::{Incoming, Wire},
    settings::Settings,
};
use crate::{
    control::time::Instant,
    os::sockets::{Family, Inbox, Kind, NetError, NetErrorKind, OpenError, Outgoing},
};

/// The ICMP sockets of one WAN.
pub struct IcmpWire {
    v4: Channel,
    v6: Channel,
    /// `None`: nobody is asked for timestamps.
    times: Option<Channel>,
    inbox: Box<Inbox>,
}

impl IcmpWire {
    /// The sockets for these reflectors. What cannot be opened now is tried again at each round,
    /// at most once a second; `refusals` says why.
    pub fn new(settings: &Settings, now: Instant) -> Self {
        let mut wire = Self {
            v4: Channel::new(Family::V4, settings),
            v6: Channel::new(Family::V6, settings),
            times: Channel::for_timestamps(settings),
            inbox: Box::default(),
        };
        for family in Family::BOTH {
            if settings.reflectors.iter().any(|address| Family::of(*address) == family) {
                wire.channel_mut(family).open(now);
            }
        }
        wire
    }

    /// The families that could not be opened at the last attempt, and why.
    pub fn refusals(&self) -> impl Iterator<Item = (Family, OpenError)> {
        [&self.v4, &self.v6].into_iter().filter_map(Channel::refusal)
    }

    /// Which kind of socket a family has; `None` if it has none.
    pub fn kind(&self, family: Family) -> Option<Kind> {
        self.channel(family).kind()
    }

    /// Resolves when something has arrived, whoever gives the time: for those who probe once.
    pub fn arrived(&self) -> impl Future<Output = ()> {
        let times = async {
            match &self.times {
                Some(channel) => channel.arrived().await,
                None => pending().await,
            }
        };
        future::or(times, future::or(self.v4.arrived(), self.v6.arrived()))
    }

    const fn channel(&self, family: Family) -> &Channel {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    const fn channel_mut(&mut self, family: Family) -> &mut Channel {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

impl Wire for IcmpWire {
    fn prepare(&mut self, family: Family, now: Instant) -> Result<u16, NetError> {
        self.channel_mut(family).prepare(now)
    }

    fn prepare_times(&mut self, now: Instant) -> Result<u16, NetError> {
        let none = NetError::of_kind(NetErrorKind::NoFamily);
        self.times.as_mut().map_or(Err(none), |channel| channel.prepare(now))
    }

    fn send_times(
        &mut self,
        messages: &[Outgoing<'_>],
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        if let Some(channel) = &mut self.times {
            channel.send(messages, told);
        }
    }

    fn send(
        &mut self,
        family: Family,
        messages: &[Outgoing<'_>],
        _now: Instant,
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        self.channel_mut(family).send(messages, told);
    }

    fn receive(&mut self, _now: Instant, take: &mut dyn FnMut(Incoming<'_>)) {
        for channel in [&mut self.v4, &mut self.v6].into_iter().chain(&mut self.times) {
            channel.receive(&mut self.inbox, take);
        }
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        // All, so that each wakes.
        let channels = [&self.v4, &self.v6].into_iter().chain(&self.times);
        match channels.filter(|channel| channel.poll_readable(context).is_ready()).count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}
