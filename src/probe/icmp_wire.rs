//! ICMP echoes as bytes (RFC 792, RFC 4443).
//! Promises: pure; decoding takes any bytes and either yields an echo of ours or says what is wrong.
//! Knows nothing of sockets, addresses or the secret behind the nonce.

use crate::os::sockets::Family;

/// The length of an echo, without the IP header, in bytes.
pub const ECHO: usize = HEADER + PAYLOAD;

const HEADER: usize = 8;
const PAYLOAD: usize = 16;

/// The first bytes of the payload: what tells our echoes from those of other programs.
const MAGIC: [u8; 4] = *b"wanc";

const REQUEST_V4: u8 = 8;
const REPLY_V4: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;

/// The protocol number of ICMP in an IPv4 header.
const PROTOCOL_ICMP: u8 = 1;

/// An ICMP message as it goes out.
pub type Message = [u8; ECHO];

/// What an echo says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The identifier of the socket.
    pub ident: u16,
    /// The sequence number; of our own probes the lower half of `number`.
    pub sequence: u16,
    /// The number of the probe.
    pub number: u32,
    /// What only the sender of the probe knows.
    pub nonce: u64,
}

/// What comes before and in the ICMP message that a socket hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// The IPv4 header, then ICMP: a raw IPv4 socket.
    Ipv4Header,
    /// The same, on a raw socket for timestamp replies.
    Timestamp,
    /// ICMP for IPv4 alone: a ping socket.
    Icmp,
    /// ICMP for IPv6 alone, its checksum already verified by the kernel: any IPv6 socket.
    Icmpv6,
}

/// Why bytes are not an echo reply of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reject {
    /// Too short for what they should be.
    Truncated,
    /// No IPv4 header where there should be one.
    NotIpv4,
    /// An IPv4 packet of another protocol.
    NotIcmp,
    /// An ICMP message of another type or code.
    OtherType,
    /// An echo reply with a wrong checksum, for this identifier.
    Checksum(u16),
    /// An echo reply of another length, for this identifier.
    Length(u16),
    /// An echo reply that does not carry our mark, for this identifier.
    Magic(u16),
}

impl Reject {
    /// The identifier, if the bytes looked like an echo reply.
    pub const fn ident(self) -> Option<u16> {
        match self {
            Self::Checksum(ident) | Self::Length(ident) | Self::Magic(ident) => Some(ident),
            Self::Truncated | Self::NotIpv4 | Self::NotIcmp | Self::OtherType => None,
        }
    }
}

/// The request for a probe.
pub fn request(family: Family, echo: Echo) -> Message {
    match family {
        Family::V4 => sealed(encode(REQUEST_V4, echo)),
        Family::V6 => encode(REQUEST_V6, echo),
    }
}

/// The reply that a reflector gives to such a request, for the simulated link and for tests.
pub fn reply(family: Family, echo: Echo) -> Message {
    match family {
        Family::V4 => sealed(encode(REPLY_V4, echo)),
        Family::V6 => encode(REPLY_V6, echo),
    }
}

/// Reads a request of ours; `None` if it is none. For the simulated link and for tests.
pub fn decode_request(family: Family, bytes: &[u8]) -> Option<Echo> {
    let kind = match family {
        Family::V4 => REQUEST_V4,
        Family::V6 => REQUEST_V6,
    };
    let (&header, payload) = bytes.split_first_chunk::<HEADER>()?;
    (header[0] == kind).then(|| body(header, payload))?.ok()
}

/// Reads an echo reply of ours.
pub fn decode_reply(framing: Framing, bytes: &[u8]) -> Result<Echo, Reject> {
    let (kind, message) = match framing {
        Framing::Ipv4Header => (REPLY_V4, behind_ipv4_header(bytes)?),
        Framing::Timestamp => return Err(Reject::OtherType),
        Framing::Icmp => (REPLY_V4, bytes),
        Framing::Icmpv6 => (REPLY_V6, bytes),
    };
    let (&header, payload) = message.split_first_chunk::<HEADER>().ok_or(Reject::Truncated)?;
    if header[0] != kind || header[1] != 0 {
        return Err(Reject::OtherType);
    }
    if framing != Framing::Icmpv6 && checksum(message) != 0 {
        return Err(Reject::Checksum(ident_of(header)));
    }
    body(header, payload)
}

