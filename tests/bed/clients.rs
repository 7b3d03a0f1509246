//! What clients of the status port cost the daemon: hostile ones, and those it is meant for.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use wanctl::{control::time::Span, sim::routeros::Down};

use crate::{
    bloat, filtered,
    needs::announce,
    net::Bed,
    support::{
        daemon::{Daemon, WANCTL, ask},
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
/// How long the cost of friendly clients is watched, unless it is told.
const WATCHED: Span = seconds(108);

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

/// What a daemon is asked by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Nothing: it cannot even listen.
    Nothing,
    /// What those ask for whom it is made: the page each other second, as it does itself; a monitor
    /// for the health every five seconds; Prometheus four times a minute.
    Usual,
    /// More than that: the health each second, all of the history every ten, Prometheus, and a
    /// terminal with `status --watch`.
    Much,
}

use Asked::{Much, Nothing, Usual};

/// Two of each, so that neither who began first nor one place in memory decides.
const DAEMONS: [Asked; 6] = [Nothing, Nothing, Usual, Much, Much, Usual];

/// What being asked, and being asked much, may cost in percent. A tenth is promised of the binary as it
/// is shipped; the one that is built with the tests is hardly optimised, and to write JSON takes it long.
fn most_percent() -> [u64; 2] {
    if is_shipped() { [10, 10] } else { [20, 40] }
}

/// The memory that the promise is about, in kB. Of a binary that is hardly optimised, how many of its
/// own pages lie in memory changes by 250 kB from one daemon to the next, so there it is what the
/// daemon wrote to.
fn held(cost: &Cost) -> u64 {
    if is_shipped() { cost.rss } else { cost.own }
}

fn is_shipped() -> bool {
    env::var_os("WANCTL_BINARY").is_some()
}

/// How long the cost of clients is watched: `WANCTL_WATCHED_SECONDS`, or less than two minutes.
fn watched() -> Span {
    let told = env::var("WANCTL_WATCHED_SECONDS").ok();
    told.map_or(WATCHED, |told| seconds(told.parse().unwrap()))
}

/// One of the daemons, its router, and who looks at it.
struct Place {
    asked: Asked,
    daemon: Daemon,
    router: Router,
    watcher: Option<Child>,
    _scratch: Scratch,
    _taken: Option<TcpListener>,
}

impl Place {
    fn new(bed: &Bed, target: &str, asked: Asked) -> Self {
        let (scratch, router) = (Scratch::new(), Router::start(home()));
        let config = filtered::config(&scratch, &router, target);
        let taken = (asked == Nothing).then(|| TcpListener::bind("127.0.0.1:0").unwrap());
        let daemon = match &taken {
            Some(taken) => deaf(bed, &config, taken.local_addr().unwrap()),
            None => bloat::start(bed, &config),
        };
        Self { asked, daemon, router, watcher: None, _scratch: scratch, _taken: taken }
    }

    fn open_terminal(&mut self, bed: &Bed) {
        if self.asked == Much {
            let mut command = bed.command("client", WANCTL.path());
            let at = self.daemon.address().to_string();
            command.args(["status", "--watch", "--at", &at]).stdout(Stdio::null());
            self.watcher = Some(command.spawn().unwrap());
        }
    }

    /// What is asked of it in this second, but by the terminal.
    fn ask(&self, second: u64) {
        let paths: &[(u64, u64, &str)] = match self.asked {
            Nothing => &[],
            Usual => &[
                (2, 0, "/health"),
                (2, 0, "/history?events=40&seconds=5"),
                (5, 1, "/health"),
                (15, 1, "/metrics"),
            ],
            Much => &[(1, 0, "/health"), (15, 1, "/metrics"), (10, 3, "/history")],
        };
        let due = |(every, when, _): &&(u64, u64, &str)| second % every == *when;
        for (_, _, path) in paths.iter().filter(due) {
            ask(self.daemon.address(), path).unwrap();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            // It may have ended by itself.
            let _ = watcher.kill();
            let _ = watcher.wait();
        }
    }
}

/// A daemon that is to listen where somebody else does.
fn deaf(bed: &Bed, config: &Path, taken: SocketAddr) -> Daemon {
    let text = fs::read_to_string(config).unwrap();
    let text = text.replace("listen '127.0.0.1:0'", &format!("listen '{taken}'"));
    #[expect(clippy::disallowed_methods, reason = "a configuration of a test, not a state")]
    fs::write(config, text).unwrap();
    let daemon = Daemon::spawn({
        let mut command = bed.command("client", WANCTL.path());
        command.arg("run").arg("-c").arg(config);
        command
    });
    daemon.line("cannot listen");
    daemon
}

/// What a daemon has taken.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    cpu: u64,
    rss: u64,
    /// Of that, what no file can give again: the system takes the rest where memory is short.
    own: u64,
}

