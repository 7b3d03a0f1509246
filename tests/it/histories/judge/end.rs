//! The last look, when the core is drained.

use wanctl::{
    control::applier::OnExit,
    sim::{schedule::Window, world::World},
};

use super::{Breach, Judge, SPACING, limits};
use crate::histories::{
    fault::changes,
    truth::{Contact, News},
};

impl Judge {
    /// The core is drained: what was told is what happened, and the pairs are of one decision.
    pub fn ended(&mut self, world: &mut World) -> Result<(), Breach> {
        self.follow_requests(world)?;
        let now = world.now();
        self.truths.iter_mut().for_each(|truth| truth.advance(now));
        self.hear(world);
        for (truth, told) in self.truths.iter().zip(&self.told) {
            let same = truth.told.len() == told.len()
                && truth.told.iter().zip(told).all(|(truth, told)| agree(*truth, *told));
            if !same {
                return Err(format!("told {told:?}, but it was {:?}", truth.told));
            }
            self.story.count(truth);
        }
        (0..self.before.len()).try_for_each(|wan| self.left(world, wan))
    }

    /// What is left on the router, if it answered to the end.
    fn left(&self, world: &mut World, index: usize) -> Result<(), Breach> {
        let Some(stopped) = self.stopped else { return Ok(()) };
        let (wan, now) = (u8::try_from(index).unwrap_or(0), world.now());
        let (truth, router) = (self.truth_of(index), self.scene.wans[index].0.router.0);
        let unseen = changes(&self.history, &self.scene, wan)
            .into_iter()
            .chain(truth.landings.iter().filter(|(own, _)| *own == wan).map(|(_, at)| *at))
            .any(|change| change <= now && !truth.has_seen(wan, change));
        let touched = self.touched(router, Window { from: stopped, to: now + SPACING }, |_| true);
        if touched || unseen || truth.contact != Contact::There || truth.in_trouble(wan) {
            return Ok(());
        }
        let (held, wan) = (limits(world, index), &world.engine().wans()[index]);
        let aim = wan.wanted().zip(wan.settings().on_exit).zip(held);
        let aim = aim.map(|((wanted, on_exit), held)| match on_exit {
            OnExit::Set(rate) => Some(rate),
            OnExit::Keep if self.begun[index] => Some(wanted),
            // Nothing was decided, nothing was done.
            OnExit::Keep => held,
        });
        if held == aim {
            Ok(())
        } else {
            Err(format!("{held:?} was left to wan {index}, not {aim:?}"))
        }
    }
}

/// The same, with durations that differ by a second at most.
fn agree(truth: News, told: News) -> bool {
    match (truth, told) {
        (News::Back(truth), News::Back(told)) => {
            truth.as_micros().abs_diff(told.as_micros()) <= 1_000_000
        }
        (truth, told) => truth == told,
    }
}
