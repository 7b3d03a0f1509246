//! How many file descriptors this process can still open.
//! Promises: none of those it tried stays open.
//! Knows nothing of what they are for.

use std::fs::File;

/// Without so many the event loop, the signals and the lock cannot be had.
pub const LEAST: usize = 10;
/// So many are enough for eight WANs on a dead line, each with two sockets for echoes and ten TCP
/// connects that wait for their deadline, for four routers and the status endpoint.
pub const COMFORTABLE: usize = 128;

/// How many can be opened now, counted up to [`COMFORTABLE`].
pub fn free() -> usize {
    let mut opened = Vec::with_capacity(COMFORTABLE);
    while opened.len() < COMFORTABLE {
        match File::open("/dev/null") {
            Ok(file) => opened.push(file),
            Err(_) => break,
        }
    }
    opened.len()
}
