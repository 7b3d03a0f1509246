//! Every constant of the adaptive law halved and doubled: how much hangs on it.

use std::{fmt::Write as _, sync::OnceLock};

use wanctl::control::{adaptive::Tuning, time::Span, units::Ratio};

use crate::{
    SECONDS,
    grid::parallel,
    laws::Law,
    lines::Line,
    loads::Load,
    run::Job,
    score::{Score, judge_beside},
};

type Change = fn(&mut Tuning, f64);

/// Shares near one are varied by how far they are from it.
const CONSTANTS: [(&str, Change); 54] = [
    ("fast", |tuning, by| span(&mut tuning.fast, by)),
    ("medium", |tuning, by| span(&mut tuning.medium, by)),
    ("slow", |tuning, by| span(&mut tuning.slow, by)),
    ("1 - high", |tuning, by| from_one(&mut tuning.high, by)),
    ("idle", |tuning, by| tuning.idle *= by),
    ("suspect", |tuning, by| tuning.suspect *= by),
    ("settled_after", |tuning, by| span(&mut tuning.settled_after, by)),
    ("lingers_for", |tuning, by| span(&mut tuning.lingers_for, by)),
    ("yellow", |tuning, by| tuning.yellow *= by),
    ("noises", |tuning, by| tuning.noises *= by),
    ("window", |tuning, by| span(&mut tuning.window, by)),
    ("steady", |tuning, by| tuning.steady *= by),
    ("recent", |tuning, by| span(&mut tuning.recent, by)),
    ("roughness", |tuning, by| tuning.roughness *= by),
    ("noises_of_growth", |tuning, by| tuning.noises_of_growth *= by),
    ("quiet", |tuning, by| span(&mut tuning.quiet, by)),
    ("calm", |tuning, by| span(&mut tuning.calm, by)),
    ("fall", |tuning, by| span(&mut tuning.fall, by)),
    ("trips", |tuning, by| tuning.trips *= by),
    ("trips_of_cut", |tuning, by| tuning.trips_of_cut *= by),
    ("senders", |tuning, by| tuning.senders *= by),
    ("cut", |tuning, by| count(&mut tuning.cut, by)),
    ("cut_per_ms", |tuning, by| tuning.cut_per_ms *= by),
    ("least_cut", |tuning, by| count(&mut tuning.least_cut, by)),
    ("most_cut", |tuning, by| count(&mut tuning.most_cut, by)),
    ("half", |tuning, by| ratio(&mut tuning.half, by)),
    ("1 - surely", |tuning, by| ratio(&mut tuning.surely, by)),
    ("1 - drains", |tuning, by| from_one(&mut tuning.drains, by)),
    ("1 - helps", |tuning, by| from_one(&mut tuning.helps, by)),
    ("soon_gone", |tuning, by| tuning.soon_gone *= by),
    ("1 - stays", |tuning, by| from_one(&mut tuning.stays, by)),
    ("1 - binding", |tuning, by| from_one(&mut tuning.binding, by)),
    ("1 - binds", |tuning, by| from_one(&mut tuning.binds, by)),
    ("far", |tuning, by| tuning.far *= by),
    ("1 - below_knee", |tuning, by| ratio(&mut tuning.below_knee, by)),
    ("1 - near_below", |tuning, by| ratio(&mut tuning.near_below, by)),
    ("above_knee - 1", |tuning, by| ratio(&mut tuning.above_knee, by)),
    ("raise", |tuning, by| count(&mut tuning.raise, by)),
    ("most_beyond", |tuning, by| count(&mut tuning.most_beyond, by)),
    ("raise_every", |tuning, by| span(&mut tuning.raise_every, by)),
    ("probe_every", |tuning, by| span(&mut tuning.probe_every, by)),
    ("probe_soon", |tuning, by| span(&mut tuning.probe_soon, by)),
    ("most_confidence", |tuning, by| count(&mut tuning.most_confidence, by)),
    ("usual_for", |tuning, by| tuning.usual_for = (tuning.usual_for as f64 * by) as u64),
    ("1 - as_usual", |tuning, by| ratio(&mut tuning.as_usual, by)),
    ("most_impatient", |tuning, by| count(&mut tuning.most_impatient, by)),
    ("ahead", |tuning, by| tuning.ahead *= by),
    ("idle_for", |tuning, by| span(&mut tuning.idle_for, by)),
    ("base_every", |tuning, by| span(&mut tuning.base_every, by)),
    ("in_vain", |tuning, by| few(&mut tuning.in_vain, by)),
    ("long_in_vain", |tuning, by| few(&mut tuning.long_in_vain, by)),
    ("in_vain_at_floor", |tuning, by| few(&mut tuning.in_vain_at_floor, by)),
    ("long", |tuning, by| tuning.long *= by),
    ("(none)", |_, _| {}),
];

