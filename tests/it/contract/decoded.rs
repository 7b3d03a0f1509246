//! Every golden file as what the client makes of it.

use std::collections::BTreeSet;

use wanctl::{
    control::{failure::FailureKind, time::Span, units::PerDirection},
    router::{
        cli,
        error::RouterError,
        op::{Counters, Found, Op, QueueKind, QueueState, Reply, Resource, RuleState, Statistics},
        rest::{Exchange, Ids},
    },
};

use super::manifest::{Golden, Origin, all};
use crate::router::ops::{
    count, rate, read_rule, read_simple, read_tree, read_type, rule_reply, set_tree, tree_limit,
    tree_reply,
};

/// What becomes of a golden file.
enum Expected {
    /// It is the answer to this operation, which replies so.
    Reply(Op<'static>, Reply),
    /// The operation fails so.
    Failed(Op<'static>, FailureKind),
    /// A table of many texts, or a page of names, with a test of its own.
    Apart,
}

use Expected::{Apart, Failed, Reply as Is};

const LTE: &str = "ELMO-EXP2B-LTE1";
const VOIP: &str = "ADAPTIVE: steer voip";
const MARK: &str = "ELMO EXP2B: test packet mark lte1";

/// The router's name.
fn called(name: &str) -> Expected {
    Is(Op::ReadIdentity, Reply::Identity(name.try_into().unwrap()))
}

fn counters(values: [u64; 5]) -> Counters {
    Counters::from_values(values.map(Some))
}

/// What a queue tree entry has counted.
fn counted(name: &'static str, values: [u64; 5]) -> Expected {
    Is(count(QueueKind::Tree, name), Reply::Statistics(Statistics::One(counters(values))))
}

fn facts(version: &str, board: &str, uptime: u64) -> Reply {
    let (version, board) = (version.try_into().unwrap(), board.try_into().unwrap());
    Reply::Resource(Resource { version, board, uptime: Some(Span::from_secs(uptime)) })
}

fn queue(limit: Found) -> QueueState {
    QueueState { limit, disabled: false, invalid: false, dynamic: false }
}

fn one(bits: u64) -> QueueState {
    queue(Found::One(Some(rate(bits))))
}

const fn no_pair() -> Found {
    Found::Pair(PerDirection::both(None))
}

fn pair() -> Found {
    Found::Pair(PerDirection { download: Some(rate(100_000_000)), upload: Some(rate(20_000_000)) })
}

const fn seconds(days: u64, hours: u64, minutes: u64, seconds: u64) -> u64 {
    ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}

/// Every file with what is expected of it. A list is asked for a queue that is in it.
fn rest_answers() -> Vec<(&'static str, Expected)> {
    use FailureKind::{Garbage, NotFound, Rejected};
    let (tree, upload) = (read_tree("WAN-Download"), read_tree("WAN-Upload"));
    let beta = facts("7.1beta4 (development)", "CCR1016-12S-1S+", seconds(2, 20, 12, 20));
    let disabled = QueueState { disabled: true, ..one(20_000_000) };
    let invalid = QueueState { invalid: true, ..one(20_000_000) };
    vec![
        ("7.19.1/ip-service.www-ssl.list.json", Failed(read_tree("www-ssl"), Garbage)),
        ("7.1beta4/system-resource.get.json", Is(Op::ReadResource, beta)),
        ("7.23.7/system-identity.get.json", called("CHR")),
        ("any/empty-list.get.json", Failed(read_tree("absent"), NotFound)),
        ("manual-2026-10/system-identity.get.json", called("branch-office-1")),
        // A `set` answers in this way; whether it did anything must be read.
        ("manual-2026-10/system-identity.set.post.json", Failed(tree, NotFound)),
        ("manual-2026-10/system-resource.proplist.get.json", Failed(Op::ReadResource, Garbage)),
        ("reconstructed/mangle.disable.post.json", Failed(read_rule(VOIP), NotFound)),
        ("reconstructed/mangle.list.json", Is(read_rule(VOIP), rule_reply(RuleState::Enabled))),
        (
            "reconstructed/mangle.patch.disabled.response.json",
            Is(read_rule(VOIP), rule_reply(RuleState::Disabled)),
        ),
        (
            "reconstructed/queue-simple.cake.list.json",
            Is(read_simple("internet-cake"), Reply::Queue(queue(pair()))),
        ),
        ("reconstructed/queue-tree.cake.list.json", Is(upload, tree_reply(20_000_000))),
        ("reconstructed/queue-tree.cake.proplist.list.json", Is(tree, tree_reply(500_000_000))),
        ("reconstructed/queue-tree.disabled.list.json", Is(upload, Reply::Queue(disabled))),
        ("reconstructed/queue-tree.invalid.list.json", Is(upload, Reply::Queue(invalid))),
        ("reconstructed/queue-tree.patch.response.json", Is(tree, tree_reply(450_000_000))),
        ("reconstructed/queue-tree.print.query.post.json", Is(tree, tree_reply(500_000_000))),
        (
            "reconstructed/queue-type.cake.full.list.json",
            Is(read_type("cake-up"), tree_reply(24_500_000)),
        ),
        (
            "reconstructed/queue-type.cake.minimal.list.json",
            Is(read_type("cake-down"), tree_reply(0)),
        ),
        (
            "unversioned-7.12_7.18/queue-simple.record.json",
            Is(read_simple("queue1"), Reply::Queue(queue(no_pair()))),
        ),
        ("unversioned-7.12_7.18/queue-tree.record.json", Is(read_tree("queue1"), tree_reply(0))),
        (
            "unversioned-7.12_7.18/queue-type.pcq.record.json",
            Failed(read_type("pcq-upload-default"), Rejected),
        ),
    ]
}

fn rest_errors() -> Vec<(&'static str, Expected)> {
    use FailureKind::{Auth, NotFound, Rejected, Timeout};
    let failed = |kind| Failed(read_tree("q"), kind);
    vec![
        ("7.19/error-400-failure.json", failed(Rejected)),
        ("7.23.7/error-400-no-such-directory.json", failed(Rejected)),
        ("7.23.7/error-details.table.json", Apart),
        ("7.24.2/error-400-missing-package.json", failed(Rejected)),
        ("any/error-401.json", failed(Auth)),
        ("any/error-404.json", failed(NotFound)),
        ("manual-2026-10/error-400-no-such-command.json", failed(Rejected)),
        ("manual-2026-10/error-400-session-closed.json", failed(Timeout)),
        ("reconstructed/error-400-invalid-value.json", failed(Rejected)),
        ("reconstructed/error-400-missing-id.json", failed(Rejected)),
        ("reconstructed/error-400-out-of-range.json", failed(Rejected)),
        ("reconstructed/error-400-parse-json.json", failed(Rejected)),
        ("reconstructed/error-400-unknown-parameter.json", failed(Rejected)),
        ("reconstructed/error-415.json", failed(Rejected)),
        ("reconstructed/error-500-not-enough-permissions.json", failed(Auth)),
        ("unversioned/error-400-does-not-match.json", failed(Rejected)),
        ("unversioned/error-400-user-exists.json", failed(Rejected)),
    ]
}

fn ssh_answers() -> Vec<(&'static str, Expected)> {
    use FailureKind::{Ambiguous, Garbage, NotFound, Rejected};
    let invalid = QueueState { invalid: true, ..one(5_000_000) };
    let resource = |version, board, uptime| Is(Op::ReadResource, facts(version, board, uptime));
    vec![
        (
            "6.48.7/system-resource.print.txt",
            resource("6.48.7 (long-term)", "hEX PoE lite", seconds(1, 6, 22, 0)),
        ),
        (
            "7.12.2/system-resource.print.chr.txt",
            resource("7.12.2 (stable)", "CHR", seconds(38, 0, 20, 51)),
        ),
        ("7.23.1/system-identity.print.bytes.json", called("CHR")),
        ("7.23.1/system-resource.print.excerpt.bytes.json", resource("7.23.1", "", 24)),
        ("7.24rc3/mangle.print-detail.txt", Failed(read_rule(MARK), Ambiguous)),
        ("7.24rc3/mangle.print-stats.txt", Failed(read_rule(MARK), Garbage)),
        ("7.24rc3/print-where.no-match.txt", Failed(read_tree("WAN"), NotFound)),
        ("7.24rc3/queue-tree.print-detail.invalid.txt", Is(read_tree(LTE), Reply::Queue(invalid))),
        (
            "7.24rc3/queue-tree.print-detail.txt",
            Is(set_tree(LTE, 5_000_000), tree_limit(5_000_000)),
        ),
        (
            "7.24rc3/queue-tree.print-stats-detail.cake-loaded.txt",
            counted(LTE, [22_926_057, 18_491, 0, 3_726, 3]),
        ),
        ("7.24rc3/queue-tree.print-stats-detail.idle.txt", counted(LTE, [196, 2, 0, 0, 0])),
        ("7.24rc3/queue-tree.print-stats-detail.invalid.txt", counted(LTE, [0; 5])),
        (
            "7.24rc3/queue-tree.print-stats-detail.pfifo-loaded.txt",
            counted("ELMO-EXP2B-LTE2", [1_888_012, 1_516, 105, 60_956, 50]),
        ),
        (
            "7.24rc3/queue-type.cake.print-detail.txt",
            Is(read_type("elmo-exp2b-cake"), tree_reply(0)),
        ),
        (
            "7.24rc3/queue-type.pfifo.print-detail.txt",
            Failed(read_type("elmo-exp2b-pfifo"), Rejected),
        ),
        ("7.24rc3/system-identity.print.txt", called("R0000001")),
        (
            "7.24rc3/system-resource.print.txt",
            resource("7.24rc3 (testing)", "LtAP-2HnD", seconds(0, 4, 12, 21)),
        ),
    ]
}

fn ssh_answers_seen_elsewhere() -> Vec<(&'static str, Expected)> {
    use FailureKind::{Ambiguous, NotFound};
    vec![
        ("any/error-texts.json", Apart),
        ("doc/queue-tree.print-stats.txt", counted("Limiting-Youtube", [67_887, 355, 0, 0, 0])),
        ("doc/queue-type.print.txt", Failed(read_type("default"), Ambiguous)),
        ("interactive/nat-print.log-echo.txt", Failed(read_tree("WAN"), Ambiguous)),
        (
            "reconstructed/queue-simple.print-detail.txt",
            Is(read_simple("internet-cake"), Reply::Queue(queue(pair()))),
        ),
        (
            "reconstructed/queue-simple.print-stats.txt",
            Is(
                count(QueueKind::Simple, "internet-cake"),
                Reply::Statistics(Statistics::Pair(PerDirection {
                    download: counters([172_388, 888, 0, 0, 0]),
                    upload: counters([45_666, 457, 0, 0, 0]),
                })),
            ),
        ),
        (
            "reconstructed/queue-tree.get.max-limit.bytes.json",
            Is(read_tree("q"), tree_reply(450_000_000)),
        ),
        ("reconstructed/queue-tree.set.no-match.txt", Failed(set_tree("WAN", 5), NotFound)),
        // Silence after a write is no success either.
        ("reconstructed/queue-tree.set.txt", Failed(set_tree("WAN-Download", 5), NotFound)),
        ("unversioned/system-identity.print.txt", called("Mikrotik-Device_Name")),
    ]
}

fn rows() -> Vec<(String, Expected)> {
    let below = |transport: &str, rows: Vec<(&str, Expected)>| -> Vec<(String, Expected)> {
        rows.into_iter().map(|(file, row)| (format!("{transport}/{file}"), row)).collect()
    };
    let rest = below("rest", rest_answers().into_iter().chain(rest_errors()).collect());
    rest.into_iter()
        .chain(below(
            "ssh",
            ssh_answers().into_iter().chain(ssh_answers_seen_elsewhere()).collect(),
        ))
        .collect()
}

#[test]
fn every_golden_file_has_a_row() {
    let rows: BTreeSet<String> = rows().into_iter().map(|(file, _)| file).collect();
    let files: BTreeSet<String> = all()
        .into_iter()
        .filter(|golden| golden.origin != Origin::Derived)
        .map(|golden| golden.file)
        .collect();
    assert_eq!(rows, files);
}

fn over_rest(op: &Op<'_>, golden: &Golden) -> Result<Reply, RouterError> {
    let content = golden.content();
    // A single record stands in a list when it is asked for by its name.
    let is_record = golden.request.contains("/*") && golden.status == Some(200);
    let body = if is_record { format!("[{content}]") } else { content };
    let mut ids = Ids::default();
    let reply = Exchange::new(op, &ids).answer(golden.status.unwrap(), body.as_bytes(), &mut ids);
    reply.map(Option::unwrap)
}

fn over_ssh(op: &Op<'_>, golden: &Golden) -> Result<Reply, RouterError> {
    let content = golden.content();
    let output = if golden.file.contains(".get.max-limit.") {
        format!("0  name=\"q\" max-limit=450M\r\n\r\nexact max-limit: {content}")
    } else if golden.file.contains("-simple.print-detail") {
        format!("{content}\r\n\r\nexact max-limit: 20000000/100000000\r\n")
    } else if golden.file.contains("-type.cake.print-detail") {
        format!("{content}\r\n\r\nexact cake-bandwidth: 0\r\n")
    } else if golden.file.contains("-tree.print-detail") {
        format!("{content}\r\n\r\nexact max-limit: 5000000\r\n")
    } else {
        content
    };
    cli::reply(op, output.as_bytes())
}

#[test]
fn every_golden_file_is_decoded_into_what_it_says() {
    let goldens = all();
    for (file, expected) in rows() {
        let golden = goldens.iter().find(|golden| golden.file == file).unwrap();
        let decode = |op: &Op<'_>| {
            if golden.is_below("rest") { over_rest(op, golden) } else { over_ssh(op, golden) }
        };
        match expected {
            Is(op, reply) => assert_eq!(decode(&op), Ok(reply), "{file}"),
            Failed(op, kind) => {
                assert_eq!(decode(&op).map_err(|error| error.kind), Err(kind), "{file}");
            }
            Apart => {}
        }
    }
}
