//! Asks the daemon over HTTP.
//! Promises: two seconds at most for a whole answer; what is not wanctl's is not taken for it.
//! Knows nothing of how the answer is shown.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use heapless::Vec;
use serde::Deserialize;

use crate::{
    control::{engine::MAX_WANS, time::Span},
    observe::health::{Health, LongText, MAX_JSON, Text},
    os::clock,
};

/// For connecting, for the request, and for the whole answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The answer's head, besides the body.
const MAX_HEAD: usize = 4 * 1024;
/// Seconds asked for at the most: more than a sparkline has columns.
const MAX_SECONDS: usize = 64;
/// Events asked for.
pub(super) const MAX_EVENTS: usize = 4;
/// A row of the history takes less than this, in bytes; an event no more than four of them.
const MAX_ROW: usize = 120;

/// The newest part of the history.
#[derive(Debug, Deserialize)]
pub(super) struct Recent {
    /// Seconds since the start.
    pub(super) now: u64,
    pub(super) wans: Vec<RecentWan, MAX_WANS>,
    pub(super) events: Vec<Event, MAX_EVENTS>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecentWan {
    pub(super) name: Text,
    pub(super) samples: Vec<Option<Row>, { MAX_SECONDS + 2 }>,
}

/// The fields as the daemon names them.
pub(super) type Row = [Option<f32>; 9];

#[derive(Debug, Deserialize)]
pub(super) struct Event {
    /// Seconds since the start.
    pub(super) at: u64,
    pub(super) text: LongText,
}

/// The health, as it was sent and understood; `None`: who answers is not wanctl.
pub(super) fn health(at: SocketAddr) -> io::Result<Option<(std::vec::Vec<u8>, Health)>> {
    let answer = ask(at, "/health", MAX_JSON)?;
    let body = body(&answer);
    Ok(body.and_then(|body| Some((body.to_vec(), Health::from_json(body)?))))
}

/// The last seconds; `None` if there is nothing to be had.
pub(super) fn recent(at: SocketAddr, seconds: usize) -> Option<Box<Recent>> {
    let path = format!("/history?seconds={seconds}&events={MAX_EVENTS}");
    let room = MAX_ROW * (MAX_WANS * (MAX_SECONDS + 2) + 4 * MAX_EVENTS);
    let answer = ask(at, &path, room).ok()?;
    let mut scratch = [0; 2_048];
    let recent = serde_json_core::from_slice_escaped(body(&answer)?, &mut scratch).ok()?;
    Some(Box::new(recent.0))
}

fn ask(address: SocketAddr, path: &str, room: usize) -> io::Result<std::vec::Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: wanctl\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let by = clock::now() + Span::from_micros(u64::try_from(TIMEOUT.as_micros()).unwrap_or(0));
    let mut answer = vec![0; MAX_HEAD + room];
    let mut filled = 0;
    loop {
        let left = by.since(clock::now());
        if left == Span::ZERO {
            return Err(slow());
        }
        stream.set_read_timeout(Some(Duration::from_micros(left.as_micros())))?;
        let read = stream.read(answer.get_mut(filled..).unwrap_or_default()).map_err(named)?;
        filled += read;
        // Nothing is read into no room either.
        if read == 0 {
            answer.truncate(filled);
            return Ok(answer);
        }
    }
}

/// The system calls a time-out "temporarily unavailable".
fn named(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { slow() } else { error }
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no whole answer within {TIMEOUT:?}"))
}

fn body(answer: &[u8]) -> Option<&[u8]> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer).ok()? else { return None };
    answer.get(head..)
}
