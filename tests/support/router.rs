//! A simulated RouterOS behind HTTPS, and the configuration that leads to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use wanctl::{
    control::units::{PerDirection, Rate},
    os::clock,
    sim::{
        https::{Leaf, Pki, RequestLog, RouterServer, Tls},
        routeros::{Down, RouterOs, RouterSettings, Shaper},
    },
};

use super::{daemon::WANCTL, scratch::Scratch};

/// What must never be seen anywhere.
pub const PASSWORD: &str = "secret";

pub fn mbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000_000).unwrap()
}

/// The limits of a router that nobody has set yet; far from those that the tests configure.
pub fn home() -> RouterSettings {
    RouterSettings::home(PerDirection { download: mbit(900), upload: mbit(90) })
}

/// Short, so that a router that swallows requests is told soon. A handshake on an emulated processor
/// takes longer than that.
fn rest_timeout() -> &'static str {
    if WANCTL.is_built_here() { "1s" } else { "5s" }
}

pub struct Router {
    model: Arc<Mutex<RouterOs>>,
    server: RouterServer,
    pki: Pki,
}

impl Router {
    pub fn start(settings: RouterSettings) -> Self {
        Self::with_certificate(settings, Leaf::Signed)
    }

    pub fn with_certificate(settings: RouterSettings, leaf: Leaf) -> Self {
        let pki = Pki::new(leaf).unwrap();
        let model = Arc::new(Mutex::new(RouterOs::new(settings, 1, clock::now())));
        let shared = Arc::clone(&model);
        let server =
            RouterServer::spawn_thread(RouterServer::LOCAL, shared, pki.tls(), clock::now).unwrap();
        Self { model, server, pki }
    }

    /// For whoever serves the same router by another way.
    pub fn shared(&self) -> Arc<Mutex<RouterOs>> {
        Arc::clone(&self.model)
    }

    pub fn model(&self) -> MutexGuard<'_, RouterOs> {
        self.model.lock().unwrap()
    }

    pub fn force(&self, down: Option<Down>) {
        self.model().force(down);
    }

    pub fn change_tls(&self, tls: Tls) {
        self.server.change_tls(tls);
    }

    pub const fn log(&self) -> &RequestLog {
        self.server.log()
    }

    pub const fn pki(&self) -> &Pki {
        &self.pki
    }

    /// What the shaper limits, in bit/s; `None`: unlimited.
    pub fn limits(&self, shaper: &Shaper) -> PerDirection<Option<u64>> {
        self.model().limits(shaper).map(|limit| limit.map(Rate::bps))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its section in a configuration; password and authority lie in the directory.
    pub fn section(&self, name: &str, scratch: &Scratch) -> String {
        self.section_at(self.address(), name, scratch)
    }

    /// The same for a daemon that reaches it at this address.
    pub fn section_at(&self, address: SocketAddr, name: &str, scratch: &Scratch) -> String {
        let password = scratch.write(&format!("{name}.password"), PASSWORD.as_bytes());
        let authority = scratch.write(&format!("{name}.pem"), self.pki.trust_pem().as_bytes());
        format!(
            "config router '{name}'\n\
             \toption url 'https://{}'\n\
             \toption username 'wanctl'\n\
             \toption password_file '{}'\n\
             \toption tls_ca '{}'\n\
             \toption fallback 'none'\n\
             \toption rest_timeout '{}'\n\n",
            address,
            password.display(),
            authority.display(),
            rest_timeout()
        )
    }
}
