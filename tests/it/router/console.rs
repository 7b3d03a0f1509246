//! The console's output as typed values: captured ones, and anything else.

use std::{fs, path::Path};

use wanctl::{
    control::{failure::FailureKind, time::Span, units::PerDirection},
    router::{
        cli::{command, reply},
        error::{Hint, RouterError, Transport},
        op::{Counters, Found, Op, QueueKind, QueueState, Reply, Resource, RuleState, Statistics},
    },
};

use super::talk::{
    count, rate, read_rule, read_simple, read_tree, read_type, rule_reply, set_rule, set_simple,
    set_tree, set_type, tree_limit, tree_reply,
};

const LTE: &str = "ELMO-EXP2B-LTE1";

fn golden(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/ssh").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    // A JSON string holds the exact bytes; the others end with one line end that was added.
    match text.trim_end().strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(bytes) if file.ends_with(".bytes.json") => {
            bytes.replace("\\r", "\r").replace("\\n", "\n")
        }
        _ => text.trim_end_matches('\n').to_owned(),
    }
}

fn answered(op: &Op<'_>, output: &str) -> Result<Reply, RouterError> {
    reply(op, output.as_bytes())
}

fn kind(op: &Op<'_>, output: &str) -> (FailureKind, String) {
    let error = answered(op, output).unwrap_err();
    assert_eq!(error.transport, Transport::Ssh);
    (error.kind, error.detail.as_str().to_owned())
}

#[test]
fn captured_queues_are_read_if_the_exact_limit_follows() {
    let captured = golden("7.24rc3/queue-tree.print-detail.txt");
    assert_eq!(kind(&read_tree(LTE), &captured).0, FailureKind::Garbage, "cut off");
    let exact = format!("{captured}\r\n\r\nexact max-limit: 5000000\r\n");
    assert_eq!(answered(&read_tree(LTE), &exact), Ok(tree_reply(5_000_000)));
    assert_eq!(answered(&set_tree(LTE, 5_000_000), &exact), Ok(tree_limit(5_000_000)));

    let invalid = golden("7.24rc3/queue-tree.print-detail.invalid.txt");
    let invalid = format!("{invalid}\r\n\r\nexact max-limit: 5000000\r\n");
    let limit = Found::One(Some(rate(5_000_000)));
    let state = QueueState { limit, disabled: false, invalid: true, dynamic: false };
    assert_eq!(answered(&read_tree(LTE), &invalid), Ok(Reply::Queue(state)));
}

#[test]
fn a_rounded_limit_gives_way_to_the_exact_one_and_a_contradicting_one_is_refused() {
    let output = |shown: &str, exact: &str| {
        format!("0  name=\"q\" parent=bridge max-limit={shown}\r\n\r\nexact max-limit: {exact}\r\n")
    };
    let read = read_tree("q");
    assert_eq!(answered(&read, &output("487.6M", "487654321")), Ok(tree_reply(487_654_321)));
    assert_eq!(answered(&read, &output("487.6M", "487654k")), Ok(tree_reply(487_654_000)));
    assert_eq!(answered(&read, &output("0", "0")), Ok(tree_reply(0)));
    for (shown, exact) in [("487.6M", "48765432"), ("5M", "0"), ("0", "5"), ("5M", "fast")] {
        assert_eq!(kind(&read, &output(shown, exact)).0, FailureKind::Garbage, "{shown} {exact}");
    }
}

#[test]
fn a_simple_queue_is_upload_then_download() {
    let output = "0  name=\"internet-cake\" target=192.168.88.0/24 queue=cake/cake\r\n   \
                  max-limit=20M/100M\r\n\r\nexact max-limit: 20000000/100000000\r\n";
    let limit = Found::Pair(PerDirection {
        download: Some(rate(100_000_000)),
        upload: Some(rate(20_000_000)),
    });
    let state = QueueState { limit, disabled: false, invalid: false, dynamic: false };
    assert_eq!(answered(&read_simple("internet-cake"), output), Ok(Reply::Queue(state)));
    let set = set_simple("internet-cake", 100_000_000, 20_000_000);
    assert_eq!(answered(&set, output), Ok(Reply::Limit(limit)));
    let tree = output.replace("20M/100M", "20M").replace("20000000/100000000", "20000000");
    assert_eq!(kind(&read_simple("internet-cake"), &tree).0, FailureKind::Garbage);
}

#[test]
fn flags_of_old_and_new_consoles_say_what_a_queue_is() {
    for output in [
        "Flags: X - disabled, I - invalid, D - dynamic \r\n 0 XD  name=\"q\" max-limit=1M \r\n",
        "Flags: D - DYNAMIC; X - DISABLED\r\n0 DX name=\"q\" max-limit=1M\r\n",
    ] {
        let output = format!("{output}\r\nexact max-limit: 1000000\r\n");
        let limit = Found::One(Some(rate(1_000_000)));
        let state = QueueState { limit, disabled: true, invalid: false, dynamic: true };
        assert_eq!(answered(&read_tree("q"), &output), Ok(Reply::Queue(state)));
    }
}

