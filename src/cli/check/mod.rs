//! `wanctl check`: every finding in the configuration, or what would run; and the table of options.
//! Promises: one line per finding, none of them with a secret; what it says it writes to `out`.
//! Must not know how the file is read.

mod live;

use std::{
    io::{self, Write},
    path::Path,
};

use super::Exit;
use crate::{
    config::{
        self, Config, Finding, Loaded, RouterSection, SteeringSection, WanSection,
        number::Unit,
        table::{Preset, Row, SectionKind, Shape, rows},
    },
    control::{
        applier::OnExit,
        id::WanId,
        ladder,
        rule::{Choice, Kind},
        steering::{self as steers, Mode, course::Effect, rule},
        units::{Direction, PerDirection, Rate, Rtt},
        zone::Thresholds,
    },
    router::settings::{Host, Queues, Scheme, Settings, SshLogin, SshSettings, Trust, Way},
};

/// How far the check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The configuration and the files it names.
    Files,
    /// The routers too.
    Live,
}

/// What the configuration came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The daemon can run with this configuration; there may be warnings.
    Good,
    /// The daemon would not start.
    Bad,
}

/// Checks the configuration in `path` and says what was found, or what would run. The error is one
/// of `out`.
pub fn check(path: &Path, out: &mut dyn Write) -> io::Result<Verdict> {
    let good = checked(path, out)?.is_some();
    Ok(if good { Verdict::Good } else { Verdict::Bad })
}

/// The same, and then perhaps the routers; how the program ends.
pub(super) fn command(path: &Path, depth: Depth, out: &mut dyn Write) -> io::Result<Exit> {
    match (checked(path, out)?, depth) {
        (None, _) => Ok(Exit::Config),
        (Some(_), Depth::Files) => Ok(Exit::Ok),
        (Some(config), Depth::Live) => live::live(&config, out),
    }
}

/// The configuration, if the daemon can run with it.
fn checked(path: &Path, out: &mut dyn Write) -> io::Result<Option<Config>> {
    match config::load(path) {
        Ok(Loaded { config, warnings }) => {
            findings(path, &warnings, out)?;
            summary(path, &config, out)?;
            Ok(Some(config))
        }
        Err(found) => {
            findings(path, &found, out)?;
            Ok(None)
        }
    }
}

/// One line each: `FILE:LINE: error: …`.
fn findings(path: &Path, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        writeln!(out, "{}:{}", path.display(), finding.placed())?;
    }
    Ok(())
}

fn summary(path: &Path, config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let Config { globals, routers, wans, steerings } = config;
    writeln!(out, "{}: good", path.display())?;
    let copy = match &globals.persist_dir {
        Some(directory) => format!("a copy in {}", directory.display()),
        None => "no copy on flash".into(),
    };
    let level = globals.log_level.as_str().to_lowercase();
    let state = globals.state_dir.display();
    writeln!(out, "listens on {}; state in {state}, {copy}; logs from {level}", globals.listen)?;
    for router in routers {
        let ways: Vec<String> = router.ways.all().map(access).collect();
        writeln!(out, "router '{}': {}", router.name, ways.join("; if that fails "))?;
    }
    for wan in wans {
        line(wan, routers, out)?;
    }
    for one in steerings {
        writeln!(out, "{}", steering(one, config))?;
    }
    Ok(())
}

fn access(way: &Way) -> String {
    match way {
        Way::Rest(settings) => over_rest(settings),
        Way::Ssh(settings) => over_ssh(settings),
    }
}

fn over_ssh(
    SshSettings { host, port, username, login, host_key, timeout }: &SshSettings,
) -> String {
    let login = match login {
        SshLogin::Password(_) => "by password".into(),
        SshLogin::KeyFile(file) => format!("by {}", file.display()),
    };
    let (host, timeout) = (shown(host), Unit::Time.write(timeout.as_micros()));
    format!(
        "ssh://{host}:{port} as '{username}' {login}, trusts {host_key}, {timeout} per operation"
    )
}

fn shown(host: &Host) -> String {
    match host {
        Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
        Host::Address(address) => address.to_string(),
        Host::Name(name) => name.clone(),
    }
}

fn over_rest(settings: &Settings) -> String {
    let (scheme, trust) = match &settings.scheme {
        Scheme::Http => ("http", "not encrypted".into()),
        Scheme::Https(Trust::System) => ("https", "trusts the system's authorities".into()),
        Scheme::Https(Trust::CaFile(file)) => ("https", format!("trusts {}", file.display())),
        Scheme::Https(Trust::Anyone) => ("https", "trusts ANY certificate".into()),
    };
    let host = shown(&settings.host);
    let Settings { port, username, rest_timeout, .. } = settings;
    let timeout = Unit::Time.write(rest_timeout.as_micros());
    format!("{scheme}://{host}:{port} as '{username}', {trust}, {timeout} per operation")
}

fn line(wan: &WanSection, routers: &[RouterSection], out: &mut dyn Write) -> io::Result<()> {
    let router = routers.get(usize::from(wan.control.router.0));
    let router = router.map_or("", |router| router.name.as_str());
    let queues = match &wan.queues {
        Queues::Tree(names) => format!("queue tree '{}' and '{}'", names.download, names.upload),
        Queues::Simple(name) => format!("simple queue '{name}'"),
        Queues::Type(names) => format!("queue type '{}' and '{}'", names.download, names.upload),
    };
    let (law, bases) = law(&wan.control.choice);
    writeln!(out, "wan '{}': {queues} on router '{router}', law {law}", wan.name)?;
    for direction in Direction::BOTH {
        let rates = rates(wan.control.law.ladders.of(direction), bases.of(direction));
        let zones = zones(wan.control.law.thresholds.of(direction));
        let exit = match wan.control.on_exit.of(direction) {
            OnExit::Keep => "kept at exit".into(),
            OnExit::Set(rate) => format!("{} at exit", bits(*rate)),
        };
        writeln!(out, "  {}: {rates}; {zones}; {exit}", direction.word())?;
    }
    writeln!(out, "  {}", measurement(wan))
}

