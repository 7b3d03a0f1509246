//! A state directory that is missing, a state that is broken, old or from the future, and the copy
//! on flash.

use std::fs;

use wanctl::os::{clock, lock::Lock};

use super::{configured, output, start, started};
use crate::running::{
    daemon::{Daemon, PATIENCE},
    router::{Router, home, mbit},
    scratch::Scratch,
    stops::{LEFT, climbing, leave, names, state},
};

/// The warnings so far, besides those about the limits that the router has at first.
fn warnings(daemon: &Daemon) -> Vec<String> {
    let is_meant = |line: &String| line.starts_with("[WARN]") && !line.contains("has a limit");
    daemon.lines().into_iter().filter(is_meant).collect()
}

#[test]
fn without_a_state_directory_it_controls_and_warns_once_and_saves_once_there_is_one() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    // A file where the directory shall be: nobody can make it, root neither.
    let dir = scratch.write("state", b"");
    let mut daemon = started(&config);
    let line = daemon.line("cannot save to");
    assert!(line.starts_with("[WARN]") && line.contains("control goes on"), "{line}");
    assert_eq!(warnings(&daemon).len(), 1, "{:#?}", daemon.lines());
    fs::remove_file(&dir).unwrap();
    let line = daemon.line("works again");
    assert!(line.starts_with("[INFO]"), "{line}");
    assert_eq!(state(&dir).unwrap().wans.len(), 1);
    assert_eq!(daemon.stop().status.code(), Some(0));
    assert_eq!(daemon.count(&["works again"]), 1);
    assert_eq!(warnings(&daemon).len(), 1, "{:#?}", daemon.lines());
}

#[test]
fn a_broken_state_is_set_aside_with_one_warning_and_control_starts_fresh() {
    for broken in [&b""[..], b"{\"schema\":1,", b"\xff\x00\x01", b"{\"schema\":9}"] {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        let config = configured(&scratch, &router);
        fs::create_dir(scratch.join("state")).unwrap();
        scratch.write("state/state.json", broken);
        scratch.write("state/.wanctl-state.json.new", b"{");
        let mut daemon = started(&config);
        let mut warnings = warnings(&daemon);
        warnings.retain(|line| line.contains("state"));
        assert_eq!(warnings.len(), 1, "{:#?}", daemon.lines());
        assert!(warnings[0].contains("set aside as state.json.corrupt"), "{warnings:?}");
        assert_eq!(daemon.count(&["going on from"]), 0);
        assert_eq!(fs::read(scratch.join("state/state.json.corrupt")).unwrap(), broken);
        assert_eq!(daemon.stop().status.code(), Some(0));
        let dir = scratch.join("state");
        assert_eq!(names(&dir), ["lock", "state.json", "state.json.corrupt"]);
        assert_eq!(state(&dir).unwrap().wans.len(), 1);
    }
}

#[test]
fn a_state_older_than_a_day_or_from_the_future_keeps_its_rates_and_learns_the_baseline_anew() {
    let now = clock::unix_now();
    for (written, learns) in [(now - 86_300, 0), (now - 86_401, 1), (now + 3_600, 1)] {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        leave(&scratch, "state", written);
        let daemon = start(&climbing(&scratch, &router, ""));
        daemon.line("upload unknown -> GREEN");
        let health = daemon.until("deciding", |health| {
            health.wans[0].signal == "fresh" && health.wans[0].upload.confirmed_bps.is_some()
        });
        let (download, upload) =
            (health.wans[0].download.wanted_bps, health.wans[0].upload.wanted_bps);
        let near = |left: u64| mbit(left).bps()..mbit(left + 20).bps();
        assert!(near(LEFT.0).contains(&download) && near(LEFT.1).contains(&upload), "{health:?}");
        assert_eq!(daemon.count(&["baseline learnt"]), learns, "{:#?}", daemon.lines());
        assert_eq!(warnings(&daemon), [""; 0]);
    }
}

fn flash(scratch: &Scratch) -> String {
    format!("\n\toption persist_dir '{}'\n", scratch.join("flash").display())
}

