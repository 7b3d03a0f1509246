//! One SSH connection: a socket and the protocol on it.
//! Promises: dropping it closes the connection at once; a socket that has ended is noticed before
//! a command is sent; whatever is given up half-way, it can go on.
//! Knows nothing of deadlines and of what commands mean.

use std::{cell::Cell, fmt, net::SocketAddr, time::Duration};

use smol::{
    Timer, future,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    failure::Trouble,
    fingerprint::Fingerprint,
    login::Login,
    machine::{Machine, Output},
    stage::Stage,
};
use crate::router::resolve::kind_of;

/// Bytes read at once.
pub(super) const PORTION: usize = 2048;

/// A server that owes us something and is silent for longer than this may have died without a word. A
/// daemon that is told to end has two seconds for its routers: if there is a way, it is another one.
const SILENCE: Duration = Duration::from_secs(2);

/// See the module. Between two of its waits everything is kept in it.
pub(super) struct Session {
    stream: TcpStream,
    machine: Box<Machine>,
    /// Read, but not taken by the protocol yet.
    pending: Vec<u8>,
    /// Passes when neither side has said anything for too long.
    silence: Timer,
}

/// What leads into a session.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub(super) username: &'a str,
    pub(super) login: &'a Login,
    pub(super) pinned: Fingerprint,
}

impl Session {
    /// Connects. An address that does not take the connection is left for the next.
    pub(super) async fn connect(
        addresses: &[SocketAddr],
        access: Access<'_>,
    ) -> Result<Self, Trouble> {
        let stream = connect(addresses).await.map_err(Trouble::Socket)?;
        // Commands are small, and each waits for its answer.
        stream.set_nodelay(true).map_err(Trouble::Socket)?;
        let login = access.login.clone();
        let machine = Box::new(Machine::new(access.username, login, access.pinned));
        Ok(Self { stream, machine, pending: Vec::new(), silence: Timer::after(SILENCE) })
    }

    /// Logs in, or goes on with that.
    pub(super) async fn log_in(&mut self, stage: &Cell<Stage>) -> Result<(), Trouble> {
        loop {
            self.flush(stage).await?;
            if self.machine.stage() == Stage::Commanding {
                return Ok(());
            }
            self.receive().await?;
        }
    }

    /// Whether the server let something that was given up wait for too long.
    pub(super) async fn is_silent(&mut self) -> bool {
        let owes = self.machine.is_busy() || self.machine.stage() != Stage::Commanding;
        owes && future::poll_once(&mut self.silence).await.is_some()
    }

    /// Whether a command that was given up has not been sent yet: the next one goes in its place.
    pub(super) fn is_opening(&self) -> bool {
        self.machine.is_opening()
    }

    /// Whether the server is still there. Answers what came while nobody looked.
    pub(super) async fn is_usable(&mut self, stage: &Cell<Stage>) -> bool {
        while let Some(read) = future::poll_once(self.receive()).await {
            if read.is_err() || self.flush(stage).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Begins a command. A failure means that none of it was sent.
    pub(super) fn begin(&mut self, line: &str) -> Result<(), Trouble> {
        self.machine.begin(line)
    }

    /// Runs the command that was begun to its end.
    pub(super) async fn finish(&mut self, stage: &Cell<Stage>) -> Result<Output, Trouble> {
        loop {
            self.flush(stage).await?;
            if let Some(output) = self.machine.ended()? {
                // What ends the channel on our side; a failure shows with the next command.
                let _ = self.flush(stage).await;
                return Ok(output);
            }
            self.receive().await?;
        }
    }

    /// Lets the protocol go on, and sends what it has to say.
    async fn flush(&mut self, stage: &Cell<Stage>) -> Result<(), Trouble> {
        loop {
            self.machine.advance()?;
            stage.set(self.machine.stage());
            let bytes = self.machine.unsent();
            if bytes.is_empty() {
                return Ok(());
            }
            let sent = self.stream.write(bytes).await.map_err(Trouble::Socket)?;
            self.machine.sent(sent);
            self.silence = Timer::after(SILENCE);
        }
    }

    /// Hands the protocol more bytes: what is pending, or what the server sends next.
    async fn receive(&mut self) -> Result<(), Trouble> {
        if self.pending.is_empty() {
            let mut portion = [0; PORTION];
            let count = self.stream.read(&mut portion).await.map_err(Trouble::Socket)?;
            if count == 0 {
                return Err(Trouble::Closed);
            }
            self.pending.extend_from_slice(portion.get(..count).unwrap_or_default());
            self.silence = Timer::after(SILENCE);
        }
        let taken = self.machine.take(&self.pending)?;
        // Everything was sent and answered, so the protocol has room; if not, it never will.
        if taken == 0 {
            return Err(Trouble::Stuck);
        }
        self.pending.drain(..taken);
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("stage", &self.machine.stage()).finish_non_exhaustive()
    }
}

async fn connect(addresses: &[SocketAddr]) -> std::io::Result<TcpStream> {
    use crate::control::failure::FailureKind::{Refused, Unreachable};
    let mut last = std::io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) if matches!(kind_of(&error), Refused | Unreachable) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
