//! The rounds of probes that are on the way, and what became of them.
//! Promises: a reply is used at most once and only in its own round; a round settles once, never
//! after a later one; a lost round blocks nothing; memory is bounded. Replies that come too late for
//! theirs tell how long the queue is, as long as none comes in time.
//! Knows nothing of packets; a probe is known by its reflector and the number of its round.

mod overdue;

use heapless::{Deque, Vec};

use self::overdue::Overdue;
use super::{
    oneway::Way,
    reflectors::{MAX_PROBES, ROUND_WIDTH, Role},
    time::{Instant, Span},
    units::Rtt,
};

/// A reply after this is late: no round waits longer for its first one.
pub const REPLY_TIMEOUT: Span = Span::from_secs(2);
/// No buffer is as long: that is a reply to something else.
const LONGEST: Span = Span::from_secs(60);
/// A round whose first answer is older than this, and than three intervals, is one of the past.
const FRESH_FOR: Span = Span::from_secs(1);
/// Rounds remembered: the timeout at the shortest interval (20 ms) and some slack. When full, the
/// oldest is given up.
const MAX_ROUNDS: usize = 128;

/// What a reply was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyFate {
    /// It came in time and belongs to an open round.
    Used,
    /// It came after the timeout, or its round has settled or is forgotten.
    Late,
    /// The probe was answered before.
    Duplicate,
    /// Nobody asked.
    Unknown,
}

/// Counters of replies that were not used, since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Unused {
    /// After the round had settled.
    pub late: u32,
    /// A second time.
    pub duplicate: u32,
    /// With a wrong nonce, or to a question never asked.
    pub forged: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Probe {
    reflector: u8,
    role: Role,
    way: Way,
    /// When it left; `None`: not yet, or it could not be sent.
    sent: Option<Instant>,
    reply: Reply,
}

impl Probe {
    const fn rtt(&self) -> Option<Span> {
        match self.reply {
            Reply::InTime(rtt) => Some(rtt),
            Reply::Missing | Reply::Late => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Missing,
    InTime(Span),
    /// It is remembered only to know a duplicate.
    Late,
}

#[derive(Clone, Debug, PartialEq)]
struct Round {
    number: u32,
    started: Instant,
    first_reply: Option<Instant>,
    stage: Stage,
    probes: Vec<Probe, MAX_PROBES>,
}

/// How far a round has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Replies count.
    Open,
    /// It was used or given up; only the probe that checks may still be answered.
    Settled,
    /// All is told.
    Closed,
}

impl Round {
    fn measured(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| probe.role == Role::Measure)
    }

    fn answered(&self) -> bool {
        self.measured().any(|probe| probe.rtt().is_some())
    }

    fn complete(&self) -> bool {
        self.answered()
            && self.measured().all(|probe| probe.rtt().is_some() || probe.sent.is_none())
    }

    fn expired(&self, now: Instant) -> bool {
        now.since(self.started) >= REPLY_TIMEOUT
    }

    /// Whether the others had their time: one `interval` from the first answer.
    fn waited(&self, now: Instant, interval: Span) -> bool {
        self.expired(now) || self.first_reply.is_some_and(|first| now.since(first) >= interval)
    }

    /// Whether the probe that checks is answered, or had as long as a measured one.
    fn check_is_over(&self, now: Instant, interval: Span) -> bool {
        let mut checks = self.probes.iter().filter(|probe| probe.role == Role::Check);
        self.waited(now, interval) || checks.all(|probe| probe.rtt().is_some())
    }

    /// Whether it says something about the line of now. A board that slept finds answers from
    /// before its sleep.
    fn is_fresh(&self, now: Instant, interval: Span) -> bool {
        let fresh_for = FRESH_FOR.max(interval.times(3));
        self.first_reply.is_some_and(|first| now.since(first) < fresh_for)
    }

    /// Whether it can be used. One that is about to expire is used with what it has: at a slow
    /// interval there is no later cycle in which it could be.
    fn ready(&self, now: Instant, interval: Span) -> bool {
        self.stage == Stage::Open
            && (self.complete() || (self.answered() && self.waited(now, interval)))
    }
}

/// The fate of one probe, told when its round is closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProbeFate {
    /// Answered in time.
    Answered(u8),
    /// One that checks was answered in time, after so long.
    Checked(u8, Rtt),
    /// Not sent or not answered in time, while another one of its round was.
    Lost(u8),
}

/// A settled round.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The median of three, the mean of two, or the one.
    pub value: Rtt,
    /// The times of the single reflectors, rising.
    pub samples: Vec<Rtt, ROUND_WIDTH>,
    /// Whose they are, in the order in which they were asked.
    pub times: Vec<(u8, Rtt), ROUND_WIDTH>,
}

/// All rounds that replies may still belong to, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    kept: Deque<Round, MAX_ROUNDS>,
    unused: Unused,
    overdue: Overdue,
}

