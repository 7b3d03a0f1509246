//! A scripted HTTP server on 127.0.0.1, on the test's own executor.
//! Promises: one act of the script per request, in order; every request is logged, also those
//! that the script has no act for.
//! Knows nothing of RouterOS.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    rc::{Rc, Weak},
    time::Duration,
};

use smol::{
    LocalExecutor, Timer,
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the server does about one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with this status and body, and keeps the connection.
    Answer(u16, Vec<u8>),
    /// Sends these bytes as they are and keeps the connection.
    Raw(Vec<u8>),
    /// Sends these bytes and closes the connection in order.
    RawThenClose(Vec<u8>),
    /// Leaves the request unread, sends these bytes and closes, which resets the connection.
    RawThenReset(Vec<u8>),
    /// Sends these bytes one by one, 20 ms apart.
    Drip(Vec<u8>),
    /// Sends these bytes after 160 ms, and keeps the connection.
    Slow(Vec<u8>),
    /// Sends these bytes and then nothing more, for as long as the client likes.
    RawThenSilence(Vec<u8>),
    /// Answers, and closes the connection after that, without saying so in the answer.
    AnswerThenClose(u16, Vec<u8>),
}

impl Act {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, body.as_bytes().to_vec())
    }
}

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Number of the connection, from 0.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Method and target, the latter without its query.
    pub(crate) fn line(&self) -> String {
        let path = self.target.split('?').next().unwrap();
        format!("{} {path}", self.method)
    }
}

/// What server and test share.
#[derive(Default)]
struct Shared {
    script: VecDeque<Act>,
    seen: Vec<Seen>,
    /// Connections accepted.
    connections: usize,
    /// Connections that the client has closed.
    closed: usize,
}

/// A running server; it ends with the executor.
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Rc<RefCell<Shared>>,
}

/// Turns an accepted connection into the stream that HTTP is spoken on.
pub(crate) trait Accept: 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin;
    async fn accept(&self, stream: TcpStream) -> io::Result<Self::Stream>;
}

/// Plain HTTP.
pub(crate) struct Plain;

impl Accept for Plain {
    type Stream = TcpStream;

    async fn accept(&self, stream: TcpStream) -> io::Result<TcpStream> {
        Ok(stream)
    }
}

impl Server {
    pub(crate) async fn start(
        executor: &Rc<LocalExecutor<'static>>,
        accept: impl Accept,
        script: Vec<Act>,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Rc::new(RefCell::new(Shared { script: script.into(), ..Shared::default() }));
        let listening = listen(listener, accept, Rc::clone(&shared), Rc::downgrade(executor));
        executor.spawn(listening).detach();
        Self { port, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.borrow().seen.clone()
    }

    /// Method and path of all requests so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.borrow().connections
    }

    /// Waits until all connections so far have ended.
    pub(crate) async fn all_closed(&self) {
        let open = || {
            let shared = self.shared.borrow();
            shared.closed < shared.connections
        };
        while open() {
            smol::future::yield_now().await;
        }
    }
}

async fn listen(
    listener: TcpListener,
    accept: impl Accept,
    shared: Rc<RefCell<Shared>>,
    executor: Weak<LocalExecutor<'static>>,
) {
    let accept = Rc::new(accept);
    while let (Ok((stream, _)), Some(executor)) = (listener.accept().await, executor.upgrade()) {
        let number = shared.borrow().connections;
        shared.borrow_mut().connections += 1;
        let (accept, shared) = (Rc::clone(&accept), Rc::clone(&shared));
        let connection = async move {
            if let Ok(stream) = accept.accept(stream).await {
                // The client's faults show in the client.
                let _ = serve(stream, number, &shared).await;
            }
            shared.borrow_mut().closed += 1;
        };
        executor.spawn(connection).detach();
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    connection: usize,
    shared: &Rc<RefCell<Shared>>,
) -> io::Result<()> {
    loop {
        let mut first = [0];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        let next = shared.borrow().script.front().cloned();
        if let Some(Act::RawThenReset(bytes)) = next {
            shared.borrow_mut().script.pop_front();
            return stream.write_all(&bytes).await;
        }
        let seen = request(&mut stream, connection, first[0]).await?;
        shared.borrow_mut().seen.push(seen);
        let act = shared.borrow_mut().script.pop_front();
        let more = perform(&mut stream, act).await?;
        stream.flush().await?;
        if !more {
            return stream.close().await;
        }
    }
}

/// Carries out an act; `false` if the connection ends with it.
async fn perform(
    stream: &mut (impl AsyncWrite + AsyncRead + Unpin),
    act: Option<Act>,
) -> io::Result<bool> {
    match act {
        None | Some(Act::RawThenReset(_)) => {
            stream.write_all(&answer(599, b"the script has ended")).await?;
        }
        Some(Act::Answer(status, body)) => stream.write_all(&answer(status, &body)).await?,
        Some(Act::Raw(bytes)) => stream.write_all(&bytes).await?,
        Some(Act::RawThenClose(bytes)) => {
            stream.write_all(&bytes).await?;
            return Ok(false);
        }
        Some(Act::AnswerThenClose(status, body)) => {
            stream.write_all(&answer(status, &body)).await?;
            return Ok(false);
        }
        Some(Act::Drip(bytes)) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                Timer::after(Duration::from_millis(20)).await;
            }
        }
        Some(Act::Slow(bytes)) => {
            Timer::after(Duration::from_millis(160)).await;
            stream.write_all(&bytes).await?;
        }
        Some(Act::RawThenSilence(bytes)) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            // Ends when the client closes.
            while stream.read(&mut [0; 64]).await? > 0 {}
            return Ok(false);
        }
    }
    Ok(true)
}

/// An answer as RouterOS sends it.
pub(crate) fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn request(
    stream: &mut (impl AsyncRead + Unpin),
    connection: usize,
    first: u8,
) -> io::Result<Seen> {
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        head.push(byte[0]);
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(&head).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers: Vec<_> = parsed
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
        .collect();
    let (method, target) = (parsed.method.unwrap().to_owned(), parsed.path.unwrap().to_owned());
    let mut seen = Seen { connection, method, target, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    seen.body = text(&body);
    Ok(seen)
}
