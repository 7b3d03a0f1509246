//! `wanctl replay`: a trace through the control core, in virtual time, against a router that
//! always obeys.
//! Promises: the same trace gives the same output, byte by byte, on every CPU.
//!
//! A trace is a configuration with one WAN, a line `samples`, and then one line per round: the
//! round-trip time in ms of each reflector, `-` for a lost one, optionally what passes from then on
//! in Mbit/s as `DOWN/UP` (`0/0` until then), and optionally `xN` to repeat the round. `#` begins a
//! comment.

use std::{
    fs::File,
    io::{self, Read as _, Write},
    path::Path,
};

use super::Exit;
use crate::{
    config::{self, Config, Finding},
    control::{
        counts::{Counters, Statistics},
        engine::{Answer, Engine},
        event::{Action, Event, Request},
        fallback,
        queue::{Found, Limit, QueueSlot},
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{self, Wan, WanId},
    },
    observe::words::{Names, WanNames},
};

/// Largest trace, in bytes: a day of rounds with three reflectors.
const MAX_TRACE: u64 = 64 * 1024 * 1024;
/// Most rounds that one line may repeat: a day at the shortest interval.
const MAX_REPEAT: u32 = 4_320_000;

/// Most wrong lines that are told: what is no trace at all is wrong in each.
const MAX_WRONG: usize = 100;

/// One line of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Round {
    /// Per reflector; `None`: lost.
    times: Vec<Option<Span>>,
    /// What passes from now on, in kbit/s; `None`: as before.
    flows: Option<PerDirection<u64>>,
    repeat: u32,
}

/// Replays the trace at `path`.
pub(super) fn replay(path: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let mut text = Vec::new();
    // A pipe or a device does not tell its size, so it is measured while it is read.
    let read_all = |file: File| file.take(MAX_TRACE.saturating_add(1)).read_to_end(&mut text);
    let size = match File::open(path).and_then(read_all) {
        Ok(size) => size,
        Err(error) => {
            writeln!(err, "wanctl: {}: {error}", path.display())?;
            return Ok(Exit::Failure);
        }
    };
    if u64::try_from(size).is_ok_and(|size| size > MAX_TRACE) {
        writeln!(err, "wanctl: {}: larger than {MAX_TRACE} bytes", path.display())?;
        return Ok(Exit::Config);
    }
    let text = String::from_utf8_lossy(&text);
    let (config, rounds) = match read(&text) {
        Ok(trace) => trace,
        Err(findings) => {
            for finding in findings {
                writeln!(err, "{}:{finding}", path.display())?;
            }
            return Ok(Exit::Config);
        }
    };
    let mut player = Player::new(&config);
    for round in &rounds {
        player.pass(round.flows);
        for _ in 0..round.repeat {
            player.play(&round.times, out)?;
        }
    }
    Ok(Exit::Ok)
}

/// Configuration and rounds, or what is wrong with them.
fn read(text: &str) -> Result<(Config, Vec<Round>), Vec<String>> {
    let is_mark = |line: &str| line.trim() == "samples";
    let Some(mark) = text.lines().position(is_mark) else {
        return Err(vec![" there is no line 'samples' between configuration and rounds".into()]);
    };
    let head: String = text.lines().take(mark).flat_map(|line| [line, "\n"]).collect();
    let loaded = config::parse(head.as_bytes(), &config::TextOnly);
    let config =
        loaded.map_err(|findings| findings.iter().map(Finding::placed).collect::<Vec<_>>())?.config;
    if config.wans.len() != 1 {
        return Err(vec![format!(" a trace is about one WAN, not {}", config.wans.len())]);
    }
    let mut rounds = Vec::new();
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(text.lines()).skip(mark + 1) {
        let line = line.split('#').next().unwrap_or_default();
        match round(line) {
            Ok(Some(round)) => rounds.push(round),
            Ok(None) => {}
            Err(_) if wrong.len() == MAX_WRONG => {
                wrong.push(" and more".into());
                break;
            }
            Err(why) => wrong.push(format!("{number}: {why}")),
        }
    }
    if wrong.is_empty() { Ok((config, rounds)) } else { Err(wrong) }
}

