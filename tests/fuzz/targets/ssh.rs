//! What a server sends over SSH: nothing of the user goes out before it owns the pinned key, and
//! nothing breaks or goes on for ever.
//!
//! `cfg(fuzzing)` takes the cryptography out of the library, so that packets need no key: lengths
//! are in the clear, MACs and signatures are taken for good. The first byte of the input says whether
//! the rest is bytes as they are, or packets (two bytes of length each) that are framed here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::router::{
    cli::OUTPUT_MAX,
    ssh::{
        Fingerprint,
        bare::{AT_ONCE, Bare},
    },
};

const USERNAME: &str = "fuzz-user";
const PASSWORD: &str = "xyzzy-plugh-42";

/// Of the host key in the seeds.
const PINNED: &str = "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8";

const VERSION: &[u8] = b"SSH-2.0-ROSSSH\r\n";
const NEWKEYS: u8 = 21;

/// Block and MAC of the cipher that the seeds choose.
const BLOCK: usize = 16;
const MAC: usize = 32;

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else { return };
    let mut client = Bare::new(USERNAME, PASSWORD, Fingerprint::parse(PINNED).unwrap());
    if first % 2 == 0 {
        feed(&mut client, rest);
    } else if feed(&mut client, VERSION) {
        packets(&mut client, rest);
    }
});

fn packets(client: &mut Bare, mut rest: &[u8]) {
    let mut mac = 0;
    while let Some((length, more)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(more.len());
        let (payload, more) = more.split_at(length);
        rest = more;
        if !feed(client, &framed(payload, mac)) {
            return;
        }
        if payload.first() == Some(&NEWKEYS) {
            mac = MAC;
        }
    }
}

fn framed(payload: &[u8], mac: usize) -> Vec<u8> {
    let block = if mac == 0 { 8 } else { BLOCK };
    let mut padding = block - (5 + payload.len()) % block;
    if padding < 4 {
        padding += block;
    }
    let length = u32::try_from(1 + payload.len() + padding).unwrap();
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap());
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding + mac, 0);
    packet
}

/// Whether the connection goes on.
fn feed(client: &mut Bare, bytes: &[u8]) -> bool {
    for portion in bytes.chunks(AT_ONCE) {
        let trusted = client.trusts();
        let goes_on = client.feed(portion).is_some();
        if !trusted && !client.trusts() {
            let sent = client.sent();
            for secret in [USERNAME, PASSWORD] {
                let shown = sent.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!shown, "{secret} before the key was verified");
            }
        }
        assert!(client.printed() <= OUTPUT_MAX);
        if !goes_on {
            return false;
        }
    }
    true
}
