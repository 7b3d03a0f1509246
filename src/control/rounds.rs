//! The rounds of probes that are on the way, and what became of them.
//! Promises: a reply is used at most once and only in its own round; a round settles once, never
//! after a later one; a lost round blocks nothing; memory is bounded.
//! Knows nothing of packets; a probe is known by its reflector and the number of its round.

use heapless::{Deque, Vec};

use super::{
    reflectors::{MAX_PROBES, ROUND_WIDTH, Role},
    time::{Instant, Span},
    units::Rtt,
};

/// A reply after this is late. Longer than the deepest buffers that are worth controlling.
pub const REPLY_TIMEOUT: Span = Span::from_secs(2);
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeFate {
    /// Answered in time.
    Answered(u8),
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
}

/// All rounds that replies may still belong to, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    rounds: Deque<Round, MAX_ROUNDS>,
    unused: Unused,
}

impl Rounds {
    /// Opens the round `number` to these reflectors. Numbers rise by one.
    pub fn open(&mut self, number: u32, now: Instant, to: &[(u8, Role)]) {
        let probe = |(reflector, role): &(u8, Role)| Probe {
            reflector: *reflector,
            role: *role,
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
        if self.rounds.is_full() {
            self.rounds.pop_front();
        }
        // Cannot fail: there is room for one now.
        let _ = self.rounds.push_back(round);
    }

    /// Gives up the rounds on the way: their probes went to other reflectors.
    pub fn give_up(&mut self) {
        self.rounds.iter_mut().for_each(|round| round.stage = Stage::Closed);
    }

    /// A probe left at `at`.
    pub fn sent(&mut self, reflector: u8, number: u32, at: Instant) {
        if let Some((_, probe)) = self.find(reflector, number) {
            probe.sent = Some(at);
        }
    }

    /// A genuine reply to a probe arrived at `at`.
    pub fn reply(&mut self, reflector: u8, number: u32, at: Instant) -> ReplyFate {
        let fate = self.judge(reflector, number, at);
        match fate {
            ReplyFate::Used => {}
            ReplyFate::Late => self.unused.late = self.unused.late.saturating_add(1),
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
        let newest = self.rounds.back().map(|round| round.number);
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

    /// Numbers rise by one, so a round's place is its distance from the oldest.
    fn round_mut(&mut self, number: u32) -> Option<&mut Round> {
        let oldest = self.rounds.front()?.number;
        let place = usize::try_from(number.wrapping_sub(oldest)).ok()?;
        self.rounds.get_mut(place).filter(|round| round.number == number)
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
        let newest = self.rounds.iter().rposition(|round| round.ready(now, interval));
        for (place, round) in self.rounds.iter_mut().enumerate() {
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
        let fresh = newest.and_then(|newest| self.rounds.get(newest));
        let settled = fresh.filter(|round| round.is_fresh(now, interval)).and_then(settled);
        self.forget(now);
        settled
    }

    /// Closed rounds are kept for as long again, to tell late replies from unknown ones.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.rounds.front() {
            if now.since(oldest.started) < REPLY_TIMEOUT.times(2) {
                break;
            }
            self.rounds.pop_front();
        }
    }
}

/// Losses count only if somebody else answered: a silent line is nobody's fault. A probe that could
/// not be sent while others were answered is as bad as a lost one.
fn tell(round: &Round, role: Role, fate: &mut impl FnMut(ProbeFate)) {
    let line_works = round.answered();
    for probe in round.probes.iter().filter(|probe| probe.role == role) {
        if probe.rtt().is_some() {
            fate(ProbeFate::Answered(probe.reflector));
        } else if line_works {
            fate(ProbeFate::Lost(probe.reflector));
        }
    }
}

fn settled(round: &Round) -> Option<Settled> {
    let mut samples: Vec<Rtt, ROUND_WIDTH> = Vec::new();
    for rtt in round.measured().filter_map(Probe::rtt).map(Rtt::from_span) {
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
    Some(Settled { value, samples })
}

#[cfg(test)]
mod tests {
    use super::{ProbeFate, ReplyFate, Rounds, Settled, Unused};
    use crate::control::{
        reflectors::Role,
        time::{Instant, Span},
        units::Rtt,
    };

    const INTERVAL: Span = Span::from_millis(50);
    const THREE: [(u8, Role); 3] = [(0, Role::Measure), (1, Role::Measure), (2, Role::Measure)];

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    fn open(rounds: &mut Rounds, number: u32, ms: u64, to: &[(u8, Role)]) {
        rounds.open(number, at(ms), to);
        for (reflector, _) in to {
            rounds.sent(*reflector, number, at(ms));
        }
    }

    fn settle(rounds: &mut Rounds, ms: u64) -> (Option<f64>, Vec<ProbeFate>) {
        let mut fates = Vec::new();
        let settled = rounds.settle(at(ms), INTERVAL, |fate| fates.push(fate));
        (settled.map(|Settled { value, .. }| value.ms()), fates)
    }

    #[test]
    fn the_value_is_the_median_of_three_the_mean_of_two_or_the_one() {
        let cases: [(&[u64], f64); 5] = [
            (&[30, 10, 20], 20.0),
            (&[10, 10, 40], 10.0),
            (&[40, 1, 39], 39.0),
            (&[30, 10], 20.0),
            (&[17], 17.0),
        ];
        for (times, value) in cases {
            let mut rounds = Rounds::default();
            open(&mut rounds, 1, 0, &THREE[..times.len()]);
            for (reflector, ms) in (0..).zip(times) {
                assert_eq!(rounds.reply(reflector, 1, at(*ms)), ReplyFate::Used);
            }
            assert_eq!(settle(&mut rounds, 50).0, Some(value), "{times:?}");
            assert_eq!(settle(&mut rounds, 100).0, None, "a round settles once");
        }
    }

    #[test]
    fn an_incomplete_round_waits_one_interval_from_its_first_answer() {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE);
        rounds.reply(0, 1, at(20));
        rounds.reply(1, 1, at(40));
        assert_eq!(settle(&mut rounds, 50).0, None);
        let (value, fates) = settle(&mut rounds, 100);
        assert_eq!(value, Some(30.0));
        assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Answered(1), ProbeFate::Lost(2)]);
    }

