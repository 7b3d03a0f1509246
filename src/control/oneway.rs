//! The clocks of the reflectors: whom ICMP timestamps may be asked of instead of echoes, and how
//! much of a delay each direction has by them.
//! Promises: whoever does not answer, answers nonsense or cannot be asked is asked by echo, and so
//! is everybody in doubt besides, so that no round is missed; a delay is told only against the same
//! clock's own past, never from what two clocks show.
//! Knows nothing of packets; what the delays are good for is for the law to say.
//!
//! ```text
//!           five that fit                no answer for a while
//!   TRIAL ────────────────> PROVEN <──────────────────────────────> DOUBT (echo besides)
//!     │ five without answer,  │ five that do not fit      an answer   │ ten echoes answered
//!     └─────────────────────> └──────────────> REST <─────────────────┘ and no timestamp
//!     <──────────────── after an hour ──────────┘
//! ```

mod track;

use heapless::Vec;

use self::track::{Candidate, Fit, Order, Reading, Track};
use super::{
    reflectors::MAX_REFLECTORS,
    time::{Instant, Span},
    units::PerDirection,
};

/// Between two questions of a trial: it is no load for anybody.
const TRIAL_EVERY: Span = Span::from_secs(1);
/// Answers of a trial that must fit, and questions of it that may stay without answer.
const ENOUGH: u8 = 5;
/// Answers of a trial after which it is over, and answers of a clock in a row that make no sense.
const MOST_ANSWERS: u8 = 10;
/// Echoes that were answered while no timestamp was.
const ECHOES_IN_DOUBT: u8 = 10;
/// Until somebody is tried again: reflectors change rarely.
const REST: Span = Span::from_secs(3_600);
/// Without an answer for this long, and four intervals, beyond the last round trip there is doubt.
const PATIENCE: Span = Span::from_millis(200);

/// The times in an answer, as they stand there: perhaps milliseconds since midnight, and perhaps
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// When the question came in.
    pub receive: u32,
    /// When the answer went out.
    pub transmit: u32,
}

/// Who is to be asked for timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Timestamps {
    /// Nobody.
    #[default]
    Off,
    /// The reflectors whose bit is set, the first one's the lowest; the others have none, being
    /// IPv6.
    Of(u8),
}

/// By what a reflector is asked in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By echo.
    Echo,
    /// By timestamp.
    Time,
    /// By both: the time of the echo counts.
    Both,
}

/// How it is with the timestamps of a reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is being tried.
    Tried,
    /// It answers with times that make sense.
    Answers,
    /// It does not answer.
    Silent,
    /// It answers with times that make no sense.
    Nonsense,
    /// It answered, and does no longer.
    Lost,
    /// They cannot be sent.
    Blocked,
    /// There are none for its kind of address.
    None,
}

impl Standing {
    /// The word used in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tried => "tried",
            Self::Answers => "answers",
            Self::Silent => "silent",
            Self::Nonsense => "nonsense",
            Self::Lost => "lost",
            Self::Blocked => "blocked",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Trial(Trial),
    Proven,
    Doubt {
        /// Echoes answered since.
        echoes: u8,
    },
    Rest,
}

/// What a trial has shown up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trial {
    candidates: [Option<Candidate>; 2],
    answers: u8,
    missed: u8,
    question: Question,
    blocked: bool,
}

/// The last question of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Question {
    /// Answered, or never asked.
    #[default]
    Closed,
    /// On the way.
    Open,
    /// On the way, and the echo that left with it is back.
    Overtaken,
}

/// One reflector.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Peer {
    stage: Stage,
    standing: Standing,
    told: Option<Standing>,
    /// When the next question of a trial or the next trial is due.
    next: Instant,
    order: Order,
    track: Option<Track>,
    /// Answers in a row that did not fit.
    misfits: u8,
    heard: Instant,
    round_trip: Span,
}

/// The clocks of all reflectors of a WAN.
#[derive(Clone, Debug, PartialEq)]
pub struct Clocks {
    /// By place; empty: the option is off.
    peers: Vec<Peer, MAX_REFLECTORS>,
}

impl Clocks {
    /// `count` reflectors of which nothing is known.
    pub fn new(timestamps: Timestamps, count: u8, now: Instant) -> Self {
        let mut clocks = Self { peers: Vec::new() };
        let nothing = [None; MAX_REFLECTORS];
        clocks.rearrange(timestamps, nothing.get(..usize::from(count)).unwrap_or(&nothing), now);
        clocks
    }

