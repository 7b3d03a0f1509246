//! One daemon per state directory, by a locked file.
//! Promises: the lock is gone with the process, however it ends; the file names the holder.
//! Knows nothing of what else is in the directory.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::Path,
    process,
};

/// The file's name.
const NAME: &str = "lock";

/// A process id in decimal has at most ten digits.
const MAX_PID: u64 = 16;

/// Why the lock could not be had.
#[derive(Debug)]
pub enum LockError {
    /// Another daemon has it.
    AlreadyRunning {
        /// Its process id; `None` if it has not been written yet.
        pid: Option<u32>,
    },
    /// The file could not be opened or locked.
    Io(io::Error),
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning { pid: Some(pid) } => write!(f, "already running, process {pid}"),
            Self::AlreadyRunning { pid: None } => f.write_str("already running"),
            Self::Io(error) => write!(f, "cannot lock the state directory: {error}"),
        }
    }
}

impl std::error::Error for LockError {}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The lock; dropped, it is released. Drop it last.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of the directory, which must exist, without waiting.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        // Not truncated before it is locked: it holds the other one's process id.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(NAME))?;
        match flock(&file, libc::LOCK_EX | libc::LOCK_NB) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(LockError::AlreadyRunning { pid: read_pid(&file) });
            }
            Err(error) => return Err(error.into()),
        }
        // Only a hint: on a full disk it is missing, and the lock holds all the same.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", process::id()));
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: were it removed, a third process could lock a new one beside the second
        // that still waits at the old one. Its content is only a hint, so a failure is nothing.
        let _ = self.file.set_len(0);
        // By hand, for a child that is just being started still has a copy of the descriptor.
        let _ = flock(&self.file, libc::LOCK_UN);
    }
}

fn read_pid(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_PID).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[expect(unsafe_code, reason = "File::lock is newer than the oldest supported compiler")]
fn flock(file: &File, operation: libc::c_int) -> io::Result<()> {
    // SAFETY: takes numbers only; the descriptor is open.
    let result = unsafe { libc::flock(file.as_raw_fd(), operation) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
