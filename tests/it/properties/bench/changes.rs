//! Another configuration at any moment: which WANs and routers go on is a matter of chance.

use wanctl::control::{
    change::{Change, KeptItems, KeptStandIns, KeptWan, KeptWays, NextRouter, NextWan},
    engine::Answer,
    event::Request,
    time::Instant,
    units::{Direction, PerDirection},
    wan::{RouterId, Wan, WanId},
};

use super::{
    super::{judge::Heir, settings::any_wan},
    Bench, Held, Router, any_limit,
};

impl Bench {
    /// The core goes on with another configuration.
    pub(super) fn reconfigure(&mut self) {
        let routers = self.any_routers();
        let wans = self.any_wans(&routers);
        let leaving = self.leaving(&routers);
        let change = Change { wans: &wans, routers: &routers, steerings: &[], leaving: &leaving };
        let before = self.engine.clone();
        let seed = self.rng.u64(..);
        self.engine.reconfigure(&change, self.now, seed);
        if self.judge.stopped.is_some() {
            assert_eq!(self.engine.wans().len(), before.wans().len(), "nothing changes at the end");
            return;
        }
        self.rules.follow(&leaving);
        for (wan, next) in self.engine.wans().iter().zip(&wans) {
            let old = next.from.as_ref().map(|from| &before.wans()[usize::from(from.wan.0)]);
            check(wan, next, old, self.now);
        }
        let heirs: Vec<Heir> = (0..)
            .map(WanId)
            .zip(&wans)
            .filter_map(|(new, next)| {
                let from = next.from.as_ref()?;
                let old = &before.wans()[usize::from(from.wan.0)];
                let queues = really(from.queues, old, next, &routers);
                let same = queues == KeptItems::Same;
                (queues != KeptItems::Others).then_some(Heir { old: from.wan, new, same })
            })
            .collect();
        let used = self.engine.routers().len();
        self.judge.reconfigured(&heirs, &routers[..used], self.now);
        self.move_routers(&routers[..used], &heirs);
        self.move_wans(wans.len(), &heirs);
    }

    fn any_routers(&mut self) -> Vec<NextRouter> {
        let known = u8::try_from(self.engine.routers().len()).unwrap();
        let mut old: Vec<_> = (0..known).map(RouterId).collect();
        let rng = &mut self.rng;
        rng.shuffle(&mut old);
        let mut any = || match rng.u8(..4) {
            0 => NextRouter::New,
            1 => {
                let ways = if rng.bool() { KeptWays::Same } else { KeptWays::Others };
                old.pop().map_or(NextRouter::New, |old| NextRouter::After(old, ways))
            }
            _ => old.pop().map_or(NextRouter::New, NextRouter::Kept),
        };
        let mut routers: Vec<_> = (0..4).map(|_| any()).collect();
        routers.truncate(self.rng.usize(1..=4));
        routers
    }

    fn any_wans(&mut self, routers: &[NextRouter]) -> Vec<NextWan> {
        let known = u8::try_from(self.engine.wans().len()).unwrap();
        let mut old: Vec<_> = (0..known).map(WanId).collect();
        self.rng.shuffle(&mut old);
        let count = self.rng.usize(1..=old.len() + 1).min(8);
        (0..count).map(|_| self.any_next(&mut old, routers)).collect()
    }

    fn any_next(&mut self, old: &mut Vec<WanId>, routers: &[NextRouter]) -> NextWan {
        let count = u8::try_from(routers.len()).unwrap();
        let mut settings = any_wan(&mut self.rng, count);
        let from = if self.rng.u8(..8) == 0 { None } else { old.pop() };
        let Some(wan) = from else { return NextWan { settings, from: None } };
        let before = *self.engine.wans()[usize::from(wan.0)].settings();
        let now_at = |next: &NextRouter| match next {
            NextRouter::Kept(id) | NextRouter::After(id, _) => *id == before.router,
            NextRouter::New => false,
        };
        // Most often it stays where it is, with some of its settings.
        if let Some(place) = routers.iter().position(now_at).filter(|_| self.rng.u8(..8) > 0) {
            settings.router = RouterId(u8::try_from(place).unwrap());
            settings.layout = before.layout;
        }
        match self.rng.u8(..3) {
            0 => settings = wanctl::control::wan::Settings { router: settings.router, ..before },
            1 => settings.law.interval = before.law.interval,
            _ => {}
        }
        let same = self.rng.bool();
        if same {
            settings.reflectors = before.reflectors;
        }
        let reflectors = (0..settings.reflectors)
            .map(|place| if same { Some(place) } else { self.rng.bool().then(|| self.rng.u8(..9)) })
            .collect();
        let queues = [KeptItems::Same, KeptItems::Same, KeptItems::Doubted, KeptItems::Others];
        let queues = self.rng.choice(queues).unwrap();
        let stand_ins = self.rng.choice([KeptStandIns::Same, KeptStandIns::Others]).unwrap();
        NextWan { settings, from: Some(KeptWan { wan, reflectors, stand_ins, queues }) }
    }

