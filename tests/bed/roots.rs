//! Root directories with the program in them, and what runs there.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    needs::announce,
    support::{daemon::WANCTL, scratch::Scratch},
};

/// The directories of a root that has nothing else.
const DIRS: [&str; 9] =
    ["bin", "dev", "etc/config", "etc/init.d", "proc", "tmp", "usr/sbin", "var/log", "var/run"];

/// The newest Debian that this machine's debootstrap knows by this name.
const DEBIAN: &str = "stable";

/// A root directory with busybox, under these names, the program, and what both are linked with.
pub(crate) fn busybox(scratch: &Scratch, applets: &[&str]) -> PathBuf {
    let root = scratch.join("root");
    for dir in DIRS {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    add_busybox(&root, "bin", applets);
    add_program(&root);
    root
}

/// Debian's smallest root directory with the program, and busybox's `syslogd` for want of one.
/// What debootstrap makes is kept in the target folder; this is a copy.
pub(crate) fn debian(scratch: &Scratch) -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(DEBIAN);
    if !kept.is_dir() {
        announce("making a root directory of Debian");
        let making = kept.with_extension("new");
        let mut make = Command::new("debootstrap");
        let log = make.args(["--variant=minbase", DEBIAN]).arg(&making).output().unwrap();
        assert!(log.status.success(), "{}", String::from_utf8_lossy(&log.stdout));
        fs::rename(making, &kept).unwrap();
    }
    let root = copy(&kept, scratch);
    add_busybox(&root, "usr/sbin", &["syslogd"]);
    add_program(&root);
    root
}

/// Alpine, with `OpenRC`, in whose runlevels nothing is yet, and the program.
pub(crate) fn alpine(scratch: &Scratch) -> PathBuf {
    let fetched = Command::new("tests/boards/alpine")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(fetched.status.success(), "no Alpine");
    let kept = String::from_utf8(fetched.stdout).unwrap();
    let root = copy(&Path::new(kept.trim_end()).join("root"), scratch);
    for level in fs::read_dir(root.join("etc/runlevels")).unwrap() {
        for service in fs::read_dir(level.unwrap().path()).unwrap() {
            fs::remove_file(service.unwrap().path()).unwrap();
        }
    }
    add_program(&root);
    root
}

fn copy(kept: &Path, scratch: &Scratch) -> PathBuf {
    let root = scratch.join("root");
    let copied = Command::new("cp").arg("-a").args([kept, &root]).status().unwrap();
    assert!(copied.success());
    for dir in ["etc/config", "etc/init.d"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    root
}

fn add_busybox(root: &Path, dir: &str, applets: &[&str]) {
    let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = PathBuf::from(String::from_utf8(busybox.stdout).unwrap().trim_end());
    fs::copy(&busybox, root.join(dir).join("busybox")).unwrap();
    libraries(&busybox, root);
    for applet in applets {
        symlink("busybox", root.join(dir).join(applet)).unwrap();
    }
}

fn add_program(root: &Path) {
    fs::copy(WANCTL, root.join("usr/sbin/wanctl")).unwrap();
    libraries(WANCTL.as_ref(), root);
}

/// Copies what a program is linked with; a static one with nothing. What is there stays.
fn libraries(program: &Path, root: &Path) {
    let linked = Command::new("ldd").arg(program).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
        let to = root.join(library.trim_start_matches('/'));
        if !to.exists() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(library, to).unwrap();
        }
    }
}

/// Copies a script of the repository to where it is installed; it must be executable.
pub(crate) fn install(root: &Path, script: &str, place: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o111, 0o111, "executable");
    fs::copy(script, root.join(place)).unwrap();
}

/// What a script at this path in the root prints, with processes and a network of its own. There, a
/// neighbour whose address (192.0.2.1) nobody has swallows what it is sent, and the settings of the
/// kernel, of which some are this machine's, cannot be changed.
#[expect(clippy::print_stdout, reason = "shown if the test fails")]
pub(crate) fn run(root: &Path, script: &str) -> String {
    let outside = format!(
        "set -e; ip link set lo up; ip link add hole type veth peer name end; ip link set end up; \
         ip link set hole up; ip addr add 192.0.2.2/24 dev hole; \
         ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev hole; \
         mount -t proc proc {root}/proc; mount --bind {root}/proc/sys {root}/proc/sys; \
         mount -o remount,ro,bind {root}/proc/sys; exec chroot {root} /bin/sh {script}",
        root = root.display()
    );
    let run = Command::new("unshare")
        .args(["--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", &outside])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout).into_owned();
    println!("{output}{}", String::from_utf8_lossy(&run.stderr));
    output
}

/// Its name, what it said, and the status that it ended with.
type Step<'a> = (&'a str, &'a str, &'a str);

/// What was printed under each name (`== name`), with the status (`= status`) last.
pub(crate) fn steps(output: &str) -> Vec<Step<'_>> {
    let step = |text| {
        let (name, rest) = str::split_once(text, '\n').unwrap();
        let (said, status) = rest.split_once("= ").unwrap_or((rest, ""));
        (name, said, status)
    };
    output.split("== ").skip(1).map(step).collect()
}

/// What was printed under a name.
pub(crate) fn said<'a>(steps: &[Step<'a>], name: &str) -> &'a str {
    step(steps, name).1
}

/// Under this name these words were printed, and it ended with this status.
pub(crate) fn assert_step(steps: &[Step<'_>], name: &str, words: &str, status: &str) {
    let (_, said, found) = step(steps, name);
    assert!(said.contains(words), "{name}: {said}");
    assert_eq!(found.trim_end(), status, "{name}: {said}");
}

/// The step of this name, which there must be.
pub(crate) fn step<'a>(steps: &[Step<'a>], name: &str) -> Step<'a> {
    *steps.iter().find(|step| step.0 == name).unwrap_or_else(|| panic!("no {name}"))
}
