use super::{Change, Episodes, LINES, Summary, Worth};
use crate::control::{
    time::{Instant, Span},
    zone::Zone::{self, Green, Red, SoftRed, Yellow},
};

const MINUTE: u64 = 60_000;

/// Episodes that are asked every 50 ms, and what they told.
struct Log {
    episodes: Episodes,
    now: u64,
    lines: Vec<(u64, Option<Zone>, Zone)>,
    details: u32,
    summaries: Vec<(u64, Summary)>,
}

impl Log {
    fn new() -> Self {
        let episodes = Episodes::new(Instant::default());
        Self { episodes, now: 0, lines: Vec::new(), details: 0, summaries: Vec::new() }
    }

    fn stay(&mut self, zone: Zone, delta: f64, ms: u64) {
        for now in (self.now..self.now + ms).step_by(50) {
            let at = Instant::from_micros(now * 1_000);
            match self.episodes.see(zone, delta, at) {
                Some(Change { from, worth: Worth::Line }) => self.lines.push((now, from, zone)),
                Some(Change { worth: Worth::Detail, .. }) => self.details += 1,
                None => {}
            }
            self.summaries.extend(self.episodes.sum_up(at).map(|summary| (now, summary)));
        }
        self.now += ms;
    }

    /// What has a line in the log in this hour.
    fn said(&self, from: u64) -> usize {
        let inside = |ms: u64| (from..from + 60 * MINUTE).contains(&ms);
        let lines = self.lines.iter().filter(|(ms, ..)| inside(*ms)).count();
        lines + self.summaries.iter().filter(|(ms, _)| inside(*ms)).count()
    }

    fn zones(&self) -> Vec<Zone> {
        self.lines.iter().map(|(_, _, zone)| *zone).collect()
    }
}

#[test]
fn a_queue_that_comes_and_goes_is_told_step_by_step_at_once() {
    let mut log = Log::new();
    let steps = [Green, Yellow, SoftRed, Red, SoftRed, Yellow, Green];
    for zone in steps {
        log.stay(zone, 20.0, 1_000);
    }
    log.stay(Green, 0.0, 60 * MINUTE);
    assert_eq!(log.zones(), steps);
    let times: Vec<u64> = log.lines.iter().map(|(ms, ..)| *ms).collect();
    assert_eq!(times, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
    assert_eq!(log.lines[1].1, Some(Green));
    assert_eq!((log.details, log.summaries.len()), (0, 0));
}

#[test]
fn a_flood_of_short_queues_is_summed_up_with_their_number_and_the_worst_delay() {
    let mut log = Log::new();
    log.stay(Green, 0.0, MINUTE);
    for index in 0_u32..180 {
        log.stay(Yellow, 20.0 + f64::from(index % 7), 500);
        log.stay(Green, 1.0, 19_500);
    }
    let told = log.zones().iter().filter(|zone| **zone == Yellow).count();
    let summed: usize = log.summaries.iter().map(|(_, summary)| usize::from(summary.times)).sum();
    assert!(log.said(MINUTE) <= 28, "{} lines", log.said(MINUTE));
    assert!(told >= usize::from(LINES / 2) && told + summed >= 150, "{told} and {summed}");
    let (_, last) = log.summaries.last().unwrap();
    assert_eq!((last.worst, last.now), (Yellow, Green));
    assert!((last.delta - 26.0).abs() < 0.01, "{last:?}");
    assert!(last.within <= Span::from_secs(601), "{last:?}");
    // The rest is told when it is calm.
    log.stay(Green, 0.0, 10 * MINUTE);
    let summed: usize = log.summaries.iter().map(|(_, summary)| usize::from(summary.times)).sum();
    assert_eq!(told + summed, 180);
    let after = log.summaries.len();
    log.stay(Green, 0.0, 60 * MINUTE);
    assert_eq!(log.summaries.len(), after, "nothing is left to say");
}

#[test]
fn what_is_worse_than_all_that_was_told_lately_has_its_line_in_the_middle_of_a_flood() {
    let mut log = Log::new();
    log.stay(Green, 0.0, MINUTE);
    for _ in 0..60 {
        log.stay(Yellow, 20.0, 500);
        log.stay(Green, 1.0, 1_500);
    }
    let before = log.lines.len();
    log.stay(Red, 90.0, 1_000);
    log.stay(Green, 1.0, 1_000);
    let last: Vec<_> = log.lines[before..].iter().map(|(_, from, to)| (*from, *to)).collect();
    assert_eq!(last, [(Some(Green), Red), (Some(Red), Green)], "at once, and its end");
    // One more that is not worse is one of many.
    log.stay(Red, 90.0, 1_000);
    log.stay(Green, 1.0, 1_000);
    assert_eq!(log.lines.len(), before + 2);
    log.stay(Green, 1.0, 16 * MINUTE);
    let (_, summary) = log.summaries.last().unwrap();
    assert_eq!((summary.worst, summary.now), (Red, Green));
    // A quarter of an hour later it is news again.
    for _ in 0..60 {
        log.stay(Yellow, 20.0, 500);
        log.stay(Green, 1.0, 1_500);
    }
    let before = log.lines.len();
    log.stay(Red, 90.0, 1_000);
    assert_eq!(log.lines.len(), before + 1);
}

#[test]
fn a_state_that_lasts_is_told_within_five_minutes_however_much_was_said_before() {
    let mut log = Log::new();
    for _ in 0..60 {
        log.stay(Red, 90.0, 500);
        log.stay(Green, 1.0, 500);
    }
    let now = log.now;
    log.stay(Yellow, 20.0, 6 * MINUTE);
    let (at, last) = *log.summaries.last().unwrap();
    assert_eq!(last.now, Yellow, "{last:?}");
    assert!(at <= now + 5 * MINUTE, "after {} ms", at - now);
}

#[test]
fn whatever_the_zones_do_both_directions_have_less_than_sixty_lines_an_hour() {
    let mut random = 7_u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    for longest in [4, 40, 400, 4_000] {
        let mut log = Log::new();
        while log.now < 180 * MINUTE {
            let zone = [Green, Yellow, SoftRed, Red][usize::try_from(draw(4)).unwrap()];
            log.stay(zone, 30.0, 50 * (1 + draw(longest)));
        }
        for from in (0..120).map(|minute| minute * MINUTE) {
            let said = log.said(from);
            assert!(said < 30, "{said} lines, changes up to {longest} cycles");
        }
    }
}
