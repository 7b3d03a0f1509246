//! What the router's counters prove.
//! Promises: the first reading is a reference; a counter that went down begins anew; one that could
//! not be read is unknown, never zero; one that never moves is mute, which is neither; of none is more
//! demanded than it has shown.
//! Knows nothing of what follows from it.

use heapless::Vec;

use crate::control::time::{Instant, Span};

/// A reading that is older is none.
const FRESH_FOR: Span = Span::from_secs(10);
/// A reading is held against the last one that is at least so old, however often the queue is read: in
/// less than a second even a full queue may drop nothing.
const APART: Span = Span::from_millis(900);
/// So many readings reach that far back, the closest ones being a fifth of a second apart.
const MOST_READINGS: usize = 8;
/// A counter that has not moved for this long demands nothing and proves nothing.
pub const MUTE_AFTER: Span = Span::from_secs(600);

/// What a queue has counted; `None` is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counted {
    /// Drops since ever.
    pub dropped: Option<u64>,
    /// Packets that wait at this moment.
    pub waiting: Option<u64>,
}

/// A number that may never have been anything but zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// It has not been above zero for [`MUTE_AFTER`].
    Mute,
    /// It is this.
    Says(u64),
}

impl Voice {
    /// Whether it is at least `bound`; `None`: it cannot tell.
    pub const fn reaches(self, bound: u64) -> Option<bool> {
        match self {
            Self::Mute => None,
            Self::Says(value) => Some(value >= bound),
        }
    }
}

/// What is bad of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// So many drops between two readings, or in about a second where they are closer.
    pub drops: u64,
    /// So many packets that wait.
    pub waiting: u64,
}

/// Drops and queue at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Not read, not readable, or read too long ago.
    Unknown,
    /// As of the last two readings.
    Known {
        /// Drops between them, or of about a second where they are closer.
        drops: Voice,
        /// Packets that waited at the last one.
        waiting: Voice,
    },
}

/// The readings, as far as they matter.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The counter of drops at the last readings, of which the first is what differences are held
    /// against.
    references: Vec<(Instant, u64), MOST_READINGS>,
    drops: Option<u64>,
    waiting: Option<u64>,
    read: Option<Instant>,
    drops_spoke: Option<Instant>,
    waiting_spoke: Option<Instant>,
    /// When each was bad last.
    drops_bad: Option<Instant>,
    waiting_bad: Option<Instant>,
    waits_since: Option<Instant>,
}

impl Evidence {
    /// Takes in a reading; `None`: it failed.
    pub fn take(&mut self, counted: Option<Counted>, bad: Bad, now: Instant) {
        let Some(Counted { dropped, waiting }) = counted else {
            // What was counted meanwhile belongs to no interval.
            self.references.clear();
            self.drops = None;
            self.waiting = None;
            return;
        };
        self.drops = dropped.and_then(|dropped| self.since_reference(dropped, now));
        self.refer_to(dropped, now);
        self.waiting = waiting;
        self.read = Some(now);
        if self.drops.is_some_and(|drops| drops > 0) {
            self.drops_spoke = Some(now);
        }
        if self.drops.is_some_and(|drops| drops >= bad.drops) {
            self.drops_bad = Some(now);
        }
        if waiting.is_some_and(|waiting| waiting >= bad.waiting) {
            self.waiting_bad = Some(now);
        }
        match waiting {
            Some(1..) => self.waiting_spoke = Some(now),
            Some(0) | None => self.waits_since = None,
        }
        if self.waits_since.is_none() && waiting.is_some_and(|waiting| waiting > 0) {
            self.waits_since = Some(now);
        }
    }

    /// What was dropped since the last reading that is not too close, or since the first one.
    fn since_reference(&mut self, dropped: u64, now: Instant) -> Option<u64> {
        let (_, last) = self.references.last()?;
        let _ = dropped.checked_sub(*last)?;
        let far = |(at, _): &(Instant, u64)| now.since(*at) >= APART;
        while self.references.get(1).is_some_and(far) {
            self.references.remove(0);
        }
        let (_, reference) = self.references.first()?;
        Some(dropped.saturating_sub(*reference))
    }

    /// A counter that fell, or is not there, begins anew.
    fn refer_to(&mut self, dropped: Option<u64>, now: Instant) {
        if self.drops.is_none() {
            self.references.clear();
        }
        if self.references.is_full() {
            self.references.remove(0);
        }
        if let Some(dropped) = dropped {
            // Cannot fail: there is room for one now.
            let _ = self.references.push((now, dropped));
        }
    }

    /// What is known at `now`.
    pub fn queue(&self, now: Instant) -> Queue {
        let fresh = self.read.is_some_and(|read| now.since(read) < FRESH_FOR);
        match (self.drops, self.waiting) {
            (Some(drops), Some(waiting)) if fresh => Queue::Known {
                drops: voice(drops, self.drops_spoke, now),
                waiting: voice(waiting, self.waiting_spoke, now),
            },
            _ => Queue::Unknown,
        }
    }

    /// Whether the counters bear out that it is bad; `None`: neither can, for it has not been as bad
    /// as that for [`MUTE_AFTER`].
    pub fn bears_out(&self, bad: Bad, now: Instant) -> Option<bool> {
        let demanded = |at: Option<Instant>| at.is_some_and(|at| now.since(at) < MUTE_AFTER);
        let drops = demanded(self.drops_bad).then_some(self.drops >= Some(bad.drops));
        let waiting = demanded(self.waiting_bad).then_some(self.waiting >= Some(bad.waiting));
        match (drops, waiting) {
            (None, None) => None,
            (drops, waiting) => Some(drops.unwrap_or(true) && waiting.unwrap_or(true)),
        }
    }

