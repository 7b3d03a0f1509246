//! One HTTP client with at most one connection, kept alive between requests.
//! Promises: one request at a time; no proxy, redirect, cookie or compression; a body of more
//! than [`BODY_MAX`] bytes is not read on; dropping the session closes the connection at once.
//! Knows nothing of what the requests mean.

use std::{
    fmt,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
    vec::IntoIter,
};

use isahc::{
    AsyncBody, HttpClient,
    config::{Configurable as _, ExpectContinue, RedirectPolicy, VersionNegotiation},
    http::{HeaderValue, Response, header},
    net::Dialer,
};
use smol::io::AsyncReadExt as _;

use super::{basic, diagnose::Target, failure, tls::Anchors};
use crate::{
    control::failure::FailureKind,
    router::{
        capture::{self, Recorded},
        error::{Doing, RouterError},
        rest::Request,
        settings::{Host, Scheme, Settings},
    },
};

/// Longest body read, in bytes. A list of 250 queues with the properties asked for is half as
/// long; a longer body is not an answer to anything that is asked.
const BODY_MAX: u64 = 64 * 1024;

/// The name that stands in the router's log.
const USER_AGENT: &str = concat!("wanctl/", env!("CARGO_PKG_VERSION"));

/// See the module.
pub(super) struct Session {
    /// Always there until the session is dropped.
    client: Option<HttpClient>,
    authorization: HeaderValue,
    /// The address in use among it.
    target: Target,
    /// Further addresses of the router's name.
    others: IntoIter<SocketAddr>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Session {
    /// Makes a client; the connection comes with the first request, within `rest_timeout`. Each
    /// request has `timeout` in all.
    pub(super) fn open(
        settings: &Settings,
        addresses: Vec<SocketAddr>,
        timeout: Duration,
    ) -> Result<Self, RouterError> {
        let mut others = addresses.into_iter();
        let Some(address) = others.next() else {
            let detail = format_args!("the router's name has no address");
            return Err(RouterError::rest(FailureKind::Dns, Doing::Preparing, detail));
        };
        let target = Target {
            origin: origin(settings),
            address,
            anchors: Anchors::load(&settings.scheme)?,
            connect_timeout: Duration::from_micros(settings.rest_timeout.as_micros()),
            timeout,
        };
        Ok(Self {
            client: Some(client(&target)?),
            authorization: basic::authorization(&settings.username, settings.password.reveal())?,
            target,
            others,
        })
    }

    /// Sends a request and reads the answer. Where the name has several addresses, one that does
    /// not take the connection is left for the next; nothing was sent to it.
    pub(super) async fn send(
        &mut self,
        request: &Request,
        doing: Doing,
    ) -> Result<Answer, RouterError> {
        let mut response = self.reach(request, doing).await?;
        let body = self.read(&mut response, BODY_MAX, doing).await?;
        Ok(Answer { status: response.status().as_u16(), body })
    }

    /// The same for a recording: with the headers, and a body up to the recording's own bound.
    pub(super) async fn record(&mut self, request: &Request) -> Result<Recorded, RouterError> {
        let doing = Doing::Recording;
        let mut response = self.reach(request, doing).await?;
        let body = self.read(&mut response, capture::BODY_MAX, doing).await?;
        let kept = capture::HEADERS.into_iter().filter_map(|name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            (value.len() <= capture::HEADER_MAX).then(|| (name, value.to_owned()))
        });
        let headers = kept.collect();
        Ok(Recorded { status: Some(response.status().as_u16().into()), headers, body })
    }

