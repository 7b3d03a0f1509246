//! The simulated router, asked over real REST and real SSH, answers as the golden files say; and a
//! simulator that does not is caught.

use std::{collections::BTreeSet, io::Read as _, process::Command, rc::Rc, time::Duration};

use isahc::{
    HttpClient, Request,
    config::Configurable as _,
    tls::{TlsConfig, TrustStore},
};
use smol::LocalExecutor;
use wanctl::{
    router::{
        cli,
        contract::{
            Differences, Form, Scope, Shape, What, console, refusal_over_rest, refusal_over_ssh,
            rest,
        },
        error::Transport,
        op::{Op, QueueKind, QueueRef},
    },
    sim::routeros::{Menu, Mutation, RouterOs},
};

use super::manifest::{all, root};
use crate::running::{
    router::{Router, home},
    sshd::{KeyKind, Sshd, me},
};

/// `wanctl:secret` in base 64.
const LOGIN: &str = "Basic d2FuY3RsOnNlY3JldA==";

/// The properties that the client asks a queue for.
const OWN: &[&str] = &[".id", "name", "max-limit", "disabled", "invalid", "dynamic"];

/// What is asked over REST, and what the answer must be.
struct Asked {
    what: What,
    method: &'static str,
    target: &'static str,
    body: &'static str,
    scope: Scope<'static>,
}

const fn get(what: What, target: &'static str, form: Form) -> Asked {
    Asked { what, method: "GET", target, body: "", scope: Scope { form, keys: None } }
}

const fn own(what: What, target: &'static str) -> Asked {
    let scope = Scope { form: Form::List, keys: Some(OWN) };
    Asked { what, method: "GET", target, body: "", scope }
}

const fn patch(what: What, target: &'static str, body: &'static str) -> Asked {
    Asked { what, method: "PATCH", target, body, scope: Scope { form: Form::Record, keys: None } }
}

