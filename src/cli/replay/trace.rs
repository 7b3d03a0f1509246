//! A trace as text: its configuration, and a line for each round or change.
//! Promises: every wrong line is told with its number; what is read refers to sections that are there.
//! Knows nothing of the core.

use crate::{
    config::{self, Config, Finding},
    control::{steering::State, time::Span, units::PerDirection},
};

/// Most rounds that one line may repeat: a day at the shortest interval.
const MAX_REPEAT: u32 = 4_320_000;
/// Most wrong lines that are told: what is no trace at all is wrong in each.
const MAX_WRONG: usize = 100;
/// Most drops per second and waiting packets.
const MAX_COUNT: u64 = 1_000_000_000;

/// One line after the mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Probes of all WANs, and when they are answered.
    Round(Round),
    /// What the download queue of the WAN at this place tells from now on.
    Queue(usize, Told),
    /// What passes the queues of the WAN at this place from now on, in kbit/s.
    Flow(usize, PerDirection<u64>),
    /// What somebody does with the rule of the steering at this place.
    Rule(usize, Hand),
}

/// When a probe is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) round_trip: Span,
    /// Of it, on the way there; `None`: the reflector answers no timestamps.
    pub(super) there: Option<Span>,
}

/// One line of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Per WAN and reflector; `None`: lost.
    pub(super) times: Vec<Vec<Option<Time>>>,
    pub(super) repeat: u32,
}

/// What a queue tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Drops per second, and packets that wait.
    Counts(u64, u64),
    /// Nothing.
    Nothing,
    /// It has been made anew.
    Reset,
}

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    /// It is on or off.
    Switch(State),
    /// There are so many with its comment.
    Copies(u8),
}

/// The names that a trace may refer to.
struct Sections<'a> {
    wans: Vec<&'a str>,
    steerings: Vec<&'a str>,
}

/// Configuration and lines, or what is wrong with them.
pub(super) fn read(text: &str) -> Result<(Config, Vec<Line>), Vec<String>> {
    let is_mark = |line: &str| line.trim() == "samples";
    let Some(mark) = text.lines().position(is_mark) else {
        return Err(vec![" there is no line 'samples' between configuration and rounds".into()]);
    };
    let head: String = text.lines().take(mark).flat_map(|line| [line, "\n"]).collect();
    let loaded = config::parse(head.as_bytes(), &config::TextOnly);
    let config =
        loaded.map_err(|findings| findings.iter().map(Finding::placed).collect::<Vec<_>>())?.config;
    one_rhythm(&config)?;
    let sections = Sections {
        wans: config.wans.iter().map(|wan| wan.name.as_str()).collect(),
        steerings: config.steerings.iter().map(|steering| steering.name.as_str()).collect(),
    };
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for (number, text) in (1..).zip(text.lines()).skip(mark + 1) {
        match sections.line(text.split('#').next().unwrap_or_default()) {
            Ok(line) => lines.extend(line),
            Err(_) if wrong.len() == MAX_WRONG => {
                wrong.push(" and more".into());
                break;
            }
            Err(why) => wrong.push(format!("{number}: {why}")),
        }
    }
    if wrong.is_empty() { Ok((config, lines)) } else { Err(wrong) }
}

/// A round is one of all WANs.
fn one_rhythm(config: &Config) -> Result<(), Vec<String>> {
    let mut intervals = config.wans.iter().map(|wan| wan.control.law.interval);
    let first = intervals.next();
    if intervals.all(|other| Some(other) == first) {
        return Ok(());
    }
    Err(vec![" the WANs of a trace have one interval".into()])
}

impl Sections<'_> {
    /// One line; `None` if it is empty.
    fn line(&self, text: &str) -> Result<Option<Line>, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.split_first() {
            Some((&"queue", words)) => self.queue(words).map(Some),
            Some((&"flow", words)) => self.flow(words).map(Some),
            Some((&"rule", words)) => self.rule(words).map(Some),
            Some(_) | None => Ok(round(text, self.wans.len())?.map(Line::Round)),
        }
    }

    fn queue(&self, words: &[&str]) -> Result<Line, String> {
        let (wan, told) = match *words {
            [wan, "-"] => (wan, Told::Nothing),
            [wan, "reset"] => (wan, Told::Reset),
            [wan, drops, waiting] => (wan, Told::Counts(count(drops)?, count(waiting)?)),
            _ => return Err("'queue' wants a wan, and drops and packets, '-' or 'reset'".into()),
        };
        Ok(Line::Queue(place(&self.wans, "wan", wan)?, told))
    }

    fn flow(&self, words: &[&str]) -> Result<Line, String> {
        let [wan, download, upload] = *words else {
            return Err("'flow' wants a wan, and what passes down and up in Mbit/s".into());
        };
        let kilobits = |word| {
            thousandths(word).ok_or_else(|| format!("'{word}' is no rate in Mbit/s, such as 2.5"))
        };
        let flows = PerDirection { download: kilobits(download)?, upload: kilobits(upload)? };
        Ok(Line::Flow(place(&self.wans, "wan", wan)?, flows))
    }

    fn rule(&self, words: &[&str]) -> Result<Line, String> {
        let (steering, hand) = match *words {
            [steering, "on"] => (steering, Hand::Switch(State::Degraded)),
            [steering, "off"] => (steering, Hand::Switch(State::Good)),
            [steering, "gone"] => (steering, Hand::Copies(0)),
            [steering, "twice"] => (steering, Hand::Copies(2)),
            _ => return Err("'rule' wants a steering, and 'on', 'off', 'gone' or 'twice'".into()),
        };
        Ok(Line::Rule(place(&self.steerings, "steering", steering)?, hand))
    }
}

