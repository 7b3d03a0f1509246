//! Another configuration without a new start.
//! Promises: the file is read, checked and got ready beside the loop; it takes effect as a whole,
//! between two turns of the loop, or not at all; asked for again meanwhile it is read again.
//! Knows nothing of signals.

mod plan;
mod prepare;

use std::collections::VecDeque;

use log::{info, warn};

use self::plan::{Left, Plan};
use super::{
    input::Prepared,
    names,
    router::{self, Clients},
    shell::{Daemon, prober},
    source::Reload,
};
use crate::{
    config::{Config, WanSection},
    control::{
        change::{Change, NextRouter},
        id::SteeringId,
        time::Instant,
    },
    os::clock,
    probe::prober::Wire,
};

impl<W: Wire> Daemon<W> {
    /// The configuration shall be read again.
    pub(super) fn begin_reload(&mut self) {
        if self.ends() {
            return;
        }
        if self.reload != Reload::Idle {
            self.reload = Reload::ReadingOnce;
            return;
        }
        let Some(source) = &self.source else {
            warn!("reload: this daemon has no configuration file");
            return;
        };
        self.reload = Reload::Reading;
        self.guard.reloading(clock::now());
        let task = prepare::prepare(source.path.clone(), self.sender.clone());
        self.executor.spawn(task).detach();
    }

    /// The file was read.
    pub(super) fn end_reload(&mut self, prepared: Prepared) {
        let again = std::mem::take(&mut self.reload) == Reload::ReadingOnce;
        if self.ends() {
            return;
        }
        if again {
            return self.begin_reload();
        }
        match prepared {
            Prepared::Useless(why) => {
                say(&why);
                warn!("reload: the old configuration stays");
            }
            Prepared::Ready { config, .. } if config == self.config => {
                info!("reload: nothing changed");
            }
            Prepared::Ready { config, warnings, clients } => {
                say(&warnings);
                self.apply(config, clients);
            }
        }
        self.guard.reloaded();
    }

    fn apply(&mut self, mut next: Config, clients: Vec<Clients>) {
        self.move_globals(&mut next);
        if next == self.config {
            info!("reload: nothing else changed");
            return;
        }
        let plan = Plan::of(&self.config, &self.left(), &next);
        let now = clock::now();
        let seed = clock::unix_now() ^ now.as_micros().rotate_left(32);
        let (leaving, sections): (Vec<_>, Vec<_>) = plan.leaving.iter().cloned().unzip();
        let Plan { wans, routers, steerings, .. } = &plan;
        let change = Change { wans, routers, steerings, leaving: &leaving };
        self.engine.reconfigure(&change, now, seed);
        self.move_routers(&plan.routers, clients);
        self.move_probers(&plan, &next.wans, now);
        self.connectors.serve(&self.executor, &next.wans, &self.sender);
        self.queues = router::queues(&next.wans);
        self.leaving = sections;
        self.rules = router::rules(next.steerings.iter().chain(&self.leaving));
        self.names = names::of(&next, &self.leaving);
        self.history.borrow_mut().follow(&self.names, now);
        self.config = next;
        self.tell_fallbacks();
        info!("reload: applied: {}", plan.news);
        log::set_max_level(self.config.globals.log_level);
    }

    /// Those of the steerings that earlier reloads have ended which have something to do yet.
    fn left(&self) -> Vec<Left> {
        let places = (0..).map(SteeringId).zip(self.config.steerings.iter().chain(&self.leaving));
        let left = places.skip(self.config.steerings.len());
        let left = left.filter(|(id, _)| self.engine.leaves(*id));
        left.map(|(id, section)| (id, section.clone())).collect()
    }

    /// What concerns the daemon as a whole. The lock and the state belong together and stay where
    /// they are until the next start.
    fn move_globals(&mut self, next: &mut Config) {
        let (before, after) = (&self.config.globals, &mut next.globals);
        if (&before.state_dir, &before.persist_dir) != (&after.state_dir, &after.persist_dir) {
            warn!("reload: another state_dir or persist_dir takes effect at the next start");
            after.state_dir.clone_from(&before.state_dir);
            after.persist_dir.clone_from(&before.persist_dir);
        }
        // Whichever says more of the two, the answer to the user's question is to be seen.
        log::set_max_level(before.log_level.max(after.log_level));
        if before.listen != after.listen {
            // If an earlier move still waits, this one takes its place.
            let _ = self.moves.force_send(after.listen);
        }
    }

    fn move_routers(&mut self, routers: &[NextRouter], clients: Vec<Clients>) {
        let mut accesses: Vec<_> = self.accesses.drain(..).map(Some).collect();
        let facts = std::mem::take(&mut self.facts);
        let others = std::mem::take(&mut self.others);
        let errors = std::mem::take(&mut self.errors);
        for (next, clients) in routers.iter().zip(clients) {
            let (kept, known) = match next {
                NextRouter::Kept(old) => (Some(usize::from(old.0)), Some(usize::from(old.0))),
                NextRouter::After(old, _) => (None, Some(usize::from(old.0))),
                NextRouter::New => (None, None),
            };
            let access = kept.and_then(|old| accesses.get_mut(old)?.take());
            let access = access.unwrap_or_else(|| self.open(clients));
            self.accesses.push(access);
            let of = |all: &[_], old: Option<usize>| old.and_then(|old| all.get(old).cloned());
            self.facts.push(of(&facts, known).unwrap_or_default());
            self.others.push(of(&others, known).unwrap_or_default());
            self.errors.push(kept.and_then(|old| errors.get(old).cloned().flatten()));
        }
    }

    fn move_probers(&mut self, plan: &Plan, wans: &[WanSection], now: Instant) {
        let Some(source) = &self.source else { return };
        let mut probers: VecDeque<_> = self.probers.drain(..).map(Some).collect();
        let next = |(wan, kept): (&WanSection, &Option<usize>)| {
            let kept = kept.and_then(|old| probers.get_mut(old)?.take());
            kept.unwrap_or_else(|| prober((source.open)(wan, now), wan))
        };
        self.probers = wans.iter().zip(&plan.wires).map(next).collect();
    }
}

fn say(lines: &[String]) {
    for line in lines {
        warn!("{line}");
    }
}
