//! The SSH protocol of one connection, without a socket: bytes in, bytes out.
//! Promises: nothing about the user is sent before the server has proven that it owns the pinned
//! key, at every key exchange; a channel is read only through the handle that opened it, and by nobody
//! once its command is given up; what a server can make us keep is bounded.
//! Knows nothing of time and of what commands mean.
//!
//! sunset panics if a channel is waited for before the server has opened it. That takes one of its
//! wakers, and none is ever set here.

use sunset::{ChanData, ChanHandle, CliEvent, CliSessionExit, Client, Event, Runner};

use super::{
    failure::Trouble,
    fingerprint::Fingerprint,
    login::{Login, Offer},
    stage::Stage,
};
use crate::router::cli::OUTPUT_MAX;

/// The most that a server may send before it has accepted the login, in bytes. Key exchange and
/// login of RouterOS or OpenSSH take 3 kB.
const PROLOGUE_MAX: usize = 64 * 1024;

/// Steps after one portion of bytes. Each consumes a packet or a state; a portion holds fewer.
const STEPS_MAX: usize = 10_000;

/// See the module.
pub(super) struct Machine {
    runner: Runner<'static, Client>,
    pinned: Fingerprint,
    username: String,
    offer: Offer,
    stage: Stage,
    command: Option<Command>,
    /// Bytes received so far.
    received: usize,
}

/// The command under way.
struct Command {
    channel: ChanHandle,
    /// Until the channel is open and it is sent.
    line: Option<String>,
    output: Vec<u8>,
    exit: Option<Exit>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Status(u32),
    Signal,
}

/// What a command left behind.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// Its exit status, if the server told one.
    pub(super) status: Option<u32>,
}

/// Whether anything happened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moved {
    Yes,
    No,
}

