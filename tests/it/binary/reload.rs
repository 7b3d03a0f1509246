//! Another configuration while it runs, by SIGHUP.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use wanctl::{
    control::time::Span,
    observe::health::Health,
    sim::routeros::{Down, RouterSettings},
};

use super::{CEILING, QUICK, started, wan};
use crate::running::{
    config::{TREE, globals},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{PASSWORD, Router, home},
    scratch::Scratch,
    stops::handles_signals,
    wait::{look_again_later, now, seconds, within},
};

const APPLIED: &str = "reload: applied:";
const NOTHING: &str = "reload: nothing changed";
const NOTHING_ELSE: &str = "reload: nothing else changed";
const STAYS: &str = "reload: the old configuration stays";

/// What a busy machine may do by itself to the cycles of a test.
const MAY_MISS: u64 = 2;

/// What is asked is counted here, and the adaptive law asks by itself.
const LAW: [(&str, &str); 1] = [("law", "classic")];

/// A directory, its router, its daemon and the configuration that it runs.
struct Scene {
    scratch: Scratch,
    router: Router,
    daemon: Daemon,
    config: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        let text = globals(&scratch, "info")
            + &router.section("home", &scratch)
            + &wan("cable", &[&TREE, &QUICK, &LAW]);
        let config = scratch.write("wanctl.conf", text.as_bytes());
        let daemon = started(&config);
        Self { scratch, router, daemon, config }
    }

    /// Puts another file in the place of the configuration, as editors do.
    fn write(&self, text: &str) {
        fs::remove_file(&self.config).unwrap();
        self.scratch.write("wanctl.conf", text.as_bytes());
    }

    fn edit(&self, change: impl Fn(String) -> String) {
        self.write(&change(fs::read_to_string(&self.config).unwrap()));
    }

    /// Asks for a reload and waits until it says this once more.
    fn reload(&self, outcome: &str) {
        let before = self.daemon.count(&[outcome]);
        self.daemon.signal(libc::SIGHUP);
        self.waits_for(outcome, before + 1);
    }

    fn waits_for(&self, text: &str, count: usize) {
        let said = within(PATIENCE, || (self.daemon.count(&[text]) >= count).then_some(()));
        assert!(said.is_some(), "never '{text}':\n{}", self.daemon.lines().join("\n"));
    }

    /// Waits until nothing has been asked for a while; how many requests there were.
    fn silence(&self) -> u64 {
        let requests = || self.daemon.health().unwrap().routers[0].requests;
        let silent = within(PATIENCE, || {
            let (start, before) = (now(), requests());
            while now().since(start) < Span::from_millis(300) {
                look_again_later();
            }
            (requests() == before).then_some(before)
        });
        silent.unwrap_or_else(|| panic!("it never stops asking"))
    }

    fn tree(&self) -> (Option<u64>, Option<u64>) {
        let limits = self.router.limits(&RouterSettings::home_tree());
        (limits.download, limits.upload)
    }
}

/// A WAN by the simple queue of the same router.
fn by_simple_queue(name: &str) -> String {
    let queue = [("queue_kind", "simple"), ("queue", "internet-cake")];
    wan(name, &[&queue, &QUICK, &LAW])
}

fn confirmed(health: &Health, wan: usize) -> (Option<u64>, Option<u64>) {
    let wan = &health.wans[wan];
    (wan.download.confirmed_bps, wan.upload.confirmed_bps)
}

fn wanted(health: &Health) -> u64 {
    health.wans[0].download.wanted_bps
}

#[test]
fn other_bounds_move_the_limits_at_once_and_cost_no_cycle() {
    let scene = Scene::new();
    let before = scene.daemon.health().unwrap();
    let requests = before.routers[0].requests;
    scene.edit(|text| text.replace("'400M'", "'300M'"));
    let asked = now();
    scene.reload(APPLIED);
    let limit = Span::from_millis(1_500);
    let after = scene.daemon.until_within(limit, "lower", |health| {
        confirmed(health, 0) == (Some(300_000_000), Some(40_000_000))
    });
    assert!(now().since(asked) < seconds(2));
    assert_eq!(scene.tree(), (Some(300_000_000), Some(40_000_000)));
    let (old, new) = (&before.wans[0], &after.wans[0]);
    assert!(new.cycles > old.cycles && new.cycles_missed <= old.cycles_missed + MAY_MISS);
    assert_eq!(new.baseline_ms.map(|_| ()), Some(()));
    assert_eq!(new.writes_confirmed, old.writes_confirmed + 1, "counts go on, one write more");
    // The write, and perhaps a regular read: nothing was read back, for nothing was in doubt.
    assert!(after.routers[0].requests <= requests + 2);
    assert_eq!(scene.daemon.count(&["wan cable changed"]), 1, "{:#?}", scene.daemon.lines());

    // A floor above the rate raises it within a spacing of increases.
    scene.edit(|text| text.replace("'300M'", "'500M'").replace("'100M'", "'350M'"));
    scene.reload(APPLIED);
    scene.daemon.until_within(seconds(5), "higher", |health| {
        confirmed(health, 0).0.is_some_and(|rate| (350_000_000..=500_000_000).contains(&rate))
    });
    assert_eq!(scene.daemon.count(&["baseline learnt"]), 0, "the means are kept");
    assert_eq!(scene.daemon.count(&["connected"]), 1, "so is the connection");
}

