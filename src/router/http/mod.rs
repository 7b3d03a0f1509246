//! One router over HTTP: a login, one kept-alive connection, one request at a time.
//! Promises: an operation ends within its deadline; after a failure that was not the router's own
//! answer the connection is closed and all ids are forgotten; a panic of the HTTP library ends as
//! an error of the operation.
//! Knows nothing of JSON, and of when or whether to try again.

mod basic;
mod diagnose;
mod failure;
mod resolve;
mod session;
mod tls;

use std::{panic::AssertUnwindSafe, time::Duration};

use smol::{
    Timer,
    future::{self, FutureExt as _},
};

use self::{resolve::Resolver, session::Session};
use super::{
    error::{Doing, RouterError},
    op::{Op, Reply},
    rest::{Exchange, Ids},
    settings::Settings,
};
use crate::control::failure::FailureKind;

/// How long ids stay good after the router's last answer. RouterOS numbers its records anew when
/// it boots, which takes longer than this; so a router that answered this lately has not booted,
/// even if the connection was replaced without notice.
const IDS_GOOD_FOR: Duration = Duration::from_secs(10);

/// A client for one router.
#[derive(Debug)]
pub struct RestClient {
    settings: Settings,
    resolver: Resolver,
    session: Option<Session>,
    ids: Ids,
    ids_expire: Timer,
}

impl RestClient {
    /// Gets ready; nothing is sent yet. Fails if the login cannot be expressed, or if the file
    /// with the certificates cannot be used; that file is read again for each new connection.
    pub fn new(settings: &Settings) -> Result<Self, RouterError> {
        basic::authorization(&settings.username, settings.password.reveal())?;
        tls::Anchors::load(&settings.scheme)?;
        Ok(Self {
            settings: settings.clone(),
            resolver: Resolver::default(),
            session: None,
            ids: Ids::default(),
            ids_expire: Timer::never(),
        })
    }

    /// Carries out one operation within `rest_timeout`, which covers name resolution, connection,
    /// TLS and all requests of the operation.
    ///
    /// When the future is dropped half-way, the connection is closed; the router may still carry
    /// the operation out.
    pub async fn perform(&mut self, op: &Op<'_>) -> Result<Reply, RouterError> {
        if future::poll_once(&mut self.ids_expire).await.is_some() {
            self.ids.clear();
        }
        let doing = Doing::from(op);
        // Taken out, so that it closes unless it is put back.
        let mut session = self.session.take();
        let timeout = Duration::from_micros(self.settings.rest_timeout.as_micros());
        let work = AssertUnwindSafe(self.carry_out(op, &mut session)).catch_unwind();
        let outcome = future::or(async { Some(work.await) }, async {
            Timer::after(timeout).await;
            None
        });
        let result = match outcome.await {
            Some(Ok(result)) => result,
            Some(Err(_panic)) => Err(panicked(doing)),
            None => Err(self.late(timeout, doing)),
        };
        match &result {
            Err(error) if !error.kind.is_answer() => self.forget(),
            _ => {
                self.session = session;
                self.ids_expire.set_after(IDS_GOOD_FOR);
            }
        }
        result
    }

    /// Closes the connection and forgets all ids: the next operation starts from nothing.
    pub fn forget(&mut self) {
        self.session = None;
        self.ids.clear();
    }

    async fn carry_out(
        &mut self,
        op: &Op<'_>,
        session: &mut Option<Session>,
    ) -> Result<Reply, RouterError> {
        let mut exchange = Exchange::new(op, &self.ids);
        let doing = exchange.doing();
        let session = if let Some(session) = session {
            session
        } else {
            let addresses = self.resolver.addresses(&self.settings, doing).await?;
            session.insert(Session::open(&self.settings, addresses)?)
        };
        loop {
            let answer = session.send(&exchange.request(), doing).await?;
            let reply = exchange.answer(answer.status, &answer.body, &mut self.ids)?;
            if let Some(reply) = reply {
                return Ok(reply);
            }
        }
    }

    fn late(&self, timeout: Duration, doing: Doing) -> RouterError {
        if self.resolver.is_busy() {
            let millis = timeout.as_millis();
            let detail = format_args!("no address for the router's name within {millis} ms");
            RouterError::rest(FailureKind::Dns, doing, detail)
        } else {
            failure::late(timeout, doing)
        }
    }
}

/// The HTTP library panics when its own thread has ended, for example for want of file
/// descriptors. The next operation starts a new one.
fn panicked(doing: Doing) -> RouterError {
    RouterError::rest(FailureKind::Reset, doing, format_args!("the HTTP client broke down"))
}
