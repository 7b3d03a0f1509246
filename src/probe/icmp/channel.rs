//! One ICMP socket: opened when it is needed, and again when it has lost its place.
//! Promises: an attempt to open it at most once a second; arrival times are the kernel's where it
//! gives them, and unknown rather than wrong.
//! Knows nothing of probes or of what the messages mean.

use std::{
    future::pending,
    net::IpAddr,
    task::{Context, Poll},
};

use async_io::Async;

use crate::{
    control::time::{Instant, Span},
    os::{
        clock::{self, Arrivals, Reading},
        sockets::{
            Datagram, Family, IcmpSocket, Inbox, Kind, Left, NetError, NetErrorKind, OpenError,
            Outgoing, Request, Stamping, Step,
        },
    },
    probe::{
        icmp_wire::Framing,
        prober::Incoming,
        settings::{Asked, Settings},
    },
};

/// Between two attempts to open a socket. Each costs half a dozen system calls and the replies that
/// are under way to a ping socket.
const REOPEN: Span = Span::from_secs(1);

/// Fetches in one `receive`, of 16 datagrams each: a flood of echo replies must not hold up the
/// cycle. The rest waits in the socket's buffer, and overflows there.
const MAX_FETCHES: usize = 64;

/// Stamps older than this are not believed: twice the longest interval between two drains.
const OLDEST: Span = Span::from_secs(4);

/// One address family, or the timestamps of IPv4.
pub(super) struct Channel {
    family: Family,
    speech: Speech,
    place: Place,
    socket: Option<Open>,
    /// Why the last attempt to open failed.
    refused: Option<OpenError>,
    /// When the last attempt to open was made; `None`: never.
    attempted: Option<Instant>,
    health: Health,
}

/// What goes over a socket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Echoes,
    Timestamps,
}

/// Where the probes leave from.
#[derive(Clone)]
struct Place {
    source: Option<IpAddr>,
    interface: Option<String>,
}

struct Open {
    socket: Async<IcmpSocket>,
    arrivals: Arrivals,
    timing: Timing,
}

/// Whether a socket is as it should be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// Nothing of the last batch could be sent; perhaps address or device have changed.
    Suspect,
}

/// Where arrival times come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// The kernel: the socket is only looked at when its replies are wanted.
    Stamps,
    /// Our clock, at once when the socket becomes readable: the kernel gives no stamps, or they
    /// cannot be believed while somebody sets the clock.
    Watch,
}

impl Channel {
    pub(super) fn new(family: Family, settings: &Settings) -> Self {
        let place = Place { source: settings.source, interface: settings.interface.clone() };
        let speech = Speech::Echoes;
        let (socket, refused, attempted, health) = (None, None, None, Health::Good);
        Self { family, speech, place, socket, refused, attempted, health }
    }

    /// The one for timestamps, if they are wanted; it is opened when the first one leaves.
    pub(super) fn for_timestamps(settings: &Settings) -> Option<Self> {
        let speech = Speech::Timestamps;
        let wanted = settings.timestamps == Asked::Timestamps;
        wanted.then(|| Self { speech, ..Self::new(Family::V4, settings) })
    }

    /// Opens a socket if there is none that works, and says its identifier.
    pub(super) fn prepare(&mut self, now: Instant) -> Result<u16, NetError> {
        if (self.socket.is_none() || self.health == Health::Suspect) && self.may_open(now) {
            self.open(now);
        }
        match (&self.socket, self.refused) {
            (Some(open), _) => Ok(open.socket.get_ref().ident()),
            (None, Some(refused)) => Err(refused.cause()),
            (None, None) => Err(NetError::of_kind(NetErrorKind::Busy)),
        }
    }

    /// Why the last attempt to open it failed, and of which family it is.
    pub(super) fn refusal(&self) -> Option<(Family, OpenError)> {
        Some((self.family, self.refused?))
    }

    /// Which kind of socket it is; `None` if there is none.
    pub(super) fn kind(&self) -> Option<Kind> {
        Some(self.socket.as_ref()?.socket.get_ref().kind())
    }

