//! Something that goes on beside a test's work, and ends with it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// Set once the work is over, even if it panicked.
#[derive(Default)]
pub(crate) struct Over(AtomicBool);

impl Over {
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does the work while `background` runs on a thread of its own until the work is over; gives what
/// both found.
pub(crate) fn beside<T, B: Send>(
    background: impl FnOnce(&Over) -> B + Send,
    work: impl FnOnce() -> T,
) -> (T, B) {
    let over = Over::default();
    thread::scope(|scope| {
        let running = scope.spawn(|| background(&over));
        let end = End(&over);
        let result = work();
        drop(end);
        (result, running.join().unwrap())
    })
}

/// A scope waits for all its threads, so they are told even if the work panics.
struct End<'a>(&'a Over);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
