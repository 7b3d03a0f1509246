//! Which reflectors are asked in a round: the first healthy ones, and now and then one that was
//! set aside, for losses or because its times are not like those of the others.
//! Promises: at most [`ROUND_WIDTH`] are measured and one more is checked; there is always one to
//! ask; a reflector that recovers comes back by itself; for its times none is set aside whom no other
//! one can replace, for three survive a liar and two do not know which of them it is.
//! Knows nothing of addresses or packets.

mod track;

use heapless::Vec;

use self::track::Track;
use super::{
    time::{Instant, Span},
    units::Rtt,
};

/// Most reflectors a WAN can have.
pub const MAX_REFLECTORS: usize = 8;
/// Reflectors measured per round: a median of three survives one liar.
pub const ROUND_WIDTH: usize = 3;
/// Probes per round at most: those measured, and one that is checked.
pub const MAX_PROBES: usize = ROUND_WIDTH + 1;

/// Lost probes among the last sixteen from which on a reflector is set aside.
const SET_ASIDE_AT: u32 = 8;
/// Answers that bring it back; a loss takes as many away.
const BACK_AFTER: u16 = 5;
/// Who fails again so soon after it came back, while another one is well, has to answer for twice as long, so
/// often: up to 160 s. One that limits how often it answers is well whenever it is asked seldom, and fails at
/// once when it is not.
const MOST_FAILURES: u8 = 5;
/// So soon.
const FAILS_WITHIN: Span = Span::from_secs(60);
/// Whoever lost more of the last sixteen probes is not well: the line loses.
const MOST_OF_THE_WELL: u32 = 1;
/// A reflector that strays by more than this on average is an outlier, in ms, if the others do not: less
/// is no delay that a law would act on.
const STRAYS_FROM: f64 = 5.0;
/// So many times as much as the others do.
const STRAYS_MORE: f64 = 3.0;
/// Checks in a row in which it does not stray that bring it back: about a quarter of a minute.
const SANE_AFTER: u16 = 15;
/// Who is an outlier again so soon after it came back has to be sane for twice as long, so often.
const MOST_RELAPSES: u8 = 3;
/// So soon.
const RELAPSE_WITHIN: Span = Span::from_secs(600);
/// How often a reflector that was set aside is asked.
const CHECK_EVERY: Span = Span::from_secs(1);

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its time counts in the round.
    Measure,
    /// It only tells whether a reflector set aside answers again.
    Check,
}

/// Why a reflector is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It fails too often.
    Loss,
    /// Its times go up and down, or have gone, when those of the others do not.
    Outlier,
}

impl Why {
    /// The word used in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Outlier => "outlier",
        }
    }
}

/// What the fate of one probe did to its reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthChange {
    /// It is set aside.
    SetAside(Why),
    /// What it was set aside for is over, and it takes part again.
    Back(Why),
}

/// The recent past of one reflector.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
struct Health {
    /// The last sixteen probes, the newest lowest; a set bit is a lost one.
    lost: u16,
    /// How many of them there were, at most sixteen, since it takes part.
    asked: u8,
    aside: Option<Aside>,
    track: Track,
    /// How often it was set aside again soon after it came back.
    relapses: u8,
    /// When it came back last.
    back_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Aside {
    why: Why,
    next_check: Instant,
    /// Good answers; how many of them in a row depends on why.
    answers: u16,
}

impl Health {
    /// `own`: it is its own fault, and not the line's.
    fn set_aside(&mut self, why: Why, own: bool, now: Instant) -> HealthChange {
        let soon = match why {
            Why::Loss => FAILS_WITHIN,
            Why::Outlier => RELAPSE_WITHIN,
        };
        let relapse = self.back_since.is_some_and(|at| now.since(at) < soon);
        let more = self.relapses.saturating_add(u8::from(own));
        self.relapses = if relapse { more } else { 0 };
        self.aside = Some(Aside { why, next_check: now + CHECK_EVERY, answers: 0 });
        self.track = Track::default();
        HealthChange::SetAside(why)
    }

    /// One more probe; 1: it was lost.
    const fn note(&mut self, lost: u16) {
        self.lost = (self.lost << 1) | lost;
        if self.asked < 16 {
            self.asked += 1;
        }
    }

    /// Whether it has long taken part, and loses next to nothing.
    const fn is_well(&self) -> bool {
        self.aside.is_none() && self.asked >= 16 && self.lost.count_ones() <= MOST_OF_THE_WELL
    }

    /// It takes part again.
    fn release(&mut self, why: Why) -> HealthChange {
        *self = Self { relapses: self.relapses, back_since: self.back_since, ..Self::default() };
        HealthChange::Back(why)
    }

