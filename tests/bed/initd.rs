//! `init.d/wanctl` in a system that has busybox and nothing else: its shell, its
//! `start-stop-daemon`, its `syslogd`.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    needs::{self, Wish},
    support::{
        config::{TREE, section},
        scratch::Scratch,
    },
};

/// What busybox is called there.
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
mknod /dev/null c 1 3; mknod /dev/urandom c 1 9
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

/// A root directory with busybox, the program and what it is linked with.
fn root(scratch: &Scratch) -> PathBuf {
    let root = scratch.join("root");
    for dir in
        ["bin", "dev", "etc/config", "etc/init.d", "proc", "tmp", "usr/sbin", "var/log", "var/run"]
    {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = PathBuf::from(String::from_utf8(busybox.stdout).unwrap().trim_end());
    fs::copy(&busybox, root.join("bin/busybox")).unwrap();
    libraries(&busybox, &root);
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_wanctl"));
    fs::copy(program, root.join("usr/sbin/wanctl")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("init.d/wanctl");
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o111, 0o111, "executable");
    fs::copy(script, root.join("etc/init.d/wanctl")).unwrap();
    libraries(program, &root);
    root
}

/// Copies what a program is linked with; a static one with nothing.
fn libraries(program: &Path, root: &Path) {
    let linked = Command::new("ldd").arg(program).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
        let to = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(library, to).unwrap();
    }
}

/// A router that nobody hears of, and reflectors on the loopback.
fn configuration() -> String {
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

/// What was printed under each name, with the status last.
fn steps(output: &str) -> Vec<(&str, &str, &str)> {
    let step = |text| {
        let (name, rest) = str::split_once(text, '\n').unwrap();
        let (said, status) = rest.split_once("= ").unwrap_or((rest, ""));
        (name, said, status)
    };
    output.split("== ").skip(1).map(step).collect()
}

#[test]
fn the_init_script_keeps_its_promises_where_there_is_busybox_alone() {
    if needs::check() == Wish::Skip {
        return;
    }
    let scratch = Scratch::new();
    let root = root(&scratch);
    scratch.write("root/etc/config/wanctl", configuration().as_bytes());
    scratch.write("root/steps", STEPS.as_bytes());
    // A neighbour whose address nobody has: what is sent to it is swallowed.
    let outside = format!(
        "set -e; ip link set lo up; ip link add hole type veth peer name end; ip link set end up; \
         ip link set hole up; ip addr add 192.0.2.2/24 dev hole; \
         ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev hole; \
         mount -t proc proc {root}/proc; exec chroot {root} /bin/sh /steps",
        root = root.display()
    );
    let run = Command::new("unshare")
        .args(["--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", &outside])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    println!("{output}{}", String::from_utf8_lossy(&run.stderr));

    let steps = steps(&output);
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
        let found = steps.iter().find(|step| step.0 == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(found.1.contains(said), "{name}: {}", found.1);
        assert_eq!(found.2.trim_end(), status, "{name}: {}", found.1);
    }
    let of = |name| steps.iter().find(|step| step.0 == name).unwrap().1;
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
