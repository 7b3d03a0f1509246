//! The invariants, held against every request and every step.

use std::collections::BTreeMap;

use wanctl::control::{
    applier::Layout,
    change::NextRouter,
    connectivity::{Contact, QUARANTINE},
    engine::{Answer, Engine},
    event::{Request, Ticket},
    failure::FailureKind,
    fallback::Instead,
    id::SteeringId,
    law::Scale,
    queue::{DECREASE_SPACING, Found, Limit, QueueSlot},
    rule::Kind,
    steering::State,
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Rtt},
    wan::{RouterId, Signal, WanId},
};

/// The core gives a lost answer up after this.
pub const GIVEN_UP_AFTER: Span = Span::from_secs(30);

/// What is known of one queue from the answers given.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    known: bool,
    write: Option<Instant>,
    decrease: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    ticket: Ticket,
    request: Request,
    at: Instant,
    /// Whether it was about the router itself, so that the end can do without it.
    aside: bool,
}

impl Asked {
    /// The same at the place that its WAN has now; as if about the router, if nobody waits for it.
    fn of(self, heir: impl Fn(WanId) -> Option<WanId>) -> Self {
        let request = match self.request {
            Request::Read(wan, slot) => heir(wan).map(|wan| Request::Read(wan, slot)),
            Request::Write(wan, slot, limit) => {
                heir(wan).map(|wan| Request::Write(wan, slot, limit))
            }
            // Nobody waits for counters of queues that went elsewhere.
            Request::Facts
            | Request::Count(..)
            | Request::ReadRule(_)
            | Request::SwitchRule(..) => None,
        };
        // Nobody waits for counters of before, and nobody knows that they were no write.
        let aside = self.aside && self.request == Request::Facts;
        Self { request: request.unwrap_or(Request::Facts), aside, ..self }
    }
}

/// A WAN that goes on with its queues at another place.
#[derive(Clone, Copy, Debug)]
pub struct Heir {
    pub old: WanId,
    pub new: WanId,
    /// By the same access; otherwise they are in doubt.
    pub same: bool,
}

#[derive(Clone, Debug, Default)]
struct Watch {
    asked: Option<Asked>,
    failed: Option<(Instant, FailureKind)>,
    /// Whether that was a request that the end can do without.
    aside: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Judge {
    queues: BTreeMap<(u8, u8), Seen>,
    routers: BTreeMap<u8, Watch>,
    baselines: BTreeMap<u8, Rtt>,
    pub stopped: Option<Instant>,
}

const fn place(slot: QueueSlot) -> u8 {
    match slot {
        QueueSlot::One(Direction::Download) => 0,
        QueueSlot::One(Direction::Upload) => 1,
        QueueSlot::Pair => 2,
    }
}

fn router_of(engine: &Engine, wan: WanId) -> u8 {
    engine.wans()[usize::from(wan.0)].settings().router.0
}

impl Judge {
    /// The end begins: what the end can do without is given up.
    pub fn stop(&mut self, now: Instant) {
        self.stopped = self.stopped.or(Some(now));
        for router in self.routers.values_mut() {
            router.asked = router.asked.filter(|asked| !asked.aside);
        }
    }

    /// A request has left.
    pub fn asked(
        &mut self,
        engine: &Engine,
        id: u8,
        ticket: Ticket,
        request: Request,
        now: Instant,
    ) {
        let router = self.routers.entry(id).or_default();
        assert!(router.asked.is_none(), "two at a time: {:?} {request:?}", router.asked);
        let aside = matches!(request, Request::Facts | Request::Count(..));
        router.asked = Some(Asked { ticket, request, at: now, aside });
        if let Some((at, kind)) = router.failed {
            let hurried = self.stopped.is_some();
            let back_off = if hurried { Span::ZERO } else { Span::from_millis(75) };
            let timed_out = kind == FailureKind::Timeout;
            let rests = timed_out && !(hurried && router.aside);
            let pause = if rests { QUARANTINE } else { back_off };
            assert!(now >= at + pause, "{request:?} at {now:?}, failed {at:?} {kind:?}");
        }
        match request {
            Request::Facts => assert_eq!(self.stopped, None),
            Request::ReadRule(rule) => self.about_rule(engine, id, rule, None),
            Request::SwitchRule(rule, to) => self.about_rule(engine, id, rule, Some(to)),
            Request::Read(wan, _) => assert_eq!(router_of(engine, wan), id),
            Request::Count(wan, _) => {
                assert_eq!(self.stopped, None);
                assert_eq!(router_of(engine, wan), id);
            }
            Request::Write(wan, slot, limit) => {
                assert_eq!(router_of(engine, wan), id);
                self.written(engine, wan, slot, limit, now);
            }
        }
    }

