//! The steerings among the WANs and routers: what each is told of its lines, and whose turn is next.
//! Promises: the worst line is looked at first, and is led to one other line at a time, the first in
//! the file that is well; nothing is led to a line that others are led away from; without a steering
//! nothing here costs anything.
//! Knows nothing of thresholds, and of answers only whom they concern.

use heapless::Vec;

use super::{Answer, Engine, MAX_WANS, seed_of_router};
use crate::control::{
    event::{SteeringNews, What},
    failure::FailureKind,
    fallback::Instead,
    id::{RouterId, SteeringId, WanId},
    queue::QueueSlot,
    saved::SavedSteering,
    steering::{
        Alternate, Primary, State,
        course::{Course, Effect, Settings},
        evidence::Counted,
    },
    tally::Consumer,
    time::{Instant, Span},
    units::Direction,
    wan::{Signal, Wan},
    zone::Zone,
};

/// Most steerings: one for each WAN.
pub const MAX_STEERINGS: usize = MAX_WANS;

/// So many may leave beside those that steer.
pub const MAX_LEAVING: usize = MAX_STEERINGS;

/// Evaluated this often. A fraction of the shortest time that decides anything.
const EVERY: Span = Span::from_millis(200);

impl Engine {
    /// Steers by these settings from now on; those beyond [`MAX_STEERINGS`] are left out.
    pub fn steer_by(&mut self, settings: &[Settings], now: Instant, seed: u64) {
        let course = |(id, settings): (SteeringId, &Settings)| {
            Course::new(*settings, seed_of_steering(seed, id), now)
        };
        self.courses = steering_ids().zip(settings).take(MAX_STEERINGS).map(course).collect();
        self.steering = self.courses.len();
        self.next_steering = now;
    }

    /// Goes on from saved values of one steering.
    pub fn restore_steering(&mut self, id: SteeringId, saved: &SavedSteering, now: Instant) {
        if let Some(course) = self.courses.get_mut(usize::from(id.0)) {
            course.restore(saved, now);
        }
    }

    /// The steerings.
    pub fn courses(&self) -> &[Course] {
        self.courses.get(..self.steering).unwrap_or_default()
    }

    /// Whether a steering, which may have left the configuration, still has to bring its rule to
    /// where it shall stay.
    pub fn leaves(&self, id: SteeringId) -> bool {
        self.courses.get(usize::from(id.0)).is_some_and(Course::leaves)
    }

    /// When the steerings are looked at next; `None`: there are none, or the end has begun.
    pub(super) fn next_steering_at(&self) -> Option<Instant> {
        let any = self.steering > 0 && self.stopped.is_none();
        any.then_some(self.next_steering)
    }

    /// Looks at each steering, the worst line first.
    pub(super) fn steer(&mut self, now: Instant) {
        if self.next_steering_at().is_none_or(|at| at > now) {
            return;
        }
        self.next_steering = now + EVERY;
        for place in self.order() {
            let alternate = self.alternate(place);
            self.keep_awake(place, now);
            let Self { wans, courses, outbox, .. } = self;
            let Some(course) = courses.get_mut(place) else { continue };
            let primary = primary(wans.get(usize::from(course.settings().primary.0)));
            if let Some(decided) = course.evaluate(primary, alternate, now) {
                let effect = course.settings().effect;
                let news = SteeringNews::Decided(decided, effect);
                outbox.tell(now, What::Steering(id_of(place), news));
            }
        }
        self.want_counts();
    }

    /// Whether a line is good again is told by each of its rounds, though nothing passes meanwhile.
    fn keep_awake(&mut self, place: usize, now: Instant) {
        let bad = |course: &&Course| course.mind().state() == State::Degraded;
        let primary = self.courses().get(place).filter(bad).map(|course| course.settings().primary);
        if let Some(wan) = primary.and_then(|primary| self.wan_mut(primary)) {
            wan.stay_awake(now);
        }
    }

    /// The worst line first; of those that lead away from one line, the first in the file.
    fn order(&self) -> Vec<usize, MAX_STEERINGS> {
        let mut order: Vec<usize, MAX_STEERINGS> = (0..self.steering).collect();
        let badness =
            |place: usize| self.courses.get(place).map_or((Zone::Green, 0.0), Course::badness);
        order.sort_unstable_by(|a, b| {
            let ((a_zone, a_delta), (b_zone, b_delta)) = (badness(*a), badness(*b));
            b_zone.cmp(&a_zone).then(b_delta.total_cmp(&a_delta)).then(a.cmp(b))
        });
        order
    }

