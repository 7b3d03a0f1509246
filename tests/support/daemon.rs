//! A running `wanctl`: its log line by line, its health, its end.

use std::{
    env,
    ffi::OsStr,
    fmt, fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use wanctl::{control::time::Span, observe::health::Health};

use super::{
    turn::{Turn, turn},
    wait::{now, seconds, within},
};

/// Whatever a daemon is expected to do, it does within this, however busy the machine is. Tests
/// that mean a bound of their own name it.
pub const PATIENCE: Span = seconds(20);

/// The binary under test.
pub const WANCTL: Program = Program;

/// The one that was built with the tests, or what `WANCTL_BINARY` names: another build, or a script
/// that runs one on another processor's emulator.
#[derive(Clone, Copy, Debug)]
pub struct Program;

impl Program {
    #[expect(clippy::unused_self, reason = "a value stands for the program")]
    pub fn path(self) -> &'static str {
        static PATH: LazyLock<String> = LazyLock::new(|| {
            env::var("WANCTL_BINARY").unwrap_or_else(|_| Program::BUILT_HERE.to_owned())
        });
        &PATH
    }

    /// Whether it is this machine's own.
    pub fn is_built_here(self) -> bool {
        self.path() == Self::BUILT_HERE
    }

    const BUILT_HERE: &str = env!("CARGO_BIN_EXE_wanctl");
}

impl AsRef<OsStr> for Program {
    fn as_ref(&self) -> &OsStr {
        self.path().as_ref()
    }
}

impl AsRef<Path> for Program {
    fn as_ref(&self) -> &Path {
        self.path().as_ref()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

/// A daemon; it ends with this value.
pub struct Daemon {
    child: Child,
    lines: Lines,
    readers: Vec<JoinHandle<()>>,
    address: Option<SocketAddr>,
    /// Of the test that started it, if that must not be disturbed.
    turn: Option<Turn>,
}

/// How a daemon ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub after: Span,
}

impl Daemon {
    /// Starts a daemon and waits until it can be asked for its health.
    pub fn start(config: &Path) -> Self {
        let turn = turn();
        let mut daemon = Self::spawn(run(WANCTL.as_ref(), config));
        daemon.turn = Some(turn);
        daemon.wait_for_status();
        daemon
    }

    /// Starts this command, which must be a daemon.
    pub fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = Lines::default();
        let readers = vec![
            read_lines(child.stdout.take().unwrap(), &lines),
            read_lines(child.stderr.take().unwrap(), &lines),
        ];
        Self { child, lines, readers, address: None, turn: None }
    }

    /// Waits until it says where its health is.
    pub fn wait_for_status(&mut self) {
        let line = self.line("status: http://");
        let address = line.split("http://").nth(1).unwrap().trim_end_matches("/health");
        self.address = Some(address.parse().unwrap());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Where its health is.
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    /// What it has said so far, on both outputs.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// How many lines hold all of these words.
    pub fn count(&self, words: &[&str]) -> usize {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }

    /// Waits for a line with `text`.
    pub fn line(&self, text: &str) -> String {
        let found = within(PATIENCE, || {
            let lines = self.lines.lock().unwrap();
            lines.iter().find(|line| line.contains(text)).cloned()
        });
        found.unwrap_or_else(|| panic!("it never said '{text}':\n{}", self.lines().join("\n")))
    }

    /// Its health, if it answers.
    pub fn health(&self) -> Option<Health> {
        Health::from_json(ask(self.address(), "/health")?.1.as_bytes())
    }

    /// Waits for a health of this kind.
    pub fn until(&self, what: &str, is_so: impl Fn(&Health) -> bool) -> Health {
        self.until_within(PATIENCE, what, is_so)
    }

    pub fn until_within(&self, limit: Span, what: &str, is_so: impl Fn(&Health) -> bool) -> Health {
        let mut last = None;
        let found = within(limit, || {
            last = self.health();
            last.clone().filter(&is_so)
        });
        found.unwrap_or_else(|| {
            panic!("never {what}; last {last:#?}; it said:\n{}", self.lines().join("\n"))
        })
    }

    #[expect(unsafe_code, reason = "the standard library sends no signals but SIGKILL")]
    pub fn signal(&self, signal: i32) {
        let pid = libc::pid_t::try_from(self.pid()).unwrap();
        // SAFETY: takes numbers only; the child has not been waited for, so the number is its own.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self, limit: Span) -> Ended {
        let start = now();
        let status = within(limit, || self.child.try_wait().unwrap());
        let Some(status) = status else {
            panic!("still running after {limit:?}:\n{}", self.lines().join("\n"))
        };
        let after = now().since(start);
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Ended { status, after }
    }

    /// Asks it to end, and waits for that.
    pub fn stop(&mut self) -> Ended {
        self.signal(libc::SIGTERM);
        self.ended(PATIENCE)
    }

    /// A number of `/proc/PID/status`, such as `VmRSS` in kB.
    pub fn proc_status(&self, key: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Its open file descriptors.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It may end in this very moment; it is waited for in any case.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// `wanctl run` with this configuration.
pub fn run(program: &Path, config: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("run").arg("-c").arg(config);
    command
}

#[expect(clippy::disallowed_methods, reason = "both outputs of a child are read at the same time")]
fn read_lines(output: impl Read + Send + 'static, lines: &Lines) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            lines.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
        }
    })
}

/// Status and body of a GET; `None` if nobody answers properly.
pub fn ask(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: wanctl\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_string()))
}
