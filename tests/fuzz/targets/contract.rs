//! An answer held against a shape: the list of differences is bounded, and its grade fits it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::router::{
    contract::{
        Differences, Form, MAX_DIFFERENCES, Scope, Shape, What, console, refusal_over_rest,
        refusal_over_ssh, rest,
    },
    error::Transport,
};

fn hold(differences: &Differences) {
    assert!(differences.iter().count() <= MAX_DIFFERENCES);
    assert_eq!(differences.is_empty(), differences.grade().is_none());
    assert!(!differences.to_string().contains(char::is_control));
}

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the shape (upper bits) and how it is asked for (lower two). `run` makes
    // seeds for each.
    let Some((&first, answer)) = input.split_first() else { return };
    let output = String::from_utf8_lossy(answer);
    let Some(&what) = What::ALL.get(usize::from(first >> 2)) else {
        hold(&refusal_over_rest(400, 400, answer));
        hold(&refusal_over_ssh(&output));
        return;
    };
    let form = match first & 3 {
        0 => Form::Record,
        1 => Form::List,
        _ => {
            if let Some(shape) = Shape::of(Transport::Ssh, what) {
                hold(&console(shape, None, &output));
            }
            return;
        }
    };
    if let Some(shape) = Shape::of(Transport::Rest, what) {
        hold(&rest(shape, Scope { form, keys: None }, 200, answer));
    }
});
