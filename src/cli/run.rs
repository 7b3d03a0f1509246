//! `wanctl run`: the daemon, in the foreground.
//! Promises: signals work from the first moment; one daemon per state directory; what is missing
//! is said with its remedy.

use std::{
    cell::RefCell,
    io::{self, Write},
    path::Path,
    rc::Rc,
};

use ::log::{error, info, warn};
use smol::{LocalExecutor, future};

use super::{Exit, log};
use crate::{
    config::{self, Config, Finding, Loaded, WanSection},
    control::time::Instant,
    daemon::{self, Daemon, Ended, Guard, Handle, Source},
    os::{
        clock, descriptors,
        lock::{Lock, LockError},
        panics,
        signals::{Signal, Signals},
    },
    probe::icmp::IcmpWire,
    store::atomic,
};

/// Runs the daemon that `path` configures.
pub(super) fn run(path: &Path, place: log::Place, err: &mut dyn Write) -> io::Result<Exit> {
    panics::install();
    let free = descriptors::free();
    if free < descriptors::LEAST {
        let least = descriptors::LEAST;
        writeln!(
            err,
            "wanctl: not started: only {free} file descriptors are left, at least {least} are \
             needed; raise the limit (ulimit -n)"
        )?;
        return Ok(Exit::Failure);
    }
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
    if let Err(failed) = log::start_at(place, config.globals.log_level) {
        writeln!(err, "wanctl: not started: the system's log cannot be reached: {failed}")?;
        return Ok(Exit::Failure);
    }
    if free < descriptors::COMFORTABLE {
        warn!(
            "only {free} file descriptors are left, {} are comfortable; without enough of them \
             routers cannot be reached (ulimit -n)",
            descriptors::COMFORTABLE
        );
    }
    warn_of(path, &warnings);
    Ok(with_lock(path, config, signals))
}

fn warn_of(path: &Path, warnings: &[Finding]) {
    for finding in warnings {
        warn!("{}:{}", path.display(), finding.placed());
    }
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
            info!(
                "no lock in {}: {failed}; a second daemon would not be noticed; trying again \
                 when the state is saved",
                dir.display()
            );
            None
        }
    };
    // Here, so that it is released last.
    let lock = Rc::new(RefCell::new(lock));
    let exit = start(path, config, signals, &lock);
    drop(lock);
    exit
}

fn start(path: &Path, config: Config, signals: Signals, lock: &Rc<RefCell<Option<Lock>>>) -> Exit {
    info!("wanctl {} starts: {} WAN(s)", env!("CARGO_PKG_VERSION"), config.wans.len());
    let now = clock::now();
    let wires = config.wans.iter().map(|wan| open_wire(wan, now)).collect();
    let source = Source { path: path.to_owned(), open: open_wire };
    let (daemon, clients) = match Daemon::new(config, wires) {
        Ok((daemon, clients)) => {
            let daemon = daemon.guarded_by(Guard::of_process()).reloading(source);
            (daemon.locked_by(Rc::clone(lock)), clients)
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
        Ended::Rival => Exit::Failure,
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
