//! A proxy between the daemon and its router that spoils what the router answers, below TLS.
//! Promises: passes everything on as it is unless told otherwise; when it is dropped, every socket
//! is closed. Knows nothing of TLS, HTTP or routers.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener as Listener},
    os::fd::AsRawFd as _,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use async_io::Async;
use smol::{
    LocalExecutor, Timer,
    channel::{Receiver, Sender},
    future,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Between two bytes that drip, and between two looks at the mischief while nothing may pass.
const PAUSE: Duration = Duration::from_millis(50);

/// How soon listening and open connections follow what is wished.
const FOLLOW: Duration = Duration::from_millis(10);

/// What happens to the bytes that the router sends. Those that the daemon sends always arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Nobody listens, and open connections are reset.
    Refuse,
    /// Nobody takes note of who wants to connect, and open connections are reset: packets are lost.
    Deaf,
    /// So many more bytes of each connection arrive, then it is reset.
    ResetAfter(usize),
    /// So many more arrive, then it is closed.
    CloseAfter(usize),
    /// So many more arrive, then nothing does.
    StallAfter(usize),
    /// They arrive one by one, 50 ms apart.
    Drip,
    /// Other ones arrive.
    Noise,
}

/// What is wished now.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    mischief: Option<Mischief>,
    /// New with each mischief.
    number: u64,
    /// New whenever the open connections are to end.
    cuts: u64,
}

type Shared = Arc<Mutex<Wish>>;

