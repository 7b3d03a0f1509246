//! `wanctl run`: the daemon, in the foreground.
//! Promises: signals work from the first moment; one daemon per state directory; what is missing
//! is said with its remedy.

use std::{
    io::{self, IsTerminal as _, Write},
    path::Path,
};

use log::{error, info, warn};
use simplelog::{ConfigBuilder, LevelFilter, SimpleLogger};
use smol::{LocalExecutor, future};

use super::Exit;
use crate::{
    config::{self, Config, Finding, Loaded},
    daemon::{self, Daemon, Ended, Guard, Handle},
    os::{
        clock,
        lock::{Lock, LockError},
        signals::{Signal, Signals},
    },
    probe::icmp::IcmpWire,
    store::atomic,
};

/// Runs the daemon that `path` configures.
pub(super) fn run(path: &Path, err: &mut dyn Write) -> io::Result<Exit> {
    let signals = Signals::install()?;
    let Loaded { config, warnings } = match config::load(path) {
        Ok(loaded) => loaded,
        Err(findings) => {
            for finding in &findings {
                writeln!(err, "{}:{}", path.display(), finding.placed())?;
            }
            writeln!(err, "wanctl: not started: the configuration has findings")?;
            return Ok(Exit::Config);
        }
    };
    start_log(config.globals.log_level);
    warn_of(path, &warnings);
    Ok(with_lock(config, signals))
}

fn warn_of(path: &Path, warnings: &[Finding]) {
    for finding in warnings {
        warn!("{}:{}", path.display(), finding.placed());
    }
}

/// Levels go where procd wants them: errors to stderr, the rest to stdout. Times only for people
/// at a terminal; the system's log has its own.
fn start_log(level: LevelFilter) {
    let time = if io::stdout().is_terminal() { LevelFilter::Error } else { LevelFilter::Off };
    let config = ConfigBuilder::new()
        .add_filter_allow_str("wanctl")
        .set_time_level(time)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    // Fails only if there is a logger already, and then that one serves.
    let _ = SimpleLogger::init(level, config);
}

fn with_lock(config: Config, signals: Signals) -> Exit {
    let dir = config.globals.state_dir.clone();
    // If it cannot be made, neither the lock nor the state can be had; the state says so.
    let _ = atomic::make_dir(&dir);
    let lock = match Lock::acquire(&dir) {
        Ok(lock) => Some(lock),
        Err(running @ LockError::AlreadyRunning { .. }) => {
            error!("not started: {running} (state_dir {})", dir.display());
            return Exit::Failure;
        }
        // A board without room for a lock file must still be able to control.
        Err(LockError::Io(failed)) => {
            info!("no lock in {}: {failed}; a second daemon would not be noticed", dir.display());
            None
        }
    };
    let exit = start(config, signals);
    drop(lock);
    exit
}

fn start(config: Config, signals: Signals) -> Exit {
    info!("wanctl {} starts: {} WAN(s)", env!("CARGO_PKG_VERSION"), config.wans.len());
    let now = clock::now();
    let wires: Vec<IcmpWire> =
        config.wans.iter().map(|wan| IcmpWire::new(&wan.probe, now)).collect();
    for (wan, wire) in config.wans.iter().zip(&wires) {
        for (family, refusal) in wire.refusals() {
            let remedy = refusal.remedy().unwrap_or("trying again every second");
            warn!("wan {}: no {} probes: {refusal}; {remedy}", wan.name, family.word());
        }
    }
    let (daemon, clients) = match Daemon::new(config, wires) {
        Ok((daemon, clients)) => (daemon.guarded_by(Guard::of_process()), clients),
        Err(failed) => {
            error!("not started: {failed}");
            return Exit::Failure;
        }
    };
    let handle = daemon.handle();
    let executor = LocalExecutor::new();
    executor.spawn(pass_on(signals, handle)).detach();
    match daemon::block_on(executor.run(daemon.run(clients))) {
        Ended::Cleanly | Ended::Early => Exit::Ok,
    }
}

async fn pass_on(mut signals: Signals, handle: Handle) {
    loop {
        match signals.next().await {
            Signal::Stop => handle.stop().await,
            Signal::Reload => {
                warn!(
                    "SIGHUP: reloading comes with a later version; restart to change the configuration"
                );
            }
        }
        future::yield_now().await;
    }
}
