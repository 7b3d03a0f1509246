//! The change of the transport with the real binary, real TLS and OpenSSH's own server.

use wanctl::sim::https::{Leaf, Pki};

use super::bed::{Bed, Options, PATIENCE};
use crate::running::{
    proxy::Mischief,
    rows::{say, side_by_side},
    sshd::{KeyKind, Sshd},
    turn::turn,
    wait::{now, seconds, within},
};

/// What becomes of REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Refused,
    BlackHole,
    AnotherCertificate,
}

impl Wrong {
    fn begin(self, bed: &Bed) {
        match self {
            Self::Refused => bed.rest.set(Some(Mischief::Refuse)),
            Self::BlackHole => bed.rest.set(Some(Mischief::StallAfter(0))),
            Self::AnotherCertificate => {
                bed.router.change_tls(Pki::new(Leaf::Signed).unwrap().tls());
                bed.rest.cut();
            }
        }
    }

    fn end(self, bed: &Bed) {
        match self {
            Self::Refused | Self::BlackHole => bed.rest.set(None),
            Self::AnotherCertificate => bed.router.change_tls(bed.router.pki().tls()),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::BlackHole => "timeout",
            Self::AnotherCertificate => "tls",
        }
    }
}

/// REST fails, SSH stands in, REST is taken back.
fn there_and_back(wrong: Wrong) -> String {
    let bed = Bed::start(&[]);
    bed.follows("rest");
    assert_eq!((bed.sshd.ask(Sshd::connections), bed.said("failed twice")), (0, 0));
    wrong.begin(&bed);
    let from = now();
    let line = bed.daemon.line("router home: REST failed twice");
    let turned = now().since(from);
    let text = format!(
        "REST failed twice ({}); SSH is used from now on, REST is tried again in 30 s: ",
        wrong.word()
    );
    assert!(line.contains(&text) || line.contains("failed twice (reset)"), "{line}");
    let settled = bed.follows("ssh");
    let health = bed.daemon.health().unwrap();
    let failover = health.routers[0].failover.as_ref().unwrap();
    assert_eq!(failover.instead_of, "rest");
    let status = bed.status();
    let why = format!(" s ({}), tried again in ", failover.reason);
    assert!(status.starts_with("router home: answers over ssh, "), "{status}");
    assert!(status.contains("; not over rest for ") && status.contains(&why), "{status}");
    assert!(failover.next_try_seconds <= 30 && failover.seconds <= 30, "{failover:?}");
    wrong.end(&bed);
    // The first try comes after 30 s.
    bed.daemon.until_within(seconds(50), "back", |health| health.routers[0].transport == "rest");
    let back = bed.follows("rest");
    assert_eq!(bed.said("failed twice"), 1, "{:#?}", bed.daemon.lines());
    assert_eq!(bed.said("REST works again after 30"), 1, "{:#?}", bed.daemon.lines());
    assert_eq!(
        (bed.said(": lost ("), bed.said("reconnected")),
        (1, 1),
        "{:#?}",
        bed.daemon.lines()
    );
    // Once for each of the two, not again on the way back.
    assert_eq!(bed.said("RouterOS 7"), 2, "{:#?}", bed.daemon.lines());
    // The other session is closed, not left to end by itself.
    let closed = within(PATIENCE, || bed.sshd.ask(Sshd::is_all_closed).then_some(()));
    assert!(closed.is_some(), "a session is left");
    let told = format!(
        "{wrong:?}: changed after {} ms, following over SSH after {} ms more, over REST again after {} ms",
        turned.as_millis(),
        settled.as_millis(),
        back.as_millis()
    );
    bed.stops_cleanly();
    told
}

#[test]
fn rest_fails_and_ssh_stands_in_until_rest_is_back() {
    let _turn = turn();
    let rows = [Wrong::Refused, Wrong::BlackHole, Wrong::AnotherCertificate];
    side_by_side(&rows, rows.len(), |wrong| there_and_back(*wrong));
}

