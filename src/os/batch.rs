//! Many datagrams in one system call, with the kernel's time stamps.
//! Promises: fixed room, no allocation, no waiting; what the system left out is `None`.
//! Knows nothing of what is in the datagrams.

use std::{
    io,
    mem::{self, offset_of},
    net::IpAddr,
    ops::Range,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

use libc::cmsghdr;

use super::{clock::Stamp, net_error::NetError, sockaddr::SockAddr};

/// Datagrams in one system call. A round has at most nine; a flood takes more calls.
pub const MAX_BATCH: usize = 16;

/// Room for a datagram in bytes: our echo with the longest IPv4 header has 84; longer ones are cut.
pub const MAX_DATAGRAM: usize = 128;

/// Room for control messages: two stamps, because the C library of 32-bit systems may add a
/// converted one to the kernel's, each with a header of at most 16 bytes.
const MAX_CONTROL: usize = 64;

/// `SO_TIMESTAMP` and `SO_TIMESTAMPNS` as control message types, with the `time_t` of the system
/// call and with the 64-bit one. The numbers are those of all architectures but SPARC and PA-RISC.
const MICROSECOND_STAMPS: [libc::c_int; 2] = [29, 63];
const NANOSECOND_STAMPS: [libc::c_int; 2] = [35, 64];

/// A datagram to send.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Where to.
    pub to: IpAddr,
    /// The ICMP message.
    pub bytes: &'a [u8],
}

/// A datagram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// What the system hands over: on raw IPv4 sockets with the IP header.
    pub bytes: &'a [u8],
    /// Where from.
    pub from: IpAddr,
    /// When the kernel received it.
    pub stamp: Option<Stamp>,
}

/// Room for the datagrams of one call.
pub struct Inbox {
    slots: [Slot; MAX_BATCH],
    filled: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    bytes: [u8; MAX_DATAGRAM],
    len: usize,
    from: SockAddr,
    control: Control,
    stamp: Option<Stamp>,
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; MAX_CONTROL]);

/// Whether a socket may hold more than was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All of it was fetched.
    Nothing,
    /// The room was full; another call may bring more.
    Perhaps,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            slots: [Slot {
                bytes: [0; MAX_DATAGRAM],
                len: 0,
                from: SockAddr::empty(),
                control: Control([0; MAX_CONTROL]),
                stamp: None,
            }; MAX_BATCH],
            filled: 0,
        }
    }
}

impl Inbox {
    /// The datagrams of the last fetch.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.slots.iter().take(self.filled).filter_map(|slot| {
            let (from, _) = slot.from.parts()?;
            Some(Datagram { bytes: slot.bytes.get(..slot.len)?, from, stamp: slot.stamp })
        })
    }

    /// Fetches what the socket has, up to `MAX_BATCH` datagrams.
    #[expect(unsafe_code, reason = "recvmmsg, which the standard library does not have")]
    pub(super) fn fetch(&mut self, socket: BorrowedFd<'_>) -> io::Result<Left> {
        self.filled = 0;
        let mut parts = [NO_PART; MAX_BATCH];
        let mut headers = [no_header(); MAX_BATCH];
        for ((slot, part), header) in self.slots.iter_mut().zip(&mut parts).zip(&mut headers) {
            slot.from = SockAddr::empty();
            part.iov_base = slot.bytes.as_mut_ptr().cast();
            part.iov_len = MAX_DATAGRAM;
            header.msg_hdr.msg_name = (&raw mut slot.from).cast();
            header.msg_hdr.msg_namelen = fit(SockAddr::ROOM);
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = fit(1_usize);
            header.msg_hdr.msg_control = slot.control.0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = fit(MAX_CONTROL);
        }
        // SAFETY: every header points to one part, one address and one control buffer of the given
        // lengths, all of which outlive the call and are not touched meanwhile.
        let got = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                fit(MAX_BATCH),
                fit(libc::MSG_DONTWAIT),
                ptr::null_mut(),
            )
        };
        let Ok(got) = usize::try_from(got) else {
            return nothing_left_or(io::Error::last_os_error());
        };
        for (slot, header) in self.slots.iter_mut().zip(&headers).take(got) {
            slot.len = usize::try_from(header.msg_len).unwrap_or(MAX_DATAGRAM).min(MAX_DATAGRAM);
            let control: usize = fit(header.msg_hdr.msg_controllen);
            slot.stamp = slot.control.0.get(..control).and_then(stamp_in);
        }
        self.filled = got;
        Ok(if got < MAX_BATCH { Left::Nothing } else { Left::Perhaps })
    }
}

