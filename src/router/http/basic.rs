//! HTTP Basic login (RFC 7617).
//! Promises: the header is marked sensitive, so that no `Debug` shows it.
//! Knows nothing of requests.

use isahc::http::HeaderValue;

use crate::{
    control::failure::FailureKind,
    router::error::{Doing, RouterError},
};

/// The value of the `Authorization` header, sent with every request: RouterOS keeps no session.
pub(super) fn authorization(username: &str, password: &str) -> Result<HeaderValue, RouterError> {
    if username.contains(':') {
        let detail = format_args!("a user name with a colon cannot log in over HTTP");
        return Err(RouterError::rest(FailureKind::Auth, Doing::Preparing, detail));
    }
    let login = base64(format!("{username}:{password}").as_bytes());
    let value = HeaderValue::try_from(format!("Basic {login}"));
    let mut value = value.map_err(|_| {
        let detail = format_args!("the login cannot be written as an HTTP header");
        RouterError::rest(FailureKind::Auth, Doing::Preparing, detail)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let byte = |index| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (index, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let letter = usize::try_from(bits >> shift & 0x3f).ok();
            let letter = letter.and_then(|letter| ALPHABET.get(letter)).copied();
            let padded = index > chunk.len();
            text.push(if padded { '=' } else { char::from(letter.unwrap_or(b'=')) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{authorization, base64};

    #[test]
    fn base64_gives_the_vectors_of_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn the_header_is_that_of_rfc_7617_and_debug_hides_it() {
        let value = authorization("Aladdin", "open sesame").unwrap();
        assert_eq!(value.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert!(authorization("a:b", "c").is_err());
    }
}
