//! `wanctl demo`: the daemon as it is, over HTTPS on the loopback, against a simulated router and
//! a line that gets congested; beside it the same line without control.
//! Promises: needs no router, no root and no network; ends by itself; leaves nothing behind.
//! Knows nothing of how the daemon decides: it reads what anybody could read.

mod line;
mod scene;
mod summary;
mod view;

use std::{
    cell::RefCell,
    fs, io,
    io::{IsTerminal as _, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use smol::{LocalExecutor, Timer, future};

use self::{line::Line, scene::Scene, summary::Summary, view::View};
use super::Exit;
use crate::{
    config::{self, Config},
    daemon::{self, Daemon, Handle},
    os::{
        clock,
        signals::{Signal, Signals},
    },
    router::settings::Imprint,
    sim::{
        https::{Leaf, Pki, RouterServer},
        link::Link,
        routeros::RouterOs,
    },
    store::atomic,
};

/// How long a demo may take, in seconds.
pub(super) const SECONDS: RangeInclusive<u32> = 10..=600;

/// Between two lines of the view.
const LINE_EVERY: Duration = Duration::from_millis(500);

/// How the demo is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Bars, and colours on a terminal.
    Live,
    /// Letters of ASCII alone.
    Plain,
    /// One JSON object a line, the last one the summary.
    Json,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    /// How long it runs.
    pub(super) seconds: u32,
    /// The seed of the simulated line.
    pub(super) seed: u64,
    /// How it is shown.
    pub(super) form: Form,
}

impl Default for Flags {
    fn default() -> Self {
        Self { seconds: 30, seed: 1, form: Form::Live }
    }
}

/// Runs the demo.
pub(super) fn demo(flags: &Flags, out: &mut dyn Write) -> io::Result<Exit> {
    let signals = Signals::install()?;
    let folder = Folder::make()?;
    let scene = Scene::starting(clock::now(), flags.seconds);
    let router = Arc::new(Mutex::new(RouterOs::new(scene.router(), flags.seed, clock::now())));
    let pki = Pki::new(Leaf::Signed)?;
    let (server, serving) =
        RouterServer::bind(RouterServer::LOCAL, Arc::clone(&router), pki.tls(), clock::now)?;
    let config = folder.config(&scene, &server.url(), pki.trust_pem())?;
    let line = Line::new(Link::new(scene.line.clone(), flags.seed), router);
    let line = Rc::new(RefCell::new(line));
    let daemon = Daemon::new(config, vec![line::SimulatedWire::new(Rc::clone(&line))]);
    let (daemon, clients) = daemon.map_err(io::Error::other)?;
    let handle = daemon.handle();
    let executor = LocalExecutor::new();
    executor.spawn(serving).detach();
    let mut view = View::new(flags.form, colours(flags.form), &scene);
    view.begin(out)?;
    let show = show(&mut view, &scene, &line, handle.clone(), signals, out);
    let run = future::zip(daemon.run(clients), show);
    let (_, shown) = daemon::block_on(executor.run(run));
    shown?;
    drop(server);
    let summary = Summary::of(&scene, &line.borrow());
    view.end(&summary, out)?;
    Ok(Exit::Ok)
}

fn colours(form: Form) -> view::Colours {
    match form {
        Form::Live if io::stdout().is_terminal() => view::Colours::Ansi,
        Form::Live | Form::Plain | Form::Json => view::Colours::None,
    }
}

/// A line every half second until the time is over or somebody interrupts; then the daemon is
/// asked to end.
async fn show(
    view: &mut View,
    scene: &Scene,
    line: &Rc<RefCell<Line>>,
    handle: Handle,
    mut signals: Signals,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = async {
        while clock::now() < scene.end {
            Timer::after(LINE_EVERY).await;
            let Some(health) = handle.health().await else { break };
            let now = clock::now();
            let glance = line.borrow_mut().glance(now);
            view.line(now.since(scene.start), &health, &glance, out)?;
        }
        Ok(())
    };
    let interrupted = async {
        while signals.next().await != Signal::Stop {}
        Ok(())
    };
    let shown = future::or(shown, interrupted).await;
    handle.stop().await;
    shown
}

/// A folder of the demo's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("wanctl-demo-{}", process::id()));
        atomic::make_dir(&folder).map_err(io::Error::other)?;
        Ok(Self(folder))
    }

    fn config(&self, scene: &Scene, url: &str, trust: &str) -> io::Result<Config> {
        const CERTIFICATE: &str = "ca.pem";
        atomic::save(&self.0, CERTIFICATE, trust.as_bytes()).map_err(io::Error::other)?;
        let text = scene.config(url, &self.0, &self.0.join(CERTIFICATE));
        let loaded = config::parse(text.as_bytes(), &OwnCertificate).map_err(|findings| {
            let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
            io::Error::other(findings.join("\n"))
        })?;
        let mut config = loaded.config;
        // Any free port: a real daemon may run on this machine.
        config.globals.listen.set_port(0);
        Ok(config)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed from the folder for temporary files goes with it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The demo's configuration exists only as text; its certificate has just been written.
struct OwnCertificate;

impl config::Environment for OwnCertificate {
    fn config_is_private(&self) -> Result<(), config::FileFault> {
        Ok(())
    }

    fn secret(&self, _: &Path) -> Result<Vec<u8>, config::FileFault> {
        Err(config::FileFault::Missing)
    }

    fn certificate(&self, _: &Path) -> Result<(), config::FileFault> {
        Ok(())
    }

    fn private_key(&self, _: &Path) -> Result<Imprint, config::FileFault> {
        Err(config::FileFault::Missing)
    }
}