#[test]
fn nothing_found_is_said_by_silence() {
    let silence = golden("7.24rc3/print-where.no-match.txt");
    let legend = "Flags: X - disabled, I - invalid \r\n";
    for output in [silence.as_str(), "\r\n", "\r\n\r\n", legend] {
        assert_eq!(
            kind(&read_tree("WAN"), output),
            (FailureKind::NotFound, "the router has no queue tree entry \"WAN\"".to_owned())
        );
    }
    let silent = golden("reconstructed/queue-tree.set.no-match.txt");
    assert_eq!(kind(&set_tree("WAN", 5), &silent).0, FailureKind::NotFound);
    for nonsense in ["<html>hotspot login</html>", "Welcome!\r\n", "12 monkeys"] {
        assert_eq!(kind(&read_tree("WAN"), nonsense).0, FailureKind::Garbage, "{nonsense}");
    }
}

#[test]
fn several_of_one_name_are_named_by_their_places() {
    let output = "1  name=\"WAN\" max-limit=5M\r\n\r\n7  name=\"WAN\" max-limit=9M\r\n\r\n\
                  exact max-limit: 5000000\r\nexact max-limit: 9000000\r\n";
    assert_eq!(
        kind(&read_tree("WAN"), output),
        (
            FailureKind::Ambiguous,
            "2 entries, number 1 7, match queue tree entry \"WAN\"".to_owned()
        )
    );
    let half = "1  name=\"WAN\" max-limit=5M\r\n\r\nexact max-limit: 5\r\nexact max-limit: 6\r\n";
    assert_eq!(kind(&read_tree("WAN"), half).0, FailureKind::Ambiguous);
    assert_eq!(kind(&read_tree("WAN"), "exact max-limit: 5000000\r\n").0, FailureKind::Garbage);
}

#[test]
fn captured_counters_are_read_whatever_stands_in_front_of_them() {
    let counted = |values: [u64; 5]| Counters::from_values(values.map(Some));
    for (file, name, values) in [
        ("7.24rc3/queue-tree.print-stats-detail.idle.txt", LTE, [196, 2, 0, 0, 0]),
        (
            "7.24rc3/queue-tree.print-stats-detail.cake-loaded.txt",
            LTE,
            [22_926_057, 18_491, 0, 3_726, 3],
        ),
        (
            "7.24rc3/queue-tree.print-stats-detail.pfifo-loaded.txt",
            "ELMO-EXP2B-LTE2",
            [1_888_012, 1_516, 105, 60_956, 50],
        ),
        ("doc/queue-tree.print-stats.txt", "Limiting-Youtube", [67_887, 355, 0, 0, 0]),
    ] {
        let reply = Reply::Statistics(Statistics::One(counted(values)));
        let read = count(QueueKind::Tree, name);
        for line_end in ["\n", "\r\n"] {
            let output = golden(file).replace('\n', line_end);
            assert_eq!(answered(&read, &output), Ok(reply.clone()), "{file}");
        }
    }
    let pair = PerDirection {
        download: counted([172_388, 888, 0, 0, 0]),
        upload: counted([45_666, 457, 0, 0, 0]),
    };
    let simple = golden("reconstructed/queue-simple.print-stats.txt");
    let read = count(QueueKind::Simple, "internet-cake");
    assert_eq!(answered(&read, &simple), Ok(Reply::Statistics(Statistics::Pair(pair))));
}

#[test]
fn counters_may_carry_units_or_be_missing_but_not_be_anything_else() {
    let read = count(QueueKind::Tree, "q");
    let output = "0  name=\"q\" queued-bytes=3612.0KiB bytes=32.0MiB packets=18446744073709551615";
    let told = Counters {
        bytes: Some(32 << 20),
        packets: Some(u64::MAX),
        queued_bytes: Some(3_612 << 10),
        ..Counters::default()
    };
    assert_eq!(answered(&read, output), Ok(Reply::Statistics(Statistics::One(told))));
    for odd in ["lots", "-1", "18446744073709551616", "\"\"", "1/2"] {
        let output = format!("0  name=\"q\" bytes={odd}\r\n");
        assert_eq!(kind(&read, &output).0, FailureKind::Garbage, "{odd}");
    }
}

