//! `init.d/wanctl.openrc` in Alpine: `OpenRC`'s own tools, `supervise-daemon`, a boot.

use crate::{
    initd,
    needs::{self, Wish},
    roots,
    support::scratch::Scratch,
};

/// The steps. Each prints its name, what is said, and the status it ends with. `own` and `other` are
/// runlevels: a boot enters one, which starts what is in it and stops what is not.
const STEPS: &str = r#"
[ -c /dev/null ] || mknod /dev/null c 1 3; [ -c /dev/urandom ] || mknod /dev/urandom c 1 9
mkdir -p /run/openrc /etc/runlevels/own /etc/runlevels/other; touch /run/openrc/softlevel
syslogd -n -O /var/log/messages &
until [ -S /dev/log ]; do sleep 0.1; done
step() { echo "== $1"; shift; "$@" 2>&1; echo "= $?"; }
until_it() { tries=0; until "$@"; do tries=$((tries + 1)); [ $tries -lt 100 ] || break; sleep 0.1; done; }
said() { [ "$(grep -c "$1" /var/log/messages)" -ge "$2" ]; }
another() { [ -n "$(pidof wanctl)" ] && [ "$(pidof wanctl)" != "$first" ]; }
W="rc-service wanctl"

step "status before" $W status
step "stop before" $W stop
step "reload before" $W reload
step "start" $W start
until_it said "lost (" 1
first=$(pidof wanctl)
step "start again" $W start
[ "$(pidof wanctl)" = "$first" ] && echo "= same"
step "status" $W status
step "reload" $W reload
until_it said "reload: nothing changed" 1
step "restart" $W restart
until_it said " starts:" 2
another && echo "= another"
first=$(pidof wanctl)
kill -KILL $first
until_it said " starts:" 3
step "status of one that was killed" $W status
another && echo "= another"
sed -i s/download_floor/download_flor/ /etc/config/wanctl
step "reload of a mistake" $W reload
step "restart with a mistake" $W restart
step "status after the mistake" $W status
step "stop" $W stop
step "start with a mistake" $W start
sed -i s/download_flor/download_floor/ /etc/config/wanctl
step "add" rc-update add wanctl own
step "boot" openrc own
until_it said " starts:" 4
step "status after the boot" $W status
step "leave" openrc other
step "status at last" $W status
echo "== left"; ls /run
echo "== processes"; ps -o comm
echo "== log"; cat /var/log/messages
"#;

#[test]
fn the_script_for_openrc_keeps_its_promises_on_alpine() {
    if needs::check() == Wish::Skip {
        return;
    }
    let scratch = Scratch::new();
    let root = roots::alpine(&scratch);
    roots::install(&root, "init.d/wanctl.openrc", "etc/init.d/wanctl");
    scratch.write("root/etc/config/wanctl", initd::configuration().as_bytes());
    scratch.write("root/steps", STEPS.as_bytes());
    let output = roots::run(&root, "/steps");

    let steps = roots::steps(&output);
    for (name, said, status) in [
        ("status before", "status: stopped", "3"),
        ("stop before", "already stopped", "0"),
        ("reload before", "has not been started", "1"),
        ("start", "Starting wanctl", "0"),
        ("start again", "already been started", "0\n= same"),
        ("status", "status: started", "0"),
        ("reload", "Reading the configuration of wanctl again", "0"),
        ("restart", "Starting wanctl", "0\n= another"),
        ("status of one that was killed", "status: started", "0\n= another"),
        ("reload of a mistake", "download_flor", "1"),
        ("restart with a mistake", "download_flor", "1"),
        ("status after the mistake", "status: started", "0"),
        ("stop", "Stopping wanctl", "0"),
        ("start with a mistake", "download_flor", "1"),
        ("add", "added to runlevel own", "0"),
        ("boot", "Starting wanctl", "0"),
        ("status after the boot", "status: started", "0"),
        ("leave", "Stopping wanctl", "0"),
        ("status at last", "status: stopped", "3"),
    ] {
        roots::assert_step(&steps, name, said, status);
    }
    let of = |name| roots::said(&steps, name);
    assert!(of("left").contains("openrc") && !of("left").contains("wanctl.pid"), "{}", of("left"));
    let processes = of("processes");
    assert!(processes.contains("syslogd"), "the list works: {processes}");
    assert!(!processes.contains("wanctl") && !processes.contains("supervise"), "{processes}");
    judge_log(of("log"));
}

/// Each daemon says its start and its end, one was killed, and none had to be.
fn judge_log(log: &str) {
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count(" starts:"), 4, "{log}");
    assert_eq!(count("]: ended"), 3, "one was killed: {log}");
    assert_eq!(count("terminated by signal 9"), 1, "{log}");
    assert_eq!(count("Sending signal 9"), 0, "{log}");
    assert_eq!(count("reload: nothing changed"), 1, "{log}");
    assert!(!log.contains("xyzzy"));
}