    #[test]
    fn replies_slower_than_the_interval_are_used_in_their_own_round() {
        let mut rounds = Rounds::default();
        for number in 0..10 {
            open(&mut rounds, number, u64::from(number) * 50, &THREE[..1]);
        }
        assert_eq!(rounds.reply(0, 0, at(460)), ReplyFate::Used);
        assert_eq!(settle(&mut rounds, 500).0, Some(460.0));
        assert_eq!(rounds.reply(0, 1, at(515)), ReplyFate::Used);
        assert_eq!(settle(&mut rounds, 550).0, Some(465.0));
    }

    #[test]
    fn of_several_ready_rounds_the_newest_counts_and_none_goes_back() {
        let mut rounds = Rounds::default();
        for number in 0..4 {
            open(&mut rounds, number, u64::from(number) * 50, &THREE[..1]);
        }
        rounds.reply(0, 3, at(170));
        rounds.reply(0, 1, at(171));
        assert_eq!(settle(&mut rounds, 200).0, Some(20.0));
        assert_eq!(rounds.reply(0, 2, at(201)), ReplyFate::Late);
        assert_eq!(settle(&mut rounds, 250).0, None);
        assert_eq!(rounds.unused(), Unused { late: 1, duplicate: 0, forged: 0 });
    }

    #[test]
    fn late_duplicate_and_unasked_replies_are_counted_and_never_used() {
        let mut rounds = Rounds::default();
        open(&mut rounds, 7, 0, &THREE);
        assert_eq!(rounds.reply(0, 7, at(10)), ReplyFate::Used);
        assert_eq!(rounds.reply(0, 7, at(11)), ReplyFate::Duplicate);
        assert_eq!(rounds.reply(0, 8, at(12)), ReplyFate::Unknown);
        assert_eq!(rounds.reply(5, 7, at(12)), ReplyFate::Unknown);
        assert_eq!(settle(&mut rounds, 100).0, Some(10.0));
        assert_eq!(rounds.reply(1, 7, at(110)), ReplyFate::Late);
        assert_eq!(rounds.reply(1, 7, at(111)), ReplyFate::Duplicate);
        rounds.forged();
        assert_eq!(rounds.unused(), Unused { late: 1, duplicate: 2, forged: 3 });
        open(&mut rounds, 8, 9_000, &THREE);
        settle(&mut rounds, 9_000);
        assert_eq!(rounds.reply(2, 7, at(9_001)), ReplyFate::Late, "forgotten, but it was asked");
    }

