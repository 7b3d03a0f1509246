//! One router over SSH: a login, one kept session, one command at a time.
//! Promises: an operation ends within its deadline, whatever the server does or omits; nothing is
//! sent about the user to a server that does not own the pinned host key; after a failure that was
//! not the router's own answer the connection is closed; what is given up half-way costs no login,
//! and what the router still says to it is nobody's answer; a panic of the SSH library ends as an
//! error of the operation.
//! Knows nothing of the console's language, and of when or whether to try again.

#[cfg(fuzzing)]
pub mod bare;
mod failure;
mod fingerprint;
mod key;
mod login;
mod machine;
mod session;
mod stage;

use std::{cell::Cell, panic::AssertUnwindSafe, time::Duration};

use smol::{
    Timer,
    future::{self, FutureExt as _},
};

pub use self::fingerprint::Fingerprint;
use self::{
    failure::Trouble,
    login::Login,
    machine::Output,
    session::{Access, Session},
    stage::Stage,
};
use super::{
    capture::{ConsoleAsk, Recorded},
    cli,
    contract::{Differences, inspect},
    error::{Doing, RouterError},
    op::{Op, Reply},
    resolve::Resolver,
    settings::SshSettings,
};
use crate::control::{failure::FailureKind, time::Span};

/// Longest name of a user, in bytes: what the SSH library can sign with.
pub const USERNAME_MAX: usize = 40;

/// A client for one router.
#[derive(Debug)]
pub struct SshClient {
    settings: SshSettings,
    login: Login,
    resolver: Resolver,
    session: Option<Session>,
    /// How long the router may take for an operation, if that is longer than `timeout` of the
    /// settings.
    patience: Duration,
}

impl SshClient {
    /// Gets ready; nothing is sent yet. Fails if the key file cannot be used, or if the user's
    /// name is too long. The key file is not read again.
    pub fn new(settings: &SshSettings) -> Result<Self, RouterError> {
        let unusable = |words: &str| {
            RouterError::ssh(FailureKind::Auth, Doing::Preparing, format_args!("{words}"))
        };
        if settings.username.len() > USERNAME_MAX {
            let words = format!("a user name of more than {USERNAME_MAX} bytes cannot log in");
            return Err(unusable(&words));
        }
        Ok(Self {
            settings: settings.clone(),
            login: Login::load(&settings.login).map_err(|words| unusable(&words))?,
            resolver: Resolver::default(),
            session: None,
            patience: Duration::ZERO,
        })
    }

    /// The same, but once it is logged in the router has this long for each operation: `RouterOS`
    /// goes on with a command that was given up, and lets the same user's next ones wait for it,
    /// those of a daemon beside this program too.
    #[must_use]
    pub const fn with_patience(mut self, patience: Span) -> Self {
        self.patience = Duration::from_micros(patience.as_micros());
        self
    }

    /// Carries out one operation within `timeout` of the settings, which covers name resolution,
    /// connection, key exchange, login, command and output.
    ///
    /// When the future is dropped half-way, the session goes on with the next operation, a login
    /// half-way too; the router may still carry the operation out, after the next one perhaps.
    pub async fn perform(&mut self, op: &Op<'_>) -> Result<Reply, RouterError> {
        self.answered(op, None).await
    }

    /// The same, and how the output differs from what is known of RouterOS.
    pub async fn inspect(&mut self, op: &Op<'_>) -> (Result<Reply, RouterError>, Differences) {
        let mut noticed = Differences::default();
        let reply = self.answered(op, Some(&mut noticed)).await;
        (reply, noticed)
    }

    async fn answered(
        &mut self,
        op: &Op<'_>,
        noticed: Option<&mut Differences>,
    ) -> Result<Reply, RouterError> {
        let output = self.run(&cli::command(op), Doing::from(op)).await?;
        let reply = interpreted(op, &output);
        // An error has no shape.
        if let Some(noticed) = noticed.filter(|_| !is_refusal(&reply)) {
            noticed.extend(&inspect::over_ssh(op, &output.bytes));
        }
        if reply.as_ref().is_err_and(|error| !error.kind.is_answer()) {
            self.forget();
        }
        reply
    }

    /// Runs one line of a recording and gives its output as it came, whatever it is, within
    /// `timeout` of the settings.
    pub async fn record(&mut self, ask: ConsoleAsk) -> Result<Recorded, RouterError> {
        let output = self.run(ask.line(), Doing::Recording).await?;
        Ok(Recorded { status: output.status, headers: Vec::new(), body: output.bytes })
    }

