//! The daemon's health as one value, and that value as JSON and back.
//! Promises: fits a fixed buffer; unknown is `null`, never zero; holds no secret.
//! Knows the core's values and nothing of sockets.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use super::words::Names;
use crate::control::{
    connectivity::Contact,
    engine::{Engine, MAX_ROUTERS, MAX_WANS},
    fallback::Instead,
    law::{Cause, Scale, Verdict},
    queue::{Outcome, QueueSlot},
    reflectors::MAX_REFLECTORS,
    rhythm::Lengths,
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Rtt},
    wan::{RouterId, Signal, Wan, WanId},
};

/// Bytes of JSON that the largest health takes: eight WANs of eight reflectors, four routers.
pub const MAX_JSON: usize = 32 * 1024;

/// Longest name or text shown, in bytes; longer ones are cut off.
const TEXT: usize = 64;

/// A bounded text.
pub type Text = String<TEXT>;

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
}

/// The health of one WAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WanHealth {
    /// Its section in the configuration.
    pub name: Text,
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
    /// Requests that failed in a row.
    pub consecutive_failures: u32,
    /// How the last one failed, while it does not answer.
    pub last_failure: Option<Text>,
    /// Seconds without an answer.
    pub outage_seconds: u64,
    /// RouterOS version, once known.
    pub version: Option<Text>,
    /// Requests since the start.
    pub requests: u64,
}

/// Text cut off at `TEXT` bytes, between characters.
pub fn text(full: &str) -> Text {
    let mut short = Text::new();
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
    /// RouterOS version per router; empty: unknown.
    pub versions: &'a [std::string::String],
}

impl Health {
    /// The health at `now`.
    pub fn of(engine: &mut Engine, shell: Shell<'_>, now: Instant) -> Self {
        let budgets: Vec<(u16, u16), MAX_WANS> = (0..u8::MAX)
            .map_while(|index| engine.wan_mut(WanId(index)).map(|wan| wan.budget(now)))
            .take(MAX_WANS)
            .collect();
        let wans: Vec<WanHealth, MAX_WANS> = engine
            .wans()
            .iter()
            .zip(&budgets)
            .map(|(wan, budget)| WanHealth::of(wan, *budget, shell.names))
            .collect();
        let routers: Vec<RouterHealth, MAX_ROUTERS> = (0..)
            .zip(engine.routers())
            .map(|(index, router)| RouterHealth::of(RouterId(index), router, shell, now))
            .collect();
        let fresh = wans.iter().all(|wan| wan.signal == FRESH);
        let learning = wans.iter().any(|wan| wan.signal == LEARNING);
        let reachable = routers.iter().all(|router| router.reachable == Some(true));
        let untroubled =
            wans.iter().all(|wan| wan.download.trouble.is_none() && wan.upload.trouble.is_none());
        let status = match (fresh && reachable && untroubled, learning) {
            (true, _) => Status::Healthy,
            (false, true) => Status::Starting,
            (false, false) => Status::Degraded,
        };
        Self {
            status,
            version: text(env!("CARGO_PKG_VERSION")),
            uptime_seconds: shell.uptime.as_secs(),
            wans,
            routers,
        }
    }

    /// The health as JSON in `buffer`; `None` if it does not fit.
    pub fn to_json<'a>(&self, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
        let length = serde_json_core::to_slice(self, buffer).ok()?;
        buffer.get(..length)
    }

    /// The health from JSON.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let mut scratch = [0; 4 * TEXT];
        serde_json_core::from_slice_escaped(json, &mut scratch).ok().map(|(health, _)| health)
    }
}

impl WanHealth {
    fn of(wan: &Wan, budget: (u16, u16), names: &Names) -> Self {
        let decision = wan.decision();
        let scale = match wan.signal() {
            Signal::Lost { instead: Instead::Tcp { scale, .. }, .. } => scale,
            Signal::Learning | Signal::Fresh | Signal::Lost { .. } => Scale::Icmp,
        };
        let means = wan.law().means_on(scale);
        let (source, tcp_target, tcp_baseline) = source(wan, names);
        let (unused, cycles, counters) = (wan.unused(), wan.cycles(), wan.counters());
        Self {
            name: text(names.wan(wan.id())),
            signal: text(signal_word(wan)),
            source: text(source),
            tcp_target,
            tcp_baseline,
            baseline_ms: means.map(|means| means.baseline().ms()),
            load_ms: decision.map(|decision| decision.load.ms()),
            delta_ms: decision.map(|decision| decision.delta),
            download: DirectionHealth::of(wan, Direction::Download),
            upload: DirectionHealth::of(wan, Direction::Upload),
            reflectors: reflectors(wan, names),
            replies_late: unused.late,
            replies_duplicate: unused.duplicate,
            replies_forged: unused.forged,
            cycles: cycles.total,
            cycles_missed: cycles.missed,
            cycle: wan.lengths().map(CycleHealth::from),
            writes_confirmed: counters.confirmed,
            writes_failed: counters.failed,
            writes_last_hour: budget.0,
            writes_left: budget.1,
        }
    }
}