fn span(span: &mut Span, by: f64) {
    *span = Span::from_micros((span.as_micros() as f64 * by) as u64);
}

fn from_one(share: &mut f64, by: f64) {
    *share = 1.0 - (1.0 - *share) * by;
}

fn ratio(ratio: &mut Ratio, by: f64) {
    let away = 1e6 - f64::from(ratio.ppm());
    *ratio = Ratio::from_ppm((1e6 - away * by) as u32);
}

fn count(count: &mut u32, by: f64) {
    *count = (f64::from(*count) * by) as u32;
}

fn few(count: &mut u8, by: f64) {
    *count = (f64::from(*count) * by) as u8;
}

/// What comes of the law with one constant changed.
pub struct Effect {
    pub name: String,
    /// In the mean of all full lines, in ms.
    pub p95: f64,
    /// The longest of all places, in ms.
    pub worst: f64,
    /// In the mean of all full lines.
    pub carried: f64,
    /// Per hour, in the mean.
    pub writes: f64,
    /// On lines that nobody uses, whose path became longer.
    pub idle_cuts: u64,
    /// Moves of the direction that nobody uses beside a full one.
    pub spill: u64,
}

/// On what this is tried.
pub struct Ground {
    pub lines: Vec<Line>,
    pub loads: &'static [Load],
    pub seeds: u64,
}

/// The last one is the law as it is.
pub fn effects(ground: &Ground) -> Vec<Effect> {
    let changes = |(name, change)| [(name, change, 0.5), (name, change, 2.0)];
    let all: Vec<(&str, Change, f64)> = CONSTANTS.into_iter().flat_map(changes).collect();
    let all = &all[..all.len() - 1];
    parallel(all, |(name, change, by)| {
        let mut tuning = Tuning::DEFAULT;
        change(&mut tuning, *by);
        let name = if *name == "(none)" { (*name).into() } else { format!("{name} x {by}") };
        effect(name, ground, Box::leak(Box::new(tuning)))
    })
}

/// What is played: the law as it is, but for what `WANCTL_TUNED` says (`raise_every x 1.5, raise x 2`).
pub fn tuned() -> &'static Tuning {
    static TUNED: OnceLock<Tuning> = OnceLock::new();
    TUNED.get_or_init(|| {
        let mut tuning = Tuning::DEFAULT;
        for part in given().split(',').filter(|part| !part.trim().is_empty()) {
            let (name, by) = part.split_once(" x ").unwrap_or((part, ""));
            let named = CONSTANTS.iter().find(|(own, _)| *own == name.trim());
            assert!(named.is_some(), "no constant {name:?}");
            (named.unwrap().1)(&mut tuning, by.trim().parse().unwrap());
        }
        tuning
    })
}

/// What is to be changed.
pub fn given() -> String {
    std::env::var("WANCTL_TUNED").unwrap_or_default()
}