fn steering(steering: &SteeringSection, config: &Config) -> String {
    let SteeringSection { name, control, comment } = steering;
    let wan = |wan: WanId| config.wans.get(usize::from(wan.0)).map_or("", |wan| wan.name.as_str());
    let router = config.routers.get(usize::from(control.router.0));
    let router = router.map_or("", |router| router.name.as_str());
    let steers::Settings { degrade_after, recover_after, delta, .. } = control.law;
    let [after, again] =
        [degrade_after, recover_after].map(|span| Unit::Time.write(span.as_micros()));
    let by = match control.law.mode {
        Mode::Hysteresis => "thresholds",
        Mode::Confidence => "a score",
    };
    let exit = match control.on_exit {
        rule::OnExit::Keep => "kept at exit",
        rule::OnExit::Disable => "switched off at exit",
    };
    let dry = match control.effect {
        Effect::Real => "",
        Effect::DryRun => "; DRY RUN: the rule is left alone",
    };
    format!(
        "steering '{name}': from wan '{}' to wan '{}' by the mangle rule '{comment}' on router \
         '{router}', by {by}: bad (delay over {}) for {after}: on; good for {again}: off; {exit}{dry}",
        wan(control.primary),
        wan(control.alternate),
        millis(delta),
    )
}

/// The law, and what stands between its bounds and the classic rules, which hold for both.
fn law(choice: &Choice) -> (&'static str, PerDirection<String>) {
    let Choice::Adaptive(settings) = choice else {
        let nothing = String::new;
        return (Kind::Classic.word(), PerDirection { download: nothing(), upload: nothing() });
    };
    let base = |base: Option<Rate>| {
        format!(", base {}; without the load", base.map_or_else(|| "learnt".into(), bits))
    };
    (Kind::Adaptive.word(), settings.base.map(base))
}

fn rates(ladder: &ladder::Settings, base: &str) -> String {
    let floors = ladder.floors;
    let [ceiling, green, yellow, red, step] =
        [ladder.ceiling, floors.green, floors.yellow, floors.red, ladder.step_up].map(bits);
    let [hard, soft] = [ladder.factor_red, ladder.factor_yellow]
        .map(|factor| Unit::Factor.write(u64::from(factor.ppm())));
    format!(
        "{red} to {ceiling}{base} (floors: green {green}, yellow {yellow}), up by {step} after {} cycles, \
         down by ×{soft} yellow, ×{hard} red",
        ladder.green_required
    )
}

fn zones(thresholds: &Thresholds) -> String {
    let soft_red = thresholds
        .soft_red
        .map_or_else(String::new, |threshold| format!("soft red above {}, ", millis(threshold)));
    let (yellow, red) = (millis(thresholds.yellow), millis(thresholds.red));
    format!("yellow above {yellow}, {soft_red}red above {red}")
}

fn measurement(wan: &WanSection) -> String {
    let reflectors: Vec<String> = wan.probe.reflectors.iter().map(ToString::to_string).collect();
    let source = wan.probe.source.map_or_else(String::new, |source| format!(" from {source}"));
    let device = wan.probe.interface.as_ref();
    let device = device.map_or_else(String::new, |device| format!(" by {device}"));
    let law = wan.control.law;
    let baseline = law.baseline.initial.map_or_else(|| "learnt".into(), millis);
    format!(
        "probes {} every {}{source}{device}{}; baseline {baseline}, {} to {}; {} writes per hour",
        reflectors.join(", "),
        Unit::Delay.write(law.interval.as_micros()),
        instead(wan),
        millis(law.baseline.min),
        millis(law.baseline.max),
        wan.control.write_budget
    )
}

/// What is asked when no reflector answers.
fn instead(wan: &WanSection) -> String {
    let targets: Vec<String> = wan.probe.tcp_targets.iter().map(ToString::to_string).collect();
    let targets = (!targets.is_empty()).then(|| format!("TCP to {}", targets.join(", ")));
    let gateway = wan.probe.gateway.map(|gateway| format!("the gateway {gateway}"));
    let asked: Vec<String> = targets.into_iter().chain(gateway).collect();
    if asked.is_empty() {
        return "; without an answer: holds".into();
    }
    format!("; without an answer: {}", asked.join(" and "))
}

fn bits(rate: Rate) -> String {
    Unit::Rate.write(rate.bps())
}

fn millis(rtt: Rtt) -> String {
    format!("{}ms", rtt.ms())
}

/// Writes the table of all options as Markdown.
pub fn options(out: &mut dyn Write) -> io::Result<()> {
    for (place, section) in SectionKind::ALL.into_iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        writeln!(out, "**Section `{}`**\n", section.word())?;
        writeln!(out, "| Option | Default | Range | Meaning |")?;
        writeln!(out, "|---|---|---|---|")?;
        for row in rows(section) {
            writeln!(out, "{}", option(row))?;
        }
    }
    Ok(())
}

fn option(row: &dyn Row) -> String {
    let default = match row.preset() {
        Preset::Required(_) => "required".into(),
        Preset::Value(value) => format!("`{value}`"),
        Preset::Absent(meaning, _) => meaning.into(),
    };
    let list = match row.shape() {
        Shape::One => String::new(),
        Shape::List(most) => format!(" (list, 1 to {most})"),
    };
    format!("| `{}`{list} | {default} | {} | {} |", row.name(), row.range(), row.help())
}
