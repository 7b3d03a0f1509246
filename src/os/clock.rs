//! The clock: monotonic time of this process, wall time for files, kernel receive time stamps.
//! Promises: monotonic time never goes back and does not depend on the width of `time_t`; a wall
//! clock step never yields a wrong arrival time, only none.
//! Knows nothing of sockets or of what the times are for.

use std::{
    sync::OnceLock,
    time::{Duration, Instant as StdInstant, SystemTime, UNIX_EPOCH},
};

use crate::control::time::{Instant, Span};

/// The instant all others are counted from: the first look at the clock.
static ORIGIN: OnceLock<StdInstant> = OnceLock::new();

/// Timers further away than this are set to it. It fits a 32-bit `time_t` as a relative time, and
/// a timer that fires after thirty years finds nothing to do.
const FARTHEST: Duration = Duration::from_hours(30 * 365 * 24);

/// Two looks at the monotonic clock that lie further apart than this, with a look at the wall clock
/// between them, were interrupted and are repeated. A system call on a slow board takes 5 µs.
const TIGHT: Span = Span::from_micros(50);

/// Attempts at such a tight reading; a board that never manages one gets the last.
const ATTEMPTS: u8 = 3;

/// The wall clock may leave the monotonic one by this much between two readings, and by a thousandth
/// of the time between them, without being taken for a step: NTP slews by up to 0.5 ms/s.
const DRIFT: Span = Span::from_millis(1);

/// The monotonic time, in microseconds since the first call of this module in the process.
pub fn now() -> Instant {
    Instant::from_micros(micros(std_now().saturating_duration_since(origin())))
}

/// The time since the system started, as the service manager counts it.
#[expect(unsafe_code, reason = "the standard library's clock does not tell its origin")]
pub fn since_boot() -> Span {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists, and the value outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    Span::from_secs(seconds.unwrap_or_default())
        + Span::from_micros(nanos.unwrap_or_default() / 1_000)
}

/// The wall clock's seconds since 1970, for state files; 0 on a board that believes to be earlier.
pub fn unix_now() -> u64 {
    wall_now().as_secs()
}

/// The point in time of the standard library for a deadline of ours, for timers.
pub fn deadline(at: Instant) -> StdInstant {
    let after = Duration::from_micros(at.as_micros()).min(FARTHEST);
    origin().checked_add(after).unwrap_or_else(origin)
}

fn origin() -> StdInstant {
    *ORIGIN.get_or_init(std_now)
}

#[expect(clippy::disallowed_methods, reason = "this file reads the clock for all others")]
fn std_now() -> StdInstant {
    StdInstant::now()
}

#[expect(clippy::disallowed_methods, reason = "this file reads the clock for all others")]
fn wall_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// When the kernel received a datagram: microseconds of the wall clock since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

impl Stamp {
    /// The stamp `micros` microseconds after 1970.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

/// Both clocks, read at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The monotonic time.
    pub now: Instant,
    /// The wall clock.
    pub wall: Stamp,
}

impl Reading {
    /// Reads both clocks.
    pub fn take() -> Self {
        let mut reading = Self::attempt();
        for _ in 1..ATTEMPTS {
            if reading.1 <= TIGHT {
                break;
            }
            reading = Self::attempt();
        }
        reading.0
    }

    /// A reading, and how long it took.
    fn attempt() -> (Self, Span) {
        let before = now();
        let wall = Stamp(micros(wall_now()));
        let now = now();
        (Self { now, wall }, now.since(before))
    }

    /// The monotonic time of a stamp given before this reading; `None` if it would lie in the
    /// future, before the process began, or more than `bound` ago.
    pub fn arrival(&self, stamp: Stamp, bound: Span) -> Option<Instant> {
        let age = self.wall.0.checked_sub(stamp.0)?;
        if age > bound.as_micros() {
            return None;
        }
        self.now.as_micros().checked_sub(age).map(Instant::from_micros)
    }

    /// Whether the wall clock was not set between `earlier` and this reading.
    pub fn steady_since(&self, earlier: &Self) -> bool {
        let monotonic = self.now.since(earlier.now);
        let allowed = DRIFT + monotonic.part(1, 1_000);
        self.wall
            .0
            .checked_sub(earlier.wall.0)
            .is_some_and(|wall| wall.abs_diff(monotonic.as_micros()) <= allowed.as_micros())
    }
}

/// Turns the stamps of datagrams that are fetched again and again into monotonic times.
///
/// A datagram arrived after the socket was last found empty. If the wall clock ran along with the
/// monotonic one since a reading before that, its stamp is worth something; if not, somebody set
/// the clock.
#[derive(Debug)]
pub struct Arrivals {
    /// A reading from before the socket was last found empty.
    since: Reading,
    /// The reading before the current one.
    previous: Reading,
    /// The reading right after the last fetch.
    current: Reading,
}

