//! What a WAN does while no reflector answers: it measures by what answers instead, or holds.
//! Promises: whatever stands in leaves the means of the reflectors alone unless it is on their
//! scale; a change of source is neither a spike nor part of a streak; without a time nothing is
//! decided.
//! Knows nothing of sockets.

use heapless::Vec;

use super::{NO_SIGNAL_AFTER, Signal, Wan};
use crate::control::{
    event::{Action, Outbox, SignalNews, WanNews, What},
    fallback::{Instead, Outcome, Sample},
    law::Scale,
    notice::Sureness,
    rounds::Settled,
    tally::Consumer,
    time::{Instant, Span},
};

/// Whether two times in a row are of one source.
fn is_same(before: Instead, sample: &Sample) -> bool {
    match before {
        Instead::Tcp { scale: Scale::Icmp, .. } => sample.scale == Scale::Icmp,
        Instead::Tcp { scale: Scale::Own, target } => {
            sample.scale == Scale::Own && sample.target == target
        }
        Instead::Gateway | Instead::Nothing => false,
    }
}

impl Wan {
    /// The law has seen nothing for a while, or is about to see something else.
    pub(super) fn interrupt(&mut self) {
        self.law.interrupt();
        self.tally.want(Consumer::Law, self.law.counts_wanted());
    }

    /// A round was made: whatever stood in for the reflectors no longer does.
    pub(super) fn regain(&mut self, now: Instant, outbox: &mut Outbox) {
        if let Signal::Lost { instead: Instead::Tcp { .. }, .. } = self.signal {
            self.interrupt();
        }
        self.heard = now;
        self.fallback.end(now);
        if let Some(news) = self.notice.icmp(now) {
            outbox.tell(now, What::Wan(self.id, WanNews::Signal(news)));
        }
    }

    /// A cycle without a fresh round.
    pub(super) fn listen(&mut self, now: Instant, outbox: &mut Outbox) {
        let silence = NO_SIGNAL_AFTER.max(self.settings.law.interval.times(3));
        let lost = matches!(self.signal, Signal::Lost { .. });
        let asked = self.pacer.often_since().map(|since| since.max(self.heard));
        let silent = asked.map_or(Span::ZERO, |asked| now.since(asked));
        if !lost && silent < silence {
            return;
        }
        if !lost {
            self.overdue = false;
            self.signal = Signal::Lost { since: self.heard, instead: Instead::Nothing };
            self.decision = None;
            self.interrupt();
            self.fallback.begin(now);
            self.notice.lost(self.heard);
        }
        self.stand_in(now, outbox);
    }

    fn stand_in(&mut self, now: Instant, outbox: &mut Outbox) {
        let Signal::Lost { since, instead: before } = self.signal else { return };
        if let Some((own, change)) = self.reflectors.relieve() {
            outbox.tell(now, What::Wan(self.id, WanNews::Reflector(own, change)));
        }
        if let Some(sample) = self.fallback.take_sample(now) {
            self.take_time(before, &sample, now, outbox);
        }
        let instead = self.fallback.instead(now);
        let measured = |instead| matches!(instead, Instead::Tcp { .. });
        if measured(before) && !measured(instead) {
            self.decision = None;
            self.interrupt();
        }
        self.signal = Signal::Lost { since, instead };
        let sure = if self.fallback.is_sure(now) { Sureness::Sure } else { Sureness::Unsure };
        if let Some(news) = self.notice.instead(instead, sure, now) {
            outbox.tell(now, What::Wan(self.id, WanNews::Signal(news)));
        }
        if sure == Sureness::Sure && !measured(instead) && self.law.means().is_some() {
            self.take_overdue(now, outbox);
        }
    }

    /// Where nothing else gives a time, replies that all come too late do; until some come in time, or
    /// none any more. Whether one did.
    pub(super) fn take_overdue(&mut self, now: Instant, outbox: &mut Outbox) -> bool {
        let value = self.rounds.overdue(now);
        self.overdue |= value.is_some();
        let Some(value) = value else { return false };
        let settled = Settled { value, samples: Vec::new(), times: Vec::new() };
        self.decide(&settled, now, outbox);
        true
    }

    fn take_time(&mut self, before: Instead, sample: &Sample, now: Instant, outbox: &mut Outbox) {
        let Sample { target, value, scale } = *sample;
        if !is_same(before, sample) {
            self.decision = None;
            self.interrupt();
        }
        if scale == Scale::Own && self.stand_in != Some(target) {
            self.stand_in = Some(target);
            self.law.learn_own(self.fallback.rhythm());
        }
        let learnt_before = self.law.means_on(scale).is_some();
        self.observe(value, &[], scale, now, outbox);
        if let (false, Some(means)) = (learnt_before, self.law.means_on(scale))
            && self.notice.baseline_learnt()
        {
            let baseline = means.baseline();
            let news = SignalNews::StandInLearnt { target, baseline };
            outbox.tell(now, What::Wan(self.id, WanNews::Signal(news)));
        }
    }

    /// Asks what is due besides the reflectors.
    pub(super) fn ask_besides(&mut self, now: Instant, outbox: &mut Outbox) {
        let wan = self.id;
        let questions = self.fallback.ask(now);
        if let Some((target, number)) = questions.connect {
            outbox.act(Action::Connect { wan, target, number });
        }
        if let Some(number) = questions.gateway {
            outbox.act(Action::AskGateway { wan, number });
        }
    }

    /// Pairs of connect and ICMP times are only comparable on an idle line.
    pub(super) fn feel(&mut self, now: Instant) {
        let freeze = self.settings.law.baseline.freeze.ms();
        match self.decision {
            Some(decision) if decision.delta < freeze => self.fallback.calm(decision.load, now),
            Some(_) | None => self.fallback.unrest(),
        }
    }

    /// A connect is over.
    pub fn on_connected(&mut self, target: u8, number: u32, outcome: Outcome, now: Instant) {
        self.fallback.connected(target, number, outcome, now);
    }

    /// The gateway answered an echo.
    pub fn on_gateway(&mut self, number: u32, now: Instant) {
        self.fallback.gateway_answered(number, now);
    }
}
