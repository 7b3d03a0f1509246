//! `init.d/wanctl` in a system that has busybox and nothing else (its shell, its
//! `start-stop-daemon`, its `syslogd`), and in Debian; for Alpine see `openrc`.

use std::path::Path;

use crate::{
    needs::{self, Wish},
    roots,
    support::{
        config::{TREE, section},
        scratch::Scratch,
    },
};

/// What busybox is called where there is nothing else.
const APPLETS: [&str; 11] = [
    "cat",
    "kill",
    "ls",
    "mkdir",
    "mknod",
    "rm",
    "sed",
    "sh",
    "sleep",
    "start-stop-daemon",
    "syslogd",
];

/// The steps. Each prints its name, what the script says, and the status it ends with.
const STEPS: &str = r#"
[ -c /dev/null ] || mknod /dev/null c 1 3; [ -c /dev/urandom ] || mknod /dev/urandom c 1 9
syslogd -n -O /var/log/messages &
until [ -S /dev/log ]; do sleep 0.1; done
step() { echo "== $1"; shift; "$@" 2>&1; echo "= $?"; }
W=/etc/init.d/wanctl
pid() { cat /var/run/wanctl.pid; }

step "status before" $W status
step "stop before" $W stop
step "reload before" $W reload
step "start" $W start
first=$(pid)
step "start again" $W start
[ "$(pid)" = "$first" ] && echo "= same"
step "status" $W status
step "reload" $W reload
step "restart" $W restart
[ "$(pid)" != "$first" ] && echo "= another"
kill -KILL "$(pid)"; sleep 0.5
step "status of a dead one" $W status
step "start over a stale number" $W start
kill -KILL "$(pid)"; sleep 0.5; echo 1 >/var/run/wanctl.pid
step "status of another's number" $W status
step "stop with another's number" $W stop
step "start over another's number" $W start
sed -i s/download_floor/download_flor/ /etc/config/wanctl
step "reload of a mistake" $W reload
step "restart with a mistake" $W restart
step "status after the mistake" $W status
step "stop" $W stop
step "start with a mistake" $W start
sed -i s/download_flor/download_floor/ /etc/config/wanctl
step "start of the mended" $W start
step "usage" $W nonsense
step "stop at last" $W stop
echo "== left"; ls /var/run /var/run/wanctl; ls /proc | while read -r p; do
	[ -r "/proc/$p/comm" ] && sed "s/^/process /" "/proc/$p/comm"; done
echo "== log"; cat /var/log/messages
"#;

/// A router that nobody hears of, and reflectors on the loopback.
pub(crate) fn configuration() -> String {
    let router = section(
        "router",
        "gone",
        &[("url", "https://192.0.2.1"), ("username", "wanctl"), ("password", "xyzzy")],
    );
    let line = [
        ("reflector", "127.0.0.1"),
        ("download_ceiling", "100M"),
        ("download_floor", "10M"),
        ("upload_ceiling", "20M"),
        ("upload_floor", "2M"),
    ];
    format!("{router}{}", section("wan", "cable", &[&line[..], &TREE[..]].concat()))
}

#[test]
fn the_init_script_keeps_its_promises_where_there_is_busybox_alone() {
    if needs::check() == Wish::Run {
        let scratch = Scratch::new();
        keeps_its_promises(&scratch, &roots::busybox(&scratch, &APPLETS));
    }
}

#[test]
fn the_init_script_keeps_its_promises_on_debian() {
    if needs::check() == Wish::Run {
        let scratch = Scratch::new();
        keeps_its_promises(&scratch, &roots::debian(&scratch));
    }
}

fn keeps_its_promises(scratch: &Scratch, root: &Path) {
    roots::install(root, "init.d/wanctl", "etc/init.d/wanctl");
    scratch.write("root/etc/config/wanctl", configuration().as_bytes());
    scratch.write("root/steps", STEPS.as_bytes());
    let output = roots::run(root, "/steps");

    let steps = roots::steps(&output);
    for (name, said, status) in [
        ("status before", "does not run", "3"),
        ("stop before", "does not run", "0"),
        ("reload before", "does not run", "7"),
        ("start", "started, pid ", "0"),
        ("start again", "runs already, pid ", "0\n= same"),
        ("status", "runs, pid ", "0"),
        ("reload", "reads its configuration again", "0"),
        ("restart", "stopped\nwanctl: started, pid ", "0\n= another"),
        ("status of a dead one", "dead, but /var/run/wanctl.pid is there", "1"),
        ("start over a stale number", "started, pid ", "0"),
        ("status of another's number", "dead, but /var/run/wanctl.pid is there", "1"),
        ("stop with another's number", "does not run", "0"),
        ("start over another's number", "started, pid ", "0"),
        ("reload of a mistake", "download_flor", "6"),
        ("restart with a mistake", "download_flor", "6"),
        ("status after the mistake", "runs, pid ", "0"),
        ("stop", "stopped", "0"),
        ("start with a mistake", "download_flor", "6"),
        ("start of the mended", "started, pid ", "0"),
        ("usage", "Usage: /etc/init.d/wanctl {start|", "2"),
        ("stop at last", "stopped", "0"),
    ] {
        roots::assert_step(&steps, name, said, status);
    }
    let of = |name| roots::said(&steps, name);
    assert!(!of("left").contains("wanctl.pid"), "{}", of("left"));
    assert!(of("left").contains("process syslogd"), "the list works: {}", of("left"));
    assert!(!of("left").contains("process wanctl"), "{}", of("left"));
    assert!(!output.contains("is killed"));
    judge_log(of("log"));
}

/// Each daemon says its start and its end, with its name and priority.
fn judge_log(log: &str) {
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    let starts = log.lines().filter(|line| {
        line.contains(" daemon.info wanctl[")
            && line.contains("]: wanctl ")
            && line.contains(" starts:")
    });
    assert_eq!(starts.count(), 5, "{log}");
    assert_eq!(count("]: ended"), 3, "two were killed: {log}");
    assert!(count(" daemon.warn wanctl[") >= 1, "the lost router: {log}");
    assert!(!log.contains("xyzzy"));
}