impl Arrivals {
    /// Begins with a reading made before the first datagram can arrive.
    pub const fn new(first: Reading) -> Self {
        Self { since: first, previous: first, current: first }
    }

    /// Takes the reading made right after a fetch.
    pub const fn fetched(&mut self, reading: Reading) {
        self.previous = self.current;
        self.current = reading;
    }

    /// Says that the last fetch left nothing behind; asked times must have been asked before.
    pub const fn emptied(&mut self) {
        // Not the current one: between the fetch and the reading a datagram may have arrived.
        self.since = self.previous;
    }

    /// The monotonic time of a datagram of the last fetch, at most `bound` ago; `None` if the stamp
    /// cannot be trusted.
    pub fn time_of(&self, stamp: Stamp, bound: Span) -> Option<Instant> {
        if !self.current.steady_since(&self.since) {
            return None;
        }
        self.current.arrival(stamp, bound)
    }

    /// When the last fetch ended.
    pub const fn now(&self) -> Instant {
        self.current.now
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrivals, Reading, Stamp, deadline, now, origin};
    use crate::control::time::{Instant, Span};

    fn reading(now: u64, wall: u64) -> Reading {
        Reading { now: Instant::from_micros(now), wall: Stamp::from_micros(wall) }
    }

    const BOUND: Span = Span::from_millis(100);

    #[test]
    fn a_stamp_is_as_old_as_the_wall_clock_says_up_to_the_bound() {
        let both = reading(5_000_000, 1_700_000_000_000_000);
        let at = |age: i64| {
            both.arrival(Stamp::from_micros(both.wall.as_micros().wrapping_add_signed(-age)), BOUND)
                .map(Instant::as_micros)
        };
        assert_eq!(at(0), Some(5_000_000));
        assert_eq!(at(250), Some(4_999_750));
        assert_eq!(at(100_000), Some(4_900_000));
        assert_eq!(at(100_001), None);
        assert_eq!(at(-1), None);
    }

    #[test]
    fn a_stamp_from_before_the_process_has_no_time() {
        let both = reading(10, 1_700_000_000_000_000);
        assert_eq!(both.arrival(Stamp::from_micros(1_699_999_999_999_989), BOUND), None);
    }

    const WALL: u64 = 1_700_000_000_000_000;

    #[test]
    fn a_clock_step_takes_the_stamps_away_until_the_socket_was_empty_again() {
        for step in [-3_600_000_000_i64, -3_000, 3_000, 50_000, 3_600_000_000] {
            let stepped = |after: u64| (WALL + after).wrapping_add_signed(step);
            let mut arrivals = Arrivals::new(reading(1_000_000, WALL));
            arrivals.fetched(reading(1_050_000, stepped(50_000)));
            // One datagram from before the step, one from after it: neither can be told.
            assert_eq!(arrivals.time_of(Stamp(WALL + 40_000), BOUND), None, "step {step}");
            assert_eq!(arrivals.time_of(Stamp(stepped(40_000)), BOUND), None, "step {step}");
            arrivals.fetched(reading(1_060_000, stepped(60_000)));
            assert_eq!(arrivals.time_of(Stamp(WALL + 40_000), BOUND), None, "step {step}");
            arrivals.emptied();
            arrivals.fetched(reading(1_100_000, stepped(100_000)));
            assert_eq!(
                arrivals.time_of(Stamp(stepped(90_000)), BOUND),
                Some(Instant::from_micros(1_090_000)),
                "step {step}"
            );
        }
    }

    #[test]
    fn a_step_between_the_last_fetch_and_its_reading_is_seen_by_the_next_fetch() {
        let mut arrivals = Arrivals::new(reading(1_000_000, WALL));
        // The datagram arrives at 1.0499 s; the clock is set; the reading of the fetch follows.
        arrivals.fetched(reading(1_050_000, WALL + 50_000 + 20_000));
        arrivals.emptied();
        arrivals.fetched(reading(1_100_000, WALL + 100_000 + 20_000));
        assert_eq!(arrivals.time_of(Stamp(WALL + 49_900), BOUND), None);
    }

    #[test]
    fn slewing_is_no_step() {
        let mut arrivals = Arrivals::new(reading(1_000_000, WALL));
        arrivals.fetched(reading(5_000_000, WALL + 4_002_000));
        assert!(arrivals.time_of(Stamp(WALL + 4_001_000), BOUND).is_some());
    }

    #[test]
    fn readings_of_the_real_clocks_run_along() {
        let first = Reading::take();
        let second = Reading::take();
        assert!(second.now >= first.now);
        assert!(second.steady_since(&first));
    }

    #[test]
    fn a_deadline_lies_as_far_ahead_as_asked_and_never_overflows() {
        let ahead = now() + Span::from_secs(2);
        let gap = deadline(ahead).duration_since(origin());
        assert_eq!(u64::try_from(gap.as_micros()).unwrap(), ahead.as_micros());
        assert!(deadline(Instant::from_micros(u64::MAX)) > deadline(ahead));
    }
}
