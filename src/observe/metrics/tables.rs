//! Which metrics there are: name, kind, meaning, and where the value comes from.
//! Promises: no metric is written that is not here or in `whole`.
//! Knows nothing of how they are written.

use super::Value;
use crate::{
    control::{adaptive::Load, zone::Zone},
    observe::health::{
        CycleHealth, DirectionHealth, ReflectorHealth, RouterHealth, SteeringHealth, WanHealth,
    },
};

/// What stands above the values of a metric.
pub(super) struct Head {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
}

/// A metric, and its value of one thing; `None`: it is not known.
pub(super) type Row<T> = (Head, fn(&T) -> Option<Value>);

const fn gauge(name: &'static str, help: &'static str) -> Head {
    Head { name, kind: "gauge", help }
}

const fn counter(name: &'static str, help: &'static str) -> Head {
    Head { name, kind: "counter", help }
}

fn flag(is_so: bool) -> Value {
    Value::Whole(is_so.into())
}

fn cycle(wan: &WanHealth, of: fn(&CycleHealth) -> f64) -> Option<Value> {
    wan.cycle.as_ref().map(|cycle| Value::Ms(of(cycle)))
}

/// One value per WAN.
pub(super) static WAN: [Row<WanHealth>; 14] = [
    (gauge("wanctl_signal", "1: the line is measured; 0: nothing measures it."), |wan| {
        Some(flag(wan.signal != "no-signal"))
    }),
    (gauge("wanctl_rtt_baseline_seconds", "Round-trip time of the idle line."), |wan| {
        wan.baseline_ms.map(Value::Ms)
    }),
    (gauge("wanctl_rtt_load_seconds", "Round-trip time under load."), |wan| {
        wan.load_ms.map(Value::Ms)
    }),
    (gauge("wanctl_rtt_delta_seconds", "Load over baseline: the bufferbloat."), |wan| {
        wan.delta_ms.map(Value::Ms)
    }),
    (counter("wanctl_cycles_total", "Cycles of measuring and deciding."), |wan| {
        Some(Value::Whole(wan.cycles))
    }),
    (counter("wanctl_cycles_missed_total", "Cycles that came too late."), |wan| {
        Some(Value::Whole(wan.cycles_missed))
    }),
    (gauge("wanctl_cycle_mean_seconds", "Length of a cycle, on average."), |wan| {
        cycle(wan, |cycle| cycle.mean_ms)
    }),
    (gauge("wanctl_cycle_p95_seconds", "95 of a hundred cycles take at most this."), |wan| {
        cycle(wan, |cycle| cycle.p95_ms)
    }),
    (gauge("wanctl_cycle_p99_seconds", "99 of a hundred cycles take at most this."), |wan| {
        cycle(wan, |cycle| cycle.p99_ms)
    }),
    (gauge("wanctl_cycle_longest_seconds", "The longest cycle since the start."), |wan| {
        cycle(wan, |cycle| cycle.longest_ms)
    }),
    (gauge("wanctl_round_seconds", "Time from one round of probes to the next."), |wan| {
        wan.round_ms.map(Value::Ms)
    }),
    (gauge("wanctl_writes_last_hour", "Writes to the router in the last hour."), |wan| {
        Some(Value::Whole(wan.writes_last_hour.into()))
    }),
    (gauge("wanctl_write_budget_left", "Writes left in the budget of the hour."), |wan| {
        Some(Value::Whole(wan.writes_left.into()))
    }),
    (gauge("wanctl_measured_by_tcp", "1: no reflector answers, a TCP target stands in."), |wan| {
        Some(flag(wan.source == "tcp"))
    }),
];

/// One value per WAN and result.
pub(super) static WRITES: [Row<u32>; 1] = [(
    counter("wanctl_writes_total", "Writes that the router confirmed or that failed."),
    |count| Some(Value::Whole((*count).into())),
)];

/// One value per WAN and reason.
pub(super) static UNUSED: [Row<u32>; 1] = [(
    counter("wanctl_replies_unused_total", "Replies that were counted and not used."),
    |count| Some(Value::Whole((*count).into())),
)];

const OWN_DELAY: &str = "wanctl_own_delay_seconds";

