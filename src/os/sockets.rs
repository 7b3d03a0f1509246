//! ICMP sockets: unprivileged ping sockets where the system allows them, raw ones otherwise.
//! Promises: they never block and close on exec; raw ones receive echo replies only, but for what
//! arrives in the microseconds between their opening and their filter; what is not permitted is
//! said with both causes and the remedy.
//! Knows nothing of what an echo carries or why it is sent.

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    io, mem,
    net::IpAddr,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

use super::{batch, sockaddr::SockAddr};

pub use super::{
    batch::{Datagram, Inbox, Left, MAX_BATCH, MAX_DATAGRAM, Outgoing},
    net_error::{NetError, NetErrorKind},
};

/// The IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The word in logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// How the system lets us send and receive echoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A ping socket: the kernel chooses the identifier and hands over our replies alone.
    Ping,
    /// A raw socket: replies to all processes come in, over IPv4 with their IP header.
    Raw,
}

/// Whether the kernel was asked for receive time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stamping {
    /// It was, and agreed. Under an emulator datagrams may come without one all the same.
    Agreed,
    /// It does not know the option.
    Refused,
}

/// What a raw socket receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receives {
    /// Echo replies.
    Echoes,
    /// Timestamp replies, which IPv4 alone has.
    Timestamps,
}

/// Which socket is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The IP version.
    pub family: Family,
    /// The local address; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The network device; `None`: the system chooses.
    pub interface: Option<&'a str>,
}

/// What was being done when a socket could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Receiving only replies of the kind that is wanted.
    Filter,
    /// Binding to the network device.
    Interface,
    /// Binding to the local address.
    Source,
    /// Asking for the identifier.
    Ident,
    /// Waiting for it, which needs the event loop.
    Watch,
}

/// Why a socket could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpenError {
    /// Neither kind of socket can be had.
    Neither {
        /// Why there is no ping socket.
        ping: NetError,
        /// Why there is no raw socket.
        raw: NetError,
    },
    /// It was there, but could not be made as wanted.
    Setup {
        /// What was being done.
        step: Step,
        /// Why it failed.
        error: NetError,
    },
}

impl OpenError {
    /// The cause that decides what to do about it.
    pub const fn cause(self) -> NetError {
        match self {
            Self::Neither { raw: error, .. } | Self::Setup { error, .. } => error,
        }
    }

