//! Why the SSH session failed, as errors of ours.
//! Promises: decided by types; texts are only shown.
//! Knows nothing of sockets.

use std::io;

use super::{fingerprint::Fingerprint, stage::Stage};
use crate::{
    control::failure::FailureKind,
    router::{
        error::{Doing, Hint, RouterError},
        resolve::kind_of,
    },
};

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server shows another key than the pinned one; none if it is of an unknown kind.
    HostKey(Option<Fingerprint>),
    /// What the library says.
    Library(sunset::Error),
    /// The socket failed.
    Socket(io::Error),
    /// The server closed the connection.
    Closed,
    /// More came than belongs to anything that is asked.
    TooMuch(usize),
    /// The server refused a channel for the command.
    NoChannel,
    /// The command was ended by a signal, or in a way that gives no status.
    Killed,
    /// Nothing more can be done with what came.
    Stuck,
}

impl From<sunset::Error> for Trouble {
    fn from(error: sunset::Error) -> Self {
        Self::Library(error)
    }
}

impl Trouble {
    /// As an error of the operation during which it happened.
    pub(super) fn error(&self, stage: Stage, doing: Doing) -> RouterError {
        let (kind, hint) = self.kind(stage);
        let error = RouterError::ssh(kind, doing, format_args!("{}", self.words(stage)));
        RouterError { hint, ..error }
    }

    fn kind(&self, stage: Stage) -> (FailureKind, Option<Hint>) {
        use sunset::Error;
        match self {
            Self::HostKey(_) | Self::Library(Error::BadSig) => {
                (FailureKind::HostKey, Some(Hint::PinHostKey))
            }
            Self::Library(Error::NoAuthMethods) => (FailureKind::Auth, Some(Hint::AllowSsh)),
            Self::Library(Error::NotSSH) => (FailureKind::Garbage, Some(Hint::CheckSshPort)),
            Self::Library(Error::AlgoNoMatch { .. }) => {
                (FailureKind::Garbage, Some(Hint::UpgradeForSsh))
            }
            Self::Library(_) | Self::Stuck | Self::TooMuch(_) => (FailureKind::Garbage, None),
            Self::Socket(error) => (kind_of_socket(error), None),
            // Perhaps to say no, perhaps because the router goes down: no proof of either.
            Self::Closed if stage == Stage::LoggingIn => (FailureKind::Reset, Some(Hint::AllowSsh)),
            Self::Closed | Self::Killed => (FailureKind::Reset, None),
            Self::NoChannel => (FailureKind::Rejected, Some(Hint::AllowSsh)),
        }
    }

    fn words(&self, stage: Stage) -> String {
        use sunset::Error;
        match self {
            Self::HostKey(Some(shown)) => {
                format!("the router's key is {shown}, not the one in ssh_host_key")
            }
            Self::HostKey(None) => "the router's key is of an unknown kind".to_owned(),
            Self::Library(Error::BadSig) => "the router does not own the key it shows".to_owned(),
            Self::Library(Error::NoAuthMethods) => {
                "the router does not accept the key or password of this user".to_owned()
            }
            Self::Library(Error::NotSSH) => "what answers is not an SSH server".to_owned(),
            Self::Library(Error::AlgoNoMatch { algo }) => {
                format!("no {algo} algorithm in common with the router")
            }
            Self::Library(error) => format!("SSH went wrong while {}: {error}", stage.words()),
            Self::Socket(error) => format!("while {}: {error}", stage.words()),
            Self::Closed => format!("the connection was closed while {}", stage.words()),
            Self::TooMuch(most) => format!("more than {most} bytes while {}", stage.words()),
            Self::NoChannel => "the router opens no channel for a command".to_owned(),
            Self::Killed => "the command ended without a status".to_owned(),
            Self::Stuck => format!("SSH goes neither on nor back while {}", stage.words()),
        }
    }
}

/// A broken connection is a reset, whatever the system calls it.
fn kind_of_socket(error: &io::Error) -> FailureKind {
    if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) {
        FailureKind::Reset
    } else {
        kind_of(error)
    }
}
