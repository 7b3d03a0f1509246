//! The core in virtual time, the replies that are on the way, and routers that always obey.
//! Promises: what is shown follows from the lines played so far alone.
//! Knows nothing of how a trace is written.

use std::io::{self, Write};

use super::trace::{Hand, Time, Told};
use crate::{
    config::{self, Config},
    control::{
        counts::{Counters, Statistics},
        engine::{Answer, Engine},
        event::{Action, Event, Request},
        failure::FailureKind,
        fallback,
        id::SteeringId,
        oneway::Stamps,
        queue::{Found, Limit, QueueSlot},
        steering::{State, course::Course},
        time::Instant,
        units::{Direction, PerDirection, Rate},
        wan::{self, Wan, WanId},
    },
    daemon,
    observe::words::{Names, WanNames},
};

/// See the module.
pub(super) struct Player {
    engine: Engine,
    names: Names,
    now: Instant,
    /// When, of which WAN, which reflector, which round; and of which time it tells.
    replies: Vec<(Instant, WanId, u8, u32, Option<Instant>)>,
    sites: Vec<Site>,
    rules: Vec<Rule>,
}

/// The queues of one WAN.
#[derive(Clone, Copy, Debug)]
struct Site {
    limits: PerDirection<Option<Rate>>,
    /// `None`: nothing can be read but what passes, if that is said.
    counts: Option<Counts>,
    passes: Option<Passes>,
}

/// What passes.
#[derive(Clone, Copy, Debug)]
struct Passes {
    /// In kbit/s, each a thousandth of a bit in one µs.
    flows: PerDirection<u64>,
    /// Thousandths of a bit up to then.
    passed: PerDirection<u64>,
    since: Instant,
}

impl Passes {
    fn passed(&self, now: Instant) -> PerDirection<u64> {
        let micros = now.since(self.since).as_micros();
        let more = |(passed, flow): (u64, u64)| passed.saturating_add(flow.saturating_mul(micros));
        self.passed.zip(self.flows).map(more)
    }
}

/// What a queue counts.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// Drops up to then, and per second since.
    dropped: u64,
    since: Instant,
    drops: u64,
    waiting: u64,
}

/// The rule of a steering.
#[derive(Clone, Copy, Debug)]
struct Rule {
    state: State,
    copies: u8,
}

impl Counts {
    fn dropped(&self, now: Instant) -> u64 {
        let micros = now.since(self.since).as_micros();
        self.dropped.saturating_add(self.drops.saturating_mul(micros) / 1_000_000)
    }

    fn at(&self, now: Instant) -> Counters {
        Counters {
            // What passes is said by `flow` alone.
            bytes: None,
            packets: None,
            dropped: Some(self.dropped(now)),
            queued_bytes: None,
            queued_packets: Some(self.waiting),
        }
    }
}

impl Player {
    pub(super) fn new(config: &Config) -> Self {
        let now = Instant::default();
        // A trace knows reflectors alone.
        let settings = |wan: &config::WanSection| wan::Settings {
            fallback: fallback::Settings::NOTHING,
            ..wan.control
        };
        let settings: Vec<_> = config.wans.iter().map(settings).collect();
        let steerings: Vec<_> = config.steerings.iter().map(|one| one.control).collect();
        let mut engine = Engine::new(&settings, now, 0);
        engine.steer_by(&steerings, now, 0);
        let site = Site { limits: PerDirection::both(None), counts: None, passes: None };
        Self {
            engine,
            names: names(config),
            now,
            replies: Vec::new(),
            sites: vec![site; settings.len()],
            rules: vec![Rule { state: State::Good, copies: 1 }; steerings.len()],
        }
    }

    /// What the download queue of a WAN tells from now on.
    pub(super) fn count(&mut self, wan: usize, told: Told) {
        let now = self.now;
        let Some(site) = self.sites.get_mut(wan) else { return };
        let dropped = site.counts.map_or(0, |counts| counts.dropped(now));
        site.counts = match (told, site.counts) {
            (Told::Nothing, _) => None,
            (Told::Counts(drops, waiting), _) => {
                Some(Counts { dropped, since: now, drops, waiting })
            }
            (Told::Reset, counts) => {
                counts.map(|counts| Counts { dropped: 0, since: now, ..counts })
            }
        };
    }

