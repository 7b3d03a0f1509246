//! HTTP/1.1 as far as REST needs it: request heads in, answers out.
//! Promises: never holds more than [`MAX_HEAD`] and [`MAX_BODY`] of a request.
//! Knows nothing of routers, and no sockets.

use crate::sim::routeros::{Response, reason};

/// The longest request head, in bytes; whoever sends more is cut off.
pub(super) const MAX_HEAD: usize = 8_192;

/// The longest request body, in bytes; whoever announces more is cut off.
pub(super) const MAX_BODY: usize = 65_536;

/// The most header lines of a request.
const MAX_HEADERS: usize = 48;

/// Whether a connection goes on after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    KeepAlive,
    Close,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) connection: Connection,
    /// Bytes of the head itself, with the empty line.
    pub(super) length: usize,
    /// Bytes of the body.
    pub(super) body_length: usize,
}

/// What the bytes read so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// The beginning of a head.
    Partial,
    /// A head.
    Head(Head),
    /// Nothing that can be answered: no HTTP, too long, or a body without a length.
    Bad,
}

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Parsed::Partial,
        Ok(httparse::Status::Partial) | Err(_) => return Parsed::Bad,
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::to_owned)
    };
    let body_length = header("content-length").map_or(Ok(0), |length| length.trim().parse());
    let (Some(method), Some(target), Ok(body_length)) = (request.method, request.path, body_length)
    else {
        return Parsed::Bad;
    };
    if header("transfer-encoding").is_some() || body_length > MAX_BODY {
        return Parsed::Bad;
    }
    let close = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Parsed::Head(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        connection: if close || request.version != Some(1) {
            Connection::Close
        } else {
            Connection::KeepAlive
        },
        length,
        body_length,
    })
}

/// The bytes of an answer.
pub(super) fn answer(head: &Head, response: &Response) -> Vec<u8> {
    let challenge = match response.status {
        401 => "WWW-Authenticate: Basic realm=\"RouterOS\"\r\n",
        _ => "",
    };
    let connection = match head.connection {
        Connection::KeepAlive => "keep-alive",
        Connection::Close => "close",
    };
    // The answer to HEAD announces a body but has none.
    let body = if head.method == "HEAD" { "" } else { &response.body };
    format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{challenge}\
         Connection: {connection}\r\n\r\n{body}",
        response.status,
        reason(response.status),
        response.content_type,
        response.body.len(),
    )
    .into_bytes()
}

/// The answer to what is no request.
pub(super) const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::{Connection, MAX_HEAD, Parsed, parse};

    #[test]
    fn a_head_is_recognised_once_it_is_complete() {
        let text = b"PATCH /rest/queue/tree/*1 HTTP/1.1\r\nContent-Type: application/json\r\n\
                     content-length: 2\r\n\r\n{}";
        for cut in 0..text.len() - 2 {
            assert_eq!(parse(&text[..cut]), Parsed::Partial, "{cut}");
        }
        let Parsed::Head(head) = parse(text) else { panic!() };
        assert_eq!((head.length, head.body_length), (text.len() - 2, 2));
        assert_eq!(head.connection, Connection::KeepAlive);
        assert_eq!(head.content_type.as_deref(), Some("application/json"));
    }

    #[test]
    fn a_connection_closes_when_asked_to_and_with_http_1_0() {
        for text in ["GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            let Parsed::Head(head) = parse(text.as_bytes()) else { panic!() };
            assert_eq!(head.connection, Connection::Close);
        }
    }

    #[test]
    fn what_cannot_be_answered_is_bad() {
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(MAX_HEAD));
        for text in [
            long.as_str(),
            "\u{16}\u{3}\u{1}",
            "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(parse(text.as_bytes()), Parsed::Bad, "{text}");
        }
    }
}
