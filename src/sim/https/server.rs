//! Listening for the simulated router, and the handle to it.
//! Promises: listens exactly while the router does not refuse, serves a bounded number of
//! connections, and ends with all its sockets when the handle goes.
//! Knows nothing of HTTP.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener as Listener},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use async_io::Async;
use smol::{
    LocalExecutor, Timer,
    channel::{Receiver, Sender},
    future,
    net::{TcpListener, TcpStream},
};

use super::{
    connection,
    face::{Face, Tls},
    log::RequestLog,
};
use crate::{
    control::time::Instant,
    sim::routeros::{Down, RouterOs},
};

/// The most connections at a time; more are closed as soon as they are accepted. RouterOS allows
/// 20 sessions per service by default.
const MAX_CONNECTIONS: usize = 20;

/// How soon the listener follows the router's refusing and its end.
const FOLLOW: Duration = Duration::from_millis(10);

/// A handle to a server. When it is dropped, the server ends and closes all its sockets.
#[derive(Debug)]
pub struct RouterServer {
    address: SocketAddr,
    tls: Arc<Mutex<Tls>>,
    log: RequestLog,
    /// Closed by being dropped, which is how the server learns of the end.
    running: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl RouterServer {
    /// A free port of the loopback interface.
    pub const LOCAL: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

    /// Listens at `address`; what is returned beside the handle must be run on an executor.
    pub fn bind<C: Fn() -> Instant + Clone + 'static>(
        address: SocketAddr,
        router: Arc<Mutex<RouterOs>>,
        tls: Tls,
        clock: C,
    ) -> io::Result<(Self, impl Future<Output = ()> + 'static)> {
        let (handle, listener, stopped) = Self::listen(address, tls)?;
        let face = handle.face(router, clock);
        Ok((handle, run(listener, face, stopped)))
    }

    /// Listens at `address` and serves on a thread of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's client blocks its own thread, so the simulated server needs another"
    )]
    pub fn spawn_thread<C: Fn() -> Instant + Clone + Send + 'static>(
        address: SocketAddr,
        router: Arc<Mutex<RouterOs>>,
        tls: Tls,
        clock: C,
    ) -> io::Result<Self> {
        let (mut handle, listener, stopped) = Self::listen(address, tls)?;
        let face = handle.face(router, clock);
        handle.thread = Some(thread::spawn(move || smol::block_on(run(listener, face, stopped))));
        Ok(handle)
    }

    fn listen(address: SocketAddr, tls: Tls) -> io::Result<(Self, Listener, Receiver<Infallible>)> {
        let listener = Listener::bind(address)?;
        let (running, stopped) = smol::channel::bounded(1);
        let handle = Self {
            address: listener.local_addr()?,
            tls: Arc::new(Mutex::new(tls)),
            log: RequestLog::default(),
            running: Some(running),
            thread: None,
        };
        Ok((handle, listener, stopped))
    }

    fn face<C>(&self, router: Arc<Mutex<RouterOs>>, clock: C) -> Face<C> {
        Face { router, tls: Arc::clone(&self.tls), clock, log: self.log.clone() }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, as a configuration would have it.
    pub fn url(&self) -> String {
        let tls = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        let scheme = match &*tls {
            Tls::Plain => "http",
            Tls::Certificate(_) => "https",
        };
        format!("{scheme}://{}", self.address)
    }

    /// What was asked of it.
    pub const fn log(&self) -> &RequestLog {
        &self.log
    }

    /// Shows another certificate, or none, to new connections.
    pub fn change_tls(&self, tls: Tls) {
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = tls;
    }
}

impl Drop for RouterServer {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

/// Serves until the handle is gone. Dropping the executor drops every connection.
async fn run<C: Fn() -> Instant + Clone + 'static>(
    listener: Listener,
    face: Face<C>,
    stopped: Receiver<Infallible>,
) {
    let executor = LocalExecutor::new();
    let accepting = async {
        // Without a listener there is nothing to serve; clients see refused connections.
        let _ = accept_all(listener, &face, &executor).await;
    };
    let end = async {
        // Nothing is ever sent; the channel just closes.
        let _ = stopped.recv().await;
    };
    executor.run(future::or(accepting, end)).await;
}

/// Accepts connections, and follows the router between listening and refusing.
async fn accept_all<C: Fn() -> Instant + Clone + 'static>(
    listener: Listener,
    face: &Face<C>,
    executor: &LocalExecutor<'static>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut listening = Some(TcpListener::from(Async::new(listener)?));
    let open = Rc::new(());
    loop {
        if face.down() == Some(Down::Refuse) {
            listening = None;
        } else if listening.is_none() {
            // Fails while the port is taken; the next round tries again.
            listening = TcpListener::bind(address).await.ok();
        }
        let Some(stream) = accept(listening.as_ref()).await else { continue };
        face.log.connected();
        let token = Rc::clone(&open);
        if Rc::strong_count(&open) > MAX_CONNECTIONS + 1 {
            continue;
        }
        let face = face.clone();
        let serving = async move {
            // An error of one connection is its own end, and nobody else's business.
            let _ = connection::serve(stream, &face).await;
            drop(token);
        };
        executor.spawn(serving).detach();
    }
}

/// The next connection, if one comes within [`FOLLOW`].
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let timeout = async {
        Timer::after(FOLLOW).await;
        None
    };
    match listener {
        Some(listener) => {
            let accepting = async {
                match listener.accept().await {
                    Ok((stream, _)) => Some(stream),
                    // Out of file descriptors, say: wait for the timeout instead of spinning.
                    Err(_) => future::pending().await,
                }
            };
            future::or(accepting, timeout).await
        }
        None => timeout.await,
    }
}