    /// It answered as it should.
    fn good(&mut self, now: Instant) -> Option<HealthChange> {
        let Self { aside, relapses, .. } = self;
        let aside = aside.as_mut()?;
        aside.answers = aside.answers.saturating_add(1);
        let wanted = match aside.why {
            Why::Loss => BACK_AFTER << (*relapses).min(MOST_FAILURES),
            Why::Outlier => SANE_AFTER << (*relapses).min(MOST_RELAPSES),
        };
        if aside.answers < wanted {
            return None;
        }
        let why = aside.why;
        self.back_since = Some(now);
        Some(self.release(why))
    }
}

/// The reflectors of one WAN, by their place in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Reflectors {
    health: Vec<Health, MAX_REFLECTORS>,
    /// By how many ms all took more than usually in the last round.
    common: f64,
}

impl Reflectors {
    /// `count` reflectors, all trusted (1 to [`MAX_REFLECTORS`]; anything else is moved there).
    pub fn new(count: u8) -> Self {
        let count = usize::from(count).clamp(1, MAX_REFLECTORS);
        let mut health = Vec::new();
        // Cannot fail: the count is within the capacity.
        let _ = health.resize_default(count);
        Self { health, common: 0.0 }
    }

    /// Other reflectors from now on. `places` tells for each of them the place that it has had up
    /// to now; `None`: it is new, and trusted.
    pub fn rearrange(&mut self, places: &[Option<u8>]) {
        let of = |place: &Option<u8>| {
            place.and_then(|place| self.health.get(usize::from(place)).copied()).unwrap_or_default()
        };
        let health: Vec<Health, MAX_REFLECTORS> =
            places.iter().take(MAX_REFLECTORS).map(of).collect();
        if !health.is_empty() {
            self.health = health;
        }
    }

    /// Whom to ask now.
    pub fn choose(&mut self, now: Instant) -> Vec<(u8, Role), MAX_PROBES> {
        let mut chosen: Vec<(u8, Role), MAX_PROBES> = (0..)
            .zip(&self.health)
            .filter(|(_, health)| health.aside.is_none())
            .take(ROUND_WIDTH)
            .map(|(index, _)| (index, Role::Measure))
            .collect();
        if chosen.is_empty() {
            // All are bad: the best one is better than being blind.
            let best = (0..).zip(&self.health).min_by_key(|(_, health)| health.lost.count_ones());
            let best = best.map_or(0, |(index, _)| index);
            let _ = chosen.push((best, Role::Measure));
        }
        if let Some(check) = self.check_due(now, &chosen) {
            let _ = chosen.push((check, Role::Check));
        }
        chosen
    }

    /// The one that has waited longest: at a slow pace there are fewer rounds than checks to be made.
    fn check_due(&mut self, now: Instant, chosen: &[(u8, Role)]) -> Option<u8> {
        let measured = |place: u8| chosen.iter().any(|(other, _)| *other == place);
        let waiting = (0..).zip(&mut self.health).filter_map(|(place, health)| {
            let aside = health.aside.as_mut().filter(|aside| aside.next_check <= now)?;
            (!measured(place)).then_some((place, aside))
        });
        let (place, aside) = waiting.min_by_key(|(_, aside)| aside.next_check)?;
        aside.next_check = now + CHECK_EVERY;
        Some(place)
    }

    /// A probe was answered in time.
    pub fn answered(&mut self, reflector: u8, now: Instant) -> Option<HealthChange> {
        let health = self.health.get_mut(usize::from(reflector))?;
        health.note(0);
        // What left before it was set aside does not tell whether it still strays.
        let strays = health.aside.is_some_and(|aside| aside.why == Why::Outlier);
        if strays { None } else { health.good(now) }
    }

    /// A probe that checks was answered in time.
    pub fn checked(&mut self, reflector: u8, rtt: Rtt, now: Instant) -> Option<HealthChange> {
        let others = self.health.iter().filter(|health| health.aside.is_none());
        let usual = others.filter_map(|health| health.track.stray()).fold(0.0, f64::max);
        let common = self.common;
        let health = self.health.get_mut(usize::from(reflector))?;
        health.note(0);
        let aside = health.aside.as_mut()?;
        let off = health.track.check(rtt, common).abs();
        if aside.why == Why::Outlier && off > STRAYS_FROM.max(usual * STRAYS_MORE) {
            aside.answers = 0;
            return None;
        }
        health.good(now)
    }

