//! Traffic that saturates the line, and what it does to the delay of others.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use crate::net::{Bed, REFLECTORS};

/// Seconds between two pings.
const PING_EVERY: f64 = 0.05;

/// A process that ends with this value.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What pings showed.
pub(crate) struct Times {
    /// Round-trip times in ms, rising.
    answered: Vec<f64>,
    sent: usize,
}

impl Times {
    /// The time that `percent` of the answers stay below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        self.answered[(self.answered.len() - 1) * percent / 100]
    }

    /// Pings that were not answered, in percent.
    pub(crate) fn lost(&self) -> usize {
        100 - self.answered.len() * 100 / self.sent
    }
}

/// Pings a reflector from the client for so many seconds. Not by wanctl's own code: it is what is
/// judged.
pub(crate) fn ping(bed: &Bed, seconds: u32) -> Times {
    let count = (f64::from(seconds) / PING_EVERY).to_string();
    let every = PING_EVERY.to_string();
    let arguments = ["-n", "-i", &every, "-c", &count, "-W", "2", REFLECTORS[1]];
    let output = bed.command("client", "ping").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let time = |line: &str| line.split("time=").nth(1)?.split(' ').next()?.parse::<f64>().ok();
    let mut answered: Vec<f64> = text.lines().filter_map(time).collect();
    let sent: usize = count.parse().unwrap();
    assert!(!answered.is_empty(), "none of {sent} answered:\n{text}");
    answered.sort_by(f64::total_cmp);
    Times { answered, sent }
}

/// A server for one download after the other.
pub(crate) fn server(bed: &Bed) -> Running {
    let mut command = bed.command("isp", "iperf3");
    let command = command.args(["-s", "--forceflush"]).stdin(Stdio::null());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("listening")), "iperf3 does not listen");
    // The rest is not read; a pipe holds more than it says.
    child.stdout = None;
    Running(child)
}

/// A download of so many seconds by one TCP connection, of which the first ones do not count.
pub(crate) fn download(bed: &Bed, warm_up: u32, seconds: u32) -> Running {
    let warm_up = warm_up.to_string();
    client(bed, seconds, &["-O", &warm_up])
}

/// Downloads of so many seconds by as many TCP connections at the same time.
pub(crate) fn downloads(bed: &Bed, connections: u32, seconds: u32) -> Running {
    let connections = connections.to_string();
    client(bed, seconds, &["-P", &connections])
}

fn client(bed: &Bed, seconds: u32, more: &[&str]) -> Running {
    let seconds = seconds.to_string();
    // Cubic fills every buffer; the machine's default may be one that keeps queues short.
    let tcp = ["-c", "10.0.3.1", "-R", "-C", "cubic", "-f", "k"];
    let arguments = [&tcp[..], &["-t", &seconds], more].concat();
    let mut command = bed.command("client", "iperf3");
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    Running(command.spawn().unwrap())
}

/// Waits for the end of a download; what came in, in bit/s.
pub(crate) fn throughput(mut download: Running) -> u64 {
    let output = BufReader::new(download.0.stdout.take().unwrap());
    let lines: Vec<String> = output.lines().map_while(Result::ok).collect();
    let line = lines.iter().rev().find(|line| line.contains("receiver"));
    let line = line.unwrap_or_else(|| panic!("iperf3:\n{}", lines.join("\n")));
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = words.iter().position(|word| *word == "Kbits/sec").unwrap();
    words[unit - 1].parse::<u64>().unwrap() * 1_000
}
