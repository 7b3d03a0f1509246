//! The console's output to every operation: a reply is of the kind that was asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::router::cli;
use wanctl_fuzz::{fits, operations};

fuzz_target!(|input: &[u8]| {
    let Some((&first, output)) = input.split_first() else { return };
    let operations = operations();
    let op = &operations[usize::from(first) % operations.len()];
    if let Ok(reply) = cli::reply(op, output) {
        assert!(fits(op, &reply), "{op:?}: {reply:?}");
    }
});
