//! What clients of the status port cost the daemon: hostile ones, and those it is meant for.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use wanctl::control::time::Span;

use crate::{
    bloat, filtered,
    needs::announce,
    net::Bed,
    support::{
        daemon::{Daemon, ask},
        router::{Router, home},
        scratch::Scratch,
        wait::{look_again_later, now, seconds},
    },
};

/// Connections of clients that mean no good.
const HOSTILE: usize = 10_000;
/// What the daemon may take more for all of that, in kB.
const MORE_RSS: u64 = 300;
/// What a cycle may take longer, in ms: less than the machine itself is late now and then.
const LONGER: f64 = 10.0;
/// How long the cost of friendly clients is watched.
const WATCHED: Span = seconds(90);

/// A client and what it does wrong. Those that stay are given back.
fn hostile(address: SocketAddr, number: usize, long: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let says: &[u8] = match number % 8 {
        0 => b"",
        1 => b"GET /history HTTP/1.1\r\n\r\n",
        2 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        3 => long,
        4 => b"GET /metrics HTTP/1.1\r\n\r\n",
        5 => b"POST /health HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        6 => b"GET /history?seconds=99999999999999999999999 HTTP/1.1\r\n\r\n",
        _ => b"GET / HTT",
    };
    // Turned away already, perhaps.
    let _ = stream.write_all(says);
    let _ = stream.read(&mut [0; 64]);
    // Some stay and say nothing more, and read nothing of what they asked for.
    (number % 16 < 2 || number % 8 == 7).then_some(stream)
}

/// With a daemon that is steady.
fn steady<T: Send>(work: impl FnOnce(&Daemon) -> T + Send) -> Option<T> {
    let bed = Bed::new()?;
    let scratch = Scratch::new();
    let target = filtered::listen(&bed).local_addr().unwrap().to_string();
    Some(bed.inside("client", || {
        let router = Router::start(home());
        let daemon = bloat::start(&bed, &filtered::config(&scratch, &router, &target));
        daemon.until("steady", |health| health.wans[0].cycles > 400);
        work(&daemon)
    }))
}

#[test]
fn ten_thousand_hostile_connections_change_neither_cycle_nor_memory() {
    steady(|daemon| {
        // Each kind once, so that what is needed at the first time is there.
        let long = vec![b'a'; 64 * 1024];
        for number in 0..32 {
            drop(hostile(daemon.address(), number, &long));
        }
        let before = daemon.until("answering", |_| true);
        let rss = daemon.proc_status("VmRSS");
        let mut held = std::collections::VecDeque::new();
        for number in 0..HOSTILE {
            held.extend(hostile(daemon.address(), number, &long));
            if held.len() > 200 {
                held.pop_front();
            }
        }
        drop(held);
        let after = daemon.until("answering", |_| true);
        let more = daemon.proc_status("VmRSS").saturating_sub(rss);
        let p99 = |health: &wanctl::observe::health::Health| health.wans[0].cycle.unwrap().p99_ms;
        let cycles = after.wans[0].cycles - before.wans[0].cycles;
        let missed = after.wans[0].cycles_missed - before.wans[0].cycles_missed;
        announce(&format!(
            "\n{HOSTILE} hostile connections in {cycles} cycles: {missed} missed, p99 {:.1} ms \
             before and {:.1} ms after, RSS {rss} kB and {more} kB more",
            p99(&before),
            p99(&after)
        ));
        assert!(more <= MORE_RSS, "{more} kB more");
        assert!(p99(&after) <= p99(&before) + LONGER, "cycles take longer");
        assert!(missed * 100 <= cycles, "{missed} of {cycles} missed");
    });
}

/// Time on the processor in hundredths of a second.
fn cpu(daemon: &Daemon) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Does something each second, for as long as the cost is watched.
fn each_second(mut work: impl FnMut(u64)) {
    let (start, mut second) = (now(), 0);
    while now().since(start) < WATCHED {
        if now().since(start).as_secs() >= second {
            second += 1;
            work(second);
        }
        look_again_later();
    }
}

/// What a daemon has taken.
#[derive(Clone, Copy, Debug)]
struct Cost {
    cpu: u64,
    rss: u64,
}

impl Cost {
    fn of(daemon: &Daemon) -> Self {
        Self { cpu: cpu(daemon), rss: daemon.proc_status("VmRSS") }
    }
}

/// What those ask for whom it is made: the page each other second, as it does itself; a monitor for
/// the health every five seconds; Prometheus four times a minute.
fn friendly(address: SocketAddr, second: u64) {
    if second.is_multiple_of(2) {
        ask(address, "/health").unwrap();
        ask(address, "/history?events=40&seconds=5").unwrap();
    }
    if second % 5 == 1 {
        ask(address, "/health").unwrap();
    }
    if second % 15 == 1 {
        ask(address, "/metrics").unwrap();
    }
}

#[test]
fn prometheus_an_open_page_and_a_monitor_cost_a_tenth_of_the_processor_time_and_300_kb() {
    let Some(bed) = Bed::new() else { return };
    let scratch = [Scratch::new(), Scratch::new()];
    let target = filtered::listen(&bed).local_addr().unwrap().to_string();
    bed.inside("client", || {
        let routers = [Router::start(home()), Router::start(home())];
        let start = |which: usize| {
            bloat::start(&bed, &filtered::config(&scratch[which], &routers[which], &target))
        };
        let daemons = [start(0), start(1)];
        for daemon in &daemons {
            daemon.until("steady", |health| health.wans[0].cycles > 400);
        }
        let before = daemons.each_ref().map(Cost::of);
        // The first one is asked for nothing.
        each_second(|second| friendly(daemons[1].address(), second));
        let after = daemons.each_ref().map(Cost::of);
        let [alone, asked] = [0, 1].map(|which| after[which].cpu - before[which].cpu);
        let [grown, grown_asked] =
            [0, 1].map(|which| after[which].rss.saturating_sub(before[which].rss));
        let more = grown_asked.saturating_sub(grown);
        announce(&format!(
            "\nat the same time, in {WATCHED:?}: {alone}0 ms on the processor for a daemon that is \
             not asked, {asked}0 ms for one that is ({} %); RSS {} kB and {grown} kB more, {} kB and \
             {grown_asked} kB more",
            asked * 100 / alone,
            before[0].rss,
            before[1].rss,
        ));
        // The clock of the processor time has steps of 10 ms.
        assert!(asked <= alone + alone / 10 + 1, "{asked} instead of {alone}");
        assert!(more <= MORE_RSS, "{more} kB more");
    });
}