/// One line of samples; `None` if it is empty.
fn round(line: &str) -> Result<Option<Round>, String> {
    let mut round = Round { times: Vec::new(), flows: None, repeat: 1 };
    for word in line.split_whitespace() {
        if let Some(repeat) = word.strip_prefix('x') {
            let repeat = repeat.parse().ok().filter(|repeat| (1..=MAX_REPEAT).contains(repeat));
            round.repeat = repeat.ok_or_else(|| format!("'{word}' is not x1 to x{MAX_REPEAT}"))?;
        } else if let Some((download, upload)) = word.split_once('/') {
            let kilobits = |text| thousandths(text).ok_or_else(|| no_flow(word));
            round.flows =
                Some(PerDirection { download: kilobits(download)?, upload: kilobits(upload)? });
        } else {
            round.times.push(time(word)?);
        }
    }
    Ok((!round.times.is_empty()).then_some(round))
}

/// `-`, or milliseconds with up to three decimals, taken exactly.
fn time(word: &str) -> Result<Option<Span>, String> {
    if word == "-" {
        return Ok(None);
    }
    let wrong = || format!("'{word}' is neither a time in ms, such as 25.3, nor '-'");
    thousandths(word).map(|micros| Some(Span::from_micros(micros))).ok_or_else(wrong)
}

