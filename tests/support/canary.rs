//! A thread that ticks like the daemon and does nothing else: what it misses, the machine is to
//! blame for.

use std::{
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use wanctl::control::time::{Instant, Span};

use super::{stops::let_pass, wait::now};

/// The daemon's interval.
const INTERVAL: Span = Span::from_millis(50);

/// Whether others keep this machine so busy that each waits for its turn: half as many again that
/// want to run as can, over the last minute.
pub fn is_crowded() -> bool {
    let text = fs::read_to_string("/proc/loadavg").unwrap();
    let load: f64 = text.split(' ').next().unwrap().parse().unwrap();
    let cores = thread::available_parallelism().unwrap().get();
    load > 1.5 * f64::from(u32::try_from(cores).unwrap())
}

/// How late the ticks came.
#[derive(Clone, Debug, Default)]
pub struct Sung {
    pub ticks: u64,
    pub missed: u64,
    /// By whole milliseconds; the last counts all that were later.
    late: [u64; 32],
    pub latest: Span,
}

impl Sung {
    /// What was sung since then; the latest of all stays.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        since.ticks -= before.ticks;
        since.missed -= before.missed;
        for (late, before) in since.late.iter_mut().zip(&before.late) {
            *late -= before;
        }
        since
    }

    /// The lateness that so many of a hundred ticks do not exceed.
    pub fn late_at_most(&self, percent: u64) -> Span {
        let mut below = 0;
        for (ms, count) in (1..).zip(&self.late) {
            below += count;
            if below * 100 >= self.ticks * percent {
                return Span::from_millis(ms);
            }
        }
        self.latest
    }

    /// A tick that was due at `due` came now; says when the next one is.
    fn tick(&mut self, due: Instant) -> Instant {
        let late = now().since(due);
        let missed = late.as_micros() / INTERVAL.as_micros();
        self.ticks += 1;
        self.missed += missed;
        self.latest = self.latest.max(late);
        let place = usize::try_from(late.as_millis()).unwrap().min(self.late.len() - 1);
        self.late[place] += 1;
        due + INTERVAL.times(missed + 1)
    }
}

/// A canary that others can ask.
#[derive(Debug, Default)]
pub struct Canary {
    sung: Mutex<Sung>,
    ended: AtomicBool,
}

impl Canary {
    pub fn sung(&self) -> Sung {
        self.sung.lock().unwrap().clone()
    }

    fn sing(&self) {
        let mut due = now();
        while !self.ended.load(Ordering::Relaxed) {
            let_pass(due.since(now()));
            due = self.sung.lock().unwrap().tick(due);
        }
    }
}

/// Does this while a canary sings.
pub fn with_canary<T>(work: impl FnOnce(&Canary) -> T) -> T {
    let canary = Canary::default();
    thread::scope(|scope| {
        scope.spawn(|| canary.sing());
        // Also if the work panics: a scope waits for all its threads.
        let _end = End(&canary);
        work(&canary)
    })
}

struct End<'a>(&'a Canary);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}
