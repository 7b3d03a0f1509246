//! The faults of the line between the daemon and its reflectors.
//! Promises: what a fault has begun, its end undoes; the way to the router is never touched.

use wanctl::control::time::Span;

use crate::line::{Line, REFLECTORS, Way};

/// How long a restless line is slow, and then quick.
const PULSE: Span = Span::from_millis(500);

/// What is wrong with the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
    /// Slow and quick by turns: the rates move, and there is something to write all the time.
    Restless,
    /// No probe is answered.
    Silence,
    /// One reflector is gone.
    OneDead,
    /// The WAN's own address is gone.
    NoAddress,
    /// Of ten probes three are lost.
    Loss,
    /// Answers overtake each other.
    Reordering,
    /// A longer path, or a full buffer, by so many ms.
    Later(u8),
}

impl Weather {
    pub(crate) const ALL: [Self; 10] = [
        Self::Fine,
        Self::Restless,
        Self::Silence,
        Self::OneDead,
        Self::NoAddress,
        Self::Loss,
        Self::Reordering,
        Self::Later(20),
        Self::Later(40),
        Self::Later(120),
    ];

    pub(crate) fn begin(self, line: &Line) {
        if self == Self::NoAddress {
            line.unplug();
        }
        self.go_on(line, Span::ZERO);
    }

    /// Whatever it does while it lasts.
    pub(crate) fn go_on(self, line: &Line, since: Span) {
        line.set(self.way(since));
    }

    pub(crate) fn end(self, line: &Line) {
        if self == Self::NoAddress {
            line.plug();
        }
        line.set(Way::default());
    }

    fn way(self, since: Span) -> Way {
        let fine = Way::default();
        let ms = Span::from_millis;
        match self {
            Self::Fine | Self::NoAddress => fine,
            Self::Restless => {
                let slow = (since.as_millis() / PULSE.as_millis()).is_multiple_of(2);
                Way { delay: if slow { ms(60) } else { Span::ZERO }, ..fine }
            }
            Self::Silence => Way { loss: 100, ..fine },
            Self::OneDead => Way { dead: REFLECTORS[0].parse().ok(), ..fine },
            Self::Loss => Way { loss: 30, ..fine },
            Self::Reordering => Way { delay: ms(5), jitter: ms(60), ..fine },
            Self::Later(delay) => Way { delay: ms(u64::from(delay)), ..fine },
        }
    }
}
