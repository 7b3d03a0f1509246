//! `wanctl capture`: the answers of the user's own router as golden files.
//! Promises: nothing on the router is changed; nothing is written that could give the user away,
//! or nothing at all; what it will do, and what it has done, it says in words.
//! Must not know how questions are put on the wire.

mod drift;
mod files;
pub mod gather;
mod json;
pub mod redact;
mod report;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use self::{
    files::{About, Row},
    gather::{Stopped, Taken},
    redact::{Login, Names, Private, Redactor},
};
use super::{Exit, version};
use crate::{
    config::{self, Config, RouterSection},
    router::{
        client::Client,
        error::Transport,
        settings::{Scheme, Settings, SshLogin, SshSettings, Trust, Way},
    },
    store::atomic,
};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) config: PathBuf,
    /// The section of the router; `None`: the only one.
    pub(super) router: Option<String>,
    /// `None`: every way that is configured.
    pub(super) over: Option<Transport>,
    pub(super) names: Names,
    pub(super) private: Private,
    pub(super) task: Task,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Record into this directory.
    Record(PathBuf),
    /// Compare the router with the known shapes.
    CompareRouter,
    /// The same with a recording.
    CompareFiles(PathBuf),
    /// Say which versions of RouterOS are known.
    List,
}

/// A recording that may be shown.
struct Recording {
    about: About,
    rows: Vec<Row>,
}

/// Does it.
pub(super) fn capture(flags: &Flags, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    match &flags.task {
        Task::List => version::releases(out).map(|()| Exit::Ok),
        Task::CompareFiles(dir) => match files::read(dir) {
            Ok((version, rows)) => report::compared(&version, &rows, out),
            Err(error) => {
                writeln!(err, "wanctl: {error}")?;
                Ok(Exit::Failure)
            }
        },
        Task::CompareRouter => match recorded(flags, out, err)? {
            Ok(Recording { about, rows }) => report::compared(&about.version, &rows, out),
            Err(exit) => Ok(exit),
        },
        Task::Record(dir) => {
            if let Err(error) = files::check_free(dir) {
                writeln!(err, "wanctl: {}: {error}; name a new directory", dir.display())?;
                return Ok(Exit::Usage);
            }
            // Before the router is asked for nothing.
            if let Err(failed) = atomic::make_dir(dir) {
                writeln!(err, "wanctl: {}: {failed}", dir.display())?;
                return Ok(Exit::Failure);
            }
            let exit = record(flags, dir, out, err);
            // Goes only if it is empty.
            let _ = fs::remove_dir(dir);
            exit
        }
    }
}

fn record(flags: &Flags, dir: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let Recording { about, rows } = match recorded(flags, out, err)? {
        Ok(recording) => recording,
        Err(exit) => return Ok(exit),
    };
    if let Err(error) = files::write(dir, &about, &rows) {
        writeln!(err, "wanctl: {error}; nothing is left in {}", dir.display())?;
        return Ok(Exit::Failure);
    }
    report::written(dir, &about, &rows, out)?;
    Ok(Exit::Ok)
}

