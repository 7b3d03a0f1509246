//! A simulated home router to ask, and golden answers to compare with.

use heapless::LinearMap;
use wanctl::{
    control::{
        time::{Instant, Span},
        units::{PerDirection, Rate},
    },
    sim::routeros::{Request, Response, RouterOs, RouterSettings},
};

/// One record of an answer or of a golden file.
pub(super) type Record<'a> = LinearMap<&'a str, &'a str, 48>;

/// `wanctl:secret` in base 64.
pub(super) const LOGIN: &str = "Basic d2FuY3RsOnNlY3JldA==";

pub(super) const DOWNLOAD: &str = "/rest/queue/tree/*1000000";

pub(super) fn at(millis: u64) -> Instant {
    Instant::from_micros(0) + Span::from_millis(millis)
}

pub(super) fn rate(bits: u64) -> Rate {
    Rate::from_bps(bits).unwrap()
}

pub(super) fn home() -> RouterSettings {
    RouterSettings::home(PerDirection { download: rate(500_000_000), upload: rate(20_000_000) })
}

pub(super) fn router() -> RouterOs {
    RouterOs::new(home(), 1, at(0))
}

pub(super) fn request<'a>(method: &'a str, target: &'a str, body: &'a str) -> Request<'a> {
    let content_type = (!body.is_empty()).then_some("application/json");
    let body = body.as_bytes();
    Request { method, target, authorization: Some(LOGIN), content_type, body }
}

pub(super) fn ask(router: &mut RouterOs, method: &str, target: &str, body: &str) -> Response {
    router.handle(at(10_000), &request(method, target, body))
}

pub(super) fn golden(file: &str) -> String {
    let path = format!("{}/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn record(body: &str) -> Record<'_> {
    serde_json_core::from_str(body.trim()).unwrap_or_else(|error| panic!("{error}: {body}")).0
}

pub(super) fn records(body: &str) -> heapless::Vec<Record<'_>, 8> {
    serde_json_core::from_str(body.trim()).unwrap_or_else(|error| panic!("{error}: {body}")).0
}
