//! Tests of the operating system's part: real sockets on loopback, real signals, a real lock.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test did not expect ends it")]

use std::{
    collections::HashSet,
    env, fs,
    io::{BufRead, BufReader},
    net::IpAddr,
    os::fd::AsFd,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_io::{Async, Timer, block_on};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use smol::future;
use wanctl::{
    control::time::{Instant, Span},
    os::{
        clock::{self, Arrivals, Reading},
        lock::{Lock, LockError},
        signals::{Signal, Signals},
        sockets::{
            Family, IcmpSocket, Inbox, Kind, Left, MAX_BATCH, NetError, NetErrorKind, OpenError,
            Outgoing, Request, Stamping, Step,
        },
    },
    probe::icmp_wire::{self, Echo, Framing, Message},
};

use crate::store::{TempDir, assert_own_process, child};

/// How long anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the tests with ICMP sockets apart: a raw socket hears what all the others are sent, and
/// its buffer holds only a few hundred datagrams.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static LOOPBACK: Mutex<()> = Mutex::new(());
    LOOPBACK.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => [127, 0, 0, 1].into(),
        Family::V6 => std::net::Ipv6Addr::LOCALHOST.into(),
    }
}

/// Runs a future to its end, or fails the test.
pub(crate) fn in_time<T>(what: &str, task: impl Future<Output = T>) -> T {
    block_on(future::or(async { Some(task.await) }, async {
        Timer::after(PATIENCE).await;
        None
    }))
    .unwrap_or_else(|| panic!("{what}: nothing within {PATIENCE:?}"))
}

/// Opens a socket, or fails the test with what to do about it.
pub(crate) fn opened(result: Result<IcmpSocket, OpenError>) -> IcmpSocket {
    result.unwrap_or_else(|error| {
        panic!("this test needs ICMP sockets: {error}; {}", error.remedy().unwrap_or("no remedy"))
    })
}

pub(crate) const fn anywhere(family: Family) -> Request<'static> {
    Request { family, source: None, interface: None }
}

fn request(socket: &IcmpSocket, number: u16) -> Message {
    let echo =
        Echo { ident: socket.ident(), sequence: number, number: u32::from(number), nonce: 7 };
    icmp_wire::request(socket.family(), echo)
}

fn framing(socket: &IcmpSocket) -> Framing {
    match (socket.family(), socket.kind()) {
        (Family::V4, Kind::Raw) => Framing::Ipv4Header,
        (Family::V4, Kind::Ping) => Framing::Icmp,
        (Family::V6, Kind::Raw | Kind::Ping) => Framing::Icmpv6,
    }
}

