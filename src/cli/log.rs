//! Where the daemon's log goes.
//! Promises: errors to standard error, the rest to standard output, line by line, or all to the
//! system's log with their priorities; the log never stops the loop.
//! Knows nothing of what is said.

use std::{
    io::{self, IsTerminal as _, Stderr, Stdout},
    path::Path,
    sync::{Mutex, PoisonError},
};

use log::{Level, LevelFilter, Log, Metadata, Record};
use simplelog::{ConfigBuilder, WriteLogger};

use crate::os::{
    outlet::Outlet,
    syslog::{self, Severity, Syslog},
};

/// Where the log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard output and error.
    Standard,
    /// The system's log.
    System,
}

struct Split {
    errors: Box<WriteLogger<Outlet<Stderr>>>,
    others: Box<WriteLogger<Outlet<Stdout>>>,
}

impl Log for Split {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        // The level for all is `log::max_level`, which can change.
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() == Level::Error {
            self.errors.log(record);
        } else {
            self.others.log(record);
        }
    }

    fn flush(&self) {}
}

/// Messages of this program alone, with their priorities.
struct ToSystem(Mutex<Syslog>);

impl Log for ToSystem {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().contains("wanctl")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let severity = match record.level() {
            Level::Error => Severity::Error,
            Level::Warn => Severity::Warning,
            Level::Info => Severity::Info,
            Level::Debug | Level::Trace => Severity::Debug,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).send(severity, *record.args());
    }

    fn flush(&self) {}
}

/// Starts the log at its place. An error if there is none.
pub(super) fn start_at(place: Place, level: LevelFilter) -> io::Result<()> {
    match place {
        Place::Standard => start(level),
        Place::System => {
            let system = Syslog::open(Path::new(syslog::PATH))?;
            let _ = log::set_boxed_logger(Box::new(ToSystem(Mutex::new(system))));
            log::set_max_level(level);
        }
    }
    Ok(())
}

/// Starts the log. Times only for people at a terminal; the system's log has its own.
pub(super) fn start(level: LevelFilter) {
    let time = if io::stdout().is_terminal() { LevelFilter::Error } else { LevelFilter::Off };
    let config = ConfigBuilder::new()
        .add_filter_allow_str("wanctl")
        .set_time_level(time)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    let all = LevelFilter::Debug;
    let split = Split {
        errors: WriteLogger::new(all, config.clone(), Outlet::new(io::stderr())),
        others: WriteLogger::new(all, config, Outlet::new(io::stdout())),
    };
    // Fails only if there is a logger already, and then that one serves.
    let _ = log::set_boxed_logger(Box::new(split));
    log::set_max_level(level);
}
