//! Who learns that the loop makes progress: the watchdog in this process and the service manager.
//! Promises: fed by the ticks of the WANs alone, and only while every one of them is on time; what
//! routers and lines do does not matter; a service manager that is gone costs one line.
//! Knows nothing of what a tick does.

use std::io;

use log::{debug, warn};

use crate::{
    control::{
        engine::Engine,
        time::{Instant, Span},
    },
    os::{
        clock,
        notify::{self, Channel},
        watchdog::Watchdog,
    },
};

/// The status is shown again after this, if it changed.
const STATUS_EVERY: Span = Span::from_secs(10);

/// A service manager that could not be told something is left alone for this long.
const PAUSE: Span = Span::from_secs(1);

/// The guards of a daemon; by default there are none.
#[derive(Debug, Default)]
pub struct Guard {
    watchdog: Option<Watchdog>,
    manager: Option<Manager>,
}

impl Guard {
    /// The watchdog of this process, and the service manager if the environment names one. What is
    /// not to be had is said.
    pub fn of_process() -> Self {
        let watchdog = Watchdog::install()
            .inspect_err(|error| warn!("watchdog: {error}; a stuck daemon would stay"));
        let manager = Channel::from_environment().and_then(|channel| {
            channel.inspect_err(|error| warn!("NOTIFY_SOCKET: {error}; going on without")).ok()
        });
        let manager = manager.map(|channel| Manager::new(channel, notify::watchdog()));
        Self { watchdog: watchdog.ok(), manager }
    }

    /// A turn of the loop is done. `status` is asked for when it is time to show it.
    pub(super) fn turned(
        &mut self,
        engine: &Engine,
        now: Instant,
        status: impl FnOnce() -> String,
    ) {
        let on_time = engine.on_time_until(now);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.on_time(on_time);
        }
        let ticked = engine.wans().iter().all(|wan| wan.cycles().total > 0);
        if let Some(manager) = self.manager.as_mut().filter(|_| ticked) {
            manager.on_time(on_time, status);
        }
    }

    /// The daemon begins to read its configuration again.
    pub(super) fn reloading(&mut self, now: Instant) {
        if let Some(manager) = &mut self.manager {
            let micros = clock::since_boot().as_micros();
            manager.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\n"), now);
        }
    }

    /// It has, whatever came of it: with the next progress it is ready again.
    pub(super) const fn reloaded(&mut self) {
        if let Some(manager) = &mut self.manager {
            manager.ready = Told::No;
        }
    }

    /// The daemon begins to end.
    pub(super) fn stopping(&mut self, now: Instant) {
        if let Some(manager) = &mut self.manager {
            manager.paused_until = Instant::default();
            manager.tell("STOPPING=1\n", now);
        }
    }
}

/// The service manager, and what it was told when.
#[derive(Debug)]
struct Manager {
    channel: Channel,
    /// Signs of life are wanted this often.
    alive_every: Option<Span>,
    ready: Told,
    alive: Option<Instant>,
    shown: Option<Instant>,
    status: String,
    paused_until: Instant,
    /// Whether a failure was said.
    complained: bool,
}

/// Whether something was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Yes,
    No,
}

impl Manager {
    /// A manager that restarts the daemon after `patience` without a sign of life gets two in that
    /// time.
    fn new(channel: Channel, patience: Option<Span>) -> Self {
        Self {
            channel,
            alive_every: patience.map(|patience| patience.part(1, 2)),
            ready: Told::No,
            alive: None,
            shown: None,
            status: String::new(),
            paused_until: Instant::default(),
            complained: false,
        }
    }

    /// Every WAN was on time until `at`. What could not be told is told the next time.
    fn on_time(&mut self, at: Instant, status: impl FnOnce() -> String) {
        if at < self.paused_until {
            return;
        }
        if self.ready == Told::No {
            self.ready = self.tell("READY=1\n", at);
        }
        let due = |last: Option<Instant>, every| last.is_none_or(|last| at.since(last) >= every);
        if self.alive_every.is_some_and(|every| due(self.alive, every))
            && self.tell("WATCHDOG=1\n", at) == Told::Yes
        {
            self.alive = Some(at);
        }
        if due(self.shown, STATUS_EVERY) {
            self.shown = Some(at);
            self.show(status(), at);
        }
    }

    fn show(&mut self, status: String, at: Instant) {
        if status != self.status && self.tell(&format!("STATUS={status}\n"), at) == Told::Yes {
            self.status = status;
        }
    }

    fn tell(&mut self, message: &str, at: Instant) -> Told {
        let Err(error) = self.channel.send(message) else { return Told::Yes };
        self.paused_until = at + PAUSE;
        self.complain(&error);
        Told::No
    }