    /// What passes the queues of a WAN from now on, in kbit/s.
    pub(super) fn pass(&mut self, wan: usize, flows: PerDirection<u64>) {
        let since = self.now;
        let Some(site) = self.sites.get_mut(wan) else { return };
        let passed = site.passes.map_or(PerDirection::both(0), |passes| passes.passed(since));
        site.passes = Some(Passes { flows, passed, since });
    }

    /// What somebody does with a rule.
    pub(super) fn touch(&mut self, steering: usize, hand: Hand) {
        let Some(rule) = self.rules.get_mut(steering) else { return };
        *rule = match hand {
            Hand::Switch(state) => Rule { state, copies: 1 },
            Hand::Copies(copies) => Rule { copies, ..*rule },
        };
    }

    /// One round: the core's next tick, and the probes it sends answered in these times.
    pub(super) fn play(
        &mut self,
        times: &[Vec<Option<Time>>],
        out: &mut dyn Write,
    ) -> io::Result<()> {
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
        let arrived = replies.partition_point(|(at, ..)| at <= now);
        for (at, wan, reflector, number, shown) in replies.drain(..arrived) {
            match shown {
                Some(shown) => engine.on_time(wan, reflector, number, stamps(shown), at),
                None => engine.on_reply(wan, reflector, number, at),
            }
        }
    }

