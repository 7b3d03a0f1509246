//! `wanctl status`: what the running daemon sees and does, on one screen.
//! Promises: exit 2 when there is nobody to ask; waits for two seconds at most.

use std::{
    io::{self, Read as _, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::Exit;
use crate::{
    control::{time::Span, units::Rate},
    observe::{
        health::{
            CycleHealth, DirectionHealth, FailoverHealth, Health, MAX_JSON, RouterHealth, Status,
            WanHealth,
        },
        human::Bits,
    },
    os::clock,
};

/// Where the daemon listens unless configured otherwise.
pub(super) const DEFAULT_ADDRESS: &str = "127.0.0.1:9101";
/// For connecting, for the request, and for the whole answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The answer's head, besides the health.
const MAX_HEAD: usize = 4 * 1024;

/// How the health is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Screen,
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
    let answer = match ask(address) {
        Ok(answer) => answer,
        Err(error) => {
            writeln!(err, "wanctl: no daemon answers at {address}: {error}")?;
            return Ok(Exit::NothingRunning);
        }
    };
    let Some((body, health)) = understand(&answer) else {
        writeln!(err, "wanctl: what answers at {address} is not wanctl")?;
        return Ok(Exit::NothingRunning);
    };
    let mut shown = Vec::new();
    match form {
        Form::Json => {
            shown.extend_from_slice(body);
            shown.push(b'\n');
        }
        Form::Screen => screen(&health, &mut shown)?,
    }
    // Whoever answers there must not be able to steer the terminal.
    let harmless = |letter: &char| !letter.is_control() || *letter == '\n';
    let shown: String = String::from_utf8_lossy(&shown).chars().filter(harmless).collect();
    out.write_all(shown.as_bytes())?;
    Ok(Exit::Ok)
}

fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: wanctl\r\nConnection: close\r\n\r\n")?;
    let by = clock::now() + Span::from_micros(u64::try_from(TIMEOUT.as_micros()).unwrap_or(0));
    let mut answer = vec![0; MAX_HEAD + MAX_JSON];
    let mut filled = 0;
    loop {
        let left = by.since(clock::now());
        if left == Span::ZERO {
            return Err(slow());
        }
        stream.set_read_timeout(Some(Duration::from_micros(left.as_micros())))?;
        let read = stream.read(answer.get_mut(filled..).unwrap_or_default()).map_err(named)?;
        filled += read;
        // Nothing is read into no room either.
        if read == 0 {
            answer.truncate(filled);
            return Ok(answer);
        }
    }
}

/// The system calls a time-out "temporarily unavailable".
fn named(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { slow() } else { error }
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no whole answer within {TIMEOUT:?}"))
}

fn understand(answer: &[u8]) -> Option<(&[u8], Health)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer).ok()? else { return None };
    let body = answer.get(head..)?;
    Some((body, Health::from_json(body)?))
}

fn screen(health: &Health, out: &mut dyn Write) -> io::Result<()> {
    let status = match health.status {
        Status::Healthy => "healthy",
        Status::Degraded => "DEGRADED",
        Status::Starting => "starting",
    };
    writeln!(out, "wanctl {}: {status}, up {} s", health.version, health.uptime_seconds)?;
    for router in &health.routers {
        show_router(router, out)?;
    }
    for wan in &health.wans {
        show_wan(wan, out)?;
    }
    Ok(())
}

fn show_router(router: &RouterHealth, out: &mut dyn Write) -> io::Result<()> {
    let RouterHealth { name, transport, consecutive_failures, outage_seconds, .. } = router;
    let version = router.version.as_ref().map_or("version unknown", |version| version.as_str());
    match (router.reachable, &router.last_failure) {
        (Some(true), _) => {
            let failover = router.failover.as_ref().map_or_else(String::new, stands_in);
            writeln!(out, "router {name}: answers over {transport}, {version}{failover}")
        }
        (Some(false), kind) => writeln!(
            out,
            "router {name}: LOST for {outage_seconds} s, {consecutive_failures} attempts failed, \
             last: {}; it keeps its last limits",
            kind.as_ref().map_or("unknown", |kind| kind.as_str())
        ),
        (None, _) => writeln!(out, "router {name}: not asked yet"),
    }
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

fn show_wan(wan: &WanHealth, out: &mut dyn Write) -> io::Result<()> {
    let ms = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.1} ms"));
    writeln!(
        out,
        "wan {}: signal {} ({}), baseline {}, load {}, delta {}",
        wan.name,
        wan.signal,
        measured_by(wan),
        ms(wan.baseline_ms),
        ms(wan.load_ms),
        ms(wan.delta_ms)
    )?;
    show_direction("download", &wan.download, out)?;
    show_direction("upload", &wan.upload, out)?;
    for reflector in &wan.reflectors {
        let aside = if reflector.aside { ", SET ASIDE" } else { "" };
        writeln!(
            out,
            "  reflector {}: {}/16 lost{aside}",
            reflector.address, reflector.lost_of_16
        )?;
    }
    if let Some(CycleHealth { mean_ms, p95_ms, p99_ms, longest_ms }) = wan.cycle {
        writeln!(
            out,
            "  a cycle takes {mean_ms:.1} ms, p95 {p95_ms:.0} ms, p99 {p99_ms:.0} ms, longest \
             {longest_ms:.0} ms"
        )?;
    }
    writeln!(
        out,
        "  cycles {} (missed {}), replies late {} duplicate {} forged {}",
        wan.cycles, wan.cycles_missed, wan.replies_late, wan.replies_duplicate, wan.replies_forged
    )?;
    writeln!(
        out,
        "  writes: {} confirmed, {} failed, {} in the last hour, {} left in the budget",
        wan.writes_confirmed, wan.writes_failed, wan.writes_last_hour, wan.writes_left
    )
}

fn show_direction(word: &str, direction: &DirectionHealth, out: &mut dyn Write) -> io::Result<()> {
    let bits = |bps| Rate::from_bps(bps).map_or("-".to_string(), |rate| Bits(rate).to_string());
    writeln!(
        out,
        "  {word:<9} {:<9} wanted {:<7} confirmed {:<7} ({}) {}",
        direction.state,
        bits(direction.wanted_bps),
        direction.confirmed_bps.map_or("-".to_string(), bits),
        direction.outcome,
        direction.reason
    )?;
    if let Some(trouble) = &direction.trouble {
        writeln!(out, "            the router refuses: {trouble}")?;
    }
    Ok(())
}