    async fn reach(
        &mut self,
        request: &Request,
        doing: Doing,
    ) -> Result<Response<AsyncBody>, RouterError> {
        loop {
            let error = match self.exchange(request).await {
                Ok(response) => return Ok(response),
                Err(error) => failure::explain(&error, &self.target, doing).await,
            };
            if !matches!(error.kind, FailureKind::Refused | FailureKind::Unreachable) {
                return Err(error);
            }
            self.target.address = self.others.next().ok_or(error)?;
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response<AsyncBody>, isahc::Error> {
        let mut builder = isahc::Request::builder()
            .method(request.method.word())
            .uri(format!("{}{}", self.target.origin, request.target))
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, USER_AGENT)
            .dial(Dialer::ip_socket(self.target.address));
        let body = match &request.body {
            Some(json) => {
                builder = builder.header(header::CONTENT_TYPE, "application/json");
                // In memory, so that it can be sent again on a new connection when the router has
                // just closed the kept-alive one.
                AsyncBody::from(json.as_str())
            }
            None => AsyncBody::empty(),
        };
        let request = builder.body(body).map_err(isahc::Error::from)?;
        match &self.client {
            Some(client) => client.send_async(request).await,
            None => Err(isahc::error::ErrorKind::ClientInitialization.into()),
        }
    }

    async fn read(
        &self,
        response: &mut Response<AsyncBody>,
        most: u64,
        doing: Doing,
    ) -> Result<Vec<u8>, RouterError> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut bounded = response.body_mut().take(most.saturating_add(1));
        match bounded.read_to_end(&mut body).await {
            Ok(_) if bounded.limit() > 0 => Ok(body),
            Ok(_) => {
                let detail = format_args!("HTTP {status} with more than {most} bytes");
                Err(RouterError::rest(FailureKind::Garbage, doing, detail))
            }
            Err(error) => {
                let error = isahc::Error::from(error);
                Err(failure::explain(&error, &self.target, doing).await)
            }
        }
    }
}

/// The library's `Drop` waits for its thread, which ends at once, and panics if that thread is
/// already gone.
impl Drop for Session {
    fn drop(&mut self) {
        let client = self.client.take();
        // Nothing is left to be done about a panic: the client is gone either way.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(client)));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("origin", &self.target.origin).finish_non_exhaustive()
    }
}

fn client(target: &Target) -> Result<HttpClient, RouterError> {
    let builder = HttpClient::builder()
        .max_connections(1)
        .max_connections_per_host(1)
        .connection_cache_size(1)
        .version_negotiation(VersionNegotiation::http11())
        .redirect_policy(RedirectPolicy::None)
        .expect_continue(ExpectContinue::disabled())
        .automatic_decompression(false)
        .tcp_nodelay()
        .connect_timeout(target.connect_timeout)
        .timeout(target.timeout)
        // Also keeps proxies of the environment out.
        .proxy(None);
    let builder = match &target.anchors {
        Some(anchors) => builder.tls_config(anchors.config()),
        None => builder,
    };
    builder.build().map_err(|error| {
        let detail = format_args!("the HTTP client does not start: {}", failure::words(&error));
        RouterError::rest(FailureKind::Unreachable, Doing::Preparing, detail)
    })
}

fn origin(settings: &Settings) -> String {
    let scheme = match settings.scheme {
        Scheme::Http => "http",
        Scheme::Https(_) => "https",
    };
    let port = settings.port;
    match &settings.host {
        Host::Address(address) => format!("{scheme}://{}", SocketAddr::new(*address, port)),
        Host::Name(name) => format!("{scheme}://{name}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use smol::{
        future,
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::Session;
    use crate::{
        control::{failure::FailureKind, time::Span},
        router::{
            error::Doing,
            op::{Op, QueueKind, QueueRef},
            rest::{Exchange, Ids},
            settings::{Host, Scheme, Secret, Settings},
        },
    };

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn an_address_that_refuses_is_left_for_the_next_one_until_none_is_left() {
        let settings = Settings {
            scheme: Scheme::Http,
            host: Host::Name("router.example".to_owned()),
            port: 80,
            username: "u".to_owned(),
            password: Secret::new("p".to_owned()),
            rest_timeout: Span::from_secs(10),
        };
        let queue = QueueRef { kind: QueueKind::Tree, name: "q" };
        let request = Exchange::new(&Op::ReadQueue(queue), &Ids::default());
        let request = request.request();
        smol::block_on(async {
            let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
            let closed = bind().await.unwrap().local_addr().unwrap();
            let listener = bind().await.unwrap();
            let open = listener.local_addr().unwrap();

            let mut session = Session::open(&settings, vec![closed, open], TIMEOUT).unwrap();
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
                stream.write_all(answer).await.unwrap();
                future::pending().await
            };
            let sent = session.send(&request, Doing::ReadingQueue);
            let answer = future::or(sent, serve).await.unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (200, b"[]".as_slice()));

            let mut session = Session::open(&settings, vec![closed, closed], TIMEOUT).unwrap();
            let error = session.send(&request, Doing::ReadingQueue).await.err().unwrap();
            assert_eq!(error.kind, FailureKind::Refused);
            assert_eq!(
                Session::open(&settings, vec![], TIMEOUT).unwrap_err().kind,
                FailureKind::Dns
            );
        });
    }
}
