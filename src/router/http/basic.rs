//! HTTP Basic login (RFC 7617).
//! Promises: the header is marked sensitive, so that no `Debug` shows it.
//! Knows nothing of requests.

use isahc::http::HeaderValue;

use crate::{
    control::failure::FailureKind,
    router::{
        base64::encoded,
        error::{Doing, RouterError},
    },
};

/// The value of the `Authorization` header, sent with every request: RouterOS keeps no session.
pub(super) fn authorization(username: &str, password: &str) -> Result<HeaderValue, RouterError> {
    if username.contains(':') {
        let detail = format_args!("a user name with a colon cannot log in over HTTP");
        return Err(RouterError::rest(FailureKind::Auth, Doing::Preparing, detail));
    }
    let login = encoded(format!("{username}:{password}").as_bytes());
    let value = HeaderValue::try_from(format!("Basic {login}"));
    let mut value = value.map_err(|_| {
        let detail = format_args!("the login cannot be written as an HTTP header");
        RouterError::rest(FailureKind::Auth, Doing::Preparing, detail)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::authorization;

    #[test]
    fn the_header_is_that_of_rfc_7617_and_debug_hides_it() {
        let value = authorization("Aladdin", "open sesame").unwrap();
        assert_eq!(value.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert!(authorization("a:b", "c").is_err());
    }
}
