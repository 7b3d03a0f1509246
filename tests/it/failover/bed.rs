//! The real binary between a router behind HTTPS and the same router behind OpenSSH's own server,
//! with a proxy before each.

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
    sim::routeros::{Accepted, Rights, RouterSettings, User},
};

use crate::running::{
    config::{AHEAD, CLIMBING, TREE, globals, section},
    daemon::{Daemon, WANCTL, run},
    proxy::Proxy,
    router::{PASSWORD, Router, home},
    scratch::Scratch,
    sshd::{KeyKind, Sshd, SshdThread, me},
    stops::leave_rates,
    wait::{now, seconds, within},
};

/// A busy machine needs its time for a login over SSH.
pub const PATIENCE: Span = seconds(30);

/// These options, but others where they have the same name.
fn instead<'a>(
    usual: &[(&'a str, &'a str)],
    others: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = |(name, _): &&(&str, &str)| others.iter().all(|(other, _)| other != name);
    usual.iter().filter(kept).chain(others).copied().collect()
}

/// A router, both ways to it, and the daemon.
pub struct Bed {
    pub router: Router,
    pub sshd: SshdThread,
    pub rest: Proxy,
    pub ssh: Proxy,
    pub daemon: Daemon,
    pub config: PathBuf,
    pub scratch: Scratch,
}

/// What differs from the usual configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    pub router: &'a [(&'a str, &'a str)],
    pub wan: &'a [(&'a str, &'a str)],
    /// The server answers no line with these words from the start.
    pub held: Option<&'static str>,
}

/// One login for both: the server knows nobody but the one who runs the test.
fn settings() -> RouterSettings {
    let mut settings = home();
    settings.users.push(User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full });
    settings
}

impl Bed {
    /// With these options of the router.
    pub fn start(options: &[(&str, &str)]) -> Self {
        Self::start_before(KeyKind::Ed25519, Options { router: options, ..Options::default() })
    }

    /// With these options of both, and the server begins with this host key; the pinned one is of
    /// ed25519.
    pub fn start_before(shown: KeyKind, options: Options<'_>) -> Self {
        let (scratch, router) = (Scratch::in_memory(), Router::start(settings()));
        let sshd = SshdThread::start(router.shared());
        sshd.ask(move |sshd| {
            sshd.use_host_key(shown);
            sshd.hold(options.held);
        });
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
        Options { router, wan, .. }: Options<'_>,
        scratch: &Scratch,
    ) -> PathBuf {
        let access: Vec<_> = access.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = globals(scratch, "info")
            + &section("router", "home", &instead(&access, router))
            + &section("wan", "cable", &instead(&[&TREE[..], &CLIMBING].concat(), wan));
        scratch.write("wanctl.conf", text.as_bytes())
    }

    /// The same with these options of the router from now on.
    pub fn reload(&self, options: &[(&str, &str)]) {
        self.reload_with(Options { router: options, ..Options::default() });
    }

    /// The same with these options of both from now on.
    pub fn reload_with(&self, options: Options<'_>) {
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
    pub fn follows(&self, over: &str) -> Span {
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
    pub fn status(&self) -> String {
        let at = self.daemon.address().to_string();
        let output = Command::new(WANCTL).args(["status", "--at", &at]).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        shown.lines().find(|line| line.starts_with("router home: ")).unwrap().to_owned()
    }

    /// How often it has said these words.
    pub fn said(&self, words: &str) -> usize {
        self.daemon.count(&["router home: ", words])
    }

    pub fn stops_cleanly(mut self) {
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
