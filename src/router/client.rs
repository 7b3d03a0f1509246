//! One router by one way, for who does not mind which.
//! Promises: those of [`RestClient`] and [`SshClient`].
//! Knows nothing of when or whether to try again.

use super::{
    contract::Differences,
    error::{RouterError, Transport},
    http::RestClient,
    op::{Op, Reply},
    settings::Way,
    ssh::SshClient,
};
use crate::control::time::Span;

/// As long as `RouterOS` itself lets a request run or wait (vendor manual, REST API).
const PATIENCE: Span = Span::from_secs(60);

/// What speaks to a router.
#[derive(Debug)]
pub enum Client {
    /// Over REST.
    Rest(Box<RestClient>),
    /// Over SSH.
    Ssh(Box<SshClient>),
}

impl Client {
    /// Gets ready; nothing is sent yet.
    ///
    /// # Errors
    /// The certificates, the key or the login cannot be used.
    pub fn new(way: &Way) -> Result<Self, RouterError> {
        Ok(match way {
            Way::Rest(settings) => Self::Rest(Box::new(RestClient::new(settings)?)),
            Way::Ssh(settings) => Self::Ssh(Box::new(SshClient::new(settings)?)),
        })
    }

    /// One that gets ready and never gives a request up half-way: what a person started beside a
    /// daemon must not make the same user's requests wait. The way there has the deadline of the
    /// settings.
    ///
    /// # Errors
    /// The certificates, the key or the login cannot be used.
    pub fn patient(way: &Way) -> Result<Self, RouterError> {
        Ok(match way {
            Way::Rest(settings) => {
                Self::Rest(Box::new(RestClient::new(settings)?.with_patience(PATIENCE)))
            }
            Way::Ssh(settings) => {
                Self::Ssh(Box::new(SshClient::new(settings)?.with_patience(PATIENCE)))
            }
        })
    }

    /// What is spoken.
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Rest(_) => Transport::Rest,
            Self::Ssh(_) => Transport::Ssh,
        }
    }

    /// Carries out one operation.
    pub async fn perform(&mut self, op: &Op<'_>) -> Result<Reply, RouterError> {
        match self {
            Self::Rest(client) => client.perform(op).await,
            Self::Ssh(client) => client.perform(op).await,
        }
    }

    /// The same, and how the answer differs from what is known of `RouterOS`.
    pub async fn inspect(&mut self, op: &Op<'_>) -> (Result<Reply, RouterError>, Differences) {
        match self {
            Self::Rest(client) => client.inspect(op).await,
            Self::Ssh(client) => client.inspect(op).await,
        }
    }

    /// Something that changes nothing was given up half-way: its future was dropped. What can go on
    /// goes on.
    pub fn given_up(&mut self) {
        match self {
            // One connection carries one request.
            Self::Rest(client) => client.forget(),
            // One session has room for several; another login can take seconds.
            Self::Ssh(_) => {}
        }
    }

    /// Closes the connection, and forgets what is known by it.
    pub fn forget(&mut self) {
        match self {
            Self::Rest(client) => client.forget(),
            Self::Ssh(client) => client.forget(),
        }
    }
}