/// One value per WAN and direction.
pub(super) static DIRECTION: [Row<DirectionHealth>; 10] = [
    (gauge("wanctl_state", "0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED, 4 no-signal."), |direction| {
        code(&direction.state)
    }),
    (
        gauge("wanctl_rate_wanted_bytes_per_second", "The limit that the control law wants."),
        |direction| Some(Value::Bits(direction.wanted_bps)),
    ),
    (
        gauge("wanctl_rate_confirmed_bytes_per_second", "The limit that the router confirmed."),
        |direction| direction.confirmed_bps.map(Value::Bits),
    ),
    (gauge("wanctl_rate_floor_bytes_per_second", "The lowest limit ever wanted."), |direction| {
        Some(Value::Bits(direction.floor_bps))
    }),
    (
        gauge("wanctl_rate_ceiling_bytes_per_second", "The highest limit ever wanted."),
        |direction| Some(Value::Bits(direction.ceiling_bps)),
    ),
    (
        gauge("wanctl_rate_base_bytes_per_second", "The limit that a burst after a pause finds."),
        |direction| direction.base_bps.map(Value::Bits),
    ),
    (
        gauge("wanctl_flow_bytes_per_second", "What passes the queue, as the law sees it."),
        |direction| direction.flow_bps.map(Value::Bits),
    ),
    (gauge("wanctl_load", "0 idle, 1 low, 2 high, by what passes of the limit."), |direction| {
        let load = direction.load.as_ref()?;
        let codes = (0..).map(Value::Whole).zip(Load::ALL);
        codes.into_iter().find_map(|(code, own)| (load == own.word()).then_some(code))
    }),
    (gauge(OWN_DELAY, "Delay over the idle line by itself. Absent: not known."), |of| {
        of.own_delay_ms.map(Value::Ms)
    }),
    (gauge("wanctl_queue_trouble", "1: the router refuses what is asked of the queue."), |of| {
        Some(flag(of.trouble.is_some()))
    }),
];

/// The one encoding of states; nothing while there is no decision yet.
fn code(state: &str) -> Option<Value> {
    if state == "no-signal" {
        return Some(Value::Whole(4));
    }
    let zone = Zone::ALL.into_iter().find(|zone| zone.word() == state)?;
    Some(Value::Whole(zone.code().into()))
}

const TIMESTAMPS: &str = "wanctl_reflector_timestamps";

/// One value per reflector of a WAN.
pub(super) static REFLECTOR: [Row<ReflectorHealth>; 3] = [
    (gauge("wanctl_reflector_lost_ratio", "Lost probes of the last sixteen."), |reflector| {
        Some(Value::Of16(reflector.lost_of_16))
    }),
    (
        gauge("wanctl_reflector_aside", "1: it fails too often or strays, and is set aside."),
        |reflector| Some(flag(reflector.aside)),
    ),
    (gauge(TIMESTAMPS, "1: its timestamps are used. Absent: not asked for any."), |reflector| {
        reflector.timestamps.as_ref().map(|standing| flag(standing == "answers"))
    }),
];

/// One value per router.
pub(super) static ROUTER: [Row<RouterHealth>; 6] = [
    (gauge("wanctl_router_reachable", "1: it answers. Absent: not asked yet."), |router| {
        router.reachable.map(flag)
    }),
    (gauge("wanctl_router_outage_seconds", "For how long it has not answered."), |router| {
        Some(Value::Whole(router.outage_seconds))
    }),
    (gauge("wanctl_router_consecutive_failures", "Requests that failed in a row."), |router| {
        Some(Value::Whole(router.consecutive_failures.into()))
    }),
    (counter("wanctl_router_requests_total", "Requests to the router."), |router| {
        Some(Value::Whole(router.requests))
    }),
    (gauge("wanctl_router_failed_over", "1: reached by the other transport."), |router| {
        Some(flag(router.failover.is_some()))
    }),
    (gauge("wanctl_router_drift", "1: its answers are not as recorded."), |router| {
        router.contract.as_ref().map(|contract| flag(contract != "ok"))
    }),
];

/// One value per steering.
pub(super) static STEERING: [Row<SteeringHealth>; 7] = [
    (gauge("wanctl_steering_state", "0 GOOD, 1 DEGRADED: the rule is wanted on."), |steering| {
        Some(flag(steering.state == "DEGRADED"))
    }),
    (gauge("wanctl_steering_rule_on", "1: the router shows the rule on."), |steering| {
        steering.rule_on.map(flag)
    }),
    (gauge("wanctl_steering_rule_trouble", "1: the rule cannot be read or switched."), |of| {
        Some(flag(of.rule_trouble.is_some()))
    }),
    (
        counter("wanctl_steering_rule_failures_total", "Requests about the rule that failed."),
        |steering| Some(Value::Whole(steering.rule_failures.into())),
    ),
    (counter("wanctl_steering_changes_total", "Decisions to steer or not to."), |steering| {
        Some(Value::Whole(steering.changes.into()))
    }),
    (
        gauge("wanctl_steering_brake", "How hard the brake of a flapping line is on, 0 to 5."),
        |of| Some(Value::Whole(of.brake.into())),
    ),
    (gauge("wanctl_steering_score", "The score in mode confidence, 0 to 100."), |steering| {
        steering.score.map(|score| Value::Whole(score.into()))
    }),
];
