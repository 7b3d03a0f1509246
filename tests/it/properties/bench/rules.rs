//! Steerings among the WANs of the bench, and rules that anybody may switch.

use fastrand::Rng;
use wanctl::control::{
    change::{KeptItems, KeptSteering, Leaving, NextRouter},
    engine::{Answer, Engine},
    event::{Event, SteeringNews, Ticket, What},
    failure::FailureKind,
    id::{RouterId, SteeringId, WanId},
    steering::{
        self, Mode, State,
        brake::MOST_PER_HOUR,
        course::{Effect, Settings},
        rule::{Foreign, OnExit},
    },
    time::{Instant, Span},
};

use super::{Bench, Coming};

/// The rules, by the places of their steerings in the core.
#[derive(Clone, Debug)]
pub struct Rules {
    states: Vec<State>,
    /// When each steering has led away, as long as it is the same.
    led: Vec<Vec<Instant>>,
    /// Of its own, so that every seed without a steering stays the history that it was.
    rng: Rng,
}

impl Rules {
    pub fn draw(seed: u64, engine: &mut Engine, now: Instant) -> Self {
        let mut rng = Rng::with_seed(seed.rotate_left(17));
        let wans = u8::try_from(engine.wans().len()).unwrap();
        let count = if wans < 2 { 0 } else { rng.usize(0..=3) };
        let settings: Vec<_> = (0..count).map(|_| any_settings(&mut rng, engine, wans)).collect();
        engine.steer_by(&settings, now, seed);
        let states = (0..count).map(|_| any_state(&mut rng)).collect();
        Self { states, led: vec![Vec::new(); count], rng }
    }

    /// Somebody switches one of them.
    pub fn touch(&mut self) {
        let state = any_state(&mut self.rng);
        if let Some(rule) = self.rng.choice(self.states.iter_mut()) {
            *rule = state;
        }
    }

    /// In no hour anything is led away more often than the brake allows.
    pub fn hear(&mut self, event: &Event) {
        let What::Steering(id, SteeringNews::Decided(decided, _)) = event.what else { return };
        if decided.to != State::Degraded {
            return;
        }
        let led = &mut self.led[usize::from(id.0)];
        led.push(event.at);
        let hour = led.iter().filter(|at| event.at.since(**at) < Span::from_secs(3_600)).count();
        assert!(hour <= MOST_PER_HOUR, "{hour} times in an hour");
    }

    /// These are left from now on.
    pub fn follow(&mut self, leaving: &[Leaving]) {
        let state = |one: &Leaving| self.states[usize::from(one.from.steering.0)];
        self.states = leaving.iter().map(state).collect();
        self.led.clear();
    }
}

fn any_state(rng: &mut Rng) -> State {
    rng.choice([State::Good, State::Degraded]).unwrap()
}

fn any_settings(rng: &mut Rng, engine: &Engine, wans: u8) -> Settings {
    let primary = rng.u8(..wans);
    let alternate = (primary + rng.u8(1..wans)) % wans;
    let law = steering::Settings {
        mode: rng.choice([Mode::Hysteresis, Mode::Confidence]).unwrap(),
        degrade_after: Span::from_millis(rng.u64(..2_000)),
        recover_after: Span::from_millis(rng.u64(..2_000)),
        hold_down: Span::from_millis(rng.u64(..2_000)),
        ..steering::Settings::usual()
    };
    Settings {
        primary: WanId(primary),
        alternate: WanId(alternate),
        router: engine.wans()[usize::from(primary)].settings().router,
        law,
        foreign: rng.choice([Foreign::Undo, Foreign::Adopt]).unwrap(),
        effect: rng.choice([Effect::Real, Effect::Real, Effect::DryRun]).unwrap(),
        on_exit: rng.choice([OnExit::Keep, OnExit::Disable]).unwrap(),
    }
}

impl Bench {
    /// Carried out or not; the answer comes later, never, or is another one.
    pub(super) fn ask_rule(
        &mut self,
        router: RouterId,
        ticket: Ticket,
        rule: SteeringId,
        to: Option<State>,
    ) {
        let Self { rules, routers, now, .. } = self;
        let (router, rng) = (&mut routers[usize::from(router.0)], &mut rules.rng);
        let fails = rng.u32(..100) < router.failing;
        let state = &mut rules.states[usize::from(rule.0)];
        if !fails || rng.bool() {
            *state = to.unwrap_or(*state);
        }
        let answer = match if fails { rng.u8(..6) } else { 6 } {
            0 => Ok(Answer::Facts),
            1 => Ok(Answer::Rule(any_state(rng))),
            2 => return,
            3..6 => Err(rng.choice(FailureKind::ALL).unwrap()),
            _ => Ok(Answer::Rule(*state)),
        };
        let most = if fails { 5_000 } else { 60 };
        let at = *now + Span::from_micros(rng.u64(..most * 1_000));
        let request =
            to.map_or(super::Request::ReadRule(rule), |to| super::Request::SwitchRule(rule, to));
        router.coming.push(Coming { at, ticket, request, answer, shows: None });
    }

    /// Some of the steerings leave, where their router stays.
    pub(super) fn leaving(&mut self, routers: &[NextRouter]) -> Vec<Leaving> {
        let place = |old: RouterId| {
            let found = |next: &NextRouter| match next {
                NextRouter::Kept(id) => (*id == old).then_some(KeptItems::Same),
                NextRouter::After(id, _) => (*id == old).then_some(KeptItems::Doubted),
                NextRouter::New => None,
            };
            (0..).map(RouterId).zip(routers).find_map(|(id, next)| Some((id, found(next)?)))
        };
        let rng = &mut self.rules.rng;
        let courses = (0..).map(SteeringId).zip(self.engine.courses());
        let leaving = courses.filter_map(|(steering, course)| {
            let (router, rule) = place(course.settings().router).filter(|_| rng.bool())?;
            Some(Leaving { from: KeptSteering { steering, rule }, router })
        });
        leaving.collect()
    }
}
