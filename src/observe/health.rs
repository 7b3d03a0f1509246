//! The daemon's health as one value, and that value as JSON and back.
//! Promises: fits a fixed buffer; unknown is `null`, never zero; holds no secret.
//! Knows the core's values and nothing of sockets.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use super::words::Names;
use crate::control::{
    engine::{MAX_ROUTERS, MAX_STEERINGS, MAX_WANS},
    reflectors::MAX_REFLECTORS,
    time::Span,
};

mod of;
mod steering;

pub use self::steering::SteeringHealth;

/// Bytes of JSON that the largest health takes: eight WANs of eight reflectors, four routers, eight
/// steerings.
pub const MAX_JSON: usize = 48 * 1024;

/// Longest name or text shown, in bytes; longer ones are cut off.
const TEXT: usize = 64;

/// A bounded text.
pub type Text = String<TEXT>;

/// Longest list of differences shown, in bytes: about three of them. The log has them all.
const LONG_TEXT: usize = 200;

/// A bounded list of differences.
pub type LongText = String<LONG_TEXT>;

/// How the daemon is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every WAN is measured and every router answers.
    Healthy,
    /// Something is missing; what it is stands with the WAN or the router.
    Degraded,
    /// No decision yet.
    Starting,
}

/// The health of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// In one word.
    pub status: Status,
    /// Version of the daemon.
    pub version: Text,
    /// Seconds since the start.
    pub uptime_seconds: u64,
    /// The WANs.
    pub wans: Vec<WanHealth, MAX_WANS>,
    /// The routers.
    pub routers: Vec<RouterHealth, MAX_ROUTERS>,
    /// The steerings. An earlier daemon has none.
    #[serde(default)]
    pub steerings: Vec<SteeringHealth, MAX_STEERINGS>,
}

/// The health of one WAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WanHealth {
    /// Its section in the configuration.
    pub name: Text,
    /// `classic` or `adaptive`. An earlier daemon has none.
    #[serde(default)]
    pub law: Text,
    /// `learning`, `fresh` or `no-signal`.
    pub signal: Text,
    /// What the line is measured by: `icmp` or `tcp`; while the rates are held, what answers at
    /// all: `gateway` or `none`.
    pub source: Text,
    /// The TCP target it is measured by.
    pub tcp_target: Option<Text>,
    /// What connect times are held against: the ICMP baseline by an `offset`, or one of their `own`.
    pub tcp_baseline: Option<Text>,
    /// The idle round-trip time.
    pub baseline_ms: Option<f64>,
    /// The round-trip time under load.
    pub load_ms: Option<f64>,
    /// Load over baseline.
    pub delta_ms: Option<f64>,
    /// Traffic from the internet.
    pub download: DirectionHealth,
    /// Traffic to the internet.
    pub upload: DirectionHealth,
    /// The reflectors.
    pub reflectors: Vec<ReflectorHealth, MAX_REFLECTORS>,
    /// Replies that were not used.
    pub replies_late: u32,
    /// Replies that came twice.
    pub replies_duplicate: u32,
    /// Replies that were not genuine.
    pub replies_forged: u32,
    /// Cycles since the start.
    pub cycles: u64,
    /// Cycles that came too late.
    pub cycles_missed: u64,
    /// How long the cycles take, from tick to tick; `null`: none is over yet.
    pub cycle: Option<CycleHealth>,
    /// Time from one round of probes to the next: a cycle, or more while nothing passes. An earlier
    /// daemon has none.
    #[serde(default)]
    pub round_ms: Option<f64>,
    /// Writes the router confirmed since the start.
    pub writes_confirmed: u32,
    /// Writes that failed since the start.
    pub writes_failed: u32,
    /// Writes in the last hour.
    pub writes_last_hour: u16,
    /// Writes left in the hourly budget.
    pub writes_left: u16,
}

/// How long the cycles of a WAN take. The last ten minutes or so count most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CycleHealth {
    /// On average.
    pub mean_ms: f64,
    /// 95 of a hundred take at most this.
    pub p95_ms: f64,
    /// 99 of a hundred take at most this.
    pub p99_ms: f64,
    /// The longest since the start.
    pub longest_ms: f64,
}