fn place(names: &[&str], kind: &str, name: &str) -> Result<usize, String> {
    let found = names.iter().position(|known| *known == name);
    found.ok_or_else(|| format!("there is no {kind} '{name}'"))
}

fn count(word: &str) -> Result<u64, String> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let count = word.parse().ok().filter(|count| digits && *count <= MAX_COUNT);
    count.ok_or_else(|| format!("'{word}' is not 0 to {MAX_COUNT}"))
}

/// One line of samples of so many WANs; `None` if it is empty.
fn round(line: &str, wans: usize) -> Result<Option<Round>, String> {
    let mut round = Round { times: vec![Vec::new()], repeat: 1 };
    for word in line.split_whitespace() {
        if word == "|" {
            round.times.push(Vec::new());
        } else if let Some(repeat) = word.strip_prefix('x') {
            let repeat = repeat.parse().ok().filter(|repeat| (1..=MAX_REPEAT).contains(repeat));
            round.repeat = repeat.ok_or_else(|| format!("'{word}' is not x1 to x{MAX_REPEAT}"))?;
        } else if let Some(times) = round.times.last_mut() {
            times.push(time(word)?);
        }
    }
    if round.times.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    let found = round.times.len();
    if found == wans { Ok(Some(round)) } else { Err(format!("times of {found} WANs, not {wans}")) }
}

/// `-`, or milliseconds with up to three decimals, taken exactly; perhaps `/` and those of them that
/// were taken on the way there.
fn time(word: &str) -> Result<Option<Time>, String> {
    if word == "-" {
        return Ok(None);
    }
    let wrong = || format!("'{word}' is neither a time in ms, such as 25.3 or 25.3/12, nor '-'");
    let span = |word| thousandths(word).map(Span::from_micros).ok_or_else(wrong);
    let (round_trip, there) = match word.split_once('/') {
        Some((round_trip, there)) => (span(round_trip)?, Some(span(there)?)),
        None => (span(word)?, None),
    };
    if there > Some(round_trip) {
        return Err(wrong());
    }
    Ok(Some(Time { round_trip, there }))
}

/// Thousandths of a number with up to three decimals, taken exactly.
fn thousandths(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 9
        || fraction.len() > 3
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Hand, Line, Round, Sections, Time, Told, round, time};
    use crate::control::{steering::State, time::Span, units::PerDirection};

    #[test]
    fn a_time_is_taken_exactly() {
        let us = |micros| {
            let round_trip = Span::from_micros(micros);
            Ok(Some(Time { round_trip, there: None }))
        };
        let there = Some(Span::from_millis(12));
        let parted = Time { round_trip: Span::from_micros(25_300), there };
        assert_eq!(time("25.3/12"), Ok(Some(parted)));
        for (word, expected) in
            [("25", us(25_000)), ("25.3", us(25_300)), ("0.001", us(1)), ("-", Ok(None))]
        {
            assert_eq!(time(word), expected, "{word}");
        }
        for wrong in [
            "",
            ".5",
            "1e3",
            "-1",
            "+1",
            "25ms",
            "1.2345",
            "nan",
            "1234567890",
            "25/26",
            "25/",
            "/1",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_is_a_round_with_an_optional_count() {
        let times = vec![Some(Time { round_trip: Span::from_millis(25), there: None }), None];
        let one = vec![times.clone()];
        assert_eq!(round("25 - x40", 1), Ok(Some(Round { times: one, repeat: 40 })));
        assert_eq!(round("  ", 1), Ok(None));
        assert!(round("25 x0", 1).is_err());
        assert!(round("25 x", 1).is_err());
        let both = vec![times, vec![None]];
        assert_eq!(round("25 - | - x2", 2), Ok(Some(Round { times: both, repeat: 2 })));
        assert_eq!(round("25 -", 2), Err("times of 1 WANs, not 2".into()));
        assert!(round("25 | 26", 1).is_err());
    }

    #[test]
    fn a_line_may_say_what_a_queue_counts_and_what_becomes_of_a_rule() {
        let sections = Sections { wans: vec!["cable", "lte"], steerings: vec!["calls"] };
        let line = |text: &str| sections.line(text);
        for (text, expected) in [
            ("queue lte 20 60", Line::Queue(1, Told::Counts(20, 60))),
            ("queue cable -", Line::Queue(0, Told::Nothing)),
            ("queue cable reset", Line::Queue(0, Told::Reset)),
            ("flow lte 80 2.5", Line::Flow(1, PerDirection { download: 80_000, upload: 2_500 })),
            ("rule calls on", Line::Rule(0, Hand::Switch(State::Degraded))),
            ("rule calls twice", Line::Rule(0, Hand::Copies(2))),
        ] {
            assert_eq!(line(text), Ok(Some(expected)), "{text}");
        }
        for wrong in [
            "queue",
            "queue dsl 1 1",
            "queue cable 1",
            "queue cable +1 1",
            "queue cable 1 -1",
            "queue cable 9999999999 1",
            "flow cable 1",
            "flow cable 1 -1",
            "flow dsl 1 1",
            "rule cable on",
            "rule calls",
            "rule calls on off",
        ] {
            assert!(line(wrong).is_err(), "{wrong}");
        }
    }
}