    /// Other reflectors from now on; see [`super::reflectors::Reflectors::rearrange`].
    pub fn rearrange(&mut self, timestamps: Timestamps, places: &[Option<u8>], now: Instant) {
        let Timestamps::Of(mask) = timestamps else {
            self.peers.clear();
            return;
        };
        let peer = |(place, old): (usize, &Option<u8>)| {
            let standing = if mask >> place & 1 == 1 { Standing::Tried } else { Standing::None };
            let known = old.and_then(|old| self.peers.get(usize::from(old)).copied());
            let known = known
                .filter(|known| (known.standing == Standing::None) == (standing == Standing::None));
            known.unwrap_or_else(|| Peer::new(standing, now))
        };
        let peers = places.iter().take(MAX_REFLECTORS).enumerate().map(peer).collect();
        self.peers = peers;
    }

    /// By what to ask a reflector now.
    pub fn plan(&mut self, reflector: u8, now: Instant, interval: Span) -> Way {
        self.peer(reflector).map_or(Way::Echo, |peer| peer.plan(now, interval))
    }

    /// An echo was answered in time.
    pub fn echoed(&mut self, reflector: u8) {
        if let Some(peer) = self.peer(reflector) {
            peer.echoed();
        }
    }

    /// A question for the time could not be sent.
    pub fn unsent(&mut self, reflector: u8) {
        if let Some(peer) = self.peer(reflector) {
            peer.unsent();
        }
    }

    /// The answer to a question sent at `sent` arrived at `at`.
    pub fn answered(&mut self, reflector: u8, stamps: Stamps, sent: Instant, at: Instant) {
        if let Some(peer) = self.peer(reflector) {
            peer.answered(stamps, sent, at);
        }
    }

    /// How much more than when the line is idle each direction delays, in ms: the median of the
    /// clocks heard within `fresh`; `None`: not known.
    pub fn delays(&self, now: Instant, fresh: Span) -> Option<PerDirection<f64>> {
        let known = |peer: &Peer| match peer.stage {
            Stage::Proven | Stage::Doubt { .. } => peer.track?.delays(now, fresh),
            Stage::Trial(_) | Stage::Rest => None,
        };
        let mut all: Vec<PerDirection<i64>, MAX_REFLECTORS> = Vec::new();
        let mut sorted = PerDirection { download: Vec::new(), upload: Vec::new() };
        all.extend(self.peers.iter().filter_map(known));
        for delays in &all {
            // Cannot fail: there is room for all.
            let _ = sorted.download.push(delays.download);
            let _ = sorted.upload.push(delays.upload);
        }
        let middle = sorted.map(median);
        middle
            .download
            .zip(middle.upload)
            .map(|(download, upload)| PerDirection { download, upload }.map(track::milliseconds))
    }

    /// How it is with a reflector; `None`: nobody asks.
    pub fn standing(&self, reflector: u8) -> Option<Standing> {
        self.peers.get(usize::from(reflector)).map(|peer| peer.standing)
    }

    /// Tells for each reflector once whether its clock can be used, and when that has changed.
    pub fn tell(&mut self, mut news: impl FnMut(u8, Standing)) {
        let blocked = |peer: &Peer| peer.told == Some(Standing::Blocked);
        let mut blocked = self.peers.iter().any(blocked);
        for (place, peer) in (0..).zip(&mut self.peers) {
            let Some(standing) = peer.take_news() else { continue };
            // It is the board that is short of a right, not the reflector.
            if standing != Standing::Blocked || !blocked {
                news(place, standing);
            }
            blocked |= standing == Standing::Blocked;
        }
    }

    fn peer(&mut self, reflector: u8) -> Option<&mut Peer> {
        self.peers.get_mut(usize::from(reflector))
    }
}

impl Peer {
    fn new(standing: Standing, now: Instant) -> Self {
        Self {
            stage: Stage::Trial(Trial::default()),
            standing,
            told: None,
            next: now,
            order: Order::Network,
            track: None,
            misfits: 0,
            heard: now,
            round_trip: Span::ZERO,
        }
    }