/// One direction of a WAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectionHealth {
    /// `GREEN`, `YELLOW`, `SOFT_RED`, `RED`; without a decision `learning` or `no-signal`.
    pub state: Text,
    /// The rate wanted.
    pub wanted_bps: u64,
    /// The limit the router confirmed; `null`: it has not.
    pub confirmed_bps: Option<u64>,
    /// The lowest rate that is ever wanted.
    pub floor_bps: u64,
    /// The highest rate that is ever wanted.
    pub ceiling_bps: u64,
    /// Where a burst starts after a pause; `null`: not known, or no matter of the law.
    #[serde(default)]
    pub base_bps: Option<u64>,
    /// What passes the queue, as the law sees it; `null`: not known, or no matter of the law.
    #[serde(default)]
    pub flow_bps: Option<u64>,
    /// How loaded it is by that: `idle`, `low` or `high`; `null` likewise.
    #[serde(default)]
    pub load: Option<Text>,
    /// What it delays by itself over the idle line, by timestamps; `null`: not known.
    #[serde(default)]
    pub own_delay_ms: Option<f64>,
    /// What the last decision did and why.
    pub reason: Text,
    /// What the last cycle did for the queue: `unchanged`, `coalesced`, `over-budget`, `queued` or
    /// `sent`.
    pub outcome: Text,
    /// What the router refuses about the queue.
    pub trouble: Option<Text>,
}

/// One reflector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReflectorHealth {
    /// Its address.
    pub address: Text,
    /// Lost probes of the last sixteen.
    pub lost_of_16: u32,
    /// Whether it is set aside.
    pub aside: bool,
    /// Why: `loss` or `outlier`; `null`: it takes part. An earlier daemon has none.
    #[serde(default)]
    pub aside_for: Option<Text>,
    /// How it is with its timestamps: `answers`, `tried`, `silent`, `nonsense`, `lost`, `blocked` or
    /// `none`; `null`: it is not asked for any.
    #[serde(default)]
    pub timestamps: Option<Text>,
}

/// The health of one router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouterHealth {
    /// Its section in the configuration.
    pub name: Text,
    /// Whether it answers; `null`: not asked yet.
    pub reachable: Option<bool>,
    /// The transport in use.
    pub transport: Text,
    /// Why that is not the preferred one; `null`: it is.
    pub failover: Option<FailoverHealth>,
    /// Requests that failed in a row.
    pub consecutive_failures: u32,
    /// How the last one failed, while it does not answer.
    pub last_failure: Option<Text>,
    /// Seconds without an answer.
    pub outage_seconds: u64,
    /// RouterOS version, once known.
    pub version: Option<Text>,
    /// How far answers of that version are known over the transport in use: `exact`, `nearest lower`
    /// with the version, or `none`.
    pub coverage: Option<Text>,
    /// Whether the router's answers are as recorded: `ok`, or `drift: ` and what is different.
    pub contract: Option<LongText>,
    /// Requests since the start.
    pub requests: u64,
}

/// Why a router is not reached by the preferred transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailoverHealth {
    /// The transport that is not in use.
    pub instead_of: Text,
    /// Seconds since it was left.
    pub seconds: u64,
    /// How it had failed.
    pub reason: Text,
    /// Seconds until it is tried again.
    pub next_try_seconds: u64,
}

/// Text cut off at `TEXT` bytes, between characters.
pub fn text(full: &str) -> Text {
    cut(full)
}

/// Text cut off at the room for it, between characters.
pub fn cut<const ROOM: usize>(full: &str) -> String<ROOM> {
    let mut short = String::new();
    for letter in full.chars() {
        if short.push(letter).is_err() {
            break;
        }
    }
    short
}

/// What only the shell knows.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// The names behind the numbers.
    pub names: &'a Names,
    /// Since the start.
    pub uptime: Span,
    /// What each router told of itself.
    pub facts: &'a [RouterFacts],
}

/// What a router told of itself at connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterFacts {
    /// RouterOS version; empty: unknown.
    pub version: std::string::String,
    /// The transport that it told it over.
    pub over: &'static str,
    /// How far its answers are known.
    pub coverage: std::string::String,
    /// What is different in its answers; empty: nothing.
    pub drift: std::string::String,
}

impl Health {
    /// The health as JSON in `buffer`; `None` if it does not fit.
    pub fn to_json<'a>(&self, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
        let length = serde_json_core::to_slice(self, buffer).ok()?;
        buffer.get(..length)
    }

    /// The health from JSON.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let mut scratch = [0; 4 * LONG_TEXT];
        serde_json_core::from_slice_escaped(json, &mut scratch).ok().map(|(health, _)| health)
    }
}

#[cfg(test)]
pub(in crate::observe) mod tests;
