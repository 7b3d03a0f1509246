//! A router that is there but cannot be spoken to.

use wanctl::{
    os::clock,
    sim::{
        https::{Leaf, Pki, Tls},
        routeros::RouterOs,
    },
};

use super::{CEILING, configured, output, start};
use crate::running::{
    daemon::{Daemon, WANCTL},
    router::{PASSWORD, Router, home},
    scratch::Scratch,
};

/// The password in the form in which it travels: `wanctl:secret` in base 64.
const LOGIN: &str = "d2FuY3RsOnNlY3JldA";

/// It measures, decides and says so, but the router does not follow.
fn measures_without_router(daemon: &Daemon) {
    let health = daemon.until("measuring", |health| {
        health.wans[0].signal == "fresh" && health.wans[0].cycles > 40
    });
    assert_eq!(health.wans[0].download.confirmed_bps, None);
    // An emulated processor is not held to the rhythm.
    if WANCTL.is_built_here() {
        assert!(health.wans[0].cycles_missed <= 2, "{} missed", health.wans[0].cycles_missed);
    }
}

fn mended(daemon: &Daemon) {
    daemon.until("confirmed", |health| {
        health.wans[0].download.confirmed_bps == Some(CEILING.0)
            && health.wans[0].upload.confirmed_bps == Some(CEILING.1)
    });
}

/// Nothing that is shown or kept has the password in it.
fn keeps_the_secret(daemon: &Daemon, scratch: &Scratch) {
    let address = daemon.address().to_string();
    let mut shown = daemon.lines();
    shown.push(output(&["status", "--at", &address]).1);
    shown.push(output(&["status", "--at", &address, "--json"]).1);
    let proc = format!("/proc/{}", daemon.pid());
    for file in [format!("{proc}/cmdline"), format!("{proc}/environ")] {
        shown.push(String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    }
    let state = scratch.join("state").join("state.json");
    shown.extend(std::fs::read_to_string(state));
    for text in shown {
        assert!(!text.contains(PASSWORD) && !text.contains(LOGIN), "{text}");
    }
}

/// A certificate that is not trusted, or none where one is expected.
fn without_trust(wrong: &Tls) {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    router.change_tls(wrong.clone());
    let daemon = start(&configured(&scratch, &router));
    daemon.line("router home: lost (tls)");
    measures_without_router(&daemon);
    let health = daemon.health().unwrap();
    assert_eq!(health.routers[0].reachable, Some(false));
    assert_eq!(health.routers[0].last_failure.as_deref(), Some("tls"));
    assert_eq!(router.log().requests(), 0, "something was sent to a router that is not trusted");
    router.change_tls(router.pki().tls());
    mended(&daemon);
    assert_eq!(daemon.count(&["router home: lost"]), 1, "{:#?}", daemon.lines());
    assert_eq!(daemon.count(&["router home: reconnected"]), 1, "{:#?}", daemon.lines());
}

#[test]
fn a_certificate_of_somebody_else_is_told_once_and_control_begins_when_it_is_mended() {
    without_trust(&Pki::new(Leaf::Signed).unwrap().tls());
}

#[test]
fn http_where_https_is_configured_is_told_once_and_control_begins_when_it_is_mended() {
    without_trust(&Tls::Plain);
}

#[test]
fn a_wrong_password_is_told_once_and_control_begins_when_it_is_mended() {
    let mut other = home();
    other.users[0].password = "another".into();
    let (scratch, router) = (Scratch::new(), Router::start(other));
    let config = configured(&scratch, &router);
    let text = std::fs::read_to_string(&config).unwrap().replace("level 'info'", "level 'debug'");
    let daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    daemon.line("lost (auth)");
    measures_without_router(&daemon);
    assert_eq!(daemon.health().unwrap().routers[0].last_failure.as_deref(), Some("auth"));
    assert_eq!(daemon.count(&["lost (auth)"]), 1, "{:#?}", daemon.lines());
    assert_eq!(daemon.count(&["[ERROR]"]), 0, "{:#?}", daemon.lines());
    *router.model() = RouterOs::new(home(), 1, clock::now());
    mended(&daemon);
    keeps_the_secret(&daemon, &scratch);
}