impl From<Lengths> for CycleHealth {
    fn from(Lengths { mean, p95, p99, longest }: Lengths) -> Self {
        let ms = |span| Rtt::from_span(span).ms();
        Self { mean_ms: ms(mean), p95_ms: ms(p95), p99_ms: ms(p99), longest_ms: ms(longest) }
    }
}

const LEARNING: &str = "learning";
const FRESH: &str = "fresh";
const NO_SIGNAL: &str = "no-signal";

fn signal_word(wan: &Wan) -> &'static str {
    match wan.signal() {
        Signal::Learning => LEARNING,
        Signal::Fresh => FRESH,
        Signal::Lost { instead: Instead::Tcp { scale, .. }, .. } => {
            if wan.law().means_on(scale).is_some() { FRESH } else { LEARNING }
        }
        Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. } => NO_SIGNAL,
    }
}

/// What measures or answers; by TCP, the target and what its times are held against.
fn source(wan: &Wan, names: &Names) -> (&'static str, Option<Text>, Option<Text>) {
    match wan.signal() {
        Signal::Learning | Signal::Fresh => ("icmp", None, None),
        Signal::Lost { instead: Instead::Tcp { target, scale }, .. } => {
            let baseline = match scale {
                Scale::Icmp => "offset",
                Scale::Own => "own",
            };
            ("tcp", Some(text(&names.target(wan.id(), target))), Some(text(baseline)))
        }
        Signal::Lost { instead: Instead::Gateway, .. } => ("gateway", None, None),
        Signal::Lost { instead: Instead::Nothing, .. } => ("none", None, None),
    }
}

/// The state without a decision.
const fn undecided(wan: &Wan) -> &'static str {
    match wan.signal() {
        // The round that completes the baseline decides nothing yet.
        Signal::Learning | Signal::Fresh | Signal::Lost { instead: Instead::Tcp { .. }, .. } => {
            LEARNING
        }
        Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. } => NO_SIGNAL,
    }
}

fn reflectors(wan: &Wan, names: &Names) -> Vec<ReflectorHealth, MAX_REFLECTORS> {
    let addresses = names.wans.get(usize::from(wan.id().0)).map(|wan| wan.reflectors.as_slice());
    (0..)
        .zip(addresses.unwrap_or_default())
        .filter_map(|(index, address)| {
            let (lost_of_16, aside) = wan.reflectors().state(index)?;
            Some(ReflectorHealth { address: text(&address.to_string()), lost_of_16, aside })
        })
        .take(MAX_REFLECTORS)
        .collect()
}

impl DirectionHealth {
    fn of(wan: &Wan, direction: Direction) -> Self {
        let verdict = wan.decision().map(|decision| decision.verdicts.of(direction));
        let carries = |slot: QueueSlot| match slot {
            QueueSlot::One(own) => own == direction,
            QueueSlot::Pair => true,
        };
        let queue = wan.applier().outcomes().find(|(slot, _, _)| carries(*slot));
        let (outcome, trouble) = match queue {
            Some((_, outcome, trouble)) => (outcome, trouble),
            None => (Outcome::Queued, None),
        };
        let PerDirection { download, upload } = wan.wanted();
        let wanted = match direction {
            Direction::Download => download,
            Direction::Upload => upload,
        };
        Self {
            state: text(verdict.map_or(undecided(wan), |verdict| verdict.zone.word())),
            wanted_bps: wanted.bps(),
            confirmed_bps: wan.applier().confirmed().of(direction).map(Rate::bps),
            reason: text(verdict.map_or("no decision: rates are held", reason)),
            outcome: text(outcome.word()),
            trouble: trouble.map(|trouble| text(trouble.kind.word())),
        }
    }
}