    /// While the daemon runs a rule is asked about only where the router answers, and switched only
    /// if it was shown to be otherwise. One that leaves is nobody's here.
    fn about_rule(&self, engine: &Engine, id: u8, rule: SteeringId, to: Option<State>) {
        let contact = engine.routers()[usize::from(id)].contact();
        assert!(self.stopped.is_some() || contact == Contact::Reachable, "{rule:?} {contact:?}");
        let Some(course) = engine.courses().get(usize::from(rule.0)) else { return };
        assert_eq!(course.settings().router.0, id);
        let shown = course.rule().shown();
        assert!(to.is_none() || shown.is_some_and(|shown| Some(shown) != to), "{shown:?} {to:?}");
    }

    fn written(&mut self, engine: &Engine, id: WanId, slot: QueueSlot, limit: Limit, now: Instant) {
        let wan = &engine.wans()[usize::from(id.0)];
        let seen = self.queues.entry((id.0, place(slot))).or_default();
        assert!(seen.known, "written without being read: {id:?} {slot:?}");
        let settings = wan.settings();
        let layout = if slot == QueueSlot::Pair { Layout::Pair } else { Layout::PerDirection };
        assert_eq!(settings.layout, layout);
        let rates = rates(slot, limit);
        let mut decrease = false;
        for direction in Direction::BOTH {
            let Some(rate) = *rates.of(direction) else { continue };
            let bounds = settings.law.ladders.of(direction);
            assert!(bounds.contains(rate), "{rate:?} {bounds:?}");
            let confirmed = *wan.applier().confirmed().of(direction);
            decrease |= confirmed.is_none_or(|confirmed| rate < confirmed);
        }
        let earlier = if decrease { seen.decrease } else { seen.write };
        let spacing = if decrease { DECREASE_SPACING } else { Span::from_secs(1) };
        if self.stopped.is_none() {
            let apart = earlier.is_none_or(|earlier| now >= earlier + spacing);
            assert!(
                apart,
                "{id:?} {slot:?} {limit:?} at {now:?} after {seen:?} {:?}",
                (decrease, wan.applier().confirmed())
            );
        }
        seen.write = Some(now);
        if decrease {
            seen.decrease = Some(now);
        }
    }

    /// An answer is about to be given to the core.
    pub fn answered(
        &mut self,
        engine: &Engine,
        id: u8,
        ticket: Ticket,
        answer: Result<Answer, FailureKind>,
        now: Instant,
    ) {
        let Some(router) = self.routers.get_mut(&id) else { return };
        let Some(asked) = router.asked.take_if(|asked| asked.ticket == ticket) else { return };
        let reachable = engine.routers()[usize::from(id)].contact() == Contact::Reachable;
        let gone = match answer {
            Err(FailureKind::Garbage) => !reachable,
            Err(kind) => !kind.is_answer(),
            Ok(_) => false,
        };
        if gone {
            router.aside = asked.aside;
            self.gone(engine, id, answer.err().unwrap(), now);
        } else {
            router.failed = None;
        }
        let (wan, slot, sent) = match asked.request {
            Request::Facts
            | Request::Count(..)
            | Request::ReadRule(_)
            | Request::SwitchRule(..) => return,
            Request::Read(wan, slot) => (wan, slot, None),
            Request::Write(wan, slot, limit) => (wan, slot, Some(Found::from(limit))),
        };
        let good = match (answer, slot) {
            (Ok(Answer::Limit(found)), _) if sent.is_some() => sent == Some(found),
            (Ok(Answer::Limit(Found::One(_))), QueueSlot::One(_))
            | (Ok(Answer::Limit(Found::Pair(_))), QueueSlot::Pair) => true,
            (Ok(_) | Err(_), _) => false,
        };
        self.queues.entry((wan.0, place(slot))).or_default().known = good;
    }

    fn gone(&mut self, engine: &Engine, id: u8, kind: FailureKind, now: Instant) {
        self.routers.entry(id).or_default().failed = Some((now, kind));
        for ((wan, _), seen) in &mut self.queues {
            seen.known &= router_of(engine, WanId(*wan)) != id;
        }
    }