/// Asks the router, and redacts what it answers; or how the program ends.
fn recorded(
    flags: &Flags,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Result<Recording, Exit>> {
    let section = match router(flags, err)? {
        Ok(section) => section,
        Err(exit) => return Ok(Err(exit)),
    };
    let wanted = |way: &&Way| flags.over.is_none_or(|over| over == way.transport());
    let ways: Vec<&Way> = section.ways.all().filter(wanted).collect();
    if ways.is_empty() {
        writeln!(err, "wanctl: router '{}' is not reached that way", section.name)?;
        return Ok(Err(Exit::Usage));
    }
    report::announced(&section.name, &ways, out)?;
    let mut taken = Vec::new();
    for way in &ways {
        let gathered = Client::patient(way).map_err(Stopped::Failed);
        match gathered.and_then(|mut client| smol::block_on(gather::gather(&mut client))) {
            Ok(more) => taken.extend(more),
            Err(stopped) => {
                report::stopped(&stopped, err)?;
                if ways.len() > 1 {
                    writeln!(err, "wanctl: --over rest and --over ssh take one way alone")?;
                }
                return Ok(Err(Exit::Failure));
            }
        }
    }
    let logins: Vec<Login<'_>> = ways.iter().map(|way| login(way)).collect();
    let mut redactor = Redactor::new(&logins, flags.names, flags.private);
    let mut recording = shown(&mut redactor, taken);
    recording.about.protection =
        ways.iter().map(|way| protection(way)).collect::<Vec<_>>().join(", ");
    let leaks = report::leaks(&redactor, &recording.rows, err)?;
    Ok(if leaks == 0 { Ok(recording) } else { Err(Exit::Failure) })
}

fn login(way: &Way) -> Login<'_> {
    match way {
        Way::Rest(Settings { username, password, .. }) => {
            Login { username, password: password.reveal() }
        }
        Way::Ssh(SshSettings { username, login, .. }) => {
            let password = match login {
                SshLogin::Password(password) => password.reveal(),
                SshLogin::KeyFile(_) => "",
            };
            Login { username, password }
        }
    }
}

/// How the connection was protected, for the file.
const fn protection(way: &Way) -> &'static str {
    match way {
        Way::Ssh(_) => "ssh: host key pinned",
        Way::Rest(Settings { scheme, .. }) => match scheme {
            Scheme::Http => "rest: no TLS",
            Scheme::Https(Trust::CaFile(_)) => "rest: TLS, verified by tls_ca",
            Scheme::Https(Trust::System) => "rest: TLS, verified by the system's authorities",
            Scheme::Https(Trust::Anyone) => "rest: TLS, not verified",
        },
    }
}

/// The section of the router that is meant.
fn router(flags: &Flags, err: &mut dyn Write) -> io::Result<Result<RouterSection, Exit>> {
    let Config { routers, .. } = match config::load(&flags.config) {
        Ok(loaded) => loaded.config,
        Err(findings) => {
            for finding in &findings {
                writeln!(err, "{}:{}", flags.config.display(), finding.placed())?;
            }
            return Ok(Err(Exit::Config));
        }
    };
    let names: Vec<String> = routers.iter().map(|router| router.name.clone()).collect();
    let mut meant = routers
        .into_iter()
        .filter(|router| flags.router.as_ref().is_none_or(|name| *name == router.name));
    if let (Some(router), None) = (meant.next(), meant.next()) {
        return Ok(Ok(router));
    }
    let names = names.join(", ");
    writeln!(err, "wanctl: name one of the routers with --router: {names}")?;
    Ok(Err(Exit::Usage))
}

/// The answers as they may be shown.
fn shown(redactor: &mut Redactor, taken: Vec<Taken>) -> Recording {
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    for one in &taken {
        if let Ok(answer) = &one.answer {
            redactor.learn(one.ask.about(), one.ask.language(), &text(&answer.body));
        }
    }
    let mut rows = Vec::new();
    for Taken { ask, answer, elapsed } in taken {
        let mut row = Row {
            ask,
            status: None,
            body: None,
            headers: String::new(),
            elapsed_ms: elapsed.as_millis(),
            stretched: 0,
            note: String::new(),
        };
        match answer {
            Ok(answer) => {
                row.status = answer.status;
                row.headers = redactor.headers(&answer.headers);
                let before = redactor.counts().stretched;
                row.body = redactor.redacted(ask.about(), ask.language(), &text(&answer.body));
                row.stretched = redactor.counts().stretched.saturating_sub(before);
                if row.body.is_none() {
                    row.note = format!("{} bytes that are not JSON", answer.body.len());
                }
            }
            // Its detail may hold an address.
            Err(error) => row.note = format!("failed: {}", error.kind.word()),
        }
        rows.push(row);
    }
    let mut about = report::facts(&rows);
    about.redacted = report::replaced(redactor.counts());
    Recording { about, rows }
}
