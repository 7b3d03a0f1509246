//! The status endpoint: who may ask, how much and for how long.
//! Promises: at most [`MAX_CONNECTIONS`] clients, each with two seconds and two kilobytes; a slow
//! or hostile one costs nothing else.
//! Knows nothing of what is asked and answered.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use log::{info, warn};
use smol::{
    LocalExecutor, Timer,
    channel::Receiver,
    future,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::pages::{Asked, Desk, understand};

/// Clients served at a time; more are turned away.
const MAX_CONNECTIONS: usize = 4;
/// Bytes of a request's head.
const MAX_HEAD: usize = 2 * 1024;
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
    desk: Desk,
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
        let desk = desk.clone();
        let client = async move {
            let _place = place;
            let serve = async {
                // A client that goes away is its own business.
                let _ = answer(stream, &desk).await;
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

async fn answer(mut stream: TcpStream, desk: &Desk) -> std::io::Result<()> {
    let asked = ask(&mut stream).await?;
    desk.answer(asked, &mut stream).await?;
    stream.close().await
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
