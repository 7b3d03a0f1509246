//! A configuration: findings name lines of the file, and what comes out keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::config::{MAX_ROUTERS, MAX_WANS, TextOnly, parse};

fuzz_target!(|text: &[u8]| {
    let lines = text.split(|byte| *byte == b'\n').count();
    let findings = match parse(text, &TextOnly) {
        Ok(loaded) => {
            assert!((1..=MAX_ROUTERS).contains(&loaded.config.routers.len()));
            assert!((1..=MAX_WANS).contains(&loaded.config.wans.len()));
            loaded.warnings
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            findings
        }
    };
    for finding in findings {
        assert!(finding.line.is_none_or(|line| line as usize <= lines), "{finding:?}");
        assert!(!finding.to_string().contains(char::is_control), "{finding:?}");
    }
});
