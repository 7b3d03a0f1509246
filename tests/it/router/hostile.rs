//! The SSH client against servers that break the protocol: what it makes of them, how long that
//! takes, and what they get to see.

use std::{cell::RefCell, net::Ipv4Addr, rc::Rc};

use smol::{
    LocalExecutor,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use wanctl::{
    control::{
        failure::FailureKind::{self, Garbage, HostKey, Reset, Timeout},
        time::Span,
    },
    os::clock,
    router::{
        error::RouterError,
        settings::{Fingerprint, Host, Secret, SshLogin, SshSettings},
        ssh::SshClient,
    },
};

use super::talk::{read_tree, run};

const USER: &str = "nobody-must-know-me";
const PASSWORD: &str = "nor my open sesame";

/// The deadline of each operation.
const DEADLINE: Span = Span::from_millis(700);

/// What is allowed on top on a busy machine.
const SLACK: Span = Span::from_secs(5);

const BANNER: &[u8] = b"SSH-2.0-ROSSSH\r\n";

/// Message numbers (RFC 4253, section 12; RFC 5656, section 7.1).
const DISCONNECT: u8 = 1;
const SERVICE_ACCEPT: u8 = 6;
const KEXINIT: u8 = 20;
const NEWKEYS: u8 = 21;
const KEX_ECDH_INIT: u8 = 30;
const KEX_ECDH_REPLY: u8 = 31;
const USERAUTH_SUCCESS: u8 = 52;
const CHANNEL_DATA: u8 = 94;

/// An unencrypted packet.
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 5 + 4) % 8) % 8;
    let length = u32::try_from(payload.len() + padding + 1).unwrap();
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap());
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

fn string(text: &[u8]) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat()
}

/// What the server offers, with this key exchange.
fn kexinit_of(kex: &str) -> Vec<u8> {
    let lists = [
        kex,
        "ssh-ed25519",
        "aes256-ctr",
        "aes256-ctr",
        "hmac-sha2-256",
        "hmac-sha2-256",
        "none",
        "none",
        "",
        "",
    ];
    let mut payload = vec![KEXINIT];
    payload.extend([7; 16]);
    for list in lists {
        payload.extend(string(list.as_bytes()));
    }
    payload.extend([0; 5]);
    packet(&payload)
}

fn kexinit() -> Vec<u8> {
    kexinit_of("curve25519-sha256")
}

/// The answer to the key exchange: a key, a point and a signature.
fn reply(key: &[u8], point: &[u8]) -> Vec<u8> {
    let signature = [string(b"ssh-ed25519"), string(&[9; 64])].concat();
    packet(&[vec![KEX_ECDH_REPLY], string(key), string(point), string(&signature)].concat())
}

fn ed25519_key() -> Vec<u8> {
    // The base point of the curve: a key that is one.
    let mut point = [0x66; 32];
    point[0] = 0x58;
    [string(b"ssh-ed25519"), string(&point)].concat()
}

/// The fingerprint of the key that hostile servers show, so that the check of the signature is
/// reached.
fn pinned() -> Fingerprint {
    Fingerprint::parse(PINNED).unwrap()
}

const PINNED: &str = "SHA256:0000000000000000000000000000000000000000000";

/// What the server does once it has shown its banner and so on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Waits,
    Closes,
}

struct Met {
    error: RouterError,
    took: Span,
    /// All that the server got to see.
    seen: Vec<u8>,
}

/// Lets a client meet a server that says this.
fn meet(says: Vec<u8>, then: Then, host_key: Fingerprint) -> Met {
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Rc::new(RefCell::new(Vec::new()));
        executor.spawn(serve(listener, says, then, Rc::clone(&seen))).detach();
        let settings = SshSettings {
            host: Host::Address(Ipv4Addr::LOCALHOST.into()),
            port,
            username: USER.to_owned(),
            login: SshLogin::Password(Secret::new(PASSWORD.to_owned())),
            host_key,
            timeout: DEADLINE,
        };
        let mut client = SshClient::new(&settings).unwrap();
        let start = clock::now();
        let error = client.perform(&read_tree("WAN-Download")).await.unwrap_err();
        let took = clock::now().since(start);
        let seen = seen.borrow().clone();
        Met { error, took, seen }
    })
}

async fn serve(listener: TcpListener, says: Vec<u8>, then: Then, seen: Rc<RefCell<Vec<u8>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let listening = listen(stream.clone(), Rc::clone(&seen));
        let speaking = speak(stream, &says, then);
        smol::future::or(listening, speaking).await;
    }
}

