//! How long a TCP handshake takes: the kernel's own measure of it, or else our clock's.
//! Promises: it never waits longer than its deadline and holds no connection: each is reset as soon
//! as its handshake is over, and when the future is dropped.
//! Knows nothing of who wants to know or why.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use async_io::{Async, Timer};
use smol::future;

use super::settings::Settings;
use crate::{
    control::{fallback::DEADLINE, time::Span},
    os::{
        clock,
        handshake::{Handshake, Measured, Place},
        sockets::{Family, NetError, NetErrorKind},
    },
};

/// Why there is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The system says so.
    Net(NetError),
    /// Nobody answered in time.
    TimedOut,
    /// The first packet was lost, and nobody knows which one was answered.
    Repeated,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(error) => error.fmt(f),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Repeated => f.write_str("it had to be tried twice, which gives no time"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

/// A TCP target, and where connects to it leave from.
#[derive(Clone, Debug)]
pub struct Target {
    address: SocketAddr,
    source: Option<IpAddr>,
    interface: Option<String>,
}

impl Target {
    /// The targets of one WAN.
    pub fn all(settings: &Settings) -> impl Iterator<Item = Self> {
        settings.tcp_targets.iter().map(|address| Self {
            address: *address,
            source: settings.source,
            interface: settings.interface.clone(),
        })
    }

    /// Where the target is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects, and says how long the handshake took.
    pub async fn handshake(&self) -> Result<Span, Failure> {
        let place = Place { source: self.source_for()?, interface: self.interface.as_deref() };
        let began = clock::now();
        let handshake = Handshake::begin(self.address, place)?;
        let socket = Async::new_nonblocking(handshake).map_err(NetError::from)?;
        let over = async {
            socket.writable().await.map_err(NetError::from)?;
            let took = clock::now().since(began);
            Ok(match socket.get_ref().measured()? {
                Measured::Took(kernel) => Ok(kernel),
                Measured::Once => Ok(took),
                Measured::Repeated => Err(Failure::Repeated),
            })
        };
        let too_late = async {
            let _ = Timer::at(clock::deadline(began + DEADLINE)).await;
            Ok::<_, NetError>(Err(Failure::TimedOut))
        };
        future::or(over, too_late).await?
    }

    /// As for the probes: connects of the other family than the source's would leave by any WAN,
    /// unless the device decides.
    fn source_for(&self) -> Result<Option<IpAddr>, NetError> {
        match self.source {
            Some(source) if Family::of(source) == Family::of(self.address.ip()) => Ok(Some(source)),
            Some(_) if self.interface.is_none() => Err(NetError::of_kind(NetErrorKind::NoFamily)),
            Some(_) | None => Ok(None),
        }
    }
}
