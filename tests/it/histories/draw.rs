//! Random histories: a few faults of any kind, some at the same time, and an end somewhere.

use fastrand::Rng;
use wanctl::control::{failover::Route, failure::FailureKind, units::Direction};

use super::{
    fault::{Fault, History, Timed},
    scene::Scene,
};

/// Faults begin within this time, in milliseconds.
const BEGIN_WITHIN: u64 = 5_000;
/// A late write is carried out after the client's deadline, in milliseconds.
const LATE: std::ops::Range<u64> = 2_001..9_000;

impl History {
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let scene = Scene::draw(seed);
        let count = rng.choice([1, 2, 2, 3, 3, 4, 6]).unwrap();
        let mut faults: Vec<Timed> = (0..count).map(|_| any_timed(&mut rng, &scene)).collect();
        if rng.u8(..3) > 0 {
            faults.push(load(&mut rng));
        }
        let over = faults.iter().map(Timed::over).max().unwrap_or(0);
        let stop = match rng.u8(..8) {
            0..3 => rng.u64(..BEGIN_WITHIN),
            3 => over + 10_000,
            _ => over + rng.u64(..2_000),
        };
        Self { seed, faults, stop }
    }
}

/// Something to decide and to write.
fn load(rng: &mut Rng) -> Timed {
    let direction = rng.choice(Direction::BOTH).unwrap();
    let fault = Fault::Load(0, direction);
    Timed { from: rng.u64(..BEGIN_WITHIN), lasts: rng.u64(500..BEGIN_WITHIN), fault }
}

fn any_timed(rng: &mut Rng, scene: &Scene) -> Timed {
    let fault = any_fault(rng, scene);
    let most = rng.choice([200, 1_000, 1_000, 5_000]).unwrap();
    Timed { from: rng.u64(..BEGIN_WITHIN), lasts: rng.u64(50..=most), fault }
}

fn any_fault(rng: &mut Rng, scene: &Scene) -> Fault {
    let count = |length: usize| u8::try_from(length).unwrap();
    let router = rng.u8(..count(scene.routers.len()));
    let wan = rng.u8(..count(scene.wans.len()));
    let kind = rng.choice(FailureKind::ALL).unwrap();
    let direction = rng.choice(Direction::BOTH).unwrap();
    match rng.u8(..28) {
        0..4 => Fault::Router(router, kind),
        4 | 5 => {
            let lost = [FailureKind::Timeout, FailureKind::Reset, FailureKind::Garbage];
            Fault::Unheard(router, rng.choice(lost).unwrap())
        }
        6 => Fault::Flapping(router, kind),
        7 => Fault::Slow(router, rng.u64(50..1_900)),
        8 | 9 => Fault::Reboot(router),
        10 => Fault::Queue(wan, direction, kind),
        11 => Fault::Writes(wan, direction, kind),
        12 => Fault::Meddled(wan),
        13 => Fault::Silence(wan),
        14 => Fault::Dead(wan, rng.u8(..3)),
        15 => Fault::Lying(wan, rng.u8(..3)),
        16 => Fault::Path(wan),
        17 => Fault::Loss(wan),
        18 => Fault::Unsteady(wan),
        19 | 20 => Fault::Load(wan, direction),
        21 | 22 => {
            let route = rng.choice([Route::Preferred, Route::Fallback]).unwrap();
            Fault::Way(router, route, kind)
        }
        23 => Fault::Both(router, kind),
        24..27 => Fault::Late(router, rng.u64(LATE)),
        _ => Fault::Stall,
    }
}
