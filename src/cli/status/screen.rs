//! One screen: is it working, what did it do last and why, what does it wait for.
//! Promises: nothing runs over the width; what is longer goes on in the next line.
//! Knows only what the daemon told.

use super::{
    client::{Event, Recent, RecentWan, Row},
    lines::{Lines, Worth},
    spark::{self, Look},
};
use crate::{
    control::{rule::Kind, time::Span, units::Rate},
    observe::{
        health::{
            DirectionHealth, FailoverHealth, Health, RouterHealth, Status, SteeringHealth,
            WanHealth,
        },
        human::{Bits, Time},
    },
};

/// Narrower than this nothing is shown as it should be.
const NARROWEST: usize = 20;
/// Delays are shown on this scale at the least, in milliseconds.
const LEAST_DELAY: f32 = 20.0;
/// Columns of a sparkline at the most.
const LONGEST_SPARK: usize = 60;
/// The word before a sparkline, and the number behind it.
const BESIDE_SPARK: usize = 22;
/// Places in a row of the history.
const CONFIRMED: [usize; 2] = [2, 3];
const HIGHEST_DELTA: usize = 6;

/// A screen of this width.
#[derive(Debug)]
pub(super) struct Screen {
    width: usize,
    look: Look,
    lines: Lines,
}

impl Screen {
    pub(super) fn new(width: usize, look: Look) -> Self {
        let width = width.max(NARROWEST);
        Self { width, look, lines: Lines::new(width) }
    }

    /// How many seconds fit into a sparkline.
    pub(super) fn seconds(&self) -> usize {
        self.width.saturating_sub(BESIDE_SPARK).min(LONGEST_SPARK)
    }

    /// Its lines; no more than `rows`, if what matters most has room in them.
    pub(super) fn into_lines(self, rows: usize) -> Vec<String> {
        self.lines.fit(rows)
    }

    fn put(&mut self, indent: usize, text: &str) {
        self.lines.put(Worth::State, indent, text);
    }

    /// All of it.
    pub(super) fn show(&mut self, health: &Health, recent: Option<&Recent>) {
        let status = match health.status {
            Status::Healthy => "healthy",
            Status::Degraded => "DEGRADED",
            Status::Starting => "starting",
        };
        let up = whole(health.uptime_seconds);
        self.put(0, &format!("wanctl {}: {status}, up {up}", health.version));
        for router in &health.routers {
            self.router(router);
        }
        for wan in &health.wans {
            let of_wan = |recent: &&RecentWan| recent.name == wan.name;
            self.wan(wan, recent.and_then(|recent| recent.wans.iter().find(of_wan)), health);
        }
        for steering in &health.steerings {
            self.steering(steering);
        }
        if let Some(recent) = recent {
            self.events(recent);
        }
        for wan in &health.wans {
            self.details(wan);
        }
    }

    fn router(&mut self, router: &RouterHealth) {
        let RouterHealth { name, transport, consecutive_failures, outage_seconds, .. } = router;
        let version = router.version.as_ref().map_or("version unknown", |text| text.as_str());
        match (router.reachable, &router.last_failure) {
            (Some(true), _) => {
                let failover = router.failover.as_ref().map_or_else(String::new, stands_in);
                let worth = if failover.is_empty() { Worth::Reason } else { Worth::State };
                let text = format!("router {name}: answers over {transport}, {version}{failover}");
                self.lines.put(worth, 0, &text);
                if let (Some(coverage), Some(contract)) = (&router.coverage, &router.contract) {
                    let text = format!("recorded answers: {coverage}; contract: {contract}");
                    self.lines.put(Worth::Detail, 2, &text);
                }
            }
            (Some(false), kind) => {
                let kind = kind.as_ref().map_or("unknown", |kind| kind.as_str());
                let outage = whole(*outage_seconds);
                let text = format!(
                    "router {name}: LOST for {outage}, {consecutive_failures} attempts failed, \
                     last: {kind}; it keeps its last limits"
                );
                self.put(0, &text);
            }
            (None, _) => self.put(0, &format!("router {name}: not asked yet")),
        }
    }

    fn wan(&mut self, wan: &WanHealth, recent: Option<&RecentWan>, health: &Health) {
        let ms =
            |value: Option<f64>| value.map_or("?".to_string(), |value| format!("{value:.1} ms"));
        let delta = wan.delta_ms.map_or("?".to_string(), |delta| format!("{delta:+.1} ms"));
        let text = format!(
            "wan {}: signal {} ({}), idle {}, now {delta}",
            wan.name,
            wan.signal,
            measured_by(wan),
            ms(wan.baseline_ms)
        );
        self.put(0, &text);
        self.direction("download", &wan.download, &wan.law);
        self.direction("upload", &wan.upload, &wan.law);
        let waits = format!("{} waits for {}", wan.name, waits_for(wan, health));
        self.lines.put(Worth::Waits, 2, &waits);
        if let Some(recent) = recent {
            self.sparks(wan, recent);
        }
    }