    /// Runs a line; gives its output.
    async fn run(&mut self, line: &str, doing: Doing) -> Result<Output, RouterError> {
        let stage = Cell::new(Stage::Connecting);
        let timeout = self.patience.max(self.connect_timeout());
        let work = AssertUnwindSafe(self.carry_out(line, &stage)).catch_unwind();
        let outcome = future::or(async { Some(work.await) }, async {
            Timer::after(timeout).await;
            None
        });
        let error = match outcome.await {
            Some(Ok(Ok(output))) => return Ok(output),
            Some(Ok(Err(failed))) => failed.error(stage.get(), doing),
            Some(Err(_panic)) => panicked(stage.get(), doing),
            None => late(timeout, stage.get(), doing),
        };
        self.forget();
        Err(error)
    }

    /// Closes the connection: the next operation starts from nothing.
    pub fn forget(&mut self) {
        self.session = None;
    }

    async fn carry_out(&mut self, line: &str, stage: &Cell<Stage>) -> Result<Output, Failed> {
        if let Some(output) = self.by_kept(line, stage).await? {
            return Ok(output);
        }
        // Nothing of the command was sent over the kept one, so a new one is no second attempt.
        self.forget();
        stage.set(Stage::Connecting);
        let session = in_time(self.connect_timeout(), self.open(stage)).await?;
        session.begin(line)?;
        Ok(session.finish(stage).await?)
    }

    /// Runs the line over the session that there is; `None`: that cannot be, and nothing was sent.
    async fn by_kept(&mut self, line: &str, stage: &Cell<Stage>) -> Result<Option<Output>, Failed> {
        let login = self.connect_timeout();
        let Some(kept) = &mut self.session else { return Ok(None) };
        if kept.is_silent().await {
            return Ok(None);
        }
        if !kept.is_opening() {
            if !kept.is_usable(stage).await {
                return Ok(None);
            }
            in_time(login, async { Ok(kept.log_in(stage).await?) }).await?;
        }
        if kept.begin(line).is_err() {
            return Ok(None);
        }
        match kept.finish(stage).await {
            // What was given up may have taken all the room that this session has.
            Err(Trouble::NoChannel) => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }

    /// The deadline of the way there, login included.
    const fn connect_timeout(&self) -> Duration {
        Duration::from_micros(self.settings.timeout.as_micros())
    }

    async fn open(&mut self, stage: &Cell<Stage>) -> Result<&mut Session, Failed> {
        let SshSettings { host, port, username, host_key, .. } = &self.settings;
        let addresses = self.resolver.addresses(host, *port).await.map_err(Failed::Resolving)?;
        let access = Access { username, login: &self.login, pinned: *host_key };
        let session = self.session.insert(Session::connect(&addresses, access).await?);
        session.log_in(stage).await?;
        Ok(session)
    }
}

/// This, unless it takes longer.
async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    future::or(work, async {
        Timer::after(limit).await;
        Err(Failed::Late(limit))
    })
    .await
}

/// Why there is no output.
enum Failed {
    /// The router's name has no address, in words.
    Resolving(String),
    Session(Trouble),
    /// It is not logged in within this time.
    Late(Duration),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Session(trouble)
    }
}

impl Failed {
    fn error(&self, stage: Stage, doing: Doing) -> RouterError {
        match self {
            Self::Resolving(words) => {
                RouterError::ssh(FailureKind::Dns, doing, format_args!("{words}"))
            }
            Self::Session(trouble) => trouble.error(stage, doing),
            Self::Late(timeout) => late(*timeout, stage, doing),
        }
    }
}

/// The reply in the output. The console's status is not relied on, but a bad one is no success.
fn interpreted(op: &Op<'_>, output: &Output) -> Result<Reply, RouterError> {
    let reply = cli::reply(op, &output.bytes)?;
    match output.status {
        Some(status) if status != 0 => {
            let detail = format_args!("the command ended with status {status}");
            Err(RouterError::ssh(FailureKind::Rejected, Doing::from(op), detail))
        }
        Some(_) | None => Ok(reply),
    }
}

/// Whether the router answered that it will not.
fn is_refusal(reply: &Result<Reply, RouterError>) -> bool {
    reply.as_ref().is_err_and(|error| error.kind.is_answer())
}

fn late(timeout: Duration, stage: Stage, doing: Doing) -> RouterError {
    let (millis, stage) = (timeout.as_millis(), stage.words());
    let detail = format_args!("{millis} ms passed while {stage}");
    RouterError::ssh(FailureKind::Timeout, doing, detail)
}

/// What a server sends must not be able to do this; if it can, it ends here.
fn panicked(stage: Stage, doing: Doing) -> RouterError {
    let detail = format_args!("the SSH library broke down while {}", stage.words());
    RouterError::ssh(FailureKind::Garbage, doing, detail)
}
