//! How much of the time the machine stood still: other work, or its host, had the processors.
//! Promises: measured by a thread that does nothing but sleep, so it tells of the machine alone.

use std::fmt;

use wanctl::control::time::Span;

use crate::{
    beside::{Over, beside},
    needs::announce,
    support::wait::{look_again_later, now},
};

/// Between two looks at the clock; a look that is this late is one that the machine held up.
const LATE: Span = Span::from_millis(25);

/// A share of the time, in thousandths.
#[derive(Clone, Copy, Debug)]
struct Share(u64);

impl Share {
    /// Whether delays measured in that time are not the line's: the 95th percentile of 20 s are the
    /// worst 1,000 ms.
    const fn is_much(self) -> bool {
        self.0 >= 20
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{} %", self.0 / 10, self.0 % 10)
    }
}

/// What a run showed.
pub(crate) struct Verdict {
    pub(crate) shown: String,
    /// What is not as it has to be.
    pub(crate) fault: Option<&'static str>,
    /// What the daemon said.
    pub(crate) log: String,
}

/// Panics if a run has a fault. A machine that stands still delays pings, daemon and line alike:
/// that shows nothing of them, and it is run again, three times in all.
pub(crate) fn judged(run: impl Fn() -> Verdict) {
    for last in [false, false, true] {
        let (Verdict { shown, fault, log }, stood_still) = watched(&run);
        announce(&shown);
        announce(&format!("the machine stood still for {stood_still} of the time"));
        let Some(fault) = fault else { return };
        assert!(!last && stood_still.is_much(), "{fault}:\n{log}");
        announce(&format!(
            "{fault}, which shows nothing on a machine that stands still: once more"
        ));
    }
}

/// Runs this, and says for which share of the time the machine stood still meanwhile.
fn watched<T>(work: impl FnOnce() -> T) -> (T, Share) {
    beside(watch, work)
}

fn watch(over: &Over) -> Share {
    let start = now();
    let (mut last, mut stood_still) = (start, 0);
    while !over.is_so() {
        look_again_later();
        let took = now().since(last);
        last = now();
        if took >= LATE {
            stood_still += took.as_millis();
        }
    }
    Share(stood_still * 1_000 / last.since(start).as_millis().max(1))
}