/// Sends the datagrams in order and tells for each whether the system took it.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    datagrams: &[Outgoing<'_>],
    told: &mut dyn FnMut(usize, Result<(), NetError>),
) {
    let mut first = 0;
    while let Some(rest) = datagrams.get(first..).filter(|rest| !rest.is_empty()) {
        let sent = match send_some(socket, rest) {
            Ok(sent) => {
                (first..first + sent).for_each(|index| told(index, Ok(())));
                sent
            }
            // The system speaks of the first of the rest; the others may go elsewhere.
            Err(error) => {
                told(first, Err(error.into()));
                1
            }
        };
        first += sent;
    }
}

/// Sends at most `MAX_BATCH` datagrams; at least one was taken if there is no error.
#[expect(unsafe_code, reason = "sendmmsg, which the standard library does not have")]
fn send_some(socket: BorrowedFd<'_>, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
    let mut addresses = [SockAddr::empty(); MAX_BATCH];
    let mut parts = [NO_PART; MAX_BATCH];
    let mut headers = [no_header(); MAX_BATCH];
    for (((datagram, address), part), header) in
        datagrams.iter().zip(&mut addresses).zip(&mut parts).zip(&mut headers)
    {
        *address = SockAddr::new(datagram.to);
        // The system only reads through this pointer, whatever its type says.
        part.iov_base = datagram.bytes.as_ptr().cast_mut().cast();
        part.iov_len = datagram.bytes.len();
        header.msg_hdr.msg_namelen = fit(address.len());
        header.msg_hdr.msg_name = (&raw mut *address).cast();
        header.msg_hdr.msg_iov = part;
        header.msg_hdr.msg_iovlen = fit(1_usize);
    }
    let count = datagrams.len().min(MAX_BATCH);
    // SAFETY: the first `count` headers point to one part and one address each, which outlive the
    // call; nothing is written through them.
    let sent = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            fit(count),
            fit(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL),
        )
    };
    match usize::try_from(sent) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(sent) => Ok(sent.min(count)),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

const NO_PART: libc::iovec = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };

#[expect(unsafe_code, reason = "the structure has private padding and no constructor")]
const fn no_header() -> libc::mmsghdr {
    // SAFETY: integers and pointers, for which zero is valid.
    unsafe { mem::zeroed() }
}

/// An empty socket is no error, neither is a signal in between.
fn nothing_left_or(error: io::Error) -> io::Result<Left> {
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR) => Ok(Left::Nothing),
        _ => Err(error),
    }
}

/// Where a control message has its length, level, type and data, and what the next one is aligned
/// to. Up to the level, because the C library of 64-bit systems may declare the length as 32 bits
/// and padding where the kernel writes 64 bits.
const LEN: Range<usize> = offset_of!(cmsghdr, cmsg_len)..offset_of!(cmsghdr, cmsg_level);
const LEVEL: Range<usize> = offset_of!(cmsghdr, cmsg_level)..offset_of!(cmsghdr, cmsg_type);
const TYPE: Range<usize> = offset_of!(cmsghdr, cmsg_type)..DATA;
const DATA: usize = size_of::<cmsghdr>();
const ALIGN: usize = size_of::<usize>();

/// The first time stamp among the control messages.
fn stamp_in(control: &[u8]) -> Option<Stamp> {
    let mut rest = control;
    loop {
        let len = usize::try_from(number(rest.get(LEN)?)?).ok()?;
        let level = libc::c_int::from_ne_bytes(rest.get(LEVEL)?.try_into().ok()?);
        let kind = libc::c_int::from_ne_bytes(rest.get(TYPE)?.try_into().ok()?);
        let data = rest.get(DATA..len)?;
        if level == libc::SOL_SOCKET
            && let Some(stamp) = stamp_from(kind, data)
        {
            return Some(stamp);
        }
        rest = rest.get(len.checked_next_multiple_of(ALIGN)?..)?;
    }
}

