//! How far a session has come.
//! Promises: only forward. Knows nothing of how.

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Finding an address and opening the TCP connection.
    Connecting,
    /// Greeting, key exchange and the check of the host key.
    ExchangingKeys,
    /// Key or password.
    LoggingIn,
    /// Logged in; a command may be under way.
    Commanding,
}

impl Stage {
    /// The words for errors.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::ExchangingKeys => "exchanging keys",
            Self::LoggingIn => "logging in",
            Self::Commanding => "waiting for the output",
        }
    }
}
