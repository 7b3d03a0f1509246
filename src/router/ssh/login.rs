//! What the client proves itself with.
//! Promises: each proof is offered once per connection, so that no server can make us repeat it;
//! nothing of it shows in `Debug`.
//! Knows nothing of the protocol.

use std::fmt;

use sunset::SignKey;

use super::key;
use crate::router::settings::{Secret, SshLogin};

/// A key or a password.
#[derive(Clone)]
pub(super) enum Login {
    Key(Box<SignKey>),
    Password(Secret),
}

impl Login {
    /// Reads the key file, if one is to be used; otherwise what is wrong with it.
    pub(super) fn load(login: &SshLogin) -> Result<Self, String> {
        Ok(match login {
            SshLogin::Password(password) => Self::Password(password.clone()),
            SshLogin::KeyFile(file) => {
                let key = key::load(&file.path)
                    .map_err(|words| format!("ssh_key {}: {words}", file.display()))?;
                Self::Key(Box::new(key))
            }
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(…)",
            Self::Password(_) => "Password(…)",
        })
    }
}

/// The proof of one connection, until it is offered.
#[derive(Debug)]
pub(super) struct Offer(Option<Login>);

impl Offer {
    pub(super) const fn new(login: Login) -> Self {
        Self(Some(login))
    }

    /// The key, the first time.
    pub(super) fn key(&mut self) -> Option<SignKey> {
        match self.0.take() {
            Some(Login::Key(key)) => Some(*key),
            other => {
                self.0 = other;
                None
            }
        }
    }

    /// The password, the first time.
    pub(super) fn password(&mut self) -> Option<Secret> {
        match self.0.take() {
            Some(Login::Password(password)) => Some(password),
            other => {
                self.0 = other;
                None
            }
        }
    }
}
