//! What passes the queues of a simulated router, without a line behind them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use wanctl::{
    control::time::Span,
    os::clock,
    sim::routeros::{RouterOs, RouterSettings, Traffic},
};

use super::wait::look_again_later;

/// Of a limit this share passes, in percent: the queue is full.
const FULL: u64 = 95;

/// Somebody fills both queues of the tree, as far as their limits let them, until this is dropped.
pub struct Load {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    #[expect(clippy::disallowed_methods, reason = "the test blocks its own thread")]
    pub fn of(model: Arc<Mutex<RouterOs>>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut last = clock::now();
            while !seen.load(Ordering::Relaxed) {
                look_again_later();
                let now = clock::now();
                pass(&mut model.lock().unwrap(), now, now.since(last));
                last = now;
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A thread that has panicked has said so itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What passes in this time; a queue without a limit is one that nobody counts on.
fn pass(model: &mut RouterOs, now: wanctl::control::time::Instant, lasted: Span) {
    let tree = RouterSettings::home_tree();
    let traffic = model.limits(&tree).map(|limit| {
        let bits =
            limit.map_or(0, |limit| limit.bps() * FULL / 100 * lasted.as_micros() / 1_000_000);
        Traffic::of_packets(bits / 8, 0, 0)
    });
    model.carry(now, &tree, traffic);
}
