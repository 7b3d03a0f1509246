//! Ends the process when its loop makes no progress any more, so that it is started again.
//! Promises: works while the loop is in an endless computation or a blocked system call; costs the
//! loop one system call a second; never fires because the process was stopped, the machine slept
//! or the wall clock was set.
//! Knows nothing of what progress is: it is told.
//!
//! The kernel rings: progress sets an interval timer that begins to ring three seconds later, so
//! in a running daemon it never does. The handler of the signal, on whichever thread it lands,
//! compares the clock with the last progress, and aborts when [`LIMIT`] has passed **and** the
//! timer has rung `RINGS` times since. The second condition is for a process that was stopped
//! (SIGSTOP, a debugger, a frozen container) for longer than the limit: however often the timer
//! expires meanwhile, one signal is pending when it goes on, and the loop has almost two seconds
//! until the eighth. Timer and clock are both monotonic: they do not jump with the wall clock and
//! stand still in suspend. Who steps through the code with a debugger tells it to ignore SIGALRM.

use std::{
    io, mem, process, ptr,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use super::clock;
use crate::control::time::{Instant, Span};

/// Without progress for this long the process ends.
pub const LIMIT: Span = Span::from_secs(5);

/// Progress sets the timer again when it was set this long ago. The loop turns at least once a
/// second, so that at most two seconds lie between two settings.
const SET_EVERY: Span = Span::from_secs(1);

/// From the setting to the first ring, in seconds: longer than between two settings, so that it
/// does not ring without need; early enough for [`RINGS`] within the limit.
const FIRST_RING: i8 = 3;

/// Between two rings, in microseconds.
const RING_EVERY: i32 = 250_000;

/// So often it must have rung without progress. At four rings a second this is reached 4.75 s after
/// the timer was set, and 1.75 s after a stopped process goes on.
const RINGS: u32 = 8;

const MESSAGE: &[u8] = b"[ERROR] watchdog: no progress for 5 s: aborting, to be started again\n";

/// The last progress, in milliseconds of the clock; wraps around every 49 days. There are no atomic
/// 64-bit numbers on 32-bit MIPS.
static PROGRESS: AtomicU32 = AtomicU32::new(0);

/// Rings since the last progress.
static RUNG: AtomicU32 = AtomicU32::new(0);

/// Whether the end has begun.
static ENDING: AtomicBool = AtomicBool::new(false);

/// The watchdog of this process. It is never switched off: the end of the daemon is watched too.
#[derive(Debug)]
pub struct Watchdog {
    progress: Option<Instant>,
    set: Option<Instant>,
}

impl Watchdog {
    /// Installs the handler. The watch begins with the first progress.
    pub fn install() -> io::Result<Self> {
        install_handler()?;
        Ok(Self { progress: None, set: None })
    }

    /// Until `at`, which must not lie in the future, everything was on time. Said again for the
    /// same point it is no progress.
    pub fn on_time(&mut self, at: Instant) {
        if self.progress.is_some_and(|progress| at <= progress) {
            return;
        }
        self.progress = Some(at);
        PROGRESS.store(millis(at), Ordering::Relaxed);
        RUNG.store(0, Ordering::Relaxed);
        if self.set.is_none_or(|set| at.since(set) >= SET_EVERY) {
            self.set = Some(at);
            set_timer();
        }
    }
}

/// The clock's milliseconds, wrapped to 32 bits.
fn millis(at: Instant) -> u32 {
    let wrapped = (at.as_micros() / 1_000) & u64::from(u32::MAX);
    u32::try_from(wrapped).unwrap_or_default()
}

/// Whether a ring is the last one.
fn is_over(rung: u32, progress: u32, now: u32) -> bool {
    let silent = Span::from_millis(now.wrapping_sub(progress).into());
    rung >= RINGS && silent >= LIMIT
}

/// The handler. It may run in the middle of anything, so it uses atomic numbers, the clock (which
/// takes no lock once it has been read, and it has been), write(2) and abort(3), all of which are
/// safe in a handler.
extern "C" fn ring(_: libc::c_int) {
    let rung = RUNG.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    if !is_over(rung, PROGRESS.load(Ordering::Relaxed), millis(clock::now())) {
        return;
    }
    // The log may be what is stuck. Then the next ring, which this handler lets through, finds the
    // flag set and ends the process without a word.
    if !ENDING.swap(true, Ordering::Relaxed) {
        say();
    }
    process::abort();
}

#[expect(unsafe_code, reason = "a signal handler must not take the lock of the library's stderr")]
fn say() {
    // SAFETY: the bytes are static. A message that cannot be written is not missed.
    let _ = unsafe { libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len()) };
}

#[expect(unsafe_code, reason = "the standard library has no timers that ring")]
fn set_timer() {
    let timer = libc::itimerval {
        it_value: libc::timeval { tv_sec: FIRST_RING.into(), tv_usec: 0 },
        it_interval: libc::timeval { tv_sec: 0, tv_usec: RING_EVERY.into() },
    };
    // SAFETY: the value outlives the call; the old one is not asked for. It cannot fail: the timer
    // exists and the numbers are in range.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
}

/// Lets the handler interrupt itself (see [`ring`]) and no system call fail for it. Whoever started
/// this process may have blocked the signal.
#[expect(unsafe_code, reason = "the standard library installs no signal handlers")]
#[expect(clippy::as_conversions, reason = "sigaction wants the handler as a number")]
fn install_handler() -> io::Result<()> {
    let handler: extern "C" fn(libc::c_int) = ring;
    // SAFETY: all its fields are integers or, in the C library's own, may be null.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_NODEFER | libc::SA_RESTART;
    // SAFETY: the handler does only what is safe in a handler, and the action outlives the call.
    if unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above.
    let mut signals: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: the set is ours and outlives the calls, which fail only for unknown numbers.
    unsafe {
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, libc::SIGALRM);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, ptr::null_mut());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, RINGS, is_over, millis};
    use crate::control::time::{Instant, Span};

    #[test]
    fn it_takes_five_seconds_and_eight_rings() {
        let limit = u32::try_from(LIMIT.as_millis()).unwrap();
        assert!(is_over(RINGS, 0, limit));
        assert!(!is_over(RINGS, 0, limit - 1), "the loop may be as late as that");
        assert!(!is_over(RINGS - 1, 0, 3_600_000), "stopped for an hour, and going on");
    }

    #[test]
    fn the_clock_may_wrap_meanwhile() {
        let wrap = Instant::from_micros((u64::from(u32::MAX) + 1) * 1_000);
        let before = Instant::from_micros(wrap.as_micros() - 2_000_000);
        let at = |after: u64| millis(wrap + Span::from_millis(after));
        assert_eq!((millis(wrap), at(7)), (0, 7));
        assert!(!is_over(RINGS, millis(before), at(2_999)));
        assert!(is_over(RINGS, millis(before), at(3_000)));
    }
}
