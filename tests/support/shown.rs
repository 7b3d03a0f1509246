//! The page `/health` as a monitor sees it: the code, the JSON, and how long the answer took.

use std::{fs, path::Path};

use serde_json::Value;
use wanctl::control::time::Span;

use super::{
    canary::Sung,
    daemon::{Daemon, ask},
    schema,
    wait::now,
};

/// In this time half of the answers have come, on a machine that is not late itself.
const ANSWERED_WITHIN: Span = Span::from_millis(50);

/// A file for those who watch the daemon.
pub fn contrib(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/contrib");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// What a page of JSON holds.
pub fn json(daemon: &Daemon, path: &str) -> Value {
    let (_, body) = ask(daemon.address(), path).unwrap();
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
}

/// What is said about `/health`.
pub fn schema() -> Value {
    serde_json::from_str(&contrib("health.schema.json")).unwrap()
}

/// Panics unless this health keeps to its schema.
pub fn valid(health: &Value, when: &str) {
    let wrong = schema::check(&schema(), health);
    assert!(wrong.is_empty(), "{when}: {wrong:#?}");
}

/// The health now, which keeps to its schema, and whose code, status and parts agree: it is healthy
/// if and only if every WAN is measured, every router answers, and none refuses anything, a rule
/// included.
pub fn truthful(daemon: &Daemon, when: &str) -> Value {
    let (code, body) = ask(daemon.address(), "/health").unwrap();
    let health: Value = serde_json::from_str(&body).unwrap();
    valid(&health, when);
    let all = |list: &str, is_well: fn(&Value) -> bool| {
        health[list].as_array().unwrap().iter().all(is_well)
    };
    let measured = all("wans", |wan| wan["signal"] == "fresh");
    let answers = all("routers", |router| router["reachable"] == true);
    let untroubled = all("wans", |wan| {
        wan["download"]["trouble"].is_null() && wan["upload"]["trouble"].is_null()
    });
    let switched = all("steerings", |steering| steering["rule_trouble"].is_null());
    let is_well = measured && answers && untroubled && switched;
    assert_eq!((code == 200, health["status"] == "healthy"), (is_well, is_well), "{when}: {body}");
    health
}

/// How long answers took.
#[derive(Debug, Default)]
pub struct Waits(Vec<u64>);

impl Waits {
    /// Adds the time that this takes.
    pub fn measured<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = now();
        let result = work();
        self.0.push(now().since(start).as_millis());
        result
    }

    /// Panics unless half of the answers came in time; what the canary was late meanwhile, the
    /// machine is to blame for, on both sides of the question.
    pub fn judge(&mut self, sung: &Sung, when: &str) {
        self.0.sort_unstable();
        let median = self.0[self.0.len() / 2];
        let most = ANSWERED_WITHIN.as_millis() + 3 * sung.late_at_most(90).as_millis();
        assert!(median <= most, "{when}: answers took {median} ms, {most} at most");
    }
}
