//! Timestamps besides echoes: what is asked by which, and what the answers are worth.
//! Promises: with the option off nothing here does anything; the round trip of a reflector counts
//! once in a round, whatever it was asked by.
//! Knows nothing of how a clock is judged.

use heapless::Vec;

use super::Wan;
use crate::control::{
    event::{Action, Outbox, WanNews, What},
    oneway::{Clocks, Stamps, Way},
    reflectors::{MAX_PROBES, Role},
    rounds::ReplyFate,
    time::{Instant, Span},
    units::PerDirection,
};

/// One-way delays older than this, and three rounds, are none of now.
const FRESH_FOR: Span = Span::from_millis(250);

impl Wan {
    /// Asks those of a round.
    pub(super) fn ask(&mut self, chosen: &[(u8, Role)], now: Instant, outbox: &mut Outbox) {
        let every = self.round_every();
        let Self { id, number, clocks, rounds, .. } = self;
        let (wan, number) = (*id, *number);
        let mut echoes: Vec<u8, MAX_PROBES> = Vec::new();
        let mut times: Vec<u8, MAX_PROBES> = Vec::new();
        for (reflector, role) in chosen {
            let way = match role {
                Role::Measure => clocks.plan(*reflector, now, every),
                Role::Check => Way::Echo,
            };
            rounds.ask(*reflector, number, way);
            // Cannot fail: a round has no more probes than there is room for.
            let _ = if way == Way::Time { Ok(()) } else { echoes.push(*reflector) };
            let _ = if way == Way::Echo { Ok(()) } else { times.push(*reflector) };
        }
        clocks.tell(|reflector, standing| {
            outbox.tell(now, What::Wan(wan, WanNews::Timestamps(reflector, standing)));
        });
        if times.is_empty() || !echoes.is_empty() {
            outbox.act(Action::Probe { wan, number, reflectors: echoes });
        }
        if !times.is_empty() {
            outbox.act(Action::AskTime { wan, number, reflectors: times });
        }
    }

    /// A genuine answer to a question for the time arrived at `at`.
    pub fn on_time(&mut self, reflector: u8, number: u32, stamps: Stamps, at: Instant) {
        if let Some(sent) = self.rounds.time(reflector, number, at) {
            self.clocks.answered(reflector, stamps, sent, at);
        }
    }

    /// A question for the time could not be sent.
    pub fn on_time_unsent(&mut self, reflector: u8) {
        self.clocks.unsent(reflector);
    }

    /// A genuine reply arrived at `at`.
    pub fn on_reply(&mut self, reflector: u8, number: u32, at: Instant) {
        if self.rounds.reply(reflector, number, at) == ReplyFate::Used {
            self.clocks.echoed(reflector);
        }
    }

    /// How much each direction delays by itself, in ms; `None`: not known.
    pub fn ways(&self, now: Instant) -> Option<PerDirection<f64>> {
        self.clocks.delays(now, FRESH_FOR.max(self.round_every().times(3)))
    }

    /// The clocks of the reflectors.
    pub const fn clocks(&self) -> &Clocks {
        &self.clocks
    }
}
