//! The TCP targets of one WAN: whose turn it is, and who is still on the way.
//! Promises: at most [`MAX_ON_WAY`] connects per target are on the way, more than one only if the
//! last is overdue, and none for longer than [`DEADLINE`]; an outcome is taken once.
//! Knows nothing of addresses, nor what the times are good for.

use heapless::Vec;

use super::offset::Offset;
use crate::control::time::{Instant, Span};

/// Most targets of one WAN.
pub const MAX_TARGETS: usize = 4;
/// A handshake that takes longer is none. As long as the time an echo has.
pub const DEADLINE: Span = Span::from_secs(2);
/// Connects to one target that may be on the way at a time.
pub const MAX_ON_WAY: usize = 3;
/// A connect that takes longer is overdue, and does not keep the next one waiting: a lost packet
/// must not make a loaded line blind until the deadline, when it is loaded that they get lost.
const OVERDUE: Span = Span::from_millis(600);
/// One turn in so many goes to a target that is not in use, to learn whether it is better.
const OTHERS_EVERY: u32 = 5;

/// One target.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Target {
    pub(super) offset: Offset,
    /// When it completed a handshake last.
    pub(super) heard: Option<Instant>,
    /// When its last connect was over, well or not.
    pub(super) settled: Option<Instant>,
    /// Number and time of asking, the oldest first.
    on_way: Vec<(u32, Instant), MAX_ON_WAY>,
    turn: u32,
}

/// All of them, by their place in the configuration.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Targets {
    targets: Vec<Target, MAX_TARGETS>,
    /// Connects asked for so far.
    number: u32,
}

impl Targets {
    /// So many targets; those beyond [`MAX_TARGETS`] are left out.
    pub(super) fn new(count: u8) -> Self {
        let targets = (0..count).take(MAX_TARGETS).map(|_| Target::default()).collect();
        Self { targets, number: 0 }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter()
    }

    pub(super) fn get_mut(&mut self, target: u8) -> Option<&mut Target> {
        self.targets.get_mut(usize::from(target))
    }

    /// Who is asked now, and by which number; `None` if all are on the way. Those that `in_use`
    /// picks come first.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        in_use: impl Fn(u8, &Target) -> bool,
    ) -> Option<(u8, u32)> {
        let number = self.number.wrapping_add(1);
        let others_first = number.is_multiple_of(OTHERS_EVERY);
        let free = (0_u8..).zip(&self.targets).filter(|(_, target)| target.is_free(now));
        // The longest not asked goes first.
        let waited = |target: &Target| u32::MAX - number.wrapping_sub(target.turn);
        let (index, _) = free.min_by_key(|(index, target)| {
            (in_use(*index, target) == others_first, waited(target), *index)
        })?;
        let target = self.get_mut(index)?;
        target.on_way.retain(|(_, asked)| now.since(*asked) < DEADLINE);
        // Cannot fail: it was free.
        let _ = target.on_way.push((number, now));
        target.turn = number;
        self.number = number;
        Some((index, number))
    }

    /// When this connect was asked for, if it was on the way. It no longer is.
    pub(super) fn settle(&mut self, target: u8, number: u32, now: Instant) -> Option<Instant> {
        let target = self.get_mut(target)?;
        let place = target.on_way.iter().position(|(asked, _)| *asked == number)?;
        let (_, asked) = target.on_way.remove(place);
        target.settled = Some(now);
        Some(asked)
    }
}

impl Target {
    /// Whether it may be asked.
    fn is_free(&self, now: Instant) -> bool {
        let age = |asked: Instant| now.since(asked);
        let alive = self.on_way.iter().filter(|(_, asked)| age(*asked) < DEADLINE).count();
        alive < MAX_ON_WAY && self.on_way.last().is_none_or(|(_, asked)| age(*asked) >= OVERDUE)
    }

    /// Whether it completed a handshake within `span`.
    pub(super) fn answers(&self, now: Instant, span: Span) -> bool {
        self.heard.is_some_and(|heard| now.since(heard) < span)
    }
}

#[cfg(test)]
mod tests {
    use super::{DEADLINE, Targets};
    use crate::control::time::{Instant, Span};

    const START: Instant = Instant::from_micros(0);

    #[test]
    fn targets_take_turns_and_wait_for_their_own_connect_until_it_is_overdue() {
        let mut targets = Targets::new(2);
        let mut ask = |ms| targets.ask(START + Span::from_millis(ms), |_, _| false);
        assert_eq!(ask(0), Some((0, 1)));
        assert_eq!(ask(200), Some((1, 2)));
        assert_eq!(ask(599), None);
        assert_eq!(ask(600), Some((0, 3)), "overdue");
        assert_eq!(ask(800), Some((1, 4)));
        assert_eq!(ask(1_200), Some((0, 5)));
        assert_eq!(ask(1_400), Some((1, 6)));
        assert_eq!(ask(1_999), None, "three are on the way to each");
        assert_eq!(ask(2_000), Some((0, 7)), "the first is given up");
    }

    #[test]
    fn an_outcome_counts_once_and_not_when_it_was_given_up() {
        let mut targets = Targets::new(1);
        let (_, first) = targets.ask(START, |_, _| false).unwrap();
        let later = START + DEADLINE;
        let (_, second) = targets.ask(later, |_, _| false).unwrap();
        assert_eq!(targets.settle(0, first, later), None, "given up");
        assert_eq!(targets.settle(1, second, later), None);
        assert_eq!(targets.settle(0, second, later), Some(later));
        assert_eq!(targets.settle(0, second, later), None);
    }

    #[test]
    fn the_one_in_use_has_four_turns_of_five() {
        let mut targets = Targets::new(3);
        let mut turns = [0; 3];
        for step in 0..50 {
            let now = START + Span::from_millis(step);
            let (target, number) = targets.ask(now, |index, _| index == 1).unwrap();
            turns[usize::from(target)] += 1;
            targets.settle(target, number, now);
        }
        assert_eq!(turns, [5, 40, 5]);
    }
}
