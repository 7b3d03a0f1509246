//! Values that change at given times, and stretches of time.
//! Promises: plain data with absolute times; questions about the same time have the same answer.
//! Knows nothing of what is scheduled.

use crate::control::time::{Instant, Span};

/// A value that changes in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule<T> {
    first: T,
    steps: Vec<(Instant, T)>,
}

impl<T: Copy> Schedule<T> {
    /// A value that stays.
    pub const fn constant(value: T) -> Self {
        Self { first: value, steps: Vec::new() }
    }

    /// The same, but `value` from `at` on. Steps may be added in any order; of two at the same time
    /// the one added last counts.
    #[must_use]
    pub fn then(mut self, at: Instant, value: T) -> Self {
        let place = self.steps.partition_point(|(earlier, _)| *earlier <= at);
        self.steps.insert(place, (at, value));
        self
    }

    /// The value at `now`.
    pub fn at(&self, now: Instant) -> T {
        let past = self.steps.iter().take_while(|(from, _)| *from <= now);
        past.last().map_or(self.first, |(_, value)| *value)
    }

    /// When the value changes next after `now`.
    pub fn next_after(&self, now: Instant) -> Option<Instant> {
        self.steps.iter().map(|(from, _)| *from).find(|from| *from > now)
    }
}

/// A stretch of time: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Instant,
    /// The first moment after it.
    pub to: Instant,
}

impl Window {
    /// All of time.
    pub const ALWAYS: Self =
        Self { from: Instant::from_micros(0), to: Instant::from_micros(u64::MAX) };

    /// The stretch that begins at `from` and lasts `length`.
    pub fn lasting(from: Instant, length: Span) -> Self {
        Self { from, to: from + length }
    }

    /// Whether `now` belongs to it.
    pub fn contains(&self, now: Instant) -> bool {
        self.from <= now && now < self.to
    }

    /// When it next begins or ends after `now`.
    pub fn next_after(&self, now: Instant) -> Option<Instant> {
        [self.from, self.to].into_iter().find(|edge| *edge > now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Window};
    use crate::control::time::{Instant, Span};

    const fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn a_schedule_changes_exactly_at_its_steps_in_whatever_order_they_were_added() {
        let schedule = Schedule::constant(1).then(at(20), 3).then(at(10), 2).then(at(20), 4);
        assert_eq!([9, 10, 19, 20].map(|now| schedule.at(at(now))), [1, 2, 2, 4]);
        assert_eq!(schedule.next_after(at(0)), Some(at(10)));
        assert_eq!(schedule.next_after(at(10)), Some(at(20)));
        assert_eq!(schedule.next_after(at(20)), None);
    }

    #[test]
    fn a_window_holds_its_first_moment_but_not_its_end() {
        let window = Window::lasting(at(10), Span::from_micros(5));
        assert_eq!([9, 10, 14, 15].map(|now| window.contains(at(now))), [false, true, true, false]);
        assert_eq!(
            [9, 10, 15].map(|now| window.next_after(at(now))),
            [Some(at(10)), Some(at(15)), None]
        );
        assert!(Window::ALWAYS.contains(at(0)));
    }
}
