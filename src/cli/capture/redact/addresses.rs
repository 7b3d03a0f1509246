//! Stand-ins for addresses: equal ones stay equal, and none leads anywhere.
//! Promises: a stand-in comes from the blocks for documentation; what says nothing about the place
//! (loopback, masks, multicast, private blocks unless hidden) stays as it is; bounded.
//! Knows nothing of texts.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The most addresses of one family that are told apart; all further ones share the last.
const DISTINCT_MAX: usize = 750;

/// Hosts of one block that are used.
const HOSTS: usize = 250;

/// What becomes of private addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// They stay.
    Kept,
    /// They get stand-ins as all others.
    Hidden,
}

/// The addresses seen so far.
#[derive(Debug)]
pub(super) struct Addresses {
    private: Private,
    v4: Vec<Ipv4Addr>,
    v6: Vec<Ipv6Addr>,
    macs: Vec<String>,
}

impl Addresses {
    pub(super) const fn new(private: Private) -> Self {
        Self { private, v4: Vec::new(), v6: Vec::new(), macs: Vec::new() }
    }

    /// How many different addresses and MAC addresses were replaced.
    pub(super) const fn counts(&self) -> (usize, usize) {
        (self.v4.len() + self.v6.len(), self.macs.len())
    }

    /// What stands for an IPv4 address; `None`: it may stay.
    pub(super) fn v4(&mut self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        if self.keeps_v4(address) {
            return None;
        }
        let place = place_of(&mut self.v4, &address);
        let host = u8::try_from(place % HOSTS + 1).unwrap_or(u8::MAX);
        Some(match place / HOSTS {
            0 => Ipv4Addr::new(192, 0, 2, host),
            1 => Ipv4Addr::new(198, 51, 100, host),
            _ => Ipv4Addr::new(203, 0, 113, host),
        })
    }

    /// What stands for an IPv6 address; `None`: it may stay.
    pub(super) fn v6(&mut self, address: Ipv6Addr) -> Option<Ipv6Addr> {
        if self.keeps_v6(address) {
            return None;
        }
        let place = place_of(&mut self.v6, &address);
        let host = u16::try_from(place + 1).unwrap_or(u16::MAX);
        Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host))
    }

    /// What stands for a MAC address: one of RFC 7042's for documentation.
    pub(super) fn mac(&mut self, text: &str) -> String {
        let plain = text.to_ascii_lowercase().replace([':', '-', '.'], "");
        let place = place_of(&mut self.macs, &plain);
        let last = u8::try_from(place).unwrap_or(u8::MAX);
        format!("00:00:5E:00:53:{last:02X}")
    }

    pub(super) fn keeps_v4(&self, address: Ipv4Addr) -> bool {
        let [first, second, ..] = address.octets();
        // Nothing, masks, multicast and broadcast.
        let nowhere = matches!(first, 0 | 127 | 224..);
        // Provider-internal (RFC 6598) and link-local addresses are as private as those of RFC 1918.
        let carrier = first == 100 && (64..128).contains(&second);
        let private = address.is_private() || address.is_link_local() || carrier;
        nowhere || (private && self.private == Private::Kept)
    }

    pub(super) fn keeps_v6(&self, address: Ipv6Addr) -> bool {
        let segments = address.segments();
        let nowhere = address.is_unspecified() || address.is_loopback() || address.is_multicast();
        // Such an address has the MAC address of its device in it.
        let of_mac = segments[5] & 0xff == 0xff && segments[6] >> 8 == 0xfe;
        let private = segments[0] & 0xfe00 == 0xfc00 || segments[0] & 0xffc0 == 0xfe80;
        nowhere || (private && !of_mac && self.private == Private::Kept)
    }
}

/// Whether the address is one of the stand-ins.
pub(super) const fn is_stand_in_v4(address: Ipv4Addr) -> bool {
    address.is_documentation()
}

/// The same for IPv6: `2001:db8::` and a number.
pub(super) const fn is_stand_in_v6(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x2001, 0xdb8, 0, 0, 0, 0, 0, _])
}

/// The same for a MAC address.
pub(super) fn is_stand_in_mac(text: &str) -> bool {
    text.starts_with("00:00:5E:00:53:")
}

/// The place of `item`, which is added if it is new and there is room.
pub(super) fn place_of<T: PartialEq + Clone>(items: &mut Vec<T>, item: &T) -> usize {
    if let Some(place) = items.iter().position(|known| known == item) {
        return place;
    }
    if items.len() < DISTINCT_MAX {
        items.push(item.clone());
    }
    items.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{Addresses, DISTINCT_MAX, Private};

    fn v4(addresses: &mut Addresses, text: &str) -> Option<String> {
        addresses.v4(text.parse().unwrap()).map(|address| address.to_string())
    }

    fn v6(addresses: &mut Addresses, text: &str) -> Option<String> {
        addresses.v6(text.parse().unwrap()).map(|address| address.to_string())
    }

    #[test]
    fn public_addresses_are_numbered_in_order_and_equal_ones_stay_equal() {
        let mut all = Addresses::new(Private::Kept);
        assert_eq!(v4(&mut all, "8.8.8.8").unwrap(), "192.0.2.1");
        assert_eq!(v4(&mut all, "192.0.2.1").unwrap(), "192.0.2.2", "a stand-in of another one");
        assert_eq!(v4(&mut all, "8.8.8.8").unwrap(), "192.0.2.1");
        assert_eq!(v6(&mut all, "2a02::1").unwrap(), "2001:db8::1");
        assert_eq!(v6(&mut all, "fd00::1"), None);
        assert_eq!(v6(&mut all, "fe80::66d1:54ff:fe0a:b0c").unwrap(), "2001:db8::2");
        assert_eq!(all.mac("64:D1:54:0A:0B:0C"), "00:00:5E:00:53:00");
        assert_eq!(all.mac("64-d1-54-0a-0b-0c"), "00:00:5E:00:53:00");
        assert_eq!(all.counts(), (4, 1));
    }

    #[test]
    fn private_addresses_stay_unless_they_are_to_be_hidden() {
        for (text, hidden) in [
            ("192.168.88.1", true),
            ("10.0.0.0", true),
            ("172.16.4.1", true),
            ("100.64.0.9", true),
            ("169.254.1.1", true),
            ("0.0.0.0", false),
            ("127.0.0.1", false),
            ("255.255.255.0", false),
            ("224.0.0.1", false),
        ] {
            assert_eq!(v4(&mut Addresses::new(Private::Kept), text), None, "{text}");
            let other = v4(&mut Addresses::new(Private::Hidden), text);
            assert_eq!(other.is_some(), hidden, "{text}");
        }
    }

    #[test]
    fn more_addresses_than_there_is_room_for_share_the_last_stand_in() {
        let mut all = Addresses::new(Private::Kept);
        let public = |number: u32| Ipv4Addr::from(0x0800_0000 + number);
        let stand_ins: Vec<_> = (0..2_000).map(|number| all.v4(public(number)).unwrap()).collect();
        let mut distinct = stand_ins.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), DISTINCT_MAX);
        assert!(distinct.iter().all(Ipv4Addr::is_documentation));
        assert_eq!(stand_ins[DISTINCT_MAX..], [*stand_ins.last().unwrap()].repeat(1_250));
    }
}
