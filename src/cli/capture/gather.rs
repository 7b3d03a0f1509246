//! The questions, one after the other.
//! Promises: one request at a time and a pause after each; an end at the first refused login, at
//! the third failure, and when the time is up.
//! Knows nothing of what the answers say.

use std::time::Duration;

use smol::Timer;

use super::redact::{About, Language};
pub use crate::router::client::Client;
use crate::{
    control::{failure::FailureKind, time::Span},
    os::clock,
    router::{
        capture::{ConsoleAsk, Recorded, RestAsk},
        error::{RouterError, Transport},
    },
};

/// Between two requests: the router has other things to do.
const PAUSE: Duration = Duration::from_millis(100);

/// After a time-out `RouterOS` may still be busy with the request, and spoil the answer of the next.
const PAUSE_AFTER_TIMEOUT: Duration = Duration::from_secs(3);

/// For all requests together.
const TIME_MAX: Span = Span::from_secs(60);

/// With so many failures the recording is given up.
const FAILURES_MAX: usize = 3;

/// A question over one of the transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Over REST.
    Rest(RestAsk),
    /// Over SSH.
    Console(ConsoleAsk),
}

impl Ask {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let rest = RestAsk::ALL.into_iter().map(Self::Rest);
        rest.chain(ConsoleAsk::ALL.into_iter().map(Self::Console))
    }

    /// For people, and for the manifest.
    pub fn shown(self) -> String {
        match self {
            Self::Rest(ask) => ask.shown(),
            Self::Console(ask) => ask.line().to_owned(),
        }
    }

    /// The name of the file that the answer goes into.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Rest(ask) => ask.file(),
            Self::Console(ask) => ask.file(),
        }
    }

    /// How it is asked.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Rest(_) => Transport::Rest,
            Self::Console(_) => Transport::Ssh,
        }
    }

    /// How the answer is written.
    pub const fn language(self) -> Language {
        match self {
            Self::Rest(_) => Language::Json,
            Self::Console(_) => Language::Console,
        }
    }

    /// What the answer is about.
    pub const fn about(self) -> About {
        match self {
            Self::Rest(RestAsk::Identity) | Self::Console(ConsoleAsk::Identity) => About::Identity,
            Self::Rest(_) | Self::Console(_) => About::Other,
        }
    }
}

/// Puts the question with this number; `None`: there is none.
async fn put(client: &mut Client, number: usize) -> Option<(Ask, Result<Recorded, RouterError>)> {
    match client {
        Client::Rest(client) => {
            let ask = *RestAsk::ALL.get(number)?;
            Some((Ask::Rest(ask), client.record(ask).await))
        }
        Client::Ssh(client) => {
            let ask = *ConsoleAsk::ALL.get(number)?;
            Some((Ask::Console(ask), client.record(ask).await))
        }
    }
}

/// What became of a question.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The question.
    pub ask: Ask,
    /// Its answer.
    pub answer: Result<Recorded, RouterError>,
    /// How long it took.
    pub elapsed: Span,
}

/// Why not all questions were put.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// The router does not let the user in: this status.
    Refused(u32),
    /// This failure will not go away by itself, or was one too many.
    Failed(RouterError),
    /// The time was up.
    OutOfTime,
}

/// Puts all questions that there are over the client's transport.
///
/// # Errors
/// The recording was given up; what was answered until then is dropped.
pub async fn gather(client: &mut Client) -> Result<Vec<Taken>, Stopped> {
    let begin = clock::now();
    let (mut all, mut failures) = (Vec::new(), 0_usize);
    loop {
        let start = clock::now();
        if start.since(begin) > TIME_MAX {
            return Err(Stopped::OutOfTime);
        }
        let Some((ask, answer)) = put(client, all.len()).await else { return Ok(all) };
        let elapsed = clock::now().since(start);
        let pause = match &answer {
            Ok(Recorded { status: Some(status @ (401 | 403)), .. })
                if ask.transport() == Transport::Rest =>
            {
                return Err(Stopped::Refused(*status));
            }
            Ok(_) => PAUSE,
            Err(error) => {
                failures = failures.saturating_add(1);
                if failures >= FAILURES_MAX || is_lasting(error.kind) {
                    return Err(Stopped::Failed(error.clone()));
                }
                if error.kind == FailureKind::Timeout { PAUSE_AFTER_TIMEOUT } else { PAUSE }
            }
        };
        all.push(Taken { ask, answer, elapsed });
        Timer::after(pause).await;
    }
}

/// Whether the same would happen again.
const fn is_lasting(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Auth | FailureKind::Tls | FailureKind::HostKey | FailureKind::Dns)
}
