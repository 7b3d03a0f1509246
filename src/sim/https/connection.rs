//! One connection to the simulated router, from its first byte to its end.
//! Promises: answers requests one by one, and suffers the fate the router gives each.
//! Knows nothing of listening.

use std::{io, time::Duration};

use futures_rustls::TlsAcceptor;
use smol::{
    Timer,
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    face::{Face, Tls},
    http::{self, Connection, Head, Parsed},
    log::Logged,
};
use crate::{
    control::time::{Instant, Span},
    sim::routeros::{Down, Fate, Request, Response},
};

/// The pause between two bytes of an answer that drips.
const DRIP: Duration = Duration::from_millis(50);

/// Serves a connection until either side ends it.
pub(super) async fn serve<C: Fn() -> Instant>(stream: TcpStream, face: &Face<C>) -> io::Result<()> {
    match face.down() {
        Some(Down::Refuse | Down::Reset) => return Ok(()),
        Some(Down::BlackHole) => return swallow(stream).await,
        Some(Down::AnswerLost | Down::AnswerCut | Down::AnswerDrips) | None => {}
    }
    match face.tls() {
        Tls::Plain => speak(stream, face).await,
        Tls::Certificate(config) => {
            let stream = TlsAcceptor::from(config).accept(stream).await?;
            // A TLS session is large; on the heap it does not bloat every task.
            Box::pin(speak(stream, face)).await
        }
    }
}

/// Reads without ever answering, until the client gives up.
async fn swallow(mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut bytes = [0; 512];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

async fn speak<C: Fn() -> Instant>(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    face: &Face<C>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        if bytes.is_empty() && read_some(&mut stream, &mut bytes, 1).await? == 0 {
            return Ok(());
        }
        match face.down() {
            // All but one byte of a plain request is still unread in the kernel; closing then
            // makes it send a reset instead of a clean end.
            Some(Down::Refuse | Down::Reset) => return Ok(()),
            Some(Down::BlackHole) => return swallow(stream).await,
            Some(Down::AnswerLost | Down::AnswerCut | Down::AnswerDrips) | None => {}
        }
        let Some(head) = read_head(&mut stream, &mut bytes).await? else {
            return stream.write_all(http::BAD_REQUEST).await;
        };
        let end = head.length.saturating_add(head.body_length);
        while let missing @ 1.. = end.saturating_sub(bytes.len()) {
            if read_some(&mut stream, &mut bytes, missing).await? == 0 {
                return Ok(());
            }
        }
        let rest = bytes.split_off(end);
        let response = ask(face, &head, &bytes);
        bytes = rest;
        match deliver(&mut stream, &head, &response).await? {
            Connection::KeepAlive => {}
            Connection::Close => return Ok(()),
        }
    }
}

/// Reads until a whole head is there; `None` if none will ever be.
async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
) -> io::Result<Option<Head>> {
    loop {
        match http::parse(bytes) {
            Parsed::Head(head) => return Ok(Some(head)),
            Parsed::Bad => return Ok(None),
            Parsed::Partial => {
                if read_some(stream, bytes, http::MAX_HEAD).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    }
}

/// Reads up to `most` more bytes; zero at the end of the stream.
async fn read_some(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
    most: usize,
) -> io::Result<usize> {
    let mut chunk = [0; 1_024];
    let room = most.min(chunk.len());
    let count = stream.read(chunk.get_mut(..room).unwrap_or_default()).await?;
    bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
    Ok(count)
}

fn ask<C: Fn() -> Instant>(face: &Face<C>, head: &Head, bytes: &[u8]) -> Response {
    let now = face.now();
    let response = face.router().handle(
        now,
        &Request {
            method: &head.method,
            target: &head.target,
            authorization: head.authorization.as_deref(),
            content_type: head.content_type.as_deref(),
            body: bytes.get(head.length..).unwrap_or_default(),
        },
    );
    face.log.push(Logged {
        at: now,
        method: head.method.clone(),
        target: head.target.clone(),
        status: response.status,
        fate: response.fate,
    });
    response
}

/// Lets the client see what it is to see, in its time.
async fn deliver(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    head: &Head,
    response: &Response,
) -> io::Result<Connection> {
    let bytes = http::answer(head, response);
    if response.delay > Span::ZERO {
        Timer::after(Duration::from_micros(response.delay.as_micros())).await;
    }
    match response.fate {
        Fate::Answer => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            return Ok(head.connection);
        }
        Fate::Cut => {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            stream.write_all(half).await?;
            stream.flush().await?;
        }
        Fate::Drip => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                Timer::after(DRIP).await;
            }
            return Ok(head.connection);
        }
        Fate::BlackHole => swallow(stream).await?,
        Fate::Refuse | Fate::Reset => {}
    }
    Ok(Connection::Close)
}