    /// Hands over what has arrived.
    pub(super) fn receive(&mut self, inbox: &mut Inbox, take: &mut dyn FnMut(Incoming<'_>)) {
        if let Some(open) = &mut self.socket {
            // An error here is about a packet sent before, or a device that is gone: the next
            // batch meets it too, and is told.
            let _ = open.receive(self.speech, inbox, take);
        }
    }

    fn may_open(&self, now: Instant) -> bool {
        self.attempted.is_none_or(|attempted| now.since(attempted) >= REOPEN)
    }

    /// Opens a socket in place of the present one, which stays if that fails.
    pub(super) fn open(&mut self, now: Instant) {
        self.attempted = Some(now);
        match Open::new(self.family, self.speech, &self.place) {
            Ok(open) => {
                self.socket = Some(open);
                self.refused = None;
                self.health = Health::Good;
            }
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn send(
        &mut self,
        messages: &[Outgoing<'_>],
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        let Some(open) = &self.socket else { return };
        let at = clock::now();
        let mut any_sent = false;
        let mut any_lost_place = false;
        open.socket.get_ref().send_batch(messages, &mut |index, result| {
            match result {
                Ok(()) => any_sent = true,
                Err(error) => any_lost_place |= may_have_lost_its_place(error),
            }
            told(index, result.map(|()| at));
        });
        // One reflector without a route must not cost the others their replies under way.
        if any_lost_place && !any_sent {
            self.health = Health::Suspect;
        }
    }

    pub(super) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        match &self.socket {
            Some(open) if open.timing == Timing::Watch => {
                match open.socket.poll_readable(context) {
                    Poll::Ready(Ok(())) => Poll::Ready(()),
                    Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
                }
            }
            Some(_) | None => Poll::Pending,
        }
    }

    pub(super) async fn arrived(&self) {
        match &self.socket {
            Some(open) if open.socket.readable().await.is_ok() => {}
            Some(_) | None => pending().await,
        }
    }
}

/// Whether a new socket might do better: a device of the same name is another one after it came
/// back, and the old socket stays bound to the one that is gone.
const fn may_have_lost_its_place(error: NetError) -> bool {
    match error.kind {
        NetErrorKind::Unreachable
        | NetErrorKind::NoAddress
        | NetErrorKind::NoDevice
        | NetErrorKind::NoFamily
        | NetErrorKind::Other => true,
        NetErrorKind::Denied | NetErrorKind::Busy => false,
    }
}

impl Open {
    fn new(family: Family, speech: Speech, place: &Place) -> Result<Self, OpenError> {
        let first = Reading::take();
        let request =
            Request { family, source: place.source_for(family)?, interface: place.interface() };
        let socket = match speech {
            Speech::Echoes => IcmpSocket::open(request)?,
            Speech::Timestamps => IcmpSocket::open_for_timestamps(request)?,
        };
        Self::around(socket, first)
    }

    /// Waits with the event loop for a socket that was opened after a reading of the clocks.
    fn around(socket: IcmpSocket, first: Reading) -> Result<Self, OpenError> {
        let timing = match socket.stamping() {
            Stamping::Agreed => Timing::Stamps,
            Stamping::Refused => Timing::Watch,
        };
        let socket = Async::new_nonblocking(socket)
            .map_err(|error| OpenError::Setup { step: Step::Watch, error: error.into() })?;
        Ok(Self { socket, arrivals: Arrivals::new(first), timing })
    }

    fn receive(
        &mut self,
        speech: Speech,
        inbox: &mut Inbox,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<(), NetError> {
        let before = self.timing;
        for _ in 0..MAX_FETCHES {
            let left = self.socket.get_ref().recv_batch(inbox)?;
            self.arrivals.fetched(Reading::take());
            for datagram in inbox.datagrams() {
                self.hand_over((speech, before), datagram, take);
            }
            if left == Left::Nothing {
                self.arrivals.emptied();
                break;
            }
        }
        Ok(())
    }

    fn hand_over(
        &mut self,
        (speech, before): (Speech, Timing),
        datagram: Datagram<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) {
        let socket = self.socket.get_ref();
        let stamped = datagram.stamp.and_then(|stamp| self.arrivals.time_of(stamp, OLDEST));
        self.timing = if stamped.is_some() { Timing::Stamps } else { Timing::Watch };
        // Without a stamp, the time of a socket that was not watched may be a whole tick too late.
        let at = stamped.or((before == Timing::Watch).then(|| self.arrivals.now()));
        let framing = match (speech, socket.family(), socket.kind()) {
            (Speech::Timestamps, ..) => Framing::Timestamp,
            (Speech::Echoes, Family::V4, Kind::Raw) => Framing::Ipv4Header,
            (Speech::Echoes, Family::V4, Kind::Ping) => Framing::Icmp,
            (Speech::Echoes, Family::V6, Kind::Raw | Kind::Ping) => Framing::Icmpv6,
        };
        take(Incoming {
            bytes: datagram.bytes,
            framing,
            from: datagram.from,
            ident: socket.ident(),
            at,
        });
    }
}

impl Place {
    fn interface(&self) -> Option<&str> {
        self.interface.as_deref()
    }

    /// The source for a family. Probes of the other family than the source's would leave by any
    /// WAN, unless the device decides.
    fn source_for(&self, family: Family) -> Result<Option<IpAddr>, OpenError> {
        match self.source {
            Some(source) if Family::of(source) == family => Ok(Some(source)),
            Some(_) if self.interface.is_none() => Err(OpenError::Setup {
                step: Step::Source,
                error: NetError::of_kind(NetErrorKind::NoFamily),
            }),
            Some(_) | None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
