//! What the status endpoint answers with.
//! Promises: an answer is written in pieces of a few kilobytes; a question that is not understood
//! costs nothing; nothing that is asked changes anything.
//! Knows nothing of who may ask and for how long.

use std::{cell::RefCell, io, rc::Rc};

use smol::{
    channel::{self, Sender},
    io::AsyncWriteExt as _,
    net::TcpStream,
};

use super::input::Input;
use crate::{
    observe::{
        health::{Health, MAX_JSON, Status},
        history::{Cursor, EVENTS, History, SECONDS},
        metrics,
    },
    os::clock,
};

/// Header lines of a request.
const MAX_HEADERS: usize = 32;

const JSON: &str = "application/json";
/// It takes nothing from anywhere else, and nobody may put it into a page of theirs.
const HTML: &str = "text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'; \
                    style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                    img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The page for people.
const PAGE: &[u8] = include_bytes!("page.html");
/// The version is part of what Prometheus asks for.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What there is, for those who ask for something else.
const NOT_FOUND: &str =
    "{\"error\":\"there is /, /health, /metrics and /history?seconds=N&events=N\"}\n";

/// What the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Page,
    Health,
    Metrics,
    /// Of the last so many seconds, and so many of the last events.
    History {
        seconds: u64,
        events: u64,
    },
    NotFound,
    NotAllowed,
    Nonsense,
}

/// Where answers come from.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) inputs: Sender<Input>,
    pub(super) history: Rc<RefCell<History>>,
}

impl Desk {
    /// Answers a question.
    pub(super) async fn answer(&self, asked: Asked, to: &mut TcpStream) -> io::Result<()> {
        match asked {
            Asked::Page => whole(to, "200 OK", HTML, PAGE).await,
            Asked::Health => self.health(to).await,
            Asked::Metrics => self.metrics(to).await,
            Asked::History { seconds, events } => self.history(seconds, events, to).await,
            Asked::NotFound => whole(to, "404 Not Found", JSON, NOT_FOUND.as_bytes()).await,
            Asked::NotAllowed => {
                let body = b"{\"error\":\"only GET\"}\n";
                whole(to, "405 Method Not Allowed\r\nAllow: GET", JSON, body).await
            }
            Asked::Nonsense => {
                whole(to, "400 Bad Request", JSON, b"{\"error\":\"not HTTP\"}\n").await
            }
        }
    }

    async fn health(&self, to: &mut TcpStream) -> io::Result<()> {
        let Some(health) = self.fetch().await else { return gone(to).await };
        let status = match health.status {
            Status::Healthy => "200 OK",
            Status::Degraded | Status::Starting => "503 Service Unavailable",
        };
        let mut buffer = vec![0; MAX_JSON];
        let body = health.to_json(&mut buffer).unwrap_or_default();
        whole(to, status, JSON, body).await
    }

    async fn metrics(&self, to: &mut TcpStream) -> io::Result<()> {
        let Some(health) = self.fetch().await else { return gone(to).await };
        let mut body = String::new();
        metrics::write(&health, &mut body);
        whole(to, "200 OK", METRICS, body.as_bytes()).await
    }

    /// It is read between two pieces only, and never held while one travels.
    async fn history(&self, seconds: u64, events: u64, to: &mut TcpStream) -> io::Result<()> {
        to.write_all(head("200 OK", JSON, None).as_bytes()).await?;
        let now = clock::now();
        let mut next = Some(Cursor::of_last(&self.history.borrow(), seconds, events, now));
        let mut page = String::new();
        while let Some(cursor) = next {
            page.clear();
            next = self.history.borrow().page(cursor, now, &mut page);
            to.write_all(page.as_bytes()).await?;
        }
        Ok(())
    }

    async fn fetch(&self) -> Option<Box<Health>> {
        let (sender, receiver) = channel::bounded(1);
        self.inputs.send(Input::Health(sender)).await.ok()?;
        receiver.recv().await.ok()
    }
}

/// The daemon ends.
async fn gone(to: &mut TcpStream) -> io::Result<()> {
    whole(to, "503 Service Unavailable", JSON, b"{\"error\":\"ending\"}\n").await
}

async fn whole(to: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    to.write_all(head(status, kind, Some(body.len())).as_bytes()).await?;
    to.write_all(body).await
}

/// Without a length the answer lasts until the connection ends; JSON shows whether it is whole.
fn head(status: &str, kind: &str, length: Option<usize>) -> String {
    let length = length.map_or(String::new(), |length| format!("Content-Length: {length}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{length}Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
}

/// What a head asks for; `None` while it is not complete.
pub(super) fn understand(head: &[u8]) -> Option<Asked> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => None,
        Err(_) => Some(Asked::Nonsense),
        Ok(httparse::Status::Complete(_)) => Some(match (request.method, request.path) {
            (Some("GET"), Some(path)) => page(path),
            _ => Asked::NotAllowed,
        }),
    }
}

fn page(path: &str) -> Asked {
    match path.split_once('?') {
        None if path == "/" => Asked::Page,
        None if path == "/health" => Asked::Health,
        None if path == "/metrics" => Asked::Metrics,
        None if path == "/history" => history("").unwrap_or(Asked::NotFound),
        Some(("/history", query)) => history(query).unwrap_or(Asked::NotFound),
        Some(_) | None => Asked::NotFound,
    }
}

/// How much of the history; all of it unless something else is asked for.
fn history(query: &str) -> Option<Asked> {
    let all = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let (mut seconds, mut events) = (all(SECONDS), all(EVENTS));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("seconds", number) => seconds = number.parse().ok()?,
            ("events", number) => events = number.parse().ok()?,
            _ => return None,
        }
    }
    Some(Asked::History { seconds, events })
}

#[cfg(test)]
mod tests {
    use super::{Asked, understand};

    #[test]
    fn only_gets_of_what_there_is_are_served() {
        let history = |seconds, events| Some(Asked::History { seconds, events });
        let cases: [(&str, Option<Asked>); 17] = [
            ("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", Some(Asked::Health)),
            ("GET / HTTP/1.1\r\n\r\n", Some(Asked::Page)),
            ("GET /health HTTP/1.0\r\n\r\n", Some(Asked::Health)),
            ("GET /metrics HTTP/1.1\r\n\r\n", Some(Asked::Metrics)),
            ("GET /history HTTP/1.1\r\n\r\n", history(3_600, 256)),
            ("GET /history?seconds=90 HTTP/1.1\r\n\r\n", history(90, 256)),
            ("GET /history?events=4&seconds=0 HTTP/1.1\r\n\r\n", history(0, 4)),
            ("GET /history?seconds=-1 HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("GET /history?seconds=99999999999999999999 HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("GET /history?x=90 HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("GET /health?x HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
            ("GET /nothing HTTP/1.1\r\n\r\n", Some(Asked::NotFound)),
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
