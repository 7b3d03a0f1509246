//! Waiting for something to become true. Nothing here waits for time alone to pass.

use std::time::Duration;

use wanctl::{
    control::time::{Instant, Span},
    os::clock,
};

/// Between two looks at what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub const fn seconds(seconds: u64) -> Span {
    Span::from_secs(seconds)
}

pub fn now() -> Instant {
    clock::now()
}

/// Lets other threads and processes go on before the next look.
pub fn look_again_later() {
    smol::block_on(smol::Timer::after(LOOK_EVERY));
}

/// The first answer to `question`, if there is one in time.
pub fn within<T>(limit: Span, mut question: impl FnMut() -> Option<T>) -> Option<T> {
    let start = now();
    loop {
        // The look after the deadline counts: a busy machine may have kept us from the one before.
        let late = now().since(start) >= limit;
        if let Some(answer) = question() {
            return Some(answer);
        }
        if late {
            return None;
        }
        look_again_later();
    }
}
