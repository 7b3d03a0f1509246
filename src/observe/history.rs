//! The last hour in RAM: a sample of each WAN per second, and what happened.
//! Promises: bounded: 72 kB per WAN ([`SECONDS`] of 20 bytes) and at most 100 kB of events; what
//! was not known is not a number; a state or a delay between two samples is not missed, for a
//! sample has the worst of its second.
//! Knows nothing of clients.

use std::collections::VecDeque;

use log::Level;

use self::pack::{Kbps, Sample, State, Tenths, Ticks};
use super::{health::cut, words::Names};
use crate::control::{
    engine::Engine,
    fallback::Instead,
    law::Scale,
    time::{Instant, Span},
    units::{Direction, PerDirection},
    wan::{Signal, Wan},
};

mod pack;
mod page;

pub use self::page::Cursor;

/// Samples kept of each WAN: an hour of them. The oldest goes.
pub const SECONDS: usize = 3_600;
/// Events kept. The oldest goes.
pub const EVENTS: usize = 256;
/// Bytes of an event's text; the rest is cut off.
const TEXT: usize = 300;

/// What was, since the start or for an hour.
#[derive(Debug)]
pub struct History {
    start: Instant,
    tracks: Vec<Track>,
    events: VecDeque<Told>,
    /// Events that went for want of room.
    gone: u64,
}

/// An event, in the words of the log.
#[derive(Debug)]
struct Told {
    at: Span,
    level: Level,
    text: Box<str>,
}

/// The samples of one WAN.
#[derive(Debug)]
struct Track {
    name: String,
    samples: VecDeque<Sample>,
    /// The second of the next sample, since the start.
    next: u64,
    /// The worst since the last sample.
    worst: PerDirection<State>,
    highest: Tenths,
}

impl History {
    /// Nothing yet; seconds are counted from `start`.
    pub fn new(names: &Names, start: Instant) -> Self {
        let mut history = Self { start, tracks: Vec::new(), events: VecDeque::new(), gone: 0 };
        history.follow(names, start);
        history
    }

    /// These WANs from now on; what is known of one stays with its name.
    pub fn follow(&mut self, names: &Names, now: Instant) {
        let mut before: Vec<_> = self.tracks.drain(..).map(Some).collect();
        let next = now.since(self.start).as_secs().saturating_add(1);
        let mut track = |name: &str| {
            let is_it =
                |track: &&mut Option<Track>| track.as_ref().is_some_and(|track| track.name == name);
            let known = before.iter_mut().find(is_it).and_then(Option::take);
            known.unwrap_or_else(|| Track::new(name, next))
        };
        self.tracks = names.wans.iter().map(|wan| track(&wan.name)).collect();
    }

    /// Takes in how the core is after a tick.
    pub fn observe(&mut self, engine: &Engine, now: Instant) {
        let second = now.since(self.start).as_secs();
        for (track, wan) in self.tracks.iter_mut().zip(engine.wans()) {
            track.feel(wan);
            track.reach(second, wan);
        }
    }

    /// Takes in what was told.
    pub fn tell(&mut self, now: Instant, level: Level, text: &str) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
            self.gone = self.gone.saturating_add(1);
        }
        let text = cut::<TEXT>(text).as_str().into();
        self.events.push_back(Told { at: now.since(self.start), level, text });
    }
}

impl Track {
    fn new(name: &str, next: u64) -> Self {
        Self {
            name: name.to_owned(),
            // Memory that nothing was written to yet costs nothing.
            samples: VecDeque::with_capacity(SECONDS),
            next,
            worst: PerDirection::both(State::UNKNOWN),
            highest: Tenths::UNKNOWN,
        }
    }

    /// The worst of this second counts: 20 cycles pass between two samples.
    fn feel(&mut self, wan: &Wan) {
        for direction in Direction::BOTH {
            let worst = self.worst.of_mut(direction);
            *worst = worst.worse(state(wan, direction));
        }
        if let Some(decision) = wan.decision() {
            self.highest = self.highest.higher(Tenths::of(decision.delta));
        }
    }

    /// The second that has begun closes all before it.
    fn reach(&mut self, second: u64, wan: &Wan) {
        let missing = second.saturating_sub(self.next).min(as_count(SECONDS));
        if second < self.next {
            return;
        }
        for _ in 0..missing {
            self.push(Sample::NOTHING);
        }
        let sample = self.sample(wan);
        self.push(sample);
        self.next = second.saturating_add(1);
        self.worst = PerDirection::both(State::UNKNOWN);
        self.highest = Tenths::UNKNOWN;
    }

    fn push(&mut self, sample: Sample) {
        if self.samples.len() >= SECONDS {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    fn sample(&self, wan: &Wan) -> Sample {
        let decision = wan.decision();
        let scale = match wan.signal() {
            Signal::Lost { instead: Instead::Tcp { scale, .. }, .. } => scale,
            Signal::Learning | Signal::Fresh | Signal::Lost { .. } => Scale::Icmp,
        };
        let baseline = wan.law().means_on(scale).map(|means| means.baseline().ms());
        Sample {
            wanted: wan.wanted().map(|rate| Kbps::of(Some(rate))),
            confirmed: wan.applier().confirmed().map(Kbps::of),
            load: Ticks::of(decision.map(|decision| decision.load.ms())),
            baseline: Ticks::of(baseline),
            highest: self.highest,
            worst: self.worst,
        }
    }

    /// The second of the oldest sample.
    fn first(&self) -> u64 {
        self.next.saturating_sub(as_count(self.samples.len()))
    }
}

fn state(wan: &Wan, direction: Direction) -> State {
    match (wan.signal(), wan.decision()) {
        (Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. }, _) => State::NO_SIGNAL,
        (_, None) => State::UNKNOWN,
        (_, Some(decision)) => State::of(decision.verdicts.of(direction).zone),
    }
}

fn as_count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
