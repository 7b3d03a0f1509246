//! Tests of the configuration: good files to exact settings, every mistake to its finding.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod files;
mod good;
mod hostile;
mod mistakes;
mod ranges;
mod report;
mod sections;
mod ssh;
mod steering;

use wanctl::config::{Finding, Loaded, TextOnly, parse};

/// The password in all texts here. No finding may show it.
const PASSWORD: &str = "xyzzy-plugh-42";

/// The least that a configuration must say to be good without a warning. The mistakes count on its lines.
const MINIMAL: &str = "\
config router 'home'
	option url 'https://192.168.88.1'
	option username 'wanctl'
	option password 'xyzzy-plugh-42'
	option fallback 'none'
config wan 'wan1'
	option download_queue 'dl'
	option upload_queue 'ul'
	option download_ceiling '500M'
	option download_floor '50M'
	option upload_ceiling '50M'
	option upload_floor '10M'
	list reflector '1.1.1.1'
";

fn read(text: &str) -> Result<Loaded, Vec<Finding>> {
    parse(text.as_bytes(), &TextOnly)
}

/// The minimal configuration with one piece replaced.
fn minimal_with(old: &str, new: &str) -> String {
    assert_eq!(MINIMAL.matches(old).count(), 1, "{old}");
    MINIMAL.replace(old, new)
}
