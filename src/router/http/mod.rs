//! One router over HTTP: a login, one kept-alive connection, one request at a time.
//! Promises: an operation ends within its deadline; after a failure that was not the router's own
//! answer the connection is closed and all ids are forgotten; a panic of the HTTP library ends as
//! an error of the operation.
//! Knows nothing of JSON, and of when or whether to try again.

mod basic;
mod diagnose;
mod failure;
mod session;
mod tls;

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use smol::{
    Timer,
    future::{self, FutureExt as _},
};

use self::session::Session;
use super::{
    capture::{Recorded, RestAsk},
    contract::{Differences, inspect},
    error::{Doing, RouterError},
    op::{Op, Reply},
    resolve::Resolver,
    rest::{Exchange, Ids},
    settings::Settings,
};
use crate::control::{failure::FailureKind, time::Span};

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
    /// How long the router may take for an operation, if that is longer than `rest_timeout`.
    patience: Duration,
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
            patience: Duration::ZERO,
        })
    }

    /// The same, but once there is a connection the router has this long for each answer:
    /// `RouterOS` goes on with a request that was given up, and lets the same user's next ones
    /// wait for it, those of a daemon beside this program too.
    #[must_use]
    pub const fn with_patience(mut self, patience: Span) -> Self {
        self.patience = Duration::from_micros(patience.as_micros());
        self
    }

    /// Carries out one operation within `rest_timeout`, which covers name resolution, connection,
    /// TLS and all requests of the operation.
    ///
    /// When the future is dropped half-way, the connection is closed; the router may still carry
    /// the operation out.
    pub async fn perform(&mut self, op: &Op<'_>) -> Result<Reply, RouterError> {
        self.run(op, None).await
    }

    /// The same, but a queue that is read is asked for all its properties; and how the answer
    /// differs from what is known of RouterOS.
    pub async fn inspect(&mut self, op: &Op<'_>) -> (Result<Reply, RouterError>, Differences) {
        let mut noticed = Differences::default();
        let reply = self.run(op, Some(&mut noticed)).await;
        (reply, noticed)
    }

    async fn run(
        &mut self,
        op: &Op<'_>,
        noticed: Option<&mut Differences>,
    ) -> Result<Reply, RouterError> {
        let expired = future::poll_once(&mut self.ids_expire).await.is_some();
        if expired || self.session.is_none() {
            self.ids.clear();
        }
        let doing = Doing::from(op);
        // Taken out, so that it closes unless it is put back.
        let mut session = self.session.take();
        let timeout = self.timeout();
        let outcome = within(timeout, self.carry_out(op, &mut session, noticed)).await;
        let result = self.concluded(outcome, doing);
        match &result {
            Err(error) if !error.kind.is_answer() => self.forget(),
            _ => {
                self.session = session;
                self.ids_expire.set_after(IDS_GOOD_FOR);
            }
        }
        result
    }

    /// Sends one request of a recording and gives its answer as it came, whatever it is, within
    /// `rest_timeout`. The ids are left as they are.
    pub async fn record(&mut self, ask: RestAsk) -> Result<Recorded, RouterError> {
        // Taken out, so that it closes unless it is put back.
        let mut session = self.session.take();
        let outcome = within(self.timeout(), self.fetch(ask, &mut session)).await;
        let result = self.concluded(outcome, Doing::Recording);
        if result.is_ok() {
            self.session = session;
        }
        result
    }

    /// The deadline of an operation.
    fn timeout(&self) -> Duration {
        self.patience.max(self.connect_timeout())
    }

    /// The deadline of the way there.
    const fn connect_timeout(&self) -> Duration {
        Duration::from_micros(self.settings.rest_timeout.as_micros())
    }

    fn concluded<T>(&self, outcome: Outcome<T>, doing: Doing) -> Result<T, RouterError> {
        match outcome {
            Some(Ok(result)) => result,
            Some(Err(_panic)) => Err(panicked(doing)),
            None => Err(self.late(self.timeout(), doing)),
        }
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
        mut noticed: Option<&mut Differences>,
    ) -> Result<Reply, RouterError> {
        let mut exchange = Exchange::new(op, &self.ids);
        if noticed.is_some() {
            exchange = exchange.of_all_properties();
        }
        let doing = exchange.doing();
        let session = self.connected(session, doing).await?;
        loop {
            let answer = session.send(&exchange.request(), doing).await?;
            if let Some(noticed) = &mut noticed {
                noticed.extend(&inspect::over_rest(op, answer.status, &answer.body));
            }
            let reply = exchange.answer(answer.status, &answer.body, &mut self.ids)?;
            if let Some(reply) = reply {
                return Ok(reply);
            }
        }
    }

    async fn fetch(
        &mut self,
        ask: RestAsk,
        session: &mut Option<Session>,
    ) -> Result<Recorded, RouterError> {
        self.connected(session, Doing::Recording).await?.record(&ask.request()).await
    }

    /// The session, a new one if there is none.
    async fn connected<'s>(
        &mut self,
        session: &'s mut Option<Session>,
        doing: Doing,
    ) -> Result<&'s mut Session, RouterError> {
        let opened = if let Some(session) = session.take() {
            session
        } else {
            let Settings { host, port, .. } = &self.settings;
            let timeout = self.connect_timeout();
            let looked_up =
                future::or(async { Some(self.resolver.addresses(host, *port).await) }, async {
                    Timer::after(timeout).await;
                    None
                });
            let Some(addresses) = looked_up.await else { return Err(self.late(timeout, doing)) };
            let addresses = addresses.map_err(|words| {
                RouterError::rest(FailureKind::Dns, doing, format_args!("{words}"))
            })?;
            Session::open(&self.settings, addresses, self.timeout())?
        };
        Ok(session.insert(opened))
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