    /// The core was given another configuration. `heirs` tells who the WANs are now, whose queues
    /// they still have, and what is known of these.
    pub fn reconfigured(&mut self, heirs: &[Heir], routers: &[NextRouter], now: Instant) {
        let heir = |wan: u8| heirs.iter().find(|heir| heir.old.0 == wan);
        let queues = std::mem::take(&mut self.queues);
        self.queues = queues
            .into_iter()
            .filter_map(|((wan, place), seen)| {
                let heir = heir(wan)?;
                Some(((heir.new.0, place), Seen { known: seen.known && heir.same, ..seen }))
            })
            .collect();
        let same = |wan: WanId| heir(wan.0).filter(|heir| heir.same).map(|heir| heir.new);
        let old = std::mem::take(&mut self.routers);
        let of = |id: &RouterId| old.get(&id.0).cloned().unwrap_or_default();
        let next = |next: &NextRouter| match next {
            NextRouter::New => Watch::default(),
            NextRouter::Kept(id) => {
                Watch { asked: of(id).asked.map(|asked| asked.of(same)), ..of(id) }
            }
            NextRouter::After(id, _) => {
                let given_up = of(id).asked.map(|_| (now, FailureKind::Timeout));
                let timed_out = of(id).failed.filter(|(_, kind)| *kind == FailureKind::Timeout);
                Watch { asked: None, failed: given_up.or(timed_out), aside: false }
            }
        };
        self.routers = (0..).zip(routers.iter().map(next)).collect();
    }

    /// The core is about to be ticked.
    pub fn before_tick(&mut self, engine: &Engine, now: Instant) {
        let overdue = |router: &Watch| {
            router.asked.is_some_and(|asked| now.since(asked.at) >= GIVEN_UP_AFTER)
        };
        let ids: Vec<_> =
            self.routers.iter().filter(|(_, router)| overdue(router)).map(|(id, _)| *id).collect();
        for id in ids {
            let router = self.routers.entry(id).or_default();
            router.aside = router.asked.take().is_some_and(|asked| asked.aside);
            self.gone(engine, id, FailureKind::Timeout, now);
        }
        let known = |wan: &wanctl::control::wan::Wan| {
            wan.law().means().map(|means| (wan.id().0, means.baseline()))
        };
        self.baselines = engine.wans().iter().filter_map(known).collect();
    }

    /// The core was ticked at `now`.
    pub fn after_tick(&self, engine: &mut Engine, now: Instant) {
        let next = engine.next_deadline(now);
        assert!(next > now, "{next:?} is not after {now:?}");
        assert!(next <= now + Span::from_secs(2), "no cycle is longer: {next:?}");
        assert_eq!(engine.dropped(), 0);
        for wan in engine.wans() {
            assert!(wan.next_tick() > now);
            let settings = wan.settings();
            for direction in Direction::BOTH {
                let bounds = settings.law.ladders.of(direction);
                assert!(bounds.contains(*wan.wanted().of(direction)));
                assert!(*wan.law().streaks().of(direction) <= bounds.green_required);
            }
            let held = match wan.signal() {
                Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. } => true,
                Signal::Lost { .. } | Signal::Learning | Signal::Fresh => false,
            };
            if held {
                assert_eq!(wan.decision(), None, "holding is no state");
                assert_eq!(wan.law().streaks(), PerDirection::both(0), "holding is not green");
            }
            let Some(means) = wan.law().means() else { continue };
            if let Signal::Lost { instead: Instead::Tcp { scale: Scale::Own, .. }, .. } =
                wan.signal()
            {
                let before = self.baselines.get(&wan.id().0);
                assert_eq!(Some(&means.baseline()), before, "the scale of a stand-in is its own");
            }
            let Settings { min, max, freeze } = Settings::of(settings);
            assert!(min <= means.baseline() && means.baseline() <= max);
            if let Some(before) = self.baselines.get(&wan.id().0) {
                let rose = means.baseline() > *before;
                let idle = means.load().above(*before) < freeze.ms();
                // Another path: the load of now is the idle time from now on.
                let path = wan.choice() == Kind::Adaptive && means.load() == means.baseline();
                assert!(!rose || idle || path, "the baseline rose under load");
            }
        }
        for (id, router) in &self.routers {
            let busy = engine.routers()[usize::from(*id)].is_busy();
            assert_eq!(busy, router.asked.is_some(), "router {id}");
        }
    }
}

struct Settings {
    min: Rtt,
    max: Rtt,
    freeze: Rtt,
}

impl Settings {
    fn of(settings: &wanctl::control::wan::Settings) -> Self {
        let wanctl::control::baseline::Settings { min, max, freeze, .. } = settings.law.baseline;
        Self { min, max, freeze }
    }
}

fn rates(slot: QueueSlot, limit: Limit) -> PerDirection<Option<Rate>> {
    match (slot, limit) {
        (QueueSlot::Pair, Limit::Pair(rates)) => rates.map(Some),
        (QueueSlot::One(Direction::Download), Limit::One(rate)) => {
            PerDirection { download: Some(rate), upload: None }
        }
        (QueueSlot::One(Direction::Upload), Limit::One(rate)) => {
            PerDirection { download: None, upload: Some(rate) }
        }
        (QueueSlot::Pair, Limit::One(_)) | (QueueSlot::One(_), Limit::Pair(_)) => {
            panic!("{slot:?} cannot take {limit:?}")
        }
    }
}
