//! Which reflectors are asked in a round: the first healthy ones, and now and then one that was
//! set aside.
//! Promises: at most [`ROUND_WIDTH`] are measured and one more is checked; there is always one to
//! ask; a reflector that recovers comes back by itself.
//! Knows nothing of addresses or packets.

use heapless::Vec;

use super::time::{Instant, Span};

/// Most reflectors a WAN can have.
pub const MAX_REFLECTORS: usize = 8;
/// Reflectors measured per round: a median of three survives one liar.
pub const ROUND_WIDTH: usize = 3;
/// Probes per round at most: those measured, and one that is checked.
pub const MAX_PROBES: usize = ROUND_WIDTH + 1;

/// Lost probes among the last sixteen from which on a reflector is set aside.
const SET_ASIDE_AT: u32 = 8;
/// Answers in a row that bring it back.
const BACK_AFTER: u8 = 5;
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

/// What the fate of one probe did to its reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthChange {
    /// It fails too often and is set aside.
    SetAside,
    /// It answers again and takes part again.
    Back,
}

/// The recent past of one reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Health {
    /// The last sixteen probes, the newest lowest; a set bit is a lost one.
    lost: u16,
    aside: Option<Aside>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Aside {
    next_check: Instant,
    answers: u8,
}

/// The reflectors of one WAN, by their place in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflectors {
    health: Vec<Health, MAX_REFLECTORS>,
}

impl Reflectors {
    /// `count` reflectors, all trusted (1 to [`MAX_REFLECTORS`]; anything else is moved there).
    pub fn new(count: u8) -> Self {
        let count = usize::from(count).clamp(1, MAX_REFLECTORS);
        let mut health = Vec::new();
        // Cannot fail: the count is within the capacity.
        let _ = health.resize_default(count);
        Self { health }
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

    fn check_due(&mut self, now: Instant, chosen: &[(u8, Role)]) -> Option<u8> {
        for (index, health) in (0..).zip(&mut self.health) {
            let Some(aside) = &mut health.aside else { continue };
            let measured = chosen.iter().any(|(other, _)| *other == index);
            if !measured && aside.next_check <= now {
                aside.next_check = now + CHECK_EVERY;
                return Some(index);
            }
        }
        None
    }

    /// A probe was answered in time.
    pub fn answered(&mut self, reflector: u8) -> Option<HealthChange> {
        let health = self.health.get_mut(usize::from(reflector))?;
        health.lost <<= 1;
        let aside = health.aside.as_mut()?;
        aside.answers = aside.answers.saturating_add(1);
        if aside.answers < BACK_AFTER {
            return None;
        }
        *health = Health::default();
        Some(HealthChange::Back)
    }

    /// A probe was not answered in time though the line works.
    pub fn lost(&mut self, reflector: u8, now: Instant) -> Option<HealthChange> {
        let health = self.health.get_mut(usize::from(reflector))?;
        health.lost = (health.lost << 1) | 1;
        if let Some(aside) = &mut health.aside {
            aside.answers = 0;
            return None;
        }
        if health.lost.count_ones() < SET_ASIDE_AT {
            return None;
        }
        health.aside = Some(Aside { next_check: now + CHECK_EVERY, answers: 0 });
        Some(HealthChange::SetAside)
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
}

#[cfg(test)]
mod tests {
    use super::{HealthChange, Reflectors, Role};
    use crate::control::time::{Instant, Span};

    const START: Instant = Instant::from_micros(0);

    fn indices(reflectors: &mut Reflectors, now: Instant) -> Vec<u8> {
        reflectors.choose(now).iter().map(|(index, _)| *index).collect()
    }

    fn set_aside(reflectors: &mut Reflectors, index: u8) {
        for _ in 0..7 {
            assert_eq!(reflectors.lost(index, START), None);
        }
        assert_eq!(reflectors.lost(index, START), Some(HealthChange::SetAside));
    }

    #[test]
    fn the_first_three_healthy_reflectors_are_measured() {
        let mut reflectors = Reflectors::new(5);
        assert_eq!(indices(&mut reflectors, START), [0, 1, 2]);
        set_aside(&mut reflectors, 1);
        assert_eq!(indices(&mut reflectors, START), [0, 2, 3]);
        assert_eq!(reflectors.healthy(), 4);
    }

    #[test]
    fn one_set_aside_is_checked_once_a_second_and_comes_back() {
        let mut reflectors = Reflectors::new(3);
        set_aside(&mut reflectors, 0);
        let second = START + Span::from_secs(1);
        assert_eq!(indices(&mut reflectors, START), [1, 2]);
        assert_eq!(reflectors.choose(second).last(), Some(&(0, Role::Check)));
        assert_eq!(indices(&mut reflectors, second + Span::from_millis(999)), [1, 2]);
        for _ in 0..4 {
            assert_eq!(reflectors.answered(0), None);
        }
        assert_eq!(reflectors.lost(0, second), None, "a loss starts the count again");
        for _ in 0..4 {
            assert_eq!(reflectors.answered(0), None);
        }
        assert_eq!(reflectors.answered(0), Some(HealthChange::Back));
        assert_eq!(indices(&mut reflectors, second), [0, 1, 2]);
    }

    #[test]
    fn if_all_are_bad_the_best_is_still_measured() {
        let mut reflectors = Reflectors::new(2);
        set_aside(&mut reflectors, 0);
        set_aside(&mut reflectors, 1);
        reflectors.lost(0, START);
        assert_eq!(reflectors.choose(START).as_slice(), [(1, Role::Measure)]);
        let later = START + Span::from_secs(1);
        assert_eq!(reflectors.choose(later).as_slice(), [(1, Role::Measure), (0, Role::Check)]);
    }

    #[test]
    fn losses_spread_thinly_do_not_set_a_reflector_aside() {
        let mut reflectors = Reflectors::new(1);
        for index in 0..200 {
            let change =
                if index % 3 == 0 { reflectors.lost(0, START) } else { reflectors.answered(0) };
            assert_eq!(change, None, "probe {index}");
        }
    }
}