/// The result of some work, or the panic of the library in it; `None`: the deadline passed.
type Outcome<T> = Option<Result<Result<T, RouterError>, Box<dyn Any + Send>>>;

async fn within<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, RouterError>>,
) -> Outcome<T> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let late = async {
        Timer::after(timeout).await;
        None
    };
    future::or(async { Some(work.await) }, late).await
}

/// The HTTP library panics when its own thread has ended, for example for want of file
/// descriptors. The next operation starts a new one.
fn panicked(doing: Doing) -> RouterError {
    RouterError::rest(FailureKind::Reset, doing, format_args!("the HTTP client broke down"))
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use smol::{
        Timer,
        future::{self, FutureExt as _},
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::RestClient;
    use crate::{
        control::{time::Span, units::Rate},
        router::{
            op::{NewLimit, Op, QueueKind, QueueRef},
            settings::{Host, Scheme, Secret, Settings},
        },
    };

    /// Answers one read, then refuses one request; tells the method of the latter.
    async fn read_then_refuse(listener: TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let list = r#"[{".id":"*1","name":"q","max-limit":"1"}]"#;
        let mut method = String::new();
        for (status, body) in [(200, list), (401, "")] {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                head.push(byte[0]);
            }
            method = String::from_utf8(head).unwrap().split(' ').next().unwrap().to_owned();
            let length = body.len();
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        method
    }

    /// The method of the first request of a write after a read, when the ids expire so.
    fn method_of_a_write(expire: fn(&mut Timer)) -> String {
        smol::block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let settings = Settings {
                scheme: Scheme::Http,
                host: Host::Address(Ipv4Addr::LOCALHOST.into()),
                port: listener.local_addr().unwrap().port(),
                username: "u".to_owned(),
                password: Secret::new("p".to_owned()),
                rest_timeout: Span::from_secs(10),
            };
            let client = async {
                let mut client = RestClient::new(&settings).unwrap();
                let queue = QueueRef { kind: QueueKind::Tree, name: "q" };
                client.perform(&Op::ReadQueue(queue)).await.unwrap();
                expire(&mut client.ids_expire);
                let limit = NewLimit::Tree { name: "q", limit: Rate::MIN };
                client.perform(&Op::SetLimit(limit)).await.unwrap_err();
                future::pending().await
            };
            read_then_refuse(listener).or(client).await
        })
    }

    #[test]
    fn an_id_is_used_soon_after_the_last_answer_and_looked_up_again_later() {
        assert_eq!(method_of_a_write(|_| ()), "PATCH");
        assert_eq!(method_of_a_write(|timer| timer.set_after(Duration::ZERO)), "GET");
    }
}
