//! What is asked instead when no reflector answers: TCP targets for times, the gateway for a sign
//! of life.
//! Promises: while ICMP works, one connect per [`LEARN_EVERY`] and nothing to the gateway; while
//! it is lost, one of each per [`RHYTHM`]; a time is handed out once, and only from a completed
//! handshake.
//! Knows nothing of rates or zones; what a time is held against is for the law to know.
//!
//! A connect takes longer than an echo by the way from the reflectors to the target: its *offset*,
//! learnt from pairs of both in calm moments. With it a connect time is as good as a round and is
//! held against the ICMP baseline. A target without one is used only if none with one answers,
//! alone, and against a baseline of its own; only its silence lets another one take its place.
//!
//! Times come at 5 Hz here, not at 20, and each moves the load as much as a round of the reflectors
//! would: the load follows four times as slowly as by ICMP (with the defaults, a time constant of
//! 1 s), and rates fall and rise by a quarter of the steps per second. 100 ms of bloat are YELLOW
//! after one sample (at most 0.4 s) and RED after eight (1.6 s); the first RED decision of a spike
//! comes with the second sample. Slower, and by the same measure less easily led astray by a single
//! odd time, of which there is no median here. Between two times the rates are held.

mod gateway;
mod offset;
mod targets;

pub use self::targets::{DEADLINE, MAX_ON_WAY, MAX_TARGETS};
use self::{
    gateway::Echoes,
    targets::{Target, Targets},
};
use super::{
    law::Scale,
    time::{Instant, Span},
    units::Rtt,
};

/// While ICMP works, one connect this often: six a minute tell nobody off, and an offset is known
/// after a minute with two targets.
pub const LEARN_EVERY: Span = Span::from_secs(10);
/// While it does not, one connect and one echo to the gateway this often, or once per interval if
/// that is longer.
pub const RHYTHM: Span = Span::from_millis(200);
/// Who has not answered for this long, and for three turns, is silent.
const SILENT_AFTER: Span = Span::from_secs(2);
/// A handshake in less than this part of the ICMP time never saw the line.
const TOO_FAST: f64 = 0.25;

/// Whether there is a gateway to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// There is.
    Given,
    /// None is configured.
    None,
}

/// What can be asked instead of the reflectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many TCP targets there are (0 to [`MAX_TARGETS`]).
    pub targets: u8,
    /// Whether there is a gateway.
    pub gateway: Gateway,
}

impl Settings {
    /// Nothing: without ICMP the rates are held.
    pub const NOTHING: Self = Self { targets: 0, gateway: Gateway::None };
}

/// How a connect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a completed handshake, after this long.
    Completed(Span),
    /// Without: refused, unreachable, timed out. Even a refusal is no time, for a firewall in the
    /// board or the router may have sent it.
    Failed,
}

/// A time that can take the place of a round's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The target it comes from.
    pub target: u8,
    /// The time; on the ICMP scale, the offset is taken off already.
    pub value: Rtt,
    /// What it is to be held against.
    pub scale: Scale,
}

/// What answers while no reflector does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Connects to this target give times.
    Tcp {
        /// The target that gave the last one.
        target: u8,
        /// What they are held against.
        scale: Scale,
    },
    /// The gateway answers, and nothing beyond it; the rates are held.
    Gateway,
    /// Nothing does; the rates are held.
    Nothing,
}

/// What to ask now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Questions {
    /// Connect to this target, by this number.
    pub connect: Option<(u8, u32)>,
    /// Send the gateway an echo by this number.
    pub gateway: Option<u32>,
}

/// An idle line: since when, and the ICMP time on it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Calm {
    since: Instant,
    icmp: Rtt,
}

/// Everything that is asked besides the reflectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallback {
    settings: Settings,
    rhythm: Span,
    targets: Targets,
    echoes: Echoes,
    next: Instant,
    calm: Option<Calm>,
    /// The last ICMP time of an idle line, and what counts as none without it.
    usual: Rtt,
    /// Since when ICMP is lost; `None`: it works.
    lost: Option<Instant>,
    sample: Option<Sample>,
    used: Option<(Sample, Instant)>,
    /// The one target that is used without an offset, and when it was used last.
    own: Option<(u8, Instant)>,
}

impl Fallback {
    /// Nothing is lost and nothing known at `now`. A time below `shortest` is taken for that of a
    /// line only if ICMP says that it may be.
    pub fn new(settings: Settings, interval: Span, shortest: Rtt, now: Instant) -> Self {
        Self {
            settings,
            rhythm: RHYTHM.max(interval),
            targets: Targets::new(settings.targets),
            echoes: Echoes::default(),
            next: now + LEARN_EVERY,
            calm: None,
            usual: Rtt::from_ms(shortest.ms() / TOO_FAST).unwrap_or(shortest),
            lost: None,
            sample: None,
            used: None,
            own: None,
        }
    }

    /// Time between two connects while ICMP is lost.
    pub const fn rhythm(&self) -> Span {
        self.rhythm
    }

    fn silent_after(&self) -> Span {
        SILENT_AFTER.max(self.rhythm.times(3))
    }