const OVER_REST: [Asked; 12] = [
    get(What::Resource, "/rest/system/resource", Form::Record),
    get(What::Identity, "/rest/system/identity", Form::Record),
    get(What::QueueTree, "/rest/queue/tree", Form::List),
    own(
        What::QueueTree,
        "/rest/queue/tree?name=WAN-Download&.proplist=.id,name,max-limit,disabled,invalid,dynamic",
    ),
    get(What::QueueTree, "/rest/queue/tree/*1000001", Form::Record),
    patch(What::QueueTree, "/rest/queue/tree/*1000000", r#"{"max-limit":"9000000"}"#),
    get(What::QueueSimple, "/rest/queue/simple", Form::List),
    own(
        What::QueueSimple,
        "/rest/queue/simple?name=internet-cake&.proplist=.id,name,max-limit,disabled,invalid,dynamic",
    ),
    patch(What::QueueSimple, "/rest/queue/simple/*1", r#"{"max-limit":"9000000/8000000"}"#),
    get(What::QueueType, "/rest/queue/type", Form::List),
    get(What::QueueTree, "/rest/queue/tree?name=absent", Form::List),
    get(What::Mangle, "/rest/ip/firewall/mangle", Form::List),
];

/// Requests that are refused, with the golden file of the answer.
const REFUSED: [(&str, &str, &str, &str); 9] = [
    (
        "PATCH",
        "/rest/queue/tree/*1000000",
        r#"{"max-rate":"1"}"#,
        "reconstructed/error-400-unknown-parameter",
    ),
    (
        "PATCH",
        "/rest/queue/tree/*1000000",
        r#"{"max-limit":"fast"}"#,
        "reconstructed/error-400-invalid-value",
    ),
    (
        "PATCH",
        "/rest/queue/tree/*1000000",
        r#"{"priority":"9"}"#,
        "reconstructed/error-400-out-of-range",
    ),
    (
        "PATCH",
        "/rest/queue/tree/*1000000",
        r#"{"max-limit":5e8}"#,
        "reconstructed/error-400-parse-json",
    ),
    ("PATCH", "/rest/queue/tree", "{}", "reconstructed/error-400-missing-id"),
    ("GET", "/rest/nonexistent/path", "", "7.23.7/error-400-no-such-directory"),
    ("POST", "/rest/queue/tree/remove", "", "manual-2026-10/error-400-no-such-command"),
    ("GET", "/rest/queue/tree/*FFFF", "", "any/error-404"),
    ("GET", "/rest/system/identity", "nobody", "any/error-401"),
];

/// What is asked over SSH. Those of menus that a simulator need not have are passed over if it
/// says that it does not know them.
const OVER_SSH: [(What, &str); 9] = [
    (What::Resource, "/system/resource/print"),
    (What::Identity, "/system/identity/print"),
    (What::QueueTree, "/queue/tree/print detail"),
    (What::QueueTree, "/queue/tree/print detail where name=\"absent\""),
    (What::QueueSimple, "/queue/simple/print detail"),
    (What::QueueType, "/queue/type/print detail"),
    (What::QueueTreeStatistics, "/queue/tree/print stats detail"),
    (What::QueueSimpleStatistics, "/queue/simple/print stats detail"),
    (What::Mangle, "/ip/firewall/mangle/print detail"),
];

/// Command lines that the console refuses.
const REFUSED_LINES: [&str; 3] = [
    "/bogus/nope print",
    "/queue/tree/set [/queue/tree/find name=\"WAN-Download\"] max-limit=fast",
    "/queue/tree/set [/queue/tree/find name=\"WAN-Download\"] queue=absent",
];

/// Flags, comments and an odd name: all that changes how a queue is shown.
fn prepare(router: &mut RouterOs) {
    router.edit(Menu::Tree, "WAN-Upload", "disabled", "true");
    router.edit(Menu::Simple, "internet-cake", "comment", "all of it");
}

/// Somebody who asks over HTTPS and looks at the bytes.
struct OverRest {
    router: Router,
    client: HttpClient,
}

impl OverRest {
    fn start() -> Self {
        let router = Router::start(home());
        prepare(&mut router.model());
        let trust = TrustStore::builder().certificate_from_pem(router.pki().trust_pem()).build();
        let tls = TlsConfig::builder().trust_store(trust).build();
        let client = HttpClient::builder().tls_config(tls).build().unwrap();
        Self { router, client }
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> (u16, Vec<u8>) {
        // A body that is no JSON stands for a stranger here.
        let (login, body) = if body == "nobody" { ("Basic eDp5", "") } else { (LOGIN, body) };
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{target}", self.router.address()))
            .header("Authorization", login)
            .header("Content-Type", "application/json")
            .body(body.to_owned())
            .unwrap();
        let mut response = self.client.send(request).unwrap();
        let mut bytes = Vec::new();
        response.body_mut().read_to_end(&mut bytes).unwrap();
        (response.status().as_u16(), bytes)
    }

    /// The differences of all answers about `what`, or of all answers.
    fn differences(&self, what: Option<What>) -> Differences {
        let mut found = Differences::default();
        for asked in OVER_REST.iter().filter(|asked| what.is_none_or(|what| what == asked.what)) {
            let (status, body) = self.ask(asked.method, asked.target, asked.body);
            let shape = Shape::of(Transport::Rest, asked.what).unwrap();
            found.extend(&rest(shape, asked.scope, status, &body));
        }
        for (method, target, body, file) in REFUSED {
            if what.is_some_and(|what| what != What::Refusal) {
                continue;
            }
            let golden = all().into_iter().find(|it| it.file == format!("rest/{file}.json"));
            let (status, body) = self.ask(method, target, body);
            found.extend(&refusal_over_rest(golden.unwrap().status.unwrap(), status, &body));
        }
        found
    }
}

#[test]
fn the_simulated_router_over_rest_has_the_shapes_of_the_golden_files() {
    let over_rest = OverRest::start();
    assert_eq!(over_rest.differences(None).to_string(), "none");
}

#[test]
fn refusals_over_rest_are_word_for_word_those_of_the_golden_files() {
    let over_rest = OverRest::start();
    for (method, target, body, file) in REFUSED {
        let (_, body) = over_rest.ask(method, target, body);
        let golden = std::fs::read_to_string(root().join(format!("rest/{file}.json"))).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), golden.trim_end(), "{target}");
    }
}

/// Mutation, what to ask for, and the difference that must be told.
const MUTANTS_OF_REST: [(Mutation, What, &str); 20] = [
    (Mutation::Renamed("max-limit"), What::QueueTree, "the key max-limit is missing"),
    (Mutation::Renamed("max-limit"), What::QueueTree, "the key max-limit-x is new"),
    (Mutation::Renamed("target"), What::QueueSimple, "the key target is missing"),
    (Mutation::Renamed("uptime"), What::Resource, "the key uptime is missing"),
    (Mutation::Missing("queued-packets"), What::QueueTree, "the key queued-packets is missing"),
    (Mutation::Missing(".id"), What::QueueSimple, "the key .id is missing"),
    (Mutation::Missing("cake-bandwidth"), What::QueueType, "the key cake-bandwidth is missing"),
    (Mutation::Missing("name"), What::Identity, "the key name is missing"),
    (Mutation::Extra, What::QueueTree, "the key new-key is new"),
    (
        Mutation::Unquoted("max-limit"),
        What::QueueTree,
        "the key max-limit is a number without quotes, known is a whole number",
    ),
    (
        Mutation::OtherUnit("max-limit"),
        What::QueueTree,
        "the key max-limit is a rate such as 5Mbps, known is a whole number",
    ),
    (Mutation::OtherUnit("bytes"), What::QueueSimple, "known is a pair, each a whole number"),
    (Mutation::OtherUnit("uptime"), What::Resource, "the key uptime is text, known is a time"),
    (
        Mutation::OtherFlags,
        What::QueueTree,
        "the key disabled is yes or no, known is true or false",
    ),
    (Mutation::OtherForm, What::Identity, "a list and a single record are mixed up"),
    (Mutation::OtherForm, What::QueueSimple, "a list and a single record are mixed up"),
    (Mutation::OtherStatus, What::Refusal, "the status is 503, known is 400"),
    (Mutation::OtherNumber, What::Refusal, "the number of the error is not the status"),
    (
        Mutation::QuotedNumber,
        What::Refusal,
        "the key error is a whole number, known is a number without quotes",
    ),
    (Mutation::NoMessage, What::Refusal, "the key message is missing"),
];

#[test]
fn each_mutant_of_the_simulator_is_caught_over_rest_with_the_difference_named() {
    let over_rest = OverRest::start();
    for (mutation, what, told) in MUTANTS_OF_REST {
        over_rest.router.model().mutate(Some(mutation));
        let found = over_rest.differences(Some(what)).to_string();
        assert!(found.contains(told), "{mutation:?} of {what:?}: {found}");
    }
    // The order of keys differs between captured routers already.
    over_rest.router.model().mutate(Some(Mutation::OtherOrder));
    assert_eq!(over_rest.differences(Some(What::QueueTree)).to_string(), "none");
    over_rest.router.model().mutate(None);
    assert_eq!(over_rest.differences(None).to_string(), "none");
}

/// Somebody with OpenSSH's client who looks at the bytes.
struct OverSsh {
    sshd: Sshd,
    arguments: Vec<String>,
}

impl OverSsh {
    fn start(executor: &Rc<LocalExecutor<'static>>) -> Self {
        let sshd = Sshd::start(executor, home());
        prepare(&mut sshd.router());
        let key = sshd.authorized(KeyKind::Ed25519);
        let control = sshd.scratch().join("control");
        let arguments = format!(
            "-F none -T -p {} -i {} -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR \
             -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ControlMaster=auto \
             -o ControlPersist=30 -o ControlPath={} {}@127.0.0.1",
            sshd.settings().port,
            key.display(),
            control.display(),
            me()
        );
        Self { sshd, arguments: arguments.split(' ').map(str::to_owned).collect() }
    }

    async fn ask(&self, line: &str) -> String {
        let mut command = Command::new("ssh");
        command.args(&self.arguments).arg(line);
        let output = smol::unblock(move || command.output()).await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The differences of all answers about `what`, or of all answers.
    async fn differences(&self, what: Option<What>) -> Differences {
        let mut found = Differences::default();
        for (own, line) in OVER_SSH {
            if what.is_some_and(|what| what != own) {
                continue;
            }
            let text = self.ask(line).await;
            found.extend(&console(Shape::of(Transport::Ssh, own).unwrap(), None, &text));
        }
        for line in REFUSED_LINES.iter().filter(|_| what.is_none_or(|what| what == What::Refusal)) {
            found.extend(&refusal_over_ssh(&self.ask(line).await));
        }
        found
    }

    async fn end(self) {
        let mut command = Command::new("ssh");
        command.args(&self.arguments).args(["-O", "exit"]);
        smol::unblock(move || command.output()).await.unwrap();
    }
}

/// Mutation, what to ask for, and the difference that must be told.
const MUTANTS_OF_SSH: [(Mutation, What, &str); 18] = [
    (Mutation::Renamed("max-limit"), What::QueueTree, "the key max-limit is missing"),
    (Mutation::Renamed("version"), What::Resource, "the key version-x is new"),
    (Mutation::Missing("priority"), What::QueueTree, "the key priority is missing"),
    (Mutation::Missing("queue"), What::QueueSimple, "the key queue is missing"),
    (Mutation::Extra, What::QueueTree, "the key new-key is new"),
    (Mutation::Extra, What::Identity, "the key new-key is new"),
    (
        Mutation::OtherUnit("max-limit"),
        What::QueueTree,
        "the key max-limit is a rate such as 5Mbps, known is a rate such as 5M",
    ),
    (Mutation::OtherUnit("max-limit"), What::QueueSimple, "known is a pair, each a rate such"),
    (
        Mutation::NoUnit("free-memory"),
        What::Resource,
        "the key free-memory is a decimal number, known is a size such as 5MiB",
    ),
    (Mutation::NoUnit("cpu-load"), What::Resource, "known is a percentage"),
    (Mutation::OtherOrder, What::QueueTree, "the key name stands in another place"),
    (Mutation::OtherOrder, What::Resource, "the key uptime stands in another place"),
    (Mutation::MovedFlags, What::QueueTree, "the flags stand in another column"),
    (Mutation::NoLegend, What::QueueTree, "flags and their legend do not go together"),
    (Mutation::UnixLines, What::Identity, "lines do not end in CR LF"),
    (Mutation::Unwrapped, What::QueueTree, "lines are not wrapped at 80 columns"),
    (Mutation::Outdented, What::QueueSimple, "wrapped lines are indented in another way"),
    (Mutation::OtherError, What::Refusal, "the error is not a known one"),
];

/// OpenSSH's client logs in anew if its shared connection breaks.
const SLOW: Duration = Duration::from_mins(3);

#[test]
fn the_simulated_console_over_ssh_conforms_and_each_of_its_mutants_is_caught() {
    crate::router::run_within(SLOW, async |executor| {
        let over_ssh = OverSsh::start(executor);
        assert_eq!(over_ssh.differences(None).await.to_string(), "none");
        for (mutation, what, told) in MUTANTS_OF_SSH {
            over_ssh.sshd.router().mutate(Some(mutation));
            let found = over_ssh.differences(Some(what)).await.to_string();
            assert!(found.contains(told), "{mutation:?} of {what:?}: {found}");
        }
        // The shape has nothing against 5 instead of 5M; the exact limit beside it has.
        over_ssh.sshd.router().mutate(Some(Mutation::NoUnit("max-limit")));
        over_ssh.sshd.router().edit(Menu::Tree, "WAN-Download", "max-limit", "5000000");
        let op = Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name: "WAN-Download" });
        let output = over_ssh.ask(&cli::command(&op)).await;
        assert!(output.contains("max-limit=5 ") || output.contains("max-limit=5\r"), "{output}");
        assert!(cli::reply(&op, output.as_bytes()).is_err(), "{output}");
        over_ssh.end().await;
    });
}

