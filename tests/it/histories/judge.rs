//! Watches a world after each tick, and holds it to the promises.

mod end;

use wanctl::{
    control::{
        applier::OnExit,
        event::{Request, RouterNews, WanNews, What},
        failover::Route,
        queue::{Limit, QueueSlot},
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{Cycles, Signal, Wan},
        zone::Zone,
    },
    sim::{schedule::Window, world::World},
};

use super::{
    fault::{Fault, History, Timed},
    scene::Scene,
    story::{RouterIs, Story},
    truth::{Contact, News, Phase, Truth},
};
use crate::support::settings::at;

/// Increases of a queue are this far apart while its budget lasts.
const SPACING: Span = Span::from_secs(1);
/// A queue is read so often while a write to it may land late.
const SUSPECT_EVERY: Span = Span::from_secs(5);
/// A reply that takes longer is none, and an echo leaves on each cycle.
const REPLY_WITHIN: Span = Span::from_millis(2_100);
/// A silence is called one after this.
const SILENT_AFTER: Span = Span::from_millis(1_100);
const CYCLE: u64 = 50_000;

/// A promise that was broken.
pub type Breach = String;

type Rates = PerDirection<Option<Rate>>;

/// What was there at the last look.
#[derive(Clone, Copy, Debug)]
struct Before {
    wanted: PerDirection<Rate>,
    held: Rates,
    cycles: Cycles,
}

/// A router that answers again: by then its limits are those wanted.
#[derive(Clone, Copy, Debug)]
struct Due {
    wan: u8,
    by: Instant,
    met: PerDirection<bool>,
}

pub struct Judge {
    history: History,
    scene: Scene,
    pub truths: Vec<Truth>,
    before: Vec<Option<Before>>,
    due: Vec<Due>,
    /// For each router, how many of its late writes were looked at.
    landed: Vec<usize>,
    told: Vec<Vec<News>>,
    written: Vec<bool>,
    /// Which WANs had something to bring to an end at the stop.
    begun: Vec<bool>,
    stopped: Option<Instant>,
    missed: u64,
    pub story: Story,
}

const fn slot_rates(slot: QueueSlot, limit: Limit) -> Rates {
    match (slot, limit) {
        (QueueSlot::One(Direction::Download), Limit::One(rate)) => {
            PerDirection { download: Some(rate), upload: None }
        }
        (QueueSlot::One(Direction::Upload), Limit::One(rate)) => {
            PerDirection { download: None, upload: Some(rate) }
        }
        (_, Limit::Pair(rates)) => {
            PerDirection { download: Some(rates.download), upload: Some(rates.upload) }
        }
        (QueueSlot::Pair, Limit::One(_)) => PerDirection { download: None, upload: None },
    }
}

fn limits(world: &World, wan: usize) -> Rates {
    PerDirection {
        download: world.limit(wan, Direction::Download),
        upload: world.limit(wan, Direction::Upload),
    }
}

fn overlap(one: Window, other: Window) -> bool {
    one.from < other.to && other.from < one.to
}

impl Judge {
    pub fn new(history: &History, scene: &Scene, stalls: &[Window]) -> Self {
        let truth = |settings: &_| Truth::new(Clone::clone(settings), stalls.to_vec());
        Self {
            history: history.clone(),
            truths: scene.routers.iter().map(truth).collect(),
            before: vec![None; scene.wans.len()],
            due: Vec::new(),
            landed: vec![0; scene.routers.len()],
            told: vec![Vec::new(); scene.routers.len()],
            written: vec![false; scene.wans.len()],
            begun: Vec::new(),
            stopped: None,
            missed: 0,
            story: Story::default(),
            scene: scene.clone(),
        }
    }

    /// The board does nothing in this stretch, which begins now.
    pub fn stalls(&mut self, stall: Window) {
        let due = stall.to.as_micros() / CYCLE - stall.from.as_micros() / CYCLE;
        self.missed += due.saturating_sub(1);
        // What arrives meanwhile is found afterwards.
        self.due.clear();
    }

    pub fn stops(&mut self, world: &mut World) -> Result<(), Breach> {
        // What has left since the last tick.
        self.follow_requests(world)?;
        let now = world.now();
        self.stopped = Some(now);
        for truth in &mut self.truths {
            truth.advance(now);
            truth.stops();
        }
        let wans = world.engine().wans().iter().zip(&self.written);
        self.begun = wans.map(|(wan, written)| *written || wan.law().means().is_some()).collect();
        self.due.clear();
        Ok(())
    }

    /// Looks at the world after a tick.
    pub fn look(&mut self, world: &mut World) -> Result<(), Breach> {
        self.follow_requests(world)?;
        let now = world.now();
        let phase = self.phase();
        for truth in &mut self.truths {
            truth.advance(now);
            truth.not_late(now, phase)?;
        }
        self.hear(world);
        for wan in 0..self.before.len() {
            self.look_at(world, wan)?;
        }
        self.follow_up(world)
    }

