//! `wanctl status`: what the running daemon sees and does, on one screen.
//! Promises: exit 2 when there is nobody to ask; waits for two seconds at most; without a terminal
//! it is plain text, one line per thing; a reader that goes away ends it quietly.

mod client;
mod lines;
mod screen;
mod spark;

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use smol::Timer;

use self::{screen::Screen, spark::Look};
use super::Exit;
use crate::os::terminal;

/// Where the daemon listens unless configured otherwise.
pub(super) const DEFAULT_ADDRESS: &str = "127.0.0.1:9101";
/// Between two looks of `--watch`: the daemon takes a sample every second.
const EVERY: Duration = Duration::from_secs(1);
/// Lines without a terminal are not broken.
const UNBROKEN: usize = 4_096;

/// How the health is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Screen,
    /// The same again and again.
    Watch,
    /// As the daemon gave it.
    Json,
}

/// Asks the daemon at `at` and shows its health.
pub(super) fn status(
    at: &str,
    form: Form,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Exit> {
    let Ok(address) = at.parse::<SocketAddr>() else {
        writeln!(err, "wanctl: '{at}' is not an address and port, such as {DEFAULT_ADDRESS}")?;
        return Ok(Exit::Usage);
    };
    let shown = match look(address, form) {
        Ok(shown) => shown,
        Err(why) => {
            writeln!(err, "wanctl: {why}")?;
            return Ok(Exit::NothingRunning);
        }
    };
    if form == Form::Watch {
        watch(address, shown, out)?;
    } else {
        print(&shown, out)?;
    }
    Ok(Exit::Ok)
}

/// The lines to show, or why there are none.
fn look(address: SocketAddr, form: Form) -> Result<Vec<String>, String> {
    let (body, health) = match client::health(address) {
        Ok(Some(answer)) => answer,
        Ok(None) => return Err(format!("what answers at {address} is not wanctl")),
        Err(error) => return Err(format!("no daemon answers at {address}: {error}")),
    };
    if form == Form::Json {
        return Ok(vec![String::from_utf8_lossy(&body).into_owned()]);
    }
    let size = terminal::size();
    let mut screen = match size {
        Some((columns, _)) => Screen::new(columns.into(), Look::Blocks),
        None => Screen::new(UNBROKEN, Look::Ascii),
    };
    let recent = client::recent(address, screen.seconds());
    screen.show(&health, recent.as_deref());
    Ok(screen.into_lines(size.map_or(usize::MAX, |(_, rows)| usable(rows))))
}

fn print(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        writeln!(out, "{}", harmless(line))?;
    }
    out.flush()
}

/// Whoever answers there must not be able to steer the terminal.
fn harmless(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).collect()
}

/// Shows it every second, in place where there is a terminal, until somebody ends it. A daemon that
/// has ended may come back.
fn watch(address: SocketAddr, mut shown: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    loop {
        if let Some((_, rows)) = terminal::size() {
            in_place(&shown, usable(rows), out)?;
        } else {
            print(&shown, out)?;
            writeln!(out)?;
        }
        smol::block_on(Timer::after(EVERY));
        shown = look(address, Form::Watch)
            .unwrap_or_else(|why| vec![format!("{why}; asking again every second")]);
    }
}

/// Rows that can be written to: the last one stays free, or the terminal scrolls.
fn usable(rows: u16) -> usize {
    usize::from(rows).saturating_sub(1)
}

/// Each line over the old one: a screen that is cleared first would flicker.
fn in_place(lines: &[String], rows: usize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "\x1b[H")?;
    for line in lines.iter().take(rows) {
        writeln!(out, "{}\x1b[K", harmless(line))?;
    }
    write!(out, "\x1b[J")?;
    out.flush()
}
