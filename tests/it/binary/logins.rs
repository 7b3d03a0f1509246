//! Other keys and passwords in the same files, taken up by SIGHUP.

use std::fs;

use wanctl::{
    observe::health::Health,
    sim::routeros::{Rights, User},
};

use super::{QUICK, configured, started, wan};
use crate::{
    capture::both::both_ways,
    running::{
        config::{TREE, globals, section},
        daemon::PATIENCE,
        router::{PASSWORD, Router, home},
        scratch::Scratch,
        sshd::{KeyKind, Sshd, SshdThread, me},
        wait::within,
    },
};

const APPLIED: &str = "reload: applied: router home changed";

fn confirms(health: &Health, download: u64) -> bool {
    health.wans[0].download.confirmed_bps == Some(download)
}

#[test]
fn another_password_in_the_same_file_is_used_after_a_reload() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    let daemon = started(&config);
    router.model().change_password("wanctl", "another");
    scratch.write("home.password", b"another\n");
    daemon.signal(libc::SIGHUP);
    daemon.line(APPLIED);
    let text = fs::read_to_string(&config).unwrap().replace("'400M'", "'300M'");
    scratch.write("wanctl.conf", text.as_bytes());
    daemon.signal(libc::SIGHUP);
    daemon.until("written with the new password", |health| confirms(health, 300_000_000));
}

#[test]
fn another_key_in_the_same_file_is_used_after_a_reload() {
    let mut settings = home();
    settings.users.push(User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full });
    let (scratch, router) = (Scratch::new(), Router::start(settings));
    let sshd = SshdThread::start(router.shared());
    let mut access = both_ways(&router, &sshd, &scratch);
    let first = access.iter().find(|(name, _)| *name == "ssh_key").unwrap().1.clone();
    let key = scratch.write("key", &fs::read(first).unwrap());
    access.retain(|(name, _)| *name != "ssh_key");
    access.push(("ssh_key", key.display().to_string()));
    access.push(("transport", "ssh".to_owned()));
    access.push(("fallback", "none".to_owned()));
    let access: Vec<(&str, &str)> =
        access.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let configure = |ceiling: &str| {
        let text = globals(&scratch, "info")
            + &section("router", "home", &access)
            + &wan("cable", &[&TREE, &QUICK]).replace("'400M'", ceiling);
        scratch.write("wanctl.conf", text.as_bytes())
    };
    let daemon = started(&configure("'400M'"));

    let second = sshd.ask(|sshd| {
        let second = sshd.key_file("second", KeyKind::Ed25519);
        sshd.authorize_only(&second);
        second
    });
    scratch.write("key", &fs::read(second).unwrap());
    daemon.signal(libc::SIGHUP);
    let said = within(PATIENCE, || (daemon.count(&["reload: "]) > 0).then_some(()));
    assert!(said.is_some(), "{:#?}", daemon.lines());
    daemon.line(APPLIED);
    sshd.ask(Sshd::kill);
    configure("'300M'");
    daemon.signal(libc::SIGHUP);
    daemon.until("written with the new key", |health| confirms(health, 300_000_000));
    assert_eq!(daemon.count(&["(auth)"]), 0, "{:#?}", daemon.lines());
}