    fn carry_out(&mut self, times: &[Vec<Option<Time>>]) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { wan, number, reflectors } => {
                    let times = times.get(usize::from(wan.0)).map_or(&[][..], Vec::as_slice);
                    reflectors.iter().for_each(|of| self.probe((wan, *of), number, times));
                }
                Action::AskTime { wan, number, reflectors } => {
                    let times = times.get(usize::from(wan.0)).map_or(&[][..], Vec::as_slice);
                    reflectors.iter().for_each(|of| self.ask_time((wan, *of), number, times));
                }
                Action::Ask { router, ticket, request, .. } => {
                    let answer = self.obey(request);
                    self.engine.on_answer(router, ticket, answer, self.now);
                }
                Action::Save | Action::Connect { .. } | Action::AskGateway { .. } => {}
            }
        }
    }

    fn probe(&mut self, (wan, reflector): (WanId, u8), number: u32, times: &[Option<Time>]) {
        self.engine.on_sent(wan, reflector, number, self.now);
        let Some(time) = times.get(usize::from(reflector)).copied().flatten() else { return };
        self.replies.push((self.now + time.round_trip, wan, reflector, number, None));
    }

    fn ask_time(&mut self, (wan, reflector): (WanId, u8), number: u32, times: &[Option<Time>]) {
        self.engine.on_sent(wan, reflector, number, self.now);
        let Some(time) = times.get(usize::from(reflector)).copied().flatten() else { return };
        let shown = time.there.map(|there| self.now + there);
        let reply = (self.now + time.round_trip, wan, reflector, number, shown);
        self.replies.extend(shown.map(|_| reply));
    }

    fn obey(&mut self, request: Request) -> Result<Answer, FailureKind> {
        match request {
            Request::Facts => Ok(Answer::Facts),
            Request::ReadRule(steering) => self.rule(steering, None),
            Request::SwitchRule(steering, to) => self.rule(steering, Some(to)),
            Request::Count(wan, slot) => Ok(self.counted(wan, slot)),
            Request::Read(wan, slot) => Ok(self.limit(wan, slot, None)),
            Request::Write(wan, slot, limit) => Ok(self.limit(wan, slot, Some(limit))),
        }
    }

    fn rule(&mut self, steering: SteeringId, to: Option<State>) -> Result<Answer, FailureKind> {
        let rule = self.rules.get_mut(usize::from(steering.0)).ok_or(FailureKind::NotFound)?;
        match rule.copies {
            0 => Err(FailureKind::NotFound),
            1 => {
                rule.state = to.unwrap_or(rule.state);
                Ok(Answer::Rule(rule.state))
            }
            _ => Err(FailureKind::Ambiguous),
        }
    }

    fn counted(&self, wan: WanId, slot: QueueSlot) -> Answer {
        let Some(Site { counts, passes, .. }) = self.sites.get(usize::from(wan.0)) else {
            return Answer::Facts;
        };
        if counts.is_none() && passes.is_none() {
            return Answer::Facts;
        }
        let counters = counts.map_or(Counters::default(), |counts| counts.at(self.now));
        let told = match passes {
            Some(passes) => passes
                .passed(self.now)
                .map(|passed| Counters { bytes: Some(passed / 8_000), ..counters }),
            None => PerDirection::both(counters),
        };
        Answer::Counted(match slot {
            QueueSlot::One(direction) => Statistics::One(*told.of(direction)),
            QueueSlot::Pair => Statistics::Pair(told),
        })
    }

    fn limit(&mut self, wan: WanId, slot: QueueSlot, to: Option<Limit>) -> Answer {
        let Some(Site { limits, .. }) = self.sites.get_mut(usize::from(wan.0)) else {
            return Answer::Facts;
        };
        match (slot, to) {
            (QueueSlot::One(direction), Some(Limit::One(rate))) => {
                *limits.of_mut(direction) = Some(rate);
            }
            (_, Some(Limit::Pair(rates))) => *limits = rates.map(Some),
            (QueueSlot::Pair, Some(Limit::One(_))) | (_, None) => {}
        }
        Answer::Limit(match slot {
            QueueSlot::One(direction) => Found::One(*limits.of(direction)),
            QueueSlot::Pair => Found::Pair(*limits),
        })
    }

    /// The events since the last round, its decisions, and how it is steered.
    fn show(&mut self, out: &mut dyn Write) -> io::Result<()> {
        while let Some(event) = self.engine.poll_event() {
            let Event { at, .. } = event;
            let (_, text) = self.names.describe(&event);
            writeln!(out, "{:>10} event {text}", at.as_micros())?;
        }
        for (wan, site) in self.engine.wans().iter().zip(&self.sites) {
            self.show_wan(wan, site, out)?;
        }
        for (id, course) in (0..).map(SteeringId).zip(self.engine.courses()) {
            self.show_steering(id, course, out)?;
        }
        Ok(())
    }

    fn show_wan(&self, wan: &Wan, site: &Site, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{:>10}", self.now.as_micros())?;
        // Where there is one alone, it needs no name.
        if self.sites.len() > 1 {
            write!(out, " {}", self.names.wan(wan.id()))?;
        }
        let Some(decision) = wan.decision() else { return writeln!(out, " hold") };
        write!(out, " load {:.6} baseline {:.6}", decision.load.ms(), decision.baseline.ms())?;
        for direction in Direction::BOTH {
            let verdict = decision.verdicts.of(direction);
            let limit = site.limits.of(direction).map_or(0, Rate::bps);
            let (word, zone, rate) = (direction.word(), verdict.zone.word(), verdict.rate.bps());
            write!(out, " {word} {zone} {rate} router {limit}")?;
        }
        writeln!(out)
    }

    fn show_steering(
        &self,
        id: SteeringId,
        course: &Course,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mind = course.mind();
        write!(
            out,
            "{:>10} {} {}",
            self.now.as_micros(),
            self.names.steering(id),
            mind.state().word()
        )?;
        match mind.delta() {
            Some(delta) => write!(out, " delta {delta:.6}")?,
            None => write!(out, " delta -")?,
        }
        if let Some(score) = mind.score() {
            write!(out, " score {score}")?;
        }
        let rule = course.rule().shown().map_or("unknown", State::of_rule);
        writeln!(out, " brake {} rule {rule}", mind.brake(self.now))
    }
}

/// What the clock of a reflector shows: the time of the trace, in ms of the day.
fn stamps(at: Instant) -> Stamps {
    let millis = u32::try_from(at.as_micros() / 1_000 % 86_400_000).unwrap_or_default();
    Stamps { receive: millis, transmit: millis }
}

/// As the daemon says them; but a trace has no transports and no targets, and its queues no names.
fn names(config: &Config) -> Names {
    let names = daemon::names::of(config, &[]);
    let wan = |wan| WanNames {
        targets: Vec::new(),
        queues: PerDirection { download: "download".into(), upload: "upload".into() },
        ..wan
    };
    Names { wans: names.wans.into_iter().map(wan).collect(), transports: Vec::new(), ..names }
}
