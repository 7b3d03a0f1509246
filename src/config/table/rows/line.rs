//! The rows of the section `wan` on everything but rates.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

use super::{MS, S, delay, options, time};
use crate::{
    config::{
        kind::{Address, Choice, Device, Flag, Target, Text},
        number::{Limits, Number, Unit},
        table::{
            Preset::{Absent, Required, Value},
            SectionKind::Wan,
            Shape, Spec, both, once,
        },
    },
    control::{
        fallback::MAX_TARGETS,
        rule::Kind as LawKind,
        time::Span,
        units::{PerDirection, Rtt},
    },
    router::settings::QueueKind,
};

/// Most reflectors of a WAN.
const MAX_REFLECTORS: usize = 8;

const QUEUE_NAME: Text =
    Text { max: 64, refused: (&['"', '\'', '`', ';'], "a quote, semicolon or control character") };

const BLOAT: Number<Rtt> = delay(MS, S);

options! {
    ENABLED: Spec<Flag> = once(
        Wan, "enabled", Flag, Value("1"),
        "0 leaves the WAN alone; its section is checked all the same.",
    );
    ROUTER: Spec<Text> = once(
        Wan, "router", Text { max: 64, refused: (&[], "a control character") },
        Absent("the only one", "home"),
        "Name of the router section that carries its queues.",
    );
    LAW: Spec<Choice<LawKind>> = once(
        Wan, "law",
        Choice {
            words: &[("adaptive", LawKind::Adaptive), ("classic", LawKind::Classic)],
            later: &[],
        },
        Absent("adaptive; with queue_kind type classic", "adaptive"),
        "adaptive: moves what is loaded, by what passes the queues, which it reads from the router \
         once to five times a second; classic: by delay alone, both directions.",
    );
    QUEUE_KIND: Spec<Choice<QueueKind>> = once(
        Wan, "queue_kind",
        Choice {
            words: &[
                ("tree", QueueKind::Tree),
                ("simple", QueueKind::Simple),
                ("type", QueueKind::Type),
            ],
            later: &[],
        },
        Value("tree"),
        "tree: two queue tree entries; simple: one simple queue with both limits; type: the \
         cake-bandwidth of two queue types, which shapes on interface queues alone.",
    );
    QUEUE: Spec<Text> = once(
        Wan, "queue", QUEUE_NAME, Absent("required with queue_kind simple", "wan1"),
        "Name of the simple queue.",
    );
    DIRECTION_QUEUE: PerDirection<Spec<Text>> = both(
        "queue", QUEUE_NAME, Absent("required with queue_kind tree or type", "wan1-queue"),
        "Name of the queue tree entry or queue type.",
    );
}

options! {
    TARGET_BLOAT: Spec<Number<Rtt>> = once(
        Wan, "target_bloat", BLOAT, Value("15ms"),
        "Delay over the baseline above which both directions are yellow.",
    );
    WARN_BLOAT: Spec<Number<Rtt>> = once(
        Wan, "warn_bloat", BLOAT, Value("45ms"),
        "Above this the download is soft red and the upload red.",
    );
    HARD_RED_BLOAT: Spec<Number<Rtt>> = once(
        Wan, "hard_red_bloat", BLOAT, Value("80ms"),
        "Above this the download is red.",
    );
    BASELINE_INITIAL: Spec<Number<Rtt>> = once(
        Wan, "baseline_initial", delay(MS, 500 * MS),
        Absent("learnt: the median of the first 2 s", "25ms"),
        "Round-trip time of the idle line at start.",
    );
    BASELINE_TIME_CONSTANT: Spec<Number<Span>> = once(
        Wan, "baseline_time_constant", time(Unit::Time, S, 600 * S), Value("50s"),
        "How fast the baseline follows the idle line.",
    );
    LOAD_TIME_CONSTANT: Spec<Number<Span>> = once(
        Wan, "load_time_constant", time(Unit::Time, 50 * MS, 10 * S), Value("0.25s"),
        "How fast the load follows the round-trip time.",
    );
    BASELINE_FREEZE: Spec<Number<Rtt>> = once(
        Wan, "baseline_freeze", delay(MS / 10, 50 * MS), Value("3ms"),
        "The baseline stands still while the load is this much or more above it.",
    );
    BASELINE_MIN: Spec<Number<Rtt>> = once(
        Wan, "baseline_min", delay(MS / 10, S), Value("1ms"),
        "Lowest baseline.",
    );
    BASELINE_MAX: Spec<Number<Rtt>> = once(
        Wan, "baseline_max", delay(MS, 5 * S), Value("500ms"),
        "Highest baseline. Under load, what takes longer than it and than twice the idle time is a queue, however long it stays.",
    );
    SPIKE: Spec<Number<Rtt>> = once(
        Wan, "spike", delay(5 * MS, 50 * MS), Value("15ms"),
        "A rise of the load by more than this within one cycle makes the cycle red.",
    );
    REFLECTOR: Spec<Address> = Spec {
        shape: Shape::List(MAX_REFLECTORS),
        ..once(
            Wan, "reflector", Address, Required("1.1.1.1"),
            "Hosts whose answers are timed, the preferred ones first.",
        )
    };
    TCP_TARGET: Spec<Target> = Spec {
        shape: Shape::List(MAX_TARGETS),
        ..once(
            Wan, "tcp_target", Target, Absent("1.1.1.1:443 and 8.8.8.8:443", "1.1.1.1:443"),
            "Hosts whose TCP handshakes are timed when no reflector answers; none alone: nobody's.",
        )
    };
    GATEWAY: Spec<Address> = once(
        Wan, "gateway", Address, Absent("nobody is asked", "192.0.2.1"),
        "Asked by echo when no reflector answers, to tell a dead line from a dead cable.",
    );
    SOURCE: Spec<Address> = once(
        Wan, "source", Address, Absent("the system's choice", "192.0.2.10"),
        "Local address of the probes.",
    );
    INTERFACE: Spec<Device> = once(
        Wan, "interface", Device, Absent("the system's choice", "eth1"),
        "Network device that the probes leave by.",
    );
    TIMESTAMPS: Spec<Flag> = once(
        Wan, "timestamps", Flag, Value("0"),
        "Ask reflectors for ICMP timestamps instead of echoes where they answer those, to tell the \
        delays of both directions apart; needs root or CAP_NET_RAW. IPv4 alone has them.",
    );
    LOAD_INTERVAL: Spec<Number<Span>> = once(
        Wan, "load_interval", time(Unit::Delay, 200 * MS, S), Value("200ms"),
        "How often at most what passes a queue is read from the router, with the adaptive law while \
         the line is loaded; down to once a second while it is idle.",
    );
    INTERVAL: Spec<Number<Span>> = once(
        Wan, "interval", time(Unit::Delay, 20 * MS, 2 * S), Value("50ms"),
        "Length of a cycle: one round of probes and one decision.",
    );
    WRITE_BUDGET: Spec<Number<u16>> = once(
        Wan, "write_budget",
        Number::new(Limits { unit: Unit::Count, min: 60, max: 7_200 }, |count| {
            u16::try_from(count).ok()
        }),
        Value("600"),
        "Writes to the router per hour from which on increases slow down.",
    );
}