/// The constants that are not tried here.
pub fn untried() -> Vec<String> {
    let usual = fields(&Tuning::DEFAULT);
    let changed = |(_, change): &(&str, Change)| {
        let mut tuning = Tuning::DEFAULT;
        change(&mut tuning, 2.0);
        fields(&tuning).into_iter().filter(|field| !usual.contains(field)).collect::<Vec<_>>()
    };
    let tried: Vec<String> = CONSTANTS.iter().flat_map(changed).map(|field| name(&field)).collect();
    usual.iter().map(|field| name(field)).filter(|field| !tried.contains(field)).collect()
}

/// As in `Name { field: value, field: value }`.
fn fields(tuning: &Tuning) -> Vec<String> {
    let text = format!("{tuning:?}");
    let inner = text.trim_start_matches("Tuning { ").trim_end_matches(" }");
    inner.split(", ").map(String::from).collect()
}

fn name(field: &str) -> String {
    field.split(':').next().unwrap_or_default().into()
}

fn effect(name: String, ground: &Ground, tuning: &'static Tuning) -> Effect {
    let Ground { lines, loads, seeds } = ground;
    let jobs = lines.iter().flat_map(|line| {
        loads.iter().flat_map(move |load| {
            (0..*seeds).map(move |seed| Job {
                line,
                load: *load,
                law: Law::Adaptive,
                seed,
                seconds: SECONDS,
                tuning,
            })
        })
    });
    let scores: Vec<(Load, Score)> =
        jobs.map(|job| (job.load, judge_beside(&job, &[]).0)).collect();
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let full = scores.iter().filter(|(load, _)| load.saturates());
    let delays: Vec<f64> = full.map(|(_, score)| score.p95).collect();
    let idle = scores.iter().filter(|(load, _)| *load == Load::Path);
    Effect {
        name,
        worst: delays.iter().copied().fold(0.0, f64::max),
        p95: mean(delays),
        carried: mean(scores.iter().filter_map(|(_, score)| score.retained).collect()),
        writes: mean(scores.iter().map(|(_, score)| score.writes).collect()),
        idle_cuts: idle.map(|(_, score)| score.late_cuts).sum(),
        spill: scores.iter().filter_map(|(_, score)| score.spill).sum(),
    }
}

impl Effect {
    /// What half or twice of a constant must not do to the law as it is. The longest delay is of one place,
    /// and twice as long where the law looks twice as long: that is no cliff.
    pub fn cliff(&self, usual: &Self) -> Option<&'static str> {
        match () {
            () if self.p95 > usual.p95 * 2.0 + 1.0 => Some("twice the delay"),
            () if self.worst > usual.worst * 3.0 + 1.0 => Some("three times the longest delay"),
            () if self.carried < usual.carried - 0.1 => Some("a tenth less carried"),
            () if self.writes > usual.writes * 2.0 => Some("twice the writes"),
            () if self.idle_cuts > usual.idle_cuts => Some("cuts on idle lines"),
            () if self.spill > usual.spill => Some("the unused direction moves"),
            () => None,
        }
    }
}

/// Those that are one, and why; the last effect is the law as it is.
pub fn cliffs(effects: &[Effect]) -> impl Iterator<Item = (&str, &'static str)> {
    let usual = effects.last();
    effects.iter().filter_map(move |own| Some((own.name.as_str(), own.cliff(usual?)?)))
}

pub fn text(effects: &[Effect]) -> String {
    let mut text = String::from(
        "constant              | p95 ms  worst | carried | writes/h | idle cuts | unused | cliff\n",
    );
    let Some(usual) = effects.last() else { return text };
    for own in effects {
        let _ = writeln!(
            text,
            "{:21} | {:6.1} {:6.0} | {:6.1}% | {:8.0} | {:9} | {:6} | {}",
            own.name,
            own.p95,
            own.worst,
            own.carried * 100.0,
            own.writes,
            own.idle_cuts,
            own.spill,
            own.cliff(usual).unwrap_or("-"),
        );
    }
    text
}
