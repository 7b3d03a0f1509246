//! What OpenWrt gets: its init script under busybox's shell, with functions in procd's place that
//! write down how they are called, and its configuration.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use crate::{
    needs::{self, Wish},
    roots,
    support::scratch::Scratch,
};

const APPLETS: [&str; 13] = [
    "cat", "chmod", "chown", "cut", "echo", "logger", "ls", "mkdir", "mknod", "sed", "sh", "sleep",
    "syslogd",
];

/// What `/etc/rc.common` does for a service of procd, as far as the script can see.
const RC_COMMON: &str = r#"
for name in open_instance close_instance set_param add_jail send_signal add_reload_trigger \
	add_raw_trigger; do
	eval "procd_$name() { printf 'procd_$name'; printf ' <%s>' \"\$@\"; echo; }"
done
. "$1"
case $2 in
start) start_service || exit; service_triggers ;;
reload) reload_service ;;
esac
"#;

/// The edits that the configuration's head describes come in the middle.
const STEPS: &str = r#"
mknod /dev/null c 1 3; mknod /dev/urandom c 1 9
syslogd -n -O /var/log/messages &
until [ -S /dev/log ]; do sleep 0.1; done
step() { echo "== $1"; shift; sh /etc/rc.common /etc/init.d/wanctl "$@" 2>&1; echo "= $?"; }

step "start as installed" start
echo 'the password' >/etc/wanctl/password; chmod 600 /etc/wanctl/password
echo 'a certificate' >/etc/wanctl/ca.pem
sed -i "s/option enabled '0'/option enabled '1'/" /etc/config/wanctl
step "start" start
step "reload" reload
sed -i s/download_floor/download_flor/ /etc/config/wanctl
step "start with a mistake" start
step "reload of a mistake" reload
sleep 0.5
echo "== log"; cat /var/log/messages
"#;

/// How procd is called, one call per line.
const STARTED: &str = "\
procd_open_instance <>
procd_set_param <command> </usr/sbin/wanctl> <run> <--syslog> <-c> </etc/config/wanctl>
procd_set_param <file> </etc/config/wanctl> </etc/wanctl/ca.pem> </etc/wanctl/password>
procd_set_param <reload_signal> <HUP>
procd_set_param <respawn> <3600> <5> <0>
procd_set_param <term_timeout> <10>
procd_set_param <stderr> <1>
procd_set_param <user> <wanctl>
procd_set_param <group> <wanctl>
procd_set_param <no_new_privs> <1>
procd_add_jail <wanctl>
procd_set_param <capabilities> </etc/capabilities/wanctl.json>
procd_close_instance <>
procd_add_reload_trigger <wanctl>
procd_add_raw_trigger <interface.*.up> <2000> </etc/init.d/wanctl> <reload>
";

/// The user that the package makes.
const USER: u32 = 6_553;

/// As installed, with the user that the package manager makes.
fn installed(scratch: &Scratch) -> std::path::PathBuf {
    let root = roots::busybox(scratch, &APPLETS);
    for dir in ["etc/capabilities", "etc/wanctl", "sbin"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    roots::install(&root, "openwrt/files/wanctl.init", "etc/init.d/wanctl");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/files");
    fs::copy(files.join("wanctl.config"), root.join("etc/config/wanctl")).unwrap();
    fs::copy(files.join("wanctl.json"), root.join("etc/capabilities/wanctl.json")).unwrap();
    let ujail = scratch.write("root/sbin/ujail", b"");
    fs::set_permissions(ujail, fs::Permissions::from_mode(0o755)).unwrap();
    let passwd = format!("root:x:0:0::/:/bin/sh\nwanctl:x:{USER}:{USER}::/:/bin/false\n");
    scratch.write("root/etc/passwd", passwd.as_bytes());
    scratch.write("root/etc/group", format!("root:x:0:\nwanctl:x:{USER}:\n").as_bytes());
    scratch.write("root/etc/rc.common", RC_COMMON.as_bytes());
    scratch.write("root/steps", STEPS.as_bytes());
    root
}

#[test]
fn openwrts_init_script_hands_procd_what_it_should_and_nothing_while_there_is_a_mistake() {
    if needs::check() == Wish::Skip {
        return;
    }
    let scratch = Scratch::new();
    let root = installed(&scratch);
    let output = roots::run(&root, "/steps");
    let steps = roots::steps(&output);
    let step = |name| {
        let (_, said, status) = roots::step(&steps, name);
        (said, status.trim_end())
    };

    let (said, status) = step("start as installed");
    assert!(said.contains("there is no (enabled) section 'wan'"), "{said}");
    assert_eq!(status, "1");
    assert_eq!(step("start"), (STARTED, "0"));
    assert_eq!(step("reload"), ("procd_send_signal <wanctl> <*> <HUP>\n", "0"));
    for name in ["start with a mistake", "reload of a mistake"] {
        let (said, status) = step(name);
        assert!(said.contains("download_flor") && !said.contains("procd_"), "{said}");
        assert_eq!(status, "1");
    }
    let log = step("log").0;
    let told = log.lines().filter(|line| line.contains("download_flor"));
    assert_eq!(told.filter(|line| line.contains("daemon.err wanctl: ")).count(), 2, "{log}");
    judge_owners(&root);
}

/// All that the daemon must read and write is its own, and nobody else's.
fn judge_owners(root: &Path) {
    for (path, mode) in [
        ("etc/config/wanctl", 0o600),
        ("etc/wanctl", 0o700),
        ("etc/wanctl/password", 0o600),
        ("var/run/wanctl", 0o700),
    ] {
        let found = fs::metadata(root.join(path)).unwrap();
        assert_eq!((found.uid(), found.gid()), (USER, USER), "{path}");
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
    }
}
