//! The command line: which sub-command, with which flags.
//! Promises: the exit codes below; a broken pipe ends quietly; no secret is ever an argument.

pub mod check;
#[cfg(feature = "sim")]
mod demo;
mod replay;
mod run;
mod status;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use lexopt::{
    Arg::{Long, Short, Value},
    Parser, ValueExt as _,
};

/// Where the configuration is looked for.
pub const DEFAULT_CONFIG: &str = "/etc/config/wanctl";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well: 0.
    Ok,
    /// Something failed while running: 1.
    Failure,
    /// `status` found no daemon to ask: 2.
    NothingRunning,
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
  run      [-c FILE]               the daemon, in the foreground
  check    [-c FILE]               every finding in the configuration at once
  check    --options               all options with range, default and meaning
  status   [--at ADDR] [--json]    what the running daemon sees and does
  replay   TRACE                   a recorded or written trace through the control core
  demo     [--seconds N] [--seed N] [--plain] [--json]
                                   the whole daemon against a simulated router and line

Options:
  -c, --config FILE   the configuration (default /etc/config/wanctl)
      --at ADDR       where the daemon listens (default 127.0.0.1:9101)
  -h, --help          this text
  -V, --version       the version

Exit status: 0 ok, 1 failure, 2 nothing running to ask, 64 usage, 78 configuration.
";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Run {
        config: PathBuf,
    },
    Check {
        config: PathBuf,
    },
    Options,
    Status {
        at: String,
        form: status::Form,
    },
    Replay {
        trace: PathBuf,
    },
    #[cfg(feature = "sim")]
    Demo(demo::Flags),
    Help,
    Version,
}

/// The program: `arguments` without its name.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    let command = match parse(Parser::from_args(arguments)) {
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
        Command::Run { config } => run::run(&config, err),
        Command::Check { config } => match check::check(&config, out)? {
            check::Verdict::Good => Ok(Exit::Ok),
            check::Verdict::Bad => Ok(Exit::Config),
        },
        Command::Options => check::options(out).map(|()| Exit::Ok),
        Command::Status { at, form } => status::status(&at, form, out, err),
        Command::Replay { trace } => replay::replay(&trace, out, err),
        #[cfg(feature = "sim")]
        Command::Demo(flags) => demo::demo(&flags, out),
        Command::Help => out.write_all(HELP.as_bytes()).map(|()| Exit::Ok),
        Command::Version => {
            writeln!(out, "wanctl {}", env!("CARGO_PKG_VERSION")).map(|()| Exit::Ok)
        }
    }
}

fn parse(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let command = match parser.next()? {
        Some(Short('h') | Long("help")) | None => return Ok(Command::Help),
        Some(Short('V') | Long("version")) => return Ok(Command::Version),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "run" => Ok(Command::Run { config: config_only(&mut parser)? }),
        "check" => check_flags(&mut parser),
        "status" => status_flags(&mut parser),
        "replay" => replay_flags(&mut parser),
        "demo" => demo_flags(&mut parser),
        "help" => Ok(Command::Help),
        "version" => Ok(Command::Version),
        unknown => Err(format!("there is no command '{unknown}'").into()),
    }
}

fn config_only(parser: &mut Parser) -> Result<PathBuf, lexopt::Error> {
    let mut config = PathBuf::from(DEFAULT_CONFIG);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("config") => config = parser.value()?.into(),
            other => return Err(other.unexpected()),
        }
    }
    Ok(config)
}

fn check_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut command = Command::Check { config: PathBuf::from(DEFAULT_CONFIG) };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("config") => {
                command = Command::Check { config: parser.value()?.into() };
            }
            Long("options") => command = Command::Options,
            other => return Err(other.unexpected()),
        }
    }
    Ok(command)
}

fn status_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut at = status::DEFAULT_ADDRESS.to_string();
    let mut form = status::Form::Screen;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("at") => at = parser.value()?.string()?,
            Long("json") => form = status::Form::Json,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Status { at, form })
}

fn replay_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut trace = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if trace.is_none() => trace = Some(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    let trace = trace.ok_or("replay needs a trace file")?;
    Ok(Command::Replay { trace })
}

#[cfg(feature = "sim")]
fn demo_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut flags = demo::Flags::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => flags.seconds = parser.value()?.parse()?,
            Long("seed") => flags.seed = parser.value()?.parse()?,
            Long("plain") => flags.form = demo::Form::Plain,
            Long("json") => flags.form = demo::Form::Json,
            other => return Err(other.unexpected()),
        }
    }
    if !demo::SECONDS.contains(&flags.seconds) {
        return Err(format!(
            "--seconds takes {} to {}",
            demo::SECONDS.start(),
            demo::SECONDS.end()
        )
        .into());
    }
    Ok(Command::Demo(flags))
}

#[cfg(not(feature = "sim"))]
fn demo_flags(_: &mut Parser) -> Result<Command, lexopt::Error> {
    Err("this build has no simulator; build with `--features sim` for the demo".into())
}

#[cfg(test)]
mod tests {
    use lexopt::Parser;

    use super::{Command, parse, status::Form};

    fn parsed(words: &str) -> Result<Command, String> {
        parse(Parser::from_args(words.split_whitespace())).map_err(|error| error.to_string())
    }

    #[test]
    fn every_command_and_flag_is_understood() {
        let run = |path: &str| Ok(Command::Run { config: path.into() });
        let status = |at: &str, form| Ok(Command::Status { at: at.to_string(), form });
        assert_eq!(parsed("run"), run("/etc/config/wanctl"));
        assert_eq!(parsed("run -c x"), run("x"));
        assert_eq!(parsed("run --config=y"), run("y"));
        assert_eq!(parsed("check -cz"), Ok(Command::Check { config: "z".into() }));
        assert_eq!(parsed("check --options"), Ok(Command::Options));
        assert_eq!(parsed("status"), status("127.0.0.1:9101", Form::Screen));
        assert_eq!(parsed("status --json --at [::1]:7"), status("[::1]:7", Form::Json));
        assert_eq!(parsed("replay t"), Ok(Command::Replay { trace: "t".into() }));
        for help in ["", "-h", "--help", "help"] {
            assert_eq!(parsed(help), Ok(Command::Help));
        }
        for version in ["-V", "--version", "version"] {
            assert_eq!(parsed(version), Ok(Command::Version));
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (words, named) in [
            ("start", "start"),
            ("run extra", "extra"),
            ("run --conf x", "--conf"),
            ("run -c", "-c"),
            ("status --watch", "--watch"),
            ("replay", "trace"),
            ("replay a b", "b"),
            ("--nonsense", "--nonsense"),
        ] {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(named), "{words}: {error}");
        }
    }
}
