use super::{
    CycleHealth, DirectionHealth, Health, MAX_JSON, ReflectorHealth, Status, WanHealth, cut, text,
};
use crate::observe::health::{FailoverHealth, RouterHealth, SteeringHealth};

fn direction() -> DirectionHealth {
    DirectionHealth {
        own_delay_ms: Some(-123.456_789_012_345_67),
        state: text("SOFT_RED"),
        wanted_bps: u64::MAX,
        confirmed_bps: Some(u64::MAX),
        base_bps: Some(u64::MAX),
        flow_bps: Some(u64::MAX),
        load: Some(text("high")),
        floor_bps: u64::MAX,
        ceiling_bps: u64::MAX,
        reason: text("sustained low delay: waiting for a streak of green"),
        outcome: text("over-budget"),
        trouble: Some(text("unreachable")),
    }
}

fn steering(long: &str) -> SteeringHealth {
    SteeringHealth {
        name: text(long),
        primary: text(long),
        alternate: text(long),
        router: text(long),
        rule: text(long),
        mode: text("hysteresis"),
        dry_run: false,
        state: text("DEGRADED"),
        since_seconds: Some(u64::MAX),
        judgement: text("unknown"),
        waits_for: text("hold-down"),
        delta_ms: Some(-123.456_789_012_345_67),
        dropped: Some(u64::MAX),
        waiting: Some(u64::MAX),
        score: Some(u8::MAX),
        brake: u8::MAX,
        changes: u32::MAX,
        rule_wanted: Some(false),
        rule_on: Some(false),
        rule_trouble: Some(text("unreachable")),
        rule_failures: u32::MAX,
    }
}

fn full_reflector(long: &str) -> ReflectorHealth {
    ReflectorHealth {
        address: text(long),
        lost_of_16: u32::MAX,
        aside: false,
        aside_for: Some(text("outlier")),
        timestamps: Some(text("nonsense")),
    }
}

/// As large as it gets.
pub(in crate::observe) fn full() -> Health {
    let long = "\"ünï\\\t".repeat(20);
    let reflector = full_reflector(&long);
    let wan = WanHealth {
        name: text(&long),
        law: text("adaptive"),
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
        round_ms: Some(-123.456_789_012_345_67),
        writes_confirmed: u32::MAX,
        writes_failed: u32::MAX,
        writes_last_hour: u16::MAX,
        writes_left: u16::MAX,
    };
    let router = RouterHealth {
        name: text(&long),
        reachable: Some(false),
        transport: text("rest"),
        failover: Some(FailoverHealth {
            instead_of: text("rest"),
            seconds: u64::MAX,
            reason: text("unreachable"),
            next_try_seconds: u64::MAX,
        }),
        consecutive_failures: u32::MAX,
        last_failure: Some(text("unreachable")),
        outage_seconds: u64::MAX,
        version: Some(text(&long)),
        coverage: Some(text(&long)),
        contract: Some(cut(&long.repeat(3))),
        requests: u64::MAX,
    };
    Health {
        status: Status::Degraded,
        version: text("1.22.333-rc4"),
        uptime_seconds: u64::MAX,
        wans: (0..8).map(|_| wan.clone()).collect(),
        routers: (0..4).map(|_| router.clone()).collect(),
        steerings: (0..8).map(|_| steering(&long)).collect(),
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
