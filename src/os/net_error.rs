//! What can go wrong on a socket, as a small value.
//! Promises: nothing is classified by text; the raw number of the system is kept.
//! Knows nothing of what the socket is for.

use std::{fmt, io};

/// The kinds of failure that a prober treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetErrorKind {
    /// There is no route, or the network is down.
    Unreachable,
    /// The source address is not on this machine (any more).
    NoAddress,
    /// The network device does not exist (any more).
    NoDevice,
    /// The system does not allow it: rights, or a firewall.
    Denied,
    /// A queue or a table is full; the next attempt may succeed.
    Busy,
    /// The address family is not there, or the source belongs to another one.
    NoFamily,
    /// Anything else.
    Other,
}

impl NetErrorKind {
    /// The words for it in logs and JSON.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unreachable => "network unreachable",
            Self::NoAddress => "source address not on this machine",
            Self::NoDevice => "no such network device",
            Self::Denied => "not permitted",
            Self::Busy => "out of buffers or descriptors",
            Self::NoFamily => "address family not available",
            Self::Other => "system error",
        }
    }
}

/// A failure of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetError {
    /// What it means.
    pub kind: NetErrorKind,
    /// The system's error number; 0 if the failure was found without asking it.
    pub errno: i32,
}

impl NetError {
    /// A failure that was found without asking the system.
    pub const fn of_kind(kind: NetErrorKind) -> Self {
        Self { kind, errno: 0 }
    }
}

impl From<&io::Error> for NetError {
    fn from(error: &io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(0);
        let kind = match errno {
            libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => {
                NetErrorKind::Unreachable
            }
            // Linux refuses to route from an IPv4 address that was taken away with EINVAL.
            libc::EADDRNOTAVAIL | libc::EINVAL => NetErrorKind::NoAddress,
            libc::ENODEV | libc::ENXIO => NetErrorKind::NoDevice,
            libc::EPERM | libc::EACCES => NetErrorKind::Denied,
            libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM | libc::EMFILE | libc::ENFILE => {
                NetErrorKind::Busy
            }
            libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT => NetErrorKind::NoFamily,
            _ => NetErrorKind::Other,
        };
        Self { kind, errno }
    }
}

impl From<io::Error> for NetError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if self.errno == 0 {
            return Ok(());
        }
        write!(f, " ({})", io::Error::from_raw_os_error(self.errno))
    }
}

impl std::error::Error for NetError {}

#[cfg(test)]
mod tests {
    use super::{NetError, NetErrorKind};
    use std::io;

    #[test]
    fn the_number_of_the_system_decides_the_kind() {
        for (errno, kind) in [
            (libc::ENETUNREACH, NetErrorKind::Unreachable),
            (libc::EADDRNOTAVAIL, NetErrorKind::NoAddress),
            (libc::EINVAL, NetErrorKind::NoAddress),
            (libc::ENODEV, NetErrorKind::NoDevice),
            (libc::EPERM, NetErrorKind::Denied),
            (libc::ENOBUFS, NetErrorKind::Busy),
            (libc::EMFILE, NetErrorKind::Busy),
            (libc::EAFNOSUPPORT, NetErrorKind::NoFamily),
            (libc::EIO, NetErrorKind::Other),
        ] {
            let error = NetError::from(io::Error::from_raw_os_error(errno));
            assert_eq!(error, NetError { kind, errno });
        }
    }

    #[test]
    fn the_words_name_kind_and_cause() {
        let error = NetError::from(io::Error::from_raw_os_error(libc::ENODEV));
        let text = error.to_string();
        assert!(text.starts_with("no such network device ("), "{text}");
        assert_eq!(
            NetError::of_kind(NetErrorKind::NoFamily).to_string(),
            "address family not available"
        );
    }
}
