//! How many writes a router's flash is spared: a count of the last hour that slows increases down.
//! Promises: the spacing of increases grows from one second to ten as the budget is used up, and
//! never stops them.
//! Knows nothing of queues; decreases are not its business.

use super::time::{Instant, Span};

/// Spacing of increases while less than half of the budget is used.
pub const SHORTEST_SPACING: Span = Span::from_secs(1);
/// Spacing of increases when the budget is used up.
pub const LONGEST_SPACING: Span = Span::from_secs(10);

/// Minutes counted: the last whole hour and the minute that has begun.
const MINUTES: usize = 61;
const MINUTE: u64 = 60_000_000;

/// Writes of the last hour, by minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    per_hour: u16,
    minutes: [u16; MINUTES],
    /// The minute of the newest count, since the origin of time.
    newest: u64,
    total: u64,
}

impl Budget {
    /// A budget of `per_hour` writes (60 to 7200).
    pub const fn new(per_hour: u16) -> Self {
        Self { per_hour, minutes: [0; MINUTES], newest: 0, total: 0 }
    }

    /// Goes on counting with another budget.
    pub const fn retune(&mut self, per_hour: u16) {
        self.per_hour = per_hour;
    }

    /// Counts one write.
    pub fn record(&mut self, now: Instant) {
        self.advance(now);
        self.total = self.total.saturating_add(1);
        if let Some(minute) = self.minutes.first_mut() {
            *minute = minute.saturating_add(1);
        }
    }

    /// Writes of the last hour.
    pub fn used(&mut self, now: Instant) -> u16 {
        self.advance(now);
        self.minutes.iter().fold(0, |sum, minute| sum.saturating_add(*minute))
    }

    /// Writes left in this hour.
    pub fn left(&mut self, now: Instant) -> u16 {
        self.per_hour.saturating_sub(self.used(now))
    }

    /// Writes since the start.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The least time between two increases now.
    pub fn spacing(&mut self, now: Instant) -> Span {
        let half = u64::from(self.per_hour / 2);
        let missing = half.saturating_sub(u64::from(self.left(now)));
        SHORTEST_SPACING + (LONGEST_SPACING - SHORTEST_SPACING).part(missing, half)
    }

    /// Moves the counts along so that the first is that of the present minute.
    fn advance(&mut self, now: Instant) {
        let minute = now.as_micros() / MINUTE;
        let passed = minute.saturating_sub(self.newest);
        let passed = usize::try_from(passed).unwrap_or(MINUTES).min(MINUTES);
        self.minutes.rotate_right(passed % MINUTES);
        self.minutes.iter_mut().take(passed).for_each(|count| *count = 0);
        self.newest = self.newest.max(minute);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use crate::control::time::{Instant, Span};

    fn minute(minutes: u64) -> Instant {
        Instant::from_micros(minutes * 60_000_000)
    }

    fn spend(budget: &mut Budget, writes: u32, at: Instant) {
        for _ in 0..writes {
            budget.record(at);
        }
    }

    #[test]
    fn the_spacing_grows_over_the_second_half_of_the_budget() {
        let cases =
            [(0, 1_000), (300, 1_000), (301, 1_030), (450, 5_500), (600, 10_000), (900, 10_000)];
        for (writes, spacing) in cases {
            let mut budget = Budget::new(600);
            spend(&mut budget, writes, minute(5));
            assert_eq!(budget.spacing(minute(5)), Span::from_millis(spacing), "{writes} writes");
        }
    }

    #[test]
    fn a_write_counts_for_at_least_an_hour_and_then_no_more() {
        let mut budget = Budget::new(600);
        spend(&mut budget, 10, minute(3));
        spend(&mut budget, 5, minute(40));
        assert_eq!(budget.used(minute(63)), 15);
        assert_eq!(budget.used(minute(64)), 5);
        assert_eq!(budget.used(minute(101)), 0);
        assert_eq!(budget.total(), 15);
    }

    #[test]
    fn a_jump_of_days_clears_the_count() {
        let mut budget = Budget::new(60);
        spend(&mut budget, 60, minute(0));
        assert_eq!(budget.left(minute(10_000_000)), 60);
    }

    #[test]
    fn time_that_stands_still_or_goes_back_loses_nothing() {
        let mut budget = Budget::new(60);
        spend(&mut budget, 7, minute(9));
        spend(&mut budget, 7, minute(2));
        assert_eq!(budget.used(minute(9)), 14);
    }
}
