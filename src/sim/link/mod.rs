//! A model of an internet line: two directions, each with senders, a router's shaper and a
//! provider's queue that fills when more arrives than the bottleneck carries.
//! Promises: the same settings, seed and calls give the same bits; `advance` does not allocate.
//! Knows nothing of RouterOS, and no clock.
//!
//! The line is a fluid: bytes per second flow through queues, and Euler steps of at most 10 ms
//! ([`GRID`]) follow them. The delay of a queue is its bytes over its capacity. Greedy senders
//! follow the tightest limit with a time constant of one and a half round trips. Upload meets the
//! shaper first, which therefore acts at once; download meets it last, after the provider's queue,
//! so a shaper only helps once the senders have noticed it.

mod clock;
mod conditions;
mod lane;
mod noise;
mod presets;
mod settings;

pub use clock::{Clock, Manner};
use conditions::{Conditions, Passage};
pub use lane::LaneStats;
use lane::{Drive, Lane};
use noise::{LaneNoise, Usage, share};
pub use settings::{Demand, Jitter, LaneSettings, LinkSettings, Load, Reflector, Wander};

use super::{
    number::{bytes_per_second, draws, float, seconds, span},
    schedule::Window,
};
use crate::control::{
    oneway::Stamps,
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate},
};

/// The longest step of the integration; random values change at its multiples.
pub const GRID: Span = Span::from_millis(10);

/// The shortest round trip that senders are taken to have: keeps their adaptation well-behaved on
/// lines without any delay.
const SHORTEST_RTT_SECONDS: f64 = 0.001;

/// The gateway is next door, in front of all queues.
const GATEWAY: Span = Span::from_millis(1);

/// An Ethernet frame of full size, in bytes.
const MTU: f64 = 1_514.0;

fn holds(windows: &[Window], at: Instant) -> bool {
    windows.iter().any(|window| window.contains(at))
}

/// A line in the course of a simulation.
#[derive(Clone, Debug)]
pub struct Link {
    settings: LinkSettings,
    seed: u64,
    now: Instant,
    conditions: Conditions,
    lanes: PerDirection<Lane>,
    noise: PerDirection<LaneNoise>,
    steps: u64,
}

impl Link {
    /// A line that is idle and empty at `settings.start`.
    pub fn new(settings: LinkSettings, seed: u64) -> Self {
        let lane = |direction| Lane::new(direction, float(settings.lanes.of(direction).buffer));
        let noise = |direction| LaneNoise::new(seed, direction, settings.lanes.of(direction));
        Self {
            seed,
            now: settings.start,
            conditions: Conditions::at(&settings, settings.start),
            lanes: PerDirection {
                download: lane(Direction::Download),
                upload: lane(Direction::Upload),
            },
            noise: PerDirection {
                download: noise(Direction::Download),
                upload: noise(Direction::Upload),
            },
            steps: 0,
            settings,
        }
    }

    /// Lets time pass until `to`, with these limits at the router (`None`: unlimited). A time that
    /// has already passed changes nothing.
    pub fn advance(&mut self, to: Instant, shaper: PerDirection<Option<Rate>>) {
        let shaper = shaper.map(|limit| limit.map_or(f64::INFINITY, bytes_per_second));
        while self.now < to {
            if self.now >= self.conditions.until {
                self.conditions = Conditions::at(&self.settings, self.now);
            }
            let index = self.now.as_micros() / GRID.as_micros();
            let grid = Instant::from_micros(0) + GRID.times(index.saturating_add(1));
            let end = to.min(grid).min(self.conditions.until);
            self.step(seconds(end.since(self.now)), index, shaper);
            self.now = end;
        }
    }

    fn step(&mut self, dt: f64, index: u64, shaper: PerDirection<f64>) {
        let rtt = self.path_delay().max(SHORTEST_RTT_SECONDS);
        for direction in Direction::BOTH {
            let noise = self.noise.of_mut(direction);
            let capacity = match self.conditions.passage {
                Passage::Open => self.conditions.capacity.of(direction) * noise.capacity(index),
                Passage::Outage => 0.0,
            };
            self.lanes.of_mut(direction).step(Drive {
                dt,
                capacity,
                demand: *self.conditions.demand.of(direction),
                shaper: *shaper.of(direction),
                unrest: noise.unrest(index),
                rtt,
            });
        }
        self.steps = self.steps.saturating_add(1);
    }

    /// Round-trip time of the path with its queues, in seconds, without noise.
    fn path_delay(&self) -> f64 {
        let PerDirection { download, upload } = &self.lanes;
        self.conditions.base_rtt + download.queue_delay() + upload.queue_delay()
    }

    /// The round-trip time of an ICMP echo sent at `at` to the reflector with this number; `None`
    /// if it gets lost. The line must have been advanced to about `at`: queues are those of the
    /// last step. The answer to the same question is the same every time.
    pub fn echo(&self, at: Instant, reflector: u8) -> Option<Span> {
        let target = self.settings.reflectors.get(usize::from(reflector));
        let passes = !holds(&self.settings.no_echoes, at);
        passes.then(|| self.round_trip(at, target, Usage::Echo(reflector)))?
    }

