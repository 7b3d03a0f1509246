//! Recordings that do not come about.

use std::{fs, process::Command};

use wanctl::{
    control::time::Span,
    os::clock,
    router::capture::RestAsk,
    sim::{
        routeros::{Canned, Down},
        schedule::Schedule,
    },
};

use super::{Bed, said};
use crate::running::{
    daemon::WANCTL,
    router::{PASSWORD, Router, home},
};

/// Ends with 1, says this, and leaves nothing behind.
fn fails(bed: &Bed, word: &str) {
    let (code, out, complaint) = bed.capture(&[]);
    assert_eq!(code, Some(1), "{out}{complaint}");
    assert!(complaint.contains(word), "{word}: {complaint}");
    assert!(!complaint.contains(PASSWORD), "{complaint}");
    assert!(!bed.dir().exists(), "{:?}", fs::read_dir(bed.dir()));
    bed.only_read();
}

#[test]
fn a_refused_login_ends_it_at_the_first_request() {
    let mut other = home();
    other.users[0].password = "another".into();
    let bed = Bed::new(Router::start(other));
    fails(&bed, "HTTP 401");
    assert_eq!(bed.router.log().requests(), 1);

    let bed = Bed::new(Router::start(home()));
    let body = "<html>forbidden</html>".to_owned();
    let page = Canned { status: 403, content_type: "text/html", body };
    bed.router.model().answer_with(Some(page));
    fails(&bed, "HTTP 403");
    assert_eq!(bed.router.log().requests(), 1);
}

#[test]
fn a_router_that_is_not_trusted_is_asked_for_nothing() {
    let bed = Bed::new(Router::start(home()));
    let other = wanctl::sim::https::Pki::new(wanctl::sim::https::Leaf::Signed).unwrap();
    bed.router.change_tls(other.tls());
    fails(&bed, "(tls)");
    assert_eq!(bed.router.log().requests(), 0);
}

#[test]
fn a_router_that_goes_away_half_way_leaves_no_half_recording() {
    let bed = Bed::new(Router::start(home()));
    std::thread::scope(|scope| {
        let going = std::thread::Builder::new().spawn_scoped(scope, || {
            while bed.router.log().requests() < 7 {
                std::thread::yield_now();
            }
            bed.router.force(Some(Down::Refuse));
        });
        fails(&bed, "(re");
        going.unwrap().join().unwrap();
    });
    let asked = bed.router.log().requests();
    assert!((7..20).contains(&asked), "{asked}");
}

#[test]
fn a_slow_router_gets_its_time_and_no_request_is_given_up() {
    let mut settings = home();
    // Longer than the deadline in the configuration, which is a second.
    let slow = Schedule::constant(Span::from_millis(1_400));
    // Until later than any machine takes to begin.
    settings.latency = slow.then(clock::now() + Span::from_secs(12), Span::ZERO);
    let bed = Bed::new(Router::start(settings));
    bed.recorded(&[]);
    assert_eq!(bed.router.log().last().len(), RestAsk::ALL.len());
    bed.only_read();
}

#[test]
fn a_directory_that_is_in_use_is_left_alone_and_the_router_unasked() {
    let bed = Bed::new(Router::start(home()));
    fs::create_dir(bed.dir()).unwrap();
    bed.scratch.write("recording/mine", b"x");
    let (code, out, complaint) = bed.capture(&[]);
    assert_eq!((code, out.as_str()), (Some(64), ""));
    assert!(complaint.contains("recording: directory not empty"), "{complaint}");
    assert_eq!(fs::read_dir(bed.dir()).unwrap().count(), 1);
    assert_eq!(bed.router.log().requests(), 0);
}

#[test]
fn a_directory_that_cannot_be_made_is_said_before_the_router_is_asked() {
    let bed = Bed::new(Router::start(home()));
    let file = bed.scratch.write("file", b"x");
    for dir in [file.join("below"), "/proc/recording".into()] {
        let (code, _, complaint) = said(bed.command(&[]).arg(&dir));
        assert!(matches!(code, Some(1 | 64)), "{code:?}");
        assert!(complaint.contains(&dir.display().to_string()), "{complaint}");
    }
    assert_eq!(bed.router.log().requests(), 0);
}

#[test]
fn a_disk_that_is_full_leaves_nothing_behind() {
    let bed = Bed::new(Router::start(home()));
    // A limit of 512 bytes per file, and an error instead of a signal beyond it.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
    shell.args([WANCTL.path(), "capture", "-c"]).arg(&bed.config).arg(bed.dir());
    let (code, out, complaint) = said(&mut shell);
    assert_eq!(code, Some(1), "{out}{complaint}");
    assert!(
        complaint.contains("File too large") && complaint.contains("nothing is left"),
        "{complaint}"
    );
    assert!(!bed.dir().exists(), "{:?}", super::files(&bed.dir()));
}

#[test]
fn a_wrong_command_line_is_said_and_the_router_unasked() {
    let bed = Bed::new(Router::start(home()));
    for (arguments, named) in [
        (&[][..], "needs a directory"),
        (&["a", "b"], "b"),
        (&["--router", "other", "a"], "home"),
        (&["--quick", "a"], "--quick"),
    ] {
        let (code, out, complaint) = said(&mut bed.command(arguments));
        assert_eq!((code, out.as_str()), (Some(64), ""), "{complaint}");
        assert!(complaint.contains(named), "{complaint}");
    }
    let (code, _, complaint) = said(Command::new(WANCTL).args(["capture", "-c", "/nowhere", "x"]));
    assert_eq!(code, Some(78), "{complaint}");
    assert_eq!(bed.router.log().requests(), 0);
}
