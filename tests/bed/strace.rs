//! The system calls of a running process, by strace.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use crate::support::scratch::Scratch;

/// A strace of all threads of a process.
pub(crate) struct Strace {
    child: Child,
    output: PathBuf,
}

/// One system call.
pub(crate) struct Call {
    pub(crate) thread: u32,
    pub(crate) name: String,
    /// Everything from its name on; if it was interrupted by another thread's, the first part.
    pub(crate) text: String,
    /// What it returned, if that is a number.
    pub(crate) result: Option<i64>,
}

impl Strace {
    /// Begins to record the calls of a process and its threads.
    #[expect(clippy::disallowed_methods, reason = "a thread drains what strace says")]
    pub(crate) fn attach(pid: u32, scratch: &Scratch) -> Self {
        let output = scratch.join("strace");
        let mut child = Command::new("strace")
            .args(["-f", "-s", "256", "-e", "signal=none", "-o"])
            .arg(&output)
            .args(["-p", &pid.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let first = said.next().unwrap_or_default();
        // It tells of each new thread too, and a closed pipe would end it there and then.
        thread::spawn(move || said.for_each(drop));
        assert!(
            first.contains("attached"),
            "strace must be allowed to attach (CAP_SYS_PTRACE, kernel.yama.ptrace_scope): {first}"
        );
        Self { child, output }
    }

    /// Ends the recording; the process goes on.
    pub(crate) fn detach(mut self) -> Vec<Call> {
        self.end();
        let bytes = fs::read(&self.output).unwrap();
        calls(&String::from_utf8_lossy(&bytes))
    }

    #[expect(unsafe_code, reason = "the standard library sends no signals but SIGKILL")]
    fn end(&mut self) {
        let pid = libc::pid_t::try_from(self.child.id()).unwrap();
        // SAFETY: takes numbers only; the child has not been waited for, so the number is its own.
        unsafe { libc::kill(pid, libc::SIGINT) };
        // It detaches and ends, or has ended.
        let _ = self.child.wait();
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

/// `TID NAME(ARGUMENTS) = RESULT`, or in two parts with `<unfinished ...>` and
/// `<... NAME resumed>`.
fn calls(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: BTreeMap<u32, usize> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let (Ok(thread), rest) = (thread.parse(), rest.trim_start()) else { continue };
        let result =
            rest.rsplit(" = ").next().and_then(|tail| tail.split(' ').next()?.parse().ok());
        if rest.starts_with("<... ") {
            if let Some(call) = unfinished.remove(&thread).and_then(|place| calls.get_mut(place)) {
                call.result = result;
            }
            continue;
        }
        let Some((name, _)) = rest.split_once('(') else { continue };
        if rest.ends_with("<unfinished ...>") {
            unfinished.insert(thread, calls.len());
        }
        calls.push(Call { thread, name: name.to_string(), text: rest.to_string(), result });
    }
    calls
}

impl Call {
    /// Whether it waits for something to happen.
    pub(crate) fn is_wait(&self) -> bool {
        let polls =
            ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"];
        polls.contains(&self.name.as_str())
            || (self.name == "futex" && self.text.contains("FUTEX_WAIT"))
    }

    /// Whether it makes, changes, renames or removes a file.
    pub(crate) fn changes_files(&self) -> bool {
        let name = self.name.as_str();
        let open = ["open", "openat", "openat2", "creat"].contains(&name);
        let writing = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"];
        let always = ["rename", "unlink", "mkdir", "rmdir", "link", "symlink", "truncate", "creat"];
        (open && writing.iter().any(|flag| self.text.contains(flag)))
            || always.iter().any(|start| name.starts_with(start))
    }
}
