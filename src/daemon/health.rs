//! The status endpoint: `GET /health` answers with the health as JSON.
//! Promises: at most [`MAX_CONNECTIONS`] clients, each with two seconds and two kilobytes; a slow
//! or hostile one costs nothing else.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use log::{info, warn};
use smol::{
    LocalExecutor, Timer,
    channel::{self, Receiver, Sender},
    future,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::input::Input;
use crate::observe::health::{Health, MAX_JSON, Status};

/// Clients served at a time; more are turned away.
const MAX_CONNECTIONS: usize = 4;
/// Bytes of a request's head.
const MAX_HEAD: usize = 2 * 1024;
/// Header lines of a request.
const MAX_HEADERS: usize = 32;
/// From the connection to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(2);
/// After a failed accept (no file descriptors left) nothing is accepted for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens at `address`; `None` if that is not possible, which is said.
pub(super) async fn listen(address: SocketAddr) -> Option<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => {
            info!("status: http://{}/health", listener.local_addr().unwrap_or(address));
            Some(listener)
        }
        Err(error) => {
            warn!("status: cannot listen at {address}: {error}; `wanctl status` will not work");
            None
        }
    }
}

/// Where clients come in, and where that shall be from now on.
pub(super) struct Listener {
    pub(super) open: Option<TcpListener>,
    pub(super) at: SocketAddr,
    pub(super) moves: Receiver<SocketAddr>,
}

impl Listener {
    /// The next client; `None` if it could not be let in.
    async fn next(&mut self) -> Option<TcpStream> {
        loop {
            let client = async {
                match &self.open {
                    Some(listener) => Err(listener.accept().await.ok()),
                    None => future::pending().await,
                }
            };
            let moved = async {
                match self.moves.recv().await {
                    Ok(to) => Ok(to),
                    Err(_) => future::pending().await,
                }
            };
            match future::or(moved, client).await {
                Ok(to) => self.move_to(to).await,
                Err(client) => return client.map(|(stream, _)| stream),
            }
        }
    }

    /// Listens there. If that is not possible, where it was is better than nowhere.
    async fn move_to(&mut self, to: SocketAddr) {
        let same_port = self.open.is_some() && to.port() == self.at.port();
        // The old one may be what is in the way.
        let before = if same_port { self.open.take().map(|_| self.at) } else { None };
        match (listen(to).await, before) {
            (Some(listener), _) => {
                self.open = Some(listener);
                self.at = to;
            }
            (None, Some(before)) => self.open = listen(before).await,
            (None, None) => {
                if self.open.is_some() {
                    warn!("status: still at {}", self.at);
                }
            }
        }
    }
}

/// Serves until the daemon ends.
pub(super) async fn serve(
    executor: Rc<LocalExecutor<'static>>,
    mut listener: Listener,
    inputs: Sender<Input>,
) {
    let connections = Rc::new(Cell::new(0));
    loop {
        let Some(stream) = listener.next().await else {
            Timer::after(PAUSE).await;
            continue;
        };
        if connections.get() >= MAX_CONNECTIONS {
            continue;
        }
        let place = Place::take(&connections);
        let inputs = inputs.clone();
        let client = async move {
            let _place = place;
            let serve = async {
                // A client that goes away is its own business.
                let _ = answer(stream, &inputs).await;
            };
            future::or(serve, async {
                Timer::after(DEADLINE).await;
            })
            .await;
        };
        executor.spawn(client).detach();
    }
}

/// One of the places for clients, free again when dropped.
struct Place(Rc<Cell<usize>>);

impl Place {
    fn take(places: &Rc<Cell<usize>>) -> Self {
        places.set(places.get().saturating_add(1));
        Self(Rc::clone(places))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Health,
    NotFound,
    NotAllowed,
    Nonsense,
}

async fn answer(mut stream: TcpStream, inputs: &Sender<Input>) -> std::io::Result<()> {
    let mut buffer = vec![0; MAX_JSON];
    let (status, body): (&str, &[u8]) = match ask(&mut stream).await? {
        Asked::Health => match fetch(inputs).await {
            Some(health) => {
                let status = match health.status {
                    Status::Healthy => "200 OK",
                    Status::Degraded | Status::Starting => "503 Service Unavailable",
                };
                (status, health.to_json(&mut buffer).unwrap_or_default())
            }
            None => ("503 Service Unavailable", b"{}"),
        },
        Asked::NotFound => ("404 Not Found", b"{\"error\":\"there is only /health\"}"),
        Asked::NotAllowed => ("405 Method Not Allowed", b"{\"error\":\"only GET\"}"),
        Asked::Nonsense => ("400 Bad Request", b"{\"error\":\"not HTTP\"}"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.close().await
}

async fn fetch(inputs: &Sender<Input>) -> Option<Health> {
    let (sender, receiver) = channel::bounded(1);
    inputs.send(Input::Health(sender)).await.ok()?;
    receiver.recv().await.ok().map(|health| *health)
}

async fn ask(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut head = [0; MAX_HEAD];
    let mut filled = 0;
    loop {
        let space = head.get_mut(filled..).unwrap_or_default();
        if space.is_empty() {
            return Ok(Asked::Nonsense);
        }
        let read = stream.read(space).await?;
        filled += read;
        match understand(head.get(..filled).unwrap_or_default()) {
            Some(asked) => return Ok(asked),
            None if read == 0 => return Ok(Asked::Nonsense),
            None => {}
        }
    }
}

/// What a head asks for; `None` while it is not complete.
fn understand(head: &[u8]) -> Option<Asked> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => None,
        Err(_) => Some(Asked::Nonsense),
        Ok(httparse::Status::Complete(_)) => Some(match (request.method, request.path) {
            (Some("GET"), Some("/health")) => Asked::Health,
            (Some("GET"), _) => Asked::NotFound,
            _ => Asked::NotAllowed,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, understand};

    #[test]
    fn only_a_get_of_the_health_is_served() {
        let cases: [(&str, Option<Asked>); 8] = [
            ("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", Some(Asked::Health)),
            ("GET /health HTTP/1.0\r\n\r\n", Some(Asked::Health)),
            ("GET / HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("GET /health/../x HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("POST /health HTTP/1.1\r\n\r\n", Some(Asked::NotAllowed)),
            ("GET /health HTTP/1.1\r\n", None),
            ("", None),
            ("\u{1}\u{2}\r\n\r\n", Some(Asked::Nonsense)),
        ];
        for (head, asked) in cases {
            assert_eq!(understand(head.as_bytes()), asked, "{head:?}");
        }
    }
}