/// The stamp of a control message; the width of its numbers follows from its length, because the
/// kernel, the C library and an emulator between them need not agree on `time_t`.
fn stamp_from(kind: libc::c_int, data: &[u8]) -> Option<Stamp> {
    let half = data.len() / 2;
    let (seconds, fraction) = data.split_at_checked(half)?;
    let (seconds, fraction) = (number(seconds)?, number(fraction)?);
    let micros = if MICROSECOND_STAMPS.contains(&kind) {
        fraction
    } else if NANOSECOND_STAMPS.contains(&kind) {
        fraction / 1_000
    } else {
        return None;
    };
    seconds.checked_mul(1_000_000)?.checked_add(micros).map(Stamp::from_micros)
}

fn number(bytes: &[u8]) -> Option<u64> {
    if let Ok(bytes) = bytes.try_into() {
        return Some(u64::from_ne_bytes(bytes));
    }
    bytes.try_into().ok().map(|bytes| u64::from(u32::from_ne_bytes(bytes)))
}

/// The number in the type that this platform's C library has for it. All numbers here are small;
/// zero, were one not to fit, means an empty buffer or no flags.
fn fit<S, T: TryFrom<S> + Default>(number: S) -> T {
    T::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ALIGN, DATA, MAX_CONTROL, Stamp, stamp_from, stamp_in};

    #[test]
    fn stamps_are_read_by_their_length_and_type() {
        let narrow = |s: u32, f: u32| [s.to_ne_bytes(), f.to_ne_bytes()].concat();
        let wide = |s: u64, f: u64| [s.to_ne_bytes(), f.to_ne_bytes()].concat();
        let at = |micros| Some(Stamp::from_micros(micros));
        for (kind, data, stamp) in [
            (35, wide(1_700_000_000, 123_456_789), at(1_700_000_000_123_456)),
            (64, wide(1_700_000_000, 123_456_789), at(1_700_000_000_123_456)),
            (35, narrow(1_700_000_000, 123_456_789), at(1_700_000_000_123_456)),
            (29, narrow(1_700_000_000, 123_456), at(1_700_000_000_123_456)),
            (63, wide(1_700_000_000, 123_456), at(1_700_000_000_123_456)),
            // After January 2038 a 32-bit kernel counts on without a sign.
            (29, narrow(4_000_000_000, 1), at(4_000_000_000_000_001)),
            (63, wide(u64::MAX, 1), None),
            (37, wide(1_700_000_000, 1), None),
            (64, vec![0; 12], None),
            (64, vec![], None),
        ] {
            assert_eq!(stamp_from(kind, &data), stamp, "type {kind}, {} bytes", data.len());
        }
    }

    /// A control message as the kernel of this machine writes it.
    fn message(level: libc::c_int, kind: libc::c_int, data: &[u8]) -> Vec<u8> {
        let mut bytes = (DATA + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
        bytes
    }

    #[test]
    fn the_stamp_is_found_behind_other_control_messages() {
        let stamp = [7_u64.to_ne_bytes(), 9_000_u64.to_ne_bytes()].concat();
        let other = message(libc::SOL_IP, 64, &stamp);
        let stamp = message(libc::SOL_SOCKET, 64, &stamp);
        let both = [other.clone(), stamp.clone()].concat();
        assert_eq!(stamp_in(&both), Some(Stamp::from_micros(7_000_009)));
        assert_eq!(stamp_in(&other), None);
        for len in 0..stamp.len() {
            assert_eq!(stamp_in(&stamp[..len]), None, "{len} bytes");
        }
    }

    #[test]
    fn no_bytes_of_control_messages_lead_astray() {
        for fill in [0, 1, 16, 24, 64, 255] {
            for len in 0..=MAX_CONTROL {
                assert_eq!(stamp_in(&[fill; MAX_CONTROL][..len]), None);
            }
        }
    }
}
