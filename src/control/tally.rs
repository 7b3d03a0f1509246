//! Reads what the queues of one WAN count, for whoever needs it: when, and what has come of it.
//! Promises: nothing is asked while nobody wants it; reading takes at most a quarter of its router's time
//! per WAN, and a half where two who want it would else wait for each other; a counter that fell, a gap
//! between two readings or a reading that is too old makes a rate unknown, never zero.
//! Knows nothing of transports, limits or what a rate means.

use heapless::Vec;

use super::{
    applier::Layout,
    counts::{Counters, Statistics},
    queue::QueueSlot,
    time::{Instant, Span},
    units::{Direction, Flow, PerDirection},
};

/// Who wants the counters read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// The control law, for the load.
    Law,
    /// The choice between lines, for drops and waiting packets of the download.
    Steering,
}

/// After an answer the router is left alone for this many times what it took: reading is at most a
/// quarter of what it does for us, so that a write never waits for long behind it.
const REST: u64 = 3;
/// Two readings closer than this are not compared: the answer's own way would count too much.
const CLOSEST: Span = Span::from_millis(80);
/// Readings are trusted for as many periods. One may get lost; two are a gap.
const TRUSTED_PERIODS: u64 = 3;
/// Two readings this far apart are still compared, though by now they are wanted more often: three
/// times the slowest rhythm of the law.
const NO_GAP: Span = Span::from_secs(3);
/// So are they on a slow router whose time the queues of several WANs share, though not further apart
/// than this.
const SELDOM: Span = Span::from_secs(8);
/// For so many queues.
const SHARED: u64 = 8;
/// A queue whose counters cannot be read, or are not there, is asked again after this, doubled with
/// each failure.
const FIRST_PAUSE: Span = Span::from_secs(2);
/// The longest pause: as often as the limits are read back.
const LONGEST_PAUSE: Span = Span::from_secs(64);

/// What a queue had counted at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When the router read them, as well as we know: halfway between question and answer.
    pub at: Instant,
    /// What it told.
    pub counters: Counters,
}

/// The two latest readings of one direction that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readings {
    /// The latest.
    pub last: Reading,
    /// The one before; `None` after a gap, a reset or the start.
    pub before: Option<Reading>,
}

/// One queue and how reading it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
    slot: QueueSlot,
    asked: Option<Instant>,
    /// After failures: not before this.
    paused: Option<Instant>,
    failures: u8,
}

/// The counters of one WAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    wanted: [Option<Span>; 2],
    sources: Vec<Source, 2>,
    readings: PerDirection<Option<Readings>>,
    /// The router is left alone until then.
    rest_until: Instant,
}

impl Tally {
    /// Nothing read, and nobody who wants it.
    pub fn new(layout: Layout) -> Self {
        let source = |slot| Source { slot, asked: None, paused: None, failures: 0 };
        Self {
            wanted: [None; 2],
            sources: layout.slots().iter().copied().map(source).collect(),
            readings: PerDirection::both(None),
            rest_until: Instant::default(),
        }
    }

    /// Has to do with other queues from now on.
    pub fn take_over(&mut self, layout: Layout) {
        let Self { wanted, rest_until, .. } = *self;
        *self = Self { wanted, rest_until, ..Self::new(layout) };
    }

    /// Wants the counters about this often; `None`: not at all any more.
    pub const fn want(&mut self, consumer: Consumer, period: Option<Span>) {
        let [law, steering] = &mut self.wanted;
        match consumer {
            Consumer::Law => *law = period,
            Consumer::Steering => *steering = period,
        }
    }

    /// How often they are read: as often as whoever wants it most.
    pub fn period(&self) -> Option<Span> {
        self.wanted.iter().flatten().min().copied()
    }

    /// The queue to read now, which must then be asked.
    pub fn next(&mut self, now: Instant) -> Option<QueueSlot> {
        let (at, index) = self.plan()?;
        let source = self.sources.get_mut(index).filter(|_| at <= now)?;
        source.asked = Some(now);
        Some(source.slot)
    }

    /// When a queue is to be read next.
    pub fn next_at(&self) -> Option<Instant> {
        self.plan().map(|(at, _)| at)
    }

    /// The queue that has waited longest for its turn.
    fn plan(&self) -> Option<(Instant, usize)> {
        let due = |source: &Source| {
            let period = self.period_of(source.slot)?;
            let regular = source.asked.map(|asked| asked + period);
            Some(regular.max(source.paused).unwrap_or_default().max(self.rest_until))
        };
        let sources = self.sources.iter().enumerate();
        let due = sources.filter_map(|(index, source)| Some((due(source)?, source.asked, index)));
        due.min().map(|(at, _, index)| (at, index))
    }

