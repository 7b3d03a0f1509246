use super::{
    DEADLINE, Fallback, Gateway, Instead, LEARN_EVERY, Outcome, Questions, RHYTHM, Sample, Settings,
};
use crate::control::{
    law::Scale,
    time::{Instant, Span},
    units::Rtt,
};

const START: Instant = Instant::from_micros(0);
const TICK: Span = Span::from_millis(50);

fn ms(value: f64) -> Rtt {
    Rtt::from_ms(value).unwrap()
}

/// A fallback whose targets complete their handshakes in these milliseconds; `None`: they fail.
struct Bench {
    fallback: Fallback,
    now: Instant,
    targets: Vec<Option<u64>>,
    asked: Vec<(Instant, Questions)>,
    samples: Vec<Sample>,
}

impl Bench {
    fn new(targets: &[Option<u64>], gateway: Gateway) -> Self {
        let settings = Settings { targets: u8::try_from(targets.len()).unwrap(), gateway };
        Self {
            fallback: Fallback::new(settings, TICK, ms(1.0), START),
            now: START,
            targets: targets.to_vec(),
            asked: Vec::new(),
            samples: Vec::new(),
        }
    }

    fn tick(&mut self) {
        let questions = self.fallback.ask(self.now);
        if questions != Questions::default() {
            self.asked.push((self.now, questions));
        }
        if let Some((target, number)) = questions.connect {
            let took = self.targets[usize::from(target)].map(Span::from_millis);
            let outcome = took.map_or(Outcome::Failed, Outcome::Completed);
            self.fallback.connected(target, number, outcome, self.now + took.unwrap_or(TICK));
        }
        self.samples.extend(self.fallback.take_sample(self.now));
        self.now = self.now + TICK;
    }

    fn run(&mut self, span: Span) {
        let until = self.now + span;
        while self.now < until {
            self.tick();
        }
    }

    /// So long on an idle line of 25 ms.
    fn calm(&mut self, span: Span) {
        let until = self.now + span;
        while self.now < until {
            self.fallback.calm(ms(25.0), self.now);
            self.tick();
        }
    }

    fn lose(&mut self) {
        self.fallback.begin(self.now);
        self.asked.clear();
        self.samples.clear();
    }
}

const MINUTE: Span = Span::from_secs(60);

#[test]
fn while_icmp_works_one_connect_in_ten_seconds_and_no_echo_to_the_gateway() {
    let mut bench = Bench::new(&[Some(35), Some(45)], Gateway::Given);
    bench.calm(MINUTE + TICK);
    let connects: Vec<_> =
        bench.asked.iter().map(|(at, asked)| (at.as_micros(), asked.connect.unwrap().0)).collect();
    let expected: Vec<_> = (1..=6_u8)
        .map(|turn| (LEARN_EVERY.times(turn.into()).as_micros(), (turn + 1) % 2))
        .collect();
    assert_eq!(connects, expected);
    assert!(bench.asked.iter().all(|(_, asked)| asked.gateway.is_none()));
    assert_eq!(bench.samples, [], "a time is no sample while ICMP works");
}

#[test]
fn while_it_is_lost_one_connect_and_one_echo_in_200_ms() {
    let mut bench = Bench::new(&[Some(35), Some(45)], Gateway::Given);
    bench.lose();
    bench.run(Span::from_secs(10));
    assert_eq!(bench.asked.len(), 50);
    let both =
        |(_, asked): &(Instant, Questions)| asked.connect.is_some() && asked.gateway.is_some();
    assert!(bench.asked.iter().all(both));
    let apart = bench.asked.windows(2).map(|pair| pair[1].0.since(pair[0].0));
    assert!(apart.into_iter().all(|apart| apart == RHYTHM));
}

#[test]
fn an_offset_learnt_in_calm_takes_the_way_to_the_target_off() {
    let mut bench = Bench::new(&[Some(35), Some(145)], Gateway::None);
    bench.calm(MINUTE + TICK);
    bench.lose();
    bench.run(Span::from_secs(4));
    assert!(bench.samples.len() >= 19, "{}", bench.samples.len());
    let moved =
        |sample: &Sample| sample.scale == Scale::Icmp && (sample.value.ms() - 25.0).abs() < 1e-9;
    assert!(bench.samples.iter().all(moved), "{:?}", bench.samples);
}

#[test]
fn times_of_a_loaded_line_teach_nothing() {
    let mut bench = Bench::new(&[Some(35)], Gateway::None);
    for _ in 0..(MINUTE.as_millis() / TICK.as_millis()) {
        bench.fallback.calm(ms(25.0), bench.now);
        bench.fallback.unrest();
        bench.tick();
    }
    bench.lose();
    bench.run(Span::from_secs(1));
    assert!(bench.samples.iter().all(|sample| sample.scale == Scale::Own), "{:?}", bench.samples);
}

