//! Requests and their answers, without sockets.
//! Promises: every request gets exactly one response, and the user is checked before anything else.
//! Knows nothing of HTTP framing.

use super::{
    fate::{Canned, Fate},
    json,
    record::{Reply, encode, encode_error},
    refusal::{Refusal, reason},
    settings::Rights,
    state::{RouterOs, Work},
    target::{self, Target},
};
use crate::control::time::{Instant, Span};

/// A request as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `PATCH`, …
    pub method: &'a str,
    /// Path and query, as in the request line.
    pub target: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status; 0 if there is no answer.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// How long after the request the answer is ready.
    pub delay: Span,
    /// Whether the sender sees it.
    pub fate: Fate,
}

const JSON: &str = "application/json";

impl RouterOs {
    /// Carries out a request that came in at `now`.
    pub fn handle(&mut self, now: Instant, request: &Request<'_>) -> Response {
        let user = self.user(request.authorization);
        // A stranger's request waits for nobody's session.
        let admission = self.admit_user(now, user.unwrap_or(usize::MAX));
        let canned = match (admission.fate, admission.work) {
            (_, Work::Done) => {
                self.canned.clone().unwrap_or_else(|| self.carry_out(now, request, user))
            }
            (Fate::Answer, Work::NotDone) => refused(&Refusal::SessionClosed),
            (_, Work::NotDone) => Canned { status: 0, content_type: JSON, body: String::new() },
        };
        let Canned { status, content_type, body } = canned;
        let (status, body) = match self.mutation {
            Some(mutation) => mutation.of_rest(status, &body),
            None => (status, body),
        };
        Response { status, content_type, body, delay: admission.delay, fate: admission.fate }
    }

    fn carry_out(&mut self, now: Instant, request: &Request<'_>, user: Option<usize>) -> Canned {
        let Some(target) = target::parse(request.target) else {
            let body = "<html><body>Not Found</body></html>".to_owned();
            return Canned { status: 404, content_type: "text/html", body };
        };
        let user = user.and_then(|user| self.settings.users.get(user));
        let rights = user.map_or(Rights::NoRest, |user| user.rights);
        match self.answer(now, request, target, rights) {
            Ok(reply) => Canned { status: 200, content_type: JSON, body: encode(&reply) },
            Err(refusal) => refused(&refusal),
        }
    }

    fn user(&self, authorization: Option<&str>) -> Option<usize> {
        let (scheme, credentials) = authorization?.split_once(' ')?;
        let basic = scheme.eq_ignore_ascii_case("basic");
        self.settings.users.iter().position(|user| {
            let expected = base64(format!("{}:{}", user.name, user.password).as_bytes());
            basic && credentials.trim() == expected
        })
    }

    fn answer(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        target: Result<Target, Refusal>,
        rights: Rights,
    ) -> Result<Reply, Refusal> {
        match rights {
            Rights::NoRest => return Err(Refusal::Unauthorized),
            Rights::RestWithoutApi => return Err(Refusal::NotAllowed),
            Rights::Full | Rights::Read => {}
        }
        match request.method {
            "GET" => self.get(now, &target?),
            "PATCH" | "POST" => {
                let declared = request.content_type.unwrap_or_default();
                let media = declared.split(';').next().unwrap_or_default().trim();
                if !request.body.is_empty() && !media.eq_ignore_ascii_case(JSON) {
                    return Err(Refusal::MediaType);
                }
                let fields = json::parse(request.body).ok_or(Refusal::Json)?;
                if request.method == "PATCH" {
                    self.patch(now, &target?, &fields, rights)
                } else {
                    self.post(now, &target?, &fields, rights)
                }
            }
            "OPTIONS" => Err(Refusal::Unavailable),
            _ => Err(Refusal::NotImplemented),
        }
    }
}

fn refused(refusal: &Refusal) -> Canned {
    let status = refusal.status();
    let body = encode_error(status, reason(status), refusal.detail().as_deref());
    Canned { status, content_type: JSON, body }
}

/// The bytes in base 64, with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |group: u32, shift: u32| {
        let place = usize::try_from((group >> shift) & 63).unwrap_or(0);
        char::from(LETTERS.get(place).copied().unwrap_or(b'='))
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let group = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        text.push(letter(group, 18));
        text.push(letter(group, 12));
        text.push(if chunk.len() > 1 { letter(group, 6) } else { '=' });
        text.push(if chunk.len() > 2 { letter(group, 0) } else { '=' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_gives_the_test_vectors_of_its_standard() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