/// A message without checksum. Over IPv6 it goes out so, for the kernel fills it in with the
/// addresses that it alone knows.
fn encode(kind: u8, echo: Echo) -> Message {
    let [i0, i1] = echo.ident.to_be_bytes();
    let [s0, s1] = echo.sequence.to_be_bytes();
    let mut message = [0; ECHO];
    let (header, payload) = message.split_at_mut(HEADER);
    header.copy_from_slice(&[kind, 0, 0, 0, i0, i1, s0, s1]);
    let (mark, rest) = payload.split_at_mut(MAGIC.len());
    let (number, nonce) = rest.split_at_mut(size_of::<u32>());
    mark.copy_from_slice(&MAGIC);
    number.copy_from_slice(&echo.number.to_be_bytes());
    nonce.copy_from_slice(&echo.nonce.to_be_bytes());
    message
}

/// The message with the checksum that IPv4 wants.
pub(super) fn sealed<const LEN: usize>(mut message: [u8; LEN]) -> [u8; LEN] {
    let sum = checksum(&message).to_be_bytes();
    if let Some(place) = message.get_mut(2..4) {
        place.copy_from_slice(&sum);
    }
    message
}

fn body(header: [u8; HEADER], payload: &[u8]) -> Result<Echo, Reject> {
    let ident = ident_of(header);
    let [.., s0, s1] = header;
    let payload: &[u8; PAYLOAD] = payload.try_into().map_err(|_| Reject::Length(ident))?;
    let [m0, m1, m2, m3, p0, p1, p2, p3, nonce @ ..] = *payload;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(Reject::Magic(ident));
    }
    Ok(Echo {
        ident,
        sequence: u16::from_be_bytes([s0, s1]),
        number: u32::from_be_bytes([p0, p1, p2, p3]),
        nonce: u64::from_be_bytes(nonce),
    })
}

pub(super) const fn ident_of(header: [u8; HEADER]) -> u16 {
    let [_, _, _, _, i0, i1, ..] = header;
    u16::from_be_bytes([i0, i1])
}

/// The ICMP message behind an IPv4 header, which has 20 to 60 bytes.
pub(super) fn behind_ipv4_header(packet: &[u8]) -> Result<&[u8], Reject> {
    let first = packet.first().ok_or(Reject::Truncated)?;
    let words = usize::from(first & 0x0f);
    if first >> 4 != 4 || words < 5 {
        return Err(Reject::NotIpv4);
    }
    let (header, message) = packet.split_at_checked(words * 4).ok_or(Reject::Truncated)?;
    match header.get(9) {
        Some(&PROTOCOL_ICMP) => Ok(message),
        _ => Err(Reject::NotIcmp),
    }
}

