//! The same operations over both transports: one table of cases, equal replies.

use wanctl::{
    control::time::Instant,
    router::{
        cli::{command, reply},
        error::RouterError,
        op::{Op, Reply},
        rest::{Exchange, Ids},
    },
    sim::routeros::{Canned, Menu, Request, Rights, RouterOs, RouterSettings, User},
};

use super::talk::{read_simple, read_tree, set_simple, set_tree};
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
}

/// A home router with a second user who may only read.
pub(crate) fn settings() -> RouterSettings {
    let mut settings = home();
    settings.users.push(User {
        name: READER.to_owned(),
        password: settings.users[0].password.clone(),
        rights: Rights::Read,
    });
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
        for shaper in [RouterSettings::home_tree(), RouterSettings::home_simple()] {
            assert_eq!(rest.limits(&shaper), console.limits(&shaper), "{}", case.name);
        }
        assert_eq!(rest.writes(), console.writes(), "{}", case.name);
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
