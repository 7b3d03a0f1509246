//! The system's log, as `syslog(3)` reaches it (RFC 3164 without its time, which the log adds).
//! Promises: never waits for the log; what it does not take is counted, and told as soon as it
//! takes a message; a log that was restarted is found again by the next message.
//! Knows nothing of what the messages say.

use std::{
    fmt, io,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process,
};

/// Where programs of the same machine reach the log.
pub const PATH: &str = "/dev/log";

/// Longest message in bytes, with its head. RFC 3164 says that more may be cut off.
const MAX_MESSAGE: usize = 1_024;

/// The facility of daemons (RFC 3164, 4.1.1).
const DAEMON: u8 = 3;

/// How bad it is (RFC 3164, 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something does not work.
    Error,
    /// Something may not work.
    Warning,
    /// What happens.
    Info,
    /// For the search of mistakes.
    Debug,
}

impl Severity {
    /// The number before a message: facility and severity.
    const fn priority(self) -> u8 {
        let severity = match self {
            Self::Error => 3,
            Self::Warning => 4,
            Self::Info => 6,
            Self::Debug => 7,
        };
        DAEMON * 8 + severity
    }
}

/// The way to the log.
#[derive(Debug)]
pub struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    lost: u64,
}

impl Syslog {
    /// The log that listens at `path`; an error if none does.
    pub fn open(path: &Path) -> io::Result<Self> {
        let socket = connect(path)?;
        Ok(Self { path: path.to_owned(), socket: Some(socket), lost: 0 })
    }

    /// Hands a message over, or counts it.
    pub fn send(&mut self, severity: Severity, message: fmt::Arguments<'_>) {
        if self.lost > 0 {
            let lost = self.lost;
            let told = self.put(
                Severity::Warning,
                format_args!("log: {lost} messages were lost: the system's log took none"),
            );
            if told.is_ok() {
                self.lost = 0;
            }
        }
        if self.put(severity, message).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }

    fn put(&mut self, severity: Severity, message: fmt::Arguments<'_>) -> io::Result<()> {
        let mut line = format!("<{}>wanctl[{}]: {message}", severity.priority(), process::id());
        line.truncate(line.floor_char_boundary(MAX_MESSAGE));
        if let Some(socket) = &self.socket {
            match socket.send(line.as_bytes()) {
                Ok(_) => return Ok(()),
                Err(full) if full.kind() == io::ErrorKind::WouldBlock => return Err(full),
                // A log that was restarted has another socket at the same path.
                Err(_) => self.socket = None,
            }
        }
        let socket = connect(&self.path)?;
        socket.send(line.as_bytes())?;
        self.socket = Some(socket);
        Ok(())
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::net::UnixDatagram,
        path::{Path, PathBuf},
        process,
    };

    use super::{MAX_MESSAGE, Severity, Syslog};

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("wanctl-log-{}-{name}", process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn log(path: &Path) -> UnixDatagram {
        let log = UnixDatagram::bind(path).unwrap();
        log.set_nonblocking(true).unwrap();
        log
    }

    fn next(log: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 2 * MAX_MESSAGE];
        let length = log.recv(&mut bytes).ok()?;
        Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
    }

    fn line(priority: u8, text: &str) -> String {
        let pid = process::id();
        format!("<{priority}>wanctl[{pid}]: {text}")
    }

    #[test]
    fn a_message_carries_its_priority_and_the_daemons_name() {
        let path = path("priority");
        let log = log(&path);
        let mut syslog = Syslog::open(&path).unwrap();
        for (severity, priority) in [
            (Severity::Error, 27),
            (Severity::Warning, 28),
            (Severity::Info, 30),
            (Severity::Debug, 31),
        ] {
            syslog.send(severity, format_args!("says {priority}"));
            assert_eq!(next(&log).unwrap(), line(priority, &format!("says {priority}")));
        }
        syslog.send(Severity::Info, format_args!("{}", "ü".repeat(MAX_MESSAGE)));
        let cut = next(&log).unwrap();
        assert!((MAX_MESSAGE - 1..=MAX_MESSAGE).contains(&cut.len()), "{}", cut.len());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn without_a_log_it_does_not_open() {
        assert!(Syslog::open(&path("none")).is_err());
    }

    #[test]
    fn a_log_that_reads_nothing_delays_nothing_and_is_told_how_much_was_lost() {
        let path = path("full");
        let log = log(&path);
        let mut syslog = Syslog::open(&path).unwrap();
        for number in 0..10_000 {
            syslog.send(Severity::Info, format_args!("{number}"));
        }
        let lost = syslog.lost;
        assert!((1..10_000).contains(&lost), "{lost}");
        for number in 0..10_000 - lost {
            assert_eq!(next(&log).unwrap(), line(30, &number.to_string()), "in order");
        }
        syslog.send(Severity::Info, format_args!("again"));
        let told = format!("log: {lost} messages were lost: the system's log took none");
        assert_eq!(next(&log).unwrap(), line(28, &told));
        assert_eq!(next(&log).unwrap(), line(30, "again"));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_log_that_was_restarted_is_found_again() {
        let path = path("restarted");
        let first = log(&path);
        let mut syslog = Syslog::open(&path).unwrap();
        drop(first);
        fs::remove_file(&path).unwrap();
        syslog.send(Severity::Info, format_args!("nobody is there"));
        let second = log(&path);
        syslog.send(Severity::Error, format_args!("here again"));
        let told = "log: 1 messages were lost: the system's log took none";
        assert_eq!(next(&second).unwrap(), line(28, told));
        assert_eq!(next(&second).unwrap(), line(27, "here again"));
        fs::remove_file(path).unwrap();
    }
}
