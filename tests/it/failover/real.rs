//! The real binary between a router behind HTTPS and the same router behind OpenSSH's own server.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
};

use wanctl::{
    control::{time::Span, units::PerDirection},
    observe::health::Health,
    os::clock,
    router::settings::{Host, SshLogin},
    sim::{
        https::{Leaf, Pki},
        routeros::{Accepted, Rights, RouterSettings, User},
    },
};

use crate::running::{
    config::{TREE, globals, section},
    daemon::{Daemon, WANCTL, run},
    proxy::{Mischief, Proxy},
    router::{PASSWORD, Router, home},
    rows::{say, side_by_side},
    scratch::Scratch,
    sshd::{KeyKind, Sshd, SshdThread, me},
    stops::leave_rates,
    turn::turn,
    wait::{now, seconds, within},
};

/// Rates that rise all the time: something is to be written every second.
const RISING: [(&str, &str); 11] = [
    ("download_ceiling", "1000M"),
    ("download_floor", "100M"),
    ("download_step_up", "0.5M"),
    ("upload_ceiling", "200M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.1M"),
    ("baseline_initial", "1ms"),
    ("write_budget", "7200"),
    ("reflector", "127.0.0.1"),
    ("reflector", "127.0.0.2"),
    ("reflector", "127.0.0.3"),
];

/// What the wanted rates may be ahead of the router.
const AHEAD: PerDirection<u64> = PerDirection { download: 12_500_000, upload: 2_500_000 };

/// A busy machine needs its time for a login over SSH.
const PATIENCE: Span = seconds(30);

/// A router, both ways to it, and the daemon.
struct Bed {
    router: Router,
    sshd: SshdThread,
    rest: Proxy,
    ssh: Proxy,
    daemon: Daemon,
    config: PathBuf,
    scratch: Scratch,
}

/// One login for both: the server knows nobody but the one who runs the test.
fn settings() -> RouterSettings {
    let mut settings = home();
    settings.users.push(User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full });
    settings
}

impl Bed {
    /// With these options of the router.
    fn start(options: &[(&str, &str)]) -> Self {
        Self::start_before(KeyKind::Ed25519, options)
    }

    /// The same, and the server begins with this host key; the pinned one is of ed25519.
    fn start_before(shown: KeyKind, options: &[(&str, &str)]) -> Self {
        let (scratch, router) = (Scratch::in_memory(), Router::start(settings()));
        let sshd = SshdThread::start(router.shared());
        sshd.ask(move |sshd| sshd.use_host_key(shown));
        let rest = Proxy::start(router.address());
        let ssh = Proxy::start(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), sshd.settings().port));
        leave_rates(&scratch, "state", (200, 20), clock::unix_now());
        let access = Self::access(&router, &sshd, (&rest, &ssh), &scratch);
        let config = Self::configure(&access, options, &scratch);
        let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
        daemon.wait_for_status();
        Self { router, sshd, rest, ssh, daemon, config, scratch }
    }

    fn configure(
        access: &[(&str, String)],
        options: &[(&str, &str)],
        scratch: &Scratch,
    ) -> PathBuf {
        let both: Vec<(&str, &str)> =
            access.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = globals(scratch, "info")
            + &section("router", "home", &[&both[..], options].concat())
            + &section("wan", "cable", &[&TREE[..], &RISING].concat());
        scratch.write("wanctl.conf", text.as_bytes())
    }

    /// The same with other options from now on.
    fn reload(&self, options: &[(&str, &str)]) {
        let access = Self::access(&self.router, &self.sshd, (&self.rest, &self.ssh), &self.scratch);
        assert_eq!(Self::configure(&access, options, &self.scratch), self.config);
        self.daemon.signal(libc::SIGHUP);
    }

    fn access(
        router: &Router,
        sshd: &SshdThread,
        (rest, ssh): (&Proxy, &Proxy),
        scratch: &Scratch,
    ) -> Vec<(&'static str, String)> {
        let file = |name: &str, content: &str| {
            scratch.write(name, content.as_bytes()).display().to_string()
        };
        let own = sshd.settings();
        let SshLogin::KeyFile(key) = &own.login else { panic!("{own:?}") };
        assert_eq!(own.host, Host::Address(IpAddr::from(Ipv4Addr::LOCALHOST)));
        vec![
            ("url", format!("https://{}", rest.address())),
            ("username", own.username.clone()),
            ("password_file", file("password", PASSWORD)),
            ("tls_ca", file("ca.pem", router.pki().trust_pem())),
            ("rest_timeout", "1s".to_owned()),
            ("ssh_port", ssh.address().port().to_string()),
            ("ssh_key", key.display().to_string()),
            ("ssh_host_key", own.host_key.to_string()),
        ]
    }

    /// Waits until the router has what is wanted over this transport, and has taken a new write of
    /// each queue; says how long that took.
    fn follows(&self, over: &str) -> Span {
        let from = now();
        self.router.model().take_accepted();
        let mut written: Vec<String> = Vec::new();
        let found = within(PATIENCE, || {
            for Accepted { name, key, value } in self.router.model().take_accepted() {
                assert_eq!(key, "max-limit", "{value} of {name}");
                written.push(name);
            }
            let health = self.daemon.health()?;
            let both = ["WAN-Download", "WAN-Upload"];
            let wrote = both.iter().all(|name| written.iter().any(|written| written == name));
            (wrote && health.routers[0].transport == over && self.is_near(&health)).then_some(())
        });
        let told = self.daemon.lines().join("\n");
        assert!(found.is_some(), "not over {over}: {:#?}\n{told}", self.daemon.health());
        now().since(from)
    }

    fn is_near(&self, health: &Health) -> bool {
        let wan = &health.wans[0];
        let limits = self.router.limits(&RouterSettings::home_tree());
        let wanted =
            PerDirection { download: wan.download.wanted_bps, upload: wan.upload.wanted_bps };
        let near = limits.zip(wanted).zip(AHEAD).map(|((limit, wanted), ahead)| {
            limit.is_some_and(|limit| limit.abs_diff(wanted) <= ahead)
        });
        near.download && near.upload && health.routers[0].reachable == Some(true)
    }

    /// What the command for the status shows about the router.
    fn status(&self) -> String {
        let at = self.daemon.address().to_string();
        let output = Command::new(WANCTL).args(["status", "--at", &at]).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        shown.lines().find(|line| line.starts_with("router home: ")).unwrap().to_owned()
    }

    /// How often it has said these words.
    fn said(&self, words: &str) -> usize {
        self.daemon.count(&["router home: ", words])
    }

    fn stops_cleanly(mut self) {
        let lines = self.daemon.lines().join("\n");
        assert!(!lines.contains(PASSWORD), "{lines}");
        let health = self.daemon.health().unwrap();
        assert!(health.wans[0].cycles_missed <= 40, "{} missed", health.wans[0].cycles_missed);
        let ended = self.daemon.stop();
        assert_eq!(ended.status.code(), Some(0), "{lines}");
        assert!(ended.after < seconds(5), "{ended:?}");
        self.sshd.ask(Sshd::kill);
    }
}

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
    let bed = Bed::start_before(KeyKind::Rsa, &alone);
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
