//! Messages to the service manager that started the process, as `sd_notify` of systemd sends them.
//! Promises: never waits, not even for a manager that reads nothing; a datagram costs one system
//! call. (The crates for it send on a blocking socket, which such a manager would wedge.)
//! Knows nothing of what the messages say.

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    process,
};

use crate::control::time::Span;

/// The way to the service manager.
#[derive(Debug)]
pub struct Channel {
    socket: UnixDatagram,
    manager: SocketAddr,
}

impl Channel {
    /// The channel that `NOTIFY_SOCKET` names; `None`: nobody wants messages.
    pub fn from_environment() -> Option<io::Result<Self>> {
        env::var_os("NOTIFY_SOCKET").map(|name| Self::to(name.as_bytes()))
    }

    /// The channel to the socket of this name: a path, or `@` and an abstract name.
    pub fn to(name: &[u8]) -> io::Result<Self> {
        let manager = match name.split_first() {
            Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
            Some((b'/', _)) => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
            Some(_) | None => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, manager })
    }

    /// Sends one message, or fails at once.
    pub fn send(&self, message: &str) -> io::Result<()> {
        self.socket.send_to_addr(message.as_bytes(), &self.manager).map(|_| ())
    }
}

/// How long the service manager waits for a sign of life of this process; `None`: it does not.
pub fn watchdog() -> Option<Span> {
    let for_others = |pid: String| pid != process::id().to_string();
    if env::var("WATCHDOG_PID").is_ok_and(for_others) {
        return None;
    }
    let micros = env::var("WATCHDOG_USEC").ok()?.parse().ok().filter(|micros| *micros > 0)?;
    Some(Span::from_micros(micros))
}
