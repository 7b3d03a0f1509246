use super::Screen;
use crate::{
    cli::status::{
        client::{Event, Recent, RecentWan},
        spark::Look,
    },
    observe::health::{
        DirectionHealth, Health, ReflectorHealth, RouterHealth, Status, SteeringHealth, WanHealth,
        cut, text,
    },
};

fn direction(state: &str, wanted_bps: u64) -> DirectionHealth {
    DirectionHealth {
        own_delay_ms: None,
        base_bps: None,
        flow_bps: None,
        load: None,
        state: text(state),
        wanted_bps,
        confirmed_bps: Some(wanted_bps / 2),
        floor_bps: 1_000_000,
        ceiling_bps: 940_000_000,
        reason: text("held: already at the floor"),
        outcome: text("unchanged"),
        trouble: None,
    }
}

fn wan(name: &str) -> WanHealth {
    let reflector = |number: u8| ReflectorHealth {
        address: text(&format!("2001:db8:1234:5678:9abc:def0:1234:{number}")),
        lost_of_16: 3,
        aside: true,
        aside_for: Some(text("outlier")),
        timestamps: None,
    };
    WanHealth {
        law: text("classic"),
        name: text(name),
        signal: text("fresh"),
        source: text("icmp"),
        tcp_target: None,
        tcp_baseline: None,
        baseline_ms: Some(21.4),
        load_ms: Some(433.0),
        delta_ms: Some(411.6),
        download: direction("SOFT_RED", 123_456_789),
        upload: direction("GREEN", 40_000_000),
        reflectors: (1..4).map(reflector).collect(),
        replies_late: 0,
        replies_duplicate: 0,
        replies_forged: 0,
        cycles: 1_000_000,
        cycles_missed: 9,
        cycle: None,
        round_ms: Some(250.0),
        writes_confirmed: 1_234,
        writes_failed: 5,
        writes_last_hour: 600,
        writes_left: 0,
    }
}

fn steering() -> SteeringHealth {
    SteeringHealth {
        name: text("calls"),
        primary: text("cable"),
        alternate: text("dsl"),
        router: text("home"),
        rule: text("calls: other line"),
        mode: text("confidence"),
        dry_run: false,
        state: text("DEGRADED"),
        since_seconds: Some(754),
        judgement: text("YELLOW"),
        waits_for: text("hold-down"),
        delta_ms: Some(380.0),
        dropped: None,
        waiting: None,
        score: Some(70),
        brake: 1,
        changes: 1,
        rule_wanted: Some(true),
        rule_on: Some(false),
        rule_trouble: None,
        rule_failures: 3,
    }
}

fn health() -> Health {
    let router = RouterHealth {
        name: text("home"),
        reachable: Some(true),
        transport: text("rest"),
        failover: None,
        consecutive_failures: 0,
        last_failure: None,
        outage_seconds: 0,
        version: Some(text("7.23.2 (stable)")),
        coverage: Some(text("exact")),
        contract: Some(cut("ok")),
        requests: 77,
    };
    Health {
        status: Status::Healthy,
        version: text("0.1.0"),
        uptime_seconds: 100_000,
        wans: [wan("cable"), wan("dsl")].into_iter().collect(),
        routers: std::iter::once(router).collect(),
        steerings: std::iter::once(steering()).collect(),
    }
}

fn recent() -> Recent {
    let row = Some([Some(123.0); 9]);
    let samples = || std::iter::repeat_n(row, 60).collect();
    let wans = ["cable", "dsl"].map(|name| RecentWan { name: text(name), samples: samples() });
    let event =
        |at| Event { at, text: cut("wan cable download: GREEN -> SOFT_RED, 411 ms over 21 ms") };
    Recent { now: 99, wans: wans.into_iter().collect(), events: (90..94).map(event).collect() }
}

fn shown(columns: usize, rows: usize) -> Vec<String> {
    shown_of(&health(), columns, rows)
}

fn shown_of(health: &Health, columns: usize, rows: usize) -> Vec<String> {
    let mut screen = Screen::new(columns, Look::Blocks);
    screen.show(health, Some(&recent()));
    screen.into_lines(rows)
}

#[test]
fn the_law_is_shown_and_whether_it_knows_the_load() {
    let mut health = health();
    let [known, unknown] = &mut health.wans[..] else { panic!("two WANs") };
    for wan in [&mut *known, &mut *unknown] {
        wan.law = text("adaptive");
    }
    (known.download.load, known.download.flow_bps) = (Some(text("high")), Some(98_000_000));
    (known.upload.load, known.upload.flow_bps) = (Some(text("idle")), Some(0));
    let all = shown_of(&health, 200, usize::MAX).join("\n");
    for words in ["load high: 98M;", "load idle;", "dsl: law adaptive; writes 1234"] {
        assert!(all.contains(words), "{words} in\n{all}");
    }
    assert_eq!(all.matches("load unknown").count(), 2, "{all}");
    let all = shown(200, usize::MAX).join("\n");
    assert!(!all.contains(", load"), "the classic law asks for none: {all}");
}

#[test]
fn how_often_reflectors_are_asked_is_shown() {
    assert!(shown(200, 100).iter().any(|line| line.ends_with("; asked each 250 ms")));
}

#[test]
fn how_many_reflectors_answer_timestamps_is_said_where_they_are_asked_for_them() {
    let mut health = health();
    for (reflector, state) in health.wans[0].reflectors.iter_mut().zip(["answers", "silent"]) {
        reflector.timestamps = Some(text(state));
    }
    let all = shown_of(&health, 400, usize::MAX).join("\n");
    assert_eq!(all.matches("; 1 by timestamps").count(), 1, "{all}");
    assert_eq!(all.matches("by timestamps").count(), 1, "nobody else is asked: {all}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in 20..=200 {
        for line in shown(columns, usize::MAX) {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn two_lines_and_a_steering_have_room_on_a_usual_terminal_and_on_a_small_one() {
    for (columns, rows) in [(80, 23), (40, 19)] {
        let lines = shown(columns, rows);
        let all = lines.join("\n");
        assert!(lines.len() <= rows, "{} lines:\n{all}", lines.len());
        for words in ["wan cable", "wan dsl", "steering calls: DEGRADED", "download SOFT_RED"] {
            assert!(all.contains(words), "{words} in\n{all}");
        }
        assert!(all.contains("\n6 s ago"), "what happened last:\n{all}");
    }
    assert!(shown(80, 23).iter().filter(|line| line.starts_with("  delay")).count() == 2);
}
