//! Reads a configuration beside the loop, and gets everything ready that takes time.
//! Promises: bounded; what is found wrong comes back as lines for the log, as at the start.
//! Knows nothing of the running daemon.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use smol::{Timer, channel::Sender, future};

use super::super::{
    input::{Input, Prepared},
    router::Clients,
};
use crate::config::{self, Finding, Loaded, what::Severity};

/// A file system that hangs must not hold up the next reload for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// What follows from a finding, at a reload.
const STAYS: &str = "the old configuration stays";

/// Prepares the configuration in this file and hands it in.
pub(super) async fn prepare(path: PathBuf, inputs: Sender<Input>) {
    let shown = path.display().to_string();
    let work = smol::unblock(move || read(&path));
    let late = async {
        Timer::after(PATIENCE).await;
        let seconds = PATIENCE.as_secs();
        Prepared::Useless(vec![format!("{shown}: could not be read within {seconds} s")])
    };
    let prepared = future::or(work, late).await;
    // If the daemon has ended, nobody needs it.
    let _ = inputs.send(Input::Prepared(Box::new(prepared))).await;
}

fn read(path: &Path) -> Prepared {
    let lines = |findings: Vec<Finding>| {
        findings.iter().map(|finding| format!("{}:{}", path.display(), finding.placed())).collect()
    };
    let Loaded { config, warnings } = match config::load(path) {
        Ok(loaded) => loaded,
        Err(mut findings) => {
            let errors = findings.iter_mut().filter(|one| one.severity == Severity::Error);
            errors.for_each(|error| error.consequence = STAYS);
            return Prepared::Useless(lines(findings));
        }
    };
    let clients = config.routers.iter().map(|router| {
        Clients::new(&router.ways).map_err(|error| format!("router {}: {error}", router.name))
    });
    match clients.collect() {
        Ok(clients) => Prepared::Ready { config, warnings: lines(warnings), clients },
        Err(error) => Prepared::Useless(vec![error]),
    }
}
