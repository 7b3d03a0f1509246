//! What `wanctl status` takes from the port it asks, which may be anybody's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::observe::health::Health;

fuzz_target!(|json: &[u8]| {
    let Some(health) = Health::from_json(json) else { return };
    let mut buffer = vec![0; 256 * 1024];
    let written = health.to_json(&mut buffer).unwrap();
    assert!(Health::from_json(written).is_some());
});
