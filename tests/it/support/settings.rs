//! Settings of a WAN as a test wants them.

use wanctl::control::{
    adaptive,
    applier::{Layout, OnExit},
    baseline, classic, fallback,
    ladder::{self, Floors},
    rule::Choice,
    saved::SavedWan,
    time::{Instant, Span},
    units::{PerDirection, Rate, Ratio, Rtt},
    wan::{self, RouterId},
    zone::Thresholds,
};

pub fn mbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000_000).unwrap()
}

pub fn ms(value: f64) -> Rtt {
    Rtt::from_ms(value).unwrap()
}

/// What a run with these rates, on an idle line of 20 ms, has left.
pub fn left(rates: PerDirection<Rate>) -> SavedWan {
    SavedWan {
        rates,
        streaks: PerDirection::both(0),
        baseline: ms(20.0),
        load: ms(20.0),
        confirmed: rates.map(Some),
    }
}

/// So many milliseconds after the origin of time.
pub fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn ladder(ceiling: u64, floor: u64, step_kbit: u64, factors: (u32, u32)) -> ladder::Settings {
    let floor = mbit(floor);
    ladder::Settings {
        ceiling: mbit(ceiling),
        floors: Floors { green: floor, yellow: floor, soft_red: floor, red: floor },
        step_up: Rate::from_bps(step_kbit * 1_000).unwrap(),
        factor_red: Ratio::from_ppm(factors.0),
        factor_yellow: Ratio::from_ppm(factors.1),
        green_required: 5,
    }
}

/// The defaults of the configuration for a line of these ceilings (Mbit/s), floors at a tenth of
/// them (at least 1 Mbit/s), three reflectors, queue tree.
pub fn wan(download: u64, upload: u64) -> wan::Settings {
    adaptive(&by_delay(download, upload))
}

fn by_delay(download: u64, upload: u64) -> wan::Settings {
    let interval = Span::from_millis(50);
    let floor = |ceiling: u64| (ceiling / 10).max(1);
    let step = |ceiling: u64| (ceiling * 2).max(100);
    wan::Settings {
        router: RouterId(0),
        reflectors: 3,
        timestamps: wanctl::control::oneway::Timestamps::Off,
        law: classic::Settings {
            interval,
            baseline: baseline::Settings {
                initial: None,
                time_constant: Span::from_secs(50),
                load_time_constant: Span::from_millis(250),
                freeze: ms(3.0),
                min: ms(1.0),
                max: ms(500.0),
            },
            spike: Some(ms(15.0)),
            thresholds: PerDirection {
                download: Thresholds { yellow: ms(15.0), soft_red: Some(ms(45.0)), red: ms(80.0) },
                upload: Thresholds { yellow: ms(15.0), soft_red: None, red: ms(45.0) },
            },
            ladders: PerDirection {
                download: ladder(download, floor(download), step(download), (850_000, 960_000)),
                upload: ladder(upload, floor(upload), step(upload), (900_000, 940_000)),
            },
        },
        choice: Choice::Classic,
        layout: Layout::PerDirection,
        write_budget: 600,
        fallback: fallback::Settings::NOTHING,
        on_exit: PerDirection::both(OnExit::Keep),
    }
}

/// What [`wan`] gives, with one law or the other.
pub type Wan = fn(u64, u64) -> wan::Settings;

/// Both laws by name: what is promised whatever breaks is promised for each of them.
pub const LAWS: [(&str, Wan); 2] = [("adaptive", wan), ("classic", by_delay)];

/// One law after the other, each said when its turn comes.
#[expect(clippy::print_stdout, reason = "it is for the output of the test that asks")]
pub fn laws() -> impl Iterator<Item = (&'static str, Wan)> {
    LAWS.into_iter().inspect(|(name, _)| println!("{name}:"))
}

/// The same settings with the classic law.
pub const fn classic(settings: &wan::Settings) -> wan::Settings {
    wan::Settings { choice: Choice::Classic, ..*settings }
}

/// The same with the adaptive law within the bounds that the settings have by now.
pub fn adaptive(settings: &wan::Settings) -> wan::Settings {
    let choice = Choice::Adaptive(adaptive::Settings {
        base: PerDirection::both(None),
        yellow: settings.law.thresholds.map(|thresholds| thresholds.yellow),
        bounds: settings.law.ladders.map(|ladder| (ladder.floors.red, ladder.ceiling)),
        longest_idle: settings.law.baseline.max,
        counts_every: Span::from_millis(200),
        tuning: &adaptive::Tuning::DEFAULT,
    });
    wan::Settings { choice, ..*settings }
}
