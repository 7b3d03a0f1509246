//! The arguments, understood: flags typed, then decided.
//! Promises: what is not understood is named in the error.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an argument that is not one of the expected is unexpected, whatever it is"
)]

use std::path::PathBuf;

use lexopt::{
    Arg::{Long, Short, Value},
    Parser, ValueExt as _,
};

#[cfg(feature = "sim")]
use super::demo;
use super::{
    capture::{
        self, Task,
        redact::{Names, Private},
    },
    check,
    log::Place,
    status, version,
};
use crate::router::error::Transport;

/// Where the configuration is looked for.
const DEFAULT_CONFIG: &str = "/etc/config/wanctl";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run {
        config: PathBuf,
        log: Place,
    },
    Check {
        config: PathBuf,
        depth: check::Depth,
    },
    Options,
    Status {
        at: String,
        form: status::Form,
    },
    Capture(capture::Flags),
    Replay {
        trace: PathBuf,
    },
    #[cfg(feature = "sim")]
    Demo(demo::Flags),
    Help,
    Version(version::Detail),
}

/// The command of these arguments.
pub(super) fn parse(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let command = match parser.next()? {
        Some(Short('h') | Long("help")) | None => return Ok(Command::Help),
        Some(Short('V') | Long("version")) => return version_flags(&mut parser),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "run" => run_flags(&mut parser),
        "check" => check_flags(&mut parser),
        "status" => status_flags(&mut parser),
        "capture" => capture_flags(&mut parser),
        "replay" => replay_flags(&mut parser),
        "demo" => demo_flags(&mut parser),
        "help" => Ok(Command::Help),
        "version" => version_flags(&mut parser),
        unknown => Err(format!("there is no command '{unknown}'").into()),
    }
}

fn version_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(Command::Version(version::Detail::Brief)),
        Some(Long("verbose")) => Ok(Command::Version(version::Detail::Full)),
        Some(other) => Err(other.unexpected()),
    }
}

fn run_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut config = PathBuf::from(DEFAULT_CONFIG);
    let mut log = Place::Standard;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("config") => config = parser.value()?.into(),
            Long("syslog") => log = Place::System,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run { config, log })
}

fn check_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut config = PathBuf::from(DEFAULT_CONFIG);
    let (mut depth, mut options) = (check::Depth::Files, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("config") => config = parser.value()?.into(),
            Long("live") => depth = check::Depth::Live,
            Long("options") => options = Some(Command::Options),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options.unwrap_or(Command::Check { config, depth }))
}

fn status_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut at = status::DEFAULT_ADDRESS.to_string();
    let mut form = status::Form::Screen;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("at") => at = parser.value()?.string()?,
            Long("json") => form = status::Form::Json,
            Long("watch") => form = status::Form::Watch,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Status { at, form })
}

fn capture_flags(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut flags = capture::Flags {
        config: PathBuf::from(DEFAULT_CONFIG),
        router: None,
        over: None,
        names: Names::Mapped,
        private: Private::Kept,
        task: Task::CompareRouter,
    };
    let mut dir = None;
    let mut compare = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("config") => flags.config = parser.value()?.into(),
            Long("router") => flags.router = Some(parser.value()?.string()?),
            Long("over") => flags.over = Some(transport(&parser.value()?.string()?)?),
            Long("list") => flags.task = Task::List,
            Long("keep-names") => flags.names = Names::Kept,
            Long("hide-private") => flags.private = Private::Hidden,
            Long("diff") => compare = Some(()),
            Value(path) if dir.is_none() => dir = Some(PathBuf::from(path)),
            other => return Err(other.unexpected()),
        }
    }
    flags.task = match (compare, dir) {
        (None, None) if flags.task == Task::List => Task::List,
        (None, Some(dir)) => Task::Record(dir),
        (Some(()), Some(dir)) => Task::CompareFiles(dir),
        (Some(()), None) => Task::CompareRouter,
        (None, None) => return Err("capture needs a directory, --diff or --list".into()),
    };
    Ok(Command::Capture(flags))
}

