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

mod peer;
mod track;

use heapless::Vec;

use self::peer::Peer;
use super::{
    reflectors::MAX_REFLECTORS,
    time::{Instant, Span},
    units::PerDirection,
};

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
            let known = known.filter(|known| {
                (known.standing() == Standing::None) == (standing == Standing::None)
            });
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
        let mut all: Vec<PerDirection<i64>, MAX_REFLECTORS> = Vec::new();
        let mut sorted = PerDirection { download: Vec::new(), upload: Vec::new() };
        all.extend(self.peers.iter().filter_map(|peer| peer.delays(now, fresh)));
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
        self.peers.get(usize::from(reflector)).map(Peer::standing)
    }

    /// Tells for each reflector once whether its clock can be used, and when that has changed.
    pub fn tell(&mut self, mut news: impl FnMut(u8, Standing)) {
        let mut blocked = self.peers.iter().any(Peer::told_blocked);
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

/// The median, or the mean of the two in the middle.
fn median(mut values: Vec<i64, MAX_REFLECTORS>) -> Option<i64> {
    values.sort_unstable();
    let upper = values.len() / 2;
    let lower = values.len().checked_sub(1)? / 2;
    Some(values.get(lower)?.midpoint(*values.get(upper)?))
}

#[cfg(test)]
mod tests;