#[test]
fn a_wrong_file_changes_nothing_and_is_explained_as_at_the_start() {
    let mut scene = Scene::new();
    let good = fs::read_to_string(&scene.config).unwrap();
    let path = scene.config.display().to_string();
    scene.write(&good.replace("'400M'", "'400'").replace("upload_floor", "upload_flor"));
    scene.reload(STAYS);
    let line = good.lines().position(|line| line.contains("400M")).unwrap() + 1;
    let placed = format!("{path}:{line}: error: wan 'cable' option download_ceiling '400'");
    assert_eq!(scene.daemon.count(&[&placed]), 1, "{:#?}", scene.daemon.lines());
    assert_eq!(scene.daemon.count(&["[WARN]", "option upload_flor"]), 1);
    assert_eq!(scene.daemon.count(&["does not start"]), 0, "it runs");
    for broken in ["", "\0\u{1}", "config wan", "config globals\n\toption listen 'x'\n"] {
        scene.write(broken);
        scene.reload(STAYS);
    }
    fs::remove_file(&scene.config).unwrap();
    scene.reload(STAYS);
    let cycles = scene.daemon.health().unwrap().wans[0].cycles;
    scene.daemon.until("going on", |health| health.wans[0].cycles > cycles + 10);
    scene.scratch.write("wanctl.conf", good.as_bytes());
    scene.reload(NOTHING);
    assert_eq!(scene.daemon.count(&[PASSWORD]), 0);
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
}

#[test]
fn the_same_file_again_asks_the_router_nothing() {
    let scene = Scene::new();
    // The facts are asked for when nothing else is to do.
    let requests = || scene.daemon.health().unwrap().routers[0].requests;
    scene.daemon.line("RouterOS");
    let before = requests();
    for _ in 0..5 {
        scene.reload(NOTHING);
    }
    // A regular read may fall into this second.
    assert!(requests() <= before + 2, "{} requests", requests() - before);
    assert_eq!(scene.daemon.count(&["reload:"]), 5);
}

#[test]
fn a_wan_comes_and_goes_without_disturbing_the_other() {
    let scene = Scene::new();
    let one = fs::read_to_string(&scene.config).unwrap();
    let before = scene.daemon.health().unwrap();
    // Before the first one, so that the places change.
    let (head, wan) = one.split_at(one.find("config wan").unwrap());
    let two = format!("{head}{}{wan}", by_simple_queue("lte"));
    scene.write(&two);
    scene.reload("wan lte is new");
    let health = scene.daemon.until("both", |health| {
        let rates = (Some(CEILING.0), Some(CEILING.1));
        health.wans.len() == 2
            && (0..2).all(|wan| confirmed(health, wan) == rates)
            && health.wans[1].cycles > before.wans[0].cycles + 5
    });
    assert_eq!((health.wans[0].name.as_str(), health.wans[1].name.as_str()), ("lte", "cable"));
    assert_eq!(health.wans[1].writes_confirmed, before.wans[0].writes_confirmed);
    let simple = RouterSettings::home_simple();
    let left = scene.router.limits(&simple);
    scene.write(&one);
    scene.reload("wan lte is gone (its limits stay as they are)");
    let cycles = health.wans[1].cycles;
    let health = scene
        .daemon
        .until("alone", |health| health.wans.len() == 1 && health.wans[0].cycles > cycles + 20);
    assert_eq!(health.wans[0].name.as_str(), "cable");
    assert_eq!(scene.router.limits(&simple), left, "left as they are");
    assert!(health.wans[0].cycles_missed <= before.wans[0].cycles_missed + 2 * MAY_MISS);
    assert_eq!(scene.daemon.count(&["lost"]), 0, "{:#?}", scene.daemon.lines());
    assert_eq!(scene.daemon.count(&["somebody else"]), 0, "{:#?}", scene.daemon.lines());
}

