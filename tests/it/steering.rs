//! Steering in virtual time: two or three lines behind one simulated router, the rule on it, and
//! everything that goes wrong with them.

mod faults;
mod hands;
mod real;
mod several;

use wanctl::{
    control::{
        event::{Event, SteeringNews, What},
        id::{RouterId, SteeringId, WanId},
        steering::{
            self, Decided, Mode, State,
            course::{Effect, Settings},
            rule::{Foreign, News, OnExit},
        },
        time::{Instant, Span},
        units::Direction,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::{Schedule, Window},
        world::{RouterSettings, World},
    },
};

use crate::support::settings::{Wan, at, laws, mbit};

const BOTH: [Mode; 2] = [Mode::Hysteresis, Mode::Confidence];

/// When lines are bad, in seconds: `from..to`.
pub type Bad<'a> = &'a [(u64, u64)];

/// A busy line of 100 Mbit/s that carries only 6 while it is bad, less than control may go down to. Then
/// senders pause for a second: what the provider's queue hands over at once would else stand in the
/// simulated router's own queue, which drops nothing of it, until the limit is far above what arrives.
pub fn line(bad: Bad<'_>) -> LinkSettings {
    let mut line = LinkSettings::quiet();
    // 200 ms of 6 Mbit/s.
    line.lanes.download.buffer = 150_000;
    let capacity = bad.iter().fold(Schedule::constant(mbit(100)), |capacity, (from, to)| {
        capacity.then(at(from * 1_000), mbit(6)).then(at(to * 1_000), mbit(100))
    });
    line.lanes.download.capacity = capacity;
    let pauses = bad.iter().map(|(_, to)| (at(to * 1_000), at((to + 1) * 1_000)));
    let ends = pauses.clone().map(|(from, _)| from).chain([Window::ALWAYS.to]);
    let begins = [Window::ALWAYS.from].into_iter().chain(pauses.map(|(_, to)| to));
    begins.zip(ends).fold(line, |line, (from, to)| {
        line.with_load(Direction::Download, Window { from, to }, Demand::Greedy)
    })
}

fn usual(mode: Mode) -> Settings {
    Settings {
        primary: WanId(0),
        alternate: WanId(1),
        router: RouterId(0),
        law: steering::Settings { mode, ..steering::Settings::usual() },
        foreign: Foreign::Undo,
        effect: Effect::Real,
        on_exit: OnExit::Keep,
    }
}

/// A world, and what has become of the rules in it.
struct Scene {
    world: World,
    /// Which rule, when in ms, and what it was from then on.
    switched: Vec<(usize, u64, State)>,
    states: Vec<State>,
    events: Vec<Event>,
}

impl Scene {
    /// The first of two lines is bad then.
    fn new(law: Wan, settings: Settings, bad: Bad<'_>) -> Self {
        Self::behind(law, RouterSettings::healthy(), &[settings], vec![line(bad), line(&[])])
    }

    fn behind(
        law: Wan,
        router: RouterSettings,
        steerings: &[Settings],
        lines: Vec<LinkSettings>,
    ) -> Self {
        let settings = law(90, 18);
        let wans = lines.into_iter().map(|line| (settings, line)).collect();
        let mut world = World::new(wans, vec![router], 11);
        world.steer_by(steerings, 11);
        let states = vec![State::Good; steerings.len()];
        Self { world, switched: Vec::new(), states, events: Vec::new() }
    }

    /// Runs until this second.
    fn go(&mut self, second: u64) {
        self.go_ms(second * 1_000);
    }

    fn go_ms(&mut self, ms: u64) {
        let Self { world, switched, states, events } = self;
        let mut watch = |world: &mut World| {
            let shown = |place| world.rule(place).map(|rule| rule.state);
            let shown: Vec<State> = (0..states.len()).filter_map(shown).collect();
            let ms = world.now().as_micros() / 1_000;
            let both = states.iter().zip(&shown).enumerate();
            let changed = both.filter(|(_, (before, after))| before != after);
            switched.extend(changed.map(|(place, (_, after))| (place, ms, *after)));
            *states = shown;
            events.extend(world.take_events());
        };
        world.run_until(at(ms), &mut watch).unwrap();
        watch(world);
    }

