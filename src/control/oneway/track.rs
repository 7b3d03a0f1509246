//! One clock held against ours: what an answer says of each direction, and how it was on the idle
//! line.
//! Promises: any offset of the clock cancels, its drift is followed, midnight is no jump, and a jump
//! makes the past forgotten instead of a delay.
//! Knows nothing of who answers when.

use super::Stamps;
use crate::control::{
    time::{Instant, Span},
    units::{PerDirection, Rtt},
};

/// The day in µs, after which clocks begin again.
const DAY: i64 = 86_400_000_000;
/// The same in ms: what a time of day is below.
const DAY_MS: u32 = 86_400_000;
/// An answer takes a reflector less than this, in µs.
const LONGEST_STAY: i64 = 1_000_000;
/// In a trial a clock may be this far off in µs: coarse ones count in steps of 10 ms.
const SLACK: i64 = 15_000;
/// If one direction loses more than this from one answer to the next, in µs, and the other gains as
/// much, or if one is faster by it than it ever was, it is the clock.
const JUMP: i64 = 10_000;
/// Round trips this much longer than the shortest one, in µs, are those of the idle line: two steps
/// of a millisecond and a little noise.
const CALM: i64 = 3_000;
/// The shortest round trip is that of the last one to two of these.
const BUCKET: Span = Span::from_secs(60);
/// Calm answers until the idle line is known, and over which it is averaged: at 20 per second a
/// drift of 100 ppm is followed within 0.2 ms.
const KNOWN: i64 = 16;
const AVERAGED: i64 = 32;
/// Where answers are rarer they are averaged over this time, but no fewer than so many: a drift goes
/// by time.
const AVERAGED_FOR: Span = Span::from_millis(3_200);
const LEAST_AVERAGED: i64 = 4;

/// In which order the bytes of a time come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As the standard has it.
    Network,
    /// The other way round: little-endian machines whose makers forgot.
    Swapped,
}

impl Order {
    pub(super) const ALL: [Self; 2] = [Self::Network, Self::Swapped];

    /// The time of day in µs; `None`: it is none.
    fn time(self, raw: u32) -> Option<i64> {
        let millis = match self {
            Self::Network => raw,
            Self::Swapped => raw.swap_bytes(),
        };
        (millis < DAY_MS).then(|| i64::from(millis) * 1_000)
    }
}

/// What an answer says of both directions: times of a day which no common clock has measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    there: i64,
    back: i64,
}

impl Reading {
    pub(super) fn of(order: Order, stamps: Stamps, sent: Instant, at: Instant) -> Option<Self> {
        let (receive, transmit) = (order.time(stamps.receive)?, order.time(stamps.transmit)?);
        let stay = apart(transmit, receive);
        (0..LONGEST_STAY).contains(&stay).then(|| Self {
            there: apart(receive, time_of_day(sent)),
            back: apart(time_of_day(at), transmit),
        })
    }

    /// Both directions as seen from a clock that is ahead by `anchor`.
    const fn by(self, anchor: i64) -> PerDirection<i64> {
        PerDirection {
            download: apart(self.back + anchor, 0),
            upload: apart(self.there - anchor, 0),
        }
    }
}

/// From one time of day to another, −12 to 12 hours.
const fn apart(later: i64, earlier: i64) -> i64 {
    (later - earlier + DAY / 2).rem_euclid(DAY) - DAY / 2
}

/// Our own clock counts from any moment, but as evenly.
fn time_of_day(at: Instant) -> i64 {
    i64::try_from(at.as_micros()).unwrap_or(i64::MAX) % DAY
}

/// A duration in µs, of either sign, in ms.
pub(super) fn milliseconds(micros: i64) -> f64 {
    let ms = Rtt::from_span(Span::from_micros(micros.unsigned_abs())).ms();
    if micros < 0 { -ms } else { ms }
}

/// A clock on trial: by how much it can be ahead of ours, all answers considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    anchor: i64,
    least: i64,
    most: i64,
    fitting: u8,
}

