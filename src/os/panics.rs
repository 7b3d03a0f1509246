//! What is said of a panic.
//! Promises: one bounded line for each place in the code, and from then on only a count at 10, 100,
//! 1000 …: a dependency that panics at every attempt does not fill the log.
//! Knows nothing of who survives it.

use std::{
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
    sync::{Mutex, PoisonError},
    thread,
};

/// Places told apart; the rest counts as one.
const MAX_PLACES: usize = 16;
/// Longest message, in characters.
const MAX_MESSAGE: usize = 160;
/// So many parts of a path say where it is; what stands before belongs to the machine that built it.
const PATH_PARTS: usize = 4;

static SEEN: Mutex<Seen> = Mutex::new(Seen { places: Vec::new() });

/// From now on panics are told so.
pub fn install() {
    panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(
        || "an unknown place".to_owned(),
        |location| format!("{}:{}", short(location.file()), location.line()),
    );
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let line = SEEN.lock().unwrap_or_else(PoisonError::into_inner).line(&place, message);
    if let Some(line) = line {
        let thread = thread::current();
        let name = thread.name().unwrap_or("?");
        // Not by the log: it may be who panicked.
        let _ = writeln!(io::stderr(), "[ERROR] panic in thread {name}: {line}");
    }
}

/// The end of a path.
fn short(path: &str) -> &str {
    let start = path.rmatch_indices('/').nth(PATH_PARTS - 1).map_or(0, |(place, _)| place + 1);
    path.get(start..).unwrap_or(path)
}

/// The places of the panics, and how often.
struct Seen {
    places: Vec<(String, u32)>,
}

impl Seen {
    /// What is to be said of this one.
    fn line(&mut self, place: &str, message: &str) -> Option<String> {
        let known = self.places.iter().position(|(known, _)| known == place);
        if known.is_none() && self.places.len() < MAX_PLACES {
            self.places.push((place.to_owned(), 1));
            let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
            let message: String = message.chars().take(MAX_MESSAGE).map(plain).collect();
            return Some(format!("{place}: {message}"));
        }
        // The last place stands for all that have none of their own.
        let index = known.unwrap_or(MAX_PLACES - 1);
        let (place, count) = self.places.get_mut(index)?;
        *count = count.saturating_add(1);
        let round = count.checked_ilog10().is_some_and(|tens| 10_u32.pow(tens) == *count);
        round.then(|| format!("{place}: {count} times by now"))
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PLACES, Seen, short};

    #[test]
    fn a_place_is_told_once_and_then_counted() {
        let mut seen = Seen { places: Vec::new() };
        assert_eq!(seen.line("a.rs:1", "bad\nluck").as_deref(), Some("a.rs:1: bad luck"));
        let lines: Vec<_> = (2..=1_000).filter_map(|_| seen.line("a.rs:1", "again")).collect();
        let counts = [10, 100, 1_000].map(|count| format!("a.rs:1: {count} times by now"));
        assert_eq!(lines, counts);
        assert!(seen.line("b.rs:1", &"x".repeat(999)).unwrap().len() < 200);
    }

    #[test]
    fn any_number_of_places_is_bounded() {
        let mut seen = Seen { places: Vec::new() };
        let lines = (0..100_000).filter_map(|place| seen.line(&place.to_string(), "x")).count();
        assert!(lines <= MAX_PLACES + 5, "{lines}");
    }

    #[test]
    fn of_a_path_the_end_is_told() {
        let path = "/home/x/.cargo/registry/src/index/isahc-2.0.2/src/agent/mod.rs";
        assert_eq!(short(path), "isahc-2.0.2/src/agent/mod.rs");
        assert_eq!(short("src/main.rs"), "src/main.rs");
    }
}
