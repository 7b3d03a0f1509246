//! The health as metrics, in the text format of Prometheus.
//! Promises: base units, `HELP` and `TYPE` for each, `_total` for what only grows; what is not
//! known is left out, never zero; one encoding of states everywhere.
//! Knows the health, and nothing of how it came about.

mod tables;

use std::fmt::Write as _;

use self::tables::{DIRECTION, Head, REFLECTOR, ROUTER, Row, STEERING, UNUSED, WAN, WRITES};
use super::health::{DirectionHealth, Health, Status, WanHealth};

/// A value, if it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Whole(u64),
    /// Bits, shown in bytes.
    Bits(u64),
    /// Milliseconds, shown in seconds.
    Ms(f64),
    /// Sixteenths, shown as a ratio.
    Of16(u32),
}

type Label<'a> = (&'static str, &'a str);

/// Writes all metrics to `out`.
pub fn write(health: &Health, out: &mut String) {
    whole(health, out);
    table(&WAN, out, |line| {
        health.wans.iter().for_each(|wan| line(&[("wan", &wan.name)], wan));
    });
    table(&WRITES, out, |line| {
        for wan in &health.wans {
            line(&[("wan", &wan.name), ("result", "confirmed")], &wan.writes_confirmed);
            line(&[("wan", &wan.name), ("result", "failed")], &wan.writes_failed);
        }
    });
    table(&UNUSED, out, |line| {
        for wan in &health.wans {
            line(&[("wan", &wan.name), ("reason", "late")], &wan.replies_late);
            line(&[("wan", &wan.name), ("reason", "duplicate")], &wan.replies_duplicate);
            line(&[("wan", &wan.name), ("reason", "forged")], &wan.replies_forged);
        }
    });
    table(&DIRECTION, out, |line| {
        for (wan, (word, direction)) in health.wans.iter().flat_map(directions) {
            line(&[("wan", wan), ("direction", word)], direction);
        }
    });
    table(&REFLECTOR, out, |line| {
        for wan in &health.wans {
            for reflector in &wan.reflectors {
                line(&[("wan", &wan.name), ("reflector", &reflector.address)], reflector);
            }
        }
    });
    table(&ROUTER, out, |line| {
        health.routers.iter().for_each(|router| line(&[("router", &router.name)], router));
    });
    table(&STEERING, out, |line| {
        health.steerings.iter().for_each(|one| line(&[("steering", &one.name)], one));
    });
}

fn whole(health: &Health, out: &mut String) {
    let one = |name, help| Head { name, kind: "gauge", help };
    let info = one("wanctl_build_info", "The version; always 1.");
    head(&info, out);
    line(&info, &[("version", &health.version)], Value::Whole(1), out);
    let up = one("wanctl_uptime_seconds", "Time since the start.");
    head(&up, out);
    line(&up, &[], Value::Whole(health.uptime_seconds), out);
    let healthy = one("wanctl_healthy", "1: every WAN is measured and every router answers.");
    head(&healthy, out);
    line(&healthy, &[], Value::Whole((health.status == Status::Healthy).into()), out);
}

fn directions(wan: &WanHealth) -> [(&str, (&'static str, &DirectionHealth)); 2] {
    let of = |word, direction| (wan.name.as_str(), (word, direction));
    [of("download", &wan.download), of("upload", &wan.upload)]
}

/// The metrics of a table, each for all that `all` gives it.
fn table<T>(rows: &[Row<T>], out: &mut String, all: impl Fn(&mut dyn FnMut(&[Label<'_>], &T))) {
    for (metric, value) in rows {
        head(metric, out);
        all(&mut |labels, of| {
            if let Some(value) = value(of) {
                line(metric, labels, value, out);
            }
        });
    }
}

fn head(Head { name, kind, help }: &Head, out: &mut String) {
    put(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
}

fn line(metric: &Head, labels: &[Label<'_>], value: Value, out: &mut String) {
    out.push_str(metric.name);
    for (index, (name, text)) in labels.iter().enumerate() {
        put(out, format_args!("{}{name}=\"", if index == 0 { '{' } else { ',' }));
        escaped(text, out);
        out.push('"');
    }
    if !labels.is_empty() {
        out.push('}');
    }
    match value {
        Value::Whole(value) => put(out, format_args!(" {value}\n")),
        Value::Bits(value) => {
            put(out, format_args!(" {}.{:03}\n", value / 8, value % 8 * 125));
        }
        Value::Ms(value) => put(out, format_args!(" {:.6}\n", value / 1_000.0)),
        Value::Of16(value) => put(out, format_args!(" {:.4}\n", f64::from(value) / 16.0)),
    }
}

/// The text of a label: backslash, quote and the end of a line are written differently.
fn escaped(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            letter => out.push(letter),
        }
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests;
