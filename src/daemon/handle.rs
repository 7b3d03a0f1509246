//! Reaches a running daemon from the same thread.
//! Promises: nothing asked of a daemon that has ended waits.
//! Knows nothing of what the daemon does.

use smol::channel::{self, Sender};

use super::input::Input;
use crate::observe::health::Health;

/// Reaches a running daemon.
#[derive(Clone, Debug)]
pub struct Handle(Sender<Input>);

impl Handle {
    /// Reaches the daemon that takes these inputs.
    pub(super) const fn to(inputs: Sender<Input>) -> Self {
        Self(inputs)
    }

    /// Asks it to end; asked twice it ends at once.
    pub async fn stop(&self) {
        // If it has ended, that is what was wanted.
        let _ = self.0.send(Input::Stop).await;
    }

    /// Asks it to read its configuration again.
    pub async fn reload(&self) {
        // If it has ended, there is nothing to configure.
        let _ = self.0.send(Input::Reload).await;
    }

    /// Its health; `None` if it has ended.
    pub async fn health(&self) -> Option<Box<Health>> {
        let (sender, receiver) = channel::bounded(1);
        self.0.send(Input::Health(sender)).await.ok()?;
        receiver.recv().await.ok()
    }
}
