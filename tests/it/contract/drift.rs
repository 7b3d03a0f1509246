//! The real daemon and a router whose answers are not as recorded.

use wanctl::{
    os::clock,
    router::{
        op::{Op, Reply},
        ssh::SshClient,
    },
    sim::routeros::{Down, Mutation, RouterSettings},
};

use crate::{
    router::ops::{read_tree, tree_reply},
    running::{
        config::{CLIMBING, TREE, globals, section},
        daemon::{Daemon, WANCTL, run},
        router::{Router, home},
        scratch::Scratch,
        sshd::Sshd,
        stops::leave_rates,
        wait::{seconds, within},
    },
};

/// A daemon that controls this router.
fn started(router: &Router, scratch: &Scratch) -> Daemon {
    let wan = section("wan", "cable", &[&TREE[..], &CLIMBING].concat());
    let text = globals(scratch, "info") + &router.section("home", scratch) + &wan;
    leave_rates(scratch, "state", (200, 20), clock::unix_now());
    let mut daemon =
        Daemon::spawn(run(WANCTL.as_ref(), &scratch.write("wanctl.conf", text.as_bytes())));
    daemon.wait_for_status();
    daemon.until("at work", |health| {
        health.wans[0].writes_confirmed > 3 && health.routers[0].contract.is_some()
    });
    daemon
}

/// Reads of a queue with all its properties so far.
fn full_reads(router: &Router) -> usize {
    let log = router.log().last();
    let is_full =
        |target: &str| target.starts_with("/rest/queue/") && !target.contains(".proplist");
    log.iter().filter(|logged| logged.method == "GET" && is_full(&logged.target)).count()
}

/// An outage and its end; the daemon has looked at the answers again.
fn reconnect(daemon: &Daemon, router: &Router) {
    let reads = full_reads(router);
    router.force(Some(Down::Reset));
    daemon.until("lost", |health| health.routers[0].reachable == Some(false));
    router.force(None);
    daemon.until("back", |health| health.routers[0].reachable == Some(true));
    within(seconds(20), || (full_reads(router) > reads).then_some(())).unwrap();
}

#[test]
fn the_daemon_says_once_how_far_the_answers_of_the_router_are_known() {
    for (version, coverage, said) in [
        ("7.23.7 (long-term)", "exact", "answers of this version over rest are known"),
        (
            "7.24.9 (stable)",
            "nearest lower 7.23.7",
            "answers over rest are known of 7.23.7, not of this version",
        ),
        (
            "7.1alpha1 (development)",
            "none",
            "answers over rest are known neither of this version nor of an earlier one",
        ),
    ] {
        let settings = RouterSettings { version: version.to_owned(), ..home() };
        let (router, scratch) = (Router::start(settings), Scratch::new());
        let daemon = started(&router, &scratch);
        let health = daemon.health().unwrap();
        let told = &health.routers[0];
        assert_eq!(told.version.as_deref(), Some(version));
        assert_eq!(told.coverage.as_deref(), Some(coverage));
        assert_eq!(told.contract.as_deref(), Some("ok"));
        let line = format!("RouterOS {version} on RB5009UG+S+; {said}");
        assert_eq!(daemon.count(&[&line]), 1, "{:?}", daemon.lines());
        assert_eq!(daemon.count(&["not as recorded"]), 0);
        assert_eq!(full_reads(&router), 1);
    }
}

#[test]
fn drift_is_one_warning_that_names_the_difference_and_control_goes_on() {
    let (router, scratch) = (Router::start(home()), Scratch::new());
    router.model().mutate(Some(Mutation::Renamed("packet-rate")));
    let daemon = started(&router, &scratch);
    let told = "the key packet-rate-x is new; the key packet-rate is missing";
    daemon.line(&format!("its answers over rest are not as recorded ({told})"));
    let contract = daemon.health().unwrap().routers[0].contract.clone();
    assert_eq!(contract.as_deref(), Some(format!("drift: {told}").as_str()));
    let writes = daemon.health().unwrap().wans[0].writes_confirmed;
    daemon.until("at work", |health| health.wans[0].writes_confirmed > writes + 2);
    let status =
        [WANCTL.path(), "status", "--at", &daemon.address().to_string()].map(str::to_owned);
    let shown = std::process::Command::new(&status[0]).args(&status[1..]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(&format!("contract: drift: {told}")), "{shown}");

    reconnect(&daemon, &router);
    router.model().mutate(None);
    reconnect(&daemon, &router);
    daemon.line("its answers over rest are as recorded again");
    daemon.until("as recorded", |health| health.routers[0].contract.as_deref() == Some("ok"));
    assert_eq!(daemon.count(&["not as recorded"]), 1, "{:?}", daemon.lines());
    assert_eq!(daemon.count(&["RouterOS 7"]), 1, "{:?}", daemon.lines());
}

#[test]
fn over_ssh_a_read_tells_what_is_different_and_still_replies() {
    crate::router::run_within(std::time::Duration::from_mins(1), async |executor| {
        let sshd = Sshd::start(executor, home());
        let mut client = SshClient::new(&sshd.settings()).unwrap();
        let op = read_tree("WAN-Download");
        let (reply, noticed) = client.inspect(&op).await;
        assert_eq!((reply, noticed.to_string().as_str()), (Ok(tree_reply(900_000_000)), "none"));
        sshd.router().mutate(Some(Mutation::Renamed("parent")));
        let (reply, noticed) = client.inspect(&op).await;
        assert_eq!(reply, Ok(tree_reply(900_000_000)));
        assert_eq!(noticed.to_string(), "the key parent-x is new; the key parent is missing");
        sshd.router().mutate(Some(Mutation::NoUnit("free-memory")));
        let (reply, noticed) = client.inspect(&Op::ReadResource).await;
        assert!(matches!(reply, Ok(Reply::Resource(_))));
        assert_eq!(
            noticed.to_string(),
            "the key free-memory is a decimal number, known is a size such as 5MiB"
        );
    });
}