async fn listen(mut stream: TcpStream, seen: Rc<RefCell<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        seen.borrow_mut().extend_from_slice(&bytes[..count]);
    }
}

async fn speak(mut stream: TcpStream, says: &[u8], then: Then) {
    // A client that has had enough may hang up.
    let _ = stream.write_all(says).await;
    if then == Then::Waits {
        std::future::pending::<()>().await;
    }
    let _ = stream.close().await;
}

/// The numbers of the messages that a client sent, all of which must be unencrypted.
fn messages(seen: &[u8]) -> Vec<u8> {
    let Some(end) = seen.iter().position(|byte| *byte == b'\n') else { return Vec::new() };
    assert!(seen.starts_with(b"SSH-2.0-"));
    let (mut rest, mut numbers) = (&seen[end + 1..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        numbers.push(after[1]);
        rest = after.get(length..).unwrap_or_default();
    }
    numbers
}

/// Meets a server and checks what every meeting must be like.
fn refused(name: &str, says: Vec<u8>, then: Then, kinds: &[FailureKind]) -> RouterError {
    let met = meet(says, then, pinned());
    assert!(met.took < DEADLINE + SLACK, "{name} took {:?}", met.took);
    assert!(kinds.contains(&met.error.kind), "{name}: {}", met.error);
    let numbers = messages(&met.seen);
    assert!(
        numbers.iter().all(|number| matches!(*number, KEXINIT | KEX_ECDH_INIT)),
        "{name}: the server saw {numbers:?}"
    );
    let has = |text: &str| met.seen.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!has(USER) && !has(PASSWORD), "{name}");
    assert!(!met.error.to_string().contains(PASSWORD), "{name}");
    assert!(!met.error.detail.contains("broke down"), "{name}: the library panicked");
    met.error
}

fn random(count: usize, seed: u64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| rng.u8(..)).take(count).collect()
}

fn greeting(parts: &[Vec<u8>]) -> Vec<u8> {
    [BANNER.to_vec(), parts.concat()].concat()
}

#[test]
fn silence_at_any_stage_ends_at_the_deadline() {
    for (name, says) in [
        ("no greeting", Vec::new()),
        ("half a greeting", b"SSH-2.0-ROS".to_vec()),
        ("no key exchange", BANNER.to_vec()),
        ("half a key exchange", greeting(&[kexinit()[..40].to_vec()])),
        ("no reply", greeting(&[kexinit()])),
        ("half a reply", greeting(&[kexinit(), reply(&ed25519_key(), &[9; 32])[..60].to_vec()])),
    ] {
        let error = refused(name, says, Then::Waits, &[Timeout]);
        assert_eq!(error.detail, "700 ms passed while exchanging keys", "{name}");
    }
}

#[test]
fn a_connection_that_is_closed_at_any_stage_is_a_reset() {
    for (name, says) in [
        ("no greeting", Vec::new()),
        ("no key exchange", BANNER.to_vec()),
        ("half a key exchange", greeting(&[kexinit()[..40].to_vec()])),
        ("no reply", greeting(&[kexinit()])),
    ] {
        refused(name, says, Then::Closes, &[Reset]);
    }
}

#[test]
fn what_is_no_ssh_is_said_to_be_none() {
    for (name, says) in [
        ("a web server", b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(60)),
        ("a greeting of 1 MB", b"x".repeat(1_000_000)),
        ("a greeting of 1 MB in lines", b"welcome\r\n".repeat(110_000)),
        ("a version of 1 MB", [b"SSH-2.0-".to_vec(), b"x".repeat(1_000_000)].concat()),
        ("no version 2", b"SSH-1.5-old\r\n".repeat(60)),
    ] {
        refused(name, says, Then::Waits, &[Garbage]);
    }
}

#[test]
fn messages_at_the_wrong_time_end_the_connection() {
    let newkeys = || packet(&[NEWKEYS]);
    let disconnect =
        || packet(&[&[DISCONNECT, 0, 0, 0, 2][..], &string(b"bye"), &string(b"")].concat());
    let success = || packet(&[USERAUTH_SUCCESS]);
    let accept = || packet(&[vec![SERVICE_ACCEPT], string(b"ssh-userauth")].concat());
    let data = || packet(&[&[CHANNEL_DATA, 0, 0, 0, 0][..], &string(b"hello")].concat());
    for (name, says) in [
        ("NEWKEYS instead of a key exchange", greeting(&[newkeys()])),
        ("NEWKEYS before the reply", greeting(&[kexinit(), newkeys()])),
        ("NEWKEYS before the reply, then success", greeting(&[kexinit(), newkeys(), success()])),
        ("success at once", greeting(&[success()])),
        ("success in the key exchange", greeting(&[kexinit(), success()])),
        ("a service before the keys", greeting(&[kexinit(), accept()])),
        ("data before the keys", greeting(&[kexinit(), data()])),
        ("two key exchanges at once", greeting(&[kexinit(), kexinit()])),
        ("a reply before the key exchange", greeting(&[reply(&ed25519_key(), &[9; 32])])),
        ("a disconnect", greeting(&[disconnect()])),
    ] {
        refused(name, says, Then::Closes, &[Garbage, Reset, HostKey]);
    }
}

