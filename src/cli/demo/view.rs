//! How the demo looks: a line every half second, and a summary.
//! Promises: colours only where asked for; plain means ASCII.
//! Knows only values; it measures nothing.

use std::io::{self, Write};

use super::{
    Form,
    line::Sample,
    scene::Scene,
    summary::{Outcome, Summary},
};
use crate::{
    control::{
        time::Span,
        units::{PerDirection, Rate},
    },
    observe::{
        health::{DirectionHealth, Health},
        human::Bits,
    },
};

/// Columns of a bar.
const RATE_BAR: u64 = 10;
const DELAY_BAR: u64 = 8;
/// A full bar of delay.
const FULL_DELAY: Span = Span::from_millis(240);

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// The eight of every terminal.
    Ansi,
    /// None.
    None,
}

/// The look of this demo.
#[derive(Debug)]
pub(super) struct View {
    form: Form,
    colours: Colours,
    ceilings: PerDirection<Rate>,
}

impl View {
    pub(super) fn new(form: Form, colours: Colours, scene: &Scene) -> Self {
        Self { form, colours, ceilings: scene.ceilings }
    }

    /// What comes first.
    pub(super) fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.form == Form::Json {
            return Ok(());
        }
        writeln!(
            out,
            "The whole daemon against a simulated router (HTTPS on the loopback) and line.\n\
             A big download begins, the line gets slower as the neighbours come home,\n\
             an upload joins. Beside it: the delay that the line has without control.\n\n\
             {:>5} {:<8} {:<17} {:<8} {:>5}  {:<14}  {:<14}",
            "time", "download", "limit", "upload", "limit", "added delay", "without wanctl"
        )
    }

    /// One line.
    pub(super) fn line(
        &self,
        elapsed: Span,
        health: &Health,
        sample: &Sample,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(wan) = health.wans.first() else { return Ok(()) };
        let (down, up) = (&wan.download, &wan.upload);
        let tenths = elapsed.as_millis() / 100;
        let (seconds, tenth) = (tenths / 10, tenths % 10);
        if self.form == Form::Json {
            return writeln!(
                out,
                "{{\"seconds\":{seconds}.{tenth},\"download_state\":\"{}\",\"download_bps\":{},\
                 \"upload_state\":\"{}\",\"upload_bps\":{},\"added_delay_ms\":{},\
                 \"added_delay_without_control_ms\":{}}}",
                down.state,
                limit(down),
                up.state,
                limit(up),
                sample.controlled.as_millis(),
                sample.free.as_millis(),
            );
        }
        let rate_bar = self.bar(limit(down), self.ceilings.download.bps(), RATE_BAR);
        writeln!(
            out,
            "{seconds:>2}.{tenth}s {} {rate_bar} {:>6} {} {:>5}  {}  {}",
            self.state(&down.state),
            bits(limit(down)),
            self.state(&up.state),
            bits(limit(up)),
            self.delay(sample.controlled),
            self.delay(sample.free),
        )?;
        out.flush()
    }

    /// What comes last.
    pub(super) fn end(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Summary { controlled, free, writes, reaction } = summary;
        let reaction = reaction.map(Span::as_millis);
        if self.form == Form::Json {
            let null = || "null".to_string();
            return writeln!(
                out,
                "{{\"summary\":{{\"with_control\":{},\"without_control\":{},\"writes\":{writes},\
                 \"reaction_ms\":{}}}}}",
                json(controlled),
                json(free),
                reaction.map_or_else(null, |ms| ms.to_string())
            );
        }
        if free.throughput == 0 {
            return writeln!(out, "\nNothing to compare: the download had not begun.");
        }
        writeln!(
            out,
            "\nWhile the download ran:\n\n{:<28} {:>13} {:>16}",
            "", "with wanctl", "without control"
        )?;
        let mut row = |what: &str, with: String, without: String| {
            writeln!(out, "{what:<28} {with:>13} {without:>16}")
        };
        let ms = |span: Span| format!("{} ms", span.as_millis());
        row("added delay, median", ms(controlled.p50), ms(free.p50))?;
        row("added delay, 95th percentile", ms(controlled.p95), ms(free.p95))?;
        row("download", mbits(controlled.throughput), mbits(free.throughput))?;
        writeln!(
            out,
            "\nThe router's limits were written {writes} times; {}.",
            match reaction {
                Some(ms) =>
                    format!("from the first congestion to the first lower limit it took {ms} ms"),
                None => "there was no congestion to react to".to_string(),
            }
        )
    }

    fn bar(&self, value: u64, full: u64, columns: u64) -> String {
        let filled = value.saturating_mul(columns).checked_div(full).unwrap_or(0).min(columns);
        let (solid, empty) = match self.form {
            Form::Live => ('█', '·'),
            Form::Plain | Form::Json => ('#', '.'),
        };
        (0..columns).map(|column| if column < filled { solid } else { empty }).collect()
    }

    fn delay(&self, delay: Span) -> String {
        let bar = self.bar(delay.as_micros(), FULL_DELAY.as_micros(), DELAY_BAR);
        let number = format!("{:>3}ms", delay.as_millis());
        let colour = match delay.as_millis() {
            0..=15 => GREEN,
            16..=60 => YELLOW,
            _ => RED,
        };
        format!("{} {number}", self.coloured(&bar, colour))
    }

    fn state(&self, state: &str) -> String {
        let colour = match state {
            "GREEN" => GREEN,
            "YELLOW" => YELLOW,
            "SOFT_RED" | "RED" => RED,
            _ => GREY,
        };
        self.coloured(&format!("{state:<8}"), colour)
    }

    fn coloured(&self, text: &str, colour: &str) -> String {
        match self.colours {
            Colours::Ansi => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            Colours::None => text.to_string(),
        }
    }
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const GREY: &str = "90";

/// The limit at the router, as far as it has confirmed one.
fn limit(direction: &DirectionHealth) -> u64 {
    direction.confirmed_bps.unwrap_or(0)
}

fn bits(bps: u64) -> String {
    Rate::from_bps(bps).map_or("-".to_string(), |rate| Bits(rate).to_string())
}

fn mbits(bps: u64) -> String {
    format!("{}.{} Mbit/s", bps / 1_000_000, bps / 100_000 % 10)
}

fn json(outcome: &Outcome) -> String {
    format!(
        "{{\"added_delay_p50_ms\":{},\"added_delay_p95_ms\":{},\"download_bps\":{}}}",
        outcome.p50.as_millis(),
        outcome.p95.as_millis(),
        outcome.throughput
    )
}