fn transport(word: &str) -> Result<Transport, String> {
    let known = [Transport::Rest, Transport::Ssh].into_iter();
    known
        .into_iter()
        .find(|transport| transport.word() == word)
        .ok_or_else(|| format!("--over takes rest or ssh, not '{word}'"))
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

    use super::{Command, Names, Private, Task, Transport, capture, parse};
    use crate::cli::{check::Depth, log::Place, status::Form, version::Detail};

    fn parsed(words: &str) -> Result<Command, String> {
        parse(Parser::from_args(words.split_whitespace())).map_err(|error| error.to_string())
    }

    #[test]
    fn every_command_and_flag_is_understood() {
        let run = |path: &str| Ok(Command::Run { config: path.into(), log: Place::Standard });
        let status = |at: &str, form| Ok(Command::Status { at: at.to_string(), form });
        assert_eq!(parsed("run"), run("/etc/config/wanctl"));
        assert_eq!(parsed("run -c x"), run("x"));
        assert_eq!(parsed("run --config=y"), run("y"));
        let to_system = Command::Run { config: "x".into(), log: Place::System };
        assert_eq!(parsed("run --syslog -c x"), Ok(to_system));
        let check = |depth| Ok(Command::Check { config: "z".into(), depth });
        assert_eq!(parsed("check -cz"), check(Depth::Files));
        assert_eq!(parsed("check --live -c z"), check(Depth::Live));
        assert_eq!(parsed("check --options"), Ok(Command::Options));
        assert_eq!(parsed("status"), status("127.0.0.1:9101", Form::Screen));
        assert_eq!(parsed("status --json --at [::1]:7"), status("[::1]:7", Form::Json));
        assert_eq!(parsed("status --watch"), status("127.0.0.1:9101", Form::Watch));
        let capture = |task, names, private, router: Option<&str>| {
            let (config, router) = ("x".into(), router.map(str::to_owned));
            let over = None;
            Ok(Command::Capture(capture::Flags { config, router, over, names, private, task }))
        };
        let (mapped, kept) = (Names::Mapped, Private::Kept);
        let record = capture(Task::Record("d".into()), mapped, kept, None);
        assert_eq!(parsed("capture d -c x"), record);
        let all = "capture -cx --router r --keep-names --hide-private d";
        let record = capture(Task::Record("d".into()), Names::Kept, Private::Hidden, Some("r"));
        assert_eq!(parsed(all), record);
        let compare = capture(Task::CompareRouter, mapped, kept, None);
        assert_eq!(parsed("capture --diff -c x"), compare);
        let compare = capture(Task::CompareFiles("d".into()), mapped, kept, None);
        assert_eq!(parsed("capture --diff d -c x"), compare);
        let list = Task::List;
        assert!(
            matches!(parsed("capture --list"), Ok(Command::Capture(flags)) if flags.task == list)
        );
        let over = Some(Transport::Ssh);
        let ssh = parsed("capture --over ssh d");
        assert!(matches!(ssh, Ok(Command::Capture(flags)) if flags.over == over));
        assert_eq!(parsed("replay t"), Ok(Command::Replay { trace: "t".into() }));
        for help in ["", "-h", "--help", "help"] {
            assert_eq!(parsed(help), Ok(Command::Help));
        }
        for version in ["-V", "--version", "version"] {
            assert_eq!(parsed(version), Ok(Command::Version(Detail::Brief)));
            let verbose = format!("{version} --verbose");
            assert_eq!(parsed(&verbose), Ok(Command::Version(Detail::Full)));
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (words, named) in [
            ("start", "start"),
            ("run extra", "extra"),
            ("run --conf x", "--conf"),
            ("run -c", "-c"),
            ("status --wat", "--wat"),
            ("replay", "trace"),
            ("capture", "--diff"),
            ("capture a b", "b"),
            ("capture --over ftp a", "ftp"),
            ("replay a b", "b"),
            ("--nonsense", "--nonsense"),
            ("--version --nonsense", "--nonsense"),
        ] {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(named), "{words}: {error}");
        }
    }
}