    /// What is on the way to a router that stays arrives; of the rest some does, too late.
    fn move_routers(&mut self, routers: &[NextRouter], heirs: &[Heir]) {
        let same = |wan: WanId| {
            heirs.iter().find(|heir| heir.old == wan && heir.same).map(|heir| heir.new)
        };
        let moved = |request| match request {
            Request::Read(wan, slot) => same(wan).map(|wan| Request::Read(wan, slot)),
            Request::Write(wan, slot, limit) => {
                same(wan).map(|wan| Request::Write(wan, slot, limit))
            }
            Request::Facts
            | Request::Count(..)
            | Request::ReadRule(_)
            | Request::SwitchRule(..) => None,
        };
        let old = std::mem::take(&mut self.routers);
        let Self { rng, .. } = self;
        let next = |next: &NextRouter| match next {
            NextRouter::Kept(id) => {
                let mut router = old[usize::from(id.0)].clone();
                for coming in &mut router.coming {
                    coming.request = moved(coming.request).unwrap_or(Request::Facts);
                }
                router
            }
            NextRouter::After(id, _) if rng.bool() => {
                let mut router = old[usize::from(id.0)].clone();
                for coming in &mut router.coming {
                    coming.request = Request::Facts;
                    coming.answer = Ok(Answer::Facts);
                }
                router
            }
            NextRouter::After(..) | NextRouter::New => Router::default(),
        };
        self.routers = routers.iter().map(next).collect();
    }

    fn move_wans(&mut self, count: usize, heirs: &[Heir]) {
        let heir = |new: usize| heirs.iter().find(|heir| usize::from(heir.new.0) == new);
        let rng = &mut self.rng;
        let held = |new| match heir(new) {
            Some(heir) => self.held[usize::from(heir.old.0)],
            None => Held {
                limits: PerDirection { download: any_limit(rng), upload: any_limit(rng) },
                changes: 0,
            },
        };
        self.held = (0..count).map(held).collect();
        let shown = |new| match heir(new) {
            Some(heir) => self.shown[usize::from(heir.old.0)],
            None => PerDirection::both(0),
        };
        self.shown = (0..count).map(shown).collect();
        self.delay = vec![0; count];
        // The echoes to places that have changed their owner come back all the same.
        self.replies.retain(|reply| usize::from(reply.wan.0) < count);
    }
}

/// What can really be known of the queues of a WAN that goes on.
fn really(told: KeptItems, old: &Wan, next: &NextWan, routers: &[NextRouter]) -> KeptItems {
    let stays = routers.get(usize::from(next.settings.router.0))
        == Some(&NextRouter::Kept(old.settings().router));
    match told {
        _ if old.settings().layout != next.settings.layout => KeptItems::Others,
        KeptItems::Same if !stays => KeptItems::Others,
        KeptItems::Same | KeptItems::Doubted | KeptItems::Others => told,
    }
}

/// What of a WAN must be there again at once.
fn check(wan: &Wan, next: &NextWan, old: Option<&Wan>, now: Instant) {
    assert_eq!(*wan.settings(), next.settings);
    let Some(old) = old else {
        assert_eq!((wan.next_tick(), wan.cycles().total), (now, 0), "it starts");
        return;
    };
    let law = &next.settings.law;
    assert_eq!(wan.cycles(), old.cycles());
    if law.interval == old.settings().law.interval {
        assert_eq!(wan.next_tick(), old.next_tick(), "the rhythm stays");
    } else {
        assert!(wan.next_tick() <= old.next_tick());
    }
    for direction in Direction::BOTH {
        let bounds = law.ladders.of(direction);
        assert_eq!(*wan.wanted().of(direction), bounds.clamp(*old.wanted().of(direction)));
        let streak = *old.law().streaks().of(direction);
        assert_eq!(*wan.law().streaks().of(direction), streak.min(bounds.green_required));
    }
    assert_eq!(wan.counters(), old.counters());
    assert_eq!(wan.clone().budget(now).0, old.clone().budget(now).0, "what was written counts");
    let places = next.from.as_ref().map(|from| from.reflectors.clone()).unwrap();
    let same = (0..old.settings().reflectors).map(Some).eq(places.iter().copied());
    if let (true, Some(means), Some(before)) = (same, wan.law().means(), old.law().means()) {
        let bounds = law.baseline;
        let moved = before.baseline().ms().clamp(bounds.min.ms(), bounds.max.ms());
        assert!((means.baseline().ms() - moved).abs() < f64::EPSILON * moved);
        assert_eq!(means.load(), before.load());
    }
}
