use super::{Clocks, Stamps, Standing, Timestamps, Way};
use crate::control::time::{Instant, Span};

const INTERVAL: Span = Span::from_millis(50);
const FRESH: Span = Span::from_millis(250);
const DAY_MS: u64 = 86_400_000;

/// What a reflector writes for the right time; `None`: it does not answer.
type Writes = fn(u32) -> Option<u32>;

/// One reflector, and what its line and its clock are like.
struct Bench {
    clocks: Clocks,
    now: Instant,
    /// Added to our clock, in µs.
    ahead: u64,
    drift_ppm: u64,
    there_us: u64,
    back_us: u64,
    writes: Writes,
    asked: Vec<Way>,
    told: Vec<Standing>,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::from_micros(5_000_000);
        Self {
            clocks: Clocks::new(Timestamps::Of(1), 1, now),
            now,
            ahead: 0,
            drift_ppm: 0,
            there_us: 10_000,
            back_us: 10_000,
            writes: Some,
            asked: Vec::new(),
            told: Vec::new(),
        }
    }

    fn round(&mut self) {
        let way = self.clocks.plan(0, self.now, INTERVAL);
        self.clocks.tell(|_, standing| self.told.push(standing));
        self.asked.push(way);
        let arrives = self.now + Span::from_micros(self.there_us);
        let back = arrives + Span::from_micros(self.back_us);
        if way != Way::Time {
            self.clocks.echoed(0);
        }
        let us = arrives.as_micros();
        let shown = us + self.ahead + us / 1_000_000 * self.drift_ppm;
        let millis = u32::try_from(shown / 1_000 % DAY_MS).unwrap();
        if way != Way::Echo
            && let Some(written) = (self.writes)(millis)
        {
            let stamps = Stamps { receive: written, transmit: written };
            self.clocks.answered(0, stamps, self.now, back);
        }
        self.now = self.now + INTERVAL;
    }

    fn rounds(&mut self, count: usize) {
        (0..count).for_each(|_| self.round());
    }

    /// Download and upload in whole ms.
    fn delays(&self) -> Option<(f64, f64)> {
        let delays = self.clocks.delays(self.now, FRESH)?;
        let whole = |ms: f64| (ms + 100.5).floor() - 100.0;
        Some((whole(delays.download), whole(delays.upload)))
    }

    fn is_near(&self, download: f64, upload: f64) -> bool {
        self.delays().is_some_and(|(own_download, own_upload)| {
            (own_download - download).abs() <= 1.0 && (own_upload - upload).abs() <= 1.0
        })
    }
}

#[test]
fn a_clock_that_makes_sense_takes_the_place_of_echoes_after_five_answers() {
    let mut bench = Bench::new();
    bench.ahead = 7_654_321_000;
    bench.rounds(120);
    assert_eq!(bench.told, [Standing::Answers]);
    let both = bench.asked.iter().filter(|way| **way == Way::Both).count();
    assert_eq!(both, 5);
    assert!(bench.asked[85..].iter().all(|way| *way == Way::Time), "{:?}", bench.asked);
    assert!(bench.is_near(0.0, 0.0), "{:?}", bench.delays());
}

#[test]
fn a_delay_is_told_of_the_direction_that_has_it() {
    let mut bench = Bench::new();
    bench.rounds(150);
    bench.there_us += 30_000;
    bench.rounds(5);
    assert!(bench.is_near(0.0, 30.0), "{:?}", bench.delays());
    bench.there_us -= 30_000;
    bench.rounds(5);
    bench.back_us += 20_000;
    bench.rounds(5);
    assert!(bench.is_near(20.0, 0.0), "{:?}", bench.delays());
}

#[test]
fn offset_drift_and_midnight_are_no_delay() {
    for (ahead_ms, drift_ppm) in [(0, 0), (3_600_000, 100), (DAY_MS - 30_000, 0), (1, 500)] {
        let mut bench = Bench::new();
        bench.ahead = ahead_ms * 1_000;
        bench.drift_ppm = drift_ppm;
        bench.rounds(150);
        for _ in 0..6_000 {
            bench.round();
            assert!(bench.is_near(0.0, 0.0), "{ahead_ms}, {drift_ppm}: {:?}", bench.delays());
        }
        assert_eq!(bench.told, [Standing::Answers]);
    }
}

