//! Tests of the prober in a network namespace of its own, which needs root: with ping sockets, with
//! floods, and while addresses and devices come and go.

use std::{net::IpAddr, process::Command};

use wanctl::{
    control::time::{Instant, Span},
    os::{
        clock,
        sockets::{Family, Kind, NetErrorKind},
    },
    probe::{
        icmp::IcmpWire,
        icmp_wire::Echo,
        prober::{Probe, Prober, Sent, Unsent},
        settings::Settings,
    },
};

use super::{Forger, fresh, prober, received, send, settings};
use crate::{
    os::loopback,
    store::{assert_own_process, child},
};

/// Runs tests of this binary in a new network namespace, with or without ping sockets.
fn in_namespace(ping_groups: &str, tests: &Command) {
    let prepare = format!(
        "ip link set lo up; echo '{ping_groups}' > /proc/sys/net/ipv4/ping_group_range; exec \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-ec", &prepare, "sh"]).arg(tests.get_program());
    command.args(tests.get_args());
    for (name, value) in tests.get_envs() {
        command.env(name, value.unwrap());
    }
    assert!(command.status().unwrap().success(), "{tests:?} in a namespace");
}

const NOBODY: &str = "1 0";
const EVERYBODY: &str = "0 2147483647";

fn ip(arguments: &str) {
    assert!(Command::new("ip").args(arguments.split(' ')).status().unwrap().success());
}

#[test]
#[ignore = "needs root and network namespaces, as the bed does"]
fn everything_holds_with_ping_sockets_too() {
    in_namespace(EVERYBODY, &child("probe::bed::inside_ping_sockets_are_taken"));
    let mut all = Command::new(std::env::current_exe().unwrap());
    all.args(["probe::", "os::", "--skip", "probe::bed::"]);
    in_namespace(EVERYBODY, &all);
}

#[test]
#[ignore = "run in a namespace by another test"]
fn inside_ping_sockets_are_taken() {
    assert_own_process();
    let wire =
        IcmpWire::new(&settings(&[loopback(Family::V4), loopback(Family::V6)]), clock::now());
    for family in Family::BOTH {
        assert_eq!(wire.kind(family), Some(Kind::Ping), "{}", family.word());
    }
}

#[test]
#[ignore = "needs root and network namespaces, as the bed does"]
fn a_flood_beyond_the_buffer_costs_datagrams_and_nothing_else() {
    for groups in [NOBODY, EVERYBODY] {
        in_namespace(groups, &child("probe::bed::inside_a_flood"));
    }
}

#[test]
#[ignore = "run in a namespace by another test"]
fn inside_a_flood() {
    assert_own_process();
    let number = fresh();
    let mut prober = prober(&settings(&[loopback(Family::V4)]));
    let mut forger = Forger::at(loopback(Family::V4));
    assert!(send(&mut prober, &[Probe { reflector: 0, number }]).iter().all(Result::is_ok));
    let echo = forger.overheard(number);
    (0..20_000).for_each(|_| forger.send(loopback(Family::V4), Echo { nonce: 0, ..echo }));
    let mut count = 0_u32;
    prober.drain(clock::now(), |_| count += 1);
    assert!(count > 16 && count < 20_000, "{count}");
    received(&mut prober, 0);
    assert_eq!(received(&mut prober, 0), []);
}

/// What becomes of a probe at that time.
fn try_at(prober: &mut Prober<IcmpWire>, at: Instant) -> Result<Sent, Unsent> {
    let mut told = None;
    prober.send(&[Probe { reflector: 0, number: 1 }], at, |result| told = Some(result));
    told.unwrap()
}

#[test]
#[ignore = "needs root and network namespaces, as the bed does"]
fn a_source_address_that_goes_and_comes_back_is_used_again() {
    for groups in [NOBODY, EVERYBODY] {
        in_namespace(groups, &child("probe::bed::inside_an_address_goes_and_comes_back"));
    }
}

#[test]
#[ignore = "run in a namespace by another test"]
fn inside_an_address_goes_and_comes_back() {
    assert_own_process();
    ip("addr add 192.0.2.78/32 dev lo");
    let reflector: IpAddr = "192.0.2.78".parse().unwrap();
    let source = "192.0.2.77".parse().ok();
    let mut now = Instant::from_micros(1_000_000);
    // At first the address is not there yet, as on a board that boots before its modem.
    let from = Settings { source, ..settings(&[reflector]) };
    let mut prober = Prober::new(IcmpWire::new(&from, now), &from.reflectors);
    for _ in 0..3 {
        // Which of the two depends on the kernel and on whether the socket was open before.
        let error = try_at(&mut prober, now).unwrap_err().error;
        let kinds = [NetErrorKind::NoAddress, NetErrorKind::Unreachable];
        assert!(kinds.contains(&error.kind), "{error}");
        ip("addr add 192.0.2.77/32 dev lo");
        now = now + Span::from_secs(1);
        try_at(&mut prober, now).unwrap();
        assert_eq!(prober.wire().refusals().count(), 0);
        assert!(!received(&mut prober, 1).is_empty());
        ip("addr del 192.0.2.77/32 dev lo");
    }
}

#[test]
#[ignore = "needs root and network namespaces, as the bed does"]
fn a_device_that_comes_back_under_its_name_is_used_again() {
    for groups in [NOBODY, EVERYBODY] {
        in_namespace(groups, &child("probe::bed::inside_a_device_goes_and_comes_back"));
    }
}

#[test]
#[ignore = "run in a namespace by another test"]
fn inside_a_device_goes_and_comes_back() {
    assert_own_process();
    let reflectors: [IpAddr; 2] =
        ["198.51.100.2".parse().unwrap(), "2001:db8:1::2".parse().unwrap()];
    for reflector in reflectors {
        let from = Settings { interface: Some("wan0".to_owned()), ..settings(&[reflector]) };
        let mut now = Instant::from_micros(1_000_000);
        let mut prober = Prober::new(IcmpWire::new(&from, now), &from.reflectors);
        for _ in 0..3 {
            try_at(&mut prober, now).unwrap_err();
            now = now + Span::from_secs(1);
            try_at(&mut prober, now).unwrap_err();
            ip("link add wan0 type veth peer name far0");
            ip("link set far0 up");
            ip("addr add 198.51.100.1/24 dev wan0");
            ip("addr add 2001:db8:1::1/64 dev wan0 nodad");
            ip("link set wan0 up");
            // Not before a second has passed since the last attempt.
            try_at(&mut prober, now + Span::from_millis(999)).unwrap_err();
            now = now + Span::from_secs(1);
            try_at(&mut prober, now).unwrap();
            ip("link del wan0");
        }
    }
}