    /// What comes of a timestamp request sent at `at`: its round-trip time, which is that of an echo
    /// sent at the same moment, and what the reflector writes; `None` if nothing comes back.
    pub fn time(&self, at: Instant, reflector: u8) -> Option<(Span, Stamps)> {
        let clock = self.settings.reflectors.get(usize::from(reflector))?.clock.as_ref()?;
        if holds(&clock.silent, at) {
            return None;
        }
        let round_trip = self.echo(at, reflector)?;
        let queues = PerDirection { download: &self.lanes.download, upload: &self.lanes.upload }
            .map(|lane| lane.queue_delay() + lane.packet_delay(MTU));
        let path = (seconds(round_trip) - queues.download - queues.upload).max(0.0);
        let there = span(path / 2.0 + queues.upload).min(round_trip);
        Some((round_trip, clock.stamps(at + there)))
    }

    /// The time that a TCP handshake begun at `at` takes with the target of this number; `None` if
    /// it does not come about. As for [`Self::echo`] the line must have been advanced.
    pub fn connect(&self, at: Instant, target: u8) -> Option<Span> {
        let there = self.settings.targets.get(usize::from(target))?;
        self.round_trip(at, Some(there), Usage::Connect(target))
    }

    /// The round-trip time of an echo to the gateway; `None` if it is silent.
    pub fn gateway(&self, at: Instant) -> Option<Span> {
        (!holds(&self.settings.no_gateway, at)).then_some(GATEWAY)
    }

    fn round_trip(&self, at: Instant, target: Option<&Reflector>, usage: Usage) -> Option<Span> {
        let mut rng = draws(self.seed, usage.code(), at.as_micros());
        if holds(&self.settings.outages, at)
            || target.is_some_and(|target| holds(&target.dead, at))
            || rng.f64() < self.loss(at)
        {
            return None;
        }
        if let Some(liar) = target.filter(|target| holds(&target.lying, at)) {
            return Some(liar.lie);
        }
        let mut own = target
            .map_or(0.0, |target| seconds(target.extra) + noise::jitter(target.jitter, &mut rng));
        let noisy = target.into_iter().flat_map(|target| &target.noisy);
        for (_, jitter) in noisy.filter(|(window, _)| window.contains(at)) {
            own += noise::jitter(*jitter, &mut rng);
        }
        let detours = target.into_iter().flat_map(|target| &target.detours);
        for (_, longer) in detours.filter(|(window, _)| window.contains(at)) {
            own += seconds(*longer);
        }
        let waits = 1.0 + rng.f64();
        let PerDirection { download, upload } = &self.lanes;
        let router = (download.packet_delay(MTU) + upload.packet_delay(MTU)) * waits;
        let queues = download.queue_delay() + upload.queue_delay();
        let base = seconds(self.settings.base_rtt.at(at));
        let unsteady = self.unsteadiness(at, usage);
        Some(span(base + own + router + queues + self.line_jitter(at) + unsteady))
    }

    /// The extra delay of one packet on a line that is unsteady now, in seconds.
    fn unsteadiness(&self, at: Instant, usage: Usage) -> f64 {
        let mut rng = draws(self.seed, usage.unsteady_code(), at.as_micros());
        let windows = self.settings.unsteady.iter().filter(|(window, _)| window.contains(at));
        windows.map(|(_, jitter)| noise::jitter(*jitter, &mut rng)).sum()
    }

    /// The share of echoes lost now: by chance, or with everything else at a full queue.
    fn loss(&self, at: Instant) -> f64 {
        let passed = |lost: f64| 1.0 - lost;
        let PerDirection { download, upload } = &self.lanes;
        let lossy = self.settings.lossy.iter().filter(|(window, _)| window.contains(at));
        let more: f64 = lossy.map(|(_, ratio)| passed(share(*ratio))).product();
        let arrives = more
            * passed(share(self.settings.loss))
            * passed(download.drop_share())
            * passed(upload.drop_share());
        1.0 - arrives
    }

    fn line_jitter(&self, at: Instant) -> f64 {
        let index = at.as_micros() / GRID.as_micros();
        let mut rng = draws(self.seed, Usage::LineJitter.code(), index);
        noise::jitter(self.settings.jitter, &mut rng)
    }

    /// What each direction has carried since the beginning, and how it is now.
    pub fn stats(&self) -> PerDirection<LaneStats> {
        PerDirection { download: self.lanes.download.stats(), upload: self.lanes.upload.stats() }
    }

    /// The time up to which the line has been advanced.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Steps of the integration so far: what the simulation costs, independent of the machine.
    pub const fn steps(&self) -> u64 {
        self.steps
    }
}
