//! The rows of a table side by side: most of each one's time is waiting.

use std::{
    fmt::Debug,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Does this with each row, with so many at a time, and says what each of them told; fails in the
/// end if one has panicked.
pub fn side_by_side<T: Debug + Sync>(
    rows: &[T],
    at_once: usize,
    work: impl Fn(&T) -> String + Sync,
) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let some_rows = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            match catch_unwind(AssertUnwindSafe(|| work(row))) {
                Ok(told) => say(&told),
                Err(_) => wrong.lock().unwrap().push(row),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(some_rows);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "wrong, see above: {wrong:#?}");
}

/// Says something that is seen even if the test passes.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
