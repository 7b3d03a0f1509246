//! What happened when, for people and plots: one line each, in seconds of the load.

use std::fmt::Write as _;

use wanctl::control::time::Instant;

use crate::{
    flows::Pings,
    load::Times,
    needs::announce,
    shaper::{Change, device},
};

/// Says it all: pings in ms, limits in Mbit/s.
pub(crate) fn tell(begin: Instant, pings: &Pings, changes: &[Change]) {
    let mut text = String::new();
    said(&mut text, "be", &pings.judged);
    for (class, times) in &pings.beside {
        said(&mut text, class, times);
    }
    for change in changes {
        let (at, rate) = (seconds(begin, change.at), change.rate as f64 / 1e6);
        let _ = writeln!(text, "limit {at:.3} {} {rate:.3}", device(change.direction));
    }
    announce(&text);
}

fn said(text: &mut String, class: &str, times: &Times) {
    for (at, time) in times.each() {
        let _ = writeln!(text, "ping-{class} {at:.2} {time:.1}");
    }
}

/// Negative before the load.
fn seconds(begin: Instant, at: Instant) -> f64 {
    (at.as_micros() as f64 - begin.as_micros() as f64) / 1e6
}
