//! The addresses of the router, and why there is no connection to one.
//! Promises: at most one look-up runs at a time, however often it is given up for lack of time;
//! an address in the settings needs none.
//! Knows nothing of connections.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
};

use super::settings::Host;
use crate::control::failure::FailureKind;

/// Addresses tried of a name with many.
const ADDRESSES_MAX: usize = 4;

/// Resolves the router's name. Done here and not in the HTTP library, whose end would wait for a
/// resolver that hangs.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// The system's resolver cannot be interrupted; a slow look-up goes on and is picked up by
    /// the next operation.
    pending: Option<smol::Task<io::Result<Vec<SocketAddr>>>>,
    /// Look-ups so far. Each starts with another address, since one that swallows everything
    /// costs the whole deadline and is never left within an operation.
    turn: usize,
}

impl Resolver {
    /// The addresses to try, in order, or why there are none, in words.
    pub(super) async fn addresses(
        &mut self,
        host: &Host,
        port: u16,
    ) -> Result<Vec<SocketAddr>, String> {
        let name = match host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
            Host::Name(name) => name,
        };
        let task = self.pending.get_or_insert_with(|| {
            let name = name.clone();
            smol::unblock(move || {
                let found = (name.as_str(), port).to_socket_addrs();
                found.map(|all| all.take(ADDRESSES_MAX).collect())
            })
        });
        let result = task.await;
        self.pending = None;
        match result {
            Ok(mut addresses) => {
                let first = self.turn.checked_rem(addresses.len()).unwrap_or(0);
                addresses.rotate_left(first);
                self.turn = self.turn.wrapping_add(1);
                Ok(addresses)
            }
            Err(error) => Err(format!("the name {name}: {error}")),
        }
    }

    /// Whether a look-up is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.pending.is_some()
    }
}

/// What a failed connection means.
pub(super) fn kind_of(error: &io::Error) -> FailureKind {
    use io::ErrorKind as Kind;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open")]
    match error.kind() {
        Kind::ConnectionRefused => FailureKind::Refused,
        Kind::TimedOut => FailureKind::Timeout,
        Kind::ConnectionReset | Kind::ConnectionAborted => FailureKind::Reset,
        // No route, no network, no address, no permission, no file descriptor.
        _ => FailureKind::Unreachable,
    }
}
