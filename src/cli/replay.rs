//! `wanctl replay`: a trace through the control core, in virtual time, against routers that always
//! obey.
//! Promises: the same trace gives the same output, byte by byte, on every CPU.
//!
//! A trace is a configuration, a line `samples`, and then one line per round: the round-trip time in
//! ms of each reflector, `-` for a lost one, and optionally `xN` to repeat the round. `25/12` is one of
//! 25 ms of which 12 are on the way there, to a reflector that answers timestamps. `#` begins a
//! comment. Several WANs have their times in the order of the file, with `|` between them. Other
//! lines say what is so from then on: `queue WAN DROPS WAITING` what the download queue of a WAN
//! counts (drops per second, packets that wait), `flow WAN DOWN UP` what passes its queues in Mbit/s,
//! `queue WAN -` that it cannot be read, `queue WAN reset` that it begins anew, and
//! `rule STEERING on|off|gone|twice` what somebody does with a rule.

mod player;
mod trace;

use std::{
    fs::File,
    io::{self, Read as _, Write},
    path::Path,
};

use self::{
    player::Player,
    trace::{Line, read},
};
use super::Exit;

/// Largest trace, in bytes: a day of rounds with three reflectors.
const MAX_TRACE: u64 = 64 * 1024 * 1024;

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
    let (config, lines) = match read(&text) {
        Ok(trace) => trace,
        Err(findings) => {
            for finding in findings {
                writeln!(err, "{}:{finding}", path.display())?;
            }
            return Ok(Exit::Config);
        }
    };
    let mut player = Player::new(&config);
    for line in &lines {
        match line {
            Line::Round(round) => {
                for _ in 0..round.repeat {
                    player.play(&round.times, out)?;
                }
            }
            Line::Queue(wan, told) => player.count(*wan, *told),
            Line::Flow(wan, flows) => player.pass(*wan, *flows),
            Line::Rule(steering, hand) => player.touch(*steering, *hand),
        }
    }
    Ok(Exit::Ok)
}
