//! From the start to the first limits.

use wanctl::{
    control::units::PerDirection,
    observe::health::Status,
    sim::{https::Logged, routeros::RouterSettings},
};

use super::{CEILING, QUICK, REFLECTORS, configured, output, start, started, wan};
use crate::running::{
    config::{TREE, globals},
    daemon::ask,
    router::{Router, home, mbit},
    scratch::Scratch,
    wait::{seconds, within},
};

#[test]
fn a_started_daemon_is_healthy_and_the_router_holds_its_limits() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let health = daemon.until("healthy", |health| health.status == Status::Healthy);
    let (download, upload) = CEILING;
    let limits = router.limits(&RouterSettings::home_tree());
    assert_eq!((limits.download, limits.upload), (Some(download), Some(upload)));
    assert_eq!(health.routers[0].reachable, Some(true));
    assert_eq!(health.wans[0].reflectors.len(), REFLECTORS.len());
    daemon.until("versed", |health| health.routers[0].version.is_some());

    let address = daemon.address().to_string();
    let (code, text, complaint) = output(&["status", "--at", &address]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    for words in [
        "healthy",
        "wan cable: signal fresh",
        "download GREEN 400M, load ",
        "nothing: both directions are at the ceiling",
        "answers over rest",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let (code, json, _) = output(&["status", "--at", &address, "--json"]);
    assert_eq!(code, Some(0));
    assert!(json.starts_with("{\"status\":\"healthy\"") && json.ends_with("}\n"), "{json}");
    assert_eq!(ask(daemon.address(), "/health").unwrap().0, 200);
}

#[test]
fn nothing_is_written_until_the_baseline_is_learnt_and_then_the_first_write_is_made() {
    // Limits inside the bounds may stay; those outside are replaced at once.
    let inside = PerDirection { download: mbit(200), upload: mbit(20) };
    let (scratch, router) = (Scratch::new(), Router::start(RouterSettings::home(inside)));
    let text =
        globals(&scratch, "info") + &router.section("home", &scratch) + &wan("cable", &[&TREE]);
    let daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    let learnt = within(seconds(20), || {
        let writes = router.model().writes();
        let learning = daemon.health().is_some_and(|health| health.wans[0].signal == "learning");
        assert!(!learning || writes == 0, "written while learning");
        (!learning).then_some(())
    });
    learnt.unwrap();
    daemon.line("baseline learnt");
    daemon.until("confirmed", |health| health.wans[0].upload.confirmed_bps == Some(CEILING.1));
    assert_eq!(router.limits(&RouterSettings::home_tree()).download, Some(CEILING.0));
}

#[test]
fn a_simple_queue_gets_one_write_with_upload_before_download() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let simple = [("queue_kind", "simple"), ("queue", "internet-cake")];
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &wan("cable", &[&simple, &QUICK]);
    let daemon = started(&scratch.write("wanctl.conf", text.as_bytes()));
    let limits = router.limits(&RouterSettings::home_simple());
    assert_eq!((limits.download, limits.upload), (Some(CEILING.0), Some(CEILING.1)));
    assert_eq!(router.model().writes(), 1);
    let untouched = router.limits(&RouterSettings::home_tree());
    assert_eq!(untouched.download, Some(900_000_000));
    let log = router.log().last();
    let writes: Vec<&Logged> = log.iter().filter(|entry| entry.method == "PATCH").collect();
    assert_eq!(writes.len(), 1, "{log:?}");
    let health = daemon.health().unwrap();
    assert_eq!((health.wans[0].writes_confirmed, health.wans[0].writes_failed), (1, 0));
}

#[test]
fn queue_types_get_their_bandwidths_and_nothing_else_changes() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let types =
        [("queue_kind", "type"), ("download_queue", "cake-down"), ("upload_queue", "cake-up")];
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &wan("cable", &[&types, &QUICK]);
    let _daemon = started(&scratch.write("wanctl.conf", text.as_bytes()));
    let limits = router.limits(&RouterSettings::home_types());
    assert_eq!((limits.download, limits.upload), (Some(CEILING.0), Some(CEILING.1)));
    assert_eq!(router.model().writes(), 2);
    let untouched = router.limits(&RouterSettings::home_tree());
    assert_eq!((untouched.download, untouched.upload), (Some(900_000_000), Some(90_000_000)));
}

#[test]
fn a_queue_type_of_another_kind_is_refused_in_words_while_the_other_one_works() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let types =
        [("queue_kind", "type"), ("download_queue", "default-small"), ("upload_queue", "cake-up")];
    let text = globals(&scratch, "debug")
        + &router.section("home", &scratch)
        + &wan("cable", &[&types, &QUICK]);
    let daemon = start(&scratch.write("wanctl.conf", text.as_bytes()));
    daemon.line("queue type \"default-small\" is of the kind pfifo, and only cake has a bandwidth");
    daemon.until("half", |health| health.wans[0].upload.confirmed_bps == Some(CEILING.1));
    assert_eq!(router.limits(&RouterSettings::home_types()).upload, Some(CEILING.1));
}
