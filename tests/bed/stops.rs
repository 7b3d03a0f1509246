//! Hundreds of stops at moments that nobody chose, and disks that are full or read-only.

use std::{
    fs,
    io::{self, Write as _},
    panic,
    path::Path,
    process::Command,
    thread,
};

use wanctl::{control::time::Span, os::clock};

use crate::{
    needs::{self, Wish, announce},
    support::{
        daemon::{Daemon, WANCTL, run},
        router::{Router, home},
        scratch::Scratch,
        stops::{Scene, climbing, leave, names, state, stop_all},
        wait::now,
    },
};

/// Stops per scene: more than three hundred in all.
const PER_SCENE: usize = 24;

/// Daemons at a time: most of each one's life is waiting.
const AT_ONCE: usize = 8;

#[test]
fn hundreds_of_stops_at_any_moment_end_it_with_zero_in_time_and_leave_one_decision() {
    if needs::check() == Wish::Skip {
        return;
    }
    let (start, seed) = (now(), clock::unix_now());
    let longest = stop_all(PER_SCENE, AT_ONCE, seed);
    let took = now().since(start).as_millis();
    announce(&format!("\n{} stops in {took} ms, seed {seed}:", PER_SCENE * Scene::ALL.len()));
    for (scene, longest) in longest {
        announce(&format!("  {scene:?}: the end took {} ms at most", longest.as_millis()));
    }
}

/// Runs this with a small file system of its own at `state`, which nobody else sees.
fn on_a_disk(work: impl FnOnce(&Scratch) + Send) {
    if needs::check() == Wish::Skip {
        return;
    }
    let scratch = Scratch::new();
    let result = thread::scope(|scope| {
        let work = || {
            part();
            mount(&["--make-rprivate", "/"]);
            let dir = scratch.join("state");
            fs::create_dir(&dir).unwrap();
            mount(&["-t", "tmpfs", "-o", "size=64k", "wanctl-bed", dir.to_str().unwrap()]);
            work(&scratch);
        };
        scope.spawn(work).join()
    });
    result.unwrap_or_else(|panicked| panic::resume_unwind(panicked));
}

#[expect(unsafe_code, reason = "the standard library cannot part a thread's mounts")]
fn part() {
    // SAFETY: takes a number; it concerns this thread and its children alone.
    let result = unsafe { libc::unshare(libc::CLONE_NEWNS) };
    assert_eq!(result, 0, "a mount namespace: {}", io::Error::last_os_error());
}

fn mount(arguments: &[&str]) {
    let output = Command::new("mount").args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "mount {arguments:?}: {complaint}");
}

/// Leaves no byte free.
fn fill(dir: &Path) {
    let mut file = fs::File::create(dir.join("filler")).unwrap();
    while file.write_all(&[b'x'; 1_024]).is_ok() {}
}

fn warnings(daemon: &Daemon) -> usize {
    daemon.count(&["[WARN] state:"]) + daemon.count(&["lock", "[WARN]"])
}

/// A daemon that climbs and controls.
fn controlling(scratch: &Scratch, router: &Router) -> Daemon {
    let config = climbing(scratch, router, "\n");
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    daemon.until("confirmed", |health| health.wans[0].upload.confirmed_bps.is_some());
    daemon
}

/// It warned once, saves again once it can, and says so once.
fn mends(mut daemon: Daemon, dir: &Path, mend: impl FnOnce()) {
    daemon.line("cannot save to");
    let cycles = daemon.health().unwrap().wans[0].cycles;
    daemon.until("going on", |health| health.wans[0].cycles > cycles + 40);
    assert_eq!(warnings(&daemon), 1, "{:#?}", daemon.lines());
    let start = now();
    mend();
    daemon.line("works again");
    let took = now().since(start);
    announce(&format!("\nsaving again after {} ms", took.as_millis()));
    assert!(took < Span::from_secs(15));
    assert_eq!(state(dir).unwrap().wans.len(), 1);
    assert_eq!(daemon.stop().status.code(), Some(0));
    assert_eq!((warnings(&daemon), daemon.count(&["works again"])), (1, 1));
    assert_eq!(names(dir), ["lock", "state.json"]);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_warned_of_once_and_costs_no_control_and_no_lock() {
    on_a_disk(|scratch| {
        let (dir, router) = (scratch.join("state"), Router::start(home()));
        fill(&dir);
        let daemon = controlling(scratch, &router);
        let config = scratch.join("wanctl.conf");
        let second = run(WANCTL.as_ref(), &config).output().unwrap();
        assert_eq!(second.status.code(), Some(1), "a second one must not start");
        mends(daemon, &dir, || fs::remove_file(dir.join("filler")).unwrap());
    });
}

#[test]
fn a_disk_that_fills_up_keeps_the_last_state_whole() {
    on_a_disk(|scratch| {
        let (dir, router) = (scratch.join("state"), Router::start(home()));
        leave(scratch, "state", clock::unix_now());
        let left = fs::read(dir.join("state.json")).unwrap();
        let daemon = controlling(scratch, &router);
        daemon.until("saved", |_| fs::read(dir.join("state.json")).unwrap() != left);
        // It saves every second here; a save in this very moment may go wrong at any point.
        fill(&dir);
        daemon.line("cannot save to");
        assert_eq!(state(&dir).unwrap().wans.len(), 1);
        mends(daemon, &dir, || fs::remove_file(dir.join("filler")).unwrap());
    });
}

#[test]
fn a_disk_that_cannot_be_written_is_warned_of_once_and_costs_no_control() {
    on_a_disk(|scratch| {
        let (dir, router) = (scratch.join("state"), Router::start(home()));
        let path = dir.to_str().unwrap();
        mount(&["-o", "remount,ro", path]);
        let daemon = controlling(scratch, &router);
        daemon.line("cannot save to");
        mount(&["-o", "remount,rw", path]);
        daemon.line("works again");
        assert_eq!(warnings(&daemon), 1, "{:#?}", daemon.lines());
        let mut daemon = daemon;
        assert_eq!(daemon.stop().status.code(), Some(0));
        // It began without the lock, and took it with the first save.
        assert_eq!(names(&dir), ["lock", "state.json"]);
    });
}
