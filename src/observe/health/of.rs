//! The health of the core at this moment.
//! Promises: what is not known is not shown as a number.
//! Knows nothing of JSON.

use heapless::Vec;

use super::{
    CycleHealth, DirectionHealth, FailoverHealth, Health, ReflectorHealth, RouterHealth, Shell,
    Status, SteeringHealth, Text, WanHealth, cut, text,
};
use crate::{
    control::{
        baseline::Baseline,
        connectivity::Contact,
        engine::{Engine, MAX_ROUTERS, MAX_STEERINGS, MAX_WANS},
        failover::{Away, Route},
        fallback::Instead,
        law::{Cause, Scale, Verdict},
        queue::{Outcome, QueueSlot},
        reflectors::MAX_REFLECTORS,
        rhythm::Lengths,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate, Rtt},
        wan::{RouterId, Signal, Wan, WanId},
    },
    observe::words::Names,
};

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
            .map(|(wan, budget)| WanHealth::of(wan, *budget, shell.names, now))
            .collect();
        let routers: Vec<RouterHealth, MAX_ROUTERS> = (0..)
            .zip(engine.routers())
            .map(|(index, router)| RouterHealth::of(RouterId(index), router, shell, now))
            .collect();
        let fresh = wans.iter().all(|wan| wan.signal == FRESH);
        let learning = wans.iter().any(|wan| wan.signal == LEARNING);
        let reachable = routers.iter().all(|router| router.reachable == Some(true));
        let steerings: Vec<SteeringHealth, MAX_STEERINGS> =
            SteeringHealth::all(engine, shell, now).take(MAX_STEERINGS).collect();
        let ruled = steerings.iter().all(|steering| steering.rule_trouble.is_none());
        let untroubled = ruled
            && wans
                .iter()
                .all(|wan| wan.download.trouble.is_none() && wan.upload.trouble.is_none());
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
            steerings,
        }
    }
}

impl WanHealth {
    fn of(wan: &Wan, budget: (u16, u16), names: &Names, now: Instant) -> Self {
        let ways = wan.ways(now);
        let own = |direction| ways.map(|ways| *ways.of(direction));
        let of = |direction| DirectionHealth::of(wan, direction, own(direction));
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
            law: text(wan.choice().word()),
            signal: text(signal_word(wan)),
            source: text(source),
            tcp_target,
            tcp_baseline,
            baseline_ms: decision
                .map(|decision| decision.baseline)
                .or(means.map(Baseline::baseline))
                .map(Rtt::ms),
            load_ms: decision.map(|decision| decision.load.ms()),
            delta_ms: decision.map(|decision| decision.delta),
            download: of(Direction::Download),
            upload: of(Direction::Upload),
            reflectors: reflectors(wan, names),
            replies_late: unused.late,
            replies_duplicate: unused.duplicate,
            replies_forged: unused.forged,
            cycles: cycles.total,
            cycles_missed: cycles.missed,
            cycle: wan.lengths().map(CycleHealth::from),
            round_ms: Some(Rtt::from_span(wan.round_every()).ms()),
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
            let timestamps = wan.clocks().standing(index).map(|standing| text(standing.word()));
            let address = text(&address.to_string());
            let aside_for = wan.reflectors().aside(index).map(|why| text(why.word()));
            Some(ReflectorHealth { address, lost_of_16, aside, aside_for, timestamps })
        })
        .take(MAX_REFLECTORS)
        .collect()
}

impl DirectionHealth {
    fn of(wan: &Wan, direction: Direction, own_delay_ms: Option<f64>) -> Self {
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
        let ladder = wan.settings().law.ladders.of(direction);
        let seen = wan.load(direction);
        Self {
            state: text(verdict.map_or(undecided(wan), |verdict| verdict.zone.word())),
            wanted_bps: wanted.bps(),
            confirmed_bps: wan.applier().confirmed().of(direction).map(Rate::bps),
            floor_bps: ladder.floors.red.bps(),
            ceiling_bps: ladder.ceiling.bps(),
            base_bps: seen.and_then(|seen| seen.base).map(Rate::bps),
            flow_bps: seen.map(|seen| seen.flow.bps()),
            load: seen.map(|seen| text(seen.load.word())),
            own_delay_ms,
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
        let facts = shell.facts.get(usize::from(id.0)).filter(|facts| !facts.version.is_empty());
        Self {
            name: text(shell.names.router(id)),
            reachable,
            transport: text(shell.names.transport(id, router.failover().in_use())),
            failover: failover(id, router, shell.names, now),
            consecutive_failures: failures,
            last_failure: kind.map(|kind| text(kind.word())),
            outage_seconds: outage.as_secs(),
            version: facts.map(|facts| text(&facts.version)),
            coverage: facts.map(|facts| text(&facts.coverage)),
            contract: facts.map(|facts| match facts.drift.as_str() {
                "" => cut("ok"),
                drift => cut(&format!("drift: {drift}")),
            }),
            requests: router.requests(),
        }
    }
}

fn failover(
    id: RouterId,
    router: &crate::control::engine::Router,
    names: &Names,
    now: Instant,
) -> Option<FailoverHealth> {
    let Away { since, kind, try_at } = router.failover().away()?;
    Some(FailoverHealth {
        instead_of: text(names.transport(id, Route::Preferred)),
        seconds: now.since(since).as_secs(),
        reason: text(kind.word()),
        next_try_seconds: try_at.since(now).as_secs(),
    })
}