impl Machine {
    pub(super) fn new(username: &str, login: Login, pinned: Fingerprint) -> Self {
        Self {
            runner: Runner::new_client_owned(),
            pinned,
            username: username.to_owned(),
            offer: Offer::new(login),
            stage: Stage::ExchangingKeys,
            command: None,
            received: 0,
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether a command is under way, or was given up and may be.
    pub(super) const fn is_busy(&self) -> bool {
        self.command.is_some()
    }

    /// Whether it waits for its channel.
    pub(super) fn is_opening(&self) -> bool {
        self.command.as_ref().is_some_and(|command| command.line.is_some())
    }

    /// Asks for a channel; the command follows when it is open. sunset has room for a few channels
    /// that the server has not closed. A command under way is given up: its channel takes this one
    /// if it has not been sent, or else is read no more and closes when the server has ended it.
    pub(super) fn begin(&mut self, line: &str) -> Result<(), Trouble> {
        let channel = match self.command.take() {
            Some(Command { channel, line: Some(_), .. }) => channel,
            Some(Command { channel, line: None, .. }) => {
                self.runner.channel_done(channel)?;
                self.runner.open_client_session()?
            }
            None => self.runner.open_client_session()?,
        };
        let line = Some(line.to_owned());
        self.command = Some(Command { channel, line, output: Vec::new(), exit: None });
        Ok(())
    }

    /// Bytes for the server.
    pub(super) fn unsent(&mut self) -> &[u8] {
        self.runner.output_buf()
    }

    /// So many of them were sent.
    pub(super) fn sent(&mut self, count: usize) {
        self.runner.consume_output(count);
    }

    /// Takes bytes from the server; returns how many. The others must be offered again.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, Trouble> {
        if !self.runner.is_input_ready() {
            return Ok(0);
        }
        let taken = self.runner.input(bytes)?;
        self.received = self.received.saturating_add(taken);
        if self.stage != Stage::Commanding && self.received > PROLOGUE_MAX {
            return Err(Trouble::TooMuch(PROLOGUE_MAX));
        }
        Ok(taken)
    }

    /// Goes on until nothing happens without new bytes.
    pub(super) fn advance(&mut self) -> Result<(), Trouble> {
        for _ in 0..STEPS_MAX {
            let stepped = self.step()?;
            let read = self.read()?;
            if (stepped, read) == (Moved::No, Moved::No) {
                return Ok(());
            }
        }
        Err(Trouble::Stuck)
    }

    fn step(&mut self) -> Result<Moved, Trouble> {
        let event = match self.runner.progress()? {
            Event::None => return Ok(Moved::No),
            Event::Progressed | Event::Serv(_) => return Ok(Moved::Yes),
            Event::Cli(event) => event,
        };
        match event {
            CliEvent::Hostkey(check) => {
                let shown = Fingerprint::of(&check.hostkey()?);
                if shown != Some(self.pinned) {
                    return Err(Trouble::HostKey(shown));
                }
                // sunset checks the signature now, before it goes on.
                check.accept()?;
            }
            CliEvent::Username(ask) => {
                self.stage = Stage::LoggingIn;
                ask.username(&self.username)?;
            }
            CliEvent::Pubkey(ask) => match self.offer.key() {
                Some(key) => ask.pubkey(key)?,
                None => ask.skip()?,
            },
            CliEvent::Password(ask) => match self.offer.password() {
                Some(password) => ask.password(password.reveal())?,
                None => ask.skip()?,
            },
            CliEvent::AgentSign(ask) => ask.skip()?,
            CliEvent::Authenticated => self.stage = Stage::Commanding,
            CliEvent::SessionOpened(mut opener) => {
                let own = self.command.as_mut();
                let own = own.filter(|command| command.channel.num() == opener.channel());
                if let Some(line) = own.and_then(|command| command.line.take()) {
                    opener.exec(line)?;
                }
            }
            CliEvent::SessionExit(exit) => {
                let exit = match exit {
                    CliSessionExit::Status(status) => Exit::Status(status),
                    CliSessionExit::Signal(_) => Exit::Signal,
                };
                if let Some(command) = &mut self.command {
                    command.exit = Some(exit);
                }
            }
            CliEvent::Defunct => return Err(Trouble::Closed),
            CliEvent::Banner(_) | CliEvent::PollAgain => {}
        }
        Ok(Moved::Yes)
    }

    /// Takes over what the channel holds. Errors may come on either stream; both are output.
    fn read(&mut self) -> Result<Moved, Trouble> {
        let Some(command) = &mut self.command else { return Ok(Moved::No) };
        let mut portion = [0; 1024];
        let (count, _) = self.runner.read_channel_either(&command.channel, &mut portion)?;
        command.output.extend_from_slice(portion.get(..count).unwrap_or_default());
        if command.output.len() > OUTPUT_MAX {
            return Err(Trouble::TooMuch(OUTPUT_MAX));
        }
        Ok(if count > 0 { Moved::Yes } else { Moved::No })
    }

    /// The output, once the command has ended.
    pub(super) fn ended(&mut self) -> Result<Option<Output>, Trouble> {
        let Some(command) = self.command.take() else { return Ok(None) };
        let waits = command.line.is_some();
        // A channel that was refused has no far end that one could write to, now or later.
        let room = self.runner.write_channel_ready(&command.channel, ChanData::Normal)?;
        if waits && room.is_none() {
            return Err(Trouble::NoChannel);
        }
        let closed = self.runner.is_channel_closed(&command.channel);
        let finished = self.runner.is_channel_eof(&command.channel) && command.exit.is_some();
        if !closed && !finished {
            self.command = Some(command);
            return Ok(None);
        }
        self.runner.channel_done(command.channel)?;
        match command.exit {
            Some(Exit::Signal) => Err(Trouble::Killed),
            Some(Exit::Status(status)) => {
                Ok(Some(Output { bytes: command.output, status: Some(status) }))
            }
            None => Ok(Some(Output { bytes: command.output, status: None })),
        }
    }
}