/// A running proxy; it ends with this value.
pub struct Proxy {
    address: SocketAddr,
    wish: Shared,
    /// Closed by being dropped, which is how the thread learns of the end.
    running: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Leads to `router`.
    #[expect(clippy::disallowed_methods, reason = "the test blocks its own thread")]
    pub fn start(router: SocketAddr) -> Self {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (running, stopped) = smol::channel::bounded(1);
        let wish = Shared::default();
        let shared = Arc::clone(&wish);
        let thread =
            std::thread::spawn(move || smol::block_on(run(listener, router, shared, stopped)));
        Self { address, wish, running: Some(running), thread: Some(thread) }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins a mischief, or ends it (`None`), also on connections that are open.
    pub fn set(&self, mischief: Option<Mischief>) {
        let mut wish = self.wish.lock().unwrap();
        wish.mischief = mischief;
        wish.number += 1;
        let cuts = matches!(mischief, Some(Mischief::Refuse | Mischief::Deaf));
        wish.cuts += u64::from(cuts);
    }

    /// Resets all connections that are open.
    pub fn cut(&self) {
        self.wish.lock().unwrap().cuts += 1;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

async fn run(listener: Listener, router: SocketAddr, wish: Shared, stopped: Receiver<Infallible>) {
    let executor = LocalExecutor::new();
    let end = async {
        // Nothing is ever sent; the channel just closes.
        let _ = stopped.recv().await;
    };
    executor.run(future::or(accept_all(listener, router, &wish, &executor), end)).await;
}

/// Accepts connections while it is not to refuse them.
async fn accept_all(
    listener: Listener,
    router: SocketAddr,
    wish: &Shared,
    executor: &LocalExecutor<'static>,
) {
    let address = listener.local_addr().unwrap();
    let mut listening = Some(TcpListener::from(Async::new(listener).unwrap()));
    // What fills the queue of a listener that is deaf.
    let mut filler = None;
    loop {
        let mischief = wish.lock().unwrap().mischief;
        if mischief == Some(Mischief::Refuse) {
            listening = None;
        } else if listening.is_none() {
            // Fails while the port is taken; the next round tries again.
            listening = TcpListener::bind(address).await.ok();
        }
        match (mischief, &listening) {
            (Some(Mischief::Deaf), Some(listener)) => {
                if filler.is_none() {
                    queue(listener, 0);
                    filler = TcpStream::connect(address).await.ok();
                }
                Timer::after(FOLLOW).await;
                continue;
            }
            (_, Some(listener)) if filler.take().is_some() => queue(listener, 128),
            (_, _) => {}
        }
        let accepting = async {
            match &listening {
                Some(listener) => listener.accept().await.ok(),
                None => future::pending().await,
            }
        };
        let Some(Some((client, _))) = in_time(accepting).await else { continue };
        let wish = Arc::clone(wish);
        let passing = async move {
            if let Ok(router) = TcpStream::connect(router).await {
                pass(client, router, wish).await;
            }
        };
        executor.spawn(passing).detach();
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    let timeout = async {
        Timer::after(FOLLOW).await;
        None
    };
    future::or(async { Some(work.await) }, timeout).await
}

/// Passes bytes between the two until one of them ends, and then closes both.
async fn pass(client: TcpStream, router: TcpStream, wish: Shared) {
    let cuts = wish.lock().unwrap().cuts;
    let up = async {
        // Whichever side fails, the connection ends with it.
        let _ = smol::io::copy(client.clone(), router.clone()).await;
        End::Close
    };
    let down = async { answers(&router, &client, &wish).await.unwrap_or(End::Close) };
    let cut = async {
        while wish.lock().unwrap().cuts == cuts {
            Timer::after(FOLLOW).await;
        }
        End::Reset
    };
    if future::or(up, future::or(down, cut)).await == End::Reset {
        reset_at_close(&client);
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
}

/// Takes the router's bytes to the client, in the state in which the mischief leaves them.
async fn answers(router: &TcpStream, client: &TcpStream, wish: &Shared) -> io::Result<End> {
    let (mut router, mut client) = (router.clone(), client.clone());
    let mut chunk = [0; 4_096];
    let (mut passed, mut number) = (0, 0);
    loop {
        let length = router.read(&mut chunk).await?;
        if length == 0 {
            return Ok(End::Close);
        }
        let mut rest = &mut chunk[..length];
        while !rest.is_empty() {
            let Wish { mischief, number: newest, .. } = *wish.lock().unwrap();
            if newest != number {
                (passed, number) = (0, newest);
            }
            let (count, end) = share(mischief, passed, rest.len());
            if mischief == Some(Mischief::Noise) {
                rest.fill_with(|| fastrand::u8(..));
            }
            client.write_all(&rest[..count]).await?;
            passed += count;
            rest = &mut rest[count..];
            match end {
                Some(end) => return Ok(end),
                None if count == 0 || mischief == Some(Mischief::Drip) => {
                    Timer::after(PAUSE).await;
                }
                None => {}
            }
        }
    }
}

/// How many of so many bytes arrive now, when so many have; and whether that is the end.
fn share(mischief: Option<Mischief>, passed: usize, waiting: usize) -> (usize, Option<End>) {
    let left = |most: usize| most.saturating_sub(passed).min(waiting);
    let ends = |most, end| (left(most), (left(most) < waiting).then_some(end));
    match mischief {
        None | Some(Mischief::Noise) => (waiting, None),
        Some(Mischief::Refuse | Mischief::Deaf) => (0, Some(End::Reset)),
        Some(Mischief::Drip) => (1, None),
        Some(Mischief::ResetAfter(most)) => ends(most, End::Reset),
        Some(Mischief::CloseAfter(most)) => ends(most, End::Close),
        Some(Mischief::StallAfter(most)) => (left(most), None),
    }
}

/// Lets so many connections and one more wait to be accepted; the kernel drops what asks for others.
#[expect(unsafe_code, reason = "the standard library does not let one choose")]
fn queue(listener: &TcpListener, length: libc::c_int) {
    // SAFETY: takes numbers only; the descriptor is open.
    let result = unsafe { libc::listen(listener.as_raw_fd(), length) };
    assert_eq!(result, 0, "listen: {}", io::Error::last_os_error());
}

/// The next close of the socket resets the connection.
#[expect(unsafe_code, reason = "the standard library cannot set this option yet")]
fn reset_at_close(stream: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let size = libc::socklen_t::try_from(size_of::<libc::linger>()).unwrap();
    // SAFETY: the descriptor is open, and the value is of the type and size that the option has.
    let result = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size,
        )
    };
    assert_eq!(result, 0, "SO_LINGER: {}", io::Error::last_os_error());
}
