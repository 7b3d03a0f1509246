//! One test with daemons at a time. They measure time, or keep the machine busy on purpose, and
//! would spoil each other's.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::{Mutex, MutexGuard, PoisonError},
};

static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    static HELD: RefCell<Weak<Guard>> = const { RefCell::new(Weak::new()) };
}

#[derive(Debug)]
struct Guard {
    _held: MutexGuard<'static, ()>,
}

/// The turn of this thread's test; it lasts until the last of its values is dropped.
#[derive(Clone, Debug)]
pub struct Turn {
    _guard: Rc<Guard>,
}

/// Waits for the turn, unless this thread has it already.
pub fn turn() -> Turn {
    if let Some(guard) = HELD.with_borrow(Weak::upgrade) {
        return Turn { _guard: guard };
    }
    // A test that failed has spoilt nothing for the next one.
    let held = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let guard = Rc::new(Guard { _held: held });
    HELD.set(Rc::downgrade(&guard));
    Turn { _guard: guard }
}