#[test]
fn the_bandwidth_of_a_captured_cake_type_is_none_and_other_kinds_have_none() {
    let name = "elmo-exp2b-cake";
    let captured = golden("7.24rc3/queue-type.cake.print-detail.txt");
    for exact in ["0bps", "0", ""] {
        let output = format!("{captured}\r\n\r\nexact cake-bandwidth: {exact}\r\n");
        assert_eq!(answered(&read_type(name), &output), Ok(tree_reply(0)), "{exact}");
    }
    assert_eq!(kind(&read_type(name), &captured).0, FailureKind::Garbage, "cut off");
    let set = captured.replace("=0bps", "=245.0Mbps");
    let set = format!("{set}\r\n\r\nexact cake-bandwidth: 245012345\r\n");
    assert_eq!(answered(&set_type(name, 245_012_345), &set), Ok(tree_limit(245_012_345)));
    let contradicting = set.replace("245012345", "24501234");
    assert_eq!(kind(&read_type(name), &contradicting).0, FailureKind::Garbage);

    let doc = golden("doc/queue-type.print.txt");
    let pcq = doc.split("\n\n").find(|row| row.contains("pcq-upload-default")).unwrap();
    let (refused, detail) = kind(&read_type("pcq-upload-default"), pcq);
    assert_eq!(refused, FailureKind::Rejected);
    assert!(detail.contains("of the kind pcq"), "{detail}");
    let (ambiguous, detail) = kind(&read_type("default"), &doc);
    assert_eq!(ambiguous, FailureKind::Ambiguous);
    assert!(detail.starts_with("10 entries, number 0 1 2 3 4 5 6 7 8 9, "), "{detail}");
}

#[test]
fn captured_rules_are_read_with_their_comments_and_flags() {
    let captured = golden("7.24rc3/mangle.print-detail.txt");
    let comment = "ELMO EXP2B: test packet mark lte1";
    let first = captured.split("\n \n").next().unwrap().replace('\n', "\r\n");
    let output = format!("{first}\r\n\r\nexact comment: {comment}\r\n");
    let read = read_rule(comment);
    assert_eq!(answered(&read, &output), Ok(rule_reply(RuleState::Enabled)));
    let off = output.replacen("4  ;;;", "Flags: X - DISABLED\r\n4  X ;;;", 1);
    let set = set_rule(comment, RuleState::Disabled);
    assert_eq!(answered(&set, &off), Ok(rule_reply(RuleState::Disabled)));
    // What the router takes for equal does not count.
    let loose = output.replace("exact comment: ELMO", "exact comment: elmo");
    assert_eq!(kind(&read, &loose).0, FailureKind::NotFound);
    assert_eq!(kind(&read, &first).0, FailureKind::Garbage, "cut off");
    let (all, detail) = kind(&read, &captured);
    assert_eq!(all, FailureKind::Ambiguous);
    assert!(detail.starts_with("4 entries, number 4 2 5 3, match mangle rule"), "{detail}");
    let table = golden("7.24rc3/mangle.print-stats.txt");
    assert_eq!(kind(&read, &table).0, FailureKind::Garbage, "a table");
}

#[test]
fn lines_of_the_log_inside_a_record_are_passed_over() {
    let output = golden("interactive/nat-print.log-echo.txt");
    let (several, detail) = kind(&read_rule("qsdqsdqsd"), &output);
    assert_eq!(several, FailureKind::Ambiguous);
    assert!(detail.starts_with("3 entries, number 0 1 2,"), "{detail}");
    let last = output.split("\n\n").last().unwrap();
    let last = format!("{last}\n\nexact comment: qsdqsdqsd\n");
    let read = answered(&read_rule("qsdqsdqsd"), &last);
    assert_eq!(read, Ok(rule_reply(RuleState::Disabled)));
}

#[test]
fn the_router_is_called_by_the_captured_names() {
    for (file, name) in [
        ("7.24rc3/system-identity.print.txt", "R0000001"),
        ("7.23.1/system-identity.print.bytes.json", "CHR"),
        ("unversioned/system-identity.print.txt", "Mikrotik-Device_Name"),
    ] {
        let reply = Reply::Identity(name.try_into().unwrap());
        assert_eq!(answered(&Op::ReadIdentity, &golden(file)), Ok(reply), "{file}");
    }
}

#[test]
fn more_output_than_anything_prints_is_garbage() {
    let captured = golden("7.24rc3/queue-tree.print-stats-detail.idle.txt");
    let long = format!("{captured}\r\n{}", "\r\n".repeat(40_000));
    assert_eq!(kind(&count(QueueKind::Tree, LTE), &long).0, FailureKind::Garbage);
}

