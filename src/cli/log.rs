//! Where the daemon's log goes.
//! Promises: errors to standard error, the rest to standard output, line by line; the log never
//! stops the loop.
//! Knows nothing of what is said.

use std::io::{self, IsTerminal as _, Stderr, Stdout};

use log::{Level, LevelFilter, Log, Metadata, Record};
use simplelog::{ConfigBuilder, WriteLogger};

use crate::os::outlet::Outlet;

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
