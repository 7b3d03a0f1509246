//! The command line: which sub-command, with which flags.
//! Promises: the exit codes below; a broken pipe ends quietly; no secret is ever an argument.

mod arguments;
pub mod capture;
pub mod check;
#[cfg(feature = "sim")]
mod demo;
mod log;
mod replay;
mod run;
mod status;
mod version;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use lexopt::Parser;

use self::arguments::Command;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well: 0.
    Ok,
    /// Something failed while running: 1.
    Failure,
    /// `status` found no daemon to ask: 2.
    NothingRunning,
    /// `capture --diff` found something new, and all that is relied on: 3.
    Additive,
    /// `capture --diff` found that something that is relied on is gone or different: 4.
    Breaking,
    /// The command line was wrong (`EX_USAGE` of `sysexits.h`): 64.
    Usage,
    /// The configuration was wrong (`EX_CONFIG` of `sysexits.h`): 78.
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failure => 1,
            Exit::NothingRunning => 2,
            Exit::Additive => 3,
            Exit::Breaking => 4,
            Exit::Usage => 64,
            Exit::Config => 78,
        })
    }
}

const HELP: &str = "\
wanctl keeps a MikroTik RouterOS 7 line free of bufferbloat: it measures the round-trip
time 20 times a second and moves the router's CAKE bandwidth before people notice.

Usage: wanctl COMMAND [OPTIONS]

Commands:
  run      [-c FILE] [--syslog]    the daemon, in the foreground; its log on standard output,
                                   or in the system's log
  check    [-c FILE] [--live]      every finding in the configuration at once; with --live
                                   also whether the routers are set up as it needs them
  check    --options               all options with range, default and meaning
  status   [--at ADDR] [--json]    what the running daemon sees, did last and waits for
           [--watch]               the same every second, with the last minute as bars
  capture  DIR [-c FILE] [--router NAME] [--over rest|ssh] [--keep-names] [--hide-private]
                                   the router's answers as files, without what is private
  capture  --diff [DIR]            the router's answers, or recorded ones, against known ones
  capture  --list                  the RouterOS versions whose answers are known
  replay   TRACE                   a recorded or written trace through the control core
  demo     [--seconds N] [--seed N] [--plain] [--json]
                                   the whole daemon against a simulated router and line

Options:
  -c, --config FILE   the configuration (default /etc/config/wanctl)
      --at ADDR       where the daemon listens (default 127.0.0.1:9101)
  -h, --help          this text
  -V, --version       the version
      --verbose       with --version: the RouterOS versions whose answers are known

Exit status: 0 ok, 1 failure, 2 nothing running to ask, 3 additive and 4 breaking
difference (capture --diff), 64 usage, 78 configuration.
";

/// The program: `arguments` without its name.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    let command = match arguments::parse(Parser::from_args(arguments)) {
        Ok(command) => command,
        Err(error) => {
            // Nothing can be done if even this cannot be written.
            let _ = writeln!(err, "wanctl: {error}\nTry `wanctl --help`.");
            return Exit::Usage.into();
        }
    };
    match execute(command, out, err) {
        Ok(exit) => exit.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok.into(),
        Err(error) => {
            let _ = writeln!(err, "wanctl: {error}");
            Exit::Failure.into()
        }
    }
}

fn execute(command: Command, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    match command {
        Command::Run { config, log } => run::run(&config, log, err),
        Command::Check { config, depth } => check::command(&config, depth, out),
        Command::Options => check::options(out).map(|()| Exit::Ok),
        Command::Status { at, form } => status::status(&at, form, out, err),
        Command::Capture(flags) => capture::capture(&flags, out, err),
        Command::Replay { trace } => replay::replay(&trace, out, err),
        #[cfg(feature = "sim")]
        Command::Demo(flags) => demo::demo(&flags, out),
        Command::Help => out.write_all(HELP.as_bytes()).map(|()| Exit::Ok),
        Command::Version(detail) => version::version(detail, out).map(|()| Exit::Ok),
    }
}