    /// How the line is that the steering at `place` would lead to.
    fn alternate(&self, place: usize) -> Alternate {
        let Some(own) = self.courses().get(place).map(Course::settings) else {
            return Alternate::Unfit;
        };
        let others = self.courses().iter().enumerate().filter(|(other, _)| *other != place);
        let mut at_work = others.map(|(_, course)| course).filter(|course| {
            let counts = course.settings().effect == Effect::Real || own.effect == Effect::DryRun;
            counts && course.mind().state() == State::Degraded
        });
        let concerned = |course: &Course| {
            let primary = course.settings().primary;
            primary == own.primary || primary == own.alternate
        };
        let line = self.wans.get(usize::from(own.alternate.0)).map(fitness);
        match line.unwrap_or(Alternate::Unfit) {
            Alternate::Healthy if at_work.any(concerned) => Alternate::Unfit,
            line @ (Alternate::Healthy | Alternate::Unfit | Alternate::Down) => line,
        }
    }

    /// Whoever is watched has its queue read.
    pub(super) fn want_counts(&mut self) {
        let Self { wans, courses, steering, .. } = self;
        for wan in wans {
            let own = courses
                .iter()
                .take(*steering)
                .filter(|course| course.settings().primary == wan.id());
            wan.want_counts(Consumer::Steering, own.map(Course::counts_wanted).min());
        }
    }

    /// The queue in `slot` of a WAN was read, or could not be.
    pub(super) fn on_count(&mut self, wan: WanId, slot: QueueSlot, now: Instant) {
        let Self { wans, courses, steering, .. } = self;
        if !slot.carries(Direction::Download) {
            return;
        }
        let known = wans.get(usize::from(wan.0)).map(Wan::tally);
        let readings = known.and_then(|tally| tally.readings(Direction::Download));
        let courses = courses.iter_mut().take(*steering);
        let of_wan = courses.filter(|course| course.settings().primary == wan);
        for course in of_wan {
            // After a gap or a reset there is nothing to hold the reading against.
            if readings.is_none_or(|readings| readings.before.is_none()) {
                course.on_statistics(None, now);
            }
            let counters = readings.map(|readings| readings.last.counters);
            let counted = counters.map(|counters| Counted {
                dropped: counters.dropped,
                waiting: counters.queued_packets,
            });
            course.on_statistics(counted, now);
        }
    }

    /// The queue of a WAN could not be read.
    pub(super) fn on_no_count(&mut self, wan: WanId, slot: QueueSlot, now: Instant) {
        let own = |course: &&mut Course| course.settings().primary == wan;
        if slot.carries(Direction::Download) {
            let courses = self.courses.iter_mut().take(self.steering);
            courses.filter(own).for_each(|course| course.on_statistics(None, now));
        }
    }

    /// A router answered a request about the rule of a steering.
    pub(super) fn on_rule(
        &mut self,
        id: SteeringId,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        let Self { courses, outbox, .. } = self;
        let Some(course) = courses.get_mut(usize::from(id.0)) else { return };
        let answer = match answer {
            Ok(Answer::Rule(state)) => Ok(state),
            Ok(Answer::Limit(_) | Answer::Facts | Answer::Counted(_)) => Err(FailureKind::Garbage),
            Err(kind) => Err(kind),
        };
        if let Some(news) = course.on_answer(answer, now) {
            outbox.tell(now, What::Steering(id, SteeringNews::Rule(news)));
        }
    }

    /// What the rules on this router show is in doubt; the request about that of `asked` was not
    /// answered.
    pub(super) fn doubt_rules(
        &mut self,
        router: RouterId,
        asked: Option<SteeringId>,
        now: Instant,
    ) {
        for (id, course) in steering_ids().zip(&mut self.courses) {
            if Some(id) == asked {
                course.on_unanswered(now);
            }
            if course.settings().router == router {
                course.doubt(now);
            }
        }
    }
}

pub(super) fn steering_ids() -> impl Iterator<Item = SteeringId> {
    (0..).map(SteeringId)
}

fn id_of(place: usize) -> SteeringId {
    SteeringId(u8::try_from(place).unwrap_or(u8::MAX))
}

pub(super) fn seed_of_steering(seed: u64, id: SteeringId) -> u64 {
    seed_of_router(seed, RouterId(id.0)).rotate_left(19)
}

fn primary(wan: Option<&Wan>) -> Primary {
    let measured = wan.filter(|wan| is_measured(wan));
    let measured = measured.and_then(|wan| wan.decision().zip(wan.congestion()));
    measured.map_or(Primary::Unknown, |(decision, zones)| Primary::Measured {
        zone: zones.download,
        delta: decision.delta,
    })
}

/// Whether its decisions are made by what is measured now.
fn is_measured(wan: &Wan) -> bool {
    match wan.signal() {
        Signal::Fresh | Signal::Lost { instead: Instead::Tcp { .. }, .. } => true,
        Signal::Learning | Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. } => {
            false
        }
    }
}

fn fitness(wan: &Wan) -> Alternate {
    if let Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. } = wan.signal() {
        return Alternate::Down;
    }
    let well = wan
        .congestion()
        .filter(|_| is_measured(wan))
        .is_some_and(|zones| zones.download == Zone::Green && zones.upload == Zone::Green);
    if well { Alternate::Healthy } else { Alternate::Unfit }
}