#[test]
fn another_queue_than_the_one_asked_for_is_refused() {
    let exact = |file: &str| format!("{}\r\nexact max-limit: 5000000\r\n", golden(file));
    let captured = exact("7.24rc3/queue-tree.print-detail.txt");
    let (kind_of_other, detail) = kind(&read_tree("elmo-exp2b-lte1"), &captured);
    assert_eq!(kind_of_other, FailureKind::Garbage);
    assert!(detail.contains(LTE), "{detail}");
    let counters = exact("7.24rc3/queue-tree.print-stats-detail.idle.txt");
    assert_eq!(kind(&read_tree(LTE), &counters).0, FailureKind::Garbage, "no limit in it");
}

#[test]
fn every_error_text_of_the_console_is_an_error() {
    let texts = golden("any/error-texts.json");
    let texts: Vec<&str> = texts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"text\": \"")?.strip_suffix("\","))
        .collect();
    assert!(texts.len() >= 10, "{texts:?}");
    // What `:parse` returns, which is never asked.
    for text in texts.iter().filter(|text| !text.starts_with('(')) {
        let (kind, detail) = kind(&set_tree("WAN", 5), &format!("{text}\r\n"));
        let expected = match *text {
            "no such item" => FailureKind::NotFound,
            "not enough permissions (9)" => FailureKind::Auth,
            _ => FailureKind::Rejected,
        };
        assert_eq!((kind, detail.as_str()), (expected, *text));
    }
    let error = answered(&read_tree("WAN"), "not enough permissions (9)").unwrap_err();
    assert_eq!(error.hint, Some(Hint::GrantPolicy));
}

#[test]
fn device_facts_of_every_captured_version_are_read() {
    let facts = |version: &str, board: &str, uptime| {
        let (version, board) = (version.try_into().unwrap(), board.try_into().unwrap());
        Ok(Reply::Resource(Resource { version, board, uptime }))
    };
    let seconds = |hours: u64, minutes: u64, rest: u64| {
        Some(Span::from_secs(hours * 3_600 + minutes * 60 + rest))
    };
    for (file, expected) in [
        (
            "7.24rc3/system-resource.print.txt",
            facts("7.24rc3 (testing)", "LtAP-2HnD", seconds(4, 12, 21)),
        ),
        (
            "6.48.7/system-resource.print.txt",
            facts("6.48.7 (long-term)", "hEX PoE lite", seconds(30, 22, 0)),
        ),
        ("7.23.1/system-resource.print.excerpt.bytes.json", facts("7.23.1", "", seconds(0, 0, 24))),
    ] {
        assert_eq!(answered(&Op::ReadResource, &golden(file)), expected, "{file}");
    }
    let chr = answered(&Op::ReadResource, &golden("7.12.2/system-resource.print.chr.txt"));
    let Ok(Reply::Resource(chr)) = chr else { panic!("{chr:?}") };
    assert!(chr.version.starts_with("7.12.2"), "{chr:?}");
    assert_eq!(kind(&Op::ReadResource, "").0, FailureKind::Garbage);
    assert_eq!(
        kind(&Op::ReadResource, &golden("7.24rc3/system-identity.print.txt")).0,
        FailureKind::Garbage
    );
}

#[test]
fn a_name_with_everything_in_it_comes_back() {
    let name = r"a b=c [d] {e} $f \g ü";
    assert!(command(&read_tree(name)).contains(r#"name="a b=c [d] {e} \$f \\g ü""#));
    let output = r#"0  name="a b=c [d] {e} \$f \\g \C3\BC" max-limit=5M"#;
    let output = format!("{output}\nexact max-limit: 5000000");
    assert_eq!(answered(&read_tree(name), &output), Ok(tree_reply(5_000_000)));
}

#[test]
fn any_output_ends_in_a_reply_or_an_error_and_never_in_another_limit() {
    let base = format!(
        "{}\r\n\r\nexact max-limit: 5000000\r\n",
        golden("7.24rc3/queue-tree.print-detail.txt")
    );
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut replies, mut seen) = (0, std::collections::BTreeSet::new());
    for _ in 0..200_000 {
        let mut bytes = base.clone().into_bytes();
        for _ in 0..rng.usize(1..6) {
            let place = rng.usize(..bytes.len());
            match rng.u8(..4) {
                0 => bytes[place] = rng.u8(..),
                1 => bytes.truncate(place.max(1)),
                2 => drop(bytes.remove(place)),
                _ => bytes.insert(place, *rng.choice(b"\"\\ =\r\n;09MX").unwrap()),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        if let Ok(Reply::Queue(state)) = reply(&read_tree(LTE), &bytes) {
            replies += 1;
            let Found::One(Some(limit)) = state.limit else { panic!("{state:?}") };
            seen.insert(limit.bps());
        }
    }
    assert!(replies > 10_000, "most small changes leave a readable answer: {replies}");
    // Two changes in the same sense would be needed, in both forms of the limit.
    assert!(seen.range(..4_900_000).chain(seen.range(5_100_000..)).count() < 20, "{seen:?}");
}
