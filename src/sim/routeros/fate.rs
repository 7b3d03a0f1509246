//! What becomes of answers on their way: lost, cut, or others than the router would give.
//! Promises: plain values.
//! Knows nothing of requests.

/// What the sender of a request gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The answer.
    Answer,
    /// No connection.
    Refuse,
    /// Nothing, ever.
    BlackHole,
    /// The connection breaks.
    Reset,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// The answer, byte by byte.
    Drip,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    /// HTTP status.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}