    fn plan(&mut self, now: Instant, interval: Span) -> Way {
        if self.standing == Standing::None {
            return Way::Echo;
        }
        let patience = PATIENCE.max(interval.times(4)) + self.round_trip;
        match &mut self.stage {
            Stage::Trial(_) | Stage::Rest if now < self.next => Way::Echo,
            Stage::Rest => {
                self.stage = Stage::Trial(Trial::default());
                Way::Echo
            }
            Stage::Trial(trial) => {
                trial.ask();
                self.next = now + TRIAL_EVERY;
                let (missed, blocked, answers) = (trial.missed, trial.blocked, trial.answers);
                if missed < ENOUGH && answers < MOST_ANSWERS {
                    return Way::Both;
                }
                self.rest(
                    now,
                    match (answers, blocked) {
                        (0, true) => Standing::Blocked,
                        (0, false) => Standing::Silent,
                        _ => Standing::Nonsense,
                    },
                );
                Way::Echo
            }
            Stage::Proven if now.since(self.heard) <= patience => Way::Time,
            Stage::Proven => {
                self.stage = Stage::Doubt { echoes: 0 };
                Way::Both
            }
            Stage::Doubt { echoes } if *echoes < ECHOES_IN_DOUBT => Way::Both,
            Stage::Doubt { .. } => {
                self.rest(now, Standing::Lost);
                Way::Echo
            }
        }
    }

    fn rest(&mut self, now: Instant, standing: Standing) {
        self.stage = Stage::Rest;
        self.standing = standing;
        self.next = now + REST;
        self.track = None;
    }

    fn echoed(&mut self) {
        match &mut self.stage {
            Stage::Trial(trial) if trial.question == Question::Open => {
                trial.question = Question::Overtaken;
            }
            Stage::Doubt { echoes } => *echoes = echoes.saturating_add(1),
            Stage::Trial(_) | Stage::Proven | Stage::Rest => {}
        }
    }

    /// It may be the line that is gone, and echoes are not sent either.
    fn unsent(&mut self) {
        match &mut self.stage {
            Stage::Trial(trial) => trial.blocked = true,
            Stage::Proven => self.stage = Stage::Doubt { echoes: 0 },
            Stage::Doubt { .. } | Stage::Rest => {}
        }
    }

    fn answered(&mut self, stamps: Stamps, sent: Instant, at: Instant) {
        self.round_trip = at.since(sent);
        match &mut self.stage {
            Stage::Trial(trial) => {
                if let Some(order) = trial.answered(stamps, sent, at) {
                    self.order = order;
                    self.stage = Stage::Proven;
                    self.standing = Standing::Answers;
                    self.misfits = 0;
                    self.heard = at;
                }
            }
            Stage::Proven | Stage::Doubt { .. } => {
                self.stage = Stage::Proven;
                self.heard = at;
                self.follow(Reading::of(self.order, stamps, sent, at), at);
            }
            Stage::Rest => {}
        }
    }

    fn follow(&mut self, reading: Option<Reading>, at: Instant) {
        let fit = match (reading, &mut self.track) {
            (None, _) => Fit::Jumped,
            (Some(reading), Some(track)) => track.take(reading, at),
            (Some(reading), none) => {
                *none = Some(Track::new(reading, at));
                Fit::Fits
            }
        };
        self.misfits = match fit {
            Fit::Fits => 0,
            Fit::Jumped => self.misfits.saturating_add(1),
        };
        if self.misfits >= ENOUGH {
            self.rest(at, Standing::Nonsense);
        }
    }

    /// What is new about it: that it answers, or that it does not. Of those who do not, why they do
    /// not today is no news.
    fn take_news(&mut self) -> Option<Standing> {
        let good = |standing: Standing| standing == Standing::Answers;
        let same = self.told.is_some_and(|told| good(told) == good(self.standing));
        if self.standing == Standing::Tried || same {
            return None;
        }
        self.told = Some(self.standing);
        self.told
    }
}

impl Trial {
    /// Another question; what became of the one before.
    fn ask(&mut self) {
        if self.question == Question::Overtaken {
            self.missed = self.missed.saturating_add(1);
        }
        self.question = Question::Open;
    }

    /// The byte order in which the clock makes sense, once it is clear.
    fn answered(&mut self, stamps: Stamps, sent: Instant, at: Instant) -> Option<Order> {
        self.question = Question::Closed;
        self.answers = self.answers.saturating_add(1);
        for (order, candidate) in Order::ALL.into_iter().zip(&mut self.candidates) {
            let reading = Reading::of(order, stamps, sent, at);
            *candidate = reading.map(|reading| Candidate::after(*candidate, reading));
            if candidate.is_some_and(|candidate| candidate.fitting() >= ENOUGH) {
                return Some(order);
            }
        }
        None
    }
}

/// The median, or the mean of the two in the middle.
fn median(mut values: Vec<i64, MAX_REFLECTORS>) -> Option<i64> {
    values.sort_unstable();
    let upper = values.len() / 2;
    let lower = values.len().checked_sub(1)? / 2;
    Some(values.get(lower)?.midpoint(*values.get(upper)?))
}

#[cfg(test)]
mod tests;
