//! Traffic that saturates the line, and what it does to the delay of others.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use wanctl::control::units::Direction;

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
    /// Round-trip times in ms, rising, and which ping it was.
    answered: Vec<(f64, usize)>,
    sent: usize,
}

impl Times {
    /// The time that `percent` of the answers stay below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        self.answered[(self.answered.len() - 1) * percent / 100].0
    }

    /// Each ping that was answered, in order: when it was sent in seconds of the first one, its time.
    pub(crate) fn each(&self) -> Vec<(f64, f64)> {
        let mut each: Vec<(usize, f64)> =
            self.answered.iter().map(|(time, ping)| (*ping, *time)).collect();
        each.sort_by_key(|(ping, _)| *ping);
        let seconds = |ping| PING_EVERY * f64::from(u32::try_from(ping).unwrap());
        each.into_iter().map(|(ping, time)| (seconds(ping), time)).collect()
    }

    /// Of the pings that were sent after so many seconds alone.
    pub(crate) fn after(&self, seconds: u32) -> Self {
        let sent_by = |ping: usize| PING_EVERY * f64::from(u32::try_from(ping).unwrap());
        let is_later = |ping: &usize| sent_by(*ping) >= f64::from(seconds);
        let answered = self.answered.iter().copied().filter(|(_, ping)| is_later(ping)).collect();
        Self { answered, sent: (0..self.sent).filter(is_later).count() }
    }

    /// Pings that were not answered, in percent.
    pub(crate) fn lost(&self) -> usize {
        100 - self.answered.len() * 100 / self.sent
    }
}

/// Pings a reflector from the client for so many seconds. Not by wanctl's own code: it is what is
/// judged.
pub(crate) fn ping(bed: &Bed, seconds: u32) -> Times {
    ping_as(bed, Class::BE, seconds)
}

/// The same in a class of service.
pub(crate) fn ping_as(bed: &Bed, class: Class, seconds: u32) -> Times {
    let count = (f64::from(seconds) / PING_EVERY).to_string();
    let every = PING_EVERY.to_string();
    let class = class.0.to_string();
    let arguments = ["-n", "-Q", &class, "-i", &every, "-c", &count, "-W", "2", REFLECTORS[1]];
    let output = bed.command("client", "ping").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = |line: &str, key: &str| Some(line.split(key).nth(1)?.split(' ').next()?.to_owned());
    let time = |line: &str| word(line, "time=")?.parse::<f64>().ok();
    let ping = |line: &str| word(line, "icmp_seq=")?.parse::<usize>().ok();
    let answer = |line: &str| Some((time(line)?, ping(line)? - 1));
    let mut answered: Vec<(f64, usize)> = text.lines().filter_map(answer).collect();
    let sent: usize = count.parse().unwrap();
    assert!(!answered.is_empty(), "none of {sent} answered:\n{text}");
    answered.sort_by(|one, other| one.0.total_cmp(&other.0));
    Times { answered, sent }
}

/// What packets say of how they want to be served: the byte in their header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class(pub(crate) u8);

impl Class {
    /// Like most.
    pub(crate) const BE: Self = Self(0);
    /// After all others (CS1).
    pub(crate) const BK: Self = Self(0x20);
    /// Video.
    pub(crate) const CS5: Self = Self(0xa0);
    /// Voice.
    pub(crate) const EF: Self = Self(0xb8);
}

/// Where the servers of downloads and of uploads listen: each has one client at a time.
const DOWNLOADS: &str = "5201";
const UPLOADS: &str = "5202";

/// A server for one download after the other.
pub(crate) fn server(bed: &Bed) -> Running {
    serve(bed, DOWNLOADS)
}

/// A server for one upload after the other.
pub(crate) fn upload_server(bed: &Bed) -> Running {
    serve(bed, UPLOADS)
}

/// A server for one load after the other, on a port of its own.
pub(crate) fn serve(bed: &Bed, port: &str) -> Running {
    let mut command = bed.command("isp", "iperf3");
    let command = command.args(["-s", "-p", port, "--forceflush"]).stdin(Stdio::null());
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
    client(bed, seconds, &["-p", DOWNLOADS, "-R", "-O", &warm_up])
}

/// Downloads of so many seconds by as many TCP connections at the same time.
pub(crate) fn downloads(bed: &Bed, connections: u32, seconds: u32) -> Running {
    let connections = connections.to_string();
    client(bed, seconds, &["-p", DOWNLOADS, "-R", "-P", &connections])
}

/// The same as uploads.
pub(crate) fn uploads(bed: &Bed, connections: u32, seconds: u32) -> Running {
    let connections = connections.to_string();
    client(bed, seconds, &["-p", UPLOADS, "-P", &connections])
}

/// One TCP connection in a class of service, to the server on this port.
pub(crate) fn marked(
    bed: &Bed,
    (port, direction): (&str, Direction),
    class: Class,
    seconds: u32,
) -> Running {
    let class = class.0.to_string();
    let reverse = match direction {
        Direction::Download => &["-R"][..],
        Direction::Upload => &[],
    };
    client(bed, seconds, &[&["-p", port, "-S", &class], reverse].concat())
}

fn client(bed: &Bed, seconds: u32, more: &[&str]) -> Running {
    let seconds = seconds.to_string();
    // Cubic fills every buffer; the machine's default may be one that keeps queues short.
    let tcp = ["-c", "10.0.3.1", "-C", "cubic", "-f", "k"];
    let arguments = [&tcp[..], &["-t", &seconds], more].concat();
    let mut command = bed.command("client", "iperf3");
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    Running(command.spawn().unwrap())
}

/// Waits for the end of a load; what came in at its receiver, in bit/s.
pub(crate) fn throughput(mut load: Running) -> u64 {
    let output = BufReader::new(load.0.stdout.take().unwrap());
    let lines: Vec<String> = output.lines().map_while(Result::ok).collect();
    let line = lines.iter().rev().find(|line| line.contains("receiver"));
    let line = line.unwrap_or_else(|| panic!("iperf3:\n{}", lines.join("\n")));
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = words.iter().position(|word| *word == "Kbits/sec").unwrap();
    words[unit - 1].parse::<u64>().unwrap() * 1_000
}