    const fn phase(&self) -> Phase {
        if self.stopped.is_some() { Phase::Ending } else { Phase::Running }
    }

    fn follow_requests(&mut self, world: &mut World) -> Result<(), Breach> {
        let phase = self.phase();
        for (asked, router, route, request) in world.take_routed() {
            let truth = &mut self.truths[usize::from(router.0)];
            truth.asked((request, route), asked, phase)?;
            self.expect_after_return(router.0);
            if let Request::Write(wan, slot, limit) = request {
                self.written(world, (wan.0, asked), slot_rates(slot, limit))?;
            }
        }
        Ok(())
    }

    /// A write has left: within the bounds, and nothing that nobody wanted.
    fn written(
        &mut self,
        world: &mut World,
        (wan, now): (u8, Instant),
        rates: Rates,
    ) -> Result<(), Breach> {
        let index = usize::from(wan);
        self.written[index] = true;
        self.story.writes += 1;
        let wan = &world.engine().wans()[index];
        let (settings, wanted) = (*wan.settings(), wan.wanted());
        for direction in Direction::BOTH {
            let Some(rate) = *rates.of(direction) else { continue };
            if !settings.law.ladders.of(direction).contains(rate) {
                return Err(format!("wrote {rate:?} to wan {index} {direction:?}: out of bounds"));
            }
            let exit = *settings.on_exit.of(direction);
            let before = self.before[index];
            let known = [
                Some(*wanted.of(direction)),
                before.map(|before| *before.wanted.of(direction)),
                before.and_then(|before| *before.held.of(direction)),
            ];
            let exits = self.stopped.is_some() && exit == OnExit::Set(rate);
            if before.is_some() && !exits && !known.contains(&Some(rate)) {
                return Err(format!("wrote {rate:?} to wan {index}; known are {known:?}"));
            }
            // Between two ticks nothing new is wanted.
            if known[..2].contains(&Some(rate)) {
                self.meets(index, direction, now);
            }
        }
        Ok(())
    }

    fn meets(&mut self, wan: usize, direction: Direction, now: Instant) {
        let own = |due: &&mut Due| usize::from(due.wan) == wan && now <= due.by;
        self.due.iter_mut().filter(own).for_each(|due| *due.met.of_mut(direction) = true);
    }

    fn hear(&mut self, world: &mut World) {
        for event in world.take_events() {
            self.story.hear(&event.what);
            if let What::Router(router, news) = event.what {
                let told = match news {
                    RouterNews::Lost(kind) => News::Lost(kind),
                    RouterNews::Back { outage, .. } => News::Back(outage),
                    RouterNews::StillLost { .. } | RouterNews::Turned(_) => continue,
                };
                self.told[usize::from(router.0)].push(told);
            }
            let changed = matches!(event.what, What::Wan(_, WanNews::PathChanged(..)));
            self.story.paths += u32::from(changed);
            if let What::Wan(wan, WanNews::Zone { to: Zone::Red, .. }) = event.what {
                let router = self.scene.router_of(wan.0).unwrap_or(0);
                let gone = matches!(self.truths[usize::from(router)].contact, Contact::Gone(_));
                self.story.reds_without_router += u32::from(gone);
            }
        }
    }

    fn look_at(&mut self, world: &mut World, index: usize) -> Result<(), Breach> {
        let now = world.now();
        let held = limits(world, index);
        let wan = &world.engine().wans()[index];
        let (wanted, cycles) = (wan.wanted(), wan.cycles());
        if cycles.total + cycles.missed != now.as_micros() / CYCLE + 1
            || cycles.missed != self.missed
        {
            return Err(format!("{cycles:?} at {now:?}, but {} missed", self.missed));
        }
        self.story.cycles = cycles;
        if let Some(before) = self.before[index] {
            let decided = cycles.decided - before.cycles.decided;
            if decided == 0 && wanted != before.wanted && self.stopped.is_none() {
                return Err(format!("{:?} became {wanted:?} without a sample", before.wanted));
            }
            if decided > 0 && self.is_silent(index, now, REPLY_WITHIN) {
                return Err(format!("wan {index} decided in silence at {now:?}"));
            }
        }
        self.look_at_signal(wan, index, now)?;
        let gone = matches!(self.truth_of(index).contact, Contact::Gone(_));
        self.story.look(wan, if gone { RouterIs::Away } else { RouterIs::There });
        self.before[index] = Some(Before { wanted, held, cycles });
        Ok(())
    }

