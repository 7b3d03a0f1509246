use log::Level;

use super::{EVENTS, History, SECONDS, page::Cursor};
use crate::{
    control::{
        engine::Engine,
        time::{Instant, Span},
    },
    observe::words::Names,
};

fn second(number: u64) -> Instant {
    Instant::default() + Span::from_secs(number)
}

/// All pages, and the length of the longest.
fn read(history: &History, events: u64, now: Instant) -> (String, usize) {
    let mut cursor = Some(Cursor::of_last(history, 10, events, now));
    let (mut whole, mut longest) = (String::new(), 0);
    while let Some(place) = cursor {
        let mut page = String::new();
        cursor = history.page(place, now, &mut page);
        longest = longest.max(page.len());
        whole.push_str(&page);
    }
    (whole, longest)
}

#[test]
fn of_more_events_than_there_is_room_for_the_oldest_go() {
    let mut history = History::new(&Names::default(), second(0));
    for number in 0..2 * EVENTS {
        let number = u64::try_from(number).unwrap();
        history.tell(second(number), Level::Info, &format!("event {number}"));
    }
    let (json, longest) = read(&history, 10_000, second(600));
    assert_eq!(json.matches("\"text\"").count(), EVENTS);
    assert!(json.contains("event 511\"") && json.contains("event 256\""));
    assert!(!json.contains("event 255\""));
    assert!(longest < 5 * 1024, "{longest}");
    let (json, _) = read(&history, 10, second(511));
    assert_eq!(json.matches("\"text\"").count(), 10);
}

#[test]
fn an_event_that_goes_while_it_is_read_leaves_the_json_whole() {
    let mut history = History::new(&Names::default(), second(0));
    for _ in 0..EVENTS {
        history.tell(second(1), Level::Warn, &"\"\\\n".repeat(100));
    }
    let mut cursor = Some(Cursor::of_last(&history, 100, 1_000, second(2)));
    let mut whole = String::new();
    while let Some(place) = cursor {
        let mut page = String::new();
        cursor = history.page(place, second(2), &mut page);
        whole.push_str(&page);
        if whole.len() < 1_000_000 {
            history.tell(second(2), Level::Info, "more");
            history.tell(second(2), Level::Info, "more");
        }
    }
    assert!(whole.ends_with("\"}]}\n") && !whole.contains(",]") && !whole.contains("[,"));
}

#[test]
fn a_sample_takes_20_bytes_and_an_hour_of_a_wan_72_kb() {
    assert_eq!(SECONDS * size_of::<super::Sample>(), 72_000);
    let _ = Engine::new(&[], second(0), 1);
}
