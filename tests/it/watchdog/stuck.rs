//! Daemons that are stuck on purpose. The product has no hook for that: this test binary runs itself
//! again, and the child is the real daemon with its real guards, whose probes travel on a wire that
//! gets stuck.

use crate::running::turn::turn;
use std::{
    env,
    fs::OpenOptions,
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    os::{
        fd::AsRawFd as _,
        unix::{fs::OpenOptionsExt as _, net::UnixStream, process::ExitStatusExt as _},
    },
    path::Path,
    process::{self, Command},
    task::{Context, Poll},
};

use simplelog::{Config, LevelFilter, SimpleLogger};
use wanctl::{
    config,
    control::time::{Instant, Span},
    daemon::{self, Guard},
    observe::health::Health,
    os::{
        sockets::{Family, NetError, Outgoing},
        watchdog,
    },
    probe::prober::{Incoming, Wire},
};

use super::LAST_WORDS;
use crate::{
    binary::{configured, wan},
    running::{
        config::{TREE, globals},
        daemon::{Daemon, PATIENCE, WANCTL, ask, run},
        router::{Router, home},
        scratch::Scratch,
        wait::{seconds, within},
    },
};

/// In the child's environment: its configuration, and how its first WAN gets stuck.
const CONFIG: &str = "WANCTL_TEST_CONFIG";
const STUCK: &str = "WANCTL_TEST_STUCK";

/// Rounds before that: the loop has turned for a while.
const GOOD_ROUNDS: u32 = 40;

/// What the child says at that moment.
const NOW_STUCK: &str = "stuck from now on";

/// From the last progress to the end of the process.
const AT_LEAST: Span = watchdog::LIMIT;
const AT_MOST: Span = seconds(6);

/// The daemon is told to be stuck one round after its last progress, and the test learns it after
/// the pipe has been read.
const SLACK: Span = Span::from_millis(300);

/// How a wire gets stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stuck {
    Never,
    /// It computes without end.
    Busy,
    /// It waits for bytes that do not come.
    Blocked,
    /// It works, but its end does not come.
    Ending,
}

impl Stuck {
    const ALL: [Self; 4] = [Self::Never, Self::Busy, Self::Blocked, Self::Ending];

    fn from_environment() -> Option<Self> {
        let word = env::var(STUCK).ok()?;
        Self::ALL.into_iter().find(|stuck| format!("{stuck:?}") == word)
    }

    fn get_stuck(self) {
        log::warn!("{NOW_STUCK}");
        if self == Self::Busy {
            loop {
                std::hint::spin_loop();
            }
        }
        let (mut silent, _other) = UnixStream::pair().unwrap();
        // Another thread may be who gets the signal; a handler in this one does not end the wait.
        while silent.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::Interrupted) {}
    }
}

/// A wire on which everything is sent and nothing comes back.
struct Silence {
    rounds: u32,
    stuck: Stuck,
}

impl Wire for Silence {
    fn prepare(&mut self, _: Family, _: Instant) -> Result<u16, NetError> {
        Ok(1)
    }

    fn send(
        &mut self,
        _: Family,
        messages: &[Outgoing<'_>],
        now: Instant,
        told: &mut dyn FnMut(usize, Result<Instant, NetError>),
    ) {
        self.rounds += 1;
        if self.rounds == GOOD_ROUNDS {
            match self.stuck {
                Stuck::Never | Stuck::Ending => {}
                Stuck::Busy | Stuck::Blocked => self.stuck.get_stuck(),
            }
        }
        (0..messages.len()).for_each(|index| told(index, Ok(now)));
    }

    fn receive(&mut self, _: Instant, _: &mut dyn FnMut(Incoming<'_>)) {}

    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if self.stuck == Stuck::Ending {
            self.stuck.get_stuck();
        }
    }
}

#[test]
#[ignore = "the child of the tests below; by itself it does nothing"]
fn child() {
    let (Ok(path), Some(stuck)) = (env::var(CONFIG), Stuck::from_environment()) else { return };
    SimpleLogger::init(LevelFilter::Info, Config::default()).unwrap();
    let config = config::load(Path::new(&path)).unwrap().config;
    let wires = [stuck, Stuck::Never].map(|stuck| Silence { rounds: 0, stuck });
    let wires = wires.into_iter().take(config.wans.len()).collect();
    let (daemon, clients) = daemon::Daemon::new(config, wires).unwrap();
    let daemon = daemon.guarded_by(Guard::of_process());
    let handle = daemon.handle();
    let stop = async {
        smol::Timer::after(std::time::Duration::from_secs(2)).await;
        if stuck == Stuck::Ending {
            handle.stop().await;
        }
        smol::future::pending().await
    };
    daemon::block_on(smol::future::or(daemon.run(clients), stop));
}

/// Starts a child whose first WAN gets stuck; `others` are the sections of the other WANs.
fn child_stuck(stuck: Stuck, scratch: &Scratch, router: &Router, others: &str) -> Daemon {
    let text =
        globals(scratch, "info") + &router.section("home", scratch) + &wan("cable", &[&TREE]);
    let config = scratch.write("wanctl.conf", (text + others).as_bytes());
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "watchdog::stuck::child", "--nocapture"])
        .env(CONFIG, config)
        .env(STUCK, format!("{stuck:?}"));
    Daemon::spawn(command)
}

