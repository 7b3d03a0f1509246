//! A client and a scripted server in one test.

use std::{net::Ipv4Addr, rc::Rc, time::Duration};

use smol::{LocalExecutor, Timer, future};
use wanctl::{
    control::{
        failure::FailureKind,
        time::Span,
        units::{PerDirection, Rate},
    },
    router::{
        error::RouterError,
        http::RestClient,
        op::{
            Found, NewLimit, Op, QueueKind, QueueRef, QueueState, Reply, Rule, RuleRef, RuleState,
        },
        settings::{Host, Scheme, Secret, Settings},
    },
};

use super::server::{Act, Plain, Server};

/// No test takes this long unless something hangs.
const HANGS: Duration = Duration::from_secs(30);

/// The deadline of tests that wait for it.
pub(crate) const SHORT: Span = Span::from_millis(300);

pub(crate) const PASSWORD: &str = "open sesame";

pub(crate) fn rate(bps: u64) -> Rate {
    Rate::from_bps(bps).unwrap()
}

pub(crate) fn settings(port: u16) -> Settings {
    Settings {
        scheme: Scheme::Http,
        host: Host::Address(Ipv4Addr::LOCALHOST.into()),
        port,
        username: "Aladdin".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        rest_timeout: Span::from_secs(10),
    }
}

pub(crate) const fn read_tree(name: &str) -> Op<'_> {
    Op::ReadQueue(QueueRef { kind: QueueKind::Tree, name })
}

pub(crate) const fn read_simple(name: &str) -> Op<'_> {
    Op::ReadQueue(QueueRef { kind: QueueKind::Simple, name })
}

pub(crate) const fn read_type(name: &str) -> Op<'_> {
    Op::ReadQueue(QueueRef { kind: QueueKind::Type, name })
}

pub(crate) const fn count(kind: QueueKind, name: &str) -> Op<'_> {
    Op::ReadStatistics(QueueRef { kind, name })
}

pub(crate) const fn read_rule(comment: &str) -> Op<'_> {
    Op::ReadRule(RuleRef { comment })
}

pub(crate) const fn set_rule(comment: &str, state: RuleState) -> Op<'_> {
    Op::SetRule(RuleRef { comment }, state)
}

pub(crate) const fn rule_reply(state: RuleState) -> Reply {
    Reply::Rule(Rule { state, invalid: false, dynamic: false })
}

pub(crate) fn set_type(name: &str, bps: u64) -> Op<'_> {
    Op::SetLimit(NewLimit::Type { name, limit: rate(bps) })
}

pub(crate) fn set_tree(name: &str, bps: u64) -> Op<'_> {
    Op::SetLimit(NewLimit::Tree { name, limit: rate(bps) })
}

pub(crate) fn set_simple(name: &str, download: u64, upload: u64) -> Op<'_> {
    let limits = PerDirection { download: rate(download), upload: rate(upload) };
    Op::SetLimit(NewLimit::Simple { name, limits })
}

/// A list of one queue tree entry.
pub(crate) fn tree_list(name: &str, id: &str, bps: u64) -> String {
    format!("[{}]", tree_record(name, id, bps))
}

pub(crate) fn tree_record(name: &str, id: &str, bps: u64) -> String {
    format!(r#"{{".id":"{id}","name":"{name}","max-limit":"{bps}","disabled":"false"}}"#)
}

/// The reply for an enabled queue tree entry.
pub(crate) fn tree_reply(bps: u64) -> Reply {
    Reply::Queue(QueueState {
        limit: Found::One(Rate::from_bps(bps)),
        disabled: false,
        invalid: false,
        dynamic: false,
    })
}

pub(crate) fn tree_limit(bps: u64) -> Reply {
    Reply::Limit(Found::One(Rate::from_bps(bps)))
}

/// Runs a test on an executor of its own; fails it if it hangs.
pub(crate) fn run<T>(test: impl AsyncFnOnce(&Rc<LocalExecutor<'static>>) -> T) -> T {
    run_within(HANGS, test)
}

/// The same for a test that takes longer.
pub(crate) fn run_within<T>(
    hangs: Duration,
    test: impl AsyncFnOnce(&Rc<LocalExecutor<'static>>) -> T,
) -> T {
    let executor = Rc::new(LocalExecutor::new());
    let hung = async {
        Timer::after(hangs).await;
        panic!("the test hangs");
    };
    smol::block_on(executor.run(future::or(test(&executor), hung)))
}

/// A test of a client with a plain HTTP server that follows a script.
pub(crate) fn talk<T>(
    script: Vec<Act>,
    test: impl AsyncFnOnce(&mut RestClient, &Server) -> T,
) -> T {
    talk_within(Span::from_secs(10), script, test)
}

/// The same with a deadline for each operation.
pub(crate) fn talk_within<T>(
    rest_timeout: Span,
    script: Vec<Act>,
    test: impl AsyncFnOnce(&mut RestClient, &Server) -> T,
) -> T {
    run(async |executor| {
        let server = Server::start(executor, Plain, script).await;
        let settings = Settings { rest_timeout, ..settings(server.port) };
        test(&mut RestClient::new(&settings).unwrap(), &server).await
    })
}

/// The kind of an error whose texts give nothing away.
pub(crate) fn kind(result: Result<Reply, RouterError>) -> FailureKind {
    let error = result.unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("QWxhZGRpbj"), "{text}");
        assert!(text.len() > 20 && !text.contains('\n'), "{text}");
    }
    error.kind
}
