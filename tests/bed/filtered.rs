//! ICMP is filtered on a real path while TCP works, and then nothing but the gateway does.

use std::{net::TcpListener, path::PathBuf};

use wanctl::control::time::Span;

use crate::{
    bloat,
    needs::announce,
    net::{Bed, REFLECTORS},
    support::{
        config::{TREE, globals, section},
        daemon::Daemon,
        router::{Router, home},
        scratch::Scratch,
        wait::now,
    },
};

/// The provider's end of the line; the router's end of the client's cable.
const PROVIDER: &str = "10.0.3.1";
const GATEWAY: &str = "10.0.1.1";

const RATES: [(&str, &str); 4] = [
    ("download_ceiling", "24M"),
    ("download_floor", "5M"),
    ("upload_ceiling", "6M"),
    ("upload_floor", "2M"),
];

/// A configuration with a target at the provider's end.
pub(crate) fn config(scratch: &Scratch, router: &Router, target: &str) -> PathBuf {
    let reflectors = REFLECTORS.map(|reflector| ("reflector", reflector));
    let instead = [("tcp_target", target), ("gateway", GATEWAY)];
    let wan = section("wan", "cable", &[&TREE[..], &RATES, &reflectors, &instead].concat());
    let text = globals(scratch, "info") + &router.section("home", scratch) + &wan;
    scratch.write("wanctl.conf", text.as_bytes())
}

/// A target at the provider's end of the line.
pub(crate) fn listen(bed: &Bed) -> TcpListener {
    bed.inside("isp", || TcpListener::bind((PROVIDER, 0)).unwrap())
}

/// A hundred cycles at their rhythm.
fn keeps_its_rhythm(daemon: &Daemon) {
    let (begun, before) = (now(), daemon.health().unwrap().wans[0].clone());
    let health = daemon.until("running", |health| health.wans[0].cycles >= before.cycles + 100);
    let (took, wan) = (now().since(begun), &health.wans[0]);
    let expected = Span::from_millis(50).times(wan.cycles - before.cycles);
    assert!(took.as_micros().abs_diff(expected.as_micros()) < 500_000, "{took:?}, {expected:?}");
    assert!(wan.cycles_missed - before.cycles_missed <= 2, "{wan:?}");
}

#[test]
fn filtered_icmp_is_replaced_by_tcp_and_a_dead_line_is_told_from_a_dead_cable() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    let listener = listen(&bed);
    let target = listener.local_addr().unwrap().to_string();
    bed.inside("client", || {
        let router = Router::start(home());
        let mut daemon = bloat::start(&bed, &config(&scratch, &router, &target));
        daemon.until("steady", |health| {
            health.wans[0].signal == "fresh" && health.wans[0].cycles > 100
        });
        bed.set("isp", "net.ipv4.icmp_echo_ignore_all", "1");
        announce(&format!("\n{}", daemon.line("measuring by TCP connects to")));
        let health = daemon.until("measured by TCP", |health| {
            let wan = &health.wans[0];
            (wan.source == "tcp") && wan.download.state == "GREEN"
        });
        let wan = &health.wans[0];
        assert_eq!(wan.tcp_target.as_deref(), Some(target.as_str()));
        assert_eq!(wan.tcp_baseline.as_deref(), Some("own"));
        keeps_its_rhythm(&daemon);
        bed.set("isp", "net.ipv4.icmp_echo_ignore_all", "0");
        announce(&daemon.line("signal is back after"));
        daemon.until("measured by ICMP", |health| health.wans[0].source == "icmp");
        bed.ip("router", "link set wan down");
        announce(&daemon.line("the gateway answers, nothing beyond it: rates are held"));
        daemon.until("held", |health| health.wans[0].signal == "no-signal");
        keeps_its_rhythm(&daemon);
        assert_eq!(daemon.stop().status.code(), Some(0));
    });
}
