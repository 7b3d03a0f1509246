//! What is told about the signal of a WAN, and when: loudly once, never in a flood.
//! Promises: what is told is true when it is told; a first loss and its end are told at once; at
//! most four lines in a row and then one per minute; what was not told is summed up.
//! Knows nothing of wording.

use super::{
    event::SignalNews,
    fallback::Instead,
    law::Scale,
    lines::Lines,
    time::{Instant, Span},
};

/// Lines that may follow each other.
const LINES: u8 = 4;
/// One more line after this long.
const REFILL: Span = Span::from_secs(60);
/// With this many lines left and no loss untold the times are quiet: a change is told at once.
const QUIET: u8 = 3;
/// Otherwise a state must have lasted this long to be worth a line.
const LASTING: Span = Span::from_secs(5);
/// Losses that were not told are summed up when none came for this long.
const CALM: Span = Span::from_secs(60);
/// If they keep coming, they are summed up this often.
const SUMMARY: Span = Span::from_secs(600);

/// What a reader of the log can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Icmp,
    Moved,
    Own(u8),
    Gateway,
    Nothing,
    /// Times of one that is not asked any more.
    Replaced,
}

impl Source {
    const fn of(instead: Instead) -> Self {
        match instead {
            Instead::Tcp { scale: Scale::Icmp, .. } => Self::Moved,
            Instead::Tcp { scale: Scale::Own, target } => Self::Own(target),
            Instead::Gateway => Self::Gateway,
            Instead::Nothing => Self::Nothing,
        }
    }
}

/// How sure it is what answers instead of the reflectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// All that was asked had its time to answer.
    Sure,
    /// Something may answer yet.
    Unsure,
}

/// What was told, what is so, and what is still to be summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    told: Source,
    /// What is so, and since when.
    seen: Source,
    since: Instant,
    /// The last round before the present silence.
    heard: Option<Instant>,
    /// Losses and silence that no line has told the end of.
    losses: u32,
    silence: Span,
    /// When the last line was told.
    line: Instant,
    lines: Lines,
    /// Whether the baseline of the present stand-in was told.
    baseline_told: bool,
}

impl Notice {
    /// Nothing is lost.
    pub const fn new(now: Instant) -> Self {
        Self {
            told: Source::Icmp,
            seen: Source::Icmp,
            since: now,
            heard: None,
            losses: 0,
            silence: Span::ZERO,
            line: now,
            lines: Lines::new(LINES, REFILL, now),
            baseline_told: false,
        }
    }

    /// No reflector answers any more; the last one did at `heard`.
    pub const fn lost(&mut self, heard: Instant) {
        self.heard = Some(heard);
        self.losses = self.losses.saturating_add(1);
    }

    /// What answers instead, as long as no reflector does.
    pub fn instead(
        &mut self,
        instead: Instead,
        sureness: Sureness,
        now: Instant,
    ) -> Option<SignalNews> {
        self.see(Source::of(instead), now);
        let measured = matches!(instead, Instead::Tcp { .. });
        if self.told == self.seen || (sureness == Sureness::Unsure && !measured) || !self.pay(now) {
            return None;
        }
        self.baseline_told = false;
        let before = core::mem::replace(&mut self.told, self.seen);
        Some(match before {
            Source::Icmp => SignalNews::Lost(instead),
            Source::Moved
            | Source::Own(_)
            | Source::Gateway
            | Source::Nothing
            | Source::Replaced => SignalNews::Now(instead),
        })
    }

    /// Others are asked from now on, or held against something else: whoever stands in is news,
    /// though its place is the same.
    pub const fn replaced(&mut self) {
        if matches!(self.told, Source::Moved | Source::Own(_)) {
            self.told = Source::Replaced;
        }
    }

    /// The reflectors answer.
    pub fn icmp(&mut self, now: Instant) -> Option<SignalNews> {
        if let Some(heard) = self.heard.take() {
            self.silence = self.silence + now.since(heard);
        }
        self.see(Source::Icmp, now);
        if self.losses == 0 && self.told == Source::Icmp {
            return None;
        }
        let (losses, silence) = (self.losses, self.silence);
        let news = if self.told != Source::Icmp && self.pay(now) {
            self.told = Source::Icmp;
            SignalNews::Back { silence, losses }
        } else if self.summary_is_due(now) {
            self.line = now;
            SignalNews::Shaky { silence, losses }
        } else {
            return None;
        };
        self.losses = 0;
        self.silence = Span::ZERO;
        Some(news)
    }

    fn summary_is_due(&self, now: Instant) -> bool {
        let calm = self.told == Source::Icmp && now.since(self.since) >= CALM;
        calm || now.since(self.line) >= SUMMARY
    }

    /// Whether it is worth a line that the baseline of the stand-in is known: once for each line
    /// that told of one.
    pub fn baseline_learnt(&mut self) -> bool {
        matches!(self.told, Source::Own(_)) && !core::mem::replace(&mut self.baseline_told, true)
    }

    fn see(&mut self, source: Source, now: Instant) {
        if self.seen != source {
            self.seen = source;
            self.since = now;
        }
    }

    /// Whether there may be a line about what is so, which then counts as told.
    fn pay(&mut self, now: Instant) -> bool {
        let left = self.lines.left(now);
        let quiet = left >= QUIET && self.losses <= 1;
        let lasting = now.since(self.since) >= LASTING;
        if left == 0 || !(quiet || lasting) {
            return false;
        }
        self.lines.take();
        self.line = now;
        true
    }
}

#[cfg(test)]
mod tests;