/// What a verdict did and why, in a few words.
fn reason(verdict: &Verdict) -> &'static str {
    use crate::control::ladder::Move;
    match (verdict.cause, verdict.moved) {
        (Cause::Spike, Move::AtFloor) => "steep rise of delay: at the floor",
        (Cause::Spike, _) => "steep rise of delay: lowered",
        (Cause::Delay, Move::WaitForStreak) => "low delay: waiting for a streak of green",
        (Cause::Delay, Move::Raised) => "sustained low delay: raised",
        (Cause::Delay, Move::AheadOfRouter) => "low delay: waiting for the router to take it",
        (Cause::Delay, Move::AtCeiling) => "low delay: at the ceiling",
        (Cause::Delay, Move::Lowered) => "delay over the threshold: lowered",
        (Cause::Delay, Move::AtFloor) => "delay over the threshold: at the floor",
        (Cause::Delay, Move::Held) => "delay falling or steady: held",
    }
}

impl RouterHealth {
    fn of(
        id: RouterId,
        router: &crate::control::engine::Router,
        shell: Shell<'_>,
        now: Instant,
    ) -> Self {
        let (reachable, failures, kind, outage) = match router.contact() {
            Contact::Unknown => (None, 0, None, Span::ZERO),
            Contact::Reachable => (Some(true), 0, None, Span::ZERO),
            Contact::Lost { since, failures, kind } => {
                (Some(false), failures, Some(kind), now.since(since))
            }
        };
        let version = shell.versions.get(usize::from(id.0)).filter(|version| !version.is_empty());
        Self {
            name: text(shell.names.router(id)),
            reachable,
            transport: text("rest"),
            consecutive_failures: failures,
            last_failure: kind.map(|kind| text(kind.word())),
            outage_seconds: outage.as_secs(),
            version: version.map(|version| text(version)),
            requests: router.requests(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CycleHealth, DirectionHealth, Health, MAX_JSON, ReflectorHealth, Status, WanHealth, text,
    };
    use crate::observe::health::RouterHealth;

    fn direction() -> DirectionHealth {
        DirectionHealth {
            state: text("SOFT_RED"),
            wanted_bps: u64::MAX,
            confirmed_bps: Some(u64::MAX),
            reason: text("sustained low delay: waiting for a streak of green"),
            outcome: text("over-budget"),
            trouble: Some(text("unreachable")),
        }
    }

    /// As large as it gets.
    fn full() -> Health {
        let long = "\"ünï\\\t".repeat(20);
        let reflector =
            ReflectorHealth { address: text(&long), lost_of_16: u32::MAX, aside: false };
        let wan = WanHealth {
            name: text(&long),
            signal: text("no-signal"),
            source: text("gateway"),
            tcp_target: Some(text("[2001:db8:1111:2222:3333:4444:5555:6666]:65535")),
            tcp_baseline: Some(text("offset")),
            baseline_ms: Some(-123.456_789_012_345_67),
            load_ms: None,
            delta_ms: Some(1e-300),
            download: direction(),
            upload: direction(),
            reflectors: (0..8).map(|_| reflector.clone()).collect(),
            replies_late: u32::MAX,
            replies_duplicate: u32::MAX,
            replies_forged: u32::MAX,
            cycles: u64::MAX,
            cycles_missed: u64::MAX,
            cycle: Some(CycleHealth {
                mean_ms: 123.456_789_012_345_67,
                p95_ms: -123.456_789_012_345_67,
                p99_ms: 1e-300,
                longest_ms: 1.234_567_890_123_456_7e300,
            }),
            writes_confirmed: u32::MAX,
            writes_failed: u32::MAX,
            writes_last_hour: u16::MAX,
            writes_left: u16::MAX,
        };
        let router = RouterHealth {
            name: text(&long),
            reachable: Some(false),
            transport: text("rest"),
            consecutive_failures: u32::MAX,
            last_failure: Some(text("unreachable")),
            outage_seconds: u64::MAX,
            version: Some(text(&long)),
            requests: u64::MAX,
        };
        Health {
            status: Status::Degraded,
            version: text("1.22.333-rc4"),
            uptime_seconds: u64::MAX,
            wans: (0..8).map(|_| wan.clone()).collect(),
            routers: (0..4).map(|_| router.clone()).collect(),
        }
    }

    #[test]
    fn the_largest_health_fits_its_buffer_and_comes_back_the_same() {
        let mut buffer = vec![0; MAX_JSON];
        let json = full().to_json(&mut buffer).unwrap();
        assert_eq!(Health::from_json(json), Some(full()));
    }

    #[test]
    fn anything_else_is_not_health() {
        for wrong in ["", "{}", "[]", "null", "{\"status\":\"fine\"}"] {
            assert_eq!(Health::from_json(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
