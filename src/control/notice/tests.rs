use super::{LINES, Notice, Sureness};
use crate::control::{
    event::SignalNews,
    fallback::Instead,
    law::Scale,
    time::{Instant, Span},
};

const TCP: Instead = Instead::Tcp { target: 0, scale: Scale::Icmp };
const MINUTE: u64 = 60_000;

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

/// A notice that is asked every 50 ms, and what it told.
struct Log {
    notice: Notice,
    now: u64,
    lines: Vec<(u64, SignalNews)>,
}

impl Log {
    fn new() -> Self {
        Self { notice: Notice::new(at(0)), now: 0, lines: Vec::new() }
    }

    fn lose(&mut self, ms: u64, instead: Instead, sureness: Sureness) {
        self.notice.lost(at(self.now));
        self.go_on(ms, instead, sureness);
    }

    fn go_on(&mut self, ms: u64, instead: Instead, sureness: Sureness) {
        let until = self.now + ms;
        while self.now < until {
            let news = self.notice.instead(instead, sureness, at(self.now));
            self.lines.extend(news.map(|news| (self.now, news)));
            self.now += 50;
        }
    }

    fn icmp(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            let news = self.notice.icmp(at(self.now));
            self.lines.extend(news.map(|news| (self.now, news)));
            self.now += 50;
        }
    }
}

#[test]
fn one_loss_is_one_line_and_one_more_at_its_end_with_the_true_duration() {
    let mut log = Log::new();
    log.lose(90_000, TCP, Sureness::Sure);
    log.icmp(MINUTE);
    let back = SignalNews::Back { silence: Span::from_secs(90), losses: 1 };
    assert_eq!(log.lines, [(0, SignalNews::Lost(TCP)), (90_000, back)]);
}

#[test]
fn what_may_still_change_is_not_said_unless_a_time_is_there() {
    let mut log = Log::new();
    log.lose(1_000, Instead::Gateway, Sureness::Unsure);
    assert_eq!(log.lines, []);
    log.go_on(1_000, TCP, Sureness::Unsure);
    assert_eq!(log.lines, [(1_000, SignalNews::Lost(TCP))]);
}

#[test]
fn changes_within_a_loss_are_told_as_such() {
    let mut log = Log::new();
    log.lose(MINUTE, Instead::Nothing, Sureness::Sure);
    log.go_on(MINUTE, TCP, Sureness::Sure);
    log.go_on(MINUTE, Instead::Gateway, Sureness::Sure);
    let lines: Vec<_> = log.lines.iter().map(|(_, news)| *news).collect();
    let expected = [
        SignalNews::Lost(Instead::Nothing),
        SignalNews::Now(TCP),
        SignalNews::Now(Instead::Gateway),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn flapping_is_told_once_and_then_summed_up_every_ten_minutes() {
    let mut log = Log::new();
    for _ in 0..900 {
        log.lose(2_000, Instead::Nothing, Sureness::Sure);
        log.icmp(2_000);
    }
    assert!(log.lines.len() <= 24, "three in ten minutes: {:?}", log.lines);
    let first = log.lines.iter().filter(|(at, _)| *at < 10 * MINUTE).count();
    assert!((2..=4).contains(&first), "{:?}", log.lines);
    let summaries: Vec<_> = log
        .lines
        .iter()
        .filter_map(|(_, news)| match news {
            SignalNews::Shaky { silence, losses } => Some((silence.as_secs(), *losses)),
            SignalNews::Lost(_)
            | SignalNews::Now(_)
            | SignalNews::Back { .. }
            | SignalNews::StandInLearnt { .. } => None,
        })
        .collect();
    assert!(summaries.len() >= 5, "{:?}", log.lines);
    assert!(summaries.iter().all(|(silent, losses)| *silent == u64::from(*losses) * 2));
    log.icmp(2 * MINUTE);
    let told: u32 = log.lines.iter().map(|(_, news)| losses(news)).sum();
    assert_eq!(told, 900, "none is left out in the end");
}

fn losses(news: &SignalNews) -> u32 {
    match news {
        SignalNews::Back { losses, .. } | SignalNews::Shaky { losses, .. } => *losses,
        SignalNews::Lost(_) | SignalNews::Now(_) | SignalNews::StandInLearnt { .. } => 0,
    }
}

#[test]
fn whatever_the_rhythm_there_is_at_most_one_line_a_minute_in_the_long_run() {
    for period in [500, 1_500, 4_950, 5_050, 7_000, 11_000, 31_000, 61_000] {
        let mut log = Log::new();
        while log.now < 60 * MINUTE {
            log.lose(period, Instead::Nothing, Sureness::Sure);
            log.go_on(period, TCP, Sureness::Sure);
            log.icmp(period);
        }
        let most = usize::from(LINES) + 60 + 7;
        assert!(log.lines.len() <= most, "{period}: {}", log.lines.len());
        log.icmp(2 * MINUTE);
        let back = matches!(
            log.lines.last(),
            Some((_, SignalNews::Back { .. } | SignalNews::Shaky { .. }))
        );
        assert!(back, "{period}: the last word is that it works: {:?}", log.lines.last());
    }
}

#[test]
fn a_blip_too_short_to_be_told_is_summed_up_when_all_is_calm() {
    let mut log = Log::new();
    log.lose(1_200, Instead::Nothing, Sureness::Unsure);
    log.icmp(2 * MINUTE);
    let shaky = SignalNews::Shaky { silence: Span::from_millis(1_200), losses: 1 };
    assert_eq!(log.lines, [(61_200, shaky)]);
}

#[test]
fn the_baseline_of_a_stand_in_is_told_once_for_each_line_about_it() {
    let mut log = Log::new();
    let own = Instead::Tcp { target: 1, scale: Scale::Own };
    assert!(!log.notice.baseline_learnt());
    log.lose(1_000, own, Sureness::Sure);
    assert!(log.notice.baseline_learnt());
    assert!(!log.notice.baseline_learnt());
}
