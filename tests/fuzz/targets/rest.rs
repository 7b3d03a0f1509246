//! Answers over REST to every operation, with any status: an exchange ends, and a reply is of the
//! kind that was asked for. Two answers, divided by a zero byte, so that writes get to their end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::router::rest::{Exchange, Ids};
use wanctl_fuzz::{fits, operations};

/// An exchange may take so many requests (its promise).
const MOST: usize = 6;

const STATUS: [u16; 8] = [200, 200, 200, 201, 400, 404, 401, 500];

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else { return };
    let status = STATUS[usize::from(first & 7)];
    let operations = operations();
    let op = &operations[usize::from(first >> 3) % operations.len()];
    let mut ids = Ids::default();
    let mut exchange = Exchange::new(op, &ids);
    let mut answers = rest.split(|byte| *byte == 0);
    let mut last = rest;
    for number in 0..=MOST {
        assert!(number < MOST, "{op:?} goes on for ever");
        let _ = exchange.request();
        last = answers.next().unwrap_or(last);
        // The first answer of several is a good one: it is what leads further.
        let status = if number == 0 && rest.contains(&0) { 200 } else { status };
        match exchange.answer(status, last, &mut ids) {
            Ok(Some(reply)) => return assert!(fits(op, &reply), "{op:?}: {reply:?}"),
            Ok(None) => {}
            Err(_) => return,
        }
    }
});