#[test]
fn a_clock_that_is_set_is_learnt_anew_and_never_a_delay() {
    for step_us in [25_000, 3_600_000_000, 86_399_000_000_u64] {
        let mut bench = Bench::new();
        bench.ahead = 1_000_000_000;
        bench.rounds(150);
        bench.ahead += step_us;
        for _ in 0..60 {
            bench.round();
            let known = bench.delays().is_some();
            assert!(!known || bench.is_near(0.0, 0.0), "{step_us}: {:?}", bench.delays());
        }
        assert!(bench.is_near(0.0, 0.0), "{step_us}: {:?}", bench.delays());
        assert_eq!(bench.told, [Standing::Answers]);
    }
}

#[test]
fn a_clock_with_its_bytes_the_other_way_round_is_read_so() {
    let mut bench = Bench::new();
    bench.writes = |millis| Some(millis.swap_bytes());
    bench.ahead = 12_345_678_000;
    bench.rounds(1_000);
    assert_eq!(bench.told, [Standing::Answers]);
    bench.there_us += 30_000;
    bench.rounds(5);
    assert!(bench.is_near(0.0, 30.0), "{:?}", bench.delays());
}

#[test]
fn silence_and_nonsense_are_told_once_and_asked_again_after_an_hour() {
    let bad: [(Writes, Standing); 4] = [
        (|_| None, Standing::Silent),
        (|_| Some(0), Standing::Nonsense),
        (|millis| Some(millis | 1 << 31), Standing::Nonsense),
        // It counts seconds.
        (|millis| Some(millis / 1_000), Standing::Nonsense),
    ];
    for (writes, standing) in bad {
        let mut bench = Bench::new();
        bench.writes = writes;
        bench.rounds(3_500 * 20);
        assert_eq!(bench.told, [standing]);
        assert!(bench.asked.iter().all(|way| *way != Way::Time), "an echo is always there");
        let asked = bench.asked.iter().filter(|way| **way == Way::Both).count();
        assert!((4..=12).contains(&asked), "{standing:?}: {asked}");
        assert_eq!(bench.delays(), None);
        bench.writes = Some;
        bench.rounds(200 * 20);
        assert_eq!(bench.told, [standing, Standing::Answers]);
    }
}

#[test]
fn one_that_falls_silent_is_asked_by_both_within_a_quarter_of_a_second_and_then_by_echo() {
    let mut bench = Bench::new();
    bench.rounds(150);
    bench.writes = |_| None;
    bench.asked.clear();
    bench.rounds(40);
    let alone = bench.asked.iter().filter(|way| **way == Way::Time).count();
    assert!(alone <= 5, "{:?}", bench.asked);
    assert!(bench.asked.contains(&Way::Both));
    assert_eq!(bench.asked.last(), Some(&Way::Echo));
    assert_eq!(bench.told, [Standing::Answers, Standing::Lost]);
    assert_eq!(bench.delays(), None);
}

#[test]
fn a_clock_that_stops_making_sense_is_given_up() {
    let zeros: Writes = |_| Some(0);
    for nonsense in [zeros, |_| Some(u32::MAX)] {
        let mut bench = Bench::new();
        bench.rounds(150);
        bench.writes = nonsense;
        bench.rounds(10);
        assert_eq!(bench.told, [Standing::Answers, Standing::Nonsense]);
        assert_eq!(bench.delays(), None);
    }
}

#[test]
fn what_was_learnt_under_load_is_forgotten_when_the_line_is_idle() {
    let mut bench = Bench::new();
    bench.there_us = 60_000;
    bench.rounds(150);
    bench.there_us = 10_000;
    bench.rounds(60);
    bench.there_us = 40_000;
    bench.rounds(5);
    assert!(bench.is_near(0.0, 30.0), "{:?}", bench.delays());
}

#[test]
fn questions_that_cannot_be_sent_are_one_line_for_all() {
    let mut now = Instant::from_micros(0);
    let mut clocks = Clocks::new(Timestamps::Of(0b011), 3, now);
    let mut told = Vec::new();
    for _ in 0..400 {
        for reflector in 0..3 {
            if clocks.plan(reflector, now, INTERVAL) != Way::Echo {
                clocks.unsent(reflector);
            }
            clocks.echoed(reflector);
        }
        clocks.tell(|reflector, standing| told.push((reflector, standing)));
        now = now + INTERVAL;
    }
    assert_eq!(told, [(2, Standing::None), (0, Standing::Blocked)]);
}

#[test]
fn with_the_option_off_everybody_is_asked_by_echo() {
    let now = Instant::from_micros(0);
    let mut clocks = Clocks::new(Timestamps::Off, 3, now);
    assert_eq!(clocks.plan(0, now, INTERVAL), Way::Echo);
    assert_eq!((clocks.standing(0), clocks.delays(now, FRESH)), (None, None));
}
