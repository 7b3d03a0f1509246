//! The protocol of one connection without a socket, for `tests/fuzz`.
//! Promises: goes the way of `Session`, byte by byte.
//! Must not be in a build for users: `cfg(fuzzing)` also takes the cryptography out of sunset.

use super::{
    fingerprint::Fingerprint, login::Login, machine::Machine, session::PORTION, stage::Stage,
};
use crate::router::settings::Secret;

/// Commands after each other, as many as channels are kept and some more.
const COMMANDS_MAX: usize = 8;

/// What the commands printed, at most; a bound of the machine's own lies below.
const LINE: &str = "/system/resource/print";

/// See the module.
#[expect(missing_debug_implementations, reason = "for the fuzzer alone")]
pub struct Bare {
    machine: Machine,
    sent: Vec<u8>,
    commands: usize,
    printed: usize,
}

impl Bare {
    /// Logs in with a password, to a server with this key.
    pub fn new(username: &str, password: &str, pinned: Fingerprint) -> Self {
        let login = Login::Password(Secret::new(password.to_owned()));
        let machine = Machine::new(username, login, pinned);
        Self { machine, sent: Vec::new(), commands: 0, printed: 0 }
    }

    /// Takes bytes of the server; `None`: the connection has ended.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<()> {
        let mut rest = bytes;
        self.flush()?;
        while !rest.is_empty() {
            let taken = self.machine.take(rest).ok().filter(|taken| *taken > 0)?;
            rest = rest.get(taken..)?;
            self.flush()?;
        }
        Some(())
    }

    /// All that went to the server, in the clear.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Whether the server has shown that it owns the pinned key.
    pub fn trusts(&self) -> bool {
        self.machine.stage() != Stage::ExchangingKeys
    }

    /// The longest output of a command.
    pub const fn printed(&self) -> usize {
        self.printed
    }

    fn flush(&mut self) -> Option<()> {
        loop {
            self.machine.advance().ok()?;
            let bytes = self.machine.unsent().to_vec();
            if bytes.is_empty() {
                break;
            }
            self.sent.extend_from_slice(&bytes);
            self.machine.sent(bytes.len());
        }
        if self.machine.stage() == Stage::Commanding && self.commands < COMMANDS_MAX {
            if self.commands == 0 {
                self.begin()?;
            } else if let Some(output) = self.machine.ended().ok()? {
                self.printed = self.printed.max(output.bytes.len());
                self.begin()?;
            }
        }
        Some(())
    }

    fn begin(&mut self) -> Option<()> {
        self.commands = self.commands.saturating_add(1);
        self.machine.begin(LINE).ok()?;
        self.machine.advance().ok()
    }
}

/// Bytes read at once from a socket.
pub const AT_ONCE: usize = PORTION;