    /// Without a signal nothing is decided, and nothing counts as green.
    fn look_at_signal(&self, wan: &Wan, index: usize, now: Instant) -> Result<(), Breach> {
        let lost = matches!(wan.signal(), Signal::Lost { .. });
        let green = wan.decision().is_some() || wan.law().streaks() != PerDirection::both(0);
        if lost && green {
            return Err(format!("wan {index} has no signal and decides"));
        }
        if !lost
            && self.stopped.is_none()
            && self.is_silent(index, now, REPLY_WITHIN + SILENT_AFTER)
        {
            return Err(format!("wan {index} takes silence for a signal at {now:?}"));
        }
        Ok(())
    }

    /// Whether nothing can have been heard for so long; a stall hides it.
    fn is_silent(&self, index: usize, now: Instant, length: Span) -> bool {
        let wan = u8::try_from(index).unwrap_or(0);
        let own = |timed: &&Timed| timed.fault == Fault::Silence(wan);
        let lines = self.history.faults.iter().filter(own).map(Timed::window);
        let silent = lines.into_iter().any(|window| window.from + length <= now && now < window.to);
        silent
            && !self
                .touched(0, Window { from: at(0), to: now }, |timed| timed.fault == Fault::Stall)
    }

    fn truth_of(&self, index: usize) -> &Truth {
        let router = self.scene.wans[index].0.router.0;
        &self.truths[usize::from(router)]
    }

    /// Whether a fault that `counts` touches the router within `window`.
    fn touched(&self, router: u8, window: Window, counts: impl Fn(&Timed) -> bool) -> bool {
        let counted = |timed: &&Timed| timed.touches(router, &self.scene) && counts(timed);
        let mut faults = self.history.faults.iter().filter(counted);
        faults.any(|timed| overlap(timed.window(), window))
    }

    /// Holds routers that answer again to their limits.
    fn follow_up(&mut self, world: &mut World) -> Result<(), Breach> {
        let now = world.now();
        for router in 0..self.truths.len() {
            self.expect_after_return(u8::try_from(router).unwrap_or(0));
            self.expect_after_landings(router, now);
        }
        let mut late = None;
        self.due.retain_mut(|due| {
            let index = usize::from(due.wan);
            let (held, wan) = (limits(world, index), &world.engine().wans()[index]);
            if wan.law().means().is_none() {
                return false;
            }
            let near = held.zip(wan.wanted()).map(|(held, wanted)| {
                held.is_some_and(|held| held.distance(wanted) <= held.bps() / 100)
            });
            due.met = due.met.zip(near).map(|(met, near)| met || near);
            let met = due.met.download && due.met.upload;
            if !met && now > due.by {
                late = Some(format!("{due:?}: {held:?} for {:?} at {now:?}", wan.wanted()));
            }
            !met
        });
        late.map_or(Ok(()), Err)
    }

    /// One spacing, and a round trip for each thing that may stand before it: all queues of both
    /// WANs read and written, and the facts.
    fn expect_after_return(&mut self, router: u8) {
        let Some(back) = self.truths[usize::from(router)].back.take() else { return };
        let trip = self.scene.routers[usize::from(router)].takes(Route::Preferred, None, back);
        let by = back + SPACING + trip.times(9) + Span::from_micros(CYCLE * 2);
        let calm = !self.touched(router, Window { from: back, to: by }, |_| true);
        let own = |wan: &u8| self.scene.router_of(*wan) == Some(router);
        for wan in (0..2).filter(own) {
            self.due.retain(|due| due.wan != wan);
            let truth = &self.truths[usize::from(router)];
            let trouble = truth.in_trouble(wan) || truth.lands(wan, Window { from: back, to: by });
            if calm && self.stopped.is_none() && !trouble {
                self.due.push(Due { wan, by, met: PerDirection::both(false) });
            }
        }
    }

    /// What a late write leaves is found by the reads that follow a write that was given up, and mended.
    fn expect_after_landings(&mut self, router: usize, now: Instant) {
        let landings = self.truths[router].landings.clone();
        let landed = |(_, at): &&(u8, Instant)| *at <= now;
        let seen = self.landed[router];
        // By the order of sending; one that lands before an earlier one waits for that.
        let new: Vec<_> = landings.iter().skip(seen).take_while(landed).copied().collect();
        self.landed[router] += new.len();
        let trip = self.scene.routers[router].takes(Route::Preferred, None, now);
        for (wan, at) in new {
            let by = at + SUSPECT_EVERY + SPACING + trip.times(9) + Span::from_micros(CYCLE * 2);
            let id = u8::try_from(router).unwrap_or(0);
            let calm = !self.touched(id, Window { from: at, to: by }, |_| true);
            let truth = &self.truths[router];
            let next = Window { from: at + Span::from_micros(1), to: by };
            let well = truth.contact == Contact::There && !truth.in_trouble(wan);
            self.due.retain(|due| due.wan != wan);
            if calm && well && !truth.lands(wan, next) && self.stopped.is_none() {
                self.story.landings += 1;
                self.due.push(Due { wan, by, met: PerDirection::both(false) });
            }
        }
    }
}
