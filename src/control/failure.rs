//! Why a router operation failed, as the core needs to know it.
//! Promises: one word per kind, used everywhere the kind is shown.
//! Knows nothing of transports or messages.

/// The kind of a failed router operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No answer in time. The router may still carry the request out.
    Timeout,
    /// The connection was refused.
    Refused,
    /// No route to the router, or its network is down.
    Unreachable,
    /// The connection ended before the answer was complete.
    Reset,
    /// The router's name could not be resolved.
    Dns,
    /// No trusted TLS session came about.
    Tls,
    /// User, password or policy are not accepted.
    Auth,
    /// The SSH host key is not the pinned one.
    HostKey,
    /// No queue or rule has the wanted name.
    NotFound,
    /// Several queues or rules have the wanted name.
    Ambiguous,
    /// The router understood and said no.
    Rejected,
    /// The answer is not one that RouterOS gives.
    Garbage,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Timeout,
        Self::Refused,
        Self::Unreachable,
        Self::Reset,
        Self::Dns,
        Self::Tls,
        Self::Auth,
        Self::HostKey,
        Self::NotFound,
        Self::Ambiguous,
        Self::Rejected,
        Self::Garbage,
    ];

    /// The word used in logs, metrics and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::HostKey => "host-key",
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
            Self::Rejected => "rejected",
            Self::Garbage => "garbage",
        }
    }

    /// Whether the router itself answered: it is there, though it did not do what was asked.
    /// Garbage is no such proof, and no proof of the contrary.
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Auth | Self::NotFound | Self::Ambiguous | Self::Rejected)
    }
}
