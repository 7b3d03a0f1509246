//! A WAN goes on with other settings.
//! Promises: the rhythm of the ticks, the means, rates, streaks and counts stay, as far as the new
//! settings allow; the rates lie within the new bounds at once.
//! Knows nothing of other WANs.

use super::{Settings, Signal, Wan, WanId};
use crate::control::{
    change::{KeptItems, KeptStandIns, KeptWan},
    classic::Measured,
    fallback::{Fallback, Instead},
    reflectors::ROUND_WIDTH,
    rhythm::Rhythm,
    time::Instant,
    units::PerDirection,
};

impl Wan {
    /// The same WAN at another place, with other settings.
    pub(in crate::control) fn retune(
        &mut self,
        id: WanId,
        settings: &Settings,
        from: &KeptWan,
        now: Instant,
    ) {
        let before = core::mem::replace(&mut self.settings, *settings);
        self.id = id;
        let interval = settings.law.interval;
        self.pacer.wake(now);
        if before.law.interval != interval {
            self.next_tick = self.next_tick.min(now + interval);
            self.rhythm = Rhythm::new(interval);
        }
        let kept = self.saved();
        let measured = self.retarget(&from.reflectors);
        self.clocks.rearrange(settings.timestamps, &from.reflectors, now);
        self.law.retune(settings.law, settings.choice, measured);
        if measured == Measured::Other {
            self.measured = None;
        }
        if self.law.means().is_none() {
            // The rates must not get lost by an end before there are means again.
            self.restored = kept;
            self.forget_decisions();
        }
        self.retune_stand_ins(&before, measured, from.stand_ins, now);
        self.retune_queues(settings, from.queues, now);
    }

    /// Offsets hold between the same targets and the same reflectors; the idle time of a stand-in,
    /// for the same means.
    fn retune_stand_ins(
        &mut self,
        before: &Settings,
        measured: Measured,
        kept: KeptStandIns,
        now: Instant,
    ) {
        let Settings { law, fallback, .. } = self.settings;
        let same_means = law.interval == before.law.interval && law.baseline == before.law.baseline;
        let same_pairs = kept == KeptStandIns::Same && measured == Measured::Same;
        if same_pairs && same_means && fallback == before.fallback {
            return;
        }
        self.fallback = Fallback::new(fallback, law.interval, law.baseline.min, now);
        self.stand_in = None;
        if let Signal::Lost { since, .. } = self.signal {
            self.signal = Signal::Lost { since, instead: Instead::Nothing };
            self.decision = None;
            self.interrupt();
            self.fallback.begin(now);
            self.notice.replaced();
        }
    }

    /// The means belong to the reflectors that they were measured on: by another one the idle line
    /// may seem longer, and a baseline that is too low never recovers, since it is frozen under
    /// what it takes for load.
    fn retarget(&mut self, places: &[Option<u8>]) -> Measured {
        let count = self.reflectors.count();
        let stays = |(place, old): (u8, &Option<u8>)| *old == Some(place);
        if places.len() == count && (0..).zip(places).all(stays) {
            return Measured::Same;
        }
        let first = |count: usize| count.min(ROUND_WIDTH);
        let of_old = |old: &u8| usize::from(*old) < first(count);
        let kept = places.iter().take(ROUND_WIDTH).flatten().filter(|old| of_old(old)).count();
        let same = kept == first(count) && kept == first(places.len());
        self.reflectors.rearrange(places);
        self.rounds.give_up();
        if same { Measured::Same } else { Measured::Other }
    }

    /// The last decision was made by other means.
    fn forget_decisions(&mut self) {
        self.decision = None;
        self.episodes.download.forget();
        self.episodes.upload.forget();
        if self.signal == Signal::Fresh {
            self.signal = Signal::Learning;
        }
    }

    fn retune_queues(&mut self, settings: &Settings, queues: KeptItems, now: Instant) {
        let Settings { layout, write_budget, law, .. } = *settings;
        match queues {
            KeptItems::Same => self.applier.retune(law.ladders, write_budget),
            KeptItems::Doubted => {
                self.applier.retune(law.ladders, write_budget);
                // What was on the way was given up with the old access.
                self.on_given_up(now);
                self.applier.hurry(now);
            }
            KeptItems::Others => {
                self.applier.take_over(layout, law.ladders, write_budget);
                self.tally.take_over(layout);
                self.adopt = PerDirection::both(false);
            }
        }
        self.applier.want(self.law.rates());
    }
}