    fn steering(&mut self, of: &SteeringHealth) {
        let SteeringHealth { name, primary, alternate, state, judgement, .. } = of;
        let dry = if of.dry_run { ", DRY RUN" } else { "" };
        let since =
            of.since_seconds.map_or_else(String::new, |seconds| format!(" for {}", whole(seconds)));
        self.put(0, &format!("steering {name}: {state}{since}, rule {}{dry}", rule_shown(of)));
        self.lines.go_on(Worth::Reason, 2, &format!("wan {primary} is {judgement}"));
        if let Some(waits) = steering_waits_for(of) {
            self.lines.go_on(Worth::Waits, 2, &format!("waits for {waits}"));
        }
        if state == "DEGRADED" {
            let text = format!("new connections take wan {alternate}");
            self.lines.put(Worth::Reason, 2, &text);
        }
        if let Some(trouble) = &of.rule_trouble {
            self.put(2, &format!("the rule \"{}\" cannot be switched: {trouble}", of.rule));
        }
    }

    fn details(&mut self, wan: &WanHealth) {
        self.reflectors(wan);
        let text = format!(
            "{}: law {}; writes {} confirmed, {} failed, {} left this hour; cycles {} ({} missed)",
            wan.name,
            wan.law,
            wan.writes_confirmed,
            wan.writes_failed,
            wan.writes_left,
            wan.cycles,
            wan.cycles_missed
        );
        self.lines.put(Worth::Detail, 0, &text);
    }

    fn direction(&mut self, word: &str, direction: &DirectionHealth, law: &str) {
        let DirectionHealth { state, wanted_bps, confirmed_bps, reason, .. } = direction;
        let confirmed = match confirmed_bps {
            Some(confirmed) if confirmed == wanted_bps => String::new(),
            Some(confirmed) => format!(" (router {})", bits(*confirmed)),
            None => " (router ?)".to_string(),
        };
        let load = match (&direction.load, direction.flow_bps) {
            (Some(load), Some(flow)) if flow > 0 => format!(", load {load}: {}", bits(flow)),
            (Some(load), _) => format!(", load {load}"),
            (None, _) if law == Kind::Adaptive.word() => ", load unknown".to_string(),
            (None, _) => String::new(),
        };
        self.put(2, &format!("{word} {state} {}{confirmed}{load}", bits(*wanted_bps)));
        self.lines.go_on(Worth::Reason, 4, reason);
        if let Some(trouble) = &direction.trouble {
            self.put(4, &format!("the router refuses: {trouble}"));
        }
    }

    fn sparks(&mut self, wan: &WanHealth, recent: &RecentWan) {
        let of = |place: usize| {
            let value = move |row: &Option<Row>| {
                row.as_ref().and_then(|row| row.get(place).copied().flatten())
            };
            recent.samples.iter().map(value)
        };
        let highest = of(HIGHEST_DELTA).flatten().fold(0.0, f32::max);
        let (columns, look) = (self.seconds(), self.look);
        let full = highest.max(LEAST_DELAY);
        let bars = spark::line(of(HIGHEST_DELTA), columns, full, look);
        let line = format!("  delay    {bars:>columns$} {highest:.0} ms");
        self.lines.put_as_is(Worth::Delay, &line);
        let directions = [("down", &wan.download), ("up", &wan.upload)];
        for ((word, direction), place) in directions.into_iter().zip(CONFIRMED) {
            let bars = spark::line(of(place), columns, kbps(direction.ceiling_bps), look);
            let now = direction.confirmed_bps.map_or("?".to_string(), bits);
            self.lines.put_as_is(Worth::Rates, &format!("  {word:<8} {bars:>columns$} {now}"));
        }
    }

    /// Those that answer need no line each.
    fn reflectors(&mut self, wan: &WanHealth) {
        let bad: Vec<String> = wan
            .reflectors
            .iter()
            .filter(|reflector| reflector.aside || reflector.lost_of_16 > 0)
            .map(|reflector| {
                let aside = match reflector.aside_for.as_deref() {
                    Some("outlier") => " SET ASIDE, it strays",
                    Some(_) => " SET ASIDE",
                    None if reflector.aside => " SET ASIDE",
                    None => "",
                };
                format!("{} {}/16 lost{aside}", reflector.address, reflector.lost_of_16)
            })
            .collect();
        let count = wan.reflectors.len();
        let mut text = match bad.as_slice() {
            [] => format!("{}: all {count} reflectors answer", wan.name),
            bad => format!("{}: of {count} reflectors {}", wan.name, bad.join(", ")),
        };
        let mut asked = wan.reflectors.iter().filter_map(|of| of.timestamps.as_deref()).peekable();
        if asked.peek().is_some() {
            let answer = asked.filter(|state| *state == "answers").count();
            text = format!("{text}; {answer} by timestamps");
        }
        if let Some(every) = wan.round_ms {
            text = format!("{text}; asked each {every:.0} ms");
        }
        self.lines.put(Worth::Detail, 0, &text);
    }

