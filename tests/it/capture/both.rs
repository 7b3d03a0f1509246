//! A router that is reached over REST and over SSH.

use std::{fs, path::PathBuf};

use wanctl::{
    router::{
        capture::{ConsoleAsk, RestAsk},
        settings::SshLogin,
    },
    sim::routeros::{Menu, Mutation, Rights, User},
};

use super::{Said, files, said};
use crate::{
    binary::{RATES, REFLECTORS},
    running::{
        config::{TREE, globals, section},
        daemon::WANCTL,
        router::{PASSWORD, Router, home},
        scratch::Scratch,
        sshd::{SshdThread, me},
    },
};

struct Bed {
    scratch: Scratch,
    router: Router,
    sshd: SshdThread,
    config: PathBuf,
}

/// The options of a router that is reached over REST and over SSH.
pub(crate) fn both_ways(
    router: &Router,
    sshd: &SshdThread,
    scratch: &Scratch,
) -> Vec<(&'static str, String)> {
    let own = sshd.settings();
    let SshLogin::KeyFile(key) = &own.login else { panic!("{own:?}") };
    let file =
        |name: &str, content: &str| scratch.write(name, content.as_bytes()).display().to_string();
    vec![
        ("url", format!("https://{}", router.address())),
        ("username", own.username.clone()),
        ("password_file", file("password", PASSWORD)),
        ("tls_ca", file("ca.pem", router.pki().trust_pem())),
        ("rest_timeout", "5s".to_owned()),
        ("ssh_timeout", "20s".to_owned()),
        ("ssh_port", own.port.to_string()),
        ("ssh_key", key.display().to_string()),
        ("ssh_host_key", own.host_key.to_string()),
    ]
}

impl Bed {
    fn new() -> Self {
        let mut settings = home();
        let user = User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full };
        settings.users.push(user);
        let (scratch, router) = (Scratch::new(), Router::start(settings));
        // Shows the column of flags and its legend.
        router.model().edit(Menu::Tree, "WAN-Upload", "disabled", "true");
        let sshd = SshdThread::start(router.shared());
        let access = both_ways(&router, &sshd, &scratch);
        let access: Vec<(&str, &str)> =
            access.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let wan = [&TREE[..], &RATES, &REFLECTORS].concat();
        let text = globals(&scratch, "info")
            + &section("router", "home", &access)
            + &section("wan", "cable", &wan);
        let config = scratch.write("wanctl.conf", text.as_bytes());
        Self { scratch, router, sshd, config }
    }

    fn capture(&self, arguments: &[&str]) -> Said {
        let mut command = std::process::Command::new(WANCTL);
        said(command.arg("capture").arg("-c").arg(&self.config).args(arguments))
    }
}

#[test]
fn both_transports_are_recorded_and_neither_gives_anything_away() {
    let bed = Bed::new();
    let dir = bed.scratch.join("recording");
    let (code, out, complaint) = bed.capture(&[dir.to_str().unwrap()]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("20 requests over rest") && out.contains("16 requests over ssh"), "{out}");
    let all = files(&dir);
    assert_eq!(all.len(), RestAsk::ALL.len() + ConsoleAsk::ALL.len() + 1);
    let key = bed.sshd.settings().host_key.to_string();
    for (path, text) in &all {
        for absent in [PASSWORD, key.as_str(), "WAN-", "shaper", "cake-down"] {
            assert!(!text.contains(absent), "{absent} {}: {text}", path.display());
        }
    }
    let tree = fs::read(dir.join("ssh/7.23.2/queue-tree.print-detail.txt")).unwrap();
    let tree = String::from_utf8(tree).unwrap();
    assert!(tree.starts_with("Flags: X - DISABLED\r\n"), "{tree}");
    assert!(tree.contains("max-limit=900M"), "{tree}");
    let header = fs::read_to_string(dir.join("capture.json")).unwrap();
    assert!(header.contains("rest: TLS, verified by tls_ca, ssh: host key pinned"), "{header}");
    assert_eq!(bed.router.model().writes(), 0);

    let (code, out, complaint) = bed.capture(&["--diff", dir.to_str().unwrap()]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    let (code, _, complaint) = bed.capture(&["--over", "ssh", "--router", "other", "x"]);
    assert_eq!(code, Some(64), "{complaint}");
}

/// Mutations of the console, and the verdicts on them.
const MUTANTS: [(Mutation, i32, &str); 14] = [
    (Mutation::Renamed("max-limit"), 4, "the key max-limit is missing"),
    (Mutation::Missing("priority"), 4, "the key priority is missing"),
    (Mutation::Missing("cpu-frequency"), 0, "drift: none"),
    (Mutation::Extra, 3, "the key new-key is new"),
    (Mutation::OtherUnit("max-limit"), 4, "is a rate such as 5Mbps"),
    (Mutation::NoUnit("free-memory"), 4, "is a decimal number"),
    (Mutation::NoUnit("cpu-load"), 4, "known is a percentage"),
    (Mutation::OtherOrder, 3, "stands in another place"),
    (Mutation::MovedFlags, 4, "the flags stand in another column"),
    (Mutation::NoLegend, 4, "flags and their legend do not go together"),
    (Mutation::UnixLines, 4, "lines do not end in CR LF"),
    (Mutation::Unwrapped, 4, "lines are not wrapped at 80 columns"),
    (Mutation::Outdented, 4, "wrapped lines are indented in another way"),
    (Mutation::OtherError, 4, "the error is not a known one"),
];

#[test]
fn each_mutant_of_the_console_gets_its_verdict() {
    let bed = Bed::new();
    let (code, out, complaint) = bed.capture(&["--diff", "--over", "ssh"]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert_eq!(bed.router.log().requests(), 0);
    for (mutation, verdict, told) in MUTANTS {
        bed.router.model().mutate(Some(mutation));
        let (code, out, complaint) = bed.capture(&["--diff", "--over", "ssh"]);
        assert_eq!((code, complaint.as_str()), (Some(verdict), ""), "{mutation:?}: {out}");
        assert!(out.contains(told), "{mutation:?}: {told}: {out}");
    }
    assert_eq!(bed.router.model().writes(), 0);
}
