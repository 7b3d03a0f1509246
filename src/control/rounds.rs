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
/// Rounds remembered: the timeout at the shortest interval (20 ms) and some slack. When full, the
/// oldest is given up.
const MAX_ROUNDS: usize = 128;

/// What a reply was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyFate {
    /// It came in time and belongs to an open round.
    Used,
    /// Its round has settled, or is forgotten.
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
    rtt: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
struct Round {
    number: u32,
    started: Instant,
    first_reply: Option<Instant>,
    settled: bool,
    probes: Vec<Probe, MAX_PROBES>,
}

impl Round {
    fn measured(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| probe.role == Role::Measure)
    }

    fn answered(&self) -> bool {
        self.measured().any(|probe| probe.rtt.is_some())
    }

    fn complete(&self) -> bool {
        self.answered() && self.measured().all(|probe| probe.rtt.is_some() || probe.sent.is_none())
    }
}

/// The fate of one probe, told when its round is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeFate {
    /// Answered in time.
    Answered(u8),
    /// Not answered in time, while another one of its round was.
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
            rtt: None,
        };
        let round = Round {
            number,
            started: now,
            first_reply: None,
            settled: false,
            probes: to.iter().take(MAX_PROBES).map(probe).collect(),
        };
        if self.rounds.is_full() {
            self.rounds.pop_front();
        }
        // Cannot fail: there is room for one now.
        let _ = self.rounds.push_back(round);
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
        let Some((settled, probe)) = self.find(reflector, number) else {
            let past = newest.is_some_and(|newest| number < newest);
            return if past { ReplyFate::Late } else { ReplyFate::Unknown };
        };
        let Some(sent) = probe.sent else { return ReplyFate::Unknown };
        if probe.rtt.is_some() {
            return ReplyFate::Duplicate;
        }
        let rtt = at.since(sent);
        probe.rtt = Some(rtt);
        let measured = probe.role == Role::Measure;
        if settled || rtt >= REPLY_TIMEOUT {
            return ReplyFate::Late;
        }
        if measured && let Some(round) = self.round_mut(number) {
            round.first_reply = round.first_reply.or(Some(at));
        }
        ReplyFate::Used
    }

    /// Numbers rise by one, so a round's place is its distance from the oldest.
    fn round_mut(&mut self, number: u32) -> Option<&mut Round> {
        let oldest = self.rounds.front()?.number;
        let place = usize::try_from(number.checked_sub(oldest)?).ok()?;
        self.rounds.get_mut(place).filter(|round| round.number == number)
    }

    /// Whether its round has settled, and the probe.
    fn find(&mut self, reflector: u8, number: u32) -> Option<(bool, &mut Probe)> {
        let round = self.round_mut(number)?;
        let settled = round.settled;
        let probe = round.probes.iter_mut().find(|probe| probe.reflector == reflector)?;
        Some((settled, probe))
    }

    /// Settles what can be settled and gives the newest such round. A round is ready when all its
    /// probes are answered, or one `interval` after its first answer. Rounds that are older than
    /// the newest ready one are closed with it. `fate` is told of every probe of a closed round.
    pub fn settle(
        &mut self,
        now: Instant,
        interval: Span,
        mut fate: impl FnMut(ProbeFate),
    ) -> Option<Settled> {
        let ready = |round: &Round| {
            let waited = round.first_reply.is_some_and(|first| now.since(first) >= interval);
            !round.settled && (round.complete() || (waited && round.answered()))
        };
        let newest = self.rounds.iter().rev().find(|round| ready(round)).map(|round| round.number);
        for round in &mut self.rounds {
            let overtaken = newest.is_some_and(|newest| round.number <= newest);
            let expired = now.since(round.started) >= REPLY_TIMEOUT;
            if !round.settled && (overtaken || expired) {
                round.settled = true;
                tell(round, &mut fate);
            }
        }
        let settled = newest.and_then(|newest| {
            let round = self.rounds.iter().find(|round| round.number == newest)?;
            settled(round)
        });
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

/// Losses count only if somebody else answered: a silent line is nobody's fault.
fn tell(round: &Round, fate: &mut impl FnMut(ProbeFate)) {
    let line_works = round.answered();
    for probe in &round.probes {
        if probe.rtt.is_some() {
            fate(ProbeFate::Answered(probe.reflector));
        } else if line_works && probe.sent.is_some() {
            fate(ProbeFate::Lost(probe.reflector));
        }
    }
}

fn settled(round: &Round) -> Option<Settled> {
    let mut samples: Vec<Rtt, ROUND_WIDTH> = Vec::new();
    for rtt in round.measured().filter_map(|probe| probe.rtt).map(Rtt::from_span) {
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
    fn a_probe_that_could_not_be_sent_is_not_waited_for() {
        let mut rounds = Rounds::default();
        rounds.open(1, at(0), &THREE);
        rounds.sent(0, 1, at(0));
        rounds.reply(0, 1, at(9));
        assert_eq!(settle(&mut rounds, 50), (Some(9.0), vec![ProbeFate::Answered(0)]));
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