#[test]
fn malformed_messages_end_the_connection() {
    let raw = |bytes: &[u8]| greeting(&[bytes.to_vec()]);
    for (name, says) in [
        ("a length of 4 GB", raw(&[0xff; 64])),
        ("a length of zero", raw(&[0; 64])),
        (
            "padding longer than the packet",
            raw(&[0, 0, 0, 12, 255, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ),
        ("an empty payload", greeting(&[packet(&[])])),
        ("a key exchange cut off inside", greeting(&[packet(&kexinit()[5..60])])),
        (
            "lists that are longer than the packet",
            greeting(&[packet(&[&[KEXINIT][..], &[0xff; 200]].concat())]),
        ),
        ("nothing in common", greeting(&[kexinit_of("diffie-hellman-group1-sha1")])),
        ("only markers in common", greeting(&[kexinit_of("kexguess2@matt.ucc.asn.au,ext-info-s")])),
        ("a point of the wrong length", greeting(&[kexinit(), reply(&ed25519_key(), &[9; 31])])),
        ("a point at infinity", greeting(&[kexinit(), reply(&ed25519_key(), &[0; 32])])),
        ("a key of no kind", greeting(&[kexinit(), reply(&string(b"ssh-none"), &[9; 32])])),
        ("an empty key", greeting(&[kexinit(), reply(&[], &[9; 32])])),
        (
            "a short key",
            greeting(&[
                kexinit(),
                reply(&[string(b"ssh-ed25519"), string(b"x")].concat(), &[9; 32]),
            ]),
        ),
    ] {
        refused(name, says, Then::Closes, &[Garbage, Reset, HostKey]);
    }
}

#[test]
fn a_server_without_a_common_algorithm_is_told_apart_with_the_remedy() {
    let says = greeting(&[kexinit_of("diffie-hellman-group-exchange-sha256")]);
    let error = refused("an old RouterOS", says, Then::Waits, &[Garbage]);
    assert_eq!(error.detail, "no kex algorithm in common with the router");
    assert!(error.to_string().contains("RouterOS 7.7"), "{error}");
}

#[test]
fn a_pinned_key_that_the_server_does_not_own_is_refused() {
    let says = greeting(&[kexinit(), reply(&ed25519_key(), &[9; 32])]);
    let shown = refused("another key", says.clone(), Then::Waits, &[HostKey]);
    let shown = shown.detail.split_whitespace().find(|word| word.starts_with("SHA256:"));
    let pinned = Fingerprint::parse(shown.unwrap().trim_end_matches(',')).unwrap();
    let met = meet(says, Then::Waits, pinned);
    assert_eq!(met.error.kind, HostKey);
    assert_eq!(met.error.detail, "the router does not own the key it shows");
    assert!(messages(&met.seen).iter().all(|number| matches!(*number, KEXINIT | KEX_ECDH_INIT)));
}

#[test]
fn random_bytes_at_any_stage_end_the_connection() {
    for seed in 0..40 {
        let count = 100 + usize::try_from(seed).unwrap() * 50;
        let noise = random(count, seed);
        let says = match seed % 4 {
            0 => noise,
            1 => greeting(&[noise]),
            2 => greeting(&[kexinit(), noise]),
            _ => greeting(&[kexinit(), reply(&ed25519_key(), &[9; 32])[..20].to_vec(), noise]),
        };
        refused(&format!("seed {seed}"), says, Then::Closes, &[Garbage, Reset, HostKey]);
    }
}

#[test]
fn every_small_change_of_a_key_exchange_ends_without_a_login() {
    let whole = greeting(&[kexinit(), reply(&ed25519_key(), &[9; 32])]);
    let mut rng = fastrand::Rng::with_seed(11);
    for round in 0..200 {
        let mut says = whole.clone();
        for _ in 0..rng.usize(1..4) {
            let place = rng.usize(BANNER.len()..says.len());
            says[place] = rng.u8(..);
        }
        refused(&format!("round {round}"), says, Then::Closes, &[Garbage, Reset, HostKey]);
    }
}