    /// A round was decided on and the line is idle: this is its ICMP time.
    pub fn calm(&mut self, icmp: Rtt, now: Instant) {
        let since = self.calm.map_or(now, |calm| calm.since);
        self.calm = Some(Calm { since, icmp });
        self.usual = if icmp < self.usual { icmp } else { self.usual };
    }

    /// The line is not idle, or nothing is known of it.
    pub const fn unrest(&mut self) {
        self.calm = None;
    }

    /// No reflector answers any more.
    pub fn begin(&mut self, now: Instant) {
        self.lost = Some(now);
        self.next = now;
        self.calm = None;
        self.used = None;
        // The one that stood in before has its chance before others.
        self.own = self.own.map(|(own, _)| (own, now));
        self.sample = None;
    }

    /// A reflector answers again.
    pub fn end(&mut self, now: Instant) {
        if self.lost.take().is_some() {
            self.next = now + LEARN_EVERY;
            self.used = None;
            self.sample = None;
        }
    }

    /// What to ask at this tick.
    pub fn ask(&mut self, now: Instant) -> Questions {
        if now < self.next {
            return Questions::default();
        }
        let every = if self.lost.is_some() { self.rhythm } else { LEARN_EVERY };
        // Keeps its rhythm unless it came a whole turn late.
        let on_time = self.next + every;
        self.next = if on_time > now { on_time } else { now + every };
        let connect = self.ask_target(now);
        let asks = self.lost.is_some() && self.settings.gateway == Gateway::Given;
        Questions { connect, gateway: asks.then(|| self.echoes.ask()) }
    }

    fn ask_target(&mut self, now: Instant) -> Option<(u8, u32)> {
        let (own, silent_after) = (self.own, self.silent_after());
        self.targets.ask(now, |index, target| match own {
            Some((own, at)) if now.since(at) < silent_after => own == index,
            Some(_) | None => target.offset.is_valid() && target.answers(now, silent_after),
        })
    }

    /// A connect is over. An outcome that nobody waits for is ignored.
    pub fn connected(&mut self, target: u8, number: u32, outcome: Outcome, now: Instant) {
        let Some(asked) = self.targets.settle(target, number, now) else { return };
        let Outcome::Completed(took) = outcome else { return };
        let took = Rtt::from_span(took);
        if now.since(asked) > DEADLINE || took.ms() < self.usual.ms() * TOO_FAST {
            return;
        }
        if self.lost.is_some() {
            self.use_time(target, took, now);
        } else {
            self.learn(target, took, asked, now);
        }
    }

    fn learn(&mut self, target: u8, took: Rtt, asked: Instant, now: Instant) {
        let Some(entry) = self.targets.get_mut(target) else { return };
        entry.heard = Some(now);
        if let Some(calm) = self.calm.filter(|calm| calm.since <= asked) {
            entry.offset.learn(took, calm.icmp);
        }
    }

    fn use_time(&mut self, target: u8, took: Rtt, now: Instant) {
        let Some(entry) = self.targets.get_mut(target) else { return };
        entry.heard = Some(now);
        let moved = entry.offset.apply(took);
        let sample = match moved {
            Some(value) => Some(Sample { target, value, scale: Scale::Icmp }),
            None if self.may_use_own(target, now) => {
                Some(Sample { target, value: took, scale: Scale::Own })
            }
            None => None,
        };
        if let Some(sample) = sample {
            self.own = (sample.scale == Scale::Own).then_some((target, now));
            self.used = Some((sample, now));
            self.sample = Some(sample);
        }
    }

    /// Whether this target may be used without an offset.
    fn may_use_own(&self, target: u8, now: Instant) -> bool {
        let silent_after = self.silent_after();
        let better = |other: &Target| other.offset.is_valid() && other.answers(now, silent_after);
        let taken = self.own.is_some_and(|(own, at)| own != target && now.since(at) < silent_after);
        !taken && !self.targets.iter().any(better)
    }

    /// The gateway answered.
    pub fn gateway_answered(&mut self, number: u32, now: Instant) {
        self.echoes.answered(number, now);
    }

    /// The time that has come in since this was asked last, if ICMP is lost. One from before a long
    /// sleep says nothing of the line as it is now.
    pub fn take_sample(&mut self, now: Instant) -> Option<Sample> {
        let silent_after = self.silent_after();
        let is_new = |(_, at): (Sample, Instant)| now.since(at) < silent_after;
        self.sample.take().filter(|_| self.used.is_some_and(is_new))
    }

    /// What answers now.
    pub fn instead(&self, now: Instant) -> Instead {
        let silent_after = self.silent_after();
        match self.used {
            Some((Sample { target, scale, .. }, at)) if now.since(at) < silent_after => {
                Instead::Tcp { target, scale }
            }
            _ if self.echoes.answers(now, silent_after) => Instead::Gateway,
            _ => Instead::Nothing,
        }
    }

    /// Whether all that was asked since ICMP is lost has had its time to answer.
    pub fn is_sure(&self, now: Instant) -> bool {
        let Some(lost) = self.lost else { return true };
        let asked = self.targets.iter().all(|target| target.settled >= Some(lost));
        let gateway =
            self.settings.gateway == Gateway::None || self.echoes.answers(now, self.silent_after());
        (asked && gateway) || now.since(lost) >= DEADLINE
    }
}

#[cfg(test)]
mod tests;
