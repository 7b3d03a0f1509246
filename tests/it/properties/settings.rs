//! Settings as a configuration may have them, at random.

use fastrand::Rng;
use wanctl::control::{
    applier::{Layout, OnExit},
    baseline,
    fallback::{self, Gateway},
    ladder::{self, Floors},
    saved::SavedWan,
    time::Span,
    units::{PerDirection, Rate, Ratio, Rtt},
    wan::{RouterId, Settings},
    zone::Thresholds,
};

use crate::support::settings::{adaptive, classic, ms, wan};

fn rate(rng: &mut Rng, from: u64, to: u64) -> Rate {
    Rate::from_bps(rng.u64(from..=to)).unwrap()
}

fn ladder(rng: &mut Rng) -> ladder::Settings {
    let most = rng.choice([2_000_000, 50_000_000, 1_000_000_000, 10_000_000_000]).unwrap();
    let ceiling = rate(rng, 1_000_000, most);
    let green = rate(rng, 1_000_000, ceiling.bps());
    let yellow = rate(rng, 1_000_000, green.bps());
    let soft_red = rate(rng, 1_000_000, yellow.bps());
    let red = rate(rng, 1_000_000, soft_red.bps());
    ladder::Settings {
        ceiling,
        floors: Floors { green, yellow, soft_red, red },
        step_up: rate(rng, 100_000, 100_000_000),
        factor_red: Ratio::from_ppm(rng.u32(100_000..=1_000_000)),
        factor_yellow: Ratio::from_ppm(rng.u32(800_000..=1_000_000)),
        green_required: rng.u8(1..=10),
    }
}

fn on_exit(rng: &mut Rng, bounds: &ladder::Settings) -> OnExit {
    match rng.u8(..3) {
        0 => OnExit::Set(rate(rng, bounds.floors.red.bps(), bounds.ceiling.bps())),
        _ => OnExit::Keep,
    }
}

fn a_baseline(rng: &mut Rng) -> baseline::Settings {
    let min = f64::from(rng.u32(1..20));
    let max = min + f64::from(rng.u32(1..480));
    let initial = rng.bool().then(|| ms(min + (max - min) * rng.f64()));
    baseline::Settings {
        initial,
        time_constant: Span::from_secs(rng.u64(1..=600)),
        load_time_constant: Span::from_millis(rng.u64(50..=10_000)),
        freeze: ms(0.1 + rng.f64() * 49.9),
        min: ms(min),
        max: ms(max),
    }
}

/// A WAN on one of `routers` routers.
pub fn any_wan(rng: &mut Rng, routers: u8) -> Settings {
    let mut settings = wan(500, 50);
    let interval = rng.choice([20, 37, 50, 50, 50, 100, 500, 2_000]).unwrap();
    settings.router = RouterId(rng.u8(..routers));
    settings.reflectors = rng.u8(1..=8);
    settings.law.interval = Span::from_millis(interval);
    settings.law.baseline = a_baseline(rng);
    settings.law.spike = rng.bool().then(|| ms(f64::from(rng.u32(5..=50))));
    let yellow = f64::from(rng.u32(1..50));
    let warn = yellow + f64::from(rng.u32(1..50));
    let red = warn + f64::from(rng.u32(1..50));
    settings.law.thresholds = PerDirection {
        download: Thresholds { yellow: ms(yellow), soft_red: Some(ms(warn)), red: ms(red) },
        upload: Thresholds { yellow: ms(yellow), soft_red: None, red: ms(warn) },
    };
    settings.law.ladders = PerDirection { download: ladder(rng), upload: ladder(rng) };
    settings.layout = rng.choice([Layout::PerDirection, Layout::Pair]).unwrap();
    settings.write_budget = rng.choice([60, 600, 7_200]).unwrap();
    settings.fallback = fallback::Settings {
        targets: rng.u8(..=4),
        gateway: rng.choice([Gateway::Given, Gateway::None]).unwrap(),
    };
    settings.on_exit = settings.law.ladders.map(|bounds| on_exit(rng, &bounds));
    if rng.bool() { adaptive(&settings) } else { classic(&settings) }
}

/// A state as it may stand in a file.
pub fn any_saved(rng: &mut Rng) -> SavedWan {
    let time = |rng: &mut Rng| Rtt::from_ms(rng.f64() * 10_f64.powi(rng.i32(0..6))).unwrap();
    SavedWan {
        rates: PerDirection { download: rate(rng, 1, 1 << 34), upload: rate(rng, 1, 1 << 27) },
        streaks: PerDirection { download: rng.u8(..), upload: rng.u8(..) },
        baseline: time(rng),
        load: time(rng),
        confirmed: PerDirection::both(None),
    }
}