    /// How often this queue is read; `None`: nobody wants it.
    fn period_of(&self, slot: QueueSlot) -> Option<Span> {
        let [law, steering] = self.wanted;
        let steering = steering.filter(|_| slot.carries(Direction::Download));
        [law, steering].into_iter().flatten().min()
    }

    /// The router told what the queue in `slot` has counted; it was asked at `asked`.
    pub fn on_counted(&mut self, slot: QueueSlot, asked: Instant, told: Statistics, now: Instant) {
        let took = now.since(asked);
        self.rest_until = now + self.rest(took);
        let at = asked + took.part(1, 2);
        let turn = took.times(REST + 1);
        let shared = turn.times(SHARED).min(SELDOM).max(turn.times(TRUSTED_PERIODS));
        let longest = self.trusted_for().max(NO_GAP).max(shared);
        for direction in Direction::BOTH.into_iter().filter(|own| slot.carries(*own)) {
            let last = Reading { at, counters: told.of(direction) };
            let readings = self.readings.of_mut(direction);
            let before = readings.map(|readings| readings.last);
            let before = before.filter(|before| {
                at.since(before.at) <= longest && !fell(&before.counters, &last.counters)
            });
            *readings = Some(Readings { last, before });
        }
        if told_anything(slot, &told) {
            self.mended(slot);
        } else {
            // A queue that counts nothing will not begin to soon.
            self.on_failed(slot, now);
        }
    }

    /// How long the router is left alone after an answer that took so long. Whoever needs one of two
    /// queues is not slower for the sake of who needs both.
    fn rest(&self, took: Span) -> Span {
        let alone = took.times(REST);
        let [Some(_), Some(steering)] = self.wanted else { return alone };
        let queues = u64::try_from(self.sources.len()).unwrap_or(u64::MAX);
        let turn = steering.max(took + alone).part(1, queues);
        alone.min(turn - took).max(took)
    }

    /// Whether the choice between lines waits for the download at `now`.
    pub fn is_urgent(&self, now: Instant) -> bool {
        let [_, steering] = self.wanted;
        let source = self.sources.iter().find(|source| source.slot.carries(Direction::Download));
        steering.zip(source).is_some_and(|(period, source)| {
            source.asked.is_none_or(|asked| now.since(asked) >= period)
        })
    }

    /// What the queue in `slot` has counted could not be read.
    pub fn on_failed(&mut self, slot: QueueSlot, now: Instant) {
        let Some(source) = self.sources.iter_mut().find(|source| source.slot == slot) else {
            return;
        };
        let doubled = FIRST_PAUSE.times(1 << source.failures.min(5));
        source.failures = source.failures.saturating_add(1);
        source.paused = Some(now + doubled.min(LONGEST_PAUSE));
    }

    fn mended(&mut self, slot: QueueSlot) {
        if let Some(source) = self.sources.iter_mut().find(|source| source.slot == slot) {
            source.failures = 0;
            source.paused = None;
        }
    }

    /// The two latest readings of a direction, however old.
    pub const fn readings(&self, direction: Direction) -> Option<&Readings> {
        self.readings.of(direction).as_ref()
    }

    /// What passes in this direction at `now`; `None`: it is not known.
    pub fn flow(&self, direction: Direction, now: Instant) -> Option<Flow> {
        let Readings { last, before } = self.readings(direction)?;
        let before = before.as_ref()?;
        let between = last.at.since(before.at);
        let trusted = self.trusted_for().max(between.times(TRUSTED_PERIODS));
        if now.since(last.at) > trusted || between < CLOSEST {
            return None;
        }
        let bytes = last.counters.bytes?.checked_sub(before.counters.bytes?)?;
        Some(Flow::over(bytes, between))
    }

    fn trusted_for(&self) -> Span {
        self.period().unwrap_or(Span::ZERO).times(TRUSTED_PERIODS)
    }
}

/// Whether a counter fell: the queue was made anew, or somebody reset it.
fn fell(before: &Counters, after: &Counters) -> bool {
    let pairs = [
        (before.bytes, after.bytes),
        (before.packets, after.packets),
        (before.dropped, after.dropped),
    ];
    pairs.into_iter().any(|(before, after)| before.zip(after).is_some_and(|(b, a)| a < b))
}

fn told_anything(slot: QueueSlot, told: &Statistics) -> bool {
    let mut carried = Direction::BOTH.into_iter().filter(|own| slot.carries(*own));
    carried.all(|direction| told.of(direction) != Counters::default())
}

#[cfg(test)]
mod tests;
