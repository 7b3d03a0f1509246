//! Socket addresses as the system writes them.
//! Promises: every address handed out is one the system filled in.
//! Knows nothing of sockets.

use std::{
    mem,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// An IPv4 or IPv6 socket address. Both variants begin with the family, at the same offset.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union SockAddr {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl SockAddr {
    /// Room for either family, in bytes.
    pub(super) const ROOM: usize = mem::size_of::<Self>();

    /// An address of no family, to be filled in by the system.
    #[expect(unsafe_code, reason = "the structures have private padding and no constructor")]
    pub(super) const fn empty() -> Self {
        // SAFETY: both variants consist of integers, for which zero is valid.
        unsafe { mem::zeroed() }
    }

    /// The address of an IP, port 0.
    pub(super) fn new(ip: IpAddr) -> Self {
        let mut address = Self::empty();
        match ip {
            IpAddr::V4(ip) => address.set_v4(ip),
            IpAddr::V6(ip) => address.set_v6(ip),
        }
        address
    }

    /// The address of an IP and a port.
    pub(super) fn with_port(ip: IpAddr, port: u16) -> Self {
        let mut address = Self::new(ip);
        address.set_port(port);
        address
    }

    #[expect(unsafe_code, reason = "a field of a union")]
    fn set_port(&mut self, port: u16) {
        // SAFETY: the whole union is initialised, and the port lies in both variants at the same
        // place, behind the family.
        let v4 = unsafe { &mut self.v4 };
        v4.sin_port = port.to_be();
    }

    #[expect(unsafe_code, reason = "a field of a union")]
    fn set_v4(&mut self, ip: Ipv4Addr) {
        // SAFETY: the whole union was zeroed, so this variant is initialised.
        let v4 = unsafe { &mut self.v4 };
        v4.sin_family = family_of(libc::AF_INET);
        v4.sin_addr.s_addr = u32::from_ne_bytes(ip.octets());
    }

    #[expect(unsafe_code, reason = "a field of a union")]
    fn set_v6(&mut self, ip: Ipv6Addr) {
        // SAFETY: the whole union was zeroed, so this variant is initialised.
        let v6 = unsafe { &mut self.v6 };
        v6.sin6_family = family_of(libc::AF_INET6);
        v6.sin6_addr.s6_addr = ip.octets();
    }

    /// The address and port; `None` if it is of another family or was not filled in.
    #[expect(unsafe_code, reason = "fields of a union")]
    pub(super) fn parts(&self) -> Option<(IpAddr, u16)> {
        // SAFETY: the union is initialised in full; the family lies in the common prefix, and every
        // bit pattern is valid for either variant.
        let (family, v4, v6) = unsafe { (self.v4.sin_family, self.v4, self.v6) };
        if family == family_of(libc::AF_INET) {
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            return Some((ip.into(), u16::from_be(v4.sin_port)));
        }
        if family == family_of(libc::AF_INET6) {
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            return Some((ip.into(), u16::from_be(v6.sin6_port)));
        }
        None
    }

    /// The length that belongs to the family that `new` set.
    pub(super) fn len(&self) -> usize {
        match self.parts() {
            Some((IpAddr::V4(_), _)) => mem::size_of::<libc::sockaddr_in>(),
            Some((IpAddr::V6(_), _)) => mem::size_of::<libc::sockaddr_in6>(),
            None => 0,
        }
    }
}

/// The family's number in the type that socket addresses have for it.
fn family_of(number: libc::c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::SockAddr;
    use std::{mem, net::IpAddr};

    #[test]
    fn an_address_comes_back_as_it_was_put_in() {
        for (text, len) in [
            ("192.0.2.7", mem::size_of::<libc::sockaddr_in>()),
            ("2001:db8::1:7", mem::size_of::<libc::sockaddr_in6>()),
        ] {
            let ip: IpAddr = text.parse().unwrap();
            let address = SockAddr::new(ip);
            assert_eq!(address.parts(), Some((ip, 0)));
            assert_eq!(address.len(), len);
            assert_eq!(SockAddr::with_port(ip, 443).parts(), Some((ip, 443)));
        }
        assert_eq!(SockAddr::empty().parts(), None);
    }
}
