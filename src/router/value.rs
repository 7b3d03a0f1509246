//! Values that REST and the console write in the same way.
//! Promises: any text gives a value or nothing.
//! Knows nothing of answers.

use super::op::{NewLimit, RESOURCE_TEXT_MAX};
use crate::control::{time::Span, units::Rate};

/// The value of `max-limit` in bit/s. A simple queue takes `upload/download`, in this order: the
/// first is the traffic that comes from the queue's target (RouterOS manual, Queues).
pub(super) fn max_limit(limit: &NewLimit<'_>) -> String {
    match *limit {
        NewLimit::Tree { limit, .. } => limit.bps().to_string(),
        NewLimit::Simple { limits, .. } => {
            let limits = limits.map(Rate::bps);
            format!("{}/{}", limits.upload, limits.download)
        }
    }
}

/// A time such as `1w2d3h4m5s`, in whole seconds.
pub(super) fn uptime(text: &str) -> Option<Span> {
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let (unit, tail) = tail.split_at_checked(1)?;
        let seconds: u64 = match unit {
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(seconds)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(Span::from_secs(total))
}

/// As much of a text as is kept of it.
pub(super) fn cut(text: &str) -> heapless::String<RESOURCE_TEXT_MAX> {
    let mut kept = heapless::String::new();
    // A full string ends the loop.
    text.chars().take_while(|char| kept.push(*char).is_ok()).for_each(drop);
    kept
}