impl Rounds {
    /// Opens the round `number` to these reflectors. Numbers rise by one.
    pub fn open(&mut self, number: u32, now: Instant, to: &[(u8, Role)]) {
        let probe = |(reflector, role): &(u8, Role)| Probe {
            reflector: *reflector,
            role: *role,
            way: Way::Echo,
            sent: None,
            reply: Reply::Missing,
        };
        let round = Round {
            number,
            started: now,
            first_reply: None,
            stage: Stage::Open,
            probes: to.iter().take(MAX_PROBES).map(probe).collect(),
        };
        if self.kept.is_full() {
            self.kept.pop_front();
        }
        // Cannot fail: there is room for one now.
        let _ = self.kept.push_back(round);
    }

    /// Gives up the rounds on the way: their probes went to other reflectors.
    pub fn give_up(&mut self) {
        self.kept.iter_mut().for_each(|round| round.stage = Stage::Closed);
    }

    /// How long the oldest round waits in vain for its first answer; `None`: none does.
    pub fn awaited(&self, now: Instant) -> Option<Span> {
        let waits = |round: &&Round| round.stage == Stage::Open && !round.answered();
        self.kept.iter().find(waits).map(|round| now.since(round.started))
    }

    /// Says by what a probe of a round is asked, where it is not by echo alone.
    pub fn ask(&mut self, reflector: u8, number: u32, way: Way) {
        if let Some((_, probe)) = self.find(reflector, number) {
            probe.way = way;
        }
    }

    /// A probe left at `at`; asked by both ways, the first one is the echo.
    pub fn sent(&mut self, reflector: u8, number: u32, at: Instant) {
        if let Some((_, probe)) = self.find(reflector, number) {
            probe.sent = probe.sent.or(Some(at));
        }
    }

    /// A genuine answer to a question for the time arrived at `at`: when that had left, if it is of
    /// any use. Asked besides an echo, its round trip counts as little as that it is missing.
    pub fn time(&mut self, reflector: u8, number: u32, at: Instant) -> Option<Instant> {
        let found = self.find(reflector, number).map(|(_, probe)| (probe.way, probe.sent));
        match found {
            Some((Way::Both, Some(sent))) => (at.since(sent) < REPLY_TIMEOUT).then_some(sent),
            Some((Way::Time, Some(sent))) => {
                (self.reply(reflector, number, at) == ReplyFate::Used).then_some(sent)
            }
            Some((Way::Echo, _) | (_, None)) => {
                self.forged();
                None
            }
            None => {
                self.reply(reflector, number, at);
                None
            }
        }
    }

    /// A genuine reply to a probe arrived at `at`.
    pub fn reply(&mut self, reflector: u8, number: u32, at: Instant) -> ReplyFate {
        let fate = self.judge(reflector, number, at);
        match fate {
            ReplyFate::Used => {}
            ReplyFate::Late => {
                self.unused.late = self.unused.late.saturating_add(1);
                self.keep_late(reflector, number, at);
            }
            ReplyFate::Duplicate => self.unused.duplicate = self.unused.duplicate.saturating_add(1),
            ReplyFate::Unknown => self.forged(),
        }
        fate
    }

    /// A reply that is not genuine arrived.
    pub const fn forged(&mut self) {
        self.unused.forged = self.unused.forged.saturating_add(1);
    }

    /// Replies that were not used.
    pub const fn unused(&self) -> Unused {
        self.unused
    }

    fn judge(&mut self, reflector: u8, number: u32, at: Instant) -> ReplyFate {
        let newest = self.kept.back().map(|round| round.number);
        let Some((stage, probe)) = self.find(reflector, number) else {
            // Half of all numbers lie behind the newest, so that they may wrap.
            let behind = newest.map_or(0, |newest| newest.wrapping_sub(number));
            let past = (1..u32::MAX / 2).contains(&behind);
            return if past { ReplyFate::Late } else { ReplyFate::Unknown };
        };
        let Some(sent) = probe.sent else { return ReplyFate::Unknown };
        if probe.reply != Reply::Missing {
            return ReplyFate::Duplicate;
        }
        let rtt = at.since(sent);
        let measured = probe.role == Role::Measure;
        let open_until = if measured { Stage::Open } else { Stage::Settled };
        if stage > open_until || rtt >= REPLY_TIMEOUT {
            probe.reply = Reply::Late;
            return ReplyFate::Late;
        }
        probe.reply = Reply::InTime(rtt);
        if measured && let Some(round) = self.round_mut(number) {
            round.first_reply = round.first_reply.or(Some(at));
        }
        ReplyFate::Used
    }

