//! Whatever a socket hands over: what is taken for a reply is one that we could have been sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::{
    os::sockets::Family,
    probe::{
        icmp_wire::{Framing, decode_reply, decode_request, reply},
        timestamp_wire,
    },
};

fuzz_target!(|bytes: &[u8]| {
    for (framing, family) in [
        (Framing::Ipv4Header, Family::V4),
        (Framing::Icmp, Family::V4),
        (Framing::Icmpv6, Family::V6),
    ] {
        let Ok(echo) = decode_reply(framing, bytes) else { continue };
        let ours = reply(family, echo);
        // The checksum over IPv6 is the kernel's, and an IPv4 header comes first.
        let same = bytes.ends_with(ours.get(4..).unwrap_or_default());
        assert!(same, "{echo:?} is not what the bytes say");
    }
    if let Ok(answer) = timestamp_wire::decode_reply(bytes) {
        let ours = timestamp_wire::reply(answer);
        let same = bytes.ends_with(ours.get(4..).unwrap_or_default());
        assert!(same, "{answer:?} is not what the bytes say");
    }
    let _ = decode_request(Family::V4, bytes);
    let _ = decode_request(Family::V6, bytes);
});
