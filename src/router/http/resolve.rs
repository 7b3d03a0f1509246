//! The addresses of the router.
//! Promises: at most one look-up runs at a time, however often it is given up for lack of time;
//! an address in the settings needs none.
//! Knows nothing of connections.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
};

use crate::{
    control::failure::FailureKind,
    router::{
        error::{Doing, RouterError},
        settings::{Host, Settings},
    },
};

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
    /// The addresses to try, in order.
    pub(super) async fn addresses(
        &mut self,
        settings: &Settings,
        doing: Doing,
    ) -> Result<Vec<SocketAddr>, RouterError> {
        let name = match &settings.host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, settings.port)]),
            Host::Name(name) => name,
        };
        let task = self.pending.get_or_insert_with(|| {
            let target = (name.clone(), settings.port);
            smol::unblock(move || {
                let (name, port) = target;
                (name.as_str(), port).to_socket_addrs().map(|all| all.take(ADDRESSES_MAX).collect())
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
            Err(error) => {
                let detail = format_args!("the name {name}: {error}");
                Err(RouterError::rest(FailureKind::Dns, doing, detail))
            }
        }
    }

    /// Whether a look-up is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.pending.is_some()
    }
}