fn no_flow(word: &str) -> String {
    format!("'{word}' is not what passes in Mbit/s, such as 80/2.5")
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

/// The core and the replies that are on the way.
struct Player {
    engine: Engine,
    names: Names,
    now: Instant,
    /// When, which reflector, which round.
    replies: Vec<(Instant, u8, u32)>,
    limits: PerDirection<Option<Rate>>,
    /// What passes, in kbit/s.
    flows: PerDirection<u64>,
    /// What has passed until `counted`, in thousandths of a bit.
    passed: PerDirection<u64>,
    counted: Instant,
}

impl Player {
    fn new(config: &Config) -> Self {
        let now = Instant::default();
        // A trace knows reflectors alone.
        let settings = |wan: &config::WanSection| wan::Settings {
            fallback: fallback::Settings::NOTHING,
            ..wan.control
        };
        let settings: Vec<_> = config.wans.iter().map(settings).collect();
        let wan = |wan: &config::WanSection| WanNames {
            name: wan.name.clone(),
            reflectors: wan.probe.reflectors.clone(),
            targets: Vec::new(),
            queues: PerDirection { download: "download".into(), upload: "upload".into() },
        };
        let names = Names {
            wans: config.wans.iter().map(wan).collect(),
            routers: config.routers.iter().map(|router| router.name.clone()).collect(),
            transports: Vec::new(),
            steerings: Vec::new(),
        };
        Self {
            engine: Engine::new(&settings, now, 0),
            names,
            now,
            replies: Vec::new(),
            limits: PerDirection::both(None),
            flows: PerDirection::both(0),
            passed: PerDirection::both(0),
            counted: now,
        }
    }

    /// So much passes from now on.
    fn pass(&mut self, flows: Option<PerDirection<u64>>) {
        self.count();
        self.flows = flows.unwrap_or(self.flows);
    }

    /// Counts what has passed. One kbit/s is a thousandth of a bit in one µs.
    fn count(&mut self) {
        let micros = self.now.since(self.counted).as_micros();
        self.counted = self.now;
        self.passed = self
            .passed
            .zip(self.flows)
            .map(|(passed, flow)| passed.saturating_add(flow.saturating_mul(micros)));
    }

    fn counters(&mut self, slot: QueueSlot) -> Statistics {
        self.count();
        let told = self.passed.map(|passed| Counters {
            bytes: Some(passed / 8_000),
            packets: None,
            dropped: None,
            queued_bytes: None,
            queued_packets: None,
        });
        match slot {
            QueueSlot::One(direction) => Statistics::One(*told.of(direction)),
            QueueSlot::Pair => Statistics::Pair(told),
        }
    }

    /// One round: the core's next tick, and the probes it sends answered in these times.
    fn play(&mut self, times: &[Option<Span>], out: &mut dyn Write) -> io::Result<()> {
        let tick = self.engine.wans().first().map_or(self.now, Wan::next_tick);
        // Writes of the core may be due in between.
        while self.now < tick {
            let next = self.engine.next_deadline(self.now).min(tick);
            self.now = next;
            if next < tick {
                self.engine.on_tick(next);
                self.carry_out(&[]);
            }
        }
        self.now = tick;
        self.deliver();
        self.engine.on_tick(tick);
        self.carry_out(times);
        self.show(out)
    }

    fn deliver(&mut self) {
        let Self { engine, replies, now, .. } = self;
        replies.sort_unstable();
        let arrived = replies.partition_point(|(at, _, _)| at <= now);
        for (at, reflector, number) in replies.drain(..arrived) {
            engine.on_reply(WanId(0), reflector, number, at);
        }
    }

    fn carry_out(&mut self, times: &[Option<Span>]) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { number, reflectors, .. } => {
                    reflectors.iter().for_each(|reflector| self.probe(*reflector, number, times));
                }
                Action::Ask { router, ticket, request, .. } => {
                    let answer = Ok(self.obey(request));
                    self.engine.on_answer(router, ticket, answer, self.now);
                }
                Action::Save | Action::Connect { .. } | Action::AskGateway { .. } => {}
            }
        }
    }

    fn probe(&mut self, reflector: u8, number: u32, times: &[Option<Span>]) {
        self.engine.on_sent(WanId(0), reflector, number, self.now);
        let time = times.get(usize::from(reflector)).copied().flatten();
        self.replies.extend(time.map(|time| (self.now + time, reflector, number)));
    }

    fn obey(&mut self, request: Request) -> Answer {
        let slot = match request {
            // A trace has one WAN, so nothing is steered.
            Request::Facts | Request::ReadRule(_) | Request::SwitchRule(..) => {
                return Answer::Facts;
            }
            Request::Count(_, slot) => return Answer::Counted(self.counters(slot)),
            Request::Read(_, slot) => slot,
            Request::Write(_, slot, limit) => {
                match (slot, limit) {
                    (QueueSlot::One(direction), Limit::One(rate)) => {
                        *self.limits.of_mut(direction) = Some(rate);
                    }
                    (_, Limit::Pair(rates)) => self.limits = rates.map(Some),
                    (QueueSlot::Pair, Limit::One(_)) => {}
                }
                slot
            }
        };
        Answer::Limit(match slot {
            QueueSlot::One(direction) => Found::One(*self.limits.of(direction)),
            QueueSlot::Pair => Found::Pair(self.limits),
        })
    }

    /// The events since the last round, and its decision.
    fn show(&mut self, out: &mut dyn Write) -> io::Result<()> {
        while let Some(event) = self.engine.poll_event() {
            let Event { at, .. } = event;
            let (_, text) = self.names.describe(&event);
            writeln!(out, "{:>10} event {text}", at.as_micros())?;
        }
        let Some(wan) = self.engine.wans().first() else { return Ok(()) };
        let at = self.now.as_micros();
        let Some(decision) = wan.decision() else { return writeln!(out, "{at:>10} hold") };
        write!(
            out,
            "{at:>10} load {:.6} baseline {:.6}",
            decision.load.ms(),
            decision.baseline.ms()
        )?;
        for direction in Direction::BOTH {
            let verdict = decision.verdicts.of(direction);
            let limit = self.limits.of(direction).map_or(0, Rate::bps);
            let (word, zone, rate) = (direction.word(), verdict.zone.word(), verdict.rate.bps());
            write!(out, " {word} {zone} {rate} router {limit}")?;
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{Round, round, time};
    use crate::control::{time::Span, units::PerDirection};

    #[test]
    fn a_time_is_taken_exactly() {
        let us = |micros| Ok(Some(Span::from_micros(micros)));
        for (word, expected) in
            [("25", us(25_000)), ("25.3", us(25_300)), ("0.001", us(1)), ("-", Ok(None))]
        {
            assert_eq!(time(word), expected, "{word}");
        }
        for wrong in ["", ".5", "1e3", "-1", "+1", "25ms", "1.2345", "nan", "1234567890"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_is_a_round_with_an_optional_count() {
        let times = vec![Some(Span::from_millis(25)), None];
        let flows = Some(PerDirection { download: 80_000, upload: 2_500 });
        assert_eq!(
            round("25 - x40"),
            Ok(Some(Round { times: times.clone(), flows: None, repeat: 40 }))
        );
        assert_eq!(round("25 - 80/2.5"), Ok(Some(Round { times, flows, repeat: 1 })));
        assert_eq!(round("  "), Ok(None));
        assert!(round("25 x0").is_err());
        assert!(round("25 x").is_err());
        assert!(round("25 80/").is_err());
        assert!(round("25 80/2/1").is_err());
    }
}