/// The internet checksum (RFC 1071): zero over a message that contains its right checksum.
pub(super) fn checksum(message: &[u8]) -> u16 {
    // 128 bytes of ones are far from overflowing 32 bits; longer messages only fold early.
    let sum = message.chunks(2).fold(0_u32, |sum, pair| {
        let word = match *pair {
            [high, low] => u16::from_be_bytes([high, low]),
            [high] => u16::from_be_bytes([high, 0]),
            _ => 0,
        };
        fold(sum.wrapping_add(u32::from(word)))
    });
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Adds the carry back in, so that 16 bits are enough.
const fn fold(sum: u32) -> u32 {
    (sum & 0xffff) + (sum >> 16)
}

#[cfg(test)]
pub(super) mod tests {
    use super::{
        ECHO, Echo, Framing, Reject, checksum, decode_reply, decode_request, reply, request,
    };
    use crate::os::sockets::Family;

    const ECHOED: Echo =
        Echo { ident: 0x1234, sequence: 0xbeef, number: 0xdead_beef, nonce: 0x0123_4567_89ab_cdef };

    /// The reply with an IPv4 header of `words` words in front.
    pub(in crate::probe) fn with_header(words: u8, message: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; usize::from(words) * 4];
        packet[0] = 0x40 | words;
        packet[9] = 1;
        packet.extend(message);
        packet
    }

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        // The example of the RFC's section 3: the sum is ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[]), 0xffff);
        assert_eq!(checksum(&[0xff]), !0xff00);
        assert_eq!(checksum(&vec![0xff; 65_536]), 0);
    }

    #[test]
    fn a_request_has_the_bytes_of_the_standards() {
        let v4 = request(Family::V4, ECHOED);
        assert_eq!(v4[..2], [8, 0]);
        assert_eq!(v4[4..8], [0x12, 0x34, 0xbe, 0xef]);
        assert_eq!(v4[8..12], *b"wanc");
        assert_eq!(v4[12..16], [0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(v4[16..], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        assert_eq!(checksum(&v4), 0);
        let v6 = request(Family::V6, ECHOED);
        assert_eq!(v6[..4], [128, 0, 0, 0]);
        assert_eq!(v6[4..], v4[4..]);
    }

    #[test]
    fn a_reply_is_read_in_every_framing() {
        let v4 = reply(Family::V4, ECHOED);
        assert_eq!(decode_reply(Framing::Icmp, &v4), Ok(ECHOED));
        for words in 5..=15 {
            let packet = with_header(words, &v4);
            assert_eq!(decode_reply(Framing::Ipv4Header, &packet), Ok(ECHOED), "{words} words");
        }
        let v6 = reply(Family::V6, ECHOED);
        assert_eq!(decode_reply(Framing::Icmpv6, &v6), Ok(ECHOED));
    }

    #[test]
    fn a_request_is_read_by_the_reflector_and_by_nobody_else() {
        for family in Family::BOTH {
            assert_eq!(decode_request(family, &request(family, ECHOED)), Some(ECHOED));
            assert_eq!(decode_request(family, &reply(family, ECHOED)), None);
        }
        let own = request(Family::V4, ECHOED);
        assert_eq!(decode_reply(Framing::Icmp, &own), Err(Reject::OtherType));
    }

    #[test]
    fn no_length_but_the_right_one_is_taken() {
        let v4 = reply(Family::V4, ECHOED);
        let v6 = reply(Family::V6, ECHOED);
        for len in 0..ECHO {
            assert!(decode_reply(Framing::Icmp, &v4[..len]).is_err(), "{len} bytes");
            assert!(decode_reply(Framing::Icmpv6, &v6[..len]).is_err(), "{len} bytes");
        }
        for words in [5, 15] {
            let packet = with_header(words, &v4);
            for len in 0..packet.len() {
                assert!(decode_reply(Framing::Ipv4Header, &packet[..len]).is_err(), "{len} bytes");
            }
        }
        // Two zero bytes more leave the checksum right.
        let longer = [&v4[..], &[0, 0]].concat();
        assert_eq!(decode_reply(Framing::Icmp, &longer), Err(Reject::Length(0x1234)));
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed_over_ipv4() {
        let good = reply(Family::V4, ECHOED);
        for bit in 0..ECHO * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            let result = decode_reply(Framing::Icmp, &bad);
            let expected = match bit / 8 {
                0 | 1 => Reject::OtherType,
                _ => Reject::Checksum(u16::from_be_bytes([bad[4], bad[5]])),
            };
            assert_eq!(result, Err(expected), "bit {bit}");
        }
    }

    #[test]
    fn every_other_type_and_code_is_no_echo_reply() {
        let framings = [(Framing::Icmp, Family::V4, 0), (Framing::Icmpv6, Family::V6, 129)];
        for (framing, family, right) in framings {
            let codes = (0..=u8::MAX).flat_map(|kind| [0, 1, 255].map(|code| (kind, code)));
            for (kind, code) in codes.filter(|pair| *pair != (right, 0)) {
                let mut message = reply(family, ECHOED);
                (message[0], message[1]) = (kind, code);
                assert_eq!(decode_reply(framing, &message), Err(Reject::OtherType));
            }
        }
    }

    #[test]
    fn other_programs_replies_are_told_by_their_mark() {
        let mut other = reply(Family::V6, ECHOED);
        other[8] = b'W';
        let reject = decode_reply(Framing::Icmpv6, &other);
        assert_eq!(reject, Err(Reject::Magic(0x1234)));
        assert_eq!(reject.map_err(Reject::ident), Err(Some(0x1234)));
    }

    #[test]
    fn what_is_not_ipv4_icmp_is_said_to_be_so() {
        let good = with_header(5, &reply(Family::V4, ECHOED));
        let with = |at: usize, byte: u8| {
            let mut packet = good.clone();
            packet[at] = byte;
            decode_reply(Framing::Ipv4Header, &packet)
        };
        assert_eq!(with(0, 0x65), Err(Reject::NotIpv4));
        assert_eq!(with(0, 0x44), Err(Reject::NotIpv4));
        assert_eq!(with(0, 0x4f), Err(Reject::Truncated));
        assert_eq!(with(9, 58), Err(Reject::NotIcmp));
        assert_eq!(decode_reply(Framing::Ipv4Header, &[]), Err(Reject::Truncated));
    }
}
