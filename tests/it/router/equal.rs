//! The same operations over both transports: one table of cases, equal replies.

use wanctl::{
    control::{
        time::Instant,
        units::{PerDirection, Rate},
    },
    router::{
        cli::{command, reply},
        error::RouterError,
        op::{
            Counters, Listed, ListedQueue, ListedType, Listing, Op, Policies, QueueKind, Reply,
            RuleState, Statistics,
        },
        rest::{Exchange, Ids},
    },
    sim::routeros::{
        Canned, ItemSettings, Menu, Request, Rights, RouterOs, RouterSettings, Traffic, User,
    },
};

use super::talk::{
    count, read_rule, read_simple, read_tree, read_type, rule_reply, set_rule, set_simple,
    set_tree, set_type, tree_limit, tree_reply,
};
use crate::running::router::home;

pub(crate) type Prepare = fn(&mut RouterOs, Over);

/// Something asked of a router in some state.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) user: &'static str,
    /// What was done to the router before.
    pub(crate) prepare: Prepare,
    pub(crate) op: Op<'static>,
    /// Whether a reply is expected, or an error.
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Reply,
    Error,
}

/// The transport that a router is prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Rest,
    Console,
}

const READER: &str = "reader";
const WRITER: &str = "wanctl";

fn nothing(_: &mut RouterOs, _: Over) {}

fn two_of_a_name(router: &mut RouterOs, _: Over) {
    router.duplicate(Instant::from_micros(0), Menu::Tree, "WAN-Download");
}

fn unusable(router: &mut RouterOs, _: Over) {
    router.edit(Menu::Tree, "WAN-Upload", "disabled", "true");
    router.edit(Menu::Tree, "WAN-Download", "parent", "gone");
    router.edit(Menu::Simple, "internet-cake", "dynamic", "true");
}

/// A rule whose comment has everything in it that a filter or a console could stumble over.
const STEER: &str = r#"ADAPTIVE: steer "games" + VoIP $1 [x] {y} \z ü? a=b;c"#;

fn rules_in_trouble(router: &mut RouterOs, _: Over) {
    router.duplicate(Instant::from_micros(0), Menu::Mangle, STEER);
    router.edit(Menu::Mangle, "rule 7", "dynamic", "true");
    router.edit(Menu::Mangle, "rule 8", "invalid", "true");
    router.edit(Menu::Mangle, "rule 9", "disabled", "true");
}

/// More than 32 bits hold, in each direction of its own.
fn busy(router: &mut RouterOs, _: Over) {
    let of = |bytes, queued| Traffic { bytes, dropped: 7_000_000, queued };
    let traffic = PerDirection { download: of(123_456_789_012_345, 60_956), upload: of(9_000, 0) };
    for shaper in [RouterSettings::home_tree(), RouterSettings::home_simple()] {
        router.carry(Instant::from_micros(1), &shaper, traffic);
    }
    router.edit(Menu::Tree, "WAN-Upload", "queue", "default-small");
    router.carry(Instant::from_micros(2), &RouterSettings::home_tree(), traffic);
}

fn unlimited(router: &mut RouterOs, _: Over) {
    router.edit(Menu::Tree, "WAN-Upload", "max-limit", "0");
    router.edit(Menu::Simple, "internet-cake", "max-limit", "0/7654321");
}

fn odd_name(router: &mut RouterOs, _: Over) {
    router.edit(Menu::Tree, "WAN-Upload", "name", ODD);
    router.edit(Menu::Tree, ODD, "comment", "max-limit=1 name=\"x\"");
}

const ODD: &str = r"a b=c [d] {e} $f \g ü; max-limit=9";