#[test]
fn another_password_means_another_login_and_a_look_at_the_limits() {
    let scene = Scene::new();
    let cycles = scene.daemon.health().unwrap().wans[0].cycles;
    let secret = scene.scratch.join("home.password");
    fs::remove_file(&secret).unwrap();
    scene.scratch.write("home.password", b"wrong one");
    scene.reload("router home changed");
    scene.daemon.line("router home: lost (auth)");
    fs::remove_file(&secret).unwrap();
    scene.scratch.write("home.password", PASSWORD.as_bytes());
    scene.reload("router home changed");
    let health = scene.daemon.until("confirmed", |health| {
        confirmed(health, 0) == (Some(CEILING.0), Some(CEILING.1))
            && health.routers[0].reachable == Some(true)
            && health.wans[0].cycles > cycles
    });
    assert!(health.wans[0].cycles_missed <= MAY_MISS, "{:?}", health.wans[0]);
    assert_eq!(scene.daemon.count(&["somebody else"]), 0, "{:#?}", scene.daemon.lines());
    assert_eq!(scene.daemon.count(&["wrong one"]), 0);
}

#[test]
fn a_router_that_does_not_answer_delays_no_reload() {
    let mut scene = Scene::new();
    scene.router.force(Some(Down::BlackHole));
    scene.edit(|text| text.replace("'400M'", "'200M'"));
    scene.reload(APPLIED);
    let lost = |health: &Health| health.routers[0].reachable == Some(false);
    scene.daemon.until("lost", lost);
    scene.edit(|text| text.replace("'200M'", "'190M'"));
    scene.reload(APPLIED);
    let health = scene.daemon.until("wanted", |health| wanted(health) == 190_000_000);
    assert!(lost(&health), "a reload is no answer");
    scene.router.force(None);
    scene.daemon.until("confirmed", |health| confirmed(health, 0).0 == Some(190_000_000));
    assert_eq!(scene.daemon.count(&["router home: lost"]), 1);
    assert_eq!(scene.daemon.count(&["router home: reconnected"]), 1);
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
}

#[test]
fn another_access_while_a_request_hangs_gives_it_up_and_the_device_has_its_rest() {
    let mut scene = Scene::new();
    // It hangs for longer than a busy machine takes for a reload.
    scene.edit(|text| text.replace("'1s'", "'5s'"));
    scene.reload("router home changed");
    scene.waits_for("router home: connected", 2);
    let before = scene.silence();
    scene.router.force(Some(Down::BlackHole));
    scene.edit(|text| text.replace("'400M'", "'180M'"));
    scene.reload(APPLIED);
    scene.daemon.until("asking", |health| health.routers[0].requests > before);
    scene.edit(|text| text.replace("'5s'", "'1.5s'"));
    scene.reload("router home changed");
    let changed = now();
    scene.router.force(None);
    scene.daemon.until("confirmed", |health| confirmed(health, 0).0 == Some(180_000_000));
    assert!(now().since(changed) > seconds(2), "the device had its rest");
    let lines = scene.daemon.lines();
    assert_eq!(scene.daemon.count(&["router home: lost"]), 0, "nobody waits: {lines:#?}");
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
}

#[test]
fn other_reflectors_are_learnt_anew_with_the_rates_held() {
    let scene = Scene::new();
    scene.edit(|text| {
        text.replace("reflector '127.0.", "reflector '127.1.")
            .replace("\toption baseline_initial '1ms'\n", "")
    });
    scene.reload(APPLIED);
    scene.daemon.line("baseline learnt");
    let health = scene.daemon.until("there", |_| true);
    assert_eq!(confirmed(&health, 0), (Some(CEILING.0), Some(CEILING.1)));
    assert_eq!(health.wans[0].replies_forged, 0, "echoes of the old ones are nobody's forgery");
}

#[test]
fn fifty_reloads_leave_nothing_behind() {
    let scene = Scene::new();
    let text = fs::read_to_string(&scene.config).unwrap();
    let second = text.clone() + &by_simple_queue("lte");
    let third = text.replace("'1s'", "'1.2s'").replace("'400M'", "'390M'");
    let all = [second, third, text.clone()];
    let settle = || {
        scene.daemon.until("settled", |health| {
            health.wans.len() == 1 && health.wans[0].download.confirmed_bps == Some(400_000_000)
        });
        (scene.daemon.descriptors(), scene.daemon.proc_status("VmRSS"))
    };
    let mut before = (0, 0);
    for round in 0..17 {
        for text in &all {
            scene.write(text);
            scene.reload(APPLIED);
        }
        if round == 3 {
            before = settle();
        }
    }
    let after = within(PATIENCE, || Some(settle()).filter(|after| after.0 <= before.0 + 1));
    let after = after.unwrap_or_else(|| panic!("{:?} descriptors, {before:?}", settle()));
    assert!(after.1 <= before.1 + 2_048, "{before:?} -> {after:?} kB");
    let health = scene.daemon.health().unwrap();
    let (cycles, missed) = (health.wans[0].cycles, health.wans[0].cycles_missed);
    let told = format!("51 reloads in {cycles} cycles, {missed} missed; {before:?} -> {after:?}");
    let _ = writeln!(io::stderr(), "descriptors and kB: {told}");
    assert!(missed <= 2 * MAY_MISS, "{told}");
    assert_eq!(scene.daemon.count(&["lost"]), 0, "{:#?}", scene.daemon.lines());
}