    /// What has become of the one rule: when in ms, and what it was from then on.
    fn switches(&self) -> Vec<(u64, State)> {
        self.switched.iter().map(|(_, ms, state)| (*ms, *state)).collect()
    }

    fn decided(&self) -> Vec<(Instant, Decided)> {
        let of = |event: &Event| match event.what {
            What::Steering(_, SteeringNews::Decided(decided, _)) => Some((event.at, decided)),
            What::Steering(..) | What::Wan(..) | What::Router(..) => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn news(&self) -> Vec<News> {
        let of = |event: &Event| match event.what {
            What::Steering(SteeringId(0), SteeringNews::Rule(news)) => Some(news),
            What::Steering(..) | What::Wan(..) | What::Router(..) => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn state(&mut self) -> State {
        self.world.engine().courses()[0].mind().state()
    }
}

/// Within so many milliseconds after this second.
#[track_caller]
fn after(ms: u64, second: u64, bounds: std::ops::RangeInclusive<u64>) {
    let took = ms.checked_sub(second * 1_000).expect("too early");
    assert!(bounds.contains(&took), "after {took} ms, not {bounds:?}");
}

#[test]
fn bufferbloat_on_the_primary_switches_the_rule_on_within_three_seconds_and_its_end_off_again() {
    for (_, law) in laws() {
        for mode in BOTH {
            let mut scene = Scene::new(law, usual(mode), &[(60, 180)]);
            scene.go(300);
            let [(on, State::Degraded), (off, State::Good)] = scene.switches()[..] else {
                panic!("{mode:?}: {:?}", scene.switched)
            };
            after(on, 60, 2_000..=3_000);
            after(off, 180, 30_000..=36_000);
            let told = scene.decided();
            assert_eq!(told.len(), 2, "each told once: {told:?}");
            assert_eq!(scene.news()[0], News::Found(State::Good));
            assert_eq!(
                scene.news()[1..],
                [News::Switched(State::Degraded), News::Switched(State::Good)]
            );
        }
    }
}

#[test]
fn a_queue_that_counts_must_drop_and_fill_too_before_the_rule_is_switched_on() {
    for (_, law) in laws() {
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(60, 120)]);
        // It has shown that it counts, and shows nothing while the delay is high.
        scene.go(30);
        scene.world.congest(0, 20, 60);
        scene.go(33);
        scene.world.congest(0, 0, 0);
        scene.go(120);
        assert_eq!(scene.switches(), [], "the delay is not of this queue");
        let mut scene = Scene::new(law, usual(Mode::Hysteresis), &[(60, 120)]);
        scene.go(30);
        scene.world.congest(0, 20, 60);
        scene.go(33);
        scene.world.congest(0, 0, 0);
        scene.go(60);
        scene.world.congest(0, 20, 60);
        scene.go(70);
        let [(on, State::Degraded)] = scene.switches()[..] else { panic!("{:?}", scene.switched) };
        after(on, 60, 2_000..=3_000);
    }
}

#[test]
fn where_the_queue_counts_nothing_a_delay_below_soft_red_steers_nothing() {
    for (_, law) in laws() {
        for mode in BOTH {
            // 30 ms of 6 Mbit/s, and 90.
            for (buffer, switches) in [(22_500, 0), (67_500, 1)] {
                let mut bad = line(&[(60, 120)]);
                bad.lanes.download.buffer = buffer;
                let lines = vec![bad, line(&[])];
                let mut scene =
                    Scene::behind(law, RouterSettings::healthy(), &[usual(mode)], lines);
                scene.go(120);
                assert_eq!(scene.switches().len(), switches, "{mode:?}, {buffer} bytes");
            }
        }
    }
}

#[test]
fn on_an_idle_line_and_on_a_busy_one_that_is_held_well_no_rule_is_switched_in_a_day() {
    for (name, law) in laws() {
        let idle = LinkSettings::cable();
        let busy = LinkSettings::cable().with_load(
            Direction::Download,
            Window { from: at(20_000_000), to: at(22_000_000) },
            Demand::Greedy,
        );
        // In each mode, with a rule of its own.
        let (router, steerings) = (RouterSettings::healthy(), BOTH.map(usual));
        let mut scene = Scene::behind(law, router, &steerings, vec![busy, idle]);
        scene.go(86_400);
        assert_eq!((scene.switches(), scene.decided().len()), (vec![], 0));
        let requests = scene.world.load_of(0).1;
        // A reading of the queue every 2 s, one of each rule every minute, those of the limits. By load
        // all four queues are read each second, while one is full five times, and never twice.
        let asked = if name == "adaptive" { 345_600..375_000 } else { 43_200..60_000 };
        assert!(asked.contains(&requests), "{requests} requests in a day");
    }
}

#[test]
fn a_line_that_flaps_is_steered_ten_times_an_hour_at_most() {
    for (_, law) in laws() {
        for mode in BOTH {
            let cycles = 300;
            let bad: Vec<(u64, u64)> =
                (0..cycles).map(|cycle| (cycle * 48 + 60, cycle * 48 + 68)).collect();
            let mut scene = Scene::new(law, usual(mode), &bad);
            for (from, to) in bad {
                scene.go(from);
                scene.world.congest(0, 20, 60);
                scene.go(to);
                scene.world.congest(0, 0, 0);
            }
            let switched = scene.switches();
            let on = switched.iter().filter(|(_, to)| *to == State::Degraded);
            let on: Vec<u64> = on.map(|(ms, _)| *ms).collect();
            assert!(on.len() >= 8, "{mode:?}: it still steers: {on:?}");
            for (index, first) in on.iter().enumerate() {
                let hour = on[index..].iter().filter(|ms| **ms < first + 3_600_000).count();
                assert!(hour <= 10, "{mode:?}: {hour} in an hour");
            }
            assert!(on[1] - on[0] < 120_000, "without a brake it follows: {mode:?} {on:?}");
            let braked = scene.decided().iter().map(|(_, decided)| decided.brake).max();
            assert!(braked.is_some_and(|level| level >= 1), "{mode:?}: {braked:?}");
        }
    }
}

#[test]
fn a_dry_run_decides_and_says_so_and_asks_for_no_switch() {
    for (_, law) in laws() {
        let settings = Settings {
            effect: Effect::DryRun,
            on_exit: OnExit::Disable,
            ..usual(Mode::Hysteresis)
        };
        let mut scene = Scene::new(law, settings, &[(60, 180)]);
        scene.world.rule(0).unwrap().state = State::Degraded;
        scene.states = vec![State::Degraded];
        scene.go(300);
        let told: Vec<State> = scene.decided().iter().map(|(_, decided)| decided.to).collect();
        assert_eq!(told, [State::Degraded, State::Good]);
        let now = scene.world.now();
        scene.world.engine().on_stop(now);
        scene.go(305);
        let rule = *scene.world.rule(0).unwrap();
        assert_eq!((rule.switches, rule.state), (0, State::Degraded), "it is left as it was");
    }
}

#[test]
fn the_law_knows_nothing_of_steering() {
    for (_, law) in laws() {
        let rates = |steered: bool| {
            let steerings = if steered { vec![usual(Mode::Hysteresis)] } else { Vec::new() };
            let lines = vec![line(&[(60, 90)]), line(&[])];
            let mut scene = Scene::behind(law, RouterSettings::healthy(), &steerings, lines);
            let mut rates = Vec::new();
            for second in 5..150 {
                scene.go(second);
                let wan = &scene.world.engine().wans()[0];
                let baseline = wan.decision().unwrap().baseline;
                rates.push((second, wan.wanted().download.bps(), baseline.ms()));
            }
            assert_eq!(scene.switched.len(), if steered { 2 } else { 0 });
            rates
        };
        let (with, without) = (rates(true), rates(false));
        for (index, (second, rate, baseline)) in with.iter().enumerate() {
            // The line is computed in steps from one event to the next, so the last digits differ; and what
            // else is asked of the router moves the readings of the load by a little, and so decisions.
            let near = &without[index.saturating_sub(1)..without.len().min(index + 2)];
            let rates = near.iter().map(|(_, rate, _)| *rate);
            let (least, most) = (rates.clone().min().unwrap(), rates.max().unwrap());
            let bounds = least - least / 20..=most + most / 20;
            assert!(bounds.contains(rate), "{rate}, not {bounds:?} at {second} s");
            let same = without[index].2;
            assert!((baseline - same).abs() < 0.05, "{baseline} and {same} at {second} s");
        }
    }
}

/// How long a rule may be other than it is wanted: until the next reading, and a second.
const CONVERGES: Span = Span::from_secs(62);
