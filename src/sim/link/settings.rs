//! What a simulated line is like, and when it changes.
//! Promises: plain data; every time is absolute, every quantity carries its unit in its type.
//! Knows nothing of how the line is computed.

use crate::control::{
    time::{Instant, Span},
    units::{Direction, PerDirection, Rate, Ratio},
};

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

/// How much the senders of a load want to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// As much as the line takes, like a long TCP transfer.
    Greedy,
    /// This much, like a call or a stream; less if the line does not take it.
    Fixed(Rate),
}

/// Traffic of the users of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Which way.
    pub direction: Direction,
    /// When.
    pub window: Window,
    /// How much.
    pub demand: Demand,
}

/// Random extra delay of an echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// None.
    None,
    /// Evenly between zero and this.
    Uniform(Span),
    /// The magnitude of a bell curve with this standard deviation, built from four uniform draws:
    /// mostly small, never above 3.5 times this.
    HalfNormal(Span),
}

/// A capacity that drifts, as on shared cable segments and radio links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wander {
    /// The capacity stays between `1 − depth` and 1 times the scheduled one.
    pub depth: Ratio,
    /// It drifts in a straight line from one random value to the next in this time, at least 10 ms.
    pub period: Span,
}

/// One direction of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSettings {
    /// What the bottleneck carries.
    pub capacity: Schedule<Rate>,
    /// How the capacity drifts below that; `None`: not at all.
    pub wander: Option<Wander>,
    /// The provider's queue in front of the bottleneck, in bytes; what does not fit is dropped.
    pub buffer: u64,
    /// How far the senders' rate strays to both sides of what the router's shaper lets through, a
    /// new value every 100 ms. In the download direction this is what makes a shaper just below
    /// the capacity still queue at the provider now and then.
    pub unrest: Ratio,
}

/// Where echoes are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflector {
    /// Extra round-trip time beyond the line's base.
    pub extra: Span,
    /// Jitter of its own path, drawn for each echo.
    pub jitter: Jitter,
    /// When it does not answer.
    pub dead: Vec<Window>,
    /// When it answers too fast, as if from next door.
    pub lying: Vec<Window>,
    /// The round-trip time it feigns then.
    pub lie: Span,
}

impl Reflector {
    /// An honest one, `extra` away.
    pub const fn at(extra: Span) -> Self {
        Self {
            extra,
            jitter: Jitter::None,
            dead: Vec::new(),
            lying: Vec::new(),
            lie: Span::from_micros(500),
        }
    }
}

/// A line between the router and the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// When the simulation begins; nothing happens before.
    pub start: Instant,
    /// Capacity and queue of each direction.
    pub lanes: PerDirection<LaneSettings>,
    /// Round-trip time of the idle path; a step in it is a change of path.
    pub base_rtt: Schedule<Span>,
    /// Jitter of the line itself: the same for all echoes sent within the same 10 ms.
    pub jitter: Jitter,
    /// The share of echoes that get lost for no reason.
    pub loss: Ratio,
    /// The reflectors by number; a number beyond the list is an honest one next to the line's end.
    pub reflectors: Vec<Reflector>,
    /// When nothing passes, in either direction.
    pub outages: Vec<Window>,
    /// Who uses the line when.
    pub loads: Vec<Load>,
}

impl LinkSettings {
    /// The same line with one more load.
    #[must_use]
    pub fn with_load(mut self, direction: Direction, window: Window, demand: Demand) -> Self {
        self.loads.push(Load { direction, window, demand });
        self
    }

    /// The same line with one more outage.
    #[must_use]
    pub fn with_outage(mut self, window: Window) -> Self {
        self.outages.push(window);
        self
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
