//! The configuration: UCI text to the settings of every module.
//! Promises: what comes out is complete and within all ranges, so that nobody checks again; what is
//! wrong comes out as findings, all at once, and none of them holds a secret.
//! Must not know what the settings do; of the other modules it sees only their `settings` types
//! and the core.
//!
//! Text becomes raw sections ([`uci`]), these are read by the rows of the [`table`] and held
//! against each other, and that makes a [`Config`].

mod assemble;
mod files;
pub mod finding;
mod globals;
mod kind;
mod nearest;
pub mod number;
mod router;
mod section;
mod ssh;
mod steering;
pub mod table;
pub mod uci;
mod url;
mod wan;
pub mod what;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use log::LevelFilter;

use self::{files::Disk, finding::Findings};
pub use self::{
    files::{Environment, TextOnly},
    finding::{Finding, Severity},
    what::{FileFault, What},
};
use crate::{
    control::{engine, steering::course, wan as line},
    probe::settings as probe,
    router::settings::{self as access, Queues},
};

/// Most routers of a configuration.
pub const MAX_ROUTERS: usize = 4;

/// Most enabled WANs of a configuration.
pub const MAX_WANS: usize = 8;

/// Most enabled steering sections of a configuration.
pub const MAX_STEERINGS: usize = engine::MAX_STEERINGS;

/// A configuration without findings. The places in `routers`, `wans` and `steerings` are the core's
/// `RouterId`, `WanId` and `SteeringId`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What concerns the daemon as a whole.
    pub globals: Globals,
    /// The routers (1 to [`MAX_ROUTERS`]), in the order of the file.
    pub routers: Vec<RouterSection>,
    /// The enabled WANs (1 to [`MAX_WANS`]), in the order of the file.
    pub wans: Vec<WanSection>,
    /// The enabled steerings (up to [`MAX_STEERINGS`]), in the order of the file.
    pub steerings: Vec<SteeringSection>,
}

/// What concerns the daemon as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globals {
    /// Address of health, metrics and status.
    pub listen: SocketAddr,
    /// Directory of the state that survives a restart.
    pub state_dir: PathBuf,
    /// Directory of the copy that survives a reboot; `None`: there is no copy.
    pub persist_dir: Option<PathBuf>,
    /// The least important messages that are logged.
    pub log_level: LevelFilter,
}

/// A router under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterSection {
    /// The name of the section.
    pub name: String,
    /// How it is reached.
    pub ways: access::Ways,
}

/// A WAN under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct WanSection {
    /// The name of the section.
    pub name: String,
    /// What the core needs.
    pub control: line::Settings,
    /// What the probes need.
    pub probe: probe::Settings,
    /// The queues on its router.
    pub queues: Queues,
}

/// A steering under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct SteeringSection {
    /// The name of the section.
    pub name: String,
    /// What the core needs.
    pub control: course::Settings,
    /// The exact comment of the mangle rule.
    pub comment: String,
}

/// A configuration that the daemon can run.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What ought to be said at start, by line.
    pub warnings: Vec<Finding>,
}

/// Reads the configuration file and the files it names. The findings, warnings among them, come by
/// line; at least one is an error.
pub fn load(path: &Path) -> Result<Loaded, Vec<Finding>> {
    match Disk::open(path) {
        Ok((text, disk)) => parse(&text, &disk),
        Err(fault) => Err(vec![Finding::new(fault)]),
    }
}

/// Reads a configuration from its text; `env` answers what the text alone does not say.
pub fn parse(text: &[u8], env: &dyn Environment) -> Result<Loaded, Vec<Finding>> {
    let mut findings = Findings::default();
    let config = uci::parse(text, &mut findings)
        .and_then(|sections| assemble::assemble(&sections, env, &mut findings));
    let (findings, worst) = findings.conclude();
    match (config, worst) {
        (Some(config), None | Some(Severity::Warning)) => Ok(Loaded { config, warnings: findings }),
        (_, _) => Err(findings),
    }
}
