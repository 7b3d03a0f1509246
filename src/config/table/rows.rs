//! The rows of the table, in the order of the documentation.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

mod access;
mod line;
mod rates;
mod steering;

pub(in crate::config) use self::{access::*, line::*, rates::*, steering::*};
use super::Row;
use crate::{
    config::number::{Limits, Number, Unit},
    control::{
        time::Span,
        units::{Rate, Ratio, Rtt},
    },
};

// bit/s
const M: u64 = 1_000_000;
const G: u64 = 1_000_000_000;
// µs
const MS: u64 = 1_000;
const S: u64 = 1_000_000;
// millionths
const ONE: u64 = 1_000_000;

const fn rate(min: u64, max: u64) -> Number<Rate> {
    Number::new(Limits { unit: Unit::Rate, min, max }, Rate::from_bps)
}

const fn delay(min: u64, max: u64) -> Number<Rtt> {
    let make = |micros| Some(Rtt::from_span(Span::from_micros(micros)));
    Number::new(Limits { unit: Unit::Delay, min, max }, make)
}

const fn time(unit: Unit, min: u64, max: u64) -> Number<Span> {
    Number::new(Limits { unit, min, max }, |micros| Some(Span::from_micros(micros)))
}

const fn factor(min: u64, max: u64) -> Number<Ratio> {
    let make = |ppm| u32::try_from(ppm).ok().map(Ratio::from_ppm);
    Number::new(Limits { unit: Unit::Factor, min, max }, make)
}

macro_rules! options {
    ($($name:ident: $kind:ty = $spec:expr;)*) => {
        $(pub(in crate::config) static $name: $kind = $spec;)*
    };
}

use options;

/// All options, in the order of the documentation.
pub static TABLE: &[&dyn Row] = &[
    &LISTEN,
    &STATE_DIR,
    &PERSIST_DIR,
    &LOG_LEVEL,
    &URL,
    &USERNAME,
    &PASSWORD,
    &PASSWORD_FILE,
    &TLS_CA,
    &TLS_VERIFY,
    &TRANSPORT,
    &FALLBACK,
    &REST_TIMEOUT,
    &SSH_HOST,
    &SSH_PORT,
    &SSH_KEY,
    &SSH_HOST_KEY,
    &SSH_TIMEOUT,
    &ENABLED,
    &ROUTER,
    &LAW,
    &QUEUE_KIND,
    &QUEUE,
    &DIRECTION_QUEUE.download,
    &DIRECTION_QUEUE.upload,
    &BASE.download,
    &BASE.upload,
    &LOAD_INTERVAL,
    &CEILING.download,
    &CEILING.upload,
    &FLOOR.download,
    &FLOOR.upload,
    &FLOOR_GREEN.download,
    &FLOOR_GREEN.upload,
    &FLOOR_YELLOW.download,
    &FLOOR_YELLOW.upload,
    &DOWNLOAD_FLOOR_SOFT_RED,
    &FLOOR_RED.download,
    &FLOOR_RED.upload,
    &STEP_UP.download,
    &STEP_UP.upload,
    &FACTOR_DOWN.download,
    &FACTOR_DOWN.upload,
    &FACTOR_DOWN_YELLOW.download,
    &FACTOR_DOWN_YELLOW.upload,
    &GREEN_REQUIRED.download,
    &GREEN_REQUIRED.upload,
    &ON_EXIT.download,
    &ON_EXIT.upload,
    &TARGET_BLOAT,
    &WARN_BLOAT,
    &HARD_RED_BLOAT,
    &SPIKE,
    &BASELINE_INITIAL,
    &BASELINE_TIME_CONSTANT,
    &LOAD_TIME_CONSTANT,
    &BASELINE_FREEZE,
    &BASELINE_MIN,
    &BASELINE_MAX,
    &REFLECTOR,
    &TCP_TARGET,
    &GATEWAY,
    &SOURCE,
    &INTERFACE,
    &TIMESTAMPS,
    &INTERVAL,
    &WRITE_BUDGET,
    &STEERING_ENABLED,
    &PRIMARY,
    &ALTERNATE,
    &STEERING_ROUTER,
    &COMMENT,
    &MODE,
    &DELTA,
    &DROPS,
    &QUEUE_YELLOW,
    &QUEUE_RED,
    &DEGRADE_AFTER,
    &RECOVER_AFTER,
    &HOLD_DOWN,
    &SCORE_DEGRADE,
    &SCORE_RECOVER,
    &ADOPT,
    &DRY_RUN,
    &STEERING_ON_EXIT,
];