#[test]
fn without_offsets_one_target_stands_in_until_it_falls_silent() {
    let mut bench = Bench::new(&[Some(35), Some(145)], Gateway::None);
    bench.lose();
    bench.run(Span::from_secs(10));
    assert!(bench.samples.iter().all(|sample| (sample.target, sample.scale) == (0, Scale::Own)));
    assert!(bench.samples.len() >= 38, "it has most turns: {}", bench.samples.len());
    bench.targets[0] = None;
    bench.samples.clear();
    bench.run(Span::from_millis(1_500));
    assert_eq!(bench.samples, [], "the other one is not mixed in");
    bench.run(Span::from_secs(2));
    assert!(!bench.samples.is_empty());
    assert!(bench.samples.iter().all(|sample| sample.target == 1));
}

#[test]
fn a_target_with_an_offset_is_preferred_to_one_without() {
    let mut bench = Bench::new(&[None, Some(45)], Gateway::None);
    bench.calm(MINUTE.times(2));
    bench.targets[0] = Some(5);
    bench.lose();
    bench.run(Span::from_secs(10));
    // The very first answer may be of the one without.
    let preferred = bench.samples.iter().skip(1).all(|sample| sample.target == 1);
    assert!(preferred, "{:?}", bench.samples);
}

#[test]
fn a_handshake_faster_than_the_line_can_be_is_no_sample() {
    let fast = |icmp: Option<f64>, micros| {
        let mut bench = Bench::new(&[Some(35)], Gateway::None);
        if let Some(icmp) = icmp {
            bench.fallback.calm(ms(icmp), START);
        }
        bench.lose();
        let (target, number) = bench.fallback.ask(START).connect.unwrap();
        let outcome = Outcome::Completed(Span::from_micros(micros));
        bench.fallback.connected(target, number, outcome, START + TICK);
        bench.fallback.take_sample(START + TICK).is_none()
    };
    assert!(fast(None, 999), "below baseline_min, and ICMP says nothing");
    assert!(!fast(None, 1_000));
    assert!(fast(Some(25.0), 999), "a proxy next door");
    assert!(!fast(Some(25.0), 1_000), "a target nearer than the reflectors");
    assert!(!fast(Some(0.8), 300), "a line this short");
    assert!(fast(Some(0.8), 199));
}

#[test]
fn what_answers_is_told_apart_and_ages() {
    let mut bench = Bench::new(&[None], Gateway::Given);
    bench.lose();
    bench.tick();
    assert_eq!(bench.fallback.instead(bench.now), Instead::Nothing);
    assert!(!bench.fallback.is_sure(bench.now), "the gateway may answer yet");
    let number = bench.asked[0].1.gateway.unwrap();
    bench.fallback.gateway_answered(number, bench.now);
    assert_eq!(bench.fallback.instead(bench.now), Instead::Gateway);
    assert!(bench.fallback.is_sure(bench.now), "the target has failed, the gateway has answered");
    bench.targets[0] = Some(35);
    bench.run(RHYTHM);
    let tcp = Instead::Tcp { target: 0, scale: Scale::Own };
    assert_eq!(bench.fallback.instead(bench.now), tcp);
    bench.targets[0] = None;
    bench.run(Span::from_millis(2_200));
    assert_eq!(bench.fallback.instead(bench.now), Instead::Nothing);
}

#[test]
fn after_the_deadline_silence_is_sure() {
    let mut fallback =
        Fallback::new(Settings { targets: 2, gateway: Gateway::None }, TICK, ms(1.0), START);
    fallback.begin(START);
    assert!(!fallback.is_sure(START + Span::from_millis(1_999)));
    assert!(fallback.is_sure(START + DEADLINE));
    let mut nothing = Fallback::new(Settings::NOTHING, TICK, ms(1.0), START);
    nothing.begin(START);
    assert!(nothing.is_sure(START), "there is nobody to wait for");
}

#[test]
fn a_time_that_comes_in_as_icmp_returns_is_not_used() {
    let mut bench = Bench::new(&[Some(35)], Gateway::None);
    bench.lose();
    let (target, number) = bench.fallback.ask(bench.now).connect.unwrap();
    let outcome = Outcome::Completed(Span::from_millis(35));
    bench.fallback.connected(target, number, outcome, bench.now + TICK);
    bench.fallback.end(bench.now + TICK);
    assert_eq!(bench.fallback.take_sample(bench.now + TICK), None);
}

#[test]
fn a_time_from_before_a_long_sleep_is_not_used() {
    let mut bench = Bench::new(&[Some(35)], Gateway::None);
    bench.lose();
    let (target, number) = bench.fallback.ask(bench.now).connect.unwrap();
    let outcome = Outcome::Completed(Span::from_millis(35));
    bench.fallback.connected(target, number, outcome, bench.now + TICK);
    assert_eq!(bench.fallback.take_sample(bench.now + MINUTE), None);
}