/// What those took that are asked like this, on the average.
fn costs(places: &[Place], asked: Asked) -> Cost {
    let own = places.iter().filter(|place| place.asked == asked);
    let count = u64::try_from(own.clone().count()).unwrap();
    let sum = own.fold(Cost::default(), |sum, Place { daemon, .. }| Cost {
        cpu: sum.cpu + cpu(daemon),
        rss: sum.rss + daemon.proc_status("VmRSS"),
        own: sum.own + daemon.proc_status("RssAnon"),
    });
    Cost { cpu: sum.cpu * 10 / count, rss: sum.rss / count, own: sum.own / count }
}

/// The state of all kinds at a moment: time on the processor in ms, memory in kB.
fn all_costs(places: &[Place]) -> [Cost; 3] {
    [Nothing, Usual, Much].map(|asked| costs(places, asked))
}

/// Lets the routers come and go, so that there is something to tell, for the last sixth of the time.
fn weather(places: &[Place], second: u64, length: Span) {
    if second * 6 > length.as_secs() * 5 {
        let down = second.is_multiple_of(4).then_some(Down::Refuse);
        for place in places {
            place.router.force(down);
        }
    }
}

fn report(second: u64, before: &[Cost; 3], now: &[Cost; 3]) {
    let [nothing, usual, much] = [0, 1, 2].map(|kind| now[kind].cpu - before[kind].cpu);
    let percent = |asked: u64| {
        let tenths = asked * 1_000 / nothing.max(1);
        format!("{}.{} %", tenths / 10, tenths % 10)
    };
    announce(&format!(
        "\nafter {second} s: {nothing} ms on the processor for a daemon that is not asked, {usual} \
         ms ({}) for one that is, {much} ms ({}) for one that is much; RSS {} {} {} kB, of which \
         {} {} {} kB are their own, at the beginning {} {} {} and {} {} {} kB",
        percent(usual),
        percent(much),
        now[0].rss,
        now[1].rss,
        now[2].rss,
        now[0].own,
        now[1].own,
        now[2].own,
        before[0].rss,
        before[1].rss,
        before[2].rss,
        before[0].own,
        before[1].own,
        before[2].own,
    ));
}

#[test]
fn prometheus_an_open_page_and_a_monitor_cost_a_tenth_of_the_processor_time_and_300_kb() {
    let Some(bed) = Bed::new() else { return };
    let target = filtered::listen(&bed).local_addr().unwrap().to_string();
    let length = watched();
    bed.inside("client", || {
        let mut places = DAEMONS.map(|asked| Place::new(&bed, &target, asked));
        for place in places.iter().filter(|place| place.asked != Nothing) {
            place.daemon.until("steady", |health| health.wans[0].cycles > 400);
        }
        let before = all_costs(&places);
        for place in &mut places {
            place.open_terminal(&bed);
        }
        let (start, mut second, mut calm) = (now(), 0, before);
        while now().since(start) < length {
            if now().since(start).as_secs() < second {
                look_again_later();
                continue;
            }
            second += 1;
            for place in &places {
                place.ask(second);
            }
            weather(&places, second, length);
            if second * 6 == length.as_secs() * 5 {
                calm = all_costs(&places);
            }
            if second.is_multiple_of(300) {
                report(second, &before, &all_costs(&places));
            }
        }
        report(length.as_secs() * 5 / 6, &before, &calm);
        let after = all_costs(&places);
        report(second, &before, &after);
        let taken = [0, 1, 2].map(|kind| calm[kind].cpu - before[kind].cpu);
        for (asked, percent) in [1, 2].into_iter().zip(most_percent()) {
            // The clock of the processor time has steps of 10 ms.
            assert!(taken[asked] <= taken[0] * (100 + percent) / 100 + 10, "{taken:?} ms");
            // What the history takes in an hour is in it, which the others keep too.
            let history = after[0].own.saturating_sub(before[0].own);
            let more = held(&after[asked]).saturating_sub(held(&after[0])) + history;
            assert!(more <= MORE_RSS, "{more} kB more, {history} of it for the history");
        }
    });
}
