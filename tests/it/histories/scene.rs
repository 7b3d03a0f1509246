//! What is there before anything goes wrong: lines, WANs and routers, drawn from the seed.

use fastrand::Rng;
use wanctl::{
    control::{
        applier::{Layout, OnExit},
        failure::FailureKind,
        time::Span,
        units::PerDirection,
        wan::{RouterId, Settings},
    },
    sim::{
        link::{Jitter, LinkSettings},
        schedule::{Schedule, Window},
        world::{Picks, RouterSettings, World},
    },
};

use super::fault::History;
use crate::support::settings::{adaptive, classic, mbit, ms, wan};

#[derive(Clone, Debug)]
pub struct Scene {
    pub wans: Vec<(Settings, LinkSettings)>,
    pub routers: Vec<RouterSettings>,
}

/// Limits that a router may have at first: none, of a human within the bounds, or outside of them.
const FOUND: [PerDirection<Option<u64>>; 4] = [
    PerDirection { download: None, upload: None },
    PerDirection { download: Some(90), upload: Some(18) },
    PerDirection { download: Some(900), upload: Some(90) },
    PerDirection { download: Some(80), upload: Some(1) },
];

/// A line of 100 and 20 Mbit/s whose ceilings are a tenth too high, so that a load shows.
fn site(rng: &mut Rng, router: u8) -> (Settings, LinkSettings) {
    let mut settings = wan(110, 22);
    settings.router = RouterId(router);
    settings.write_budget = 7_200;
    settings.layout = if rng.u8(..10) < 7 { Layout::PerDirection } else { Layout::Pair };
    settings.law.baseline.initial = rng.bool().then(|| ms(22.0));
    if rng.u8(..10) == 0 {
        settings.on_exit.download = OnExit::Set(mbit(60));
    }
    let mut line = LinkSettings::quiet();
    line.jitter = Jitter::Uniform(Span::from_micros(500));
    (settings, line)
}

impl Scene {
    /// One WAN, or two on the same router or on one of their own. Each law has half of the seeds.
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5ce9_e000);
        let wans = if rng.u8(..10) < 6 { 1 } else { 2 };
        let routers = if wans == 2 && rng.bool() { 2 } else { 1 };
        let law = if seed.is_multiple_of(2) { classic } else { adaptive };
        let site = |index: u8| site(&mut rng, index % routers);
        let wans = (0..wans).map(site).map(|(settings, line)| (law(&settings), line)).collect();
        let mut router = || RouterSettings {
            latency: Schedule::constant(Span::from_millis(rng.u64(1..=40))),
            initial: FOUND[rng.usize(..FOUND.len())].map(|rate| rate.map(mbit)),
            ..RouterSettings::healthy()
        };
        Self { wans, routers: (0..routers).map(|_| router()).collect() }
    }

    /// The scene with all that goes wrong in it.
    pub fn of(history: &History) -> Self {
        let mut scene = Self::draw(history.seed);
        history.faults.iter().for_each(|timed| timed.stage(&mut scene));
        scene
    }

    pub fn world(&self, seed: u64) -> World {
        World::new(self.wans.clone(), self.routers.clone(), seed)
    }

    pub fn router_of(&self, wan: u8) -> Option<u8> {
        self.wans.get(usize::from(wan)).map(|(settings, _)| settings.router.0)
    }

    pub fn router(&mut self, index: u8, change: impl FnOnce(&mut RouterSettings)) {
        if let Some(router) = self.routers.get_mut(usize::from(index)) {
            change(router);
        }
    }

    pub fn line(&mut self, wan: u8, change: impl FnOnce(&mut LinkSettings)) {
        if let Some((_, line)) = self.wans.get_mut(usize::from(wan)) {
            change(line);
        }
    }

    pub fn refuse(&mut self, wan: u8, refusal: (Window, Picks, FailureKind)) {
        if let Some(router) = self.router_of(wan) {
            self.router(router, |it| it.refusals.push(refusal));
        }
    }
}
