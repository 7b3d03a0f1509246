//! The status page in a real browser.

use std::{fs, path::PathBuf};

use crate::{
    bloat, filtered,
    needs::announce,
    net::Bed,
    support::{
        router::{Router, home},
        scratch::Scratch,
    },
};

/// What keeps the browser to itself.
const QUIET: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    // The size of a phone.
    "--window-size=412,1400",
    // So much of the page's time passes before it is looked at.
    "--virtual-time-budget=3000",
];

#[test]
fn the_page_shows_states_charts_and_events_in_a_browser_of_a_phones_size() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    let target = filtered::listen(&bed).local_addr().unwrap().to_string();
    let (dom, picture) = bed.inside("client", || {
        let router = Router::start(home());
        let daemon = bloat::start(&bed, &filtered::config(&scratch, &router, &target));
        daemon.until("steady", |health| health.wans[0].cycles > 300);
        let url = format!("http://{}/", daemon.address());
        let profile = format!("--user-data-dir={}", scratch.join("browser").display());
        let browse = |more: &str| {
            let mut command = bed.command("client", "chromium");
            command.args(QUIET).arg(&profile).arg(more).arg(&url);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let picture = scratch.join("page.png");
        let dom = browse("--dump-dom");
        browse(&format!("--screenshot={}", picture.display()));
        (dom, fs::read(picture).unwrap())
    });
    for words in ["class=\"s GREEN\"", "Download", "all reflectors answer", "baseline learnt"] {
        assert!(dom.contains(words), "{words} in\n{dom}");
    }
    let charts = dom.matches("<svg").count();
    let drawn = dom.matches(" d=\"M").count();
    assert!(charts == 3 && drawn == 6, "{charts} charts, {drawn} lines:\n{dom}");
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page.png");
    #[expect(clippy::disallowed_methods, reason = "a picture to look at, not a state")]
    fs::write(&kept, picture).unwrap();
    announce(&format!("\nthe page as a picture: {}", kept.display()));
}