/// The name of a mutation; whoever adds one is sent here, and from here to the tables.
const fn name(mutation: Mutation) -> &'static str {
    match mutation {
        Mutation::Renamed(_) => "renamed",
        Mutation::Missing(_) => "missing",
        Mutation::Extra => "extra",
        Mutation::Unquoted(_) => "unquoted",
        Mutation::OtherUnit(_) => "other unit",
        Mutation::NoUnit(_) => "no unit",
        Mutation::OtherFlags => "other flags",
        Mutation::OtherForm => "other form",
        Mutation::OtherStatus => "other status",
        Mutation::OtherNumber => "other number",
        Mutation::QuotedNumber => "quoted number",
        Mutation::NoMessage => "no message",
        Mutation::OtherOrder => "other order",
        Mutation::MovedFlags => "moved flags",
        Mutation::NoLegend => "no legend",
        Mutation::UnixLines => "unix lines",
        Mutation::Unwrapped => "unwrapped",
        Mutation::Outdented => "outdented",
        Mutation::OtherError => "other error",
    }
}

#[test]
fn each_mutation_is_tried() {
    let tried = MUTANTS_OF_REST.iter().chain(&MUTANTS_OF_SSH);
    let tried: BTreeSet<&str> = tried.map(|(mutation, ..)| name(*mutation)).collect();
    assert_eq!(tried.len(), 19);
}