    #[test]
    fn a_reply_after_the_timeout_is_late_even_if_nobody_looked_before() {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE[..1]);
        assert_eq!(rounds.reply(0, 1, at(2_000)), ReplyFate::Late);
        assert_eq!(rounds.reply(0, 1, at(2_001)), ReplyFate::Duplicate);
        assert_eq!(settle(&mut rounds, 2_001), (None, vec![]), "late is not used");

        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE);
        rounds.reply(0, 1, at(10));
        rounds.reply(1, 1, at(20));
        assert_eq!(rounds.reply(2, 1, at(9_000)), ReplyFate::Late);
        let (value, fates) = settle(&mut rounds, 9_000);
        assert_eq!(value, None, "nine seconds ago");
        assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Answered(1), ProbeFate::Lost(2)]);
    }

    #[test]
    fn a_round_from_before_a_sleep_is_no_measurement_of_now() {
        for (now, value) in [(1_009, Some(10.0)), (1_010, None), (3_600_000, None)] {
            let mut rounds = Rounds::default();
            open(&mut rounds, 1, 0, &THREE[..1]);
            rounds.reply(0, 1, at(10));
            let expected = (value, vec![ProbeFate::Answered(0)]);
            assert_eq!(settle(&mut rounds, now), expected, "{now} ms");
        }
    }

    #[test]
    fn at_a_slow_interval_an_incomplete_round_counts_when_its_time_is_over() {
        for interval in [Span::from_secs(1), Span::from_secs(2)] {
            let mut rounds = Rounds::default();
            open(&mut rounds, 1, 0, &THREE);
            rounds.reply(0, 1, at(20));
            rounds.reply(1, 1, at(40));
            let settled = rounds.settle(at(2_000), interval, |_| ());
            assert_eq!(settled.map(|settled| settled.value.ms()), Some(30.0), "{interval:?}");
        }
    }

    #[test]
    fn a_check_has_as_long_as_a_measured_probe() {
        let roles = [(0, Role::Measure), (4, Role::Check)];
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &roles);
        rounds.reply(0, 1, at(20));
        assert_eq!(settle(&mut rounds, 50), (Some(20.0), vec![ProbeFate::Answered(0)]));
        assert_eq!(rounds.reply(4, 1, at(69)), ReplyFate::Used);
        assert_eq!(settle(&mut rounds, 100), (None, vec![ProbeFate::Answered(4)]));
        open(&mut rounds, 2, 100, &roles);
        rounds.reply(0, 2, at(120));
        assert_eq!(settle(&mut rounds, 150), (Some(20.0), vec![ProbeFate::Answered(0)]));
        assert_eq!(settle(&mut rounds, 200), (None, vec![ProbeFate::Lost(4)]));
        assert_eq!(rounds.reply(4, 2, at(201)), ReplyFate::Late);
        assert_eq!(settle(&mut rounds, 250), (None, vec![]));
    }

    #[test]
    fn the_number_of_a_round_may_wrap() {
        let mut rounds = Rounds::default();
        open(&mut rounds, u32::MAX, 0, &THREE[..1]);
        open(&mut rounds, 0, 50, &THREE[..1]);
        assert_eq!(rounds.reply(0, 0, at(60)), ReplyFate::Used);
        assert_eq!(settle(&mut rounds, 100).0, Some(10.0));
        assert_eq!(rounds.reply(0, u32::MAX, at(101)), ReplyFate::Late);
        open(&mut rounds, 1, 5_000, &THREE[..1]);
        settle(&mut rounds, 5_000);
        assert_eq!(rounds.reply(0, u32::MAX, at(5_001)), ReplyFate::Late, "it was asked once");
        assert_eq!(rounds.reply(0, 2, at(5_001)), ReplyFate::Unknown);
    }

    #[test]
    fn a_silent_line_is_nobodys_fault() {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &THREE);
        assert_eq!(settle(&mut rounds, 1_999), (None, vec![]));
        assert_eq!(settle(&mut rounds, 2_000), (None, vec![]));
    }

    #[test]
    fn a_checked_reflector_neither_counts_nor_is_waited_for() {
        let mut rounds = Rounds::default();
        open(&mut rounds, 1, 0, &[(0, Role::Measure), (4, Role::Check)]);
        rounds.reply(0, 1, at(20));
        assert_eq!(settle(&mut rounds, 50).0, Some(20.0));
        open(&mut rounds, 2, 50, &[(0, Role::Measure), (4, Role::Check)]);
        rounds.reply(4, 2, at(51));
        assert_eq!(settle(&mut rounds, 200).0, None, "a check alone makes no round");
        rounds.reply(0, 2, at(210));
        let (value, fates) = settle(&mut rounds, 250);
        assert_eq!(value, Some(160.0));
        assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Answered(4)]);
    }

    #[test]
    fn a_probe_that_could_not_be_sent_is_lost_but_not_waited_for() {
        let mut rounds = Rounds::default();
        rounds.open(1, at(0), &THREE);
        rounds.sent(0, 1, at(0));
        rounds.reply(0, 1, at(9));
        let (value, fates) = settle(&mut rounds, 50);
        assert_eq!(value, Some(9.0));
        assert_eq!(fates, [ProbeFate::Answered(0), ProbeFate::Lost(1), ProbeFate::Lost(2)]);
    }

    #[test]
    fn ten_thousand_unanswered_rounds_fit_in_bounded_memory() {
        let mut rounds = Rounds::default();
        for number in 0..10_000 {
            open(&mut rounds, number, u64::from(number), &THREE);
        }
        assert_eq!(rounds.rounds.len(), super::MAX_ROUNDS);
        assert_eq!(rounds.reply(0, 9_999, at(10_000)), ReplyFate::Used);
        assert_eq!(settle(&mut rounds, 10_100).0, Some(1.0));
        assert_eq!(Rtt::from_span(Span::from_millis(1)).ms().to_bits(), 1.0f64.to_bits());
    }
}
