//! How the daemon's thread sleeps: until its alarm, or until somebody wakes it.
//! Promises: one system call per sleep. The reactor's timers would take a dozen, and a second
//! thread that holds the reactor meanwhile.
//! Knows nothing of what the daemon does when it wakes.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use smol::Timer;

use crate::{control::time::Instant, os::clock};

thread_local! {
    /// The alarm of this thread; `None`: nobody here would look at it.
    static ALARM: RefCell<Option<Alarm>> = const { RefCell::new(None) };
}

/// When to wake whom.
enum Alarm {
    Off,
    At(Instant, Waker),
}

/// A thread that sleeps until it is woken.
struct Sleeper {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

/// Runs a future to its end on this thread. A daemon in it sleeps by the alarm of the thread, of
/// which there is one: two daemons need two threads.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let sleeper = Arc::new(Sleeper { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    ALARM.set(Some(Alarm::Off));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            ALARM.set(None);
            return output;
        }
        while !sleeper.woken.swap(false, Ordering::AcqRel) {
            sleep();
        }
    }
}

/// Sleeps until the alarm, and rings it; or until the thread is unparked, or for no reason.
fn sleep() {
    match left() {
        None => thread::park(),
        Some(Duration::ZERO) => {
            if let Some(Alarm::At(_, waker)) = ALARM.replace(Some(Alarm::Off)) {
                waker.wake();
            }
        }
        Some(left) => thread::park_timeout(left),
    }
}

/// How long until the alarm; `None`: there is none.
fn left() -> Option<Duration> {
    ALARM.with_borrow(|alarm| match alarm {
        Some(Alarm::At(at, _)) => Some(Duration::from_micros(at.since(clock::now()).as_micros())),
        Some(Alarm::Off) | None => None,
    })
}

/// Resolves at `deadline`. On threads that do not run [`block_on`] the reactor sees to it.
pub(super) async fn until(deadline: Instant) {
    if ALARM.with_borrow(Option::is_none) {
        Timer::at(clock::deadline(deadline)).await;
        return;
    }
    poll_fn(|context| {
        if clock::now() >= deadline {
            return Poll::Ready(());
        }
        ALARM.set(Some(Alarm::At(deadline, context.waker().clone())));
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smol::{Timer, future};

    use super::{block_on, until};
    use crate::{control::time::Span, os::clock};

    #[test]
    fn the_alarm_rings_at_its_time_and_not_before() {
        for millis in [0, 1, 20] {
            let deadline = clock::now() + Span::from_millis(millis);
            block_on(until(deadline));
            assert!(clock::now() >= deadline);
        }
    }

    #[test]
    fn others_wake_the_thread_before_the_alarm() {
        let deadline = clock::now() + Span::from_secs(3_600);
        block_on(future::or(until(deadline), async {
            Timer::after(Duration::from_millis(5)).await;
        }));
        assert!(clock::now() < deadline);
    }

    #[test]
    fn an_alarm_that_nobody_waits_for_any_more_disturbs_nobody() {
        block_on(async {
            future::or(until(clock::now() + Span::from_millis(5)), future::ready(())).await;
            let gone = until(clock::now() + Span::from_millis(5));
            future::or(gone, future::yield_now()).await;
            Timer::after(Duration::from_millis(30)).await;
        });
    }

    #[test]
    fn a_task_of_an_executor_is_woken_too() {
        let executor = smol::LocalExecutor::new();
        let deadline = clock::now() + Span::from_millis(5);
        let task = executor.spawn(until(deadline));
        block_on(executor.run(task));
        assert!(clock::now() >= deadline);
    }

    #[test]
    fn without_such_a_thread_the_reactor_keeps_the_time() {
        let deadline = clock::now() + Span::from_millis(5);
        smol::block_on(until(deadline));
        assert!(clock::now() >= deadline);
    }
}
