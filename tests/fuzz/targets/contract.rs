//! Answers held against every shape: the list of differences is bounded, and its grade fits it.
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

fuzz_target!(|answer: &[u8]| {
    let output = String::from_utf8_lossy(answer);
    for what in What::ALL {
        if let Some(shape) = Shape::of(Transport::Rest, what) {
            for form in [Form::Record, Form::List] {
                hold(&rest(shape, Scope { form, keys: None }, 200, answer));
            }
        }
        if let Some(shape) = Shape::of(Transport::Ssh, what) {
            hold(&console(shape, None, &output));
        }
    }
    hold(&refusal_over_rest(400, 400, answer));
    hold(&refusal_over_ssh(&output));
});