    /// Keeps a late reply in mind. What is not remembered any more was asked at the pace of what is.
    fn keep_late(&mut self, reflector: u8, number: u32, at: Instant) {
        let Some((oldest, newest)) = self.kept.front().zip(self.kept.back()) else { return };
        let (behind, all) =
            (newest.number.wrapping_sub(number), newest.number.wrapping_sub(oldest.number));
        let asked = newest.started.since(oldest.started);
        let pace = Span::from_micros(asked.as_micros() / u64::from(all.max(1)));
        let guess = at.since(newest.started) + pace.times(u64::from(behind));
        let took = match self.find(reflector, number) {
            // Who checks is one that was set aside.
            Some((_, Probe { role: Role::Measure, sent: Some(sent), .. })) => at.since(*sent),
            Some(_) => return,
            None => guess.max(REPLY_TIMEOUT),
        };
        if (REPLY_TIMEOUT..LONGEST).contains(&took) {
            self.overdue.came(at, took, pace);
        }
    }

    /// How long replies take that all come too late for their rounds: the latest that counts.
    pub fn overdue(&mut self, now: Instant) -> Option<Rtt> {
        self.overdue.take(now).map(Rtt::from_span)
    }

    /// Numbers rise by one, so a round's place is its distance from the oldest.
    fn round_mut(&mut self, number: u32) -> Option<&mut Round> {
        let oldest = self.kept.front()?.number;
        let place = usize::try_from(number.wrapping_sub(oldest)).ok()?;
        self.kept.get_mut(place).filter(|round| round.number == number)
    }

    /// How far its round has come, and the probe.
    fn find(&mut self, reflector: u8, number: u32) -> Option<(Stage, &mut Probe)> {
        let round = self.round_mut(number)?;
        let stage = round.stage;
        let probe = round.probes.iter_mut().find(|probe| probe.reflector == reflector)?;
        Some((stage, probe))
    }

    /// Settles what can be settled and gives the newest such round. A round is ready when all its
    /// probes are answered, or one `interval` after its first answer. Rounds that are older than
    /// the newest ready one are settled with it. `fate` is told of every measured probe of a
    /// settled round, and of the one that checks when its time is over too: the round does not
    /// wait for it.
    pub fn settle(
        &mut self,
        now: Instant,
        interval: Span,
        mut fate: impl FnMut(ProbeFate),
    ) -> Option<Settled> {
        let newest = self.kept.iter().rposition(|round| round.ready(now, interval));
        for (place, round) in self.kept.iter_mut().enumerate() {
            let overtaken = newest.is_some_and(|newest| place <= newest);
            if round.stage == Stage::Open && (overtaken || round.expired(now)) {
                round.stage = Stage::Settled;
                tell(round, Role::Measure, &mut fate);
            }
            if round.stage == Stage::Settled && round.check_is_over(now, interval) {
                round.stage = Stage::Closed;
                tell(round, Role::Check, &mut fate);
            }
        }
        let fresh = newest.and_then(|newest| self.kept.get(newest));
        let settled = fresh.filter(|round| round.is_fresh(now, interval)).and_then(settled);
        self.forget(now);
        if settled.is_some() {
            self.overdue.in_time();
        }
        settled
    }

    /// Closed rounds are kept for as long again, to tell late replies from unknown ones.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.kept.front() {
            if now.since(oldest.started) < REPLY_TIMEOUT.times(2) {
                break;
            }
            self.kept.pop_front();
        }
    }
}

/// Losses count only if somebody else answered: a silent line is nobody's fault. A probe that could
/// not be sent while others were answered is as bad as a lost one.
fn tell(round: &Round, role: Role, fate: &mut impl FnMut(ProbeFate)) {
    let line_works = round.answered();
    for probe in round.probes.iter().filter(|probe| probe.role == role) {
        match (probe.rtt(), role) {
            (Some(_), Role::Measure) => fate(ProbeFate::Answered(probe.reflector)),
            (Some(rtt), Role::Check) => {
                fate(ProbeFate::Checked(probe.reflector, Rtt::from_span(rtt)));
            }
            (None, _) if line_works => fate(ProbeFate::Lost(probe.reflector)),
            (None, _) => {}
        }
    }
}

fn settled(round: &Round) -> Option<Settled> {
    let mut samples: Vec<Rtt, ROUND_WIDTH> = Vec::new();
    let answer = |probe: &Probe| Some((probe.reflector, Rtt::from_span(probe.rtt()?)));
    let times: Vec<_, ROUND_WIDTH> =
        round.measured().filter_map(answer).take(ROUND_WIDTH).collect();
    for (_, rtt) in times.iter().copied() {
        let place = samples.iter().take_while(|sample| **sample < rtt).count();
        // Cannot fail: a round measures no more than its width.
        let _ = samples.insert(place, rtt);
    }
    let value = match samples.as_slice() {
        [] => return None,
        [one] => *one,
        [low, high] => low.mean(*high),
        [_, middle, ..] => *middle,
    };
    Some(Settled { value, samples, times })
}

#[cfg(test)]
mod tests;