    /// What the user can do about missing rights; `None` if it is not a question of rights.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Neither { raw, .. } if raw.kind == NetErrorKind::Denied => Some(
                "allow ping sockets to the daemon's group, \
                 sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", \
                 or raw sockets: run as root or with CAP_NET_RAW",
            ),
            Self::Setup { step: Step::Interface, error } if error.kind == NetErrorKind::Denied => {
                Some("binding to a network device needs root or CAP_NET_RAW")
            }
            Self::Neither { .. } | Self::Setup { .. } => None,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Neither { ping, raw } => {
                write!(f, "no ping socket: {ping}; no raw socket: {raw}")
            }
            Self::Setup { step, error } => {
                f.write_str(match step {
                    Step::Filter => "cannot receive replies only: ",
                    Step::Interface => "cannot bind to the network device: ",
                    Step::Source => "cannot bind to the source address: ",
                    Step::Ident => "cannot find out the identifier: ",
                    Step::Watch => "cannot wait for the socket: ",
                })?;
                error.fmt(f)
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// An ICMP socket.
#[derive(Debug)]
pub struct IcmpSocket {
    fd: OwnedFd,
    family: Family,
    kind: Kind,
    ident: u16,
    stamping: Stamping,
}

impl IcmpSocket {
    /// Opens a ping socket if the system allows it, a raw one otherwise.
    pub fn open(request: Request<'_>) -> Result<Self, OpenError> {
        let fd = new_socket(request.family, Kind::Ping);
        match fd {
            Ok(fd) => Self::set_up(fd, Kind::Ping, request, Receives::Echoes),
            Err(ping) => match new_socket(request.family, Kind::Raw) {
                Ok(fd) => Self::set_up(fd, Kind::Raw, request, Receives::Echoes),
                Err(raw) => Err(OpenError::Neither { ping: ping.into(), raw: raw.into() }),
            },
        }
    }

    /// Opens a raw socket, whatever else the system allows.
    pub fn open_raw(request: Request<'_>) -> Result<Self, OpenError> {
        let fd = new_socket(request.family, Kind::Raw).map_err(NetError::from);
        let fd = fd.map_err(|error| OpenError::Neither { ping: error, raw: error })?;
        Self::set_up(fd, Kind::Raw, request, Receives::Echoes)
    }

    /// Opens a raw IPv4 socket that receives timestamp replies: ping sockets send none of these.
    pub fn open_for_timestamps(request: Request<'_>) -> Result<Self, OpenError> {
        let request = Request { family: Family::V4, ..request };
        let fd = new_socket(request.family, Kind::Raw).map_err(NetError::from);
        let fd = fd.map_err(|error| OpenError::Neither { ping: error, raw: error })?;
        Self::set_up(fd, Kind::Raw, request, Receives::Timestamps)
    }

    fn set_up(
        fd: OwnedFd,
        kind: Kind,
        request: Request<'_>,
        receives: Receives,
    ) -> Result<Self, OpenError> {
        let at = |step| move |error: io::Error| OpenError::Setup { step, error: error.into() };
        let socket = fd.as_fd();
        if kind == Kind::Raw {
            only_replies(socket, request.family, receives).map_err(at(Step::Filter))?;
        }
        if let Some(interface) = request.interface {
            bind_device(socket, interface).map_err(at(Step::Interface))?;
        }
        bind_source(socket, kind, request).map_err(at(Step::Source))?;
        let ident = match kind {
            Kind::Ping => ident_of_ping(socket).map_err(at(Step::Ident))?,
            Kind::Raw => random_ident(),
        };
        let stamping = ask_for_stamps(socket);
        Ok(Self { fd, family: request.family, kind, ident, stamping })
    }

    /// Which kind of socket the system allowed.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The IP version.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The identifier that our echoes carry: the kernel's on ping sockets, a random one on raw ones.
    pub const fn ident(&self) -> u16 {
        self.ident
    }

    /// Whether the kernel agreed to give receive time stamps.
    pub const fn stamping(&self) -> Stamping {
        self.stamping
    }

    /// The socket as an emulator would give it that agrees to stamps and has none.
    #[cfg(test)]
    pub(crate) fn without_stamps(self) -> Self {
        let off: libc::c_int = 0;
        for option in [libc::SO_TIMESTAMPNS, libc::SO_TIMESTAMP] {
            let _ = set(self.fd.as_fd(), libc::SOL_SOCKET, option, &off);
        }
        self
    }

    /// Fetches what is there, up to `MAX_BATCH` datagrams, without waiting.
    pub fn recv_batch(&self, inbox: &mut Inbox) -> Result<Left, NetError> {
        Ok(inbox.fetch(self.fd.as_fd())?)
    }

    /// Sends the datagrams in order without waiting, and tells for each, by its index, whether the
    /// system took it.
    pub fn send_batch(
        &self,
        datagrams: &[Outgoing<'_>],
        told: &mut dyn FnMut(usize, Result<(), NetError>),
    ) {
        batch::send(self.fd.as_fd(), datagrams, told);
    }
}

impl AsFd for IcmpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[expect(unsafe_code, reason = "the standard library opens no ICMP sockets")]
fn new_socket(family: Family, kind: Kind) -> io::Result<OwnedFd> {
    let (domain, protocol) = match family {
        Family::V4 => (libc::AF_INET, libc::IPPROTO_ICMP),
        Family::V6 => (libc::AF_INET6, libc::IPPROTO_ICMPV6),
    };
    let kind = match kind {
        Kind::Ping => libc::SOCK_DGRAM,
        Kind::Raw => libc::SOCK_RAW,
    };
    // SAFETY: takes numbers only.
    let fd =
        unsafe { libc::socket(domain, kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, protocol) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `ICMP_FILTER` and `ICMPV6_FILTER` of the kernel's headers.
const FILTER: libc::c_int = 1;

/// Lets a raw socket receive one kind of replies and nothing else: a set bit blocks the type.
fn only_replies(socket: BorrowedFd<'_>, family: Family, receives: Receives) -> io::Result<()> {
    match (family, receives) {
        (Family::V4, Receives::Echoes) => set(socket, libc::SOL_RAW, FILTER, &!1_u32),
        (Family::V4, Receives::Timestamps) => set(socket, libc::SOL_RAW, FILTER, &!(1_u32 << 14)),
        (Family::V6, _) => {
            // Type 129 is bit 1 of the fifth word.
            let mut blocked = [u32::MAX; 8];
            blocked[4] = !(1 << 1);
            set(socket, libc::SOL_ICMPV6, FILTER, &blocked)
        }
    }
}

pub(super) fn bind_device(socket: BorrowedFd<'_>, interface: &str) -> io::Result<()> {
    // The kernel would cut a longer name, and bind to another device if one is called so.
    let fits = (1..libc::IFNAMSIZ).contains(&interface.len()) && !interface.contains('\0');
    let mut name = [0_u8; libc::IFNAMSIZ];
    match name.get_mut(..interface.len()) {
        Some(room) if fits => room.copy_from_slice(interface.as_bytes()),
        _ => return Err(io::Error::from_raw_os_error(libc::ENODEV)),
    }
    set(socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, &name)
}

/// Binds to the source; a ping socket without one too, for that is when it gets its identifier.
#[expect(unsafe_code, reason = "the standard library binds no ICMP sockets")]
fn bind_source(socket: BorrowedFd<'_>, kind: Kind, request: Request<'_>) -> io::Result<()> {
    let any: IpAddr = match request.family {
        Family::V4 => std::net::Ipv4Addr::UNSPECIFIED.into(),
        Family::V6 => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let source = match (request.source, kind) {
        (Some(source), _) if Family::of(source) != request.family => {
            return Err(io::Error::from_raw_os_error(libc::EAFNOSUPPORT));
        }
        (Some(source), _) => source,
        (None, Kind::Ping) => any,
        (None, Kind::Raw) => return Ok(()),
    };
    let address = SockAddr::new(source);
    let len = libc::socklen_t::try_from(address.len()).unwrap_or_default();
    // SAFETY: the address is valid for `len` bytes during the call.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), len) })
}

#[expect(unsafe_code, reason = "the standard library has no such call for this socket")]
fn ident_of_ping(socket: BorrowedFd<'_>) -> io::Result<u16> {
    let mut address = SockAddr::empty();
    let mut len = libc::socklen_t::try_from(SockAddr::ROOM).unwrap_or_default();
    // SAFETY: the address has room for `len` bytes, and both outlive the call.
    check(unsafe {
        libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &raw mut len)
    })?;
    address.parts().map(|(_, ident)| ident).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// An identifier that other processes' pings hardly have.
fn random_ident() -> u16 {
    let [first, second, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
    u16::from_ne_bytes([first, second])
}

/// Asks for nanoseconds, else microseconds: emulators may know only the older option.
fn ask_for_stamps(socket: BorrowedFd<'_>) -> Stamping {
    let on: libc::c_int = 1;
    for option in [libc::SO_TIMESTAMPNS, libc::SO_TIMESTAMP] {
        if set(socket, libc::SOL_SOCKET, option, &on).is_ok() {
            return Stamping::Agreed;
        }
    }
    Stamping::Refused
}

#[expect(unsafe_code, reason = "setsockopt, of which the standard library has a few options only")]
pub(super) fn set<T: Copy>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let len = libc::socklen_t::try_from(mem::size_of::<T>()).unwrap_or_default();
    // SAFETY: the value is valid for `len` bytes during the call, and plain integers.
    check(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const *value).cast(), len)
    })
}

pub(super) fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
