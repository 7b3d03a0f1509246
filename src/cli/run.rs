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
    config::{self, Config, Finding, Loaded, WanSection},
    control::time::Instant,
    daemon::{self, Daemon, Ended, Guard, Handle, Source},
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
    Ok(with_lock(path, config, signals))
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
    // The logger itself lets all pass, so that another level takes effect at once. It fails only
    // if there is a logger already, and then that one serves.
    let _ = SimpleLogger::init(LevelFilter::Debug, config);
    log::set_max_level(level);
}

fn with_lock(path: &Path, config: Config, signals: Signals) -> Exit {
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
    let exit = start(path, config, signals);
    drop(lock);
    exit
}

fn start(path: &Path, config: Config, signals: Signals) -> Exit {
    info!("wanctl {} starts: {} WAN(s)", env!("CARGO_PKG_VERSION"), config.wans.len());
    let now = clock::now();
    let wires = config.wans.iter().map(|wan| open_wire(wan, now)).collect();
    let source = Source { path: path.to_owned(), open: open_wire };
    let (daemon, clients) = match Daemon::new(config, wires) {
        Ok((daemon, clients)) => {
            (daemon.guarded_by(Guard::of_process()).reloading(source), clients)
        }
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

/// The sockets of a WAN's probes; what is missing is said with its remedy.
fn open_wire(wan: &WanSection, now: Instant) -> IcmpWire {
    let wire = IcmpWire::new(&wan.probe, now);
    for (family, refusal) in wire.refusals() {
        let remedy = refusal.remedy().unwrap_or("trying again every second");
        warn!("wan {}: no {} probes: {refusal}; {remedy}", wan.name, family.word());
    }
    wire
}

async fn pass_on(mut signals: Signals, handle: Handle) {
    loop {
        match signals.next().await {
            Signal::Stop => handle.stop().await,
            Signal::Reload => handle.reload().await,
        }
        future::yield_now().await;
    }
}
