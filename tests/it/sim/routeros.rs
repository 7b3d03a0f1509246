//! The simulated router changes, counts and fails as described.

use wanctl::{
    control::{
        time::Span,
        units::{Direction, PerDirection},
    },
    sim::{
        link::{Demand, Link, LinkSettings},
        routeros::{Canned, Down, Fate, Menu, Refusal, RouterOs, RouterSettings, Traffic, Work},
        schedule::{Schedule, Window},
    },
};

use super::support::{DOWNLOAD, ask, at, golden, home, rate, record, records, request, router};

#[test]
fn limits_are_written_in_several_forms_and_read_in_one() {
    let mut router = router();
    for (target, written, read) in [
        (DOWNLOAD, r#""10M""#, "10000000"),
        (DOWNLOAD, "64000", "64000"),
        (DOWNLOAD, r#""12G""#, "12000000000"),
        (DOWNLOAD, r#""0""#, "0"),
        ("/rest/queue/tree/WAN-Download", r#""512k""#, "512000"),
        ("/rest/queue/simple/*1", r#""20M/100M""#, "20000000/100000000"),
        ("/rest/queue/simple/internet-cake", r#""7M""#, "7000000/7000000"),
    ] {
        let response = ask(&mut router, "PATCH", target, &format!("{{\"max-limit\":{written}}}"));
        assert_eq!(record(&response.body)["max-limit"], read);
    }
    // Zero means unlimited, and so do a disabled queue and one that is not there.
    ask(&mut router, "PATCH", DOWNLOAD, r#"{"max-limit":"0"}"#);
    router.edit(Menu::Tree, "WAN-Upload", "disabled", "true");
    assert_eq!(router.limits(&RouterSettings::home_tree()), PerDirection::both(None));
    router.remove(Menu::Simple, "internet-cake");
    assert_eq!(router.limits(&RouterSettings::home_simple()), PerDirection::both(None));
}

#[test]
fn an_upload_comes_first_in_a_simple_queue() {
    let mut router = router();
    let shaper = RouterSettings::home_simple();
    ask(&mut router, "PATCH", "/rest/queue/simple/*1", r#"{"max-limit":"1M/2M"}"#);
    let limits = PerDirection { download: rate(2_000_000), upload: rate(1_000_000) };
    assert_eq!(router.limits(&shaper), limits.map(Some));
    router.set_limit(&shaper, Direction::Download, rate(3_000_000)).unwrap();
    let body = ask(&mut router, "GET", "/rest/queue/simple/*1", "").body;
    assert_eq!(record(&body)["max-limit"], "1000000/3000000");
    router.set_limits(&shaper, limits).unwrap();
    assert_eq!(router.limits(&shaper), limits.map(Some));
    assert_eq!(router.writes(), 3);
}

#[test]
fn a_refused_change_of_several_properties_changes_none() {
    let mut router = router();
    let before = ask(&mut router, "GET", DOWNLOAD, "").body;
    let body = r#"{"max-limit":"1M","comment":"","priority":"9"}"#;
    assert_eq!(ask(&mut router, "PATCH", DOWNLOAD, body).status, 400);
    assert_eq!(ask(&mut router, "GET", DOWNLOAD, "").body, before);
}

#[test]
fn a_reboot_brings_new_identifiers_the_first_limits_and_empty_counters() {
    let mut router = router();
    let tree = RouterSettings::home_tree();
    let old = router.id(Menu::Tree, "WAN-Download").unwrap();
    assert_eq!(old, "*1000000");
    router.set_limit(&tree, Direction::Download, rate(1_000_000)).unwrap();
    let traffic = Traffic { bytes: 5_000, dropped: 0, queued: 0 };
    router.carry(at(1_000), &tree, PerDirection::both(traffic));
    router.reboot(at(2_000), Span::from_secs(30));
    assert_eq!(router.down(at(31_999)), Some(Down::BlackHole));
    assert_eq!(router.down(at(32_000)), None);
    let get = |target| router.clone().handle(at(40_000), &request("GET", target, ""));
    assert_eq!(get(DOWNLOAD).status, 404);
    let body = get("/rest/queue/tree/WAN-Download").body;
    assert_eq!((record(&body)["bytes"], record(&body)["max-limit"]), ("0", "500000000"));
    assert_ne!(record(&body)[".id"], old);
    assert_eq!(record(&get("/rest/system/resource").body)["uptime"], "8s");
    assert_eq!(record(&get("/rest/system/resource").body)["write-sect-since-reboot"], "0");
}

#[test]
fn queues_can_vanish_be_renamed_and_become_ambiguous() {
    let mut router = router();
    let tree = RouterSettings::home_tree();
    let count = |router: &mut RouterOs, name| {
        records(&ask(router, "GET", &format!("/rest/queue/tree?name={name}"), "").body).len()
    };
    router.duplicate(at(0), Menu::Tree, "WAN-Upload");
    assert_eq!(count(&mut router, "WAN-Upload"), 2);
    router.edit(Menu::Tree, "WAN-Download", "name", "other");
    assert_eq!((count(&mut router, "WAN-Download"), count(&mut router, "other")), (0, 1));
    router.remove(Menu::Tree, "WAN-Upload");
    assert_eq!(count(&mut router, "WAN-Upload"), 0);
    let refused = router.set_limit(&tree, Direction::Upload, rate(1));
    assert_eq!(refused, Err(Refusal::NotFound));
    assert_eq!(router.writes(), 0);
}

#[test]
fn requests_of_one_user_wait_for_each_other() {
    let mut settings = home();
    settings.latency =
        Schedule::constant(Span::from_millis(100)).then(at(60_000), Span::from_secs(50));
    settings.login = Span::from_millis(125);
    let mut router = RouterOs::new(settings, 1, at(0));
    let mut delay = |millis| {
        let response = router.handle(at(millis), &request("GET", "/rest/system/identity", ""));
        (response.delay.as_millis(), response.status)
    };
    assert_eq!(delay(0), (225, 200));
    assert_eq!(delay(0), (325, 200));
    assert_eq!(delay(300), (125, 200));
    assert_eq!(delay(10_000), (100, 200));
    // Fifty seconds each: the second one does not get done within a minute.
    assert_eq!(delay(60_000), (50_000, 200));
    assert_eq!(delay(60_000), (60_000, 400));
    let closed = router.handle(at(60_000), &request("GET", "/rest/system/identity", ""));
    assert_eq!(closed.body, golden("rest/manual-2026-10/error-400-session-closed.json").trim_end());
}

#[test]
fn a_router_out_of_reach_says_how() {
    let mut settings = home();
    let downs = [
        Down::Refuse,
        Down::BlackHole,
        Down::Reset,
        Down::AnswerLost,
        Down::AnswerCut,
        Down::AnswerDrips,
    ];
    settings.downtime = (1..)
        .zip(downs)
        .map(|(second, down)| (Window::lasting(at(second * 1_000), Span::from_secs(1)), down))
        .collect();
    let mut router = RouterOs::new(settings, 1, at(0));
    let mut fates = Vec::new();
    for second in 0..8 {
        let response =
            router.handle(at(second * 1_000), &request("PATCH", DOWNLOAD, r#"{"max-limit":"1M"}"#));
        fates.push((response.fate, response.status, router.writes()));
    }
    assert_eq!(
        fates,
        [
            (Fate::Answer, 200, 1),
            (Fate::Refuse, 0, 1),
            (Fate::BlackHole, 0, 1),
            (Fate::Reset, 0, 1),
            (Fate::BlackHole, 200, 2),
            (Fate::Cut, 200, 3),
            (Fate::Drip, 200, 4),
            (Fate::Answer, 200, 5),
        ]
    );
    router.force(Some(Down::Refuse));
    let admission = router.admit(at(9_000));
    assert_eq!((admission.fate, admission.work), (Fate::Refuse, Work::NotDone));
    router.force(None);
    assert_eq!(router.admit(at(9_000)).work, Work::Done);
}

#[test]
fn any_answer_can_be_put_in_place_of_the_right_one() {
    let mut router = router();
    let body = "<html>REST is off</html>".to_owned();
    router.answer_with(Some(Canned { status: 403, content_type: "text/html", body }));
    let response = ask(&mut router, "PATCH", DOWNLOAD, r#"{"max-limit":"1M"}"#);
    assert_eq!((response.status, response.content_type, router.writes()), (403, "text/html", 0));
    router.answer_with(None);
    assert_eq!(ask(&mut router, "GET", DOWNLOAD, "").status, 200);
}

#[test]
fn counters_follow_the_traffic_and_cake_hides_its_drops() {
    let mut router = router();
    let traffic = PerDirection {
        download: Traffic { bytes: 5_000_000, dropped: 7_000, queued: 1_500 },
        upload: Traffic { bytes: 1_000_000, dropped: 3_000, queued: 0 },
    };
    for shaper in [RouterSettings::home_tree(), RouterSettings::home_simple()] {
        for second in 1..=4 {
            router.carry(at(second * 1_000), &shaper, traffic);
        }
    }
    let tree = ask(&mut router, "GET", DOWNLOAD, "").body;
    let simple = ask(&mut router, "GET", "/rest/queue/simple/*1", "").body;
    for (key, tree_value, simple_value) in [
        ("bytes", "20000000", "4000000/20000000"),
        ("dropped", "0", "0/0"),
        ("rate", "40000000", "8000000/40000000"),
        ("queued-bytes", "1500", "0/1500"),
        ("queued-packets", "2", "0/2"),
    ] {
        assert_eq!((record(&tree)[key], record(&simple)[key]), (tree_value, simple_value), "{key}");
    }
    router.edit(Menu::Simple, "internet-cake", "queue", "default-small/default-small");
    router.carry(at(9_000), &RouterSettings::home_simple(), traffic);
    let simple = ask(&mut router, "GET", "/rest/queue/simple/*1", "").body;
    assert_eq!(record(&simple)["dropped"], "3/7");
}

#[test]
fn the_same_seed_gives_the_same_delays_and_another_seed_does_not() {
    let delays = |seed| {
        let mut settings = home();
        settings.latency_jitter = Span::from_millis(50);
        let mut router = RouterOs::new(settings, seed, at(0));
        (0..50).map(|second| router.admit(at(second * 1_000)).delay).collect::<Vec<_>>()
    };
    assert_eq!(delays(1), delays(1));
    assert_ne!(delays(1), delays(2));
    assert!(delays(1).iter().all(|delay| *delay <= Span::from_millis(50)));
}

#[test]
fn line_and_router_close_the_loop() {
    let settings =
        LinkSettings::quiet().with_load(Direction::Download, Window::ALWAYS, Demand::Greedy);
    let (mut link, mut router) = (Link::new(settings, 1), router());
    let shaper = RouterSettings::home_tree();
    let mut run = |router: &mut RouterOs, until| {
        while link.now() < until {
            let before = link.stats();
            link.advance(link.now() + Span::from_millis(50), router.limits(&shaper));
            let carried = before.zip(link.stats());
            let traffic = carried.map(|(before, after)| Traffic::between(&before, &after));
            router.carry(link.now(), &shaper, traffic);
        }
        (link.stats().download.queue_delay, link.stats().download.delivered)
    };
    // The router's 500 Mbit/s do nothing to a line of 100.
    let (bloated, _) = run(&mut router, at(10_000));
    assert!(bloated > Span::from_millis(90));
    ask(&mut router, "PATCH", DOWNLOAD, r#"{"max-limit":"90M"}"#);
    let (drained, delivered) = run(&mut router, at(20_000));
    assert_eq!(drained, Span::ZERO);
    let body = ask(&mut router, "GET", DOWNLOAD, "").body;
    assert_eq!(record(&body)["bytes"], delivered.to_string());
}