/// What the system said to each message of a batch.
fn send(socket: &IcmpSocket, outgoing: &[Outgoing<'_>]) -> Vec<(usize, Result<(), NetError>)> {
    let mut told = Vec::new();
    socket.send_batch(outgoing, &mut |index, result| told.push((index, result)));
    told
}

/// Fetches replies to this socket until there are `count` of them: each with source and stamp.
fn replies(socket: IcmpSocket, count: usize) -> Vec<(u16, IpAddr, Option<Instant>)> {
    let ident = socket.ident();
    let framing = framing(&socket);
    let socket = Async::new_nonblocking(socket).unwrap();
    let mut inbox = Inbox::default();
    let mut arrivals = Arrivals::new(Reading::take());
    let mut found = Vec::new();
    while found.len() < count {
        in_time("a reply", socket.readable()).unwrap();
        let left = socket.get_ref().recv_batch(&mut inbox).unwrap();
        arrivals.fetched(Reading::take());
        for datagram in inbox.datagrams() {
            let at = datagram.stamp.and_then(|stamp| arrivals.time_of(stamp, Span::from_secs(10)));
            match icmp_wire::decode_reply(framing, datagram.bytes) {
                Ok(echo) if echo.ident == ident => found.push((echo.sequence, datagram.from, at)),
                Ok(_) | Err(_) => {}
            }
        }
        if left == Left::Nothing {
            arrivals.emptied();
        }
    }
    found
}

#[test]
fn loopback_answers_with_the_kernels_time() {
    let _alone = alone();
    for family in Family::BOTH {
        let socket = opened(IcmpSocket::open(anywhere(family)));
        assert_eq!(socket.stamping(), Stamping::Agreed);
        let before = clock::now();
        let message = request(&socket, 1);
        let to = loopback(family);
        assert_eq!(send(&socket, &[Outgoing { to, bytes: &message }]), [(0, Ok(()))]);
        let found = replies(socket, 1);
        let [(1, from, Some(at))] = found[..] else { panic!("{found:?}") };
        assert_eq!(from, to);
        assert!(before <= at && at <= clock::now(), "{before:?} {at:?}");
    }
}

#[test]
fn a_batch_larger_than_a_system_call_goes_out_and_comes_in_whole() {
    let _alone = alone();
    for family in Family::BOTH {
        let socket = opened(IcmpSocket::open(anywhere(family)));
        let messages: Vec<_> = (0..40).map(|number| request(&socket, number)).collect();
        let to = loopback(family);
        let outgoing: Vec<_> =
            messages.iter().map(|bytes| Outgoing { to, bytes: bytes.as_slice() }).collect();
        let told: Vec<_> = (0..40).map(|index| (index, Ok(()))).collect();
        assert_eq!(send(&socket, &outgoing), told);
        let numbers: HashSet<_> =
            replies(socket, 40).into_iter().map(|(number, ..)| number).collect();
        assert_eq!(numbers, (0..40).collect());
    }
}

#[test]
fn a_full_fetch_says_that_there_may_be_more() {
    let _alone = alone();
    let socket = opened(IcmpSocket::open(anywhere(Family::V4)));
    let to = loopback(Family::V4);
    let message = request(&socket, 1);
    assert_eq!(send(&socket, &[Outgoing { to, bytes: &message }; MAX_BATCH + 1]).len(), 17);
    let mut inbox = Inbox::default();
    let socket = Async::new_nonblocking(socket).unwrap();
    in_time("a reply", socket.readable()).unwrap();
    assert_eq!(socket.get_ref().recv_batch(&mut inbox), Ok(Left::Perhaps));
    assert_eq!(inbox.datagrams().count(), MAX_BATCH);
    while socket.get_ref().recv_batch(&mut inbox) != Ok(Left::Nothing) {}
    assert_eq!(socket.get_ref().recv_batch(&mut inbox), Ok(Left::Nothing));
    assert_eq!(inbox.datagrams().count(), 0);
}

#[test]
fn one_refused_destination_does_not_keep_the_others_from_being_sent() {
    let _alone = alone();
    let socket = opened(IcmpSocket::open(anywhere(Family::V4)));
    let message = request(&socket, 1);
    let good = Outgoing { to: loopback(Family::V4), bytes: &message };
    // The system sends to a broadcast address only if asked for it before.
    let bad = Outgoing { to: [127, 255, 255, 255].into(), bytes: &message };
    for (batch, refused) in [([bad, good, good], 0), ([good, bad, good], 1), ([good, good, bad], 2)]
    {
        let told = send(&socket, &batch);
        let kinds: Vec<_> =
            told.into_iter().map(|(index, sent)| (index, sent.map_err(|e| e.kind))).collect();
        let expected = [0, 1, 2].map(|index| {
            (index, if index == refused { Err(NetErrorKind::Denied) } else { Ok(()) })
        });
        assert_eq!(kinds, expected);
    }
}

#[test]
fn a_source_is_where_the_echo_comes_from_and_the_reply_goes_to() {
    let _alone = alone();
    let request_from =
        |source: [u8; 4]| Request { source: Some(source.into()), ..anywhere(Family::V4) };
    let bound = opened(IcmpSocket::open(request_from([127, 0, 0, 2])));
    let other = opened(IcmpSocket::open(request_from([127, 0, 0, 3])));
    let message = request(&bound, 5);
    let outgoing = [Outgoing { to: loopback(Family::V4), bytes: &message }];
    assert_eq!(send(&bound, &outgoing), [(0, Ok(()))]);
    assert_eq!(replies(bound, 1).first().map(|reply| reply.0), Some(5));
    assert_eq!(other.recv_batch(&mut Inbox::default()), Ok(Left::Nothing));
    let mut inbox = Inbox::default();
    other.recv_batch(&mut inbox).unwrap();
    assert_eq!(inbox.datagrams().count(), 0);
}

#[test]
fn a_source_that_is_not_ours_is_refused_with_its_reason() {
    let open = |family, source: IpAddr| {
        IcmpSocket::open(Request { source: Some(source), ..anywhere(family) }).map(|_| ())
    };
    for (family, source, kind) in [
        (Family::V4, IpAddr::from([192, 0, 2, 1]), NetErrorKind::NoAddress),
        (Family::V6, "2001:db8::1".parse().unwrap(), NetErrorKind::NoAddress),
        (Family::V6, [127, 0, 0, 1].into(), NetErrorKind::NoFamily),
    ] {
        let Err(OpenError::Setup { step: Step::Source, error }) = open(family, source) else {
            panic!("{source} was not refused as a source");
        };
        assert_eq!(error.kind, kind, "{source}");
    }
}

#[test]
fn a_device_is_bound_by_its_whole_name() {
    let _alone = alone();
    let open = |interface| {
        IcmpSocket::open(Request { interface: Some(interface), ..anywhere(Family::V4) })
    };
    let socket = opened(open("lo"));
    let message = request(&socket, 1);
    send(&socket, &[Outgoing { to: loopback(Family::V4), bytes: &message }]);
    assert_eq!(replies(socket, 1).len(), 1);
    for name in ["", "absent0", "lo\0", "a-name-longer-than-a-device-may-have"] {
        let Err(OpenError::Setup { step: Step::Interface, error }) = open(name) else {
            panic!("{name:?} was not refused as a device");
        };
        assert_eq!(error.kind, NetErrorKind::NoDevice, "{name:?}");
    }
}

#[test]
fn a_raw_socket_hears_replies_and_nothing_else() {
    let _alone = alone();
    for family in Family::BOTH {
        let socket = opened(IcmpSocket::open_raw(anywhere(family)));
        let other = opened(IcmpSocket::open_raw(anywhere(family)));
        let to = loopback(family);
        // Loopback hands the requests to all raw sockets too.
        let messages: Vec<_> = (0..5).map(|number| request(&other, number)).collect();
        for bytes in &messages {
            send(&other, &[Outgoing { to, bytes }]);
        }
        let ident = other.ident();
        assert_eq!(replies(other, 5).len(), 5);
        let mut inbox = Inbox::default();
        socket.recv_batch(&mut inbox).unwrap();
        // A filter says nothing of what others sent before it was there: type, and whose it is.
        let type_and_ident = |bytes: &[u8]| {
            let start = match family {
                Family::V4 => 20,
                Family::V6 => 0,
            };
            (bytes[start], u16::from_be_bytes([bytes[start + 4], bytes[start + 5]]))
        };
        let reply = match family {
            Family::V4 => 0,
            Family::V6 => 129,
        };
        let heard: Vec<_> =
            inbox.datagrams().map(|datagram| type_and_ident(datagram.bytes)).collect();
        let ours: Vec<_> = heard.iter().filter(|heard| heard.1 == ident).collect();
        assert!(ours.len() == 5 && ours.iter().all(|ours| ours.0 == reply), "{heard:?}");
    }
}

#[test]
fn a_long_datagram_is_cut_and_does_no_harm() {
    let _alone = alone();
    let socket = opened(IcmpSocket::open(anywhere(Family::V4)));
    let mut long = request(&socket, 1).to_vec();
    long.resize(1_400, 0);
    let to = loopback(Family::V4);
    let message = request(&socket, 2);
    send(&socket, &[Outgoing { to, bytes: &long }, Outgoing { to, bytes: &message }]);
    assert_eq!(replies(socket, 1).first().map(|reply| reply.0), Some(2));
}

#[test]
fn no_descriptor_is_inherited() {
    let socket = opened(IcmpSocket::open(anywhere(Family::V4)));
    let info = format!("/proc/self/fdinfo/{}", std::os::fd::AsRawFd::as_raw_fd(&socket.as_fd()));
    let info = fs::read_to_string(info).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    let flags = i32::from_str_radix(flags, 8).unwrap();
    for (flag, name) in [(libc::O_CLOEXEC, "close on exec"), (libc::O_NONBLOCK, "nonblocking")] {
        assert_eq!(flags & flag, flag, "{name}");
    }
}

#[test]
fn what_is_not_permitted_names_both_causes_and_the_remedy() {
    let denied = NetError { kind: NetErrorKind::Denied, errno: 13 };
    let error = OpenError::Neither { ping: denied, raw: denied };
    assert!(error.remedy().unwrap().contains("net.ipv4.ping_group_range"));
    assert!(error.remedy().unwrap().contains("CAP_NET_RAW"));
    assert!(error.to_string().contains("no ping socket: not permitted"), "{error}");
    assert!(error.to_string().contains("no raw socket: not permitted"), "{error}");
    let missing = NetError::of_kind(NetErrorKind::NoFamily);
    assert_eq!(OpenError::Neither { ping: missing, raw: missing }.remedy(), None);
}

#[test]
fn the_wall_clock_is_that_of_the_files() {
    let dir = TempDir::new();
    let modified = fs::metadata(dir.path()).unwrap().modified().unwrap();
    let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(clock::unix_now().abs_diff(modified) <= 60);
}

#[test]
fn a_timer_set_to_a_deadline_fires_after_it() {
    let at = clock::now() + Span::from_millis(20);
    in_time("a timer", Timer::at(clock::deadline(at)));
    assert!(clock::now() >= at);
}

#[test]
#[ignore = "the process that the next test sends signals to"]
fn a_process_that_tells_its_signals() {
    assert_own_process();
    let mut signals = Signals::install().unwrap();
    println!("ready");
    for _ in 0..4 {
        println!("{:?}", block_on(signals.next()));
    }
}

#[test]
fn each_signal_is_told_and_a_second_stop_too() {
    let mut teller =
        child("os::a_process_that_tells_its_signals").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(teller.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = lines.into_iter();
    // The test harness writes its own lines, and the test's name before the first of ours.
    assert!(lines.any(|line| line.ends_with("ready")));
    let told = ["-HUP", "-TERM", "-INT", "-TERM"].map(|name| {
        let kill = Command::new("kill").args([name, &teller.id().to_string()]).status();
        assert!(kill.unwrap().success());
        lines.next().unwrap()
    });
    assert_eq!(told, ["Reload", "Stop", "Stop", "Stop"]);
    assert!(teller.wait().unwrap().success());
}

#[test]
#[ignore = "the process of the next test, which must not stop the others"]
fn a_process_that_sends_signals_to_itself() {
    assert_own_process();
    let mut signals = Signals::install().unwrap();
    let mut next = || block_on(signals.next());
    let raise = |signal| signal_hook::low_level::raise(signal).unwrap();
    // What waits as long comes in the order of its weight, and each of two stops shows.
    [SIGHUP, SIGTERM, SIGINT].into_iter().for_each(raise);
    assert_eq!([next(), next(), next()], [Signal::Stop, Signal::Stop, Signal::Reload]);
    // A wait that was given up takes no signal with it.
    assert_eq!(block_on(future::poll_once(signals.next())), None);
    raise(SIGTERM);
    drop(signals.next());
    assert_eq!(block_on(signals.next()), Signal::Stop);
    assert_eq!(block_on(future::poll_once(signals.next())), None);
}

#[test]
fn a_stop_comes_first_and_a_dropped_wait_loses_no_signal() {
    let status = child("os::a_process_that_sends_signals_to_itself").status().unwrap();
    assert!(status.success());
}

#[test]
fn broken_pipes_raise_no_signal() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    assert_eq!(ignored >> (libc::SIGPIPE - 1) & 1, 1);
}

const LOCK_DIR: &str = "WANCTL_TEST_LOCK_DIR";

#[test]
#[ignore = "the process that holds the lock of the next test"]
fn a_process_that_holds_the_lock() {
    assert_own_process();
    let dir = PathBuf::from(env::var_os(LOCK_DIR).unwrap());
    let _lock = Lock::acquire(&dir).unwrap();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_lock_is_had_once_and_names_its_holder() {
    let dir = TempDir::new();
    let lock = Lock::acquire(dir.path()).unwrap();
    for _ in 0..2 {
        let second = Lock::acquire(dir.path()).map(|_| ()).unwrap_err();
        let LockError::AlreadyRunning { pid } = second else { panic!("{second}") };
        assert_eq!(pid, Some(std::process::id()));
        assert!(second.to_string().ends_with(&std::process::id().to_string()));
    }
    drop(lock);
    let lock = Lock::acquire(dir.path()).unwrap();
    drop(lock);
    let missing = Lock::acquire(&dir.path().join("missing")).map(|_| ()).unwrap_err();
    assert!(matches!(missing, LockError::Io(_)), "{missing}");
}

#[test]
fn a_killed_process_holds_no_lock() {
    let dir = TempDir::new();
    let mut holder = child("os::a_process_that_holds_the_lock")
        .env(LOCK_DIR, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.into_iter().any(|line| line.ends_with("ready")));
    let second = Lock::acquire(dir.path()).map(|_| ()).unwrap_err();
    let LockError::AlreadyRunning { pid } = second else { panic!("{second}") };
    assert_eq!(pid, Some(holder.id()));
    holder.kill().unwrap();
    holder.wait().unwrap();
    Lock::acquire(dir.path()).unwrap();
}

#[test]
fn a_disk_without_room_for_the_process_id_does_not_cost_the_lock() {
    let dir = TempDir::new();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("lock")).unwrap();
    let _lock = Lock::acquire(dir.path()).unwrap();
    let second = Lock::acquire(dir.path()).map(|_| ()).unwrap_err();
    assert!(matches!(second, LockError::AlreadyRunning { .. }), "{second}");
}