/// No value of ours is refused by a router that is well; so the answer is put into its mouth.
fn refusing(router: &mut RouterOs, over: Over) {
    let text = "invalid value for argument max-limit";
    let body = match over {
        Over::Rest => format!(r#"{{"detail":"{text}","error":400,"message":"Bad Request"}}"#),
        Over::Console => format!("{text}\r\n"),
    };
    router.answer_with(Some(Canned { status: 400, content_type: "application/json", body }));
}

fn talking_nonsense(router: &mut RouterOs, _: Over) {
    let body = "<html>hotspot login</html>".to_owned();
    router.answer_with(Some(Canned { status: 200, content_type: "text/html", body }));
}

pub(crate) fn cases() -> Vec<Case> {
    use Expected::{Error, Reply};
    let case =
        |name, user, prepare: Prepare, op, expected| Case { name, user, prepare, op, expected };
    let (tree, simple) = (read_tree("WAN-Download"), read_simple("internet-cake"));
    vec![
        case("device facts", WRITER, nothing, Op::ReadResource, Reply),
        case("read a tree entry", WRITER, nothing, tree, Reply),
        case("read a simple queue", WRITER, nothing, simple, Reply),
        case("set a tree entry", WRITER, nothing, set_tree("WAN-Upload", 12_345_678), Reply),
        case("set a round limit", WRITER, nothing, set_tree("WAN-Upload", 5_000_000), Reply),
        case("set the least", WRITER, nothing, set_tree("WAN-Upload", 1), Reply),
        case("set 10G", WRITER, nothing, set_tree("WAN-Download", 10_000_000_000), Reply),
        case("set a pair", WRITER, nothing, set_simple("internet-cake", 9_000_001, 2_000), Reply),
        case("an unlimited tree entry", WRITER, unlimited, read_tree("WAN-Upload"), Reply),
        case("half unlimited", WRITER, unlimited, simple, Reply),
        case("a disabled entry", WRITER, unusable, read_tree("WAN-Upload"), Reply),
        case("an invalid entry", WRITER, unusable, tree, Reply),
        case("a dynamic queue", WRITER, unusable, simple, Reply),
        case("read an odd name", WRITER, odd_name, read_tree(ODD), Reply),
        case("set under an odd name", WRITER, odd_name, set_tree(ODD, 7_000_000), Reply),
        case("read nothing", WRITER, nothing, read_tree("absent"), Error),
        case("another case is another name", WRITER, nothing, read_tree("wan-download"), Error),
        case("set nothing", WRITER, nothing, set_simple("absent", 5, 5), Error),
        case("read one of two", WRITER, two_of_a_name, tree, Error),
        case("set one of two", WRITER, two_of_a_name, set_tree("WAN-Download", 5), Error),
        case("read without the right to write", READER, nothing, tree, Reply),
        case("set without the right", READER, nothing, set_tree("WAN-Download", 5), Error),
        case("a refused value", WRITER, refusing, set_tree("WAN-Download", 5), Error),
        case("nonsense", WRITER, talking_nonsense, tree, Error),
    ]
    .into_iter()
    .chain(cases_of_types())
    .chain(cases_of_counters())
    .chain(cases_of_rules())
    .chain(cases_of_lists())
    .collect()
}

fn cases_of_lists() -> Vec<Case> {
    use Expected::{Error, Reply};
    let case = |name, user, prepare: Prepare, list, expected| {
        let op = Op::List(list);
        Case { name, user, prepare, op, expected }
    };
    let queues = Listing::Queues;
    vec![
        case("list tree entries", WRITER, two_of_a_name, queues(QueueKind::Tree), Reply),
        case("list simple queues", WRITER, nothing, queues(QueueKind::Simple), Reply),
        case("list types", WRITER, types_with_bandwidths, queues(QueueKind::Type), Reply),
        case("list queues of interfaces", WRITER, with_interfaces, Listing::Interfaces, Reply),
        case("list fasttrack rules", WRITER, with_interfaces, Listing::FastTrack, Reply),
        case("list no rule", WRITER, nothing, Listing::FastTrack, Reply),
        case("look a user up", READER, nothing, Listing::User(READER), Reply),
        case("look nobody up", READER, nothing, Listing::User("nobody"), Reply),
        case("look a group up", READER, nothing, Listing::Group("readers"), Reply),
        case("look up what is hidden", WRITER, hidden, Listing::Group("readers"), Error),
        case("a list that is nonsense", WRITER, talking_nonsense, Listing::Interfaces, Error),
    ]
}

fn with_interfaces(router: &mut RouterOs, _: Over) {
    let start = Instant::from_micros(0);
    router.add(start, &ItemSettings::interface("ether1", "cake-up"));
    router.add(start, &ItemSettings::fast_track(STEER).with("disabled", "true"));
    router.add(start, &ItemSettings::fast_track("defconf: fasttrack"));
}

fn types_with_bandwidths(router: &mut RouterOs, _: Over) {
    router.edit(Menu::Type, "cake-down", "cake-bandwidth", "500000000");
}

fn hidden(router: &mut RouterOs, _: Over) {
    router.hide(Menu::Group);
}

fn cases_of_types() -> Vec<Case> {
    use Expected::{Error, Reply};
    let case =
        |name, user, prepare: Prepare, op, expected| Case { name, user, prepare, op, expected };
    vec![
        case("read a bandwidth of none", WRITER, nothing, read_type("cake-down"), Reply),
        case("set a bandwidth", WRITER, nothing, set_type("cake-up", 12_345_678), Reply),
        case("set a round bandwidth", WRITER, nothing, set_type("cake-up", 245_000_000), Reply),
        case("set one just below a unit", WRITER, nothing, set_type("cake-up", 1_099_999), Reply),
        case("read another kind of type", WRITER, nothing, read_type("default-small"), Error),
        case("set another kind of type", WRITER, nothing, set_type("default-small", 5), Error),
        case("read no type", WRITER, nothing, read_type("absent"), Error),
        case("set no type", WRITER, nothing, set_type("absent", 5), Error),
        case("read one of two types", WRITER, two_types, read_type("cake-down"), Error),
        case("set one of two types", WRITER, two_types, set_type("cake-down", 5), Error),
        case("set a type without the right", READER, nothing, set_type("cake-up", 5), Error),
        case("a type with an odd name", WRITER, odd_type, set_type(ODD, 7_000_001), Reply),
    ]
}

fn two_types(router: &mut RouterOs, _: Over) {
    router.duplicate(Instant::from_micros(0), Menu::Type, "cake-down");
}

fn odd_type(router: &mut RouterOs, _: Over) {
    router.edit(Menu::Type, "cake-up", "name", ODD);
}

fn cases_of_counters() -> Vec<Case> {
    use Expected::{Error, Reply};
    let case =
        |name, prepare: Prepare, op, expected| Case { name, user: READER, prepare, op, expected };
    let (tree, simple) = (QueueKind::Tree, QueueKind::Simple);
    vec![
        case("the router's name", nothing, Op::ReadIdentity, Reply),
        case("counters of nothing yet", nothing, count(tree, "WAN-Download"), Reply),
        case("counters of a tree entry", busy, count(tree, "WAN-Download"), Reply),
        case("counters with drops", busy, count(tree, "WAN-Upload"), Reply),
        case("counters of a pair", busy, count(simple, "internet-cake"), Reply),
        case("counters of a type", busy, count(QueueKind::Type, "cake-down"), Reply),
        case("counters of a disabled queue", unusable, count(tree, "WAN-Upload"), Reply),
        case("counters under an odd name", odd_name, count(tree, ODD), Reply),
        case("counters of nothing", nothing, count(simple, "absent"), Error),
        case("counters of one of two", two_of_a_name, count(tree, "WAN-Download"), Error),
        case("nonsense for counters", talking_nonsense, count(tree, "WAN-Download"), Error),
        case("nonsense for a name", talking_nonsense, Op::ReadIdentity, Error),
    ]
}

fn cases_of_rules() -> Vec<Case> {
    use Expected::{Error, Reply};
    use RuleState::{Disabled, Enabled};
    let case =
        |name, user, prepare: Prepare, op, expected| Case { name, user, prepare, op, expected };
    let bad = rules_in_trouble;
    vec![
        case("read a rule", READER, nothing, read_rule(STEER), Reply),
        case("switch a rule off", WRITER, nothing, set_rule(STEER, Disabled), Reply),
        case("switch a rule on", WRITER, bad, set_rule("rule 9", Enabled), Reply),
        case("switch on what is on", WRITER, nothing, set_rule("rule 1", Enabled), Reply),
        case("read a disabled rule", WRITER, bad, read_rule("rule 9"), Reply),
        case("read a dynamic rule", WRITER, bad, read_rule("rule 7"), Reply),
        case("read an invalid rule", WRITER, bad, read_rule("rule 8"), Reply),
        case("read no rule", WRITER, nothing, read_rule("rule"), Error),
        case("another case is another comment", WRITER, nothing, read_rule("RULE 7"), Error),
        case("switch no rule", WRITER, nothing, set_rule("absent", Disabled), Error),
        case("read one of two rules", WRITER, bad, read_rule(STEER), Error),
        case("switch one of two rules", WRITER, bad, set_rule(STEER, Disabled), Error),
        case("switch without the right", READER, nothing, set_rule(STEER, Disabled), Error),
        case("nonsense for a rule", WRITER, talking_nonsense, read_rule(STEER), Error),
    ]
}

/// A home router with 40 mangle rules and a second user who may only read.
pub(crate) fn settings() -> RouterSettings {
    let mut settings = home();
    settings.users.push(User {
        name: READER.to_owned(),
        password: settings.users[0].password.clone(),
        rights: Rights::Read,
    });
    let rules = (1..40).map(|number| ItemSettings::mangle(&format!("rule {number}")));
    settings.items.extend(rules.chain([ItemSettings::mangle(STEER)]));
    settings
}

const fn now() -> Instant {
    Instant::from_micros(5_000_000)
}

fn over_rest(router: &mut RouterOs, case: &Case) -> Result<Reply, RouterError> {
    let mut ids = Ids::default();
    let mut exchange = Exchange::new(&case.op, &ids);
    // `wanctl:secret` and `reader:secret` in base 64.
    let login = match case.user {
        READER => "Basic cmVhZGVyOnNlY3JldA==",
        _ => "Basic d2FuY3RsOnNlY3JldA==",
    };
    loop {
        let request = exchange.request();
        let body = request.body.as_ref().map(String::as_bytes).unwrap_or_default();
        let response = router.handle(
            now(),
            &Request {
                method: request.method.word(),
                target: &request.target,
                authorization: Some(login),
                content_type: Some("application/json"),
                body,
            },
        );
        let body = response.body.as_bytes();
        if let Some(reply) = exchange.answer(response.status, body, &mut ids)? {
            return Ok(reply);
        }
    }
}

fn over_the_console(router: &mut RouterOs, case: &Case) -> Result<Reply, RouterError> {
    let printed = router.console(now(), case.user, &command(&case.op));
    reply(&case.op, printed.text.as_bytes())
}

/// What both transports must agree on. Only the words about a failure may differ.
pub(crate) fn agree(
    case: &Case,
    rest: &Result<Reply, RouterError>,
    ssh: &Result<Reply, RouterError>,
) {
    let said = |result: &Result<Reply, RouterError>| match result {
        Ok(reply) => Ok(reply.clone()),
        Err(error) => Err((error.kind, error.doing)),
    };
    assert_eq!(said(rest), said(ssh), "{}: {rest:?} {ssh:?}", case.name);
    assert_eq!(rest.is_ok(), case.expected == Expected::Reply, "{}: {rest:?}", case.name);
}

#[test]
fn both_transports_give_equal_replies_and_leave_equal_limits() {
    for case in cases() {
        let [mut rest, mut console] = [Over::Rest, Over::Console].map(|over| {
            let mut router = RouterOs::new(settings(), 1, Instant::from_micros(0));
            (case.prepare)(&mut router, over);
            router
        });
        agree(&case, &over_rest(&mut rest, &case), &over_the_console(&mut console, &case));
        let shapers =
            [RouterSettings::home_tree, RouterSettings::home_simple, RouterSettings::home_types];
        for shaper in shapers.map(|shaper| shaper()) {
            assert_eq!(rest.limits(&shaper), console.limits(&shaper), "{}", case.name);
        }
        for comment in [STEER, "rule 1", "rule 9"] {
            let disabled = |router: &RouterOs| {
                router.value(Menu::Mangle, comment, "disabled").map(str::to_owned)
            };
            assert_eq!(disabled(&rest), disabled(&console), "{}", case.name);
        }
        assert_eq!(rest.writes(), console.writes(), "{}", case.name);
    }
}

/// What is in some of the lists.
fn lists() -> [(&'static str, Listed); 5] {
    let text = |text: &str| text.to_owned();
    let both = vec![text("cake-up"), text("cake-down")];
    let simple = ListedQueue { name: text("internet-cake"), types: both };
    let kind = |name: &str, kind: &str, bps| {
        let bandwidth = Rate::from_bps(bps);
        ListedType { name: text(name), kind: text(kind), bandwidth }
    };
    let types = vec![
        kind("default-small", "pfifo", 0),
        kind("cake-down", "cake", 500_000_000),
        kind("cake-up", "cake", 0),
    ];
    let policies =
        ["ssh", "read", "api", "rest-api", "!write", "!ftp", "!reboot", "!policy"].map(text);
    [
        ("list simple queues", Listed::Queues(vec![simple])),
        ("list types", Listed::Types(types)),
        ("list fasttrack rules", Listed::Rules(vec![RuleState::Disabled, RuleState::Enabled])),
        ("look a user up", Listed::Users(vec![text("readers")])),
        ("look a group up", Listed::Groups(vec![Policies(policies.to_vec())])),
    ]
}

/// The reply to a case of the table, over REST.
fn reply_of(name: &str) -> Result<Reply, RouterError> {
    let case = cases().into_iter().find(|case| case.name == name).unwrap();
    let mut router = RouterOs::new(settings(), 1, Instant::from_micros(0));
    (case.prepare)(&mut router, Over::Rest);
    over_rest(&mut router, &case)
}

#[test]
fn the_replies_that_both_give_are_the_right_ones() {
    use RuleState::{Disabled, Enabled};
    let counted = |bytes, dropped, queued, packets| Counters {
        bytes: Some(bytes),
        packets: Some(bytes / 1_000),
        dropped: Some(dropped),
        queued_bytes: Some(queued),
        queued_packets: Some(packets),
    };
    let down = counted(123_456_789_012_345, 0, 60_956, 61);
    for (name, reply) in [
        ("the router's name", Reply::Identity("MikroTik".try_into().unwrap())),
        ("read a bandwidth of none", tree_reply(0)),
        ("set a bandwidth", tree_limit(12_345_678)),
        ("counters of nothing yet", Reply::Statistics(Statistics::One(counted(0, 0, 0, 0)))),
        ("counters of a type", Reply::Statistics(Statistics::One(Counters::default()))),
        (
            "counters of a pair",
            Reply::Statistics(Statistics::Pair(PerDirection {
                download: down,
                upload: counted(9_000, 0, 0, 0),
            })),
        ),
        ("counters with drops", Reply::Statistics(Statistics::One(counted(18_000, 7_000, 0, 0)))),
        ("read a rule", rule_reply(Enabled)),
        ("switch a rule off", rule_reply(Disabled)),
        ("switch a rule on", rule_reply(Enabled)),
        ("read a disabled rule", rule_reply(Disabled)),
    ] {
        assert_eq!(reply_of(name), Ok(reply), "{name}");
    }
    for (name, list) in lists() {
        assert_eq!(reply_of(name), Ok(Reply::Listed(list)), "{name}");
    }
    for (name, words) in [
        ("read another kind of type", "\"default-small\" is of the kind pfifo"),
        ("read one of two rules", "2 entries, *28 *29, match mangle rule"),
        ("read no rule", "the router has no mangle rule with the comment \"rule\""),
    ] {
        let error = reply_of(name).unwrap_err();
        assert!(error.detail.contains(words), "{name}: {error}");
    }
}

#[test]
fn a_change_by_one_transport_is_seen_by_the_other() {
    let mut router = RouterOs::new(settings(), 1, Instant::from_micros(0));
    let case =
        |op| Case { name: "", user: WRITER, prepare: nothing, op, expected: Expected::Reply };
    let read = case(read_tree("WAN-Download"));
    for (bits, over_rest_first) in [(5_000_000, true), (6_000_001, false)] {
        let set = case(set_tree("WAN-Download", bits));
        let (written, seen) = if over_rest_first {
            (over_rest(&mut router, &set), over_the_console(&mut router, &read))
        } else {
            (over_the_console(&mut router, &set), over_rest(&mut router, &read))
        };
        let (Reply::Limit(written), Reply::Queue(seen)) = (written.unwrap(), seen.unwrap()) else {
            panic!("replies of another kind");
        };
        assert_eq!(written, seen.limit);
    }
    assert_eq!(router.writes(), 2);
}