    fn events(&mut self, recent: &Recent) {
        let worths = std::iter::once(Worth::Last).chain(std::iter::repeat(Worth::Earlier));
        for (Event { at, text }, worth) in recent.events.iter().rev().zip(worths) {
            let ago = whole(recent.now.saturating_sub(*at));
            self.lines.put(worth, 0, &format!("{ago} ago: {text}"));
        }
    }
}

/// What has to happen before the rates move on.
fn waits_for(wan: &WanHealth, health: &Health) -> String {
    let lost = health.routers.iter().find(|router| router.reachable != Some(true));
    let directions = [("download", &wan.download), ("upload", &wan.upload)];
    if let Some(router) = lost {
        return format!("an answer of router {}", router.name);
    }
    if let Some((word, _)) = directions.iter().find(|(_, of)| of.trouble.is_some()) {
        return format!("the router to take the {word} queue");
    }
    match wan.signal.as_str() {
        "no-signal" => return "an answer of a reflector or TCP target: rates are held".to_string(),
        "learning" => return "enough replies to know the idle delay".to_string(),
        _ => {}
    }
    if let Some((word, of)) =
        directions.iter().find(|(_, of)| of.confirmed_bps != Some(of.wanted_bps))
    {
        return format!(
            "the router to confirm {} for {word} ({})",
            bits(of.wanted_bps),
            of.outcome
        );
    }
    if let Some((word, of)) = directions.iter().find(|(_, of)| of.state != "GREEN") {
        return format!("the delay of {word} to fall, {} now", of.state);
    }
    match directions.iter().find(|(_, of)| of.wanted_bps < of.ceiling_bps) {
        Some((word, of)) => format!("low delay to go on: {word} rises to {}", bits(of.ceiling_bps)),
        None => "nothing: both directions are at the ceiling".to_string(),
    }
}

/// How the router shows the rule, and how it is wanted if that differs.
fn rule_shown(of: &SteeringHealth) -> String {
    let word = |on: bool| if on { "on" } else { "off" };
    match (of.rule_on, of.rule_wanted) {
        (Some(on), Some(wanted)) if on != wanted => {
            format!("{} (wanted {})", word(on), word(wanted))
        }
        (Some(on), _) => word(on).to_string(),
        (None, Some(wanted)) => format!("? (wanted {})", word(wanted)),
        (None, None) => "?".to_string(),
    }
}

/// What a change of the decision waits for.
fn steering_waits_for(of: &SteeringHealth) -> Option<String> {
    Some(match of.waits_for.as_str() {
        "evidence" => "a measurement and the counters of its queue".to_string(),
        "time" if of.state == "DEGRADED" => "that to be GREEN and to last".to_string(),
        "time" => "that to last".to_string(),
        "hold-down" => "the time after the last change to pass".to_string(),
        "alternate" => format!("wan {} to be well", of.alternate),
        _ => return None,
    })
}

/// Why the transport in use is not the preferred one.
fn stands_in(failover: &FailoverHealth) -> String {
    let FailoverHealth { instead_of, seconds, reason, next_try_seconds } = failover;
    format!(
        "; not over {instead_of} for {seconds} s ({reason}), tried again in {next_try_seconds} s"
    )
}

/// What measures the line; while the rates are held, what answers at all.
fn measured_by(wan: &WanHealth) -> String {
    match (&wan.tcp_target, wan.tcp_baseline.as_deref()) {
        (Some(target), Some("offset")) => format!("tcp to {target}, less its offset"),
        (Some(target), _) => format!("tcp to {target}, baseline of its own"),
        (None, _) => wan.source.to_string(),
    }
}

/// Of what is known in seconds only, no milliseconds are shown.
fn whole(seconds: u64) -> String {
    match seconds {
        short @ 0..10 => format!("{short} s"),
        long => Time(Span::from_secs(long)).to_string(),
    }
}

fn bits(bps: u64) -> String {
    Rate::from_bps(bps).map_or("-".to_string(), |rate| Bits(rate).to_string())
}

/// For a bar of a few steps the nearest number is good enough.
fn kbps(bps: u64) -> f32 {
    let kbps = u32::try_from(bps / 1_000).unwrap_or(u32::MAX);
    let [low, high] = [kbps & 0xffff, kbps >> 16].map(|half| u16::try_from(half).unwrap_or(0));
    f32::from(high) * 65_536.0 + f32::from(low)
}

#[cfg(test)]
mod tests;