    fn complain(&mut self, error: &io::Error) {
        if self.complained {
            debug!("NOTIFY_SOCKET: {error}");
        } else {
            self.complained = true;
            warn!("NOTIFY_SOCKET: cannot tell the service manager: {error}; control goes on");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::{
            linux::net::SocketAddrExt as _,
            unix::net::{SocketAddr, UnixDatagram},
        },
        process,
    };

    use super::{Channel, Guard, Manager, PAUSE, STATUS_EVERY};
    use crate::{
        config::{self, TextOnly},
        control::{
            engine::Engine,
            event::Outbox,
            time::{Instant, Span},
            wan::WanId,
        },
    };

    /// What the service manager waits for; it gets a sign of life in half that time.
    const PATIENCE: Span = Span::from_secs(4);
    const EVERY_MS: u64 = 2_000;

    fn at(ms: u64) -> Instant {
        Instant::default() + Span::from_millis(ms)
    }

    /// A core with two WANs of 50 ms a cycle.
    fn engine() -> Engine {
        let router = "config router 'home'\n option url 'http://192.168.88.1'\n \
                      option username 'u'\n option password 'p'\n";
        let wan = |name| {
            format!(
                "config wan '{name}'\n list reflector '192.0.2.1'\n \
                 option download_ceiling '400M'\n option download_floor '100M'\n \
                 option upload_ceiling '40M'\n option upload_floor '10M'\n \
                 option download_queue '{name}-down'\n option upload_queue '{name}-up'\n"
            )
        };
        let text = router.to_string() + &wan("one") + &wan("two");
        let loaded = config::parse(text.as_bytes(), &TextOnly).unwrap();
        let settings: Vec<_> = loaded.config.wans.iter().map(|wan| wan.control).collect();
        Engine::new(&settings, at(0), 1)
    }

    /// A service manager, and a guard that knows nothing but it.
    fn guarded(name: &str) -> (UnixDatagram, Guard) {
        let name = format!("wanctl-guard-{name}-{}", process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        socket.set_nonblocking(true).unwrap();
        let channel = Channel::to(format!("@{name}").as_bytes()).unwrap();
        let manager = Some(Manager::new(channel, Some(PATIENCE)));
        (socket, Guard { watchdog: None, manager })
    }

    fn received(socket: &UnixDatagram) -> Vec<String> {
        let mut buffer = [0; 256];
        let mut messages = Vec::new();
        while let Ok(length) = socket.recv(&mut buffer) {
            messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        messages
    }

    fn same() -> String {
        "same".to_string()
    }

    #[test]
    fn ready_waits_for_the_first_tick_and_signs_of_life_come_at_half_time() {
        let (socket, mut guard) = guarded("half");
        let mut engine = engine();
        guard.turned(&engine, at(0), same);
        assert_eq!(received(&socket), [""; 0], "no tick has run");
        for ms in (0..=2 * EVERY_MS).step_by(50) {
            engine.on_tick(at(ms));
            guard.turned(&engine, at(ms), same);
            let expected: &[&str] = match ms {
                0 => &["READY=1\n", "WATCHDOG=1\n", "STATUS=same\n"],
                ms if ms % EVERY_MS == 0 => &["WATCHDOG=1\n"],
                _ => &[],
            };
            assert_eq!(received(&socket), expected, "after {ms} ms");
        }
        guard.stopping(at(5_000));
        assert_eq!(received(&socket), ["STOPPING=1\n"]);
    }

    #[test]
    fn one_wan_whose_tick_does_not_run_is_no_progress_however_the_loop_turns() {
        let (socket, mut guard) = guarded("stuck");
        let mut engine = engine();
        engine.on_tick(at(0));
        guard.turned(&engine, at(0), same);
        received(&socket);
        let mut outbox = Outbox::default();
        for ms in (50..60_000).step_by(50) {
            engine.wan_mut(WanId(1)).unwrap().on_tick(at(ms), &mut outbox);
            guard.turned(&engine, at(ms), same);
            assert_eq!(engine.on_time_until(at(ms)), at(50), "the first WAN waits since then");
        }
        assert_eq!(received(&socket), [""; 0]);
        engine.on_tick(at(60_000));
        guard.turned(&engine, at(60_000), same);
        assert_eq!(received(&socket), ["WATCHDOG=1\n"]);
    }

    #[test]
    fn the_status_is_told_every_ten_seconds_if_it_changed() {
        let (socket, mut guard) = guarded("status");
        let mut engine = engine();
        let mut told = Vec::new();
        for ms in (0..60_000).step_by(50) {
            engine.on_tick(at(ms));
            // New every 15 s.
            guard.turned(&engine, at(ms), || (ms / 15_000).to_string());
            let status = received(&socket).into_iter().filter(|message| message.contains("STATUS"));
            told.extend(status.map(|status| (ms, status)));
        }
        let times: Vec<u64> = told.iter().map(|(ms, _)| *ms / STATUS_EVERY.as_millis()).collect();
        assert_eq!(times, [0, 2, 3, 5], "{told:?}");
    }

    #[test]
    fn a_manager_that_reads_nothing_or_is_gone_keeps_nobody_waiting() {
        let (socket, mut guard) = guarded("deaf");
        let mut engine = engine();
        let turn = |engine: &mut Engine, guard: &mut Guard, ms| {
            engine.on_tick(at(ms));
            guard.turned(engine, at(ms), || ms.to_string());
        };
        // Many more than any queue of a socket holds.
        for ms in (0..10_000_000).step_by(1_000) {
            turn(&mut engine, &mut guard, ms);
        }
        assert!(guard.manager.as_ref().unwrap().complained);
        assert!(!received(&socket).is_empty());
        turn(&mut engine, &mut guard, 10_000_000);
        assert_eq!(received(&socket)[0], "WATCHDOG=1\n", "it reads again");
        drop(socket);
        turn(&mut engine, &mut guard, 10_010_000);
        let manager = guard.manager.as_ref().unwrap();
        assert_eq!(manager.paused_until, at(10_010_000) + PAUSE);
    }
}