    /// A probe was not answered in time though the line works.
    pub fn lost(&mut self, reflector: u8, now: Instant) -> Option<HealthChange> {
        let health = self.health.get_mut(usize::from(reflector))?;
        health.note(1);
        if let Some(aside) = &mut health.aside {
            aside.answers = match aside.why {
                Why::Loss => aside.answers.saturating_sub(BACK_AFTER),
                Why::Outlier => 0,
            };
            return None;
        }
        if health.lost.count_ones() < SET_ASIDE_AT {
            return None;
        }
        let own = self.health.iter().any(Health::is_well);
        Some(self.health.get_mut(usize::from(reflector))?.set_aside(Why::Loss, own, now))
    }

    /// Nobody who takes part answers any more: one who has answered as often as is wanted at first comes
    /// back at once, however often it has failed.
    pub fn relieve(&mut self) -> Option<(u8, HealthChange)> {
        let answers = |health: &Health| {
            health.aside.is_some_and(|own| own.why == Why::Loss && own.answers >= BACK_AFTER)
        };
        let (place, health) = (0..).zip(&mut self.health).find(|(_, health)| answers(health))?;
        Some((place, health.release(Why::Loss)))
    }

    /// Holds the times of a round, which stands for `every`, against each other. Whoever strays far
    /// more than the others is set aside, as long as there is another one to take its place.
    pub fn compare(
        &mut self,
        times: &[(u8, Rtt)],
        every: Span,
        now: Instant,
    ) -> Option<(u8, HealthChange)> {
        if let Some(place) = self.needed() {
            return Some((place, self.health.get_mut(usize::from(place))?.release(Why::Outlier)));
        }
        self.common = self.common_of(times);
        for (reflector, rtt) in times {
            let health = self.health.get_mut(usize::from(*reflector));
            if let Some(health) = health.filter(|health| health.aside.is_none()) {
                health.track.take(*rtt, self.common, every);
            }
        }
        let outlier = self.outlier(times).filter(|_| self.healthy() > ROUND_WIDTH)?;
        let health = self.health.get_mut(usize::from(outlier))?;
        Some((outlier, health.set_aside(Why::Outlier, true, now)))
    }

    /// The one set aside for straying that is needed by now: with less than three, nobody knows who does.
    fn needed(&self) -> Option<u8> {
        if self.healthy() >= ROUND_WIDTH {
            return None;
        }
        let strays = |health: &Health| health.aside.is_some_and(|own| own.why == Why::Outlier);
        let aside = (0..).zip(&self.health).filter(|(_, health)| strays(health));
        aside.min_by_key(|(_, health)| health.relapses).map(|(place, _)| place)
    }

    /// By how much more than usually all take: the median of those that are known.
    fn common_of(&self, times: &[(u8, Rtt)]) -> f64 {
        let mut all: Vec<f64, ROUND_WIDTH> = Vec::new();
        for (reflector, rtt) in times {
            let health = self.health.get(usize::from(*reflector));
            if let Some(excess) = health.and_then(|health| health.track.excess(*rtt)) {
                let place = all.iter().take_while(|other| **other < excess).count();
                // Cannot fail: a round measures no more than its width.
                let _ = all.insert(place, excess);
            }
        }
        match all.as_slice() {
            [] => 0.0,
            [one] => *one,
            [low, high] => low.midpoint(*high),
            [_, middle, ..] => *middle,
        }
    }

    /// Who strays far more than each of two others.
    fn outlier(&self, times: &[(u8, Rtt)]) -> Option<u8> {
        let (mut worst, mut second) = ((None, 0.0), 0.0);
        for (reflector, _) in times {
            let stray = self.health.get(usize::from(*reflector))?.track.stray()?;
            if stray >= worst.1 {
                second = worst.1;
                worst = (Some(*reflector), stray);
            } else {
                second = second.max(stray);
            }
        }
        let (reflector, stray) = worst;
        let far = stray > STRAYS_FROM && stray > second * STRAYS_MORE;
        reflector.filter(|_| times.len() >= ROUND_WIDTH && far)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.health.len()
    }

    /// How many take part.
    pub fn healthy(&self) -> usize {
        self.health.iter().filter(|health| health.aside.is_none()).count()
    }

    /// Lost probes among the last sixteen of one reflector, and whether it is set aside.
    pub fn state(&self, reflector: u8) -> Option<(u32, bool)> {
        let health = self.health.get(usize::from(reflector))?;
        Some((health.lost.count_ones(), health.aside.is_some()))
    }

    /// Why a reflector is set aside; `None`: it takes part.
    pub fn aside(&self, reflector: u8) -> Option<Why> {
        self.health.get(usize::from(reflector))?.aside.map(|aside| aside.why)
    }
}

#[cfg(test)]
mod tests;
