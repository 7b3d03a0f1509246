//! One emulated board and its serial console, over which it does what it is told.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use wanctl::control::time::Span;

use crate::support::{
    router::Router,
    scratch::Scratch,
    wait::{seconds, within},
};

/// Where the guest reaches this machine's loopback: what the router's certificate says.
pub(crate) const HOST: &str = "192.0.2.1";

/// Emulated boards on a busy machine take their time.
pub(crate) const PATIENCE: Span = seconds(600);

/// The same for one that has its own time, of which each second may take many.
const LONG_PATIENCE: Span = seconds(3_600);

/// A disk that writes very slowly: a save, six writes, takes most of a second.
const SLOW: &str = "throttling.iops-write=6";

/// A machine whose clock is the instructions that it has carried out, two nanoseconds each.
const COUNTED: &[&str] = &["-M", "q35", "-cpu", "max", "-icount", "shift=1,sleep=off"];

/// The kind of board and where its kernel and its root lie.
pub(crate) struct Board {
    name: String,
    files: PathBuf,
}

impl Board {
    /// The one that the caller names.
    pub(crate) fn wanted() -> Self {
        Self::named(&env::var("WANCTL_BOARD").expect("WANCTL_BOARD, as tests/boards/boot sets it"))
    }

    pub(crate) fn named(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { files: root.join("target/boards/boot").join(name), name: name.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The emulator's program and the board it is.
    fn machine(&self) -> (&'static str, &'static [&'static str], &'static str) {
        match self.name.as_str() {
            "mipsel" => ("qemu-system-mipsel", &["-M", "malta", "-cpu", "24Kf"], "ttyS0"),
            // A kernel without LPAE finds no PCI above 4 GB.
            "armv7" => {
                ("qemu-system-arm", &["-M", "virt,highmem=off", "-cpu", "cortex-a15"], "ttyAMA0")
            }
            "aarch64" => ("qemu-system-aarch64", &["-M", "virt", "-cpu", "cortex-a53"], "ttyAMA0"),
            "x86_64" => ("qemu-system-x86_64", &["-M", "q35", "-cpu", "qemu64"], "ttyS0"),
            // Its time is what it has computed, and waiting takes none: how busy the machine around
            // is changes nothing in it.
            "cake" => ("qemu-system-x86_64", COUNTED, "ttyS0"),
            other => panic!("no board '{other}'"),
        }
    }

    /// The emulator with these disks.
    fn arguments(&self, disks: &[&Path]) -> (&'static str, Vec<String>) {
        let (program, machine, console) = self.machine();
        // Guards against other users of a processor cost an emulated one half of its speed.
        let (memory, more) = match self.name.as_str() {
            "cake" => ("512", " mitigations=off"),
            _ => ("128", ""),
        };
        let mut arguments: Vec<String> = machine.iter().map(|word| (*word).to_owned()).collect();
        let file = |name| self.files.join(name).display().to_string();
        let network = format!("user,id=net,net=192.0.2.0/24,host={HOST},restrict=off");
        for (option, value) in [
            ("-m", memory.to_owned()),
            ("-kernel", file("kernel")),
            ("-initrd", file("initrd")),
            ("-append", format!("console={console} quiet loglevel=1 panic=-1{more}")),
            ("-serial", "stdio".to_owned()),
            ("-netdev", network),
            ("-device", "virtio-net-pci,netdev=net,romfile=".to_owned()),
        ] {
            arguments.extend([option.to_owned(), value]);
        }
        arguments.extend(["-nodefaults", "-no-reboot", "-display", "none"].map(str::to_owned));
        for disk in disks {
            let disk = format!("file={},format=raw,if=virtio,{SLOW}", disk.display());
            arguments.extend(["-drive".to_owned(), disk]);
        }
        (program, arguments)
    }
}

/// What the guest is given: files that it finds under `/etc`.
pub(crate) fn archive(scratch: &Scratch, router: &Router, rest: &str) -> PathBuf {
    let host = format!("{HOST}:{}", router.address().port()).parse().unwrap();
    let there = scratch.path().display().to_string();
    let text = router.section_at(host, "home", scratch).replace(&there, "/etc/config");
    let text = text.replace("rest_timeout '1s'", "rest_timeout '10s'");
    scratch.write("wanctl", format!("{rest}{text}").as_bytes());
    let tar = scratch.join("files.tar");
    let packed = Command::new("tar")
        .args(["-c", "--owner=0", "--group=0", "--mode=u=rw,go=", "--transform=s,^,etc/config/,"])
        .arg("-C")
        .arg(scratch.path())
        .arg("-f")
        .arg(&tar)
        .args(["wanctl", "home.password", "home.pem"])
        .status();
    assert!(packed.unwrap().success());
    tar
}

/// A board that runs; its power goes with this value.
pub(crate) struct Guest {
    child: Child,
    console: ChildStdin,
    lines: Arc<Mutex<Vec<String>>>,
    read: usize,
    patience: Span,
    reader: Option<JoinHandle<()>>,
}

impl Guest {
    /// Switches a board on and waits until it listens. `emulator` makes the command of a program.
    pub(crate) fn boot(
        board: &Board,
        disks: &[&Path],
        emulator: impl FnOnce(&str) -> Command,
    ) -> Self {
        let (program, arguments) = board.arguments(disks);
        let mut command = emulator(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let reader = read(BufReader::new(child.stdout.take().unwrap()), &lines);
        let console = child.stdin.take().unwrap();
        let patience = if board.name == "cake" { LONG_PATIENCE } else { PATIENCE };
        let mut guest = Self { child, console, lines, read: 0, patience, reader: Some(reader) };
        guest.answer("boot");
        guest
    }

    /// Does this there; what was printed. It must succeed.
    pub(crate) fn sh(&mut self, line: &str) -> String {
        let (said, status) = self.try_sh(line);
        assert_eq!(status, "0", "{line}: {said}");
        said
    }

    /// The same with any end.
    pub(crate) fn try_sh(&mut self, line: &str) -> (String, String) {
        writeln!(self.console, "{line}").unwrap();
        self.answer(line)
    }

    /// Waits until the log has these words.
    pub(crate) fn logged(&mut self, words: &str) {
        let found = within(PATIENCE, || self.sh("logread").contains(words).then_some(()));
        assert!(found.is_some(), "never '{words}':\n{}", self.sh("logread"));
    }

    fn answer(&mut self, asked: &str) -> (String, String) {
        let from = self.read;
        let found = within(self.patience, || {
            let lines = self.lines.lock().unwrap();
            let end = lines[from..].iter().position(|line| line.starts_with("@@ "))? + from;
            Some((lines[from..end].join("\n"), lines[end][3..].to_owned(), end + 1))
        });
        let Some((said, status, next)) = found else {
            panic!("no answer to '{asked}':\n{}", self.lines.lock().unwrap().join("\n"))
        };
        self.read = next;
        (said, status)
    }

    /// Does this while the whole emulator stands still, as if its power had gone at this moment: what
    /// is in its disks' files is what a cut would leave.
    pub(crate) fn held<T>(&self, work: impl FnOnce() -> T) -> T {
        self.signal("-STOP");
        let held = within(PATIENCE, || self.stands_still().then_some(()));
        assert!(held.is_some(), "the emulator does not stand still");
        let done = work();
        self.signal("-CONT");
        done
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Whether none of its threads runs, or is within a call to the system.
    fn stands_still(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let mut states = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")));
        // A thread may end meanwhile.
        states.all(|status| status.is_ok_and(|status| status.contains("State:\tT")))
    }

    /// Cuts the power.
    pub(crate) fn cut(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(clippy::disallowed_methods, reason = "the console is read while other things are done")]
fn read(
    console: impl std::io::Read + Send + 'static,
    lines: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            lines.lock().unwrap().push(line);
        }
    })
}
