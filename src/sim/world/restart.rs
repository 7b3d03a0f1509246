//! The daemon dies and starts again.
//! Promises: what it had saved is all that it knows; lines, routers and rules go on without it.
//! Knows nothing of files.

use super::{Delivery, World};
use crate::control::{
    engine::Engine,
    id::{RouterId, SteeringId},
    saved::Freshness,
    wan::WanId,
};

impl World {
    /// The daemon is killed and starts again with what it has saved; what was on the way to it is
    /// lost, and what it had asked last is done.
    pub fn restart(&mut self, seed: u64) {
        let (old, now) = (&self.engine, self.now);
        let settings: Vec<_> = old.wans().iter().map(|wan| *wan.settings()).collect();
        let steerings: Vec<_> = old.courses().iter().map(|course| *course.settings()).collect();
        let mut engine = Box::new(Engine::new(&settings, now, seed));
        for (id, router) in (0..).map(RouterId).zip(&self.routers) {
            engine.set_fallback(id, router.settings.fallback);
        }
        for (id, _) in (0..).map(WanId).zip(&settings) {
            if let Some(saved) = old.saved(id) {
                engine.restore(id, &saved, Freshness::Fresh);
            }
        }
        engine.steer_by(&steerings, now, seed);
        for (id, course) in (0..).map(SteeringId).zip(old.courses()) {
            engine.restore_steering(id, &course.saved(now), now);
        }
        self.engine = engine;
        self.routers.iter_mut().for_each(|router| router.last = None);
        self.inbox.retain(|_, delivery| match delivery {
            Delivery::Reboot { .. } | Delivery::Late { .. } => true,
            Delivery::Reply { .. }
            | Delivery::Time { .. }
            | Delivery::Connected { .. }
            | Delivery::Gateway { .. }
            | Delivery::Answer { .. } => false,
        });
    }
}
