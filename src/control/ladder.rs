//! The rate of one direction: what each zone does to it.
//! Promises: the rate stays within `[floors.red, ceiling]`; a floor stops a decrease and never
//! raises a rate; only a streak of green raises it.
//! Knows nothing of delay: it is told the zone.

use super::{
    units::{Rate, Ratio},
    zone::Zone,
};

/// The lowest rate that each zone may lead to, rising from red to green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floors {
    /// Sustained green raises the rate at least to this.
    pub green: Rate,
    /// Yellow does not lower the rate below this.
    pub yellow: Rate,
    /// Belongs to soft red, which holds the rate; kept for laws that decay there.
    pub soft_red: Rate,
    /// Nothing lowers the rate below this.
    pub red: Rate,
}

/// How the rate of one direction moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The highest rate.
    pub ceiling: Rate,
    /// The lowest rate of each zone.
    pub floors: Floors,
    /// What one green cycle adds after the streak.
    pub step_up: Rate,
    /// What red multiplies the rate by.
    pub factor_red: Ratio,
    /// What yellow multiplies the rate by.
    pub factor_yellow: Ratio,
    /// Green cycles in a row, this one included, before the rate rises (1 to 10).
    pub green_required: u8,
}

impl Settings {
    /// `rate` moved into `[floors.red, ceiling]`.
    pub fn clamp(&self, rate: Rate) -> Rate {
        rate.max(self.floors.red).min(self.ceiling)
    }

    /// Whether `rate` lies in `[floors.red, ceiling]`.
    pub fn contains(&self, rate: Rate) -> bool {
        self.floors.red <= rate && rate <= self.ceiling
    }
}

/// Whether the rate may rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raise {
    /// It may.
    Free,
    /// The router has yet to take earlier rises. Going on would only end in one leap of the limit
    /// once it does: straight over what the line carries.
    Held,
}

/// What became of the rate in one cycle, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Green, but the streak is not long enough yet.
    WaitForStreak,
    /// Sustained green raised the rate.
    Raised,
    /// Sustained green, and the rate is the ceiling.
    AtCeiling,
    /// Sustained green, but the router has yet to take earlier rises.
    AheadOfRouter,
    /// Yellow or red lowered the rate.
    Lowered,
    /// Yellow or red, and the rate is at or below the floor of the zone.
    AtFloor,
    /// Soft red holds.
    Held,
}

/// The rate of one direction and its streak of green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    settings: Settings,
    rate: Rate,
    streak: u8,
}

impl Ladder {
    /// Starts at the ceiling without a streak.
    pub const fn new(settings: Settings) -> Self {
        Self { settings, rate: settings.ceiling, streak: 0 }
    }

    /// Goes on from a saved rate and streak; `false` if the rate lies outside the limits, and then
    /// nothing changes.
    pub fn restore(&mut self, rate: Rate, streak: u8) -> bool {
        let valid = self.settings.contains(rate);
        if valid {
            self.rate = rate;
            self.streak = streak.min(self.settings.green_required);
        }
        valid
    }

    /// Goes on with other settings: the rate is moved into their limits.
    pub fn retune(&mut self, settings: Settings) {
        self.rate = settings.clamp(self.rate);
        self.streak = self.streak.min(settings.green_required);
        self.settings = settings;
    }

    /// The rate now.
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Green cycles in a row, at most `green_required`.
    pub const fn streak(&self) -> u8 {
        self.streak
    }

    /// Nothing was measured for a while: what comes next is no longer "in a row".
    pub const fn interrupt(&mut self) {
        self.streak = 0;
    }

    /// Moves the rate by one cycle in `zone`.
    pub fn step(&mut self, zone: Zone, raise: Raise) -> Move {
        let Settings { floors, factor_red, factor_yellow, .. } = self.settings;
        match zone {
            Zone::Green => self.green(raise),
            Zone::Yellow => self.decay(factor_yellow, floors.yellow),
            Zone::SoftRed => {
                self.streak = 0;
                Move::Held
            }
            Zone::Red => self.decay(factor_red, floors.red),
        }
    }

    fn green(&mut self, raise: Raise) -> Move {
        self.streak = self.streak.saturating_add(1).min(self.settings.green_required);
        if self.streak < self.settings.green_required {
            return Move::WaitForStreak;
        }
        if self.rate >= self.settings.ceiling {
            return Move::AtCeiling;
        }
        if raise == Raise::Held {
            return Move::AheadOfRouter;
        }
        let raised = self.rate.raised(self.settings.step_up);
        self.rate = self.settings.clamp(raised.max(self.settings.floors.green));
        Move::Raised
    }

    fn decay(&mut self, factor: Ratio, floor: Rate) -> Move {
        self.streak = 0;
        let lowered = self.rate.scaled(factor).max(floor);
        if lowered >= self.rate {
            return Move::AtFloor;
        }
        self.rate = lowered;
        Move::Lowered
    }
}

#[cfg(test)]
mod tests {
    use super::{Floors, Ladder, Move, Raise, Settings};
    use crate::control::{
        units::{Rate, Ratio},
        zone::Zone,
    };

    fn mbit(value: u64) -> Rate {
        Rate::from_bps(value * 1_000_000).unwrap()
    }

