//! A state file: what is taken for a state says the same once it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::store::format::{MAX_BYTES, decode, encode};

fuzz_target!(|text: &[u8]| {
    let Ok(state) = decode(text) else { return };
    let mut buffer = vec![0; MAX_BYTES];
    let written = encode(&state, &mut buffer).unwrap();
    assert_eq!(decode(written), Ok(state));
});
