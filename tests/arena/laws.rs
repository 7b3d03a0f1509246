//! The laws that meet in the arena, and what each of them is given.

use wanctl::control::{
    adaptive::Tuning,
    rule::Choice,
    units::{Direction, PerDirection, Rate},
    wan,
};

use crate::{lines::Line, settings};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    Adaptive,
    Classic,
    Bash,
    Fixed70,
    Fixed100,
    /// Knows what the line carries at every moment, and takes 99 % of it.
    Oracle,
    /// No limit at all.
    Off,
}

pub const LAWS: [Law; 7] =
    [Law::Adaptive, Law::Classic, Law::Bash, Law::Fixed70, Law::Fixed100, Law::Oracle, Law::Off];

impl Law {
    /// Whether it follows the line by what it sees of it.
    pub const fn moves(self) -> bool {
        matches!(self, Self::Adaptive | Self::Classic | Self::Bash)
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Classic => "classic",
            Self::Bash => "bash",
            Self::Fixed70 => "fixed 70",
            Self::Fixed100 => "fixed 100",
            Self::Oracle => "oracle",
            Self::Off => "off",
        }
    }
}

/// Above what the line carries: nobody knows that exactly.
pub fn ceilings(line: &Line) -> PerDirection<Rate> {
    let (download, upload) = line.nominal;
    let above = |nominal: u64| Rate::from_bps(nominal * 1_100_000).unwrap();
    PerDirection { download: above(download), upload: above(upload) }
}

/// What the daemon is run with for `Adaptive`, and for every other law as `classic`.
pub fn settings(line: &Line, law: Law, tuning: &'static Tuning) -> wan::Settings {
    let mut settings = settings::wan(line.nominal.0, line.nominal.1);
    for direction in Direction::BOTH {
        let ladder = settings.law.ladders.of_mut(direction);
        ladder.ceiling = *ceilings(line).of(direction);
        let floor = Rate::from_bps(ladder.ceiling.bps() / 10).unwrap();
        let floors = &mut ladder.floors;
        (floors.green, floors.yellow, floors.soft_red, floors.red) = (floor, floor, floor, floor);
    }
    if law != Law::Adaptive {
        return settings::classic(&settings);
    }
    settings = settings::adaptive(&settings);
    if let Choice::Adaptive(own) = &mut settings.choice {
        own.tuning = tuning;
    }
    settings
}