#[test]
fn the_copy_on_flash_serves_when_the_hot_one_is_gone_or_broken_and_is_renewed_at_the_end() {
    for broken in [None, Some(&b"{"[..])] {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        leave(&scratch, "flash", clock::unix_now() - 60);
        scratch.write("flash/.wanctl-state.json.new", b"{");
        fs::create_dir(scratch.join("state")).unwrap();
        if let Some(broken) = broken {
            scratch.write("state/state.json", broken);
        }
        let copy = || fs::read(scratch.join("flash/state.json")).unwrap();
        let before = copy();
        let mut daemon = start(&climbing(&scratch, &router, &flash(&scratch)));
        daemon.line("going on from the saved state");
        assert_eq!(warnings(&daemon).len(), usize::from(broken.is_some()));
        assert_eq!(daemon.count(&["starting fresh"]), 0, "it does not");
        let hot = scratch.join("state");
        daemon.until("saving", |health| {
            let saved = fs::read(hot.join("state.json")).ok();
            saved.is_some_and(|saved| Some(&saved[..]) != broken) && health.wans[0].cycles > 40
        });
        assert_eq!(copy(), before, "a minute old is young enough for flash");
        assert_eq!(daemon.stop().status.code(), Some(0));
        assert_eq!(copy(), fs::read(hot.join("state.json")).unwrap());
        assert_eq!(names(&scratch.join("flash")), ["state.json"]);
    }
}

#[test]
fn what_a_kill_left_on_flash_is_cleaned_though_the_hot_copy_is_good() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    leave(&scratch, "state", clock::unix_now());
    leave(&scratch, "flash", clock::unix_now());
    scratch.write("flash/.wanctl-state.json.new", b"{");
    let daemon = start(&climbing(&scratch, &router, &flash(&scratch)));
    daemon.line("going on from the saved state");
    assert_eq!(names(&scratch.join("flash")), ["state.json"]);
}

#[test]
fn a_lock_that_could_not_be_had_at_the_start_is_taken_with_the_first_save() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    let dir = scratch.write("state", b"");
    let mut daemon = started(&config);
    daemon.line("cannot save to");
    fs::remove_file(&dir).unwrap();
    daemon.line("could be had now");
    let (code, out, complaint) = output(&["run", "-c", config.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{out}{complaint}");
    assert!(complaint.contains(&format!("already running, process {}", daemon.pid())));
    assert_eq!(daemon.stop().status.code(), Some(0));
    drop(Lock::acquire(&dir).unwrap());
}

#[test]
fn of_two_daemons_that_both_started_the_one_without_the_lock_gives_way() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let config = configured(&scratch, &router);
    let dir = scratch.write("state", b"");
    let mut daemon = started(&config);
    daemon.line("cannot save to");
    // The other one, with its lock and its state.
    fs::create_dir(scratch.join("other")).unwrap();
    let other = Lock::acquire(&scratch.join("other")).unwrap();
    leave(&scratch, "other", clock::unix_now());
    let left = fs::read(scratch.join("other/state.json")).unwrap();
    fs::remove_file(&dir).unwrap();
    fs::rename(scratch.join("other"), &dir).unwrap();
    let writes = router.model().writes();
    let ended = daemon.ended(PATIENCE);
    assert_eq!(ended.status.code(), Some(1), "{:#?}", daemon.lines());
    let told = format!("ending: already running, process {}", std::process::id());
    assert_eq!(daemon.count(&["[ERROR]", &told]), 1, "{:#?}", daemon.lines());
    assert_eq!(fs::read(dir.join("state.json")).unwrap(), left, "the other's is not touched");
    assert_eq!(router.model().writes(), writes, "nor are the limits");
    drop(other);
}

/// By farther ones the line would seem loaded for ever.
#[test]
fn a_baseline_that_other_reflectors_measured_is_learnt_anew() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    leave(&scratch, "state", clock::unix_now());
    let config = climbing(&scratch, &router, "");
    for (from, to, learns) in [("", "", 0), ("127.0.0.2", "127.1.0.2", 1), ("", "", 0)] {
        let text = fs::read_to_string(&config).unwrap();
        scratch.write("wanctl.conf", text.replace(from, to).as_bytes());
        let mut daemon = start(&config);
        daemon.until("deciding", |health| {
            health.wans[0].signal == "fresh" && health.wans[0].upload.confirmed_bps.is_some()
        });
        assert_eq!(daemon.count(&["baseline learnt"]), learns, "{:#?}", daemon.lines());
        assert_eq!(daemon.count(&["going on from the saved state"]), 1);
        assert_eq!(daemon.stop().status.code(), Some(0));
    }
}
