//! What all connections of a server share.
//! Promises: a panic of one connection does not shut out the others.
//! Knows nothing of sockets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_rustls::rustls::ServerConfig;

use super::log::RequestLog;
use crate::{
    control::time::Instant,
    sim::routeros::{Down, RouterOs},
};

/// Whether and how connections are encrypted.
#[derive(Clone, Debug)]
pub enum Tls {
    /// Plain HTTP.
    Plain,
    /// TLS 1.2 with this certificate; see [`super::Pki`].
    Certificate(Arc<ServerConfig>),
}

/// What all connections share.
#[derive(Clone, Debug)]
pub(super) struct Face<C> {
    pub(super) router: Arc<Mutex<RouterOs>>,
    pub(super) tls: Arc<Mutex<Tls>>,
    pub(super) clock: C,
    pub(super) log: RequestLog,
}

impl<C: Fn() -> Instant> Face<C> {
    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    pub(super) fn router(&self) -> MutexGuard<'_, RouterOs> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn down(&self) -> Option<Down> {
        let now = self.now();
        self.router().down(now)
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