    fn settings() -> Settings {
        Settings {
            ceiling: mbit(500),
            floors: Floors {
                green: mbit(100),
                yellow: mbit(75),
                soft_red: mbit(50),
                red: mbit(25),
            },
            step_up: mbit(5),
            factor_red: Ratio::from_ppm(850_000),
            factor_yellow: Ratio::from_ppm(960_000),
            green_required: 5,
        }
    }

    fn at(rate: Rate, streak: u8) -> Ladder {
        let mut ladder = Ladder::new(settings());
        assert!(ladder.restore(rate, streak));
        ladder
    }

    /// (rate, streak) × zone → (rate, streak, move), one row a pair.
    #[test]
    fn every_state_and_zone_has_one_outcome() {
        use Move::{AtCeiling, AtFloor, Held, Lowered, Raised, WaitForStreak};
        use Zone::{Green, Red, SoftRed, Yellow};
        let cases = [
            // at the ceiling
            (mbit(500), 0, Green, mbit(500), 1, WaitForStreak),
            (mbit(500), 4, Green, mbit(500), 5, AtCeiling),
            (mbit(500), 5, Yellow, mbit(480), 0, Lowered),
            (mbit(500), 5, SoftRed, mbit(500), 0, Held),
            (mbit(500), 5, Red, mbit(425), 0, Lowered),
            // just below it
            (mbit(497), 3, Green, mbit(497), 4, WaitForStreak),
            (mbit(497), 4, Green, mbit(500), 5, Raised),
            (mbit(497), 5, Green, mbit(500), 5, Raised),
            // in the middle
            (mbit(200), 4, Green, mbit(205), 5, Raised),
            (mbit(200), 4, Yellow, mbit(192), 0, Lowered),
            (mbit(200), 4, SoftRed, mbit(200), 0, Held),
            (mbit(200), 4, Red, mbit(170), 0, Lowered),
            // around the green floor
            (mbit(99), 4, Green, mbit(104), 5, Raised),
            (mbit(80), 4, Green, mbit(100), 5, Raised),
            // around the yellow floor
            (mbit(76), 0, Yellow, mbit(75), 0, Lowered),
            (mbit(75), 0, Yellow, mbit(75), 0, AtFloor),
            (mbit(60), 5, Yellow, mbit(60), 0, AtFloor),
            (mbit(60), 5, SoftRed, mbit(60), 0, Held),
            (mbit(60), 5, Red, mbit(51), 0, Lowered),
            // around the red floor
            (mbit(26), 0, Red, mbit(25), 0, Lowered),
            (mbit(25), 0, Red, mbit(25), 0, AtFloor),
            (mbit(25), 5, SoftRed, mbit(25), 0, Held),
            (mbit(25), 5, Yellow, mbit(25), 0, AtFloor),
            (mbit(25), 4, Green, mbit(100), 5, Raised),
            (mbit(25), 0, Green, mbit(25), 1, WaitForStreak),
        ];
        for (rate, streak, zone, new_rate, new_streak, moved) in cases {
            let mut ladder = at(rate, streak);
            let outcome = ladder.step(zone, Raise::Free);
            assert_eq!(
                (ladder.rate(), ladder.streak(), outcome),
                (new_rate, new_streak, moved),
                "{rate:?} {streak} {zone:?}"
            );
        }
    }

    #[test]
    fn only_a_whole_streak_raises_and_anything_else_breaks_it() {
        let mut ladder = at(mbit(200), 0);
        for _ in 0..4 {
            assert_eq!(ladder.step(Zone::Green, Raise::Free), Move::WaitForStreak);
        }
        assert_eq!(ladder.step(Zone::SoftRed, Raise::Free), Move::Held);
        for _ in 0..4 {
            assert_eq!(ladder.step(Zone::Green, Raise::Free), Move::WaitForStreak);
        }
        assert_eq!(ladder.step(Zone::Green, Raise::Free), Move::Raised);
        assert_eq!(ladder.rate(), mbit(205));
    }

    #[test]
    fn a_restored_rate_outside_the_limits_is_refused() {
        let mut ladder = Ladder::new(settings());
        assert!(!ladder.restore(mbit(24), 0));
        assert!(!ladder.restore(mbit(501), 0));
        assert_eq!(ladder.rate(), mbit(500));
        assert!(ladder.restore(mbit(25), 200));
        assert_eq!((ladder.rate(), ladder.streak()), (mbit(25), 5));
    }

    #[test]
    fn a_factor_of_one_holds_and_does_not_count_as_lowered() {
        let mut ladder = Ladder::new(Settings { factor_red: Ratio::ONE, ..settings() });
        assert_eq!(ladder.step(Zone::Red, Raise::Free), Move::AtFloor);
        assert_eq!(ladder.rate(), mbit(500));
    }

    #[test]
    fn a_rise_that_the_router_has_not_taken_holds_the_next_and_nothing_else() {
        let held = |zone| {
            let mut ladder = at(mbit(200), 4);
            let moved = ladder.step(zone, Raise::Held);
            (ladder.rate(), ladder.streak(), moved)
        };
        assert_eq!(held(Zone::Green), (mbit(200), 5, Move::AheadOfRouter));
        assert_eq!(held(Zone::Yellow), (mbit(192), 0, Move::Lowered));
        assert_eq!(held(Zone::SoftRed), (mbit(200), 0, Move::Held));
        assert_eq!(held(Zone::Red), (mbit(170), 0, Move::Lowered));
    }
}