    /// For how long packets have been waiting, if at least `bound` of them do.
    pub fn waits(&self, bound: u64, now: Instant) -> Span {
        match (self.waiting, self.waits_since) {
            (Some(waiting), Some(since)) if waiting >= bound => now.since(since),
            _ => Span::ZERO,
        }
    }
}

fn voice(value: u64, spoke: Option<Instant>, now: Instant) -> Voice {
    match spoke {
        Some(spoke) if now.since(spoke) < MUTE_AFTER => Voice::Says(value),
        _ => Voice::Mute,
    }
}

#[cfg(test)]
mod tests {
    use super::{Bad, Counted, Evidence, MUTE_AFTER, Queue, Voice};
    use crate::control::time::{Instant, Span};

    const BAD: Bad = Bad { drops: 1, waiting: 50 };

    fn at(seconds: u64) -> Instant {
        Instant::default() + Span::from_secs(seconds)
    }

    fn counted(dropped: u64, waiting: u64) -> Counted {
        Counted { dropped: Some(dropped), waiting: Some(waiting) }
    }

    #[test]
    fn the_first_reading_is_a_reference_and_a_reset_makes_another() {
        let mut evidence = Evidence::default();
        assert_eq!(evidence.queue(at(0)), Queue::Unknown);
        for (second, dropped, drops) in
            [(1, 5_000, None), (2, 5_007, Some(7)), (3, 4, None), (4, 6, Some(2)), (5, 6, Some(0))]
        {
            evidence.take(Some(counted(dropped, 3)), BAD, at(second));
            let known = |drops| Queue::Known { drops, waiting: Voice::Says(3) };
            let expected = drops.map_or(Queue::Unknown, |drops| known(Voice::Says(drops)));
            assert_eq!(evidence.queue(at(second)), expected, "{second} s");
        }
    }

    #[test]
    fn a_reading_that_failed_is_unknown_and_the_next_one_is_a_reference() {
        let mut evidence = Evidence::default();
        evidence.take(Some(counted(0, 1)), BAD, at(0));
        evidence.take(Some(counted(9, 1)), BAD, at(1));
        evidence.take(None, BAD, at(2));
        assert_eq!(evidence.queue(at(2)), Queue::Unknown);
        evidence.take(Some(counted(1_000, 1)), BAD, at(3));
        assert_eq!(evidence.queue(at(3)), Queue::Unknown, "1000 drops of an unknown interval");
        evidence.take(Some(counted(1_000, 1)), BAD, at(4));
        assert!(matches!(evidence.queue(at(4)), Queue::Known { drops: Voice::Says(0), .. }));
        assert_eq!(evidence.queue(at(14)), Queue::Unknown, "too old");
        evidence.take(Some(Counted { dropped: None, waiting: Some(1) }), BAD, at(15));
        assert_eq!(evidence.queue(at(15)), Queue::Unknown, "a counter that is not there");
    }

    #[test]
    fn close_readings_tell_the_drops_of_about_a_second() {
        let mut evidence = Evidence::default();
        let at = |ms| Instant::default() + Span::from_millis(ms);
        for (ms, dropped, drops) in [
            (0, 0, None),
            (500, 5, Some(5)),
            (1_000, 5, Some(5)),
            (1_500, 5, Some(0)),
            (3_500, 6, Some(1)),
        ] {
            evidence.take(Some(counted(dropped, 3)), BAD, at(ms));
            let known = |drops| Queue::Known { drops: Voice::Says(drops), waiting: Voice::Says(3) };
            assert_eq!(evidence.queue(at(ms)), drops.map_or(Queue::Unknown, known), "{ms} ms");
        }
    }

    /// Who reads for the load too does so five times a second; the queue drops once.
    #[test]
    fn drops_are_those_of_about_a_second_however_often_it_is_read() {
        for every in [200, 250, 400, 500, 600, 850] {
            let mut evidence = Evidence::default();
            for ms in (0..10_000).step_by(every) {
                let at = Instant::default() + Span::from_millis(ms);
                evidence.take(Some(counted(20 * (ms / 900), 60)), BAD, at);
                let shown = match evidence.queue(at) {
                    Queue::Known { drops: Voice::Says(drops), .. } => drops,
                    Queue::Known { .. } | Queue::Unknown => 0,
                };
                let case = format!("{ms} ms, every {every}: {shown}");
                assert!(ms < 1_000 || (20..=40).contains(&shown), "{case}");
                assert!(ms < 1_000 || evidence.bears_out(BAD, at) == Some(true), "{case}");
            }
        }
    }

    #[test]
    fn a_counter_is_mute_until_it_moves_and_again_when_it_stops() {
        let mut evidence = Evidence::default();
        evidence.take(Some(counted(0, 0)), BAD, at(0));
        evidence.take(Some(counted(0, 0)), BAD, at(1));
        let mute = Queue::Known { drops: Voice::Mute, waiting: Voice::Mute };
        assert_eq!(evidence.queue(at(1)), mute);
        evidence.take(Some(counted(1, 0)), BAD, at(2));
        let spoke = Queue::Known { drops: Voice::Says(1), waiting: Voice::Mute };
        assert_eq!(evidence.queue(at(2)), spoke);
        let later = at(2) + MUTE_AFTER;
        evidence.take(Some(counted(1, 0)), BAD, later);
        assert_eq!(evidence.queue(later), mute);
    }
}