impl Candidate {
    /// With another answer: a question cannot come in before it was sent, nor an answer arrive
    /// before it left.
    pub(super) fn after(before: Option<Self>, reading: Reading) -> Self {
        let anchor = before.map_or(reading.there, |before| before.anchor);
        let PerDirection { download, upload } = reading.by(anchor);
        let alone = Self { anchor, least: -download, most: upload, fitting: 1 };
        let both = before.map(|before| Self {
            least: before.least.max(alone.least),
            most: before.most.min(alone.most),
            fitting: before.fitting.saturating_add(1),
            ..alone
        });
        both.filter(|both| both.least - both.most <= SLACK).unwrap_or(alone)
    }

    /// Answers in a row that go together.
    pub(super) const fn fitting(self) -> u8 {
        self.fitting
    }
}

/// Over how many answers to average that come this far apart.
fn averaged(gap: Span) -> i64 {
    let many = AVERAGED_FOR.as_micros() / gap.as_micros().max(1);
    i64::try_from(many).unwrap_or(AVERAGED).clamp(LEAST_AVERAGED, AVERAGED)
}

/// Whether an answer goes with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    /// One of the clocks was set; all is learnt anew.
    Jumped,
}

/// A clock in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Track {
    anchor: i64,
    /// The idle line.
    idle: PerDirection<i64>,
    /// Calm answers that it was averaged from.
    learnt: i64,
    /// The shortest round trip of this bucket and of the one before.
    shortest: [i64; 2],
    bucket_ends: Instant,
    /// The last three, the newest first.
    latest: [PerDirection<i64>; 3],
    heard: Instant,
}

impl Track {
    pub(super) fn new(reading: Reading, at: Instant) -> Self {
        let first = reading.by(reading.there);
        Self {
            anchor: reading.there,
            idle: first,
            learnt: 0,
            shortest: [first.download + first.upload; 2],
            bucket_ends: at + BUCKET,
            latest: [first; 3],
            heard: at,
        }
    }

    /// Takes an answer in.
    pub(super) fn take(&mut self, reading: Reading, at: Instant) -> Fit {
        let sample = reading.by(self.anchor);
        if self.has_jumped(&sample) {
            *self = Self::new(reading, at);
            return Fit::Jumped;
        }
        let [newest, middle, _] = self.latest;
        self.latest = [sample, newest, middle];
        let gap = at.since(core::mem::replace(&mut self.heard, at));
        self.learn(&sample, gap, at);
        Fit::Fits
    }

    fn has_jumped(&self, sample: &PerDirection<i64>) -> bool {
        let [newest, ..] = self.latest;
        let (down, up) = (sample.download - newest.download, sample.upload - newest.upload);
        let against = (down < 0) != (up < 0) && down.abs().min(up.abs()) > JUMP;
        let too_fast = |now: i64, idle: i64| self.learnt >= KNOWN && now < idle - JUMP;
        against
            || too_fast(sample.download, self.idle.download)
            || too_fast(sample.upload, self.idle.upload)
            || sample.download + sample.upload < -JUMP
    }

    /// Follows the idle line, which shows when the round trip is about as short as it ever is.
    fn learn(&mut self, sample: &PerDirection<i64>, gap: Span, at: Instant) {
        let round_trip = sample.download + sample.upload;
        let [now, before] = self.shortest;
        if round_trip + CALM < now.min(before) {
            // What was taken for the idle line was none.
            self.learnt = 0;
        }
        self.shortest = if at >= self.bucket_ends {
            self.bucket_ends = at + BUCKET;
            [round_trip, now]
        } else {
            [now.min(round_trip), before]
        };
        let [now, before] = self.shortest;
        if round_trip > now.min(before) + CALM {
            return;
        }
        self.learnt = (self.learnt + 1).min(AVERAGED);
        let weight = self.learnt.min(averaged(gap));
        self.idle = self.idle.zip(*sample).map(|(idle, now)| idle + (now - idle) / weight);
    }

    /// By how much each direction is slower than on the idle line, in µs.
    pub(super) fn delays(&self, now: Instant, fresh: Span) -> Option<PerDirection<i64>> {
        if self.learnt < KNOWN || now.since(self.heard) > fresh {
            return None;
        }
        let [one, two, three] = self.latest;
        let seen = one
            .zip(two)
            .zip(three)
            .map(|((one, two), three)| one.min(two).max(one.max(two).min(three)));
        Some(seen.zip(self.idle).map(|(seen, idle)| seen - idle))
    }
}