fn is_ended(mut daemon: Daemon) {
    daemon.line(NOW_STUCK);
    let ended = daemon.ended(AT_MOST);
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{:?}", ended.status);
    assert!(ended.after + SLACK >= AT_LEAST, "after {} ms", ended.after.as_millis());
    assert_eq!(daemon.count(&[LAST_WORDS]), 1, "{:#?}", daemon.lines());
}

#[test]
fn an_endless_computation_ends_the_process() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    is_ended(child_stuck(Stuck::Busy, &scratch, &router, ""));
}

#[test]
fn a_blocked_system_call_ends_the_process() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    is_ended(child_stuck(Stuck::Blocked, &scratch, &router, ""));
}

#[test]
fn one_stuck_wan_of_two_ends_the_process() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let second = wan("lte", &[&[("queue_kind", "simple"), ("queue", "internet-cake")]]);
    is_ended(child_stuck(Stuck::Blocked, &scratch, &router, &second));
}

#[test]
fn an_end_that_does_not_come_ends_the_process() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    is_ended(child_stuck(Stuck::Ending, &scratch, &router, ""));
}

/// The real binary, with a log that somebody reads at first, nobody for longer than the watchdog
/// waits, and somebody again. A router far away is controlled on, though its board's log hangs.
#[test]
fn a_log_that_nobody_reads_for_a_while_loses_lines_and_stops_nothing() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let (reader, writer) = std::io::pipe().unwrap();
    // The same pipe, but not the flags that the child sees.
    let mut filler = OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(format!("/proc/self/fd/{}", writer.as_raw_fd()))
        .unwrap();
    let mut command = run(WANCTL.as_ref(), &configured(&scratch, &router));
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = Child { process: command.spawn().unwrap() };
    let mut lines = BufReader::new(&reader).lines().map_while(Result::ok);
    let status = lines.find_map(|line| {
        let (_, address) = line.split_once("status: http://")?;
        Some(address.trim_end_matches("/health").parse().unwrap())
    });
    assert!(lines.any(|line| line.contains("upload unknown -> GREEN")));
    while filler.write(&[b'.'; 512]).is_ok() {}
    let cycles = || {
        let (_, body) = ask(status.unwrap(), "/health")?;
        Some(Health::from_json(body.as_bytes())?.wans[0].cycles)
    };
    let start = within(PATIENCE, cycles).unwrap();
    // Eight seconds, with something to say in each.
    for second in 1..=8 {
        child.signal(libc::SIGHUP);
        let on = within(PATIENCE, || cycles().filter(|cycles| *cycles >= start + 20 * second));
        assert!(on.is_some(), "{:?}", child.process.try_wait());
    }
    // Somebody reads again; the next line that it has to say comes with the count of the lost.
    let reading = std::thread::scope(|scope| {
        let read = scope.spawn(|| lines.find(|line| line.contains("lines were lost")));
        let told = within(PATIENCE, || {
            child.signal(libc::SIGHUP);
            read.is_finished().then_some(())
        });
        if told.is_none() {
            child.process.kill().unwrap();
        }
        read.join().unwrap()
    });
    assert!(reading.is_some_and(|line| line.contains("[WARN] log:")));
}

/// A process that ends with this value.
struct Child {
    process: process::Child,
}

impl Child {
    #[expect(unsafe_code, reason = "the standard library sends no signals but SIGKILL")]
    fn signal(&self, signal: i32) {
        let pid = libc::pid_t::try_from(self.process.id()).unwrap();
        // SAFETY: takes numbers only; the child has not been waited for, so the number is its own.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself; it is waited for in any case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The same child without its defect: what ends the others is the defect.
#[test]
fn the_same_daemon_that_is_not_stuck_goes_on() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let mut daemon = child_stuck(Stuck::Never, &scratch, &router, "");
    daemon.wait_for_status();
    // Eight seconds of cycles.
    super::goes_on(&daemon, 160);
}
