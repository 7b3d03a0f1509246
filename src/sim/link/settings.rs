//! What a simulated line is like, and when it changes.
//! Promises: plain data; every time is absolute, every quantity carries its unit in its type.
//! Knows nothing of how the line is computed.

use super::clock::Clock;
use crate::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate, Ratio},
    },
    sim::schedule::{Schedule, Window},
};

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
    /// When it has more jitter of its own, as if overloaded.
    pub noisy: Vec<(Window, Jitter)>,
    /// When the way to it is longer.
    pub detours: Vec<(Window, Span)>,
    /// The round-trip time it feigns then.
    pub lie: Span,
    /// The clock that it shows in timestamps; `None`: it answers echoes alone.
    pub clock: Option<Clock>,
}

impl Reflector {
    /// An honest one, `extra` away.
    pub const fn at(extra: Span) -> Self {
        Self {
            extra,
            jitter: Jitter::None,
            dead: Vec::new(),
            lying: Vec::new(),
            noisy: Vec::new(),
            detours: Vec::new(),
            lie: Span::from_micros(500),
            clock: None,
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
    /// When the provider drops echoes and their answers, and nothing else.
    pub no_echoes: Vec<Window>,
    /// The TCP targets by number; nobody is there beyond the list.
    pub targets: Vec<Reflector>,
    /// When the gateway does not answer; it does during an outage of the line behind it.
    pub no_gateway: Vec<Window>,
    /// When more echoes get lost, and which share of them.
    pub lossy: Vec<(Window, Ratio)>,
    /// When each echo has random extra delay, so that later ones overtake earlier ones.
    pub unsteady: Vec<(Window, Jitter)>,
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

    /// The same line with one more time without echoes.
    #[must_use]
    pub fn without_echoes(mut self, window: Window) -> Self {
        self.no_echoes.push(window);
        self
    }

    /// The same line with one more outage.
    #[must_use]
    pub fn with_outage(mut self, window: Window) -> Self {
        self.outages.push(window);
        self
    }
}
