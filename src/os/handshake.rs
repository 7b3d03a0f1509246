//! A TCP handshake and nothing after it: what the kernel measured of it.
//! Promises: never blocks, closes on exec; when dropped the connection is reset at once, so that
//! nothing of it is left on this side.
//! Knows nothing of why it is wanted.

use std::{
    io, mem,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

use super::{
    sockaddr::SockAddr,
    sockets::{NetError, bind_device, check, set},
};
use crate::control::time::Span;

/// Where a connect leaves from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The local address; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The network device; `None`: the system chooses.
    pub interface: Option<&'a str>,
}

/// What is known of the time that a completed handshake took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// The kernel measured it.
    Took(Span),
    /// It did not, and the first packet was answered: the time until the socket became writable.
    Once,
    /// It did not, and the first packet was sent again: there is no knowing which was answered.
    Repeated,
}

/// A connection that is being made.
#[derive(Debug)]
pub struct Handshake(OwnedFd);

impl Handshake {
    /// Sends the first packet. The socket becomes writable when the handshake is over.
    pub fn begin(to: SocketAddr, from: Place<'_>) -> Result<Self, NetError> {
        let socket = new_socket(to.ip())?;
        let reset = libc::linger { l_onoff: 1, l_linger: 0 };
        set(socket.as_fd(), libc::SOL_SOCKET, libc::SO_LINGER, &reset)?;
        if let Some(interface) = from.interface {
            bind_device(socket.as_fd(), interface)?;
        }
        if let Some(source) = from.source {
            bind(socket.as_fd(), source)?;
        }
        connect(socket.as_fd(), to)?;
        Ok(Self(socket))
    }

    /// How long the handshake took, if it is complete.
    pub fn measured(&self) -> Result<Measured, NetError> {
        failure_of(self.as_fd())?;
        // A kernel or an emulator without these numbers leaves our own clock.
        Ok(times_of(self.as_fd()).unwrap_or(Measured::Once))
    }
}

impl AsFd for Handshake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[expect(unsafe_code, reason = "the standard library cannot bind before it connects")]
fn new_socket(ip: IpAddr) -> io::Result<OwnedFd> {
    let domain = if ip.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::socket(domain, kind, 0) };
    check(fd)?;
    // SAFETY: the system just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[expect(unsafe_code, reason = "the standard library cannot bind before it connects")]
fn bind(socket: BorrowedFd<'_>, source: IpAddr) -> io::Result<()> {
    let address = SockAddr::new(source);
    let len = libc::socklen_t::try_from(address.len()).unwrap_or_default();
    // SAFETY: the address is valid for `len` bytes during the call.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), len) })
}

#[expect(unsafe_code, reason = "the standard library connects no socket that is there already")]
fn connect(socket: BorrowedFd<'_>, to: SocketAddr) -> io::Result<()> {
    let address = SockAddr::with_port(to.ip(), to.port());
    let len = libc::socklen_t::try_from(address.len()).unwrap_or_default();
    // SAFETY: the address is valid for `len` bytes during the call.
    match check(unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), len) }) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(()),
        result => result,
    }
}

/// The failure that ended the attempt, if one did.
fn failure_of(socket: BorrowedFd<'_>) -> io::Result<()> {
    let mut error: libc::c_int = 0;
    get(socket, libc::SOL_SOCKET, libc::SO_ERROR, &mut error)?;
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

#[expect(unsafe_code, reason = "the structure has no constructor")]
fn times_of(socket: BorrowedFd<'_>) -> Option<Measured> {
    // SAFETY: the structure consists of integers, for which zero is valid.
    let mut info: libc::tcp_info = unsafe { mem::zeroed() };
    let filled = get(socket, libc::IPPROTO_TCP, libc::TCP_INFO, &mut info).ok()?;
    // What an old kernel does not fill in says nothing.
    let needed = mem::offset_of!(libc::tcp_info, tcpi_total_retrans) + mem::size_of::<u32>();
    (filled >= needed).then_some(match (info.tcpi_rtt, info.tcpi_total_retrans) {
        (0, 0) => Measured::Once,
        (0, _) => Measured::Repeated,
        (rtt, _) => Measured::Took(Span::from_micros(rtt.into())),
    })
}

/// Fills in `value`, and says how many bytes of it.
#[expect(unsafe_code, reason = "the standard library has no such options")]
fn get<T: Copy>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &mut T,
) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(mem::size_of::<T>()).unwrap_or_default();
    // SAFETY: the value has room for `len` bytes, is plain integers, and both outlive the call.
    check(unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, option, (&raw mut *value).cast(), &raw mut len)
    })?;
    Ok(usize::try_from(len).unwrap_or_default())
}