/// No REST at all; the host key is another one at first, and once more later.
#[test]
fn ssh_alone_controls_and_another_host_key_is_told_once_with_its_fingerprint() {
    let _turn = turn();
    let alone = [("transport", "ssh"), ("fallback", "none")];
    let bed = Bed::start_before(KeyKind::Rsa, Options { router: &alone, ..Options::default() });
    let line = bed.daemon.line("router home: lost (host-key)");
    let shown = bed.sshd.ask(|sshd| sshd.fingerprint(KeyKind::Rsa));
    assert!(line.contains(&shown.to_string()) && line.contains("ssh_host_key"), "{line}");
    let cycles = bed.daemon.health().unwrap().wans[0].cycles;
    bed.daemon.until("measuring", |health| health.wans[0].cycles > cycles + 40);
    assert_eq!(bed.sshd.ask(Sshd::commands), 0, "nothing is asked of a stranger");
    bed.sshd.ask(|sshd| sshd.use_host_key(KeyKind::Ed25519));
    bed.daemon.until("there", |health| health.routers[0].reachable == Some(true));
    let settled = bed.follows("ssh");
    bed.sshd.ask(|sshd| {
        sshd.use_host_key(KeyKind::Rsa);
        sshd.kill();
    });
    let is_strange = |kind: &str| kind == "host-key";
    bed.daemon.until("a stranger", |health| {
        health.routers[0].last_failure.as_deref().is_some_and(is_strange)
    });
    bed.sshd.ask(|sshd| sshd.use_host_key(KeyKind::Ed25519));
    bed.follows("ssh");
    assert_eq!(bed.router.log().requests(), 0, "nobody spoke REST");
    assert_eq!((bed.said("lost ("), bed.said("reconnected")), (2, 2), "{:#?}", bed.daemon.lines());
    say(&format!("SSH alone: following after {} ms", settled.as_millis()));
    bed.stops_cleanly();
}

/// The other preference: SSH first, REST where its host key is not the pinned one any more.
#[test]
fn rest_stands_in_for_ssh_with_another_host_key_and_both_down_is_told_once() {
    let _turn = turn();
    let bed = Bed::start(&[("transport", "ssh")]);
    bed.follows("ssh");
    bed.sshd.ask(|sshd| {
        sshd.use_host_key(KeyKind::Rsa);
        sshd.kill();
    });
    bed.daemon.line("router home: SSH failed twice (host-key); REST is used from now on");
    bed.follows("rest");
    assert_eq!((bed.said("lost ("), bed.said("reconnected")), (1, 1), "{:#?}", bed.daemon.lines());
    // Both are down: one line more of each, and no change.
    bed.rest.set(Some(Mischief::Refuse));
    bed.ssh.set(Some(Mischief::Refuse));
    bed.daemon.until("lost", |health| health.routers[0].consecutive_failures >= 4);
    bed.rest.set(None);
    bed.follows("rest");
    assert_eq!((bed.said("lost ("), bed.said("reconnected")), (2, 2), "{:#?}", bed.daemon.lines());
    assert_eq!(bed.said("failed twice"), 1, "{:#?}", bed.daemon.lines());
    bed.stops_cleanly();
}

/// REST is down, and only then somebody allows SSH.
#[test]
fn a_reload_that_allows_ssh_brings_back_a_router_whose_rest_is_down() {
    let _turn = turn();
    let bed = Bed::start(&[("fallback", "none")]);
    bed.follows("rest");
    bed.rest.set(Some(Mischief::Refuse));
    bed.daemon.until("lost", |health| health.routers[0].consecutive_failures >= 4);
    assert_eq!(bed.sshd.ask(Sshd::connections), 0);
    bed.reload(&[("fallback", "ssh")]);
    bed.daemon.line("reload: applied: router home changed");
    bed.daemon.line("REST failed twice (refused); SSH is used from now on");
    bed.follows("ssh");
    bed.reload(&[("transport", "ssh"), ("fallback", "rest")]);
    bed.follows("ssh");
    assert_eq!(bed.daemon.health().unwrap().routers[0].failover, None);
    bed.stops_cleanly();
}