#[test]
fn a_storm_of_signals_ends_with_the_last_file() {
    let scene = Scene::new();
    for index in 0..60 {
        scene.edit(|text| {
            let (from, to) =
                if index % 2 == 0 { ("'400M'", "'350M'") } else { ("'350M'", "'400M'") };
            text.replace(from, to)
        });
        scene.daemon.signal(libc::SIGHUP);
    }
    scene.edit(|text| text.replace("'400M'", "'250M'"));
    scene.daemon.signal(libc::SIGHUP);
    scene.daemon.until("the last", |health| confirmed(health, 0).0 == Some(250_000_000));
    assert!(scene.daemon.health().unwrap().wans[0].cycles_missed <= MAY_MISS);
}

#[test]
fn a_stop_beside_a_reload_ends_with_zero() {
    let mut scene = Scene::new();
    for signals in [&[libc::SIGHUP, libc::SIGTERM][..], &[libc::SIGTERM, libc::SIGHUP]] {
        scene.edit(|text| text.replace("'40M'", "'39M'"));
        for signal in signals {
            scene.daemon.signal(*signal);
        }
        let ended = scene.daemon.ended(seconds(3));
        assert_eq!(ended.status.code(), Some(0), "{:#?}", scene.daemon.lines());
        scene.edit(|text| text.replace("'39M'", "'40M'"));
        scene.daemon = started(&scene.config);
    }
    // At the start: the configuration is read once more, and the daemon runs.
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
    scene.daemon = Daemon::spawn(run(WANCTL.as_ref(), &scene.config));
    handles_signals(&scene.daemon);
    scene.daemon.signal(libc::SIGHUP);
    scene.daemon.wait_for_status();
    scene.waits_for(NOTHING, 1);
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
}

#[test]
fn the_level_of_the_log_and_the_place_of_the_status_change_at_once() {
    let mut scene = Scene::new();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = free();
    let listen = |text: String, at: &str| {
        let line = text.lines().find(|line| line.contains("option listen")).unwrap().to_owned();
        text.replace(&line, &format!("\toption listen '{at}'"))
    };
    let old = scene.daemon.address();
    scene.edit(|text| listen(text, &taken.local_addr().unwrap().to_string()));
    scene.reload(APPLIED);
    scene.daemon.line("status: cannot listen");
    assert!(scene.daemon.health().is_some(), "still at the old place");

    let port = free().local_addr().unwrap();
    scene.edit(|text| listen(text, &port.to_string()).replace("'info'", "'debug'"));
    scene.reload(APPLIED);
    let line = scene.daemon.line(&format!("status: http://{port}"));
    assert!(line.contains("/health"));
    assert!(
        within(PATIENCE, || std::net::TcpStream::connect(old).is_err().then_some(())).is_some()
    );
    // The same port at all addresses: the old listener is in the way of the new one.
    scene.edit(|text| listen(text, &format!("0.0.0.0:{}", port.port())));
    scene.reload(APPLIED);
    scene.daemon.line(&format!("status: http://0.0.0.0:{}", port.port()));
    scene.edit(|text| text.replace("'debug'", "'error'"));
    scene.reload("log_level error");
    let lines = scene.daemon.lines().len();
    scene.daemon.signal(libc::SIGHUP);
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
    assert_eq!(scene.daemon.lines().len(), lines, "{:#?}", scene.daemon.lines());
}

#[test]
fn the_directory_of_the_state_changes_at_the_next_start() {
    let mut scene = Scene::new();
    let dir = scene.scratch.join("other");
    scene.edit(|text| {
        let old = scene.scratch.join("state").display().to_string();
        text.replace(&old, &dir.display().to_string())
    });
    scene.reload("takes effect at the next start");
    scene.reload(NOTHING_ELSE);
    assert_eq!(scene.daemon.count(&[APPLIED]), 0, "{:#?}", scene.daemon.lines());
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
    assert!(!dir.exists() && scene.scratch.join("state/state.json").exists());
}
