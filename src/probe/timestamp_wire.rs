//! ICMP timestamps as bytes (RFC 792, types 13 and 14; IPv4 alone has them).
//! Promises: pure; decoding takes any bytes and either yields an answer or says what is wrong.
//! Knows nothing of what the times mean: they are as the bytes say, sense or nonsense.

use super::icmp_wire::{Reject, behind_ipv4_header, checksum, ident_of, sealed};
use crate::control::oneway::Stamps;

/// The length of both messages, without the IP header, in bytes.
pub const LEN: usize = HEADER + 12;

const HEADER: usize = 8;
const REQUEST: u8 = 13;
const REPLY: u8 = 14;

/// The bit that says that a time is none of the standard's: neither milliseconds nor since midnight.
const NON_STANDARD: u32 = 1 << 31;

/// A timestamp message as it goes out.
pub type Message = [u8; LEN];

/// What a question says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The identifier of the socket.
    pub ident: u16,
    /// The sequence number.
    pub sequence: u16,
    /// What only the sender knows, 31 bits of it. It stands where the time of sending may stand:
    /// that one we know ourselves, and the standard allows any value there, if marked.
    pub nonce: u32,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it answers.
    pub to: Question,
    /// The times of the reflector.
    pub stamps: Stamps,
}

/// The request.
pub fn request(question: Question) -> Message {
    encode(REQUEST, question, Stamps { receive: 0, transmit: 0 })
}

/// The reply that a reflector gives to such a request, for the simulated line and for tests.
pub fn reply(answer: Answer) -> Message {
    encode(REPLY, answer.to, answer.stamps)
}

/// Reads what a raw socket hands over: an IPv4 header and a reply.
pub fn decode_reply(packet: &[u8]) -> Result<Answer, Reject> {
    let message = behind_ipv4_header(packet)?;
    let (&header, body) = message.split_first_chunk::<HEADER>().ok_or(Reject::Truncated)?;
    if header[0] != REPLY || header[1] != 0 {
        return Err(Reject::OtherType);
    }
    let ident = ident_of(header);
    if checksum(message) != 0 {
        return Err(Reject::Checksum(ident));
    }
    let &[o0, o1, o2, o3, r0, r1, r2, r3, t0, t1, t2, t3] = body else {
        return Err(Reject::Length(ident));
    };
    let originate = u32::from_be_bytes([o0, o1, o2, o3]);
    if originate & NON_STANDARD == 0 {
        return Err(Reject::Magic(ident));
    }
    let [.., s0, s1] = header;
    Ok(Answer {
        to: Question {
            ident,
            sequence: u16::from_be_bytes([s0, s1]),
            nonce: originate & !NON_STANDARD,
        },
        stamps: Stamps {
            receive: u32::from_be_bytes([r0, r1, r2, r3]),
            transmit: u32::from_be_bytes([t0, t1, t2, t3]),
        },
    })
}

fn encode(kind: u8, question: Question, stamps: Stamps) -> Message {
    let [i0, i1] = question.ident.to_be_bytes();
    let [s0, s1] = question.sequence.to_be_bytes();
    let mut message = [0; LEN];
    let (header, body) = message.split_at_mut(HEADER);
    header.copy_from_slice(&[kind, 0, 0, 0, i0, i1, s0, s1]);
    let (originate, times) = body.split_at_mut(size_of::<u32>());
    let (receive, transmit) = times.split_at_mut(size_of::<u32>());
    originate.copy_from_slice(&(question.nonce | NON_STANDARD).to_be_bytes());
    receive.copy_from_slice(&stamps.receive.to_be_bytes());
    transmit.copy_from_slice(&stamps.transmit.to_be_bytes());
    sealed(message)
}

#[cfg(test)]
mod tests {
    use super::{Answer, LEN, Question, Reject, checksum, decode_reply, reply, request};
    use crate::{control::oneway::Stamps, probe::icmp_wire::tests::with_header};

    const QUESTION: Question = Question { ident: 0x1234, sequence: 0xbeef, nonce: 0x0123_4567 };
    const ANSWER: Answer =
        Answer { to: QUESTION, stamps: Stamps { receive: 0x0102_0304, transmit: 0x0102_0305 } };

    /// The message with the right checksum.
    fn resealed(mut message: Vec<u8>) -> Vec<u8> {
        message[2..4].fill(0);
        let sum = checksum(&message).to_be_bytes();
        message[2..4].copy_from_slice(&sum);
        message
    }

    #[test]
    fn a_request_has_the_bytes_of_the_standard() {
        let bytes = request(QUESTION);
        assert_eq!(bytes[..2], [13, 0]);
        assert_eq!(bytes[4..8], [0x12, 0x34, 0xbe, 0xef]);
        assert_eq!(bytes[8..12], [0x81, 0x23, 0x45, 0x67], "marked as no time of the day");
        assert_eq!(bytes[12..], [0; 8]);
        assert_eq!(checksum(&bytes), 0);
    }

    #[test]
    fn a_reply_is_read_behind_every_header() {
        let bytes = reply(ANSWER);
        assert_eq!(bytes[..2], [14, 0]);
        assert_eq!(bytes[12..], [1, 2, 3, 4, 1, 2, 3, 5]);
        for words in 5..=15 {
            assert_eq!(decode_reply(&with_header(words, &bytes)), Ok(ANSWER), "{words} words");
        }
    }

    #[test]
    fn whatever_the_times_say_they_are_read_as_they_are() {
        for time in [0, 1, 86_399_999, 86_400_000, 1 << 31, u32::MAX] {
            let answer = Answer { stamps: Stamps { receive: time, transmit: 0 }, ..ANSWER };
            assert_eq!(decode_reply(&with_header(5, &reply(answer))), Ok(answer), "{time}");
        }
    }

    #[test]
    fn our_own_request_and_every_other_type_are_none() {
        let own = with_header(5, &request(QUESTION));
        assert_eq!(decode_reply(&own), Err(Reject::OtherType));
        for (kind, code) in (0..=u8::MAX).flat_map(|kind| [0, 1].map(|code| (kind, code))) {
            let mut bytes = reply(ANSWER).to_vec();
            (bytes[0], bytes[1]) = (kind, code);
            let read = decode_reply(&with_header(5, &resealed(bytes)));
            assert_eq!(read.is_ok(), (kind, code) == (14, 0), "{kind}, {code}");
        }
    }

    #[test]
    fn no_other_length_no_flipped_bit_and_nobody_elses_mark_is_taken() {
        let good = reply(ANSWER);
        for len in 0..LEN {
            assert!(decode_reply(&with_header(5, &good[..len])).is_err(), "{len} bytes");
        }
        let longer = with_header(5, &[&good[..], &[0, 0]].concat());
        assert_eq!(decode_reply(&longer), Err(Reject::Length(0x1234)));
        for bit in 0..LEN * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_reply(&with_header(5, &bad)).is_err(), "bit {bit}");
        }
        let mut others = good.to_vec();
        others[8] = 0x01;
        let read = decode_reply(&with_header(5, &resealed(others)));
        assert_eq!(read, Err(Reject::Magic(0x1234)));
    }
}
